//! Stories through the front door, one binary: what a sender posts, what a person is sent, what they tap.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::large_futures,
    clippy::print_stdout,
    missing_docs
)]

mod accounts;
mod alert;
mod api;
mod audit;
mod avatars;
mod budget;
mod captured;
mod configuration;
mod dashboard;
mod dashboard_configuration;
mod dashboard_posts;
mod dashboard_status;
mod faces;
mod faults;
mod front_door;
mod house;
mod insights;
mod maintenance;
mod offboarding;
mod oidc;
mod postmortems;
mod races;
mod setup;
mod sign_in;
mod status;
mod status_documents;
mod subscribers;
mod template;
mod test_messages;
mod topic;
mod webhook;
