//! What this function says about itself: which routes it has, and whether it is well.

mod document;
mod health;
mod routes;

use std::sync::LazyLock;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use shared::ctx::Ctx;
use shared::web::Problem;

use crate::{configuration, incidents, links, status};
use health::{__path_get_health, get_health};
pub(crate) use routes::routes;
pub use routes::{Endpoint, Routes};

/// Every route of this function, and an answer in our own words for what is none.
pub fn router() -> Router<Ctx> {
    routes()
        .into_router()
        .route("/healthz/api", get(get_health))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(map_response(unstored))
}

fn routes() -> Routes {
    Routes::default()
        .merge(incidents::routes())
        .merge(configuration::routes())
        .merge(status::routes())
        .merge(links::routes().into())
        .routes(routes!(get_health))
        .routes(routes!(get_openapi))
}

/// The document, made when it is first asked for: most starts of this function are not asked.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| document::finished(routes().into_openapi()).to_string().into());

/// This document
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "About", security(()),
    responses((status = 200, content_type = "application/json", body = Object)))]
async fn get_openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone()).into_response()
}

/// Answers are somebody's own, and some hold a secret: no cache keeps them, unless one says that it may be kept.
async fn unstored(mut response: Response) -> Response {
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
