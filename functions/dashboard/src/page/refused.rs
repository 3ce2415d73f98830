//! The page that is shown instead of the one that was asked for.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use shared::accounts::NotSet;
use shared::store::StoreError;
use shared::web::Problem;

/// Why there is no page, and what to do about it.
#[derive(Debug, Template)]
#[template(path = "refused.html")]
pub struct Refused {
    status: StatusCode,
    heading: &'static str,
    text: String,
    retry_after: Option<u32>,
}

impl Refused {
    fn new(status: StatusCode, heading: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            heading,
            text: text.into(),
            retry_after: None,
        }
    }

    /// 404.
    pub fn missing() -> Self {
        let text = "There is nothing at this address. It may have been deleted, or the link may be cut off.";
        Self::new(StatusCode::NOT_FOUND, "Not found", text)
    }

    /// 405.
    pub fn not_this_way() -> Self {
        let text = "This address is there, but not for what was asked of it. Go back, reload the page, and try again.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Not possible here", text)
    }

    /// 403: a form that no page of ours sent to this browser, or before it signed in anew.
    pub fn not_ours() -> Self {
        let text = "This form is of an earlier visit, or of another site. Nothing was changed. Go back, reload the page, and send it again.";
        Self::new(StatusCode::FORBIDDEN, "Nothing was changed", text)
    }

    /// A form that cannot be read.
    pub fn unreadable(status: StatusCode, text: &str) -> Self {
        Self::new(status, "The form cannot be read", text)
    }

    /// 400: a field of a form is wrong.
    pub fn invalid(text: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Something in the form is wrong", text)
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (heading, text) = match status {
            StatusCode::NOT_FOUND => return Self::missing(),
            StatusCode::FORBIDDEN => ("Not allowed", format!("{} Ask an owner or an admin.", problem.detail)),
            StatusCode::BAD_REQUEST => ("Something in the request is wrong", problem.detail),
            StatusCode::SERVICE_UNAVAILABLE => (
                "Try again in a moment",
                "The table does not answer just now. Nothing was changed for certain; alerts are taken in all the same."
                    .to_owned(),
            ),
            _ => (problem.title, problem.detail),
        };
        Self {
            retry_after: problem.retry_after,
            ..Self::new(status, heading, text)
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl From<NotSet> for Refused {
    fn from(why: NotSet) -> Self {
        match why {
            NotSet::Store(error) => error.into(),
            NotSet::Password(fault) => Self::invalid(&fault.to_string()),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let html = self.render().unwrap_or_else(|_| self.text.clone());
        let mut response = (self.status, Html(html)).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
