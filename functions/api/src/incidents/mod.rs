//! Incidents over HTTP: what is seen and done is [`shared::incidents`]'; here are its routes, and the outbox of the local home.

mod outbox;
mod routes;

pub use routes::routes;
