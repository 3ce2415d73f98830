//! The real template with the real function binaries, deployed to an emulator of AWS that enforces every role.
//!
//! `tests/run` makes what these need: `target/venv` with the emulator, and `target/lambda-here` with the zips.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::large_futures,
    clippy::print_stdout,
    missing_docs
)]

mod alert;
mod avatar;
mod cloud;
mod crashes;
mod dashboard;
mod deployment;
mod init;
mod public;
mod roles;
mod status;
