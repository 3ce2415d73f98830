//! What a stranger finds: an owner, a policy that reaches them at once, a service with one integration per format, a status
//! page with a component that the service affects, and a token of the owner's. All of it exists to be tried and changed.
//!
//! Each thing is created once in a table's life, together with a mark of its own. So a folder of an older version gains
//! what is new, and what a person changed or deleted stays changed or deleted. Ids and secrets are derived from the
//! master key: every start knows them again, while the table holds hashes only. A secret that no longer works, because it
//! was rotated or revoked, is not told.

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD};
use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::actor::Actor;
use shared::domain::id::{ComponentId, ContactId, IntegrationId, PageId, PolicyId, ServiceId, TokenId, UserId};
use shared::domain::limits;
use shared::domain::people::{Contact, Medium, Role, Rules, User};
use shared::domain::policy::{Policy, Step, Target};
use shared::domain::principal::{Scope, Token};
use shared::domain::service::{Format, Integration, Service, UrgencyRule};
use shared::domain::status::{Affected, Component, ComponentStatus, Locale, Look, Page, PublicationRule};
use shared::secret::{
    ApiToken, IntegrationKey, MasterKey, PasswordRefused, equal, hash_password, hmac_sha256, sha256_hex,
};
use shared::store::{Applied, Change, Entity, Extra, Once, StoreError, Versioned};
use ulid::Ulid;

/// The owner's address: of the domain that is reserved for examples (RFC 2606).
pub const OWNER_EMAIL: &str = "owner@example.com";

/// The owner's number: of those reserved for fiction (NANPA, 555-0100 to 555-0199).
pub const OWNER_NUMBER: &str = "+12025550100";

/// How long the owner has before they are asked again.
const STEP_SECONDS: u32 = 300;

/// How often they are asked again.
const REPEATS: u32 = 2;

/// The status page's name in addresses.
const PAGE_SLUG: &str = "main";

/// The time in seeded ids: 2026-01-01. Whatever people make themselves is listed before what was seeded.
const SEEDED_MS: u64 = 1_767_225_600_000;

/// Tries of replacing a row that others change at the same time.
const TRIES_MAX: u32 = 3;

/// What there is to try. Secrets are in clear; nothing here may be logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Seeded {
    /// The owner.
    pub owner: Option<User>,
    /// The owner's password, unless they chose one themselves.
    pub password: Option<String>,
    /// The owner's token, all scopes.
    pub api_token: Option<String>,
    /// The service.
    pub service_id: Option<ServiceId>,
    /// Its policy.
    pub policy_id: Option<PolicyId>,
    /// The status page.
    pub page: Option<Page>,
    /// Key of the integration that speaks PagerDuty Events v2.
    pub pagerduty_key: Option<String>,
    /// Key of the integration that speaks Alertmanager's webhook.
    pub alertmanager_key: Option<String>,
    /// Key of the integration that speaks Prometheus' own pushes.
    pub prometheus_key: Option<String>,
    /// Key of the integration that speaks our own JSON.
    pub generic_key: Option<String>,
}

/// Why the table could not be seeded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The table does not answer.
    #[error("the table does not answer")]
    Store(#[from] StoreError),
    /// The password cannot be hashed.
    #[error("the owner's password cannot be hashed")]
    Password(#[from] PasswordRefused),
    /// There is nobody to give a password to.
    #[error("the owner that came with this data folder was deleted: there is no password to reset")]
    NoOwner,
}

/// Creates what is not there yet, and tells what there is.
///
/// # Errors
/// When the table does not answer.
pub async fn seed(ctx: &Ctx) -> Result<Seeded, SeedError> {
    let names = Names::of(ctx.master());
    let now = ctx.clock.now();
    let seeding = Seeding { ctx, now };
    seeding.owner(&names).await?;
    seeding.policy(&names).await?;
    seeding.service(&names).await?;
    for format in FORMATS {
        seeding.integration(&names, format).await?;
    }
    seeding.token(&names).await?;
    seeding.page(&names).await?;
    seeding.component(&names).await?;
    seeding.affected(&names).await?;
    seeding.found(&names).await
}

/// Gives the seeded owner a new password, and the role of owner if they have lost it.
///
/// # Errors
/// When the owner was deleted, or the table does not answer.
pub async fn reset_owner(ctx: &Ctx) -> Result<(), SeedError> {
    let names = Names::of(ctx.master());
    let now = ctx.clock.now();
    for _ in 0..TRIES_MAX {
        let before = ctx.store.load::<User>(names.owner()).await?.ok_or(SeedError::NoOwner)?;
        let known = before
            .value
            .password_hash
            .as_deref()
            .and_then(|hash| names.generation(hash));
        // The time is later than any generation before; unless two resets fall into one second.
        let generation = now.as_second().unsigned_abs().max(known.map_or(0, |known| known + 1));
        let user = User {
            role: Role::Owner,
            password_hash: Some(names.password_hash(generation)?),
            // Whoever is signed in with the one before may be why it is reset.
            signed_out_at: Some(now),
            ..before.value.clone()
        };
        let by = Actor::system();
        let change = Change::new(&by, now);
        if ctx.store.replace(&before, &user, &[], &change).await? == Applied::Done {
            return Ok(());
        }
    }
    Err(StoreError::Changed.into())
}

const FORMATS: [Format; 4] = [
    Format::Pagerduty,
    Format::Alertmanager,
    Format::Prometheus,
    Format::Generic,
];

/// A format's name in purposes of derivation: changing one changes its key.
fn format_name(format: Format) -> &'static str {
    match format {
        Format::Pagerduty => "pagerduty",
        Format::Alertmanager => "alertmanager",
        Format::Prometheus => "prometheus",
        Format::Generic => "generic",
    }
}

struct Seeding<'a> {
    ctx: &'a Ctx,
    now: Timestamp,
}

impl Seeding<'_> {
    async fn owner(&self, names: &Names) -> Result<(), SeedError> {
        let contact = |kind, address: &str, id| Contact {
            id,
            kind,
            address: address.into(),
            verified_at: Some(self.now),
            verification: None,
        };
        let contacts = vec![
            contact(Medium::Sms, OWNER_NUMBER, names.contact(Medium::Sms)),
            contact(Medium::Email, OWNER_EMAIL, names.contact(Medium::Email)),
        ];
        let id = names.owner();
        let mut extras = vec![Extra::AddEmail(OWNER_EMAIL.into(), id)];
        extras.extend(contacts.iter().map(|contact| Extra::AddContact(contact.id, id)));
        let user = |password_hash| User {
            id,
            name: "Demo Owner".into(),
            email: OWNER_EMAIL.into(),
            role: Role::Owner,
            team_ids: Vec::new(),
            time_zone: "UTC".into(),
            locale: "en".into(),
            contacts,
            rules: Rules::default(),
            password_hash: Some(password_hash),
            signed_out_at: None,
            tokens_ended_at: None,
            avatar: Default::default(),
            created_at: self.now,
        };
        // Hashing a password is slow on purpose: not at every start.
        if self.is_marked("owner").await? {
            return Ok(());
        }
        self.create("owner", &user(names.password_hash(0)?), extras).await
    }

    async fn policy(&self, names: &Names) -> Result<(), SeedError> {
        let steps = vec![Step {
            escalate_after_seconds: STEP_SECONDS,
            targets: vec![Target::User(names.owner())],
        }];
        let policy = Policy {
            id: names.policy(),
            team_id: None,
            name: "Owner, three times".into(),
            repeat: REPEATS,
            steps,
            created_at: self.now,
        };
        self.create("policy", &policy, vec![needs::<User>(names.owner())]).await
    }

    async fn service(&self, names: &Names) -> Result<(), SeedError> {
        let service = Service {
            id: names.service(),
            team_id: None,
            name: "Demo".into(),
            policy_id: names.policy(),
            urgency: UrgencyRule::BySeverity,
            ack_timeout_seconds: limits::ACK_TIMEOUT_SECONDS,
            auto_resolve_seconds: 0,
            components: Vec::new(),
            publication: Default::default(),
            created_at: self.now,
        };
        self.create("service", &service, vec![needs::<Policy>(names.policy())])
            .await
    }

    async fn integration(&self, names: &Names, format: Format) -> Result<(), SeedError> {
        let name = match format {
            Format::Pagerduty => "PagerDuty events",
            Format::Alertmanager => "Alertmanager",
            Format::Prometheus => "Prometheus",
            Format::Generic => "Anything with curl",
        };
        let (id, key_hash) = (names.integration(format), names.key(format).storage_hash());
        let integration = Integration {
            id,
            service_id: names.service(),
            team_id: None,
            name: name.into(),
            format,
            key_hash: key_hash.clone(),
            previous_key: None,
            created_at: self.now,
        };
        let extras = vec![
            Extra::AddKey {
                key_hash,
                integration_id: id,
            },
            needs::<Service>(names.service()),
        ];
        self.create(&format!("integration/{}", format_name(format)), &integration, extras)
            .await
    }

    async fn token(&self, names: &Names) -> Result<(), SeedError> {
        let token = Token {
            id: names.token_id(),
            user_id: names.owner(),
            name: "Printed at every start".into(),
            scopes: vec![Scope::Read, Scope::Respond, Scope::Configure, Scope::Administer],
            secret_hash: names.token().storage_hash(),
            created_at: self.now,
            expires_at: None,
        };
        self.create("token", &token, vec![needs::<User>(names.owner())]).await
    }

    async fn page(&self, names: &Names) -> Result<(), SeedError> {
        let page = Page {
            id: names.page(),
            team_id: None,
            slug: PAGE_SLUG.into(),
            name: "Demo status".into(),
            description: None,
            time_zone: "UTC".into(),
            locale: Locale::En,
            is_default: true,
            domain: None,
            look: Look::default(),
            created_at: self.now,
        };
        let extras = vec![Extra::AddSlug(PAGE_SLUG.into(), page.id)];
        self.create("page", &page, extras).await
    }

    async fn component(&self, names: &Names) -> Result<(), SeedError> {
        let component = Component {
            id: names.component(),
            page_id: names.page(),
            name: "Demo".into(),
            description: None,
            is_group: false,
            group_id: None,
            position: 0,
            only_show_if_degraded: false,
            held_status: None,
            held_since: None,
            holds: Vec::new(),
            start_date: None,
            created_at: self.now,
            updated_at: self.now,
        };
        self.create("component", &component, vec![needs::<Page>(names.page())])
            .await
    }

    /// Lets the service affect the component, unless somebody has said already what it affects. Apart from the service's
    /// making, since older folders have the service and no component.
    async fn affected(&self, names: &Names) -> Result<(), SeedError> {
        if self.is_marked("affected").await? {
            return Ok(());
        }
        let Some(before) = self.ctx.store.load::<Service>(names.service()).await? else {
            return Ok(());
        };
        if !before.value.components.is_empty() {
            return Ok(());
        }
        let affected = Affected {
            component_id: names.component(),
            critical: ComponentStatus::MajorOutage,
            error: ComponentStatus::PartialOutage,
            warning: ComponentStatus::DegradedPerformance,
            info: ComponentStatus::Operational,
        };
        let service = Service {
            components: vec![affected],
            publication: PublicationRule::default(),
            ..before.value.clone()
        };
        let extras = [
            needs::<Component>(names.component()),
            Extra::Once(Once::for_ever(mark("affected"))),
        ];
        let system = Actor::system();
        let change = Change::new(&system, self.now);
        if self.ctx.store.replace(&before, &service, &extras, &change).await? == Applied::Changed {
            tracing::warn!("the demo service affects no component: something that it needs is gone");
        }
        Ok(())
    }

    /// Creates a row with its mark, unless the mark is there. A row that cannot be created, because what it needs was
    /// deleted or its address is somebody else's, is left out: the house is no longer as we furnished it.
    async fn create<T: Entity>(&self, name: &str, value: &T, mut extras: Vec<Extra>) -> Result<(), SeedError> {
        if self.is_marked(name).await? {
            return Ok(());
        }
        extras.push(Extra::Once(Once::for_ever(mark(name))));
        let by = Actor::system();
        let change = Change::new(&by, self.now);
        if self.ctx.store.create(value, &extras, &change).await? == Applied::Changed {
            tracing::warn!(
                name,
                "a demo entity was left out: something that it needs is gone, or in its place"
            );
        }
        Ok(())
    }

    async fn is_marked(&self, name: &str) -> Result<bool, SeedError> {
        Ok(self.ctx.store.answered_once(&mark(name), self.now).await?.is_some())
    }

    async fn found(&self, names: &Names) -> Result<Seeded, SeedError> {
        let store = &self.ctx.store;
        let owner = store
            .load::<User>(names.owner())
            .await?
            .map(|row: Versioned<User>| row.value);
        let hash = owner.as_ref().and_then(|owner| owner.password_hash.as_deref());
        let [pagerduty_key, alertmanager_key, prometheus_key, generic_key] = [
            self.working_key(names, Format::Pagerduty).await?,
            self.working_key(names, Format::Alertmanager).await?,
            self.working_key(names, Format::Prometheus).await?,
            self.working_key(names, Format::Generic).await?,
        ];
        Ok(Seeded {
            password: hash
                .and_then(|hash| names.generation(hash))
                .map(|generation| names.password(generation)),
            api_token: self.working_token(names, owner.is_some()).await?,
            owner,
            service_id: store.load::<Service>(names.service()).await?.map(|row| row.value.id),
            policy_id: store.load::<Policy>(names.policy()).await?.map(|row| row.value.id),
            page: store.load::<Page>(names.page()).await?.map(|row| row.value),
            pagerduty_key,
            alertmanager_key,
            prometheus_key,
            generic_key,
        })
    }

    async fn working_key(&self, names: &Names, format: Format) -> Result<Option<String>, SeedError> {
        let key = names.key(format);
        let integration = self.ctx.store.integration_by_key(&key.storage_hash(), self.now).await?;
        let works = integration.is_some_and(|integration| integration.accepts(&key.storage_hash(), self.now));
        Ok(works.then(|| key.expose().to_owned()))
    }

    async fn working_token(&self, names: &Names, has_owner: bool) -> Result<Option<String>, SeedError> {
        let Some(row) = self.ctx.store.load::<Token>(names.token_id()).await? else {
            return Ok(None);
        };
        let (kept, ours) = (row.value, names.token());
        let works = has_owner
            && equal(kept.secret_hash.as_bytes(), ours.storage_hash().as_bytes())
            && kept.expires_at.is_none_or(|at| at > self.now);
        Ok(works.then(|| ours.expose().to_owned()))
    }
}

fn needs<T: Entity>(id: T::Id) -> Extra {
    Extra::Needs(T::PARTITION, id.to_string())
}

/// The mark of one seeded thing: its creation's idempotency key.
fn mark(name: &str) -> String {
    sha256_hex(format!("nightbell/seed/{name}"))
}

/// Ids and secrets, by purpose. Purposes are kept for ever: one that changes, changes what it names.
struct Names([u8; 32]);

impl Names {
    fn of(master: &MasterKey) -> Self {
        Self(master.subkey("seed"))
    }

    fn owner(&self) -> UserId {
        self.id("owner").into()
    }

    fn contact(&self, kind: Medium) -> ContactId {
        match kind {
            Medium::Sms => self.id("contact/sms").into(),
            Medium::Voice => self.id("contact/voice").into(),
            Medium::Email => self.id("contact/email").into(),
            Medium::Webhook => self.id("contact/webhook").into(),
            Medium::Topic => self.id("contact/topic").into(),
        }
    }

    fn policy(&self) -> PolicyId {
        self.id("policy").into()
    }

    fn service(&self) -> ServiceId {
        self.id("service").into()
    }

    fn page(&self) -> PageId {
        self.id("page").into()
    }

    fn component(&self) -> ComponentId {
        self.id("component").into()
    }

    fn integration(&self, format: Format) -> IntegrationId {
        self.id(&format!("integration/{}", format_name(format))).into()
    }

    fn token_id(&self) -> TokenId {
        self.id("token").into()
    }

    fn key(&self, format: Format) -> IntegrationKey {
        IntegrationKey::new(self.bytes(&format!("key/{}", format_name(format))))
    }

    fn token(&self) -> ApiToken {
        ApiToken::new(self.token_id().0, self.bytes("token-secret"))
    }

    /// 80 bits, in groups that can be read out.
    fn password(&self, generation: u64) -> String {
        let text = BASE32_NOPAD
            .encode(&self.bytes::<10>(&format!("password/{generation}")))
            .to_lowercase();
        let groups = [&text[..4], &text[4..8], &text[8..12], &text[12..]];
        groups.join("-")
    }

    /// The hash names the generation it is of, in its salt: so the row alone says which password is in force, and a
    /// password that a person chose is told from ours.
    fn password_hash(&self, generation: u64) -> Result<String, PasswordRefused> {
        hash_password(&self.password(generation), self.salt(generation))
    }

    fn salt(&self, generation: u64) -> [u8; 16] {
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&generation.to_be_bytes());
        salt[8..].copy_from_slice(&self.bytes::<8>(&format!("salt/{generation}")));
        salt
    }

    /// Which of our passwords a hash (a PHC string) is of, if any.
    fn generation(&self, password_hash: &str) -> Option<u64> {
        let salt = password_hash.split('$').nth(4)?;
        let salt: [u8; 16] = BASE64_NOPAD.decode(salt.as_bytes()).ok()?.try_into().ok()?;
        let generation = u64::from_be_bytes(*salt.first_chunk()?);
        (self.salt(generation) == salt).then_some(generation)
    }

    fn id(&self, name: &str) -> Ulid {
        let mut bits = [0; 16];
        bits[6..].copy_from_slice(&self.bytes::<10>(&format!("id/{name}")));
        Ulid::from_parts(SEEDED_MS, u128::from_be_bytes(bits))
    }

    fn bytes<const N: usize>(&self, purpose: &str) -> [u8; N] {
        let mac = hmac_sha256(&self.0, purpose.as_bytes());
        std::array::from_fn(|place| mac[place])
    }
}

#[cfg(test)]
mod tests {
    use shared::secret::verify_password;
    use shared::store::{AuditFilter, PageRequest};

    use super::*;
    use crate::home::testing;

    #[tokio::test]
    async fn twice_is_once() {
        let (ctx, _) = testing::ctx().await;
        let first = seed(&ctx).await.unwrap();
        let rows = ctx
            .store
            .audit_log(&PageRequest::first(), &AuditFilter::default())
            .await
            .unwrap()
            .items
            .len();
        assert_eq!(rows, 11);
        assert!(first == seed(&ctx).await.unwrap());
        assert_eq!(
            ctx.store
                .audit_log(&PageRequest::first(), &AuditFilter::default())
                .await
                .unwrap()
                .items
                .len(),
            rows
        );

        let owner = first.owner.unwrap();
        assert_eq!(ctx.store.owners().await.unwrap(), std::slice::from_ref(&owner));
        assert_eq!(ctx.store.user_by_email(OWNER_EMAIL).await.unwrap(), Some(owner.id));
        assert!(owner.contacts.iter().all(|contact| contact.verified_at.is_some()));
        for contact in &owner.contacts {
            assert_eq!(ctx.store.user_of_contact(contact.id).await.unwrap(), Some(owner.id));
        }
        assert!(verify_password(
            &first.password.unwrap(),
            owner.password_hash.as_deref()
        ));
        for key in [
            first.pagerduty_key,
            first.alertmanager_key,
            first.prometheus_key,
            first.generic_key,
        ] {
            let key = key.unwrap();
            assert_eq!(key.len(), 32);
            let hash = sha256_hex(&key);
            let integration = ctx
                .store
                .integration_by_key(&hash, ctx.clock.now())
                .await
                .unwrap()
                .unwrap();
            assert_eq!(Some(integration.service_id), first.service_id);
        }
    }

    #[tokio::test]
    async fn what_was_changed_or_deleted_stays_so_and_what_is_missing_comes() {
        let (ctx, _) = testing::ctx().await;
        let first = seed(&ctx).await.unwrap();
        let by = Actor::system();
        let change = Change::new(&by, ctx.clock.now());
        let names = Names::of(ctx.master());

        let before = ctx
            .store
            .load::<Service>(first.service_id.unwrap())
            .await
            .unwrap()
            .unwrap();
        let renamed = Service {
            name: "Till".into(),
            ..before.value.clone()
        };
        ctx.store.replace(&before, &renamed, &[], &change).await.unwrap();
        let token = ctx.store.load::<Token>(names.token_id()).await.unwrap().unwrap();
        ctx.store.remove(&token, &[], &change).await.unwrap();

        let again = seed(&ctx).await.unwrap();
        assert!(again.api_token.is_none());
        assert!(
            Seeded {
                api_token: None,
                ..first
            } == again
        );
        let kept = ctx
            .store
            .load::<Service>(again.service_id.unwrap())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(kept.value.name, "Till");

        // As in a folder of a version that knew fewer formats.
        let (ctx, _) = testing::ctx().await;
        let seeding = Seeding {
            ctx: &ctx,
            now: ctx.clock.now(),
        };
        let names = Names::of(ctx.master());
        seeding.owner(&names).await.unwrap();
        seeding.policy(&names).await.unwrap();
        seeding.service(&names).await.unwrap();
        assert!(seeding.found(&names).await.unwrap().generic_key.is_none());
        assert!(seed(&ctx).await.unwrap().generic_key.is_some());
    }

    #[tokio::test]
    async fn a_reset_password_is_new_and_is_known_at_the_next_start() {
        let (ctx, _) = testing::ctx().await;
        let first = seed(&ctx).await.unwrap().password.unwrap();
        let mut seen = vec![first];
        for _ in 0..2 {
            reset_owner(&ctx).await.unwrap();
            let found = seed(&ctx).await.unwrap();
            let password = found.password.unwrap();
            assert!(!seen.contains(&password));
            assert!(verify_password(
                &password,
                found.owner.unwrap().password_hash.as_deref()
            ));
            assert!(!verify_password(
                &seen[seen.len() - 1],
                found_hash(&ctx).await.as_deref()
            ));
            seen.push(password);
        }

        // A password of the owner's own is not known to us, and can be reset.
        let names = Names::of(ctx.master());
        let before = ctx.store.load::<User>(names.owner()).await.unwrap().unwrap();
        let own = hash_password("correct horse", [9; 16]).unwrap();
        let user = User {
            password_hash: Some(own),
            ..before.value.clone()
        };
        let by = Actor::system();
        let change = Change::new(&by, ctx.clock.now());
        ctx.store.replace(&before, &user, &[], &change).await.unwrap();
        assert!(seed(&ctx).await.unwrap().password.is_none());
        reset_owner(&ctx).await.unwrap();
        assert!(seed(&ctx).await.unwrap().password.is_some());
    }

    async fn found_hash(ctx: &Ctx) -> Option<String> {
        ctx.store
            .load::<User>(Names::of(ctx.master()).owner())
            .await
            .unwrap()
            .unwrap()
            .value
            .password_hash
    }

    #[test]
    fn another_master_key_has_other_names() {
        let (a, b) = (
            Names::of(&MasterKey::from_bytes([1; 32])),
            Names::of(&MasterKey::from_bytes([2; 32])),
        );
        assert_ne!(a.owner(), b.owner());
        assert_ne!(a.key(Format::Generic), b.key(Format::Generic));
        assert_ne!(a.key(Format::Generic), a.key(Format::Pagerduty));
        assert_ne!(a.password(0), a.password(1));
        assert_eq!(a.password(0).len(), 19);
        assert_eq!(ApiToken::parse(a.token().expose()), Some(a.token()));
    }
}
