//! Arithmetic on instants that cannot fail, and the one precision in which instants are kept.

use jiff::{SignedDuration, Timestamp};

/// `at` plus so many seconds, held at the end of time instead of overflowing.
pub fn after_seconds(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

/// `at` in whole milliseconds, rounded down: the precision of keys and of ids, so that a row and its keys agree.
pub fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// The earlier of two optional instants.
pub fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
