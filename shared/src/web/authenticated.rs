//! Who asks: the first thing a handler takes, so that credentials are checked before id and body.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use jiff::Timestamp;

use super::{Problem, check_own_page, signed_in};
use crate::ctx::Ctx;
use crate::domain::id::TokenId;
use crate::domain::people::User;
use crate::domain::principal::{Principal, Right, Token};
use crate::secret::{ApiToken, equal};

/// Somebody with valid credentials, and the time of their request.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// Who.
    pub principal: Principal,
    /// When they asked: the one reading of the clock that the request gets.
    pub now: Timestamp,
}

impl Authenticated {
    /// Whether they may.
    ///
    /// # Errors
    /// 403, or 404 where it is another team's.
    pub fn may(&self, right: Right) -> Result<(), Problem> {
        self.principal.may(right).map_err(Problem::from)
    }
}

impl FromRequestParts<Ctx> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Problem> {
        let now = ctx.clock.now();
        // Whoever shows a token is judged by it, whatever cookies they have.
        let principal = if parts.headers.contains_key(header::AUTHORIZATION) {
            by_token(parts, ctx, now).await?
        } else {
            by_session(parts, ctx, now).await?
        };
        let principal = principal.ok_or_else(Problem::unauthenticated)?;
        Ok(Self { principal, now })
    }
}

async fn by_session(parts: &Parts, ctx: &Ctx, now: Timestamp) -> Result<Option<Principal>, Problem> {
    let Some((session, user)) = signed_in(&parts.headers, ctx, now).await? else {
        return Ok(None);
    };
    check_own_page(&parts.method, &parts.headers, ctx, session.id)?;
    Ok(Some(Principal::of(&user, None)))
}

async fn by_token(parts: &Parts, ctx: &Ctx, now: Timestamp) -> Result<Option<Principal>, Problem> {
    let header = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let Some((scheme, text)) = header.and_then(|header| header.split_once(' ')) else {
        return Ok(None);
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let Some(given) = ApiToken::parse(text.trim()) else {
        return Ok(None);
    };
    let Ok(id) = format!("{}_{}", TokenId::PREFIX, given.id()).parse::<TokenId>() else {
        return Ok(None);
    };
    let Some(token) = ctx.store.load::<Token>(id).await? else {
        return Ok(None);
    };
    let token = token.value;
    // Expiry is in the condition; a clock that differs by a second does not matter here.
    let expired = token.expires_at.is_some_and(|at| at <= now);
    if expired || !equal(token.secret_hash.as_bytes(), given.storage_hash().as_bytes()) {
        return Ok(None);
    }
    let user = ctx.store.load::<User>(token.user_id).await?;
    Ok(user.map(|user| Principal::of(&user.value, Some(&token))))
}
