//! Contacts: the ways to reach a person. They live in that person's row, and so does their version.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::domain::delivery::Subject;
use shared::domain::id::{ContactId, UserId};
use shared::domain::limits;
use shared::domain::people::{Contact, Medium, Role, User};
use shared::domain::principal::Right;
use shared::incidents::masked;
use shared::secret::webhook_secret;
use shared::store::{Applied, Extra, Versioned};
use shared::test_message::{self, TestView};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, Params, Problem, bad_cursor, page_limit};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::create::{Creation, create, to_json};
use super::etag::{IfMatch, Tagged};
use super::resource::{Changes, Plan, ROUNDS_MAX, edit, load, merged, refuse_if_used};
use super::rules::by_urgency;
use super::validate::Faults;
use super::verification;

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_contacts, create_contact))
        .routes(routes!(get_contact, change_contact, delete_contact))
        .routes(routes!(test_contact))
        .routes(routes!(list_contact_tests))
}

/// A contact as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactBody {
    /// Whose it is. Cannot be changed later.
    user_id: UserId,
    /// How it is reached; only what this deployment has a provider for. Cannot be changed later.
    kind: Medium,
    /// Telephone number in E.164 form, e-mail address, or http or https URL. A changed one must be verified again.
    #[schema(min_length = 1, max_length = 2048, example = "+12025550143")]
    address: String,
}

/// A contact as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactView {
    id: ContactId,
    user_id: UserId,
    kind: Medium,
    /// Where; masked for all but the person and admins.
    address: String,
    /// When its owner showed that it reaches them; null: not yet, and it is not used.
    verified_at: Option<Timestamp>,
    /// When the last code was sent to it, while it is not verified.
    code_sent_at: Option<Timestamp>,
}

const READ_ONLY: &[&str] = &["id", "verified_at", "code_sent_at"];

/// A contact that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewContactView {
    #[serde(flatten)]
    contact: ContactView,
    /// The key of `X-Nightbell-Signature`, for a webhook: told this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_secret: Option<String>,
}

impl ContactView {
    fn new(user_id: UserId, contact: &Contact) -> Self {
        let Contact {
            id,
            kind,
            address,
            verified_at,
            verification,
        } = contact.clone();
        Self {
            id,
            user_id,
            kind,
            address,
            verified_at,
            code_sent_at: verification.map(|asked| asked.sent_at),
        }
    }
}

/// A contact as this caller may see it: a colleague may know that somebody is reached by telephone, not at which number.
fn seen(caller: &Caller, user: &User, contact: &Contact) -> ContactView {
    let who = caller.principal();
    let view = ContactView::new(user.id, contact);
    if who.user_id == user.id || who.role >= Role::Admin {
        return view;
    }
    ContactView {
        address: masked(view.kind, &view.address),
        ..view
    }
}

/// A contact of a person, or 404.
pub fn of(user: &User, id: ContactId) -> Result<&Contact, Problem> {
    user.contact(id).ok_or_else(Problem::not_found)
}

/// The contact in a person's row, as it is answered.
pub fn view(user: Versioned<User>, id: ContactId) -> Result<Tagged<ContactView>, Problem> {
    let value = ContactView::new(user.value.id, of(&user.value, id)?);
    Ok(Tagged {
        version: user.version,
        value,
    })
}

/// Whose a contact is, or 404.
pub async fn owner(caller: &Caller, id: ContactId) -> Result<UserId, Problem> {
    caller.store().user_of_contact(id).await?.ok_or_else(Problem::not_found)
}

/// Whether the caller may change this person's contacts and rules. Those of an owner are an owner's to change: whoever holds
/// them is told what the owner is told, or keeps it from them.
pub fn may_set(caller: &Caller, user: &User) -> Result<(), Problem> {
    caller.may(Right::SettingsOf(user.id))?;
    if is_anothers_owner(caller, user) {
        caller.may(Right::Own)
    } else {
        Ok(())
    }
}

/// Whether this is an owner, and another one than the caller.
pub fn is_anothers_owner(caller: &Caller, user: &User) -> bool {
    user.role == Role::Owner && user.id != caller.principal().user_id
}

/// The person with another contact in the place of one of theirs.
pub fn with(user: &User, contact: Contact) -> User {
    let mut user = user.clone();
    for place in user.contacts.iter_mut().filter(|place| place.id == contact.id) {
        *place = contact.clone();
    }
    user
}

impl Creation for ContactBody {
    type Entity = User;
    const PATH: &'static str = "/api/v1/contacts";

    async fn rights(&self, caller: &Caller) -> Result<Vec<Right>, Problem> {
        let user = caller.ctx.store.load::<User>(self.user_id).await?;
        let needs_owner = user.is_some_and(|user| is_anothers_owner(caller, &user.value));
        let own = needs_owner.then_some(Right::Own);
        Ok([Right::SettingsOf(self.user_id)].into_iter().chain(own).collect())
    }

    async fn plan(&self, caller: &Caller) -> Result<(Plan<User>, Value), Problem> {
        let mut faults = Faults::default();
        if self.kind == Medium::Topic {
            faults.add(
                "kind",
                "cannot be a contact: make a channel of it, and ask that in a policy",
            );
        }
        let address = faults.address(&caller.ctx, self.kind, &self.address);
        faults.none()?;
        let mut faults = Faults::default();
        let Some(before) = caller.store().load::<User>(self.user_id).await? else {
            return Err(Problem::invalid_field(
                "user_id",
                format!("there is no user {}", self.user_id),
            ));
        };
        check_address(&mut faults, &before.value, None, self.kind, &address);
        faults.none()?;
        if before.value.contacts.len() >= limits::CONTACTS_MAX {
            let detail = format!(
                "There are {} contacts already, the most a person can have.",
                limits::CONTACTS_MAX
            );
            return Err(Problem::conflict("too_many_contacts", detail));
        }
        let contact = Contact {
            id: caller.new_id(),
            kind: self.kind,
            address,
            verified_at: None,
            verification: None,
        };
        let signing_secret =
            (self.kind == Medium::Webhook).then(|| webhook_secret(caller.ctx.master(), &contact.id.to_string()));
        let answer = to_json(NewContactView {
            contact: ContactView::new(self.user_id, &contact),
            signing_secret,
        })?;
        let extras = vec![Extra::AddContact(contact.id, self.user_id)];
        let mut user = before.value.clone();
        user.contacts.push(contact);
        Ok((Plan::new(Some(before), user, extras), answer))
    }
}

/// Nobody is reached twice by the same way.
fn check_address(faults: &mut Faults, user: &User, id: Option<ContactId>, kind: Medium, address: &str) {
    let others = user.contacts.iter().filter(|contact| Some(contact.id) != id);
    if others
        .into_iter()
        .any(|contact| contact.kind == kind && contact.address == address)
    {
        faults.add("address", "is another of this person's contacts already");
    }
}

/// Whose contacts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ContactQuery {
    /// Whose; one's own unless told.
    user_id: Option<UserId>,
    /// Items at most: 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[param(min_length = 1, max_length = 342, pattern = "^[A-Za-z0-9_-]+$")]
    after: Option<String>,
}

/// A person's contacts, newest first
#[utoipa::path(get, path = "/api/v1/contacts", tag = "Contacts", params(ContactQuery),
    responses((status = 200, body = Listed<ContactView>),
        (status = 404, description = "There is no such person.", body = Problem, content_type = "application/problem+json")))]
async fn list_contacts(
    caller: Caller,
    Params(query): Params<ContactQuery>,
) -> Result<Json<Listed<ContactView>>, Problem> {
    caller.may(Right::Read)?;
    let limit = page_limit(query.limit)?;
    let after = query
        .after
        .map(|after| after.parse::<ContactId>().map_err(|_| bad_cursor()))
        .transpose()?;
    let user = load::<User>(&caller, query.user_id.unwrap_or(caller.principal().user_id))
        .await?
        .value;
    Ok(Json(page(&caller, &user, limit, after)))
}

fn page(caller: &Caller, user: &User, limit: usize, after: Option<ContactId>) -> Listed<ContactView> {
    let mut contacts: Vec<&Contact> = user.contacts.iter().collect();
    contacts.sort_by_key(|contact| std::cmp::Reverse(contact.id));
    contacts.retain(|contact| after.is_none_or(|after| contact.id < after));
    let more = contacts.len() > limit;
    contacts.truncate(limit);
    let next = contacts.last().filter(|_| more).map(|contact| contact.id.to_string());
    Listed {
        items: contacts
            .into_iter()
            .map(|contact| seen(caller, user, contact))
            .collect(),
        next,
    }
}

/// Add a contact; it is used once it is verified
#[utoipa::path(post, path = "/api/v1/contacts", tag = "Contacts", request_body = ContactBody,
    responses((status = 201, body = NewContactView)))]
async fn create_contact(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<ContactBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One contact
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "Contacts", params(("id" = ContactId, Path)),
    responses((status = 200, body = ContactView)))]
async fn get_contact(caller: Caller, Id(id): Id<ContactId>) -> Result<Tagged<ContactView>, Problem> {
    caller.may(Right::Read)?;
    let user = owner(&caller, id).await?;
    let user = load::<User>(&caller, user).await?;
    Ok(Tagged {
        version: user.version,
        value: seen(&caller, &user.value, of(&user.value, id)?),
    })
}

/// Change a contact's address; it must be verified again
#[utoipa::path(patch, path = "/api/v1/contacts/{id}", tag = "Contacts", params(("id" = ContactId, Path)),
    request_body = ContactBody, responses((status = 200, body = ContactView)))]
async fn change_contact(
    caller: Caller,
    Id(id): Id<ContactId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<ContactView>, Problem> {
    change(&caller, id, &if_match, &changes).await
}

async fn change(
    caller: &Caller,
    id: ContactId,
    if_match: &IfMatch,
    changes: &Changes,
) -> Result<Tagged<ContactView>, Problem> {
    let user = owner(caller, id).await?;
    let after = edit(caller, user, |before: Versioned<User>| async move {
        let contact = of(&before.value, id)?;
        may_set(caller, &before.value)?;
        let body: ContactBody = merged(ContactView::new(user, contact), READ_ONLY, changes)?;
        if_match.check(before.version)?;
        let mut faults = Faults::default();
        faults.fixed("user_id", &user, &body.user_id);
        faults.fixed("kind", &contact.kind, &body.kind);
        faults.none()?;
        if body.address == contact.address {
            let same = before.value.clone();
            return Ok(Plan::over(before, same));
        }
        let mut faults = Faults::default();
        let address = faults.address(&caller.ctx, body.kind, &body.address);
        check_address(&mut faults, &before.value, Some(id), body.kind, &address);
        faults.none()?;
        let after = with(&before.value, verification::readdressed(contact, address));
        Ok(Plan::over(before, after))
    });
    view(after.await?, id)
}

/// Remove a contact that no notification rule uses
#[utoipa::path(delete, path = "/api/v1/contacts/{id}", tag = "Contacts", params(("id" = ContactId, Path)),
    responses((status = 204)))]
async fn delete_contact(caller: Caller, Id(id): Id<ContactId>, if_match: IfMatch) -> Result<StatusCode, Problem> {
    remove(&caller, id, &if_match).await
}

async fn remove(caller: &Caller, id: ContactId, if_match: &IfMatch) -> Result<StatusCode, Problem> {
    let user = owner(caller, id).await?;
    for _ in 0..ROUNDS_MAX {
        let before = load::<User>(caller, user).await?;
        of(&before.value, id)?;
        may_set(caller, &before.value)?;
        if_match.check(before.version)?;
        refuse_if_used(&rules_that_use(&before.value, id))?;
        let mut after = before.value.clone();
        after.contacts.retain(|contact| contact.id != id);
        let plan = Plan::new(Some(before), after, vec![Extra::EndContact(id)]);
        if plan.write(caller).await? == Applied::Done {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(Problem::unavailable())
}

/// Send a test message to a verified contact
///
/// It goes the way that pages go; `GET /api/v1/contacts/{id}/tests` tells what came of it. Three at once, then one a minute.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/test", tag = "Contacts", params(("id" = ContactId, Path)),
    responses((status = 202, body = TestView), (status = 429, body = Problem,
        content_type = "application/problem+json", description = "Too often; `Retry-After` says when to try again.")))]
async fn test_contact(caller: Caller, Id(id): Id<ContactId>) -> Result<(StatusCode, Json<TestView>), Problem> {
    let user = load::<User>(&caller, owner(&caller, id).await?).await?.value;
    may_set(&caller, &user)?;
    let sent = test_message::to_contact(&caller.ctx, &user, of(&user, id)?, caller.now()).await?;
    Ok((StatusCode::ACCEPTED, Json(sent)))
}

/// A contact's last ten test messages of seven days, newest first, and what came of them
#[utoipa::path(get, path = "/api/v1/contacts/{id}/tests", tag = "Contacts", params(("id" = ContactId, Path)),
    responses((status = 200, body = Listed<TestView>)))]
async fn list_contact_tests(caller: Caller, Id(id): Id<ContactId>) -> Result<Json<Listed<TestView>>, Problem> {
    caller.may(Right::Read)?;
    owner(&caller, id).await?;
    let items = test_message::newest(&caller.ctx, Subject::Contact(id)).await?;
    Ok(Json(Listed { items, next: None }))
}

fn rules_that_use(user: &User, id: ContactId) -> Vec<String> {
    let rules = by_urgency(&user.rules);
    let uses = rules
        .into_iter()
        .filter(|(_, rules)| rules.iter().any(|rule| rule.contact_id == id));
    uses.map(|(urgency, _)| format!("{}'s notification rules for {urgency} urgency", user.name))
        .collect()
}
