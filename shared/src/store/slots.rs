//! Slots: the one row that a repeat touches.

use super::Store;
use super::keys::Key;
use super::row::{self, Item, Row, Versioned, number, text};
use super::table::{Expression, Guarded, StoreError, Write};
use crate::domain::id::IncidentId;
use crate::domain::limits;
use crate::domain::signal::Signal;
use crate::domain::slot::{Slot, SlotClosed};
use jiff::Timestamp;

/// A slot and the version of its row.
pub type StoredSlot = Versioned<Slot>;

/// What came of counting a repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "a value that is looked at once and dropped")]
pub enum Repeated {
    /// It was one, of this open incident, and it is counted.
    Counted(IncidentId),
    /// It was not, or not to be told in one step; the slot as it is, if there is one.
    Not(Option<StoredSlot>),
}

/// How long a tombstone stays after its incident closed: far longer than any late retry.
const TOMBSTONE_SECONDS: i64 = 86_400;

impl Store {
    /// Counts a trigger that says what the open incident's slot says already: one conditional write, nothing read.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn count_repeat(&self, slot: &Key, signal: &Signal, now: Timestamp) -> Result<Repeated, StoreError> {
        let mut set = Expression::new("SET signal_count = signal_count + :one, v = v + :one, last_signal_at = :now")
            .value(":one", number(1))
            .value(":now", text(now.to_string()));
        let mut condition = Expression::new("attribute_not_exists(closed) AND digest = :digest")
            .value(":digest", text(&signal.digest.0));
        if let Some(event_at) = signal.event_at {
            let newest = Expression::new("(attribute_not_exists(newest_ms) OR newest_ms <= :event)");
            condition.text += &format!(" AND {}", newest.text);
            set.text += ", newest_ms = :event";
            set.values.insert(":event".into(), number(event_at.as_millisecond()));
            if signal.times_are_stable {
                // A repeat with other times is a flap: the slot must be read and the digest remembered.
                condition.text += " AND contains(recent, :timed)";
                condition.values.insert(":timed".into(), text(&signal.timed_digest.0));
            } else {
                condition.text += " AND size(recent) < :untrimmed";
                condition
                    .values
                    .insert(":untrimmed".into(), number(limits::SLOT_DIGESTS_UNTRIMMED_MAX));
                set.text += ", recent = list_append(recent, :timed)";
                let list = aws_sdk_dynamodb::types::AttributeValue::L(vec![text(&signal.timed_digest.0)]);
                set.values.insert(":timed".into(), list);
            }
        }
        match self.table.update(slot, set, condition).await? {
            Guarded::Done(item) => Ok(Repeated::Counted(read(item)?.value.incident_id)),
            Guarded::Refused(item) => Ok(Repeated::Not(item.map(read).transpose()?)),
        }
    }

    /// Counts a signal that shows that the group is alive but says nothing new. False: the slot moved on meanwhile,
    /// and nothing needed to be counted.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn renew_slot(&self, slot: &Key, incident: IncidentId, now: Timestamp) -> Result<bool, StoreError> {
        let set = Expression::new("SET signal_count = signal_count + :one, v = v + :one, last_signal_at = :now")
            .value(":one", number(1))
            .value(":now", text(now.to_string()));
        let condition = Expression::new("attribute_not_exists(closed) AND incident_id = :incident")
            .value(":incident", text(incident.to_string()));
        Ok(matches!(
            self.table.update(slot, set, condition).await?,
            Guarded::Done(_)
        ))
    }

    /// The slot, read consistently.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn slot(&self, slot: &Key) -> Result<Option<StoredSlot>, StoreError> {
        self.table.get(slot).await?.map(read).transpose()
    }

    /// The slots of several groups, read consistently; by key, missing ones left out.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn slots(&self, slots: Vec<Key>) -> Result<Vec<(Key, Slot)>, StoreError> {
        let items = self.table.get_many(slots).await?;
        items
            .into_iter()
            .map(|item| {
                let key = Key {
                    pk: row::text_of(&item, "pk").into(),
                    sk: row::text_of(&item, "sk").into(),
                };
                Ok((key, read(item)?.value))
            })
            .collect()
    }
}

/// The write that puts a slot whole: an open one has no TTL.
pub(super) fn put(key: Key, slot: &Slot, version: u64, condition: Expression) -> Result<Write, StoreError> {
    let mut row = Row::of(key, "slot", slot)?.version(version);
    // Appended to in place: it must be there.
    row.fields
        .entry("recent".into())
        .or_insert_with(|| aws_sdk_dynamodb::types::AttributeValue::L(Vec::new()));
    Ok(Write::Put(row, Some(condition)))
}

/// The write that turns the slot of `incident` into a tombstone, if it is still its slot and, when asked for, if the
/// last signal is still that old.
pub(super) fn close(
    key: Key,
    incident: IncidentId,
    how: SlotClosed,
    last_signal_at: Option<Timestamp>,
) -> Result<Write, StoreError> {
    let closed = serde_dynamo::to_attribute_value(how)
        .map_err(|error| StoreError::Refused(format!("a tombstone cannot be written: {error}")))?;
    let expires = crate::domain::time::after_seconds(how.at, TOMBSTONE_SECONDS).as_second();
    let mut set = Expression::new(format!(
        "SET closed = :closed, v = v + :one, {} = :expires",
        row::attribute::EXPIRES
    ))
    .value(":closed", closed)
    .value(":expires", number(expires))
    .value(":one", number(1));
    if how.by_sender {
        set.text += ", signal_count = signal_count + :one, last_signal_at = :at";
        set.values.insert(":at".into(), text(how.at.to_string()));
    }
    let mut condition = Expression::new("attribute_not_exists(closed) AND incident_id = :incident")
        .value(":incident", text(incident.to_string()));
    if let Some(seen) = last_signal_at {
        condition.text += " AND last_signal_at = :seen";
        condition.values.insert(":seen".into(), text(seen.to_string()));
    }
    Ok(Write::Update { key, set, condition })
}

pub(super) fn read(item: Item) -> Result<StoredSlot, StoreError> {
    Ok(row::read(item)?)
}
