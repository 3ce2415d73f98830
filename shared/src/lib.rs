//! The common crate: pure domain above, edges below.
//!
//! [`domain`] holds values and decisions, and touches nothing. Every other module is an edge: the table, the queues,
//! the channels, the web, the Lambda runtime. Edges depend on the domain, never the other way.

pub mod accounts;
pub mod avatars;
pub mod aws;
pub mod channel;
pub mod clock;
pub mod config;
pub mod ctx;
pub mod domain;
pub mod incidents;
pub mod insights;
pub mod intake;
pub mod metrics;
pub mod object;
pub mod offboarding;
pub mod oidc;
pub mod postmortems;
pub mod publications;
pub mod queue;
pub mod rehearsal;
pub mod runtime;
pub mod secret;
pub mod store;
pub mod subscribers;
pub mod telemetry;
pub mod test_message;
pub mod web;
