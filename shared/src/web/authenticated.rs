//! Who asks: the first thing a handler takes, so that credentials are checked before id and body.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use jiff::Timestamp;

use super::limits::Told;
use super::{Problem, TooOften, check_own_page, client_address, signed_in};
use crate::ctx::Ctx;
use crate::domain::id::TokenId;
use crate::domain::people::User;
use crate::domain::principal::{Principal, Right, Token};
use crate::secret::{ApiToken, equal};

/// Somebody with valid credentials, and the time of their request. Each counts against their limit ([`Limits`](super::Limits)).
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// Who.
    pub principal: Principal,
    /// When they asked: the one reading of the clock that the request gets.
    pub now: Timestamp,
    /// Where from ([`client_address`]); empty when nobody says.
    pub address: String,
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
        let (now, address) = (ctx.clock.now(), client_address(parts, ctx));
        // Whoever shows a token is judged by it, whatever cookies they have.
        let (principal, session) = if parts.headers.contains_key(header::AUTHORIZATION) {
            (by_token(parts, ctx, now).await?, None)
        } else {
            let found = signed_in(&parts.headers, ctx, now).await?;
            let principal = found.as_ref().map(|(_, user)| Principal::of(user, None));
            (principal, found.map(|(session, _)| session.id))
        };
        let Some(principal) = principal else {
            ctx.limits().count_refused(&address, now);
            return Err(Problem::unauthenticated());
        };
        let (allowance, counted) = ctx.limits().count(&principal, now);
        if let Some(told) = parts.extensions.get::<Told>() {
            told.set(allowance);
        }
        counted.map_err(|TooOften(seconds)| Problem::too_many(seconds))?;
        if let Some(session) = session {
            check_own_page(&parts.method, &parts.headers, ctx, session)?;
        }
        Ok(Self {
            principal,
            now,
            address,
        })
    }
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
    let hash = given.storage_hash();
    if ctx.limits().knows_as_refused(&hash, now) {
        return Ok(None);
    }
    let found = of_token(&given, &hash, ctx, now).await?;
    if found.is_none() {
        ctx.limits().remember_refused(hash, now);
    }
    Ok(found)
}

async fn of_token(given: &ApiToken, hash: &str, ctx: &Ctx, now: Timestamp) -> Result<Option<Principal>, Problem> {
    let Ok(id) = format!("{}_{}", TokenId::PREFIX, given.id()).parse::<TokenId>() else {
        return Ok(None);
    };
    let Some(token) = ctx.store.load::<Token>(id).await? else {
        return Ok(None);
    };
    let token = token.value;
    if !equal(token.secret_hash.as_bytes(), hash.as_bytes()) {
        return Ok(None);
    }
    let user = ctx.store.load::<User>(token.user_id).await?.map(|user| user.value);
    let user = user.filter(|user| token.is_of(user, now));
    Ok(user.map(|user| Principal::of(&user, Some(&token))))
}
