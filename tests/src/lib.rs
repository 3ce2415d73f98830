//! The world in which stories are told: the real handlers on the embedded engine, with a clock that is moved by hand.
//!
//! [`World`] plays AWS: it delivers the table's changes, the queues' messages and the minute's tick as real event JSON,
//! in the order a test asks for, or not at all. [`Wire`] stands between the SDK and the engine: it counts what is asked
//! and breaks what a test wants broken.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a story ends where its world does not hold"
)]

pub mod browser;
pub mod form;
pub mod gallery;
pub mod people;
pub mod provider;
pub mod roles;
pub mod template;
pub mod wire;
pub mod world;

pub use browser::Browser;
pub use wire::{Break, Held, Moment, Tally, Wire};
pub use world::{Answer, Which, World};
