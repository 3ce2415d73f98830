//! The queue of the local home: in memory, since a hint needs no more. To the millisecond, where SQS keeps seconds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::Message;

/// A queue in this process; clones are the same queue.
#[derive(Debug, Clone, Default)]
pub struct MemoryQueue(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<Waits>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waits {
    by_due: BTreeMap<(Timestamp, u64), Waiting>,
    sent: u64,
}

/// A message that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its number: unique in this queue.
    pub id: u64,
    /// The hint, as JSON.
    pub body: String,
    /// How often it has been received.
    pub received: u32,
}

impl MemoryQueue {
    pub(super) fn send(&self, messages: Vec<Message>, now: Timestamp) {
        if messages.is_empty() {
            return;
        }
        let mut waits = self.lock();
        for message in messages {
            waits.sent += 1;
            let id = waits.sent;
            waits.by_due.insert(
                (message.due.max(now), id),
                Waiting {
                    id,
                    body: message.body,
                    received: 0,
                },
            );
        }
        drop(waits);
        self.0.changed.notify_one();
    }

    /// Takes up to `max` messages whose time has come.
    pub fn receive(&self, now: Timestamp, max: usize) -> Vec<Waiting> {
        let mut waits = self.lock();
        let due: Vec<_> = waits
            .by_due
            .range(..=(now, u64::MAX))
            .map(|(key, _)| *key)
            .take(max)
            .collect();
        due.iter()
            .filter_map(|key| waits.by_due.remove(key))
            .map(|waiting| Waiting {
                received: waiting.received + 1,
                ..waiting
            })
            .collect()
    }

    /// Puts a message back whose handling failed, to be received again then.
    pub fn put_back(&self, message: Waiting, at: Timestamp) {
        self.lock().by_due.insert((at, message.id), message);
        self.0.changed.notify_one();
    }

    /// When the next message's time comes.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.lock().by_due.keys().next().map(|(due, _)| *due)
    }

    /// Waits until something was sent.
    pub async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Loses every message, as a queue may.
    pub fn clear(&self) {
        self.lock().by_due.clear();
    }

    /// Messages that wait.
    pub fn len(&self) -> usize {
        self.lock().by_due.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waits> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
