//! `/hooks/{key}`: the key says whose it is, and its integration says what is spoken.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use shared::ctx::Ctx;
use shared::domain::id::IncidentId;
use shared::domain::limits;
use shared::domain::service::Format;
use shared::intake::{self, Outcome, Source};
use shared::web::{FieldError, Problem};

use super::body::{self, Unread};
use crate::format::{Refused, alertmanager, generic, prometheus};

/// Signals of one push that are taken in at once.
const AT_ONCE_MAX: usize = 16;

#[derive(Serialize)]
struct Taken {
    incident_id: Option<IncidentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dedup_key: Option<String>,
    outcome: &'static str,
}

/// `POST /hooks/{key}`: one group, as Alertmanager or the generic format tell it.
pub async fn group(State(ctx): State<Ctx>, Path(key): Path<String>, body: Body) -> Result<Response, Problem> {
    let now = ctx.clock.now();
    let source = source(&ctx, &key, now).await?;
    let body = read(body).await?;
    match source.integration.format {
        Format::Alertmanager => {
            let signal = alertmanager::read(&body, now).map_err(problem)?;
            let outcome = intake::receive(&ctx, &source, &signal, now).await?;
            Ok(taken(StatusCode::OK, outcome, None))
        }
        Format::Generic => {
            let fresh_key = HEXLOWER.encode(&ctx.random.bytes::<16>());
            let signal = generic::read(&body, &fresh_key, now).map_err(problem)?;
            let outcome = intake::receive(&ctx, &source, &signal, now).await?;
            Ok(taken(StatusCode::ACCEPTED, outcome, Some(signal.group_key)))
        }
        Format::Prometheus => Err(Problem::invalid_field(
            "key",
            "belongs to an integration of format prometheus: set path_prefix to /hooks/<key>, so that Prometheus posts \
             to /hooks/<key>/api/v2/alerts",
        )),
        Format::Pagerduty => Err(Problem::invalid_field(
            "key",
            "belongs to an integration of format pagerduty: post to /v2/enqueue with the key as routing_key",
        )),
    }
}

/// `POST /hooks/{key}/api/v2/alerts`: alerts, each an incident of its own, as Prometheus itself pushes them. Answered
/// with success only when every one is stored.
pub async fn pushed(State(ctx): State<Ctx>, Path(key): Path<String>, body: Body) -> Result<Response, Problem> {
    let now = ctx.clock.now();
    let source = source(&ctx, &key, now).await?;
    if !matches!(source.integration.format, Format::Prometheus | Format::Alertmanager) {
        let message = "belongs to an integration that is not of format prometheus or alertmanager";
        return Err(Problem::invalid_field("key", message));
    }
    let body = read(body).await?;
    let signals = prometheus::read(&body, now).map_err(problem)?;
    let (ctx, source) = (&ctx, &source);
    let all = stream::iter(signals).map(async |signal| intake::receive(ctx, source, &signal, now).await);
    all.buffer_unordered(AT_ONCE_MAX).try_for_each(async |_| Ok(())).await?;
    Ok((StatusCode::OK, Json(serde_json::json!({ "status": "success" }))).into_response())
}

async fn source(ctx: &Ctx, key: &str, now: Timestamp) -> Result<Arc<Source>, Problem> {
    ctx.sources()
        .by_key(ctx, key, now)
        .await?
        .ok_or_else(Problem::not_found)
}

async fn read(body: Body) -> Result<bytes::Bytes, Problem> {
    body::read(body).await.map_err(|unread| match unread {
        Unread::TooLarge => Problem::too_large(limits::BODY_BYTES_MAX),
        Unread::Broken => Problem::unreadable("The body ended before it was whole."),
    })
}

fn taken(status: StatusCode, outcome: Outcome, dedup_key: Option<String>) -> Response {
    let body = Taken {
        incident_id: outcome.incident_id(),
        dedup_key,
        outcome: outcome.as_str(),
    };
    (status, Json(body)).into_response()
}

fn problem(refused: Refused) -> Problem {
    if refused.errors.is_empty() {
        return Problem::unreadable(refused.message).with_code(refused.code.as_str());
    }
    let errors = refused.errors.into_iter().map(|error| FieldError {
        field: error.field,
        message: error.message,
    });
    Problem::invalid(errors.collect())
}
