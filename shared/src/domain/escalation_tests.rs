//! The heart, tried out: laws that hold whatever happens, and stories with exact expectations.

#![allow(clippy::type_complexity, clippy::nonminimal_bool)]

mod laws;
mod maintenance;
mod stories;
mod world;
