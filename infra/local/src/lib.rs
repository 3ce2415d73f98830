//! The machine's home: every function of Nightbell in one process, on embedded engines.
//!
//! [`triggers`] is the one list of what wakes which function, [`front`] answers HTTP with it ([`public`] what needs no function, [`domains`] at hosts of its own), [`pumps`] turn table
//! changes, due messages and ticks into real AWS events and call the same handlers as AWS does. [`seed`] fills an empty
//! table with what a stranger can try; [`home`] puts it together behind [`server`], with its files in [`data`].
//!
//! Tests take the same parts and leave out the process: a table in memory, a clock moved by hand, and the pumps' `drain`
//! methods instead of their tasks. Absent on purpose: any rule of the product. What is decided here is only how the
//! functions are woken.

pub mod data;
pub mod domains;
pub mod engine;
pub mod front;
pub mod home;
pub mod options;
pub mod public;
pub mod pumps;
pub mod renditions;
pub mod seed;
pub mod server;
pub mod stop;
mod tls;
pub mod triggers;
mod welcome;

pub use home::main;
