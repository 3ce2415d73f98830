//! Signing in by a provider of OpenID Connect, where one is set up: the authorization code flow with PKCE.
//!
//! Who is meant is the account with the address that the provider says is theirs; nobody is made an account here. What
//! a browser has begun is kept in a sealed cookie of its own for ten minutes (`begun`); speaking to the provider is in
//! `provider`, which trusts nothing that it did not check.

mod begun;
mod failed;
mod provider;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::people::User;
use shared::secret::equal;
use shared::store::Rate;

use super::enter::{Browser, Way, enter};
use super::next::Next;
use super::pages::Fault;
use super::{Wanted, form, tied, wait};
use crate::page::{Asked, Refused};
use begun::Begun;
use failed::Failed;
use provider::Provider;

/// One address: each asks the provider something, and each sign-in twice.
const ADDRESS: Rate = Rate {
    at_once: 60,
    interval_seconds: 10,
};

pub async fn start(
    State(ctx): State<Ctx>,
    Asked(Wanted { next }): Asked<Wanted>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, _) = request.into_parts();
    let browser = Browser::of(&parts, &ctx);
    let Some(oidc) = &ctx.oidc else {
        return Err(Refused::missing());
    };
    let now = ctx.clock.now();
    if let Some(page) = too_often(&ctx, &browser, &next, now).await? {
        return Ok(page);
    }
    let begun = Begun::new(&ctx, next, now);
    match Provider::new(&ctx, oidc).sign_in_url(&begun).await {
        Ok(url) => {
            let mut response = Redirect::to(url.as_str()).into_response();
            response.headers_mut().append(header::SET_COOKIE, begun.cookie(&ctx));
            Ok(response)
        }
        Err(failed) => Ok(failed_page(&ctx, &browser.headers, begun.next, failed)),
    }
}

/// What a provider's page leads back with.
#[derive(Debug, Deserialize)]
pub struct Answer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    /// RFC 9207: who answers, where a provider says so.
    iss: Option<String>,
}

pub async fn callback(
    State(ctx): State<Ctx>,
    Asked(answer): Asked<Answer>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, _) = request.into_parts();
    let browser = Browser::of(&parts, &ctx);
    if ctx.oidc.is_none() {
        return Err(Refused::missing());
    }
    let now = ctx.clock.now();
    let begun = Begun::of(&ctx, &browser.headers, now);
    let Some(begun) = begun.filter(|begun| equal(begun.state.as_bytes(), answer.state.as_bytes())) else {
        let fault = Fault::NotBegun;
        return Ok(refused(
            &ctx,
            &browser.headers,
            StatusCode::BAD_REQUEST,
            Next::default(),
            fault,
        ));
    };
    if let Some(page) = too_often(&ctx, &browser, &begun.next, now).await? {
        return Ok(page);
    }
    let mut response = match signed_in(&ctx, answer, &begun, now).await? {
        Ok(user) => enter(&ctx, (&user, Way::Provider), &browser, &begun.next, now).await?,
        Err(failed) => failed_page(&ctx, &browser.headers, begun.next, failed),
    };
    // Whatever came of it, it is not begun any more.
    response
        .headers_mut()
        .append(header::SET_COOKIE, begun::no_cookie(&ctx));
    Ok(response)
}

/// Counts what will ask the provider something; the page for whoever did so too often.
async fn too_often(ctx: &Ctx, browser: &Browser, next: &Next, now: Timestamp) -> Result<Option<Response>, Refused> {
    let counted = [(format!("oidc-address/{}", browser.network), ADDRESS)];
    let Some(seconds) = wait(ctx, &counted, now).await? else {
        return Ok(None);
    };
    let (status, fault) = (StatusCode::TOO_MANY_REQUESTS, Fault::TooOften(seconds));
    let page = refused(ctx, &browser.headers, status, next.clone(), fault);
    Ok(Some(tied::after(seconds, page)))
}

/// Whom the provider's answer shows.
async fn signed_in(ctx: &Ctx, answer: Answer, begun: &Begun, now: Timestamp) -> Result<Result<User, Failed>, Refused> {
    let Some(oidc) = &ctx.oidc else {
        return Err(Refused::missing());
    };
    if answer.iss.is_some_and(|issuer| issuer != oidc.issuer) {
        return Ok(Err(Failed::Untrusted("comes from another provider")));
    }
    let Some(code) = answer.code else {
        return Ok(Err(Failed::Declined(answer.error.unwrap_or_default())));
    };
    let email = match Provider::new(ctx, oidc).verified_email(&code, begun, now).await {
        Ok(email) => email,
        Err(failed) => return Ok(Err(failed)),
    };
    let user = match ctx.store.user_by_email(&email).await? {
        Some(id) => ctx.store.load::<User>(id).await?.map(|user| user.value),
        None => None,
    };
    Ok(user.ok_or(Failed::Unknown(email)))
}

fn failed_page(ctx: &Ctx, headers: &HeaderMap, next: Next, failed: Failed) -> Response {
    tracing::info!(why = %failed, "a sign-in by the provider was refused");
    let status = match &failed {
        Failed::Unanswered(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    };
    refused(ctx, headers, status, next, Fault::Provider(failed.words()))
}

fn refused(ctx: &Ctx, headers: &HeaderMap, status: StatusCode, next: Next, fault: Fault) -> Response {
    form(ctx, headers, status, String::new(), next, Some(fault))
}
