//! Whether this function reaches what it needs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use shared::ctx::Ctx;
use utoipa::ToSchema;

/// How this function is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `unavailable` while the table does not answer.
    status: &'static str,
    /// The version that is running.
    version: &'static str,
}

/// Whether this function reaches what it needs
#[utoipa::path(get, path = "/healthz", tag = "About", security(()),
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn get_health(State(ctx): State<Ctx>) -> (StatusCode, Json<Health>) {
    let version = ctx.config.version;
    match ctx.store.table().ping().await {
        Ok(()) => (StatusCode::OK, Json(Health { status: "ok", version })),
        Err(error) => {
            tracing::warn!(%error, "the table does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Json(Health {
                    status: "unavailable",
                    version,
                }),
            )
        }
    }
}
