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
mod budget;
mod captured;
mod configuration;
mod dashboard;
mod dashboard_configuration;
mod faults;
mod house;
mod oidc;
mod races;
mod setup;
mod sign_in;
mod status;
mod subscribers;
mod template;
mod topic;
mod webhook;
