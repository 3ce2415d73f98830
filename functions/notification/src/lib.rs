//! Gets messages out. Two triggers, one path: the queue's hints and the sweep of every minute both end in [`deliver`]:
//! claim the row, check that it is still wanted, send, record. A duplicate is a normal outcome.

mod deliver;
mod envelope;
mod send;
mod triggers;

pub use deliver::{Delivered, deliver};
pub use triggers::{handle_queue, handle_sweep};
