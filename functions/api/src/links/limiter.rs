//! How often something may be asked for: so many times a minute, in memory, per key.
//!
//! It keeps one instance and its table from being hammered, no more: a deployment has many instances, each with a count
//! of its own, and what keeps codes from being guessed is their 80 bits. It holds back nobody with a good link because
//! of others with bad ones, save those behind the very same address.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Keys remembered at once. Past that, whoever has been quiet longest is forgotten.
const KEYS_MAX: usize = 10_000;
const WINDOW_MILLISECONDS: i64 = 60_000;

/// So many times a minute and key, all at once or spread out (the generic cell rate algorithm: one number a key).
#[derive(Debug)]
pub struct Limiter<K> {
    interval_ms: i64,
    /// When each key would be as if it had never asked.
    free_at_ms: Mutex<HashMap<K, i64>>,
}

/// Too often: free again after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften(pub u32);

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// At most `a_minute` for each key.
    pub fn new(a_minute: u32) -> Self {
        Self {
            interval_ms: WINDOW_MILLISECONDS / i64::from(a_minute.max(1)),
            free_at_ms: Mutex::default(),
        }
    }

    /// Whether `key` may ask at `now`.
    ///
    /// # Errors
    /// After how long it may.
    pub fn check(&self, key: &K, now: Timestamp) -> Result<(), TooOften> {
        let free_at = self
            .free_at_ms
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .copied();
        let wait = self.after(free_at, now) - (now.as_millisecond() + WINDOW_MILLISECONDS);
        if wait <= 0 {
            Ok(())
        } else {
            Err(TooOften(u32::try_from((wait + 999) / 1_000).unwrap_or(u32::MAX)))
        }
    }

    /// Counts one against `key`.
    pub fn count(&self, key: K, now: Timestamp) {
        let mut free_at_ms = self.free_at_ms.lock().unwrap_or_else(PoisonError::into_inner);
        let next = self.after(free_at_ms.get(&key).copied(), now);
        if free_at_ms.len() >= KEYS_MAX && !free_at_ms.contains_key(&key) {
            free_at_ms.retain(|_, free_at| *free_at > now.as_millisecond());
        }
        if free_at_ms.len() >= KEYS_MAX && !free_at_ms.contains_key(&key) {
            let quietest = free_at_ms
                .iter()
                .min_by_key(|(_, free_at)| **free_at)
                .map(|(key, _)| key.clone());
            quietest.map(|key| free_at_ms.remove(&key));
        }
        free_at_ms.insert(key, next);
    }

    /// Asks, and counts it if it is allowed.
    ///
    /// # Errors
    /// After how long it may.
    pub fn take(&self, key: K, now: Timestamp) -> Result<(), TooOften> {
        self.check(&key, now)?;
        self.count(key, now);
        Ok(())
    }

    /// When a key would be free again after asking once more at `now`. A clock that was set back locks nobody out.
    fn after(&self, free_at: Option<i64>, now: Timestamp) -> i64 {
        let now = now.as_millisecond();
        free_at.unwrap_or(now).clamp(now, now + WINDOW_MILLISECONDS) + self.interval_ms
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_770_084_720_000 + milliseconds).unwrap()
    }

    #[test]
    fn thirty_at_once_then_one_every_two_seconds() {
        let limiter = Limiter::new(30);
        for _ in 0..30 {
            assert_eq!(limiter.take("a", at(0)), Ok(()));
        }
        assert_eq!(limiter.take("a", at(0)), Err(TooOften(2)));
        assert_eq!(limiter.take("a", at(1_999)), Err(TooOften(1)));
        assert_eq!(limiter.take("b", at(0)), Ok(()), "others are not held back");
        assert_eq!(limiter.take("a", at(2_000)), Ok(()));
        assert_eq!(limiter.take("a", at(2_000)), Err(TooOften(2)));
        for _ in 0..30 {
            assert_eq!(limiter.take("a", at(62_000)), Ok(()));
        }
        assert!(limiter.take("a", at(62_000)).is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let limiter = Limiter::new(2);
        limiter.count("a", at(0));
        limiter.count("a", at(0));
        let before = at(0).checked_sub(48.hours()).unwrap();
        assert_eq!(limiter.check(&"a", before), Err(TooOften(30)));
    }

    #[test]
    fn memory_is_bounded_and_the_busy_are_remembered() {
        let limiter = Limiter::new(1);
        for key in 0..KEYS_MAX {
            limiter.count(key, at(0));
        }
        limiter.count(0, at(1));
        for key in KEYS_MAX..KEYS_MAX + 50 {
            limiter.count(key, at(1));
        }
        assert_eq!(limiter.free_at_ms.lock().unwrap().len(), KEYS_MAX);
        assert!(limiter.check(&0, at(1)).is_err());
        // A minute later all are free, and room is made at once.
        limiter.count(usize::MAX, at(200_000));
        assert_eq!(limiter.free_at_ms.lock().unwrap().len(), 1);
    }
}
