//! The routes that senders post to. Each answers as its vendor does.

mod body;
mod hooks;
mod pagerduty;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};
use shared::ctx::Ctx;
use shared::metrics;
use shared::web::{Problem, health};

/// Every route of this function.
pub fn router() -> Router<Ctx> {
    Router::new()
        .route("/v2/enqueue", post(pagerduty::event))
        .route("/v2/change/enqueue", post(pagerduty::change))
        .route("/hooks/{key}", post(hooks::group).put(hooks::group))
        .route("/hooks/{key}/", post(hooks::group).put(hooks::group))
        .route("/hooks/{key}/api/v2/alerts", post(hooks::pushed))
        .route(
            "/healthz/alert-ingest",
            get(async |State(ctx): State<Ctx>| health(&ctx).await),
        )
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .fallback(async || Problem::not_found())
        .layer(map_response(measured))
}

/// What is accepted is counted where it is stored.
async fn measured(response: Response) -> Response {
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => metrics::signal("deferred"),
        status if status.is_client_error() => metrics::signal("refused"),
        _ => {}
    }
    response
}
