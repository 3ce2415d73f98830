//! The web pages: rendered here, readable without a script, quicker with one.
//!
//! `sign_in/` lets people in, `incidents/` is what they come for, `insights/` is what became of them, `configuration/` is who is asked and how,
//! `status/` is what the public is told,
//! `settings/` is what people set for themselves, `page/` is what every page has: its frame, its headers,
//! its assets, and who looks at it. What is absent: rules of their own. Incidents are listed and answered by
//! [`shared::incidents`], rights are checked by [`shared::web::Authenticated`]; forms that change configuration are sent to
//! the REST API by `assets/forms.js`, so that there is one way to change anything.

mod configuration;
mod incidents;
mod insights;
mod page;
mod reach;
mod settings;
mod sign_in;
mod status;
mod tokens;
mod words;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::get;
use shared::config::Need;
use shared::ctx::Ctx;
use shared::web::health;

/// What it needs besides the table.
pub const NEEDS: &[Need] = &[
    Need::MasterKey,
    Need::NotificationQueue,
    Need::Gateways,
    Need::Oidc,
    Need::UploadsUrl,
];

/// Longest form: a note of the most characters that a note may have, each of four bytes in percent-encoding.
const FORM_BYTES_MAX: usize = 128 * 1024;

/// Every route of this function.
pub fn router() -> Router<Ctx> {
    Router::new()
        .merge(sign_in::routes())
        .merge(incidents::routes())
        .merge(insights::routes())
        .merge(configuration::routes())
        .merge(status::routes())
        .merge(settings::routes())
        .fallback(async || page::Refused::missing().into_response())
        .method_not_allowed_fallback(async || page::Refused::not_this_way().into_response())
        .layer(from_fn(page::guarded))
        .merge(page::assets())
        .route(
            "/healthz/dashboard",
            get(async |State(ctx): State<Ctx>| health(&ctx).await),
        )
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}
