//! Bulletins and notices: news on its way to the subscribers of a page.
//!
//! A bulletin has no lease: every step over it is a transaction over its version, which writes some notices and how far it
//! came. Of two workers one loses and stops. A notice is claimed by one worker at a time, as deliveries are.

use jiff::Timestamp;

use super::Store;
use super::incidents::Applied;
use super::keys::{self, IndexKey, Key};
use super::row::{self, Row, Versioned, number, text};
use super::table::{Expression, Guarded, StoreError, Write};
use crate::domain::limits;
use crate::domain::status::{Bulletin, News, Notice, NoticeKey};
use crate::domain::time::after_seconds;

/// What came of claiming a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeClaim {
    /// It is the caller's until the lease ends. The row says so.
    Claimed(Box<Notice>),
    /// It is not due yet, or another worker has it: due again then.
    NotYet(Timestamp),
    /// Workers took it again and again and never said what came of it; the row as it is.
    Stuck(Box<Notice>),
    /// It has ended, or never was.
    Over,
}

/// One step over a bulletin.
#[derive(Debug)]
pub struct SpreadOver<'a> {
    /// The bulletin as it was read.
    pub before: &'a Versioned<Bulletin>,
    /// What becomes of it.
    pub after: &'a Bulletin,
    /// The notices of this step; at most [`limits::BULLETIN_NOTICES_MAX`].
    pub notices: &'a [Notice],
}

impl Store {
    /// One bulletin.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn bulletin(&self, news: News) -> Result<Option<Versioned<Bulletin>>, StoreError> {
        let item = self.table.get(&Key::bulletin(news)).await?;
        Ok(item.map(row::read).transpose()?)
    }

    /// Writes the notices of one step and how far the bulletin came: all of it, or, if another worker was first, nothing.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn spread(&self, step: SpreadOver<'_>) -> Result<Applied, StoreError> {
        let version = step.before.version;
        let bulletin = bulletin_row(step.after)?.version(version + 1);
        let mut writes = vec![Write::Put(bulletin, Some(Expression::version(version)))];
        for notice in step.notices {
            writes.push(Write::Put(notice_row(notice)?, None));
        }
        self.applied(writes).await
    }

    /// One notice.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn notice(&self, key: &NoticeKey) -> Result<Option<Notice>, StoreError> {
        let item = self.table.get(&Key::notice(key)).await?;
        Ok(item.map(row::read).transpose()?.map(|row| row.value))
    }

    /// Claims a notice for one try: sets its due time to the lease's end and counts the try, in one write.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn claim_notice(&self, key: &NoticeKey, now: Timestamp) -> Result<NoticeClaim, StoreError> {
        let lease_ends = after_seconds(now, limits::DELIVERY_LEASE_SECONDS);
        let lease = self.table.writer();
        let set = Expression::new(
            "SET stands = :sending, lease = :lease, attempts = attempts + :one, unrecorded = unrecorded + :one, \
             due_at = :ends, sk2 = :ends_key",
        )
        .value(":sending", text("sending"))
        .value(":lease", text(&lease))
        .value(":one", number(1))
        .value(":ends", text(lease_ends.to_string()))
        .value(":ends_key", text(IndexKey::notice_due(key, lease_ends).sk));
        let due = Expression::new("attribute_exists(sk2) AND sk2 < :due AND unrecorded < :unrecorded_max")
            .value(":due", text(keys::due_until(now)))
            .value(":unrecorded_max", number(limits::DELIVERY_UNRECORDED_MAX));
        let found: Notice = match self.table.update(&Key::notice(key), set, due).await? {
            Guarded::Done(item) => return Ok(NoticeClaim::Claimed(Box::new(row::read(item)?.value))),
            Guarded::Refused(None) => return Ok(NoticeClaim::Over),
            Guarded::Refused(Some(item)) => row::read(item)?.value,
        };
        Ok(match found.due_at {
            None => NoticeClaim::Over,
            Some(due) if due > now => NoticeClaim::NotYet(due),
            Some(_) => NoticeClaim::Stuck(Box::new(found)),
        })
    }

    /// Records what came of a claimed try. `lease` is the one it was claimed with. False: the lease was lost, and somebody
    /// else says what comes of it.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn record_notice(&self, notice: &Notice, lease: &str) -> Result<bool, StoreError> {
        let mine = Expression::new("lease = :lease").value(":lease", text(lease));
        Ok(matches!(
            self.table.put(notice_row(notice)?, mine).await?,
            Guarded::Done(())
        ))
    }

    /// Records that a notice is stuck, if it is still the row that was read.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn record_stuck_notice(&self, notice: &Notice) -> Result<bool, StoreError> {
        let same = Expression::new("attribute_exists(sk2) AND attempts = :attempts")
            .value(":attempts", number(notice.attempts));
        Ok(matches!(
            self.table.put(notice_row(notice)?, same).await?,
            Guarded::Done(())
        ))
    }
}

/// A bulletin as a row.
pub(super) fn bulletin_row(bulletin: &Bulletin) -> Result<Row, StoreError> {
    let due = bulletin.due_at.map(|at| IndexKey::bulletin_due(bulletin.news, at));
    Ok(Row::of(Key::bulletin(bulletin.news), "bulletin", bulletin)?
        .due(due)
        .expires(Some(bulletin.expires_at())))
}

/// A notice as a row.
pub(super) fn notice_row(notice: &Notice) -> Result<Row, StoreError> {
    let due = notice.due_at.map(|at| IndexKey::notice_due(&notice.key, at));
    Ok(Row::of(Key::notice(&notice.key), "notice", notice)?
        .due(due)
        .expires(Some(notice.expires_at())))
}
