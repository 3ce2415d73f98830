//! How often something was tried, counted over all instances: what keeps passwords from being guessed.
//!
//! The generic cell rate algorithm: one number a row, the time at which it would be as if nothing had ever been tried.

use jiff::Timestamp;

use super::Store;
use super::keys::Key;
use super::row::{Item, attribute, number, text};
use super::table::{Expression, Guarded, StoreError, Write};

/// How often something may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many times at once.
    pub at_once: u32,
    /// Then one more after each of these.
    pub interval_seconds: u32,
}

/// Whether another try is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It is, and was counted.
    Allowed,
    /// It is not: the next is after so many seconds.
    WaitSeconds(u32),
}

const FREE_AT: &str = "free_at_ms";
/// Of tries at the same instant each finds the one before; past this the table is as busy as if it were throttled.
const ROUNDS_MAX: usize = 4;

impl Store {
    /// Counts one try of `what`, if it is allowed. One round trip for whoever has not tried lately, two for others.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn attempt(&self, what: &str, rate: Rate, now: Timestamp) -> Result<Tried, StoreError> {
        let key = Key::attempts(what);
        let now_ms = now.as_millisecond();
        let interval_ms = i64::from(rate.interval_seconds) * 1_000;
        let latest_ms = now_ms + i64::from(rate.at_once.saturating_sub(1)) * interval_ms;
        // Later than any row's time by then.
        let expires = (latest_ms + 2 * interval_ms) / 1_000;
        let set = |value: &str, of_value: i64| {
            let set = format!(
                "SET {FREE_AT} = {value}, {} = :ttl, {} = :kind, v = :v",
                attribute::EXPIRES,
                attribute::KIND
            );
            Expression::new(set)
                .value(":by", number(of_value))
                .value(":ttl", number(expires))
                .value(":kind", text("attempts"))
                .value(":v", number(1))
        };
        for _ in 0..ROUNDS_MAX {
            let free = Expression::new(format!("attribute_not_exists({FREE_AT}) OR {FREE_AT} <= :now"));
            let free = free.value(":now", number(now_ms));
            let found = match self.table.update(&key, set(":by", now_ms + interval_ms), free).await? {
                Guarded::Done(_) => return Ok(Tried::Allowed),
                Guarded::Refused(found) => free_at(found.as_ref()),
            };
            if let Some(free_at_ms) = found.filter(|free_at_ms| *free_at_ms > latest_ms) {
                let seconds = (free_at_ms - latest_ms + 999) / 1_000;
                return Ok(Tried::WaitSeconds(u32::try_from(seconds).unwrap_or(u32::MAX)));
            }
            let busy = Expression::new(format!("{FREE_AT} > :now AND {FREE_AT} <= :latest"))
                .value(":now", number(now_ms))
                .value(":latest", number(latest_ms));
            let more = set(&format!("{FREE_AT} + :by"), interval_ms);
            if let Guarded::Done(_) = self.table.update(&key, more, busy).await? {
                return Ok(Tried::Allowed);
            }
        }
        Err(StoreError::Throttled("others try the same at the same time".into()))
    }

    /// Forgets the tries of `what`: the last one showed that they were not guesses.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn forget_attempts(&self, what: &str) -> Result<(), StoreError> {
        let delete = Write::Delete(Key::attempts(what), Expression::either_way());
        self.table.transact(vec![delete]).await.map(drop)
    }
}

fn free_at(item: Option<&Item>) -> Option<i64> {
    item?.get(FREE_AT)?.as_n().ok()?.parse().ok()
}
