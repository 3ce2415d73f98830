//! Status pages in the browser: what the public is told, by whom, and what it is told of.
//!
//! Pages read the store; their forms are sent to the REST API. A form is shown to whoever may send it, and only to them.

mod list;
mod maintenances;
mod now;
mod posts;
mod standing;
mod tabs;
mod tree;

use axum::Router;
use axum::routing::get;
use shared::ctx::Ctx;

pub use tabs::{Tab, Tabs};

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/pages", get(list::show))
        .route("/pages/{id}", get(now::show))
        .merge(posts::routes())
        .merge(maintenances::routes())
}
