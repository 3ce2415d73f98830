//! Decides who is woken. Three triggers, one path: the table's stream, the queue's hints and the sweep of every minute
//! all end in [`advance`], which may be called at any time, any number of times.

mod advance;
mod facts;
mod triggers;

use shared::config::Need;

pub use advance::{Advanced, advance};
pub use triggers::{handle_queue, handle_stream, handle_sweep};

/// What it needs besides the table.
pub const NEEDS: &[Need] = &[Need::MasterKey, Need::EscalationQueue, Need::NotificationQueue];
