//! PagerDuty Events v2, answered word for word as PagerDuty answers.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::Serialize;
use shared::ctx::Ctx;
use shared::domain::id::EventId;
use shared::domain::limits;
use shared::domain::service::Format;
use shared::domain::timeline::{Event, EventKind};
use shared::intake::{self, Source};
use shared::store::StoreError;
use std::sync::Arc;

use super::body::{self, Unread};
use crate::format::{Code, Refused, pagerduty};

#[derive(Serialize)]
struct Success {
    status: &'static str,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dedup_key: Option<String>,
}

#[derive(Serialize)]
struct Failure {
    status: &'static str,
    message: &'static str,
    errors: Vec<String>,
}

/// Why an event was not taken in.
pub enum NotTaken {
    Refused(Refused),
    TooLarge,
    UnknownKey,
    OtherFormat,
    Store(StoreError),
}

/// `POST /v2/enqueue`
pub async fn event(State(ctx): State<Ctx>, body: Body) -> Result<Response, NotTaken> {
    let now = ctx.clock.now();
    let body = read(body).await?;
    let fresh_key = HEXLOWER.encode(&ctx.random.bytes::<16>());
    let event = pagerduty::read(&body, &fresh_key, now)?;
    let source = source(&ctx, &event.routing_key, now).await?;
    intake::receive(&ctx, &source, &event.signal, now).await?;
    Ok(accepted("Event processed", Some(event.signal.group_key)))
}

/// `POST /v2/change/enqueue`
pub async fn change(State(ctx): State<Ctx>, body: Body) -> Result<Response, NotTaken> {
    let now = ctx.clock.now();
    let body = read(body).await?;
    let change = pagerduty::read_change(&body)?;
    let source = source(&ctx, &change.routing_key, now).await?;
    let kind = EventKind::Change {
        summary: change.summary,
    };
    let id = EventId(ctx.random.ulid(now));
    let event = Event {
        id,
        at: change.changed_at.unwrap_or(now),
        actor: source.integration.actor(),
        kind,
    };
    let noted = ctx.received().note(&ctx.store, source.integration.id, now);
    let (kept, ()) = futures_util::join!(ctx.store.add_service_event(source.service.id, &event), noted);
    kept?;
    Ok(accepted("Change event processed", None))
}

async fn read(body: Body) -> Result<bytes::Bytes, NotTaken> {
    body::read(body).await.map_err(|unread| match unread {
        Unread::TooLarge => NotTaken::TooLarge,
        Unread::Broken => NotTaken::Refused(Refused {
            code: Code::NotJson,
            message: "The body ended before it was whole.".into(),
            errors: Vec::new(),
        }),
    })
}

async fn source(ctx: &Ctx, key: &str, now: Timestamp) -> Result<Arc<Source>, NotTaken> {
    let source = ctx.sources().by_key(ctx, key, now).await?.ok_or(NotTaken::UnknownKey)?;
    if source.integration.format == Format::Pagerduty {
        Ok(source)
    } else {
        Err(NotTaken::OtherFormat)
    }
}

fn accepted(message: &'static str, dedup_key: Option<String>) -> Response {
    (
        StatusCode::ACCEPTED,
        Json(Success {
            status: "success",
            message,
            dedup_key,
        }),
    )
        .into_response()
}

impl From<Refused> for NotTaken {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for NotTaken {
    fn into_response(self) -> Response {
        let invalid = |errors| refused("invalid event", "Event object is invalid", errors);
        match self {
            Self::Refused(why) if why.code.is_unreadable() => {
                let errors = vec!["JSON parse error".to_owned(), why.message];
                refused("Unrecognized object", "Event object format is unrecognized", errors)
            }
            Self::Refused(why) => invalid(why.errors.into_iter().map(|error| error.message).collect()),
            Self::TooLarge => invalid(vec![format!(
                "The event may be at most {} bytes (512 KB).",
                limits::BODY_BYTES_MAX
            )]),
            Self::UnknownKey => invalid(vec!["Invalid routing key".to_owned()]),
            Self::OtherFormat => invalid(vec![
                "Invalid routing key".to_owned(),
                "This key belongs to an integration of another format; PagerDuty events need one of format pagerduty."
                    .to_owned(),
            ]),
            Self::Store(error) if error.is_tables_own() => {
                tracing::warn!(%error, "an event was not stored; its sender is told to retry");
                let message = "Request Limit Exceeded";
                let body = Failure {
                    status: "throttle exceeded",
                    message,
                    errors: vec!["The event was not stored. Send it again.".into()],
                };
                let mut response = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, axum::http::HeaderValue::from_static("1"));
                response
            }
            Self::Store(error) => {
                tracing::error!(%error, "an event was not stored");
                let errors = vec!["The event was not stored. Send it again.".to_owned()];
                let body = Failure {
                    status: "error",
                    message: "Internal error",
                    errors,
                };
                (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
            }
        }
    }
}

fn refused(status: &'static str, message: &'static str, errors: Vec<String>) -> Response {
    (
        StatusCode::BAD_REQUEST,
        Json(Failure {
            status,
            message,
            errors,
        }),
    )
        .into_response()
}
