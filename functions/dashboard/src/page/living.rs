//! The part of a page that updates itself.

use askama::Template;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use shared::web::{tag_of, unless_known};

/// A page's living part. `page.js` asks for it alone (`?part=live`) every few seconds, names what it has, and puts what it
/// gets in place. The page says what it was rendered with: what changed before the first question is not taken for known.
#[derive(Debug, Template)]
#[template(path = "living.html")]
pub struct Living {
    url: String,
    tag: String,
    html: String,
}

impl Living {
    /// The living part of the page at `url`.
    pub fn new(url: String, part: &impl Template) -> Self {
        let html = part.render().unwrap_or_default();
        Self {
            url,
            tag: tag_of(&html),
            html,
        }
    }

    /// It alone: 304 for whoever has it already.
    pub fn alone(self, request: &HeaderMap) -> Response {
        unless_known(&self.tag, request, || Html(self.html).into_response())
    }
}
