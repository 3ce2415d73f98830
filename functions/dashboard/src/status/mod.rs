//! Status pages in the browser: what the public is told, by whom, and what it is told of.
//!
//! Pages read the store; their forms are sent to the REST API. A form is shown to whoever may send it, and only to them.

mod components;
mod correct;
mod elsewhere;
mod list;
mod maintenances;
mod now;
mod postmortems;
mod posts;
mod settings;
mod standing;
mod subscribers;
mod tabs;
mod tree;

use axum::Router;
use axum::routing::get;
use shared::ctx::Ctx;

pub use tabs::{Tab, Tabs};

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/pages", get(list::show))
        .route("/pages/new", get(settings::new))
        .route("/pages/{id}", get(now::show))
        .route("/pages/{id}/components", get(components::show))
        .route("/pages/{id}/settings", get(settings::show))
        .route("/pages/{id}/subscribers", get(subscribers::show))
        .merge(posts::routes())
        .merge(maintenances::routes())
        .merge(postmortems::routes())
}
