//! Who and what is there when a story begins.

use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::actor::Actor;
use shared::domain::id::{ContactId, IntegrationId, PolicyId, ServiceId, TokenId, UserId};
use shared::domain::people::{Contact, Medium, Role, Rules, User};
use shared::domain::policy::{Policy, Step, Target};
use shared::domain::principal::{Scope, Token};
use shared::domain::service::{Format, Integration, Service, UrgencyRule};
use shared::secret::{ApiToken, IntegrationKey};
use shared::store::{Applied, Change, Entity, Extra};

/// What a story can refer to.
#[derive(Debug, Clone)]
pub struct Cast {
    /// The owner: SMS and e-mail.
    pub ana: UserId,
    /// A responder: SMS and e-mail.
    pub ben: UserId,
    /// The owner's token, with every scope.
    pub token: String,
    /// A service.
    pub service: ServiceId,
    /// Its policy: Ana for five minutes, then Ben for five, once more.
    pub policy: PolicyId,
    /// Keys of the service's integrations.
    pub pagerduty: String,
    /// Alertmanager's.
    pub alertmanager: String,
    /// Prometheus' own.
    pub prometheus: String,
    /// The generic one's.
    pub generic: String,
}

impl Cast {
    /// Puts everybody in place.
    pub async fn assemble(ctx: &Ctx) -> Self {
        let now = ctx.clock.now();
        let ana = person(ctx, "Ana", Role::Owner, "+15550100").await;
        let ben = person(ctx, "Ben", Role::Responder, "+15550101").await;
        let step = |user| Step {
            escalate_after_seconds: 300,
            targets: vec![Target::User(user)],
        };
        let policy = Policy {
            id: PolicyId(ctx.random.ulid(now)),
            team_id: None,
            name: "Everybody".into(),
            repeat: 1,
            steps: vec![step(ana), step(ben)],
            created_at: now,
        };
        create(ctx, &policy, &[]).await;
        let service = Service {
            id: ServiceId(ctx.random.ulid(now)),
            team_id: None,
            name: "Checkout".into(),
            policy_id: policy.id,
            urgency: UrgencyRule::High,
            ack_timeout_seconds: 1_800,
            auto_resolve_seconds: 0,
            components: Vec::new(),
            publication: Default::default(),
            created_at: now,
        };
        create(ctx, &service, &[]).await;
        let token = token(
            ctx,
            ana,
            &[Scope::Read, Scope::Respond, Scope::Configure, Scope::Administer],
        )
        .await;
        Self {
            ana,
            ben,
            token,
            service: service.id,
            policy: policy.id,
            pagerduty: integration(ctx, &service, Format::Pagerduty).await,
            alertmanager: integration(ctx, &service, Format::Alertmanager).await,
            prometheus: integration(ctx, &service, Format::Prometheus).await,
            generic: integration(ctx, &service, Format::Generic).await,
        }
    }
}

/// Adds a person with a verified telephone and e-mail.
pub async fn person(ctx: &Ctx, name: &str, role: Role, phone: &str) -> UserId {
    let now = ctx.clock.now();
    let id = UserId(ctx.random.ulid(now));
    let email = format!("{}@example.com", name.to_lowercase());
    let contact = |kind, address: &str| Contact {
        id: ContactId(ctx.random.ulid(now)),
        kind,
        address: address.into(),
        verified_at: Some(now),
        verification: None,
    };
    let contacts = vec![contact(Medium::Sms, phone), contact(Medium::Email, &email)];
    let mut extras = vec![Extra::AddEmail(email.clone(), id)];
    extras.extend(contacts.iter().map(|contact| Extra::AddContact(contact.id, id)));
    let user = User {
        id,
        name: name.into(),
        email,
        role,
        team_ids: Vec::new(),
        time_zone: "Europe/Berlin".into(),
        locale: "en".into(),
        contacts,
        rules: Rules::default(),
        password_hash: None,
        signed_out_at: None,
        tokens_ended_at: None,
        avatar: Default::default(),
        created_at: now,
    };
    create(ctx, &user, &extras).await;
    id
}

/// Adds an integration and answers its key.
pub async fn integration(ctx: &Ctx, service: &Service, format: Format) -> String {
    let now = ctx.clock.now();
    let key = IntegrationKey::new(ctx.random.bytes());
    let integration = Integration {
        id: IntegrationId(ctx.random.ulid(now)),
        service_id: service.id,
        team_id: None,
        name: format!("{format:?}"),
        format,
        key_hash: key.storage_hash(),
        previous_key: None,
        created_at: now,
    };
    let extra = Extra::AddKey {
        key_hash: key.storage_hash(),
        integration_id: integration.id,
    };
    create(ctx, &integration, &[extra]).await;
    key.expose().to_owned()
}

/// Adds a token and answers its text.
pub async fn token(ctx: &Ctx, user_id: UserId, scopes: &[Scope]) -> String {
    let now = ctx.clock.now();
    let id = TokenId(ctx.random.ulid(now));
    let text = ApiToken::new(id.0, ctx.random.bytes());
    let token = Token {
        id,
        user_id,
        name: "test".into(),
        scopes: scopes.to_vec(),
        secret_hash: text.storage_hash(),
        created_at: now,
        expires_at: None,
    };
    create(ctx, &token, &[]).await;
    text.expose().to_owned()
}

/// Adds anything.
pub async fn create<T: Entity>(ctx: &Ctx, value: &T, extras: &[Extra]) {
    let (by, at): (Actor, Timestamp) = (Actor::system(), ctx.clock.now());
    let applied = ctx
        .store
        .create(value, extras, &Change::new(&by, at))
        .await
        .expect("the table answers");
    assert_eq!(applied, Applied::Done);
}
