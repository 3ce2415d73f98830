//! Tells the public the truth: what is published of incidents, posts and maintenances becomes finished documents in the
//! public bucket. Three triggers, one path: the table's stream, the queue's hints and the tick of every minute all end in
//! [`publish`], which may be called at any time, any number of times, by several at once.
//!
//! `publish/` decides and writes; `view.rs` is what the public sees, as one value; `documents/` is what it becomes; `words/`
//! is what it says. Readers never come here.

mod documents;
mod publish;
mod triggers;
mod view;
mod words;

use shared::config::Need;

pub use publish::{Hinted, Published, publish};
pub use triggers::{handle_queue, handle_stream, handle_sweep};

/// What it needs besides the table.
pub const NEEDS: &[Need] = &[Need::PublicObjects, Need::PublicationQueue];
