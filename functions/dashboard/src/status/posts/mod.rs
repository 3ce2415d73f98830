//! Posts: what the public is told, by hand. The list of a page, one that is written, one with all that was said, and the
//! words of an update put right. What Nightbell writes by itself is here, too, and whoever writes into it has it.

mod correct;
mod fields;
mod list;
pub(super) mod names;
mod new;
mod one;
mod sharing;

use axum::Router;
use axum::routing::get;
use shared::ctx::Ctx;

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/pages/{id}/posts", get(list::show))
        .route("/pages/{id}/posts/new", get(new::show))
        .route("/posts/{id}", get(one::show))
        .route("/posts/{id}/updates/{update_id}", get(correct::show))
}
