//! What Nightbell knows, as values.
//!
//! Nothing below this folder reads a clock, a random source, the environment, the network or a disk, and nothing is
//! async: time, ids and facts come in as arguments, plans go out as values. A test keeps it so. The actors are
//! elsewhere: `functions/*` load facts, call one function here, and write what it answers.

pub mod account;
pub mod actor;
pub mod avatar;
pub mod delivery;
#[cfg(test)]
mod delivery_tests;
pub mod escalation;
#[cfg(test)]
mod escalation_tests;
pub mod face;
pub mod id;
pub mod incident;
pub mod insights;
pub mod limits;
pub mod people;
pub mod policy;
pub mod principal;
#[cfg(test)]
mod principal_tests;
pub mod service;
pub mod session;
pub mod signal;
pub mod slot;
#[cfg(test)]
mod slot_tests;
pub mod status;
pub mod text;
pub mod time;
pub mod timeline;
pub mod wording;
