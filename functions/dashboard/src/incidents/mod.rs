//! Incidents: the list, open ones first, and one of them with everything that happened.
//!
//! Both are whole pages that also answer only their living part (`?part=live`, with an `ETag`): `page.js` asks for it every
//! few seconds and puts it in place when something changed. What people do is posted to one place, for one incident or
//! many, and answered with the page they came from.

mod act;
mod first_steps;
mod list;
mod one;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use shared::ctx::Ctx;
use shared::domain::actor::Actor;
use shared::incidents::IncidentView;
use shared::web::{tag_of, unless_known};

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/", get(list::show))
        .route("/incidents/act", post(act::act))
        .route("/incidents/{id}", get(one::show))
}

/// A page's living part: 304 for whoever has it already.
pub fn live(html: String, request: &HeaderMap) -> Response {
    unless_known(&tag_of(&html), request, || Html(html).into_response())
}

/// Who has it, or who ended it.
fn taker(incident: &IncidentView) -> Option<&Actor> {
    let by = [&incident.resolved_by, &incident.acknowledged_by];
    by.into_iter().find_map(Option::as_ref)
}
