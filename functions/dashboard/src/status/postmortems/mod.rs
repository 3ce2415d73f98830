//! Postmortems in the browser: the list, and one that is drafted, written and published.

mod list;
mod one;

use axum::Router;
use axum::routing::get;
use shared::ctx::Ctx;

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/postmortems", get(list::show))
        .route("/incidents/{id}/postmortem", get(one::show))
}
