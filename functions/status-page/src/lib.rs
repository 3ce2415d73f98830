//! Tells the public the truth: what is published of incidents, posts and maintenances becomes finished documents in the
//! public bucket. Three triggers, one path: the table's stream, the queue's hints and the tick of every minute all end in
//! [`publish`], which may be called at any time, any number of times, by several at once.
//!
//! Subscribers are told of it by functions of their own: `subscribers/` is how they come and go, `notices/` how they hear.
//!
//! `publish/` decides and writes; `view.rs` is what the public sees, as one value; `documents/` is what it becomes, `page/`
//! that part of it which people read; what it says is in `shared::domain::status::words`. Readers never come here.

pub mod documents;
mod notices;
pub mod page;
mod publish;
mod subscribers;
mod triggers;
pub mod view;

use shared::config::Need;

pub use notices::{handle_notice_sweep, handle_notices};
pub use publish::{Hinted, Published, publish};
pub use subscribers::router;
pub use triggers::{handle_queue, handle_stream, handle_sweep};

/// What publishing needs besides the table.
pub const NEEDS: &[Need] = &[Need::PublicObjects, Need::PublicationQueue, Need::NoticeQueue];
/// What subscribing and telling subscribers need besides the table.
pub const SUBSCRIBER_NEEDS: &[Need] = &[Need::MasterKey, Need::NoticeQueue, Need::Gateways];
