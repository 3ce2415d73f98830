//! Errors as callers see them: `application/problem+json` (RFC 9457) with a stable `code`. Statuses are decided here and
//! nowhere else. What the log is told is not what the caller is told.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::principal::Refusal;
use crate::store::StoreError;

/// Every `code` that the API answers with, the status it comes with, and what it means.
pub const PROBLEM_CODES: [(u16, &str, &str); 34] = [
    (400, "invalid_input", "Inputs are wrong; `errors` names them."),
    (400, "unreadable_body", "The body is not JSON, or ended too early."),
    (401, "unauthenticated", "No credentials, or wrong ones."),
    (
        403,
        "forbidden",
        "Your role, or the scopes of your token, do not allow it.",
    ),
    (
        403,
        "form_token_missing",
        "A change with the session cookie came without its page's token.",
    ),
    (404, "not_found", "There is no such thing, or none that you may change."),
    (
        404,
        "wrong_setup_code",
        "This is not the set-up code of this deployment.",
    ),
    (
        405,
        "method_not_allowed",
        "The path does not take this method; `Allow` says which it takes.",
    ),
    (409, "in_use", "Something else needs it; the detail says what."),
    (
        409,
        "idempotency_key_reused",
        "The Idempotency-Key came with another request in the last 24 hours.",
    ),
    (409, "email_taken", "Somebody else has this e-mail address."),
    (409, "too_many_owners", "There are 10 owners already."),
    (409, "last_owner", "There must be an owner."),
    (409, "yourself", "Nobody can remove themselves."),
    (409, "too_many_contacts", "The person has 8 contacts already."),
    (
        409,
        "not_verified",
        "Nobody has confirmed the code that came by this contact.",
    ),
    (409, "is_public", "What is not to become public is public already."),
    (409, "nothing_to_tell", "Nothing is wrong that could become public."),
    (409, "is_withdrawn", "It was withdrawn: nothing more is said in it."),
    (409, "incident_open", "It is possible once the incident is over."),
    (
        409,
        "no_post",
        "No post tells the public of this incident, or none is named.",
    ),
    (409, "post_open", "The post tells of something that goes on."),
    (409, "post_withdrawn", "The post was taken back."),
    (409, "unwritten", "Not every part of the postmortem is written."),
    (
        409,
        "no_room",
        "The post has as many updates, or as long ones, as there may be.",
    ),
    (409, "has_password", "Who has a password needs no invitation."),
    (409, "no_email", "This deployment is not set up to send e-mail."),
    (409, "already_set_up", "There is an owner already."),
    (412, "stale", "It was changed since you read it."),
    (413, "too_large", "The body is larger than 524,288 bytes."),
    (415, "wrong_type", "The body is not sent as `application/json`."),
    (
        429,
        "too_many_requests",
        "Too often; `Retry-After` says when to try again.",
    ),
    (500, "internal", "A mistake of ours. It has been logged."),
    (503, "unavailable", "Nothing was stored; send it again."),
];

/// One input that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Which: a path such as `steps[0].targets`.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

/// An error as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the `code` says which problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Which problem it is: stable, for programs.
    pub code: &'static str,
    /// The problem in a few words.
    pub title: &'static str,
    /// What to do about it, for people.
    pub detail: String,
    /// The inputs that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds after which to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            kind: "about:blank",
            status: status.as_u16(),
            code,
            title,
            detail,
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// 400: inputs are wrong.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.field, one.message),
            many => format!("{} fields are wrong; see errors.", many.len()),
        };
        Self {
            errors,
            ..Self::new(StatusCode::BAD_REQUEST, "invalid_input", "Invalid input", detail)
        }
    }

    /// 400: one input is wrong.
    pub fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError {
            field: field.into(),
            message: message.into(),
        }])
    }

    /// 400: the body cannot be read at all.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unreadable_body",
            "The body cannot be read",
            detail,
        )
    }

    /// The same problem under a more exact code.
    pub fn with_code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// The same problem with more to say of what to do.
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { detail, ..self }
    }

    /// 401: no credentials, or wrong ones.
    pub fn unauthenticated() -> Self {
        let detail = "Sign in, or send a valid API token as `Authorization: Bearer <token>`.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first", detail)
    }

    /// 403: known, but not allowed.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 404: there is no such thing, or none that the caller may change.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Not found",
            "There is nothing here by this name.",
        )
    }

    /// 405: this path does not take this method.
    pub fn method_not_allowed() -> Self {
        let detail = "This path does not take this method.";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Method not allowed",
            detail,
        )
    }

    /// 409: it is in use, or it conflicts with something.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "Conflict", detail)
    }

    /// 412: it changed since it was read.
    pub fn stale() -> Self {
        let detail = "It was changed since you read it. Read it again, and send its ETag as If-Match.";
        Self::new(StatusCode::PRECONDITION_FAILED, "stale", "Changed meanwhile", detail)
    }

    /// 413: too large.
    pub fn too_large(limit_bytes: usize) -> Self {
        let detail = format!("The body may be at most {limit_bytes} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too large", detail)
    }

    /// 415: not JSON.
    pub fn wrong_type() -> Self {
        let detail = "Send the body as `Content-Type: application/json`.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_type", "Wrong type", detail)
    }

    /// 429: too many requests.
    pub fn too_many(retry_after: u32) -> Self {
        let detail = match retry_after {
            1 => "Too many requests. Try again in a second.".to_owned(),
            _ => format!("Too many requests. Try again in {retry_after} seconds."),
        };
        let problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many requests",
            detail,
        );
        Self {
            retry_after: Some(retry_after),
            ..problem
        }
    }

    /// 503: nothing was stored; try again.
    pub fn unavailable() -> Self {
        let detail = "The request was not stored. Send it again in a moment.";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Try again", detail);
        Self {
            retry_after: Some(1),
            ..problem
        }
    }

    /// 500: a mistake of ours, told to the log.
    pub fn internal() -> Self {
        let detail = "Something is broken on our side. It has been logged.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_tables_own() {
            tracing::warn!(%error, "the table did not answer");
            return Self::unavailable();
        }
        tracing::error!(%error, "the store failed");
        Self::internal()
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Role | Refusal::Scope => Self::forbidden(format!("Not allowed: {refusal}.")),
            Refusal::OtherTeam => Self::not_found(),
        }
    }
}
