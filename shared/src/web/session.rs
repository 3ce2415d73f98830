//! Who is signed in, by the cookie of their browser, and what shows that a request is their own and not another site's.

use axum::http::{HeaderMap, HeaderValue, Method, header};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use jiff::Timestamp;

use super::Problem;
use crate::ctx::Ctx;
use crate::domain::id::SessionId;
use crate::domain::people::User;
use crate::domain::session::{SESSION_SECONDS, Session};
use crate::secret::{SessionToken, equal, form_token};

/// The header in which a page of ours sends its form token with requests to the API.
pub const FORM_TOKEN_HEADER: &str = "x-csrf-token";

/// The session of the browser that sent these headers, and whose it is; none when nobody is signed in there.
///
/// # Errors
/// When the table does not answer.
pub async fn signed_in(headers: &HeaderMap, ctx: &Ctx, now: Timestamp) -> Result<Option<(Session, User)>, Problem> {
    let Some(given) = read_cookie(headers, &session_cookie_name(ctx)).and_then(|text| SessionToken::parse(&text))
    else {
        return Ok(None);
    };
    let hash = given.storage_hash();
    if ctx.limits().knows_as_refused(&hash, now) {
        return Ok(None);
    }
    let found = of_session(&given, &hash, ctx, now).await?;
    if found.is_none() {
        ctx.limits().remember_refused(hash, now);
    }
    Ok(found)
}

async fn of_session(
    given: &SessionToken,
    hash: &str,
    ctx: &Ctx,
    now: Timestamp,
) -> Result<Option<(Session, User)>, Problem> {
    let Ok(id) = format!("{}_{}", SessionId::PREFIX, given.id()).parse::<SessionId>() else {
        return Ok(None);
    };
    let Some(session) = ctx.store.session(id).await? else {
        return Ok(None);
    };
    if !equal(session.secret_hash.as_bytes(), hash.as_bytes()) {
        return Ok(None);
    }
    let user = ctx.store.load::<User>(session.user_id).await?;
    Ok(user
        .map(|user| user.value)
        .filter(|user| session.is_of(user, now))
        .map(|user| (session, user)))
}

/// What forms of a signed-in browser carry.
pub fn session_form_token(ctx: &Ctx, session: SessionId) -> String {
    form_token(ctx.master(), &session.to_string())
}

/// Whether a request that a browser signs by itself was made by a page of ours. Reading needs no proof.
///
/// # Errors
/// 403, when it changes something and its header does not show that.
pub fn check_own_page(method: &Method, headers: &HeaderMap, ctx: &Ctx, session: SessionId) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    let shown = headers.get(FORM_TOKEN_HEADER).map_or(&b""[..], HeaderValue::as_bytes);
    if equal(shown, session_form_token(ctx, session).as_bytes()) {
        return Ok(());
    }
    let detail = format!("A request with a session cookie must carry its page's token as `{FORM_TOKEN_HEADER}`.");
    Err(Problem::forbidden(detail).with_code("form_token_missing"))
}

/// The cookie that signs a browser in.
pub fn session_cookie(ctx: &Ctx, token: &SessionToken) -> HeaderValue {
    let cookie = cookie(ctx, session_cookie_name(ctx), token.expose().to_owned());
    as_header(&cookie.max_age(Duration::seconds(SESSION_SECONDS)).build())
}

/// The cookie that signs it out.
pub fn no_session_cookie(ctx: &Ctx) -> HeaderValue {
    let cookie = cookie(ctx, session_cookie_name(ctx), String::new());
    as_header(&cookie.max_age(Duration::ZERO).build())
}

/// A cookie of ours that lasts until the browser is closed.
pub fn passing_cookie(ctx: &Ctx, name: &str, value: String) -> HeaderValue {
    as_header(&cookie(ctx, cookie_name(ctx, name), value).build())
}

/// A cookie of ours that lasts so many seconds; none, and it is gone.
pub fn lasting_cookie(ctx: &Ctx, name: &str, value: String, seconds: i64) -> HeaderValue {
    let cookie = cookie(ctx, cookie_name(ctx, name), value);
    as_header(&cookie.max_age(Duration::seconds(seconds)).build())
}

/// What the cookie of ours called `name` holds.
pub fn passed_cookie(headers: &HeaderMap, ctx: &Ctx, name: &str) -> Option<String> {
    read_cookie(headers, &cookie_name(ctx, name))
}

fn session_cookie_name(ctx: &Ctx) -> String {
    cookie_name(ctx, "nightbell")
}

/// Over https, no other host and no plain page can set it: <https://datatracker.ietf.org/doc/html/rfc6265#section-4.1.3.2>
/// of its successor's draft. A plain local page has no such names.
fn cookie_name(ctx: &Ctx, name: &str) -> String {
    if is_https(ctx) {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

fn is_https(ctx: &Ctx) -> bool {
    ctx.config.public_url.scheme() == "https"
}

fn cookie<'a>(ctx: &Ctx, name: String, value: String) -> cookie::CookieBuilder<'a> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_https(ctx))
}

fn as_header(cookie: &Cookie<'_>) -> HeaderValue {
    // Names and values are ours: letters, digits, `_` and `-`.
    HeaderValue::try_from(cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn read_cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cookie_is_found_among_many() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; nightbell=x; b"));
        headers.append(header::COOKIE, HeaderValue::from_static("nightbell-form=y"));
        assert_eq!(read_cookie(&headers, "nightbell").as_deref(), Some("x"));
        assert_eq!(read_cookie(&headers, "nightbell-form").as_deref(), Some("y"));
        assert_eq!(read_cookie(&headers, "night"), None);
    }
}
