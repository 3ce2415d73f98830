//! Light or dark, as somebody wants it in this browser. It is in a cookie, so that the first byte of a page knows it.

use axum::http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::web::{lasting_cookie, passed_cookie};

const COOKIE: &str = "nightbell-theme";

/// As long as browsers keep a cookie at the most.
const SECONDS: i64 = 400 * 86_400;

/// How pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Like the rest of the screen.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// What this browser was told.
    pub fn of(headers: &HeaderMap, ctx: &Ctx) -> Self {
        match passed_cookie(headers, ctx, COOKIE).as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    /// What tells a browser.
    pub fn cookie(self, ctx: &Ctx) -> HeaderValue {
        let seconds = if self == Self::System { 0 } else { SECONDS };
        lasting_cookie(ctx, COOKIE, self.as_str().to_owned(), seconds)
    }

    /// Its name in pages; none for the screen's own.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}
