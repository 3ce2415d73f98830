//! Forms for those who are not signed in. Before there is a session, a form is tied to its browser by a cookie of its
//! own: a page of another site cannot send one for somebody.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::HEXLOWER;
use serde::de::DeserializeOwned;
use shared::ctx::Ctx;
use shared::secret::form_token;
use shared::web::{passed_cookie, passing_cookie};

use crate::page::{Refused, read_form};

const COOKIE: &str = "nightbell-form";

/// The cookie that a browser's forms are tied to.
#[derive(Debug, Clone)]
pub struct Tie {
    cookie: String,
    is_new: bool,
}

impl Tie {
    /// The cookie of the browser that sent these headers, or a new one.
    pub fn of(headers: &HeaderMap, ctx: &Ctx) -> Self {
        let known = passed_cookie(headers, ctx, COOKIE);
        let is_new = known.is_none();
        let new = || HEXLOWER.encode(&ctx.random.bytes::<16>());
        Self {
            cookie: known.unwrap_or_else(new),
            is_new,
        }
    }

    /// What the forms carry.
    pub fn form_token(&self, ctx: &Ctx) -> String {
        form_token(ctx.master(), &self.cookie)
    }

    /// A page with such a form.
    pub fn page(self, ctx: &Ctx, status: StatusCode, html: String) -> Response {
        let mut response = (status, Html(html)).into_response();
        if self.is_new {
            let cookie = passing_cookie(ctx, COOKIE, self.cookie);
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// Reads a form. None: without the cookie nothing fits; the form is from before the browser was closed, or it refuses
/// cookies.
pub async fn read<T: DeserializeOwned>(parts: Parts, body: Body, ctx: &Ctx) -> Result<Option<T>, Refused> {
    let Some(cookie) = passed_cookie(&parts.headers, ctx, COOKIE) else {
        return Ok(None);
    };
    let expected = form_token(ctx.master(), &cookie);
    read_form(parts, body, ctx, &expected).await.map(Some)
}

/// Says when to try again.
pub fn after(seconds: u32, mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
