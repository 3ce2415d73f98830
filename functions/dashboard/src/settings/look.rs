//! How pages look in this browser.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use shared::ctx::Ctx;

use crate::page::{Posted, Theme};

/// What was chosen.
#[derive(Debug, Deserialize)]
pub struct Look {
    theme: Theme,
}

pub async fn choose(State(ctx): State<Ctx>, posted: Posted<Look>) -> Response {
    let cookie = posted.form.theme.cookie(&ctx);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/settings?done=theme")).into_response()
}
