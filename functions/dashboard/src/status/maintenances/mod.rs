//! Maintenances of a page in the browser: the list, one that is announced, and one with all that may be said and changed.

mod correct;
mod fields;
mod list;
mod names;
mod new;
mod one;

use axum::Router;
use axum::routing::get;
use shared::ctx::Ctx;

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/pages/{id}/maintenances", get(list::show))
        .route("/pages/{id}/maintenances/new", get(new::show))
        .route("/maintenances/{id}", get(one::show))
        .route("/maintenances/{id}/updates/{update_id}", get(correct::show))
}
