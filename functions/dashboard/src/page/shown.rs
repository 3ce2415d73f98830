//! A page that is shown, and the way to the next page of a list.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

/// A rendered page.
pub fn shown(page: &impl Template) -> Response {
    Html(page.render().unwrap_or_default()).into_response()
}

/// Where a list goes on: `{{ older.url }}`, and whether its beginning is elsewhere.
#[derive(Debug)]
pub struct Older {
    pub newest: Option<String>,
    pub url: Option<String>,
}

impl Older {
    /// The links of a page of the list at `path`, which may have a query of its own; it was asked for after `after` and goes on after `next`.
    pub fn of(path: &str, after: Option<&str>, next: Option<&str>) -> Self {
        Self {
            newest: after.map(|_| path.to_owned()),
            // Cursors are of letters that need no encoding.
            url: next.map(|next| {
                let joint = if path.contains('?') { '&' } else { '?' };
                format!("{path}{joint}after={next}")
            }),
        }
    }
}
