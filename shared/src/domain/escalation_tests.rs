//! The heart, tried out: laws that hold whatever happens, and stories with exact expectations.

mod laws;
mod stories;
mod world;
