//! Deliveries: claimed by one worker at a time, recorded only by the one that has them.

use jiff::Timestamp;

use super::Store;
use super::keys::{self, IndexKey, Key};
use super::row::{self, Item, Row, attribute, number, text, text_of};
use super::table::{Expression, Guarded, Index, Query, Range, StoreError, Write};
use crate::domain::delivery::{Delivery, DeliveryKey, DeliveryState, Part, Subject};
use crate::domain::id::IncidentId;
use crate::domain::limits;
use crate::domain::time::after_seconds;

/// What came of claiming a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's until the lease ends. The row says so.
    Claimed(Box<Delivery>),
    /// It is not due yet, or another worker has it: due again then.
    NotYet(Timestamp),
    /// Workers took it again and again and never said what came of it; the row as it is.
    Stuck(Box<Delivery>),
    /// It has ended, or never was.
    Over,
}

/// What a link in a message leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTarget {
    /// The delivery it was in.
    pub delivery: Delivery,
}

/// Deliveries of one incident that are read at the most: 10 runs of 10 steps of 80, and notices.
const ROWS_READ_MAX: usize = 10_000;
const ROWS_PER_QUERY: usize = 500;

/// How long it is known what came of a test message.
const TEST_DAYS: i64 = 7;

impl Store {
    /// Claims a delivery for one try: sets its due time to the lease's end and counts the try, in one write.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn claim(&self, key: &DeliveryKey, now: Timestamp) -> Result<Claim, StoreError> {
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
        .value(":ends_key", text(keys::delivery_due_sort(key, lease_ends)));
        let due = Expression::new("attribute_exists(sk2) AND sk2 < :due AND unrecorded < :unrecorded_max")
            .value(":due", text(keys::due_until(now)))
            .value(":unrecorded_max", number(limits::DELIVERY_UNRECORDED_MAX));
        let found = match self.table.update(&Key::delivery(key), set, due).await? {
            Guarded::Done(item) => return Ok(Claim::Claimed(Box::new(read(item)?))),
            Guarded::Refused(None) => return Ok(Claim::Over),
            Guarded::Refused(Some(item)) => read(item)?,
        };
        Ok(match found.due_at {
            None => Claim::Over,
            Some(due) if due > now => Claim::NotYet(due),
            Some(_) => Claim::Stuck(Box::new(found)),
        })
    }

    /// Records what came of a claimed try. `delivery` is the row after [`Delivery::record`]; `lease` is the one it was
    /// claimed with. False: the lease was lost, and somebody else says what comes of it.
    ///
    /// A page that failed for good sets its incident due in the same transaction, so that the next contact or the next
    /// step is tried at once.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn record(&self, delivery: &Delivery, lease: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mine = Expression::new("lease = :lease").value(":lease", text(lease));
        self.write_outcome(delivery, mine, now).await
    }

    /// Records that a delivery is stuck, if it is still the row that was read.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn record_stuck(&self, delivery: &Delivery, now: Timestamp) -> Result<bool, StoreError> {
        let same = Expression::new("attribute_exists(sk2) AND attempts = :attempts")
            .value(":attempts", number(delivery.attempts));
        self.write_outcome(delivery, same, now).await
    }

    async fn write_outcome(
        &self,
        delivery: &Delivery,
        condition: Expression,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = row(delivery)?;
        let incident = match delivery.key.subject {
            Subject::Incident(id) if delivery.state.is_final_failure() && delivery.key.part.is_page() => id,
            _ => return Ok(matches!(self.table.put(row, condition).await?, Guarded::Done(()))),
        };
        let writes = vec![Write::Put(row, Some(condition)), wake(incident, now)];
        Ok(self.table.transact(writes).await?.is_ok())
    }

    /// The deliveries of one step of an incident.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn step_deliveries(
        &self,
        id: IncidentId,
        (epoch, cycle, step): (u32, u32, u32),
    ) -> Result<Vec<Delivery>, StoreError> {
        let prefix = crate::domain::delivery::step_prefix(epoch, cycle, step);
        self.deliveries(Subject::Incident(id), Range::BeginsWith(prefix)).await
    }

    /// Every delivery of a subject, in the order of their steps.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn all_deliveries(&self, subject: Subject) -> Result<Vec<Delivery>, StoreError> {
        self.deliveries(subject, Range::All).await
    }

    async fn deliveries(&self, subject: Subject, range: Range) -> Result<Vec<Delivery>, StoreError> {
        let partition = keys::deliveries_of(subject);
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let (range, limit) = (range.clone(), ROWS_PER_QUERY);
            let query = Query {
                index: None,
                partition: &partition,
                range,
                newest_first: false,
                limit,
                start,
            };
            let page = self.table.query(query).await?;
            for item in page.items {
                found.push(read(item)?);
            }
            if page.next.is_none() || found.len() >= ROWS_READ_MAX {
                return Ok(found);
            }
            start = page.next;
        }
    }

    /// Adds one delivery that follows from no plan: a verification, a test. An equal one that is there already stays.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn add_delivery(&self, delivery: &Delivery) -> Result<(), StoreError> {
        self.table.put(row(delivery)?, Expression::absent()).await.map(drop)
    }

    /// What the link with this code's hash leads to. Expiry is the caller's to judge.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn by_link(&self, code_hash: &str) -> Result<Option<LinkTarget>, StoreError> {
        let partition = keys::link_partition(code_hash);
        let (index, range, newest_first, limit, start) = (Some(Index::List), Range::All, true, 1, None);
        let query = Query {
            index,
            partition: &partition,
            range,
            newest_first,
            limit,
            start,
        };
        let Some(candidate) = self.table.query(query).await?.items.into_iter().next() else {
            return Ok(None);
        };
        let key = Key {
            pk: text_of(&candidate, attribute::PK).into(),
            sk: text_of(&candidate, attribute::SK).into(),
        };
        let Some(item) = self.table.get(&key).await? else {
            return Ok(None);
        };
        let delivery = read(item)?;
        Ok((delivery.link_hash.as_deref() == Some(code_hash)).then_some(LinkTarget { delivery }))
    }
}

/// The write that sets an incident due, whatever its version, and raises it: a plan decided before is decided again.
fn wake(id: IncidentId, now: Timestamp) -> Write {
    let due = IndexKey::incident_due(id, now);
    let set = Expression::new("SET wake_at = :now, v = v + :one, pk2 = :due_pk, sk2 = :due_sk REMOVE backoff")
        .value(":now", text(now.to_string()))
        .value(":one", number(1))
        .value(":due_pk", text(due.pk))
        .value(":due_sk", text(due.sk));
    Write::Update {
        key: Key::incident(id),
        set,
        condition: Expression::present(),
    }
}

/// A delivery as a row.
pub(super) fn row(delivery: &Delivery) -> Result<Row, StoreError> {
    let due = delivery.due_at.map(|at| IndexKey::delivery_due(&delivery.key, at));
    let list = delivery
        .link_hash
        .as_ref()
        .map(|hash| IndexKey::link(hash, &delivery.key));
    // Whoever has no account can ask for a link into one: those messages go when their links do.
    let expires = match delivery.key.part {
        Part::Account(purpose, _) => Some(after_seconds(delivery.created_at, purpose.seconds())),
        Part::Test(_) => Some(after_seconds(delivery.created_at, TEST_DAYS * 86_400)),
        _ => None,
    };
    Ok(Row::of(Key::delivery(&delivery.key), "delivery", delivery)?
        .due(due)
        .list(list)
        .expires(expires))
}

fn read(item: Item) -> Result<Delivery, StoreError> {
    let (pk, sk) = (
        text_of(&item, attribute::PK).to_owned(),
        text_of(&item, attribute::SK).to_owned(),
    );
    let key = keys::parse_delivery(&pk, &sk).map_err(|error| row::Corrupt {
        pk,
        sk,
        why: error.to_string(),
    })?;
    let delivery: Delivery = row::read(item)?.value;
    debug_assert!(delivery.state != DeliveryState::Sending || delivery.lease.is_some());
    Ok(Delivery { key, ..delivery })
}
