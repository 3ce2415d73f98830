//! Configuration in the browser: who is asked when something breaks, how they are reached, and who changed that.
//!
//! One file a kind, with its list and its one. Pages read the store; their forms are sent to the REST API. What is absent:
//! any change of a row. A form is shown to whoever may send it, and only to them; the API checks the same right again.

mod audit;
mod choices;
mod more;
mod on_call;
mod people;
mod places;
mod policies;
mod services;
mod trials;

use axum::Router;
use axum::routing::get;
use shared::ctx::Ctx;

pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/on-call", get(on_call::show))
        .route("/services", get(services::list))
        .route("/services/new", get(services::new))
        .route("/services/{id}", get(services::one))
        .route("/policies", get(policies::list))
        .route("/policies/new", get(policies::new))
        .route("/policies/{id}", get(policies::one))
        .route("/people", get(people::list))
        .route("/people/{id}", get(people::one))
        .route("/people/{id}/leave", get(people::leave))
        .route("/teams", get(places::teams))
        .route("/channels", get(places::channels))
        .route("/tests/{id}", get(trials::show))
        .route("/more", get(more::show))
        .route("/audit", get(audit::show))
        .route("/outbox", get(more::outbox))
}
