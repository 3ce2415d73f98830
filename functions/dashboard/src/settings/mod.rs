//! What people set for themselves: their name and clock, how they are reached, their tokens, where they are signed in, and
//! their password.
//!
//! All but the last two is sent to the REST API. Sessions and passwords belong to browsers, and are changed here alone: a
//! token can neither see nor change them.

mod account;
mod look;
mod page;

use axum::Router;
use axum::routing::{get, post};
use shared::ctx::Ctx;

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/settings", get(page::show))
        .route("/settings/sign-out", post(account::sign_out))
        .route("/settings/theme", post(look::choose))
        .route("/settings/password", post(account::change_password))
}
