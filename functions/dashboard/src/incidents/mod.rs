//! Incidents: the list, open ones first, and one of them with everything that happened.
//!
//! Both have a living part. What people do is posted to one place, for one incident or many, and answered with the page
//! they came from.

mod act;
mod first_steps;
mod list;
mod one;
mod public;

use axum::Router;
use axum::routing::{get, post};
use shared::ctx::Ctx;
use shared::domain::actor::Actor;
use shared::incidents::IncidentView;

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/", get(list::show))
        .route("/incidents/act", post(act::act))
        .route("/incidents/tell", post(public::tell))
        .route("/incidents/{id}", get(one::show))
}

/// Who has it, or who ended it.
fn taker(incident: &IncidentView) -> Option<&Actor> {
    let by = [&incident.resolved_by, &incident.acknowledged_by];
    by.into_iter().find_map(Option::as_ref)
}
