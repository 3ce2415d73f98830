//! Webhooks and event APIs, in; incidents, out.
//!
//! `format/` reads what vendors send, purely; `routes/` answers as they expect; taking a signal in is
//! [`shared::intake`]. A 2xx means that the signal is stored, merged, or recorded as ignored.

pub mod format;
mod routes;

use shared::config::Need;

pub use routes::router;

/// What it needs besides the table: nothing. It faces the world, and holds no key.
pub const NEEDS: &[Need] = &[];
