//! What this function says about itself: which routes it has, and whether it is well.

mod document;
mod follow_ups;
mod health;
mod problems;
mod routes;
mod schemas;

use std::sync::LazyLock;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{from_fn, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use shared::ctx::Ctx;
use shared::web::{Problem, tag_of, tell_allowance, unless_known};

use crate::{configuration, docs, incidents, insights, links, status};
pub use document::METHODS;
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
        .layer(from_fn(tell_allowance))
}

fn routes() -> Routes {
    Routes::default()
        .merge(incidents::routes())
        .merge(insights::routes())
        .merge(configuration::routes())
        .merge(status::routes())
        .merge(links::routes().into())
        .merge(docs::routes().into())
        .routes(routes!(get_health))
        .routes(routes!(get_openapi))
}

/// The document, made when it is first asked for: most starts of this function are not asked.
static DOCUMENT: LazyLock<(Bytes, String)> = LazyLock::new(|| {
    let text = document().to_string();
    let tag = tag_of(&text);
    (text.into(), tag)
});

/// The description of every route.
pub fn document() -> Value {
    document::finished(routes().into_openapi())
}

/// This document
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "About", security(()),
    responses((status = 200, content_type = "application/json", body = Object,
            headers(("ETag" = String, description = "For If-None-Match"))),
        (status = 304, description = "It is as the caller knows it")))]
async fn get_openapi(headers: HeaderMap) -> Response {
    let (text, tag) = &*DOCUMENT;
    let fresh = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    unless_known(tag, &headers, || (fresh, text.clone()).into_response())
}

/// Answers are somebody's own, and some hold a secret: no cache keeps them, unless one says that it may be kept.
async fn unstored(mut response: Response) -> Response {
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
