//! API tokens: what scripts act with, in a person's name. Answered once, kept as a hash.
//!
//! A token can do no more than whoever makes it: nothing their role forbids, nothing that the token they came with
//! forbids, and nothing after that token has ended. What it may do is settled when it is made.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::id::{TokenId, UserId};
use shared::domain::people::{Role, User};
use shared::domain::principal::{Principal, Right, Scope, Token};
use shared::secret::ApiToken;
use shared::store::{Extra, Versioned};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, PageQuery, Params, Problem};
use utoipa::ToSchema;

use super::caller::Caller;
use super::contacts::is_anothers_owner;
use super::create::{create, to_json};
use super::etag::{IfMatch, Tagged};
use super::list;
use super::resource::{self, Changes, Plan, Resource};
use super::validate::Faults;

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(get_token, change_token, delete_token))
}

/// A token as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenBody {
    /// What it is for.
    #[schema(min_length = 1, max_length = 128, example = "Deploy script")]
    name: String,
    /// What it may be used for; every scope includes reading. Cannot be changed later.
    #[schema(min_items = 1, max_items = 4)]
    scopes: Vec<Scope>,
    /// When it stops working, in the future; null: never. Cannot be changed later.
    #[serde(default)]
    #[schema(example = "2027-01-01T00:00:00Z")]
    expires_at: Option<Timestamp>,
}

/// A token as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    id: TokenId,
    /// In whose name it acts.
    user_id: UserId,
    name: String,
    scopes: Vec<Scope>,
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// A token with its secret, which is told this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenWithSecret {
    #[serde(flatten)]
    pub view: TokenView,
    /// What is sent as `Authorization: Bearer <token>`.
    pub token: String,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        let Token {
            id,
            user_id,
            name,
            scopes,
            secret_hash: _,
            created_at,
            expires_at,
        } = token;
        Self {
            id,
            user_id,
            name,
            scopes,
            expires_at,
            created_at,
        }
    }
}

impl Resource for TokenBody {
    type Entity = Token;
    type View = TokenView;
    const PATH: &'static str = "/api/v1/tokens";
    const READ_ONLY: &'static [&'static str] = &["id", "user_id", "created_at"];

    async fn rights(&self, caller: &Caller, before: Option<&Token>) -> Result<Vec<Right>, Problem> {
        Ok(vec![match before {
            Some(before) => right_over(caller, before).await?,
            None => Right::SettingsOf(caller.principal().user_id),
        }])
    }

    async fn plan(&self, caller: &Caller, before: Option<Versioned<Token>>) -> Result<Plan<Token>, Problem> {
        let mut faults = Faults::default();
        let name = faults.name(&self.name);
        if let Some(before) = before {
            faults.fixed("scopes", &before.value.scopes, &self.scopes);
            faults.fixed("expires_at", &before.value.expires_at, &self.expires_at);
            faults.none()?;
            let token = Token {
                name,
                ..before.value.clone()
            };
            return Ok(Plan::over(before, token));
        }
        check_scopes(&mut faults, &self.scopes, caller.principal());
        check_end(
            &mut faults,
            self.expires_at,
            end_of_own_token(caller).await?,
            caller.now(),
        );
        faults.none()?;
        let (id, created_at): (TokenId, _) = caller.new_born();
        let secret = ApiToken::new(id.0, caller.ctx.random.bytes());
        let token = Token {
            id,
            user_id: caller.principal().user_id,
            name,
            scopes: self.scopes.clone(),
            secret_hash: secret.storage_hash(),
            created_at,
            expires_at: self.expires_at,
        };
        let answer = to_json(TokenWithSecret {
            view: token.clone().into(),
            token: secret.expose().to_owned(),
        })?;
        Ok(Plan {
            answer: Some(answer),
            ..Plan::new(None, token, Vec::<Extra>::new())
        })
    }

    fn is_seen(caller: &Caller, token: &Token) -> bool {
        token.user_id == caller.principal().user_id || caller.may(Right::Administer).is_ok()
    }

    async fn right_to_remove(caller: &Caller, token: &Token) -> Result<Right, Problem> {
        right_over(caller, token).await
    }
}

/// What it takes to change a token: an owner's are an owner's.
async fn right_over(caller: &Caller, token: &Token) -> Result<Right, Problem> {
    let user = caller.store().load::<User>(token.user_id).await?;
    Ok(match user {
        Some(user) if is_anothers_owner(caller, &user.value) => Right::Own,
        _ => Right::SettingsOf(token.user_id),
    })
}

fn check_scopes(faults: &mut Faults, scopes: &[Scope], principal: &Principal) {
    if scopes.is_empty() {
        faults.add(
            "scopes",
            "must have at least one: \"read\", \"respond\", \"configure\" or \"administer\"",
        );
    }
    faults.no_doubles(scopes.iter().map(|scope| *scope as u8), |place| {
        format!("scopes[{place}]")
    });
    for (place, scope) in scopes.iter().enumerate() {
        let least = match scope {
            // One's own contacts and rules are everybody's to configure.
            Scope::Read | Scope::Configure => Role::Viewer,
            Scope::Respond => Role::Responder,
            Scope::Administer => Role::Admin,
        };
        let own = principal.token.as_ref().map(|(_, scopes)| scopes);
        if principal.role < least {
            faults.add(format!("scopes[{place}]"), "is more than your role allows");
        } else if *scope != Scope::Read && own.is_some_and(|own| !own.contains(scope)) {
            faults.add(
                format!("scopes[{place}]"),
                "is more than the token that you came with allows",
            );
        }
    }
}

fn check_end(faults: &mut Faults, end: Option<Timestamp>, own_end: Option<Timestamp>, now: Timestamp) {
    if end.is_some_and(|end| end <= now) {
        faults.add("expires_at", "must be in the future");
    }
    if let Some(own_end) = own_end
        && end.is_none_or(|end| end > own_end)
    {
        faults.add(
            "expires_at",
            format!("must not be after the end of the token that you came with, {own_end}"),
        );
    }
}

async fn end_of_own_token(caller: &Caller) -> Result<Option<Timestamp>, Problem> {
    let Some((id, _)) = &caller.principal().token else {
        return Ok(None);
    };
    let own = caller
        .store()
        .load::<Token>(*id)
        .await?
        .ok_or_else(Problem::unauthenticated)?;
    Ok(own.value.expires_at)
}

/// One's own tokens, newest first; everybody's, for who may administer
#[utoipa::path(get, path = "/api/v1/tokens", tag = "Tokens", params(PageQuery),
    responses((status = 200, body = Listed<TokenView>)))]
async fn list_tokens(caller: Caller, Params(query): Params<PageQuery>) -> list::Answer<TokenBody> {
    list::list_where::<TokenBody>(&caller, query.page(), |token| TokenBody::is_seen(&caller, token)).await
}

/// Make a token for oneself; it is answered this once
#[utoipa::path(post, path = "/api/v1/tokens", tag = "Tokens", request_body = TokenBody,
    responses((status = 201, body = TokenWithSecret)))]
async fn create_token(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<TokenBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One token
#[utoipa::path(get, path = "/api/v1/tokens/{id}", tag = "Tokens", params(("id" = TokenId, Path)),
    responses((status = 200, body = TokenView)))]
async fn get_token(caller: Caller, Id(id): Id<TokenId>) -> Result<Tagged<TokenView>, Problem> {
    resource::get::<TokenBody>(&caller, id).await
}

/// Rename a token
#[utoipa::path(patch, path = "/api/v1/tokens/{id}", tag = "Tokens", params(("id" = TokenId, Path)),
    request_body = TokenBody, responses((status = 200, body = TokenView)))]
async fn change_token(
    caller: Caller,
    Id(id): Id<TokenId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<TokenView>, Problem> {
    resource::change::<TokenBody>(&caller, id, &if_match, &changes).await
}

/// Take a token back: it stops working at once
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "Tokens", params(("id" = TokenId, Path)),
    responses((status = 204)))]
async fn delete_token(caller: Caller, Id(id): Id<TokenId>, if_match: IfMatch) -> Result<StatusCode, Problem> {
    resource::remove::<TokenBody>(&caller, id, &if_match).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(role: Role, token: Option<Vec<Scope>>) -> Principal {
        let token = token.map(|scopes| (ulid::Ulid::from_parts(1, 1).into(), scopes));
        Principal {
            user_id: ulid::Ulid::from_parts(1, 2).into(),
            name: "Ada".into(),
            role,
            team_ids: vec![],
            token,
        }
    }

    fn refused(scopes: &[Scope], principal: &Principal) -> Vec<String> {
        let mut faults = Faults::default();
        check_scopes(&mut faults, scopes, principal);
        faults
            .none()
            .err()
            .into_iter()
            .flat_map(|problem| problem.errors)
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn a_token_can_do_no_more_than_its_makers_role() {
        use Scope::{Administer, Configure, Read, Respond};
        let all = [Read, Respond, Configure, Administer];
        assert!(refused(&all, &principal(Role::Owner, None)).is_empty());
        assert_eq!(refused(&all, &principal(Role::Responder, None)), ["scopes[3]"]);
        assert_eq!(
            refused(&all, &principal(Role::Viewer, None)),
            ["scopes[1]", "scopes[3]"]
        );
    }

    #[test]
    fn nor_more_than_the_token_that_makes_it() {
        use Scope::{Administer, Configure, Read};
        let scripted = principal(Role::Owner, Some(vec![Configure]));
        assert!(refused(&[Read, Configure], &scripted).is_empty());
        assert_eq!(refused(&[Configure, Administer], &scripted), ["scopes[1]"]);
    }

    #[test]
    fn scopes_are_named_once_and_at_least_one() {
        let owner = principal(Role::Owner, None);
        assert_eq!(refused(&[], &owner), ["scopes"]);
        assert_eq!(refused(&[Scope::Read, Scope::Read], &owner), ["scopes[1]"]);
    }

    #[test]
    fn a_token_ends_in_the_future_and_not_after_the_one_that_makes_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-01-02T00:00:00Z");
        let is_fine = |end: Option<&str>, own: Option<&str>| {
            let mut faults = Faults::default();
            check_end(&mut faults, end.map(at), own.map(at), now);
            faults.none().is_ok()
        };
        assert!(is_fine(None, None));
        assert!(is_fine(Some("2026-01-03T00:00:00Z"), None));
        assert!(!is_fine(Some("2026-01-02T00:00:00Z"), None));
        assert!(is_fine(Some("2026-01-03T00:00:00Z"), Some("2026-01-03T00:00:00Z")));
        assert!(!is_fine(Some("2026-01-04T00:00:00Z"), Some("2026-01-03T00:00:00Z")));
        assert!(!is_fine(None, Some("2026-01-03T00:00:00Z")));
    }
}
