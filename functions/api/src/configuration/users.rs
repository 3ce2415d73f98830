//! People: who may sign in, what they may do, and how they are addressed.
//!
//! People change their own name, time zone and locale; the rest is an admin's, and whatever makes, unmakes or touches an
//! owner is an owner's. There is always an owner, and there are never more than can all be told of one incident.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::accounts::remove_tokens;
use shared::avatars::Face;
use shared::ctx::Ctx;
use shared::domain::avatar::Upload;
use shared::domain::id::{TeamId, UserId};
use shared::domain::limits;
use shared::domain::people::{Role, Team, User};
use shared::domain::principal::Right;
use shared::offboarding::{can_stand_in, hand_over, uses_of};
use shared::store::{Applied, Entity, Extra, Versioned};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, PageQuery, Params, Problem};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::create::create;
use super::etag::{IfMatch, Tagged};
use super::list;
use super::resource::{self, Changes, Plan, ROUNDS_MAX, Resource, load};
use super::validate::Faults;

/// Teams of one person: they are checked by the write, which has room for these.
const TEAMS_MAX: usize = 50;

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_users, create_user))
        .routes(routes!(get_me))
        .routes(routes!(get_user, change_user, delete_user))
}

/// A person as they are written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserBody {
    /// What others call them.
    #[schema(min_length = 1, max_length = 128, example = "Ada Lovelace")]
    name: String,
    /// Where they sign in; nobody else's. Kept in lower case.
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    email: String,
    /// What they may do.
    role: Role,
    /// The teams they are in.
    #[serde(default)]
    #[schema(max_items = 50)]
    team_ids: Vec<TeamId>,
    /// IANA time zone in which they are told times.
    #[serde(default = "utc")]
    #[schema(format = "iana-time-zone", default = "UTC", example = "Europe/London")]
    time_zone: String,
    /// Language they are addressed in: `en`.
    #[serde(default = "english")]
    #[schema(pattern = "^en$", default = "en", example = "en")]
    locale: String,
}

pub fn utc() -> String {
    "UTC".to_owned()
}

pub fn english() -> String {
    "en".to_owned()
}

/// A person as they are read. How they are reached is among the contacts.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    id: UserId,
    name: String,
    email: String,
    role: Role,
    team_ids: Vec<TeamId>,
    time_zone: String,
    locale: String,
    /// What is shown of them: a picture, or initials.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required)]
    face: Option<Face>,
    created_at: Timestamp,
}

impl UserView {
    /// A person with what is shown of them.
    pub fn of(ctx: &Ctx, user: User) -> Self {
        let face = Some(Face::of(ctx, &user));
        Self {
            face,
            ..Self::from(user)
        }
    }
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let User {
            id,
            name,
            email,
            role,
            team_ids,
            time_zone,
            locale,
            created_at,
            ..
        } = user;
        Self {
            id,
            name,
            email,
            role,
            team_ids,
            time_zone,
            locale,
            face: None,
            created_at,
        }
    }
}

impl UserBody {
    /// Whether it leaves everything of `before` that is not a person's own to change.
    fn is_personal(&self, before: &User) -> bool {
        let email = self.email.trim().to_lowercase();
        self.role == before.role && email == before.email && self.team_ids == before.team_ids
    }

    /// What it takes, other than the person themselves changing what is their own.
    fn rights(&self, me: UserId, before: Option<&User>) -> Vec<Right> {
        if let Some(before) = before.filter(|before| before.id == me && self.is_personal(before)) {
            return vec![Right::SettingsOf(before.id)];
        }
        let roles = before.map(|before| before.role).into_iter().chain([self.role]);
        match roles.max() {
            Some(Role::Owner) => vec![Right::Administer, Right::Own],
            _ => vec![Right::Administer],
        }
    }
}

impl Resource for UserBody {
    type Entity = User;
    type View = UserView;
    const PATH: &'static str = "/api/v1/users";

    fn view(caller: &Caller, user: User) -> UserView {
        UserView::of(&caller.ctx, user)
    }

    async fn rights(&self, caller: &Caller, before: Option<&User>) -> Result<Vec<Right>, Problem> {
        Ok(self.rights(caller.principal().user_id, before))
    }

    async fn plan(&self, caller: &Caller, before: Option<Versioned<User>>) -> Result<Plan<User>, Problem> {
        let mut faults = Faults::default();
        let name = faults.name(&self.name);
        let email = faults.email("email", &self.email);
        let time_zone = faults.time_zone(&self.time_zone);
        faults.locale(&self.locale);
        faults.count("team_ids", self.team_ids.len(), 0..=TEAMS_MAX);
        faults.no_doubles(&self.team_ids, team_field);
        // Only what is within its limits is looked up.
        faults.none()?;
        let mut faults = Faults::default();
        let teams = self
            .team_ids
            .iter()
            .enumerate()
            .map(|(place, id)| (team_field(place), *id));
        let mut extras = faults.exist::<Team>(caller, teams.collect()).await?;
        faults.none()?;
        let old = before.as_ref().map(|before| &before.value);
        let (id, created_at) = old.map_or_else(|| caller.new_born(), |old| (old.id, old.created_at));
        extras.extend(take_email(caller, id, &email, old).await?);
        extras.extend(owners_change(caller, self.role, old).await?);
        let (contacts, rules, password_hash, avatar) = old.cloned().map_or_else(Default::default, |old| {
            (old.contacts, old.rules, old.password_hash, old.avatar)
        });
        let (signed_out_at, tokens_ended_at) = old.map_or((None, None), |old| (old.signed_out_at, old.tokens_ended_at));
        let (role, team_ids, locale) = (self.role, self.team_ids.clone(), self.locale.clone());
        let user = User {
            id,
            name,
            email,
            role,
            team_ids,
            time_zone,
            locale,
            contacts,
            rules,
            password_hash,
            signed_out_at,
            tokens_ended_at,
            avatar,
            created_at,
        };
        Ok(Plan::new(before, user, extras))
    }

    async fn right_to_remove(_: &Caller, user: &User) -> Result<Right, Problem> {
        Ok(if user.role == Role::Owner {
            Right::Own
        } else {
            Right::Administer
        })
    }

    async fn users(caller: &Caller, user: &User) -> Result<Vec<String>, Problem> {
        not_oneself(caller, user.id)?;
        Ok(uses_of(caller.store(), user.id).await?.in_words())
    }

    async fn removed_with(caller: &Caller, user: &User) -> Result<Vec<Extra>, Problem> {
        let mut extras = vec![Extra::EndEmail(user.email.clone())];
        extras.extend(user.contacts.iter().map(|contact| Extra::EndContact(contact.id)));
        if user.avatar.picture.is_some() {
            let picture = user.avatar.picture.clone();
            let removal = Upload::removal(caller.new_id(), user.id, picture, caller.now());
            extras.push(Extra::EndPicture(Box::new(removal)));
        }
        if user.role == Role::Owner {
            extras.push(another_owner(caller, user.id).await?);
        }
        Ok(extras)
    }
}

fn team_field(place: usize) -> String {
    format!("team_ids[{place}]")
}

/// What makes an e-mail address this person's, and frees the one they had.
async fn take_email(caller: &Caller, id: UserId, email: &str, before: Option<&User>) -> Result<Vec<Extra>, Problem> {
    let old = before.map(|before| before.email.as_str());
    if old == Some(email) {
        return Ok(Vec::new());
    }
    if caller
        .store()
        .user_by_email(email)
        .await?
        .is_some_and(|owner| owner != id)
    {
        return Err(email_taken(email));
    }
    let freed = old.map(|old| Extra::EndEmail(old.to_owned()));
    Ok([Extra::AddEmail(email.to_owned(), id)]
        .into_iter()
        .chain(freed)
        .collect())
}

pub fn email_taken(email: &str) -> Problem {
    Problem::conflict("email_taken", format!("Somebody else has the e-mail address {email}."))
}

/// What a change of role means for the owners: that there is room for one more, or that one is left.
async fn owners_change(caller: &Caller, role: Role, before: Option<&User>) -> Result<Option<Extra>, Problem> {
    let was_owner = before.is_some_and(|before| before.role == Role::Owner);
    match (was_owner, role == Role::Owner, before) {
        (false, true, _) if caller.store().owners().await?.len() >= limits::OWNERS_MAX => Err(Problem::conflict(
            "too_many_owners",
            format!(
                "There are {} owners already, the most there can be.",
                limits::OWNERS_MAX
            ),
        )),
        (true, false, Some(before)) => another_owner(caller, before.id).await.map(Some),
        _ => Ok(None),
    }
}

/// Another owner, who must be left as they are while this one goes: of two owners who unmake one another, one stays.
async fn another_owner(caller: &Caller, id: UserId) -> Result<Extra, Problem> {
    for other in caller
        .store()
        .owners()
        .await?
        .into_iter()
        .filter(|other| other.id != id)
    {
        match caller.store().load::<User>(other.id).await? {
            Some(other) if other.value.role == Role::Owner => {
                return Ok(Extra::Unchanged(
                    User::PARTITION,
                    other.value.id.to_string(),
                    other.version,
                ));
            }
            _ => {}
        }
    }
    Err(Problem::conflict(
        "last_owner",
        "There must be an owner. Make somebody else one first.",
    ))
}

/// People, newest first
#[utoipa::path(get, path = "/api/v1/users", tag = "Users", params(PageQuery),
    responses((status = 200, body = Listed<UserView>)))]
async fn list_users(caller: Caller, Params(query): Params<PageQuery>) -> list::Answer<UserBody> {
    list::list::<UserBody>(&caller, query.page()).await
}

/// Add a person
#[utoipa::path(post, path = "/api/v1/users", tag = "Users", request_body = UserBody,
    responses((status = 201, body = UserView)))]
async fn create_user(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<UserBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// Oneself
#[utoipa::path(get, path = "/api/v1/users/me", tag = "Users", responses((status = 200, body = UserView)))]
async fn get_me(caller: Caller) -> Result<Tagged<UserView>, Problem> {
    resource::get::<UserBody>(&caller, caller.principal().user_id).await
}

/// One person
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "Users", params(("id" = UserId, Path)),
    responses((status = 200, body = UserView)))]
async fn get_user(caller: Caller, Id(id): Id<UserId>) -> Result<Tagged<UserView>, Problem> {
    resource::get::<UserBody>(&caller, id).await
}

/// Change a person
///
/// Everybody may change their own name, time zone and locale.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "Users", params(("id" = UserId, Path)),
    request_body = UserBody, responses((status = 200, body = UserView)))]
async fn change_user(
    caller: Caller,
    Id(id): Id<UserId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<UserView>, Problem> {
    resource::change::<UserBody>(&caller, id, &if_match, &changes).await
}

/// Who takes the place of somebody who leaves.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Leaving {
    /// Who takes their place: no viewer, and reachable.
    substitute_id: Option<UserId>,
}

/// Remove a person, and with them their contacts, sessions and tokens
///
/// Without `substitute_id`, 409 names what they are still needed for: escalation policies that ask them, and open incidents that
/// ask them by name or that they have taken. With it, that person takes their place in all of these, is asked at once where
/// they were, and joins their teams. Each of these is written by itself; sent again after a failure, it goes on where it stopped.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "Users", params(("id" = UserId, Path), Leaving),
    responses((status = 204)))]
async fn delete_user(
    caller: Caller,
    Id(id): Id<UserId>,
    if_match: IfMatch,
    Params(leaving): Params<Leaving>,
) -> Result<StatusCode, Problem> {
    let Some(substitute) = leaving.substitute_id else {
        let removed = resource::remove::<UserBody>(&caller, id, &if_match).await?;
        // They work no more already; this cleans.
        remove_tokens(&caller.ctx, id, &caller.change()).await?;
        return Ok(removed);
    };
    if caller.store().load::<User>(id).await?.is_none() {
        // Gone by an earlier request, which may have been cut off before its end.
        caller.may(Right::Administer)?;
        finish(&caller, id, substitute).await?;
        return Err(Problem::not_found());
    }
    leave(&caller, id, &if_match, substitute).await
}

/// Hands everything over first, and removes the person last: whatever stops it, nothing asks somebody who is gone.
async fn leave(caller: &Caller, id: UserId, if_match: &IfMatch, substitute: UserId) -> Result<StatusCode, Problem> {
    let user = load::<User>(caller, id).await?;
    caller.may(UserBody::right_to_remove(caller, &user.value).await?)?;
    if_match.check(user.version)?;
    not_oneself(caller, id)?;
    // Nothing is handed over for somebody who must stay.
    UserBody::removed_with(caller, &user.value).await?;
    let uses = uses_of(caller.store(), id).await?;
    for policy in &uses.policies {
        caller.may(Right::Configure(policy.value.team_id))?;
    }
    join_teams(caller, substitute, &user.value).await?;
    hand_over(&caller.ctx, uses, id, substitute, &caller.change()).await?;
    let removed = resource::remove::<UserBody>(caller, id, if_match).await?;
    finish(caller, id, substitute).await?;
    tracing::info!(user_id = %id, substitute_id = %substitute, "left");
    Ok(removed)
}

/// What came to ask them while they left asks somebody who is gone; nothing can begin to now. Their tokens work no more.
async fn finish(caller: &Caller, id: UserId, substitute: UserId) -> Result<(), Problem> {
    let rest = uses_of(caller.store(), id).await?;
    hand_over(&caller.ctx, rest, id, substitute, &caller.change()).await?;
    remove_tokens(&caller.ctx, id, &caller.change()).await?;
    Ok(())
}

/// The substitute in the teams of the one who leaves. Admins need no team to change what it owns.
async fn join_teams(caller: &Caller, substitute: UserId, leaver: &User) -> Result<(), Problem> {
    let wrong = |why: String| Problem::invalid_field("substitute_id", why);
    if substitute == leaver.id {
        return Err(wrong("is the person who leaves".into()));
    }
    for _ in 0..ROUNDS_MAX {
        let before = caller.store().load::<User>(substitute).await?;
        let before = before.ok_or_else(|| wrong(format!("there is no person {substitute}")))?;
        can_stand_in(&before.value).map_err(|why| wrong(why.to_owned()))?;
        let mut after = before.value.clone();
        for team in &leaver.team_ids {
            if !after.team_ids.contains(team) && after.role == Role::Responder {
                after.team_ids.push(*team);
            }
        }
        if after.team_ids.len() > TEAMS_MAX {
            return Err(wrong(format!("would be in more than {TEAMS_MAX} teams")));
        }
        if after == before.value || Plan::over(before, after).write(caller).await? == Applied::Done {
            return Ok(());
        }
    }
    Err(Problem::unavailable())
}

fn not_oneself(caller: &Caller, id: UserId) -> Result<(), Problem> {
    if id == caller.principal().user_id {
        return Err(Problem::conflict(
            "yourself",
            "You cannot remove yourself; ask another admin.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: Role) -> User {
        User {
            id: ulid::Ulid::from_parts(1, 1).into(),
            name: "Ada".into(),
            email: "ada@example.com".into(),
            role,
            team_ids: vec![],
            time_zone: "UTC".into(),
            locale: "en".into(),
            contacts: vec![],
            rules: Default::default(),
            password_hash: None,
            signed_out_at: None,
            tokens_ended_at: None,
            avatar: Default::default(),
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    fn body(role: Role) -> UserBody {
        let (name, email) = ("Ada L.".to_owned(), "ada@example.com".to_owned());
        UserBody {
            name,
            email,
            role,
            team_ids: vec![],
            time_zone: "Europe/London".into(),
            locale: "en".into(),
        }
    }

    #[test]
    fn people_change_what_is_their_own_and_admins_the_rest() {
        let ada = user(Role::Responder);
        let other = ulid::Ulid::from_parts(1, 2).into();
        assert_eq!(
            body(Role::Responder).rights(ada.id, Some(&ada)),
            [Right::SettingsOf(ada.id)]
        );
        assert_eq!(body(Role::Responder).rights(other, Some(&ada)), [Right::Administer]);
        assert_eq!(body(Role::Admin).rights(ada.id, Some(&ada)), [Right::Administer]);
        let renamed = UserBody {
            email: "eve@example.com".into(),
            ..body(Role::Responder)
        };
        assert_eq!(renamed.rights(ada.id, Some(&ada)), [Right::Administer]);
        assert_eq!(body(Role::Viewer).rights(other, None), [Right::Administer]);
    }

    #[test]
    fn whatever_concerns_an_owner_is_an_owners() {
        let owner = user(Role::Owner);
        let other = ulid::Ulid::from_parts(1, 2).into();
        let own = [Right::Administer, Right::Own];
        assert_eq!(body(Role::Owner).rights(other, None), own);
        assert_eq!(body(Role::Owner).rights(other, Some(&user(Role::Admin))), own);
        assert_eq!(body(Role::Admin).rights(other, Some(&owner)), own);
        // Whoever could change an owner's address could sign in as them.
        assert_eq!(body(Role::Owner).rights(other, Some(&owner)), own);
        assert_eq!(
            body(Role::Owner).rights(owner.id, Some(&owner)),
            [Right::SettingsOf(owner.id)]
        );
    }
}
