//! When senders were last heard: noted at most once a minute for each, by each process, beside the write that the sender waits
//! for. Nothing depends on it; a note that fails is made with the next signal.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::domain::id::IntegrationId;
use crate::domain::time::after_seconds;
use crate::store::Store;

/// How long a note is fresh enough.
const FRESH_SECONDS: i64 = 60;
/// Senders remembered at once.
const SENDERS_MAX: usize = 10_000;

/// The notes that this process made lately.
#[derive(Debug, Default)]
pub struct Received(Mutex<HashMap<IntegrationId, Timestamp>>);

impl Received {
    /// Notes that this integration received something at `now`, unless that was noted a moment ago.
    pub async fn note(&self, store: &Store, id: IntegrationId, now: Timestamp) {
        if !self.begin(id, now) {
            return;
        }
        if let Err(error) = store.note_received(id, now).await {
            tracing::warn!(integration_id = %id, %error, "it was not noted that something was received");
            self.lock().remove(&id);
        }
    }

    fn begin(&self, id: IntegrationId, now: Timestamp) -> bool {
        let mut noted = self.lock();
        let is_fresh = |at: Timestamp| now >= at && now < after_seconds(at, FRESH_SECONDS);
        if noted.get(&id).is_some_and(|at| is_fresh(*at)) {
            return false;
        }
        if noted.len() >= SENDERS_MAX {
            noted.retain(|_, at| is_fresh(*at));
        }
        if noted.len() < SENDERS_MAX {
            noted.insert(id, now);
        }
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<IntegrationId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_note_a_minute_and_sender() {
        let (received, now) = (Received::default(), "2026-01-01T00:00:00Z".parse().unwrap());
        let (one, other) = (ulid::Ulid::from_parts(1, 1).into(), ulid::Ulid::from_parts(1, 2).into());
        assert!(received.begin(one, now) && received.begin(other, now));
        assert!(!received.begin(one, after_seconds(now, 59)));
        assert!(received.begin(one, after_seconds(now, 60)));
    }
}
