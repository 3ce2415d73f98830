//! Whether a function reaches what it needs.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ctx::Ctx;

/// How this function is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `unavailable` while the table does not answer.
    status: &'static str,
    /// The version that is running.
    version: &'static str,
}

/// Asks the table: 200 when it answers, 503 when it does not.
pub async fn health(ctx: &Ctx) -> (StatusCode, Json<Health>) {
    let (code, status) = match ctx.store.table().ping().await {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(error) => {
            tracing::warn!(%error, "the table does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
    };
    let version = ctx.config.version;
    (code, Json(Health { status, version }))
}
