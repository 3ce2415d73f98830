//! Browsers in which somebody was signed in before. Whoever guesses at an account from many addresses makes others wait
//! who try it; its owner's own browsers are counted by themselves. (OWASP calls them device cookies.)
//!
//! The cookie holds a mark, drawn once a browser, and a code of the mark and the person. It signs nobody in: it is
//! worth a few guesses of its own to whoever steals it.

use axum::http::{HeaderMap, HeaderValue};
use data_encoding::HEXLOWER;
use shared::ctx::Ctx;
use shared::domain::id::UserId;
use shared::secret::{equal, known_browser};
use shared::web::{lasting_cookie, passed_cookie};

const COOKIE: &str = "nightbell-known";

/// As long as browsers keep a cookie at the most.
const SECONDS: i64 = 400 * 86_400;

/// The mark of a browser that was signed in as this person before.
pub fn mark(ctx: &Ctx, headers: &HeaderMap, user: UserId) -> Option<String> {
    let cookie = passed_cookie(headers, ctx, COOKIE)?;
    let (mark, code) = cookie.split_once('-')?;
    let right = known_browser(ctx.master(), &user.to_string(), mark);
    equal(right.as_bytes(), code.as_bytes()).then(|| mark.to_owned())
}

/// Whether there is anything to look at: who has no cookie of the kind costs no look-up.
pub fn is_marked(ctx: &Ctx, headers: &HeaderMap) -> bool {
    passed_cookie(headers, ctx, COOKIE).is_some()
}

/// The cookie for a browser in which this person has just signed in: its own once more, or a new one.
pub fn cookie(ctx: &Ctx, headers: &HeaderMap, user: UserId) -> HeaderValue {
    let mark = mark(ctx, headers, user).unwrap_or_else(|| HEXLOWER.encode(&ctx.random.bytes::<8>()));
    let code = known_browser(ctx.master(), &user.to_string(), &mark);
    lasting_cookie(ctx, COOKIE, format!("{mark}-{code}"), SECONDS)
}
