//! What follows when somebody has shown who they are, however they did: a session begins in their browser.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::id::SessionId;
use shared::domain::people::User;
use shared::domain::principal::Principal;
use shared::domain::session::Session;
use shared::secret::SessionToken;
use shared::store::Change;
use shared::web::{client_address, client_network, session_cookie};

use super::known;
use super::next::Next;
use crate::page::Refused;

/// What a browser shows of itself.
#[derive(Debug, Clone)]
pub struct Browser {
    pub headers: HeaderMap,
    pub address: String,
    /// What its tries are counted by.
    pub network: String,
    agent: String,
}

impl Browser {
    /// The browser that sent a request.
    pub fn of(parts: &Parts, ctx: &Ctx) -> Self {
        let agent = parts.headers.get(header::USER_AGENT);
        let address = client_address(parts, ctx);
        Self {
            headers: parts.headers.clone(),
            network: client_network(&address),
            address,
            agent: agent.and_then(|value| value.to_str().ok()).unwrap_or_default().into(),
        }
    }
}

impl FromRequestParts<Ctx> for Browser {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts, ctx))
    }
}

/// By which way somebody shows who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Password,
    Provider,
    /// The link in an e-mail, and a password chosen behind it.
    Link,
    /// They were in already: all sessions ended, and this one begins in the place of their browser's.
    Renewal,
}

impl Way {
    /// As the audit log calls it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Provider => "provider",
            Self::Link => "link",
            Self::Renewal => "renewal",
        }
    }
}

/// Begins a session for `user` and leads them to where they wanted to go.
pub async fn enter(
    ctx: &Ctx,
    (user, way): (&User, Way),
    browser: &Browser,
    next: &Next,
    now: Timestamp,
) -> Result<Response, Refused> {
    let id = SessionId(ctx.random.ulid(now));
    let token = SessionToken::new(id.0, ctx.random.bytes());
    let seen = (browser.address.as_str(), browser.agent.as_str());
    let session = Session::begin(id, user.id, token.storage_hash(), seen, now);
    let by = Principal::of(user, None).actor();
    let change = Change::new(&by, now).from(&browser.address);
    ctx.store.add_session(&session, way.as_str(), &change).await?;
    tracing::info!(user_id = %user.id, "signed in");
    let mut response = Redirect::to(next.path()).into_response();
    for cookie in [
        session_cookie(ctx, &token),
        known::cookie(ctx, &browser.headers, user.id),
    ] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
