//! Whether this function reaches what it needs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::ctx::Ctx;
use shared::web::{Health, health};

/// Whether this function reaches what it needs
#[utoipa::path(get, path = "/healthz", tag = "About", security(()),
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn get_health(State(ctx): State<Ctx>) -> (StatusCode, Json<Health>) {
    health(&ctx).await
}
