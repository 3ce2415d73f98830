//! Signing in and out, with an e-mail address and a password.
//!
//! Before there is a session, a form is tied to its browser by a cookie of its own: a page of another site cannot sign
//! somebody in as somebody else. Tries are counted before the password is looked at, over all instances, by account and
//! address: who guesses waits. (Who guesses at one account from many addresses makes its owner wait, too; the links in their
//! messages work all the same.) A wrong address and a wrong password take equally long and read the same.

mod next;
mod pages;

use axum::Router;
use axum::extract::{FromRequest, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::SessionId;
use shared::domain::people::User;
use shared::domain::session::Session;
use shared::secret::{SessionToken, form_token, verify_password};
use shared::store::{Rate, Tried};
use shared::web::{client_address, no_session_cookie, passed_cookie, passing_cookie, session_cookie};

use crate::page::{Asked, Posted, Refused, Visitor, read_form};
use next::Next;
use pages::{Fault, SetUp, SignIn};

/// One account from one address: a person who misremembers.
const SAME_PLACE: Rate = Rate {
    at_once: 10,
    interval_seconds: 60,
};
/// One account from everywhere: a guesser with many addresses.
const ACCOUNT: Rate = Rate {
    at_once: 60,
    interval_seconds: 60,
};
/// One address, whatever the account: an office, or a list of stolen passwords.
const ADDRESS: Rate = Rate {
    at_once: 60,
    interval_seconds: 10,
};
/// The cookie that ties a sign-in form to its browser.
const FORM_COOKIE: &str = "nightbell-form";

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/sign-in", get(show).post(sign_in))
        .route("/sign-out", post(sign_out))
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
    headers: HeaderMap,
) -> Result<Response, Refused> {
    if Visitor::of(&headers, &ctx).await?.is_some() {
        return Ok(Redirect::to(next.path()).into_response());
    }
    Ok(form(&ctx, &headers, StatusCode::OK, String::new(), next, None))
}

/// The form, with a cookie for whoever has none yet.
fn form(
    ctx: &Ctx,
    headers: &HeaderMap,
    status: StatusCode,
    email: String,
    next: Next,
    fault: Option<Fault>,
) -> Response {
    let known = passed_cookie(headers, ctx, FORM_COOKIE);
    let is_known = known.is_some();
    let cookie =
        known.unwrap_or_else(|| SessionToken::new(ctx.random.ulid(ctx.clock.now()), ctx.random.bytes()).storage_hash());
    let page = SignIn::new(email, next, form_token(ctx.master(), &cookie), fault);
    let mut response = (status, Html(page.html())).into_response();
    if !is_known {
        response
            .headers_mut()
            .append(header::SET_COOKIE, passing_cookie(ctx, FORM_COOKIE, cookie));
    }
    response
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
    let (headers, address) = (parts.headers.clone(), client_address(&parts, &ctx));
    let agent = agent(&parts);
    let expected = passed_cookie(&headers, &ctx, FORM_COOKIE).map(|cookie| form_token(ctx.master(), &cookie));
    // Without the cookie nothing fits: the form is from before the browser was closed, or it refuses cookies.
    let Some(expected) = expected else {
        return Ok(form(
            &ctx,
            &headers,
            StatusCode::FORBIDDEN,
            String::new(),
            Next::default(),
            Some(Fault::NoCookie),
        ));
    };
    let Credentials { email, password, next } = read_form(parts, body, &ctx, &expected).await?;
    let now = ctx.clock.now();
    let email = email.trim().to_lowercase();
    if let Some(seconds) = wait(&ctx, &email, &address, now).await? {
        let fault = Fault::TooOften(seconds);
        let mut response = form(&ctx, &headers, StatusCode::TOO_MANY_REQUESTS, email, next, Some(fault));
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let Some(user) = who_is(&ctx, &email, &password).await? else {
        tracing::info!("a sign-in was refused");
        return Ok(form(
            &ctx,
            &headers,
            StatusCode::UNAUTHORIZED,
            email,
            next,
            Some(Fault::Wrong),
        ));
    };
    ctx.store.forget_attempts(&same_place(&email, &address)).await?;
    let token = begin(&ctx, &user, (&address, &agent), now).await?;
    tracing::info!(user_id = %user.id, "signed in");
    let mut response = Redirect::to(next.path()).into_response();
    response
        .headers_mut()
        .append(header::SET_COOKIE, session_cookie(&ctx, &token));
    Ok(response)
}

fn agent(parts: &Parts) -> String {
    let agent = parts
        .headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    agent.unwrap_or_default().to_owned()
}

fn same_place(email: &str, address: &str) -> String {
    format!("sign-in/{email}/{address}")
}

/// Counts a try; how long to wait if it is one too many.
async fn wait(ctx: &Ctx, email: &str, address: &str, now: Timestamp) -> Result<Option<u32>, Refused> {
    // The narrowest first: who is refused by it takes nothing from the others.
    let counted = [
        (same_place(email, address), SAME_PLACE),
        (format!("sign-in-address/{address}"), ADDRESS),
        (format!("sign-in-account/{email}"), ACCOUNT),
    ];
    for (what, rate) in counted {
        if let Tried::WaitSeconds(seconds) = ctx.store.attempt(&what, rate, now).await? {
            return Ok(Some(seconds));
        }
    }
    Ok(None)
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

/// Begins a session for `user`; what its browser keeps.
async fn begin(ctx: &Ctx, user: &User, seen: (&str, &str), now: Timestamp) -> Result<SessionToken, Refused> {
    let id = SessionId(ctx.random.ulid(now));
    let token = SessionToken::new(id.0, ctx.random.bytes());
    let session = Session::begin(id, user.id, token.storage_hash(), seen, now);
    ctx.store.add_session(&session).await?;
    Ok(token)
}

#[derive(Debug, Deserialize)]
struct Nothing {}

async fn sign_out(State(ctx): State<Ctx>, request: Request) -> Result<Response, Response> {
    let Posted {
        visitor,
        form: Nothing {},
    } = Posted::from_request(request, &ctx).await?;
    let ended = ctx.store.end_sessions([visitor.session.id]).await;
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
