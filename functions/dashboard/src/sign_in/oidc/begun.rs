//! What a browser has begun at the provider: kept by the browser itself, sealed, for ten minutes.

use axum::http::{HeaderMap, HeaderValue};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::ctx::Ctx;
use shared::domain::time::after_seconds;
use shared::web::{lasting_cookie, passed_cookie};

use crate::sign_in::next::Next;

const COOKIE: &str = "nightbell-oidc";
/// What it is sealed for.
const PURPOSE: &str = "oidc";
/// How long somebody may take at the provider.
const SECONDS: i64 = 600;
/// A browser keeps no cookie of more than 4096 characters: whoever wants to go to a longer address begins at the first
/// page.
const NEXT_CHARS_MAX: usize = 1_500;

/// A sign-in that is under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Begun {
    /// What the provider sends back, and only this browser knows.
    pub state: String,
    /// What must be in the token.
    pub nonce: String,
    /// The secret that shows that who began is who comes with the code.
    pub verifier: String,
    /// Where they want to go.
    pub next: Next,
    at: Timestamp,
}

impl Begun {
    /// A new one.
    pub fn new(ctx: &Ctx, next: Next, now: Timestamp) -> Self {
        let drawn = || HEXLOWER.encode(&ctx.random.bytes::<32>());
        Self {
            state: drawn(),
            nonce: drawn(),
            verifier: drawn(),
            next: Some(next)
                .filter(|next| next.path().len() <= NEXT_CHARS_MAX)
                .unwrap_or_default(),
            at: now,
        }
    }

    /// The cookie that keeps it.
    pub fn cookie(&self, ctx: &Ctx) -> HeaderValue {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let sealed = ctx.master().seal(PURPOSE, &plain, ctx.random.bytes());
        lasting_cookie(ctx, COOKIE, sealed, SECONDS)
    }

    /// What this browser has begun, unless that is too long ago.
    pub fn of(ctx: &Ctx, headers: &HeaderMap, now: Timestamp) -> Option<Self> {
        let sealed = passed_cookie(headers, ctx, COOKIE)?;
        let plain = ctx.master().open(PURPOSE, &sealed).ok()?;
        let begun: Self = serde_json::from_slice(&plain).ok()?;
        (now < after_seconds(begun.at, SECONDS)).then_some(begun)
    }
}

/// The end of the cookie.
pub fn no_cookie(ctx: &Ctx) -> HeaderValue {
    lasting_cookie(ctx, COOKIE, String::new(), 0)
}
