//! Gets messages out. Two triggers, one path: the queue's hints and the sweep of every minute both end in [`deliver`]:
//! claim the row, check that it is still wanted, send, record. A duplicate is a normal outcome.

mod deliver;
mod envelope;
mod send;
mod triggers;

use shared::config::Need;

pub use deliver::{Delivered, deliver};
pub use triggers::{handle_queue, handle_sweep};

/// What it needs besides the table.
pub const NEEDS: &[Need] = &[Need::MasterKey, Need::NotificationQueue, Need::Gateways];
