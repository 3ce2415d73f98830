//! Incidents: opened with their slot, changed under their version, closed with their slot, listed over shards.

use futures_util::{StreamExt, TryStreamExt, future, stream};
use jiff::Timestamp;

use super::Store;
use super::config::{self, Extra, Once};
use super::cursor::{Page, PageRequest, cursor};
use super::deliveries;
use super::keys::{self, IndexKey, Key, SHARDS};
use super::row::{self, Item, Row, Versioned, attribute, text_of};
use super::slots::{self, StoredSlot};
use super::table::{BATCH_KEYS_MAX, Expression, Index, Query, Range, StoreError, Write};
use crate::domain::delivery::Delivery;
use crate::domain::id::{EventId, IncidentId, ServiceId, TeamId};
use crate::domain::incident::{Incident, Status};
use crate::domain::signal::{Content, Signal};
use crate::domain::slot::{Slot, SlotClosed};
use crate::domain::timeline::Event;

/// What came of opening an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "a value that is looked at once and dropped")]
pub enum Opened {
    /// It is open.
    Opened,
    /// Another signal was first; the slot as it left it.
    LostTo(Option<StoredSlot>),
}

/// What came of a write that was decided on one version of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is written.
    Done,
    /// The incident, its slot or one of its deliveries changed meanwhile: read again, decide again.
    Changed,
}

/// Who or what closes an incident, as its slot is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedBy {
    /// A person, a script, a link.
    Hand,
    /// The sender's own resolve.
    Sender,
    /// Silence since this time.
    Silence(Timestamp),
}

/// A changed snapshot of an open incident's group.
#[derive(Debug)]
pub struct TakenIn<'a> {
    /// The slot's key.
    pub slot_key: Key,
    /// The slot that was read.
    pub slot: &'a StoredSlot,
    /// The new snapshot.
    pub signal: &'a Signal,
    /// The incident, where its own row changes, and the version it was read with.
    pub incident: Option<(&'a Incident, u64)>,
    /// What the timeline says about it.
    pub event: Option<&'a Event>,
}

/// Which incidents a list shows. Empty: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Only those that are, or are not, over.
    pub open: Option<bool>,
    /// Only those in this state.
    pub status: Option<Status>,
    /// Only those of this service.
    pub service_id: Option<ServiceId>,
    /// Only those of this team.
    pub team_id: Option<TeamId>,
    /// Only those whose title or service name holds this, whatever its case.
    pub text: Option<String>,
}

/// Incidents that one list request looks at, at the most; a page that would need more is short and has a cursor.
const LOOKED_AT_MAX: usize = 1_000;

/// Batches of incidents under way at once, where many are looked at.
const BATCHES_AT_ONCE: usize = 8;

/// Open incidents of one shard that are looked at when somebody leaves.
const OPEN_MAX: usize = 5_000;

/// How long changes at the sender's side are kept.
const CHANGE_DAYS: i64 = 90;

impl Store {
    /// Opens an incident: its slot, its row and what it shows, all or nothing.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn open_incident(
        &self,
        slot_key: Key,
        slot: &Slot,
        incident: &Incident,
        content: &Content,
    ) -> Result<Opened, StoreError> {
        let free = Expression::new("attribute_not_exists(pk) OR attribute_exists(closed)");
        let writes = vec![
            slots::put(slot_key, slot, 1, free)?,
            Write::Put(incident_row(incident, 1)?, Some(Expression::absent())),
            Write::Put(content_row(incident.id, content)?, None),
        ];
        match self.table.transact(writes).await? {
            Ok(()) => Ok(Opened::Opened),
            Err(mut found) => {
                let slot = if found.is_empty() { None } else { found.swap_remove(0) };
                Ok(Opened::LostTo(slot.map(slots::read).transpose()?))
            }
        }
    }

    /// Opens an incident that a person asked for, once for the key that they chose. Changed: it was opened before.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn open_incident_once(
        &self,
        slot_key: Key,
        slot: &Slot,
        incident: &Incident,
        content: &Content,
        once: Once,
    ) -> Result<Applied, StoreError> {
        let writes = vec![
            slots::put(slot_key, slot, 1, Expression::absent())?,
            Write::Put(incident_row(incident, 1)?, Some(Expression::absent())),
            Write::Put(content_row(incident.id, content)?, None),
            config::extra_write(&Extra::Once(once))?,
        ];
        self.applied(writes).await
    }

    /// Writes a changed snapshot: the slot, what is shown, and, where it matters, the incident.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn take_in(&self, taken: TakenIn<'_>, now: Timestamp) -> Result<Applied, StoreError> {
        let slot = taken.slot.value.took_in(taken.signal, now);
        let unchanged = Expression::version(taken.slot.version);
        let mut writes = vec![
            slots::put(taken.slot_key, &slot, taken.slot.version + 1, unchanged)?,
            Write::Put(content_row(slot.incident_id, &taken.signal.content)?, None),
        ];
        if let Some((incident, version)) = taken.incident {
            writes.push(guarded_put(incident, version)?);
        }
        if let Some(event) = taken.event {
            writes.push(event_put(slot.incident_id, event)?);
        }
        self.applied(writes).await
    }

    /// The incident, read consistently.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn incident(&self, id: IncidentId) -> Result<Option<Versioned<Incident>>, StoreError> {
        self.table.get(&Key::incident(id)).await?.map(read).transpose()
    }

    /// Writes what was decided on `version` of an incident: its new state, new and hastened deliveries, and what the
    /// timeline says, all or nothing.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn apply(
        &self,
        incident: &Incident,
        version: u64,
        (new, hasten): (&[Delivery], &[Delivery]),
        event: Option<&Event>,
    ) -> Result<Applied, StoreError> {
        let mut writes = vec![guarded_put(incident, version)?];
        for delivery in new {
            writes.push(Write::Put(deliveries::row(delivery)?, Some(Expression::absent())));
        }
        for delivery in hasten {
            let waits = Expression::new("stands = :scheduled AND attempts = :attempts")
                .value(":scheduled", row::text("scheduled"))
                .value(":attempts", row::number(delivery.attempts));
            writes.push(Write::Put(deliveries::row(delivery)?, Some(waits)));
        }
        if let Some(event) = event {
            writes.push(event_put(incident.id, event)?);
        }
        self.applied(writes).await
    }

    /// Closes an incident: the one way in which any does. `incident` is its resolved state, decided on `version`.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn close_incident(
        &self,
        incident: &Incident,
        version: u64,
        by: ClosedBy,
        event: &Event,
    ) -> Result<Applied, StoreError> {
        let how = SlotClosed {
            at: event.at,
            by_sender: by == ClosedBy::Sender,
        };
        let seen = match by {
            ClosedBy::Silence(since) => Some(since),
            ClosedBy::Hand | ClosedBy::Sender => None,
        };
        let writes = vec![
            guarded_put(incident, version)?,
            slots::close(Key::slot_of(incident), incident.id, how, seen)?,
            event_put(incident.id, event)?,
        ];
        self.applied(writes).await
    }

    /// Adds to the timeline without touching the incident: a note does not raise its version.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn add_event(&self, incident: IncidentId, event: &Event) -> Result<(), StoreError> {
        let exists = Write::Check(Key::incident(incident), Expression::present());
        match self.applied(vec![exists, event_put(incident, event)?]).await? {
            Applied::Done => Ok(()),
            Applied::Changed => Err(StoreError::Changed),
        }
    }

    /// What an incident shows.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn content(&self, id: IncidentId) -> Result<Content, StoreError> {
        let Some(item) = self.table.get(&Key::content(id)).await? else {
            return Ok(Content::default());
        };
        let broken = |why: String| row::Corrupt {
            pk: text_of(&item, attribute::PK).into(),
            sk: "ALR".into(),
            why,
        };
        serde_json::from_str(text_of(&item, "body")).map_err(|error| broken(error.to_string()).into())
    }

    /// A page of an incident's timeline, newest first, without the opening: the reader adds it to the last page, which
    /// has room for it, since a page that is full always has a cursor.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn timeline(&self, id: IncidentId, page: &PageRequest) -> Result<Page<Event>, StoreError> {
        let partition = keys::incident_partition(id);
        let range = match page.after() {
            None => Range::BeginsWith(keys::EVENT_PREFIX.into()),
            // Below the last one shown, and not below the entries of this kind.
            Some(after) if after > keys::EVENT_PREFIX => Range::Between(keys::EVENT_PREFIX.into(), after.to_owned()),
            Some(_) => {
                return Ok(Page {
                    items: Vec::new(),
                    next: None,
                });
            }
        };
        let limit = page.limit + 1;
        let query = Query {
            index: None,
            partition: &partition,
            range,
            newest_first: true,
            limit,
            start: None,
        };
        let found = self.table.query(query).await?;
        let mut items = found.items;
        items.retain(|item| page.after().is_none_or(|after| text_of(item, attribute::SK) < after));
        // The table answers at most 1 MB at a time: among long notes a short page need not be the last.
        let more = items.len() >= page.limit || found.next.is_some();
        items.truncate(page.limit);
        let next = items
            .last()
            .filter(|_| more)
            .map(|item| cursor(text_of(item, attribute::SK)));
        let items = items
            .into_iter()
            .map(|item| Ok(row::read(item)?.value))
            .collect::<Result<_, StoreError>>()?;
        Ok(Page { items, next })
    }

    /// The beginning of an incident's timeline, oldest first, without the opening.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn timeline_from_the_start(&self, id: IncidentId, limit: usize) -> Result<Vec<Event>, StoreError> {
        let partition = keys::incident_partition(id);
        let query = Query {
            index: None,
            partition: &partition,
            range: Range::BeginsWith(keys::EVENT_PREFIX.into()),
            newest_first: false,
            limit,
            start: None,
        };
        let found = self.table.query(query).await?;
        let events = found.items.into_iter().map(|item| Ok(row::read(item)?.value));
        events.collect()
    }

    /// A page of incidents, newest first.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn incidents(&self, filter: &IncidentFilter, page: &PageRequest) -> Result<Page<Incident>, StoreError> {
        let lists: &[bool] = match (filter.open, filter.status) {
            (Some(true), _) | (_, Some(Status::Triggered | Status::Acknowledged)) => &[true],
            (Some(false), _) | (_, Some(Status::Resolved)) => &[false],
            (None, None) => &[true, false],
        };
        let partitions: Vec<String> = lists
            .iter()
            .flat_map(|open| (0..SHARDS).map(|shard| keys::incidents_partition(*open, shard)))
            .collect();
        let mut found = Vec::new();
        let mut looked_at = 0;
        let mut at = page.clone();
        loop {
            let (candidates, more) = self.table.candidates(&partitions, &at).await?;
            looked_at += candidates.len();
            let last = candidates.last().map(|candidate| candidate.place.clone());
            let wanted = candidates.iter().map(|candidate| Key {
                pk: candidate.pk.clone(),
                sk: "INC".into(),
            });
            let items = self.table.get_many(wanted.collect()).await?;
            let mut incidents = items
                .into_iter()
                .map(|item| Ok(read(item)?.value))
                .collect::<Result<Vec<Incident>, StoreError>>()?;
            incidents.retain(|incident| filter.shows(incident));
            // An incident that closed between two index answers may be in both lists.
            incidents.sort_by_key(|incident| std::cmp::Reverse(incident.id));
            incidents.dedup_by_key(|incident| incident.id);
            found.extend(incidents);
            if found.len() > page.limit {
                found.truncate(page.limit);
                let next = found.last().map(|incident| cursor(&incident.id.to_string()));
                return Ok(Page { items: found, next });
            }
            if !more {
                return Ok(Page {
                    items: found,
                    next: None,
                });
            }
            if looked_at >= LOOKED_AT_MAX || found.len() == page.limit {
                return Ok(Page {
                    items: found,
                    next: last.as_deref().map(cursor),
                });
            }
            at = at.moved(last);
        }
    }

    /// Looks at the incidents that were opened in `[from, until)`, newest first in batches, at `max` of them at the most. Answers
    /// whether these were all.
    ///
    /// Ids sort by the time they were made, so the lists are read for this period alone: one query a list and shard, and
    /// one batch for each hundred incidents.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn incidents_opened(
        &self,
        (from, until): (Timestamp, Timestamp),
        max: usize,
        mut look: impl FnMut(Incident),
    ) -> Result<bool, StoreError> {
        let lists = [true, false]
            .into_iter()
            .flat_map(|open| (0..SHARDS).map(move |shard| (open, shard)));
        let partitions: Vec<String> = lists
            .map(|(open, shard)| keys::incidents_partition(open, shard))
            .collect();
        let range = keys::incidents_opened(from, until);
        let ids = partitions
            .iter()
            .map(|partition| self.newest_of(partition, &range, max + 1));
        let mut ids = future::try_join_all(ids).await?.concat();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        // One that closed between two answers of the index may be in both lists.
        ids.dedup();
        let is_all = ids.len() <= max;
        ids.truncate(max);
        let keys: Vec<Key> = ids.iter().filter_map(|id| id.parse().ok()).map(Key::incident).collect();
        let batches: Vec<Vec<Key>> = keys.chunks(BATCH_KEYS_MAX).map(<[Key]>::to_vec).collect();
        let batches = batches.into_iter().map(|keys| self.table.get_roughly(keys));
        let mut batches = stream::iter(batches).buffered(BATCHES_AT_ONCE);
        while let Some(items) = batches.try_next().await? {
            for item in items {
                look(read(item)?.value);
            }
        }
        Ok(is_all)
    }

    /// The places of a list's newest entries within a range, at most `max`.
    async fn newest_of(
        &self,
        partition: &str,
        (first, last): &(String, String),
        max: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let query = Query {
                index: Some(Index::List),
                partition,
                range: Range::Between(first.clone(), last.clone()),
                newest_first: true,
                limit: max - found.len(),
                start,
            };
            let page = self.table.query(query).await?;
            found.extend(
                page.items
                    .iter()
                    .map(|item| text_of(item, attribute::LIST_SK).to_owned()),
            );
            if page.next.is_none() || found.len() >= max {
                return Ok(found);
            }
            start = page.next;
        }
    }

    /// Every open incident with its version, for whoever goes on to change some: a handful, unless the house is on fire.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn open_incidents(&self) -> Result<Vec<Versioned<Incident>>, StoreError> {
        let range = keys::incidents_opened(Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let partitions: Vec<String> = (0..SHARDS)
            .map(|shard| keys::incidents_partition(true, shard))
            .collect();
        let ids = partitions
            .iter()
            .map(|partition| self.newest_of(partition, &range, OPEN_MAX));
        let ids = future::try_join_all(ids).await?.concat();
        let keys = ids.iter().filter_map(|id| id.parse().ok()).map(Key::incident).collect();
        let found = self.table.get_many(keys).await?.into_iter().map(read);
        let open = found.filter(|found| found.as_ref().map_or(true, |one| one.value.is_open()));
        open.collect()
    }

    /// The counts of each of these incidents: their own once closed, their slot's while open.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn with_counts(&self, mut incidents: Vec<Incident>) -> Result<Vec<Incident>, StoreError> {
        let keys: Vec<Key> = incidents
            .iter()
            .filter(|one| one.counts.is_none())
            .map(Key::slot_of)
            .collect();
        let mut unique = keys.clone();
        unique.sort_by(|a, b| a.pk.cmp(&b.pk));
        unique.dedup();
        let slots = self.slots(unique).await?;
        for incident in incidents.iter_mut().filter(|one| one.counts.is_none()) {
            let key = Key::slot_of(incident);
            let slot = slots.iter().find(|(known, _)| *known == key).map(|(_, slot)| slot);
            incident.counts = slot.and_then(|slot| slot.counts_of(incident.id));
        }
        Ok(incidents)
    }

    /// An incident, its counts and what it shows, or nothing.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn incident_in_full(&self, id: IncidentId) -> Result<Option<(Incident, Content)>, StoreError> {
        let (incident, content) = future::try_join(self.incident(id), self.content(id)).await?;
        let Some(incident) = incident else { return Ok(None) };
        let mut incidents = self.with_counts(vec![incident.value]).await?;
        Ok(incidents.pop().map(|incident| (incident, content)))
    }

    /// Keeps a change at the sender's side on its service's own timeline.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn add_service_event(&self, service: ServiceId, event: &Event) -> Result<(), StoreError> {
        let row = Row::of(Key::service_event(service, event.id), "change", event)?;
        let expires = crate::domain::time::after_seconds(event.at, CHANGE_DAYS * 86_400);
        self.table
            .transact(vec![Write::Put(row.expires(Some(expires)), None)])
            .await
            .map(drop)
    }

    pub(super) async fn applied(&self, writes: Vec<Write>) -> Result<Applied, StoreError> {
        Ok(if self.table.transact(writes).await?.is_ok() {
            Applied::Done
        } else {
            Applied::Changed
        })
    }
}

impl PageRequest {
    /// Whether its cursor, if it has one, came from a list of incidents.
    pub fn continues_incidents(&self) -> bool {
        self.after().is_none_or(|after| after.parse::<IncidentId>().is_ok())
    }

    /// Whether its cursor, if it has one, came from a timeline.
    pub fn continues_timeline(&self) -> bool {
        let is_event = |after: &str| {
            after
                .strip_prefix(keys::EVENT_PREFIX)
                .is_some_and(|id| id.parse::<EventId>().is_ok())
        };
        self.after().is_none_or(is_event)
    }
}

impl IncidentFilter {
    fn shows(&self, incident: &Incident) -> bool {
        self.open.is_none_or(|open| open == incident.is_open())
            && self.status.is_none_or(|status| status == incident.status)
            && self.service_id.is_none_or(|service| service == incident.service_id)
            && self.team_id.is_none_or(|team| Some(team) == incident.team_id)
            && self.text.as_ref().is_none_or(|text| {
                let text = text.to_lowercase();
                [&incident.title, &incident.service_name]
                    .iter()
                    .any(|field| field.to_lowercase().contains(&text))
            })
    }
}

fn incident_row(incident: &Incident, version: u64) -> Result<Row, StoreError> {
    let due = incident.due().map(|at| IndexKey::incident_due(incident.id, at));
    let list = Some(IndexKey::incident(incident.id, incident.is_open()));
    Ok(Row::of(Key::incident(incident.id), "incident", incident)?
        .version(version)
        .list(list)
        .due(due))
}

fn guarded_put(incident: &Incident, version: u64) -> Result<Write, StoreError> {
    Ok(Write::Put(
        incident_row(incident, version + 1)?,
        Some(Expression::version(version)),
    ))
}

/// What is shown is kept as JSON text: it is never asked about, and a map of maps costs more to write and to read.
fn content_row(id: IncidentId, content: &Content) -> Result<Row, StoreError> {
    let body = serde_json::to_string(content).map_err(|error| StoreError::Refused(error.to_string()))?;
    let fields = Item::from([("body".to_owned(), row::text(body))]);
    Ok(Row {
        key: Key::content(id),
        kind: "content",
        version: 1,
        list: None,
        due: None,
        expires: None,
        fields,
    })
}

fn event_put(incident: IncidentId, event: &Event) -> Result<Write, StoreError> {
    Ok(Write::Put(
        Row::of(Key::event(incident, event.id), "event", event)?,
        None,
    ))
}

pub(super) fn read(item: Item) -> Result<Versioned<Incident>, StoreError> {
    Ok(row::read(item)?)
}
