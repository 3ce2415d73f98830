//! How often something may be asked for: so many times a minute, in memory, per key.
//!
//! It keeps one instance and its table from being hammered, no more: a deployment has many instances, each with a count
//! of its own. What must hold over all of them, as for passwords, is counted in the table
//! ([`Store::attempt`](crate::store::Store::attempt)).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// Keys remembered at once. Past that, whoever has been quiet longest is forgotten.
const KEYS_MAX: usize = 10_000;
const WINDOW_SECONDS: u32 = 60;
const WINDOW_MICROSECONDS: i64 = WINDOW_SECONDS as i64 * 1_000_000;

/// So many times a minute and key, all at once or spread out (the generic cell rate algorithm: one number a key).
#[derive(Debug)]
pub struct Limiter<K> {
    a_minute: u32,
    /// When each key would be as if it had never asked, in microseconds since 1970.
    free_at: Mutex<HashMap<K, i64>>,
}

/// What a key may ask for still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// So often at once.
    pub limit: u32,
    /// The seconds after which it may be asked for that often again.
    pub window_seconds: u32,
    /// So often now.
    pub remaining: u32,
    /// It is whole again after so many seconds, if nothing is asked for meanwhile.
    pub reset_seconds: u32,
}

/// Too often: free again after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften(pub u32);

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// At most `a_minute` for each key.
    pub fn new(a_minute: u32) -> Self {
        Self {
            a_minute: a_minute.max(1),
            free_at: Mutex::default(),
        }
    }

    /// Whether `key` may ask at `now`.
    ///
    /// # Errors
    /// After how long it may.
    pub fn check(&self, key: &K, now: Timestamp) -> Result<(), TooOften> {
        let free_at = self.lock().get(key).copied();
        self.allowed(self.after(free_at, now), now).map(drop)
    }

    /// Counts one against `key`.
    pub fn count(&self, key: K, now: Timestamp) {
        let mut kept = self.lock();
        let free_at = self.after(kept.get(&key).copied(), now);
        keep(&mut kept, key, free_at, now);
    }

    /// Asks, and counts it if it is allowed.
    ///
    /// # Errors
    /// After how long it may.
    pub fn take(&self, key: K, now: Timestamp) -> Result<Allowance, TooOften> {
        // Under one lock: of those who ask at once, no more are let through than may be.
        let mut kept = self.lock();
        let free_at = self.after(kept.get(&key).copied(), now);
        let allowance = self.allowed(free_at, now)?;
        keep(&mut kept, key, free_at, now);
        Ok(allowance)
    }

    /// What is left to a key that has nothing left.
    pub fn exhausted(&self) -> Allowance {
        Allowance {
            limit: self.a_minute,
            window_seconds: WINDOW_SECONDS,
            remaining: 0,
            reset_seconds: WINDOW_SECONDS,
        }
    }

    /// When a key would be free again after asking once more at `now`: at most once more than it may, however often it is
    /// counted. A time further ahead than that is of a clock that was set back since: it locks nobody out.
    fn after(&self, free_at: Option<i64>, now: Timestamp) -> i64 {
        let now = now.as_microsecond();
        let latest = now + WINDOW_MICROSECONDS + self.interval();
        let free_at = free_at.filter(|at| *at <= latest).unwrap_or(now).max(now);
        (free_at + self.interval()).min(latest)
    }

    /// What is left to a key that would be free at `free_at`.
    fn allowed(&self, free_at: i64, now: Timestamp) -> Result<Allowance, TooOften> {
        let busy = free_at - now.as_microsecond();
        let left = WINDOW_MICROSECONDS - busy;
        if left < 0 {
            return Err(TooOften(seconds(-left)));
        }
        Ok(Allowance {
            remaining: u32::try_from(left / self.interval()).unwrap_or(u32::MAX),
            reset_seconds: seconds(busy),
            ..self.exhausted()
        })
    }

    fn interval(&self) -> i64 {
        WINDOW_MICROSECONDS / i64::from(self.a_minute)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, i64>> {
        self.free_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a key's time, and forgets others' where there is no room.
fn keep<K: Hash + Eq + Clone>(kept: &mut HashMap<K, i64>, key: K, free_at: i64, now: Timestamp) {
    if kept.len() >= KEYS_MAX && !kept.contains_key(&key) {
        kept.retain(|_, free_at| *free_at > now.as_microsecond());
    }
    if kept.len() >= KEYS_MAX && !kept.contains_key(&key) {
        let quietest = kept.iter().min_by_key(|(_, free_at)| **free_at);
        quietest.map(|(key, _)| key.clone()).map(|key| kept.remove(&key));
    }
    kept.insert(key, free_at);
}

/// Rounded up.
fn seconds(microseconds: i64) -> u32 {
    u32::try_from((microseconds + 999_999) / 1_000_000).unwrap_or(u32::MAX)
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
            assert!(limiter.take("a", at(0)).is_ok());
        }
        assert_eq!(limiter.take("a", at(0)), Err(TooOften(2)));
        assert_eq!(limiter.take("a", at(1_999)), Err(TooOften(1)));
        assert!(limiter.take("b", at(0)).is_ok(), "others are not held back");
        assert!(limiter.take("a", at(2_000)).is_ok());
        assert_eq!(limiter.take("a", at(2_000)), Err(TooOften(2)));
        for _ in 0..30 {
            assert!(limiter.take("a", at(62_000)).is_ok());
        }
        assert!(limiter.take("a", at(62_000)).is_err());
    }

    #[test]
    fn what_is_left_is_told() {
        let limiter = Limiter::new(960);
        let left = |remaining, reset_seconds| Allowance {
            limit: 960,
            window_seconds: 60,
            remaining,
            reset_seconds,
        };
        assert_eq!(limiter.take("a", at(0)), Ok(left(959, 1)));
        for _ in 0..958 {
            limiter.take("a", at(0)).unwrap();
        }
        assert_eq!(limiter.take("a", at(0)), Ok(left(0, 60)));
        assert_eq!(limiter.take("a", at(0)), Err(TooOften(1)));
        assert_eq!(limiter.take("a", at(30_000)), Ok(left(479, 31)));
        assert_eq!(limiter.take("a", at(120_000)), Ok(left(959, 1)));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let limiter = Limiter::new(2);
        limiter.count("a", at(0));
        limiter.count("a", at(0));
        let before = at(0).checked_sub(48.hours()).unwrap();
        assert!(limiter.take("a", before).is_ok() && limiter.take("a", before).is_ok());
        assert_eq!(limiter.check(&"a", before).unwrap_err(), TooOften(30));
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
        assert_eq!(limiter.free_at.lock().unwrap().len(), KEYS_MAX);
        assert!(limiter.check(&0, at(1)).is_err());
        // However often it is counted, it stays counted.
        limiter.count(0, at(1));
        limiter.count(0, at(1));
        assert!(limiter.check(&0, at(1)).is_err());
        // A minute later all are free, and room is made at once.
        limiter.count(usize::MAX, at(200_000));
        assert_eq!(limiter.free_at.lock().unwrap().len(), 1);
    }
}
