//! Tells subscribers what a page says. Two triggers, one path: the queue's hints and the sweep of every minute both end in
//! [`spread::spread`], which makes a notice for each subscriber of some news, or in [`deliver::deliver`], which sends one: claim the row, check
//! that it is still wanted, send, record.
//!
//! What keeps it from those who are woken at night: a queue, due lists, functions and places of its own, and a pace at which
//! notices are written. What is absent: a list of subscribers in memory; everything goes on from the last row after a crash.

mod deliver;
mod facts;
mod html;
mod message;
mod spread;
mod triggers;
mod webhook;

pub use triggers::{handle_notice_sweep, handle_notices};
