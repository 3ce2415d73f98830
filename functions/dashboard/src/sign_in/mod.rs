//! Getting in and out: with an e-mail address and a password, by links for those who have none or forgot it, and by a
//! provider of OpenID Connect.
//!
//! Tries are counted before the password is looked at, over all instances, by account and address: who guesses waits.
//! (Who guesses at one account from many addresses makes others wait who try it, too, but not in a browser that was
//! signed in to it before: `known`.) A wrong address and a wrong password take equally long and read the same.

mod choose;
mod enter;
mod forgot;
mod known;
mod next;
mod oidc;
mod pages;
mod tied;

use axum::Router;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use shared::ctx::Ctx;
use shared::domain::actor::Actor;
use shared::domain::people::User;
use shared::secret::verify_password;
use shared::store::{Change, Happened, Rate, Tried};
use shared::web::no_session_cookie;

use crate::page::{Asked, Posted, Refused, Visitor};
pub use enter::{Browser, Way, enter};
pub use next::Next;
use pages::{Fault, SetUp, SignIn};
use tied::Tie;

/// One account from one address, or from one browser that is known: a person who misremembers.
const SAME_PLACE: Rate = Rate {
    at_once: 10,
    interval_seconds: 60,
};
/// One account from everywhere: a guesser with many addresses.
const ACCOUNT: Rate = Rate {
    at_once: 60,
    interval_seconds: 60,
};
/// Entries in the audit log about tries of the same: an attack that goes on is told of again.
const TOLD: Rate = Rate {
    at_once: 1,
    interval_seconds: 600,
};
/// One address, whatever the account: an office, or a list of stolen passwords.
const ADDRESS: Rate = Rate {
    at_once: 60,
    interval_seconds: 10,
};

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/sign-in", get(show).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/password/forgot", get(forgot::show).post(forgot::ask))
        .route("/password/reset/{code}", get(choose::show_reset).post(choose::reset))
        .route("/invitations/{code}", get(choose::show_invitation).post(choose::accept))
        .route("/oidc/start", get(oidc::start))
        .route("/oidc/callback", get(oidc::callback))
        .route("/setup/{code}", get(set_up))
}

#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(default)]
    next: Next,
}

async fn show(
    State(ctx): State<Ctx>,
    Asked(Wanted { next }): Asked<Wanted>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, _) = request.into_parts();
    if Visitor::of(&parts, &ctx).await?.is_some() {
        return Ok(Redirect::to(next.path()).into_response());
    }
    Ok(form(&ctx, &parts.headers, StatusCode::OK, String::new(), next, None))
}

fn form(
    ctx: &Ctx,
    headers: &HeaderMap,
    status: StatusCode,
    email: String,
    next: Next,
    fault: Option<Fault>,
) -> Response {
    let tie = Tie::of(headers, ctx);
    let page = SignIn::new(email, next, tie.form_token(ctx), fault, ctx.oidc.is_some());
    tie.page(ctx, status, page.html())
}

#[derive(Debug, Deserialize)]
struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    next: Next,
}

async fn sign_in(State(ctx): State<Ctx>, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let browser = Browser::of(&parts, &ctx);
    let again = |status, email, next, fault| Ok(form(&ctx, &browser.headers, status, email, next, Some(fault)));
    let Some(Credentials { email, password, next }) = tied::read(parts, body, &ctx).await? else {
        return again(StatusCode::FORBIDDEN, String::new(), Next::default(), Fault::NoCookie);
    };
    let now = ctx.clock.now();
    let email = email.trim().to_lowercase();
    let counted = counted(&ctx, &email, &browser).await?;
    if let Some((what, seconds)) = waits(&ctx, &counted, now).await? {
        record_wait(&ctx, what, &email, &browser, now).await?;
        let page = again(StatusCode::TOO_MANY_REQUESTS, email, next, Fault::TooOften(seconds));
        return page.map(|page| tied::after(seconds, page));
    }
    let Some(user) = who_is(&ctx, &email, &password).await? else {
        tracing::info!("a sign-in was refused");
        return again(StatusCode::UNAUTHORIZED, email, next, Fault::Wrong);
    };
    // The narrowest only: the others are others' too.
    if let Some((narrowest, _)) = counted.first() {
        ctx.store.forget_attempts(narrowest).await?;
    }
    enter(&ctx, (&user, Way::Password), &browser, &next, now).await
}

/// What a try is counted against. The narrowest first: who is refused by it takes nothing from the others.
async fn counted(ctx: &Ctx, email: &str, browser: &Browser) -> Result<Vec<(String, Rate)>, Refused> {
    let address = (format!("sign-in-address/{}", browser.network), ADDRESS);
    if known::is_marked(ctx, &browser.headers)
        && let Some(user) = ctx.store.user_by_email(email).await?
        && let Some(mark) = known::mark(ctx, &browser.headers, user)
    {
        return Ok(vec![(format!("sign-in-known/{user}/{mark}"), SAME_PLACE), address]);
    }
    let same_place = (format!("sign-in/{email}/{}", browser.network), SAME_PLACE);
    Ok(vec![same_place, address, (format!("sign-in-account/{email}"), ACCOUNT)])
}

/// Counts a try against each; how long to wait if it is one too many.
async fn wait(ctx: &Ctx, counted: &[(String, Rate)], now: Timestamp) -> Result<Option<u32>, Refused> {
    let waits = waits(ctx, counted, now).await?;
    Ok(waits.map(|(_, seconds)| seconds))
}

/// The same, and what it was one too many of.
async fn waits<'a>(
    ctx: &Ctx,
    counted: &'a [(String, Rate)],
    now: Timestamp,
) -> Result<Option<(&'a str, u32)>, Refused> {
    for (what, rate) in counted {
        if let Tried::WaitSeconds(seconds) = ctx.store.attempt(what, *rate, now).await? {
            return Ok(Some((what, seconds)));
        }
    }
    Ok(None)
}

/// Enters into the audit log that somebody has to wait: once, however often they try on meanwhile. What they typed is not
/// kept, unless it is an account's address: people type passwords into the wrong field.
async fn record_wait(ctx: &Ctx, what: &str, email: &str, browser: &Browser, now: Timestamp) -> Result<(), Refused> {
    let told = format!("told/{what}");
    if ctx.store.attempt(&told, TOLD, now).await? != Tried::Allowed {
        return Ok(());
    }
    let user = ctx.store.user_by_email(email).await?;
    let happened = Happened {
        action: "sign_in_refused",
        object: "user",
        object_id: user.map(|user| user.to_string()).unwrap_or_default(),
        facts: json!({ "reason": "too many tries", "email": user.map(|_| email) }),
    };
    let by = Actor::system();
    let change = Change::new(&by, now).from(&browser.address);
    Ok(ctx.store.audit(&happened, &change).await?)
}

/// The person with this address and password.
async fn who_is(ctx: &Ctx, email: &str, password: &str) -> Result<Option<User>, Refused> {
    let user = match ctx.store.user_by_email(email).await? {
        Some(id) => ctx.store.load::<User>(id).await?.map(|user| user.value),
        None => None,
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
    Ok(if verify_password(password, hash) { user } else { None })
}

#[derive(Debug, Deserialize)]
struct Nothing {}

async fn sign_out(State(ctx): State<Ctx>, request: Request) -> Result<Response, Response> {
    let Posted {
        visitor,
        form: Nothing {},
    } = Posted::from_request(request, &ctx).await?;
    let by = visitor.who.principal.actor();
    let change = Change::new(&by, visitor.now).from(&visitor.who.address);
    let ended = ctx.store.end_session(visitor.session.id, &change).await;
    ended.map_err(|error| Refused::from(error).into_response())?;
    tracing::info!(user_id = %visitor.user.id, "signed out");
    let mut response = Redirect::to("/sign-in").into_response();
    response
        .headers_mut()
        .append(header::SET_COOKIE, no_session_cookie(&ctx));
    Ok(response)
}

/// The page on which the first owner of a deployment is made. It sends its form to the API, which knows the code.
async fn set_up() -> Html<String> {
    Html(SetUp.html())
}
