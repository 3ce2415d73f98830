//! Taking in one signal: the way from a sender's words to an incident, whoever brings them (a webhook, the test button).
//!
//! A repeat is one conditional write. Everything else is decided by [`judge`] on the slot that write found, and guarded
//! by it; who loses a race reads again and decides again, three times, and then asks the sender to retry.

mod received;
mod sources;

use jiff::Timestamp;

use crate::ctx::Ctx;
use crate::domain::id::{EventId, IncidentId, SignalId};
use crate::domain::incident::{Act, Incident};
use crate::domain::service::Urgency;
use crate::domain::signal::{Action, Signal};
use crate::domain::slot::{Ignored, Slot, Verdict, judge};
use crate::domain::timeline::{Event, EventKind, Resolution};
use crate::metrics;
use crate::store::keys::Key;
use crate::store::{Applied, ClosedBy, Opened, Repeated, StoreError, StoredSlot, TakenIn, Versioned};

pub use received::Received;
pub use sources::{Source, Sources};

/// What came of a signal. Each is durably stored before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It opened this incident.
    Created(IncidentId),
    /// It was taken into this one.
    Merged(IncidentId),
    /// It acknowledged this one.
    Acknowledged(IncidentId),
    /// It resolved this one.
    Resolved(IncidentId),
    /// It was accepted and dropped.
    Ignored(Ignored),
}

impl Outcome {
    /// The incident it was about, if there was one.
    pub fn incident_id(self) -> Option<IncidentId> {
        match self {
            Self::Created(id) | Self::Merged(id) | Self::Acknowledged(id) | Self::Resolved(id) => Some(id),
            Self::Ignored(_) => None,
        }
    }

    /// The word for it on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::Merged(_) => "merged",
            Self::Acknowledged(_) => "acknowledged",
            Self::Resolved(_) => "resolved",
            Self::Ignored(_) => "ignored",
        }
    }
}

/// How often a race may be lost before the sender is asked to retry.
const ROUNDS_MAX: u32 = 3;

/// Takes in one signal of a source.
///
/// # Errors
/// When the table does not answer, or too many signals of the group race. Nothing is half-written then.
pub async fn accept(ctx: &Ctx, source: &Source, signal: &Signal, now: Timestamp) -> Result<Outcome, StoreError> {
    let intake = Intake {
        ctx,
        source,
        signal,
        now,
        id: SignalId(ctx.random.ulid(now)),
        slot_key: Key::slot(&source.integration.id.to_string(), &signal.group_key),
    };
    let outcome = intake.run().await?;
    metrics::signal(outcome.as_str());
    tracing::info!(
        correlation_id = %intake.id,
        integration_id = %source.integration.id,
        incident_id = outcome.incident_id().map(tracing::field::display),
        outcome = outcome.as_str(),
        "signal accepted"
    );
    Ok(outcome)
}

/// The same for a signal that came from its sender: that it came is noted beside.
///
/// # Errors
/// Those of [`accept`].
pub async fn receive(ctx: &Ctx, source: &Source, signal: &Signal, now: Timestamp) -> Result<Outcome, StoreError> {
    let noted = ctx.received().note(&ctx.store, source.integration.id, now);
    let (outcome, ()) = futures_util::join!(accept(ctx, source, signal, now), noted);
    outcome
}

struct Intake<'a> {
    ctx: &'a Ctx,
    source: &'a Source,
    signal: &'a Signal,
    now: Timestamp,
    id: SignalId,
    slot_key: Key,
}

impl Intake<'_> {
    async fn run(&self) -> Result<Outcome, StoreError> {
        let store = &self.ctx.store;
        let mut slot = match self.signal.action {
            Action::Trigger => match store.count_repeat(&self.slot_key, self.signal, self.now).await? {
                Repeated::Counted(incident) => return Ok(Outcome::Merged(incident)),
                Repeated::Not(slot) => slot,
            },
            Action::Acknowledge | Action::Resolve => store.slot(&self.slot_key).await?,
        };
        for _ in 0..ROUNDS_MAX {
            if let Some(outcome) = self.once(&mut slot).await? {
                return Ok(outcome);
            }
        }
        Err(StoreError::Changed)
    }

    /// One round. None: a race was lost, and `slot` is what the winner left.
    async fn once(&self, slot: &mut Option<StoredSlot>) -> Result<Option<Outcome>, StoreError> {
        match judge(slot.as_ref().map(|slot| &slot.value), self.signal, self.now) {
            Verdict::Open => match self.open(slot.as_ref()).await? {
                (id, Opened::Opened) => return Ok(Some(Outcome::Created(id))),
                (_, Opened::LostTo(Some(winner))) => *slot = Some(winner),
                (_, Opened::LostTo(None)) => *slot = self.ctx.store.slot(&self.slot_key).await?,
            },
            // Counting needs no version, so that any number of repeats can be counted at once. What cannot be counted
            // so (the slot's digests need a trim) is taken in like a change.
            Verdict::Repeat(_) if !self.needs_trim(slot.as_ref()) => {
                match self
                    .ctx
                    .store
                    .count_repeat(&self.slot_key, self.signal, self.now)
                    .await?
                {
                    Repeated::Counted(incident) => return Ok(Some(Outcome::Merged(incident))),
                    Repeated::Not(found) => *slot = found,
                }
            }
            Verdict::Repeat(id) | Verdict::Changed(id) => {
                let known = slot.as_ref().ok_or(StoreError::Changed)?;
                if self.take_in(id, known).await? == Applied::Done {
                    return Ok(Some(Outcome::Merged(id)));
                }
                *slot = self.ctx.store.slot(&self.slot_key).await?;
            }
            Verdict::Acknowledge(id) => {
                if self.acknowledge(id).await? == Applied::Done {
                    return Ok(Some(Outcome::Acknowledged(id)));
                }
                *slot = self.ctx.store.slot(&self.slot_key).await?;
            }
            Verdict::Resolve(id) => {
                let known = slot.as_ref().ok_or(StoreError::Changed)?;
                if self.resolve(id, known).await? == Applied::Done {
                    return Ok(Some(Outcome::Resolved(id)));
                }
                *slot = self.ctx.store.slot(&self.slot_key).await?;
            }
            Verdict::Ignored { why, seen } => {
                if let Some(incident) = seen {
                    self.ctx.store.renew_slot(&self.slot_key, incident, self.now).await?;
                }
                return Ok(Some(Outcome::Ignored(why)));
            }
        }
        Ok(None)
    }

    fn needs_trim(&self, slot: Option<&StoredSlot>) -> bool {
        slot.is_some_and(|slot| !slot.value.can_count(self.signal))
    }

    async fn open(&self, before: Option<&StoredSlot>) -> Result<(IncidentId, Opened), StoreError> {
        let Source {
            integration,
            service,
            policy,
        } = self.source;
        let id = IncidentId(self.ctx.random.ulid(self.now));
        let incident = Incident::open(
            (id, self.id),
            service,
            Some(integration.id),
            self.signal,
            policy.as_ref(),
            self.now,
        );
        let slot = Slot::opened(id, self.signal, before.map(|slot| &slot.value), self.now);
        let opened = self
            .ctx
            .store
            .open_incident(self.slot_key.clone(), &slot, &incident, &self.signal.content)
            .await?;
        Ok((id, opened))
    }

    async fn take_in(&self, id: IncidentId, slot: &StoredSlot) -> Result<Applied, StoreError> {
        let Some(incident) = self.open_incident(id).await? else {
            return Ok(Applied::Changed);
        };
        let mut next = incident.value.clone();
        let urgency: Urgency = self.source.service.urgency.urgency(self.signal.severity);
        let changed = next.take_in(self.signal, urgency, self.now);
        let event = changed.clone().flatten().map(|kind| self.event(kind));
        let taken = TakenIn {
            slot_key: self.slot_key.clone(),
            slot,
            signal: self.signal,
            incident: changed.is_some().then_some((&next, incident.version)),
            event: event.as_ref(),
        };
        self.ctx.store.take_in(taken, self.now).await
    }

    async fn acknowledge(&self, id: IncidentId) -> Result<Applied, StoreError> {
        let Some(mut incident) = self.open_incident(id).await? else {
            return Ok(Applied::Changed);
        };
        let Some(kind) = incident
            .value
            .act(Act::Acknowledge, &self.source.integration.actor(), self.now)
        else {
            return Ok(Applied::Done);
        };
        self.ctx
            .store
            .apply(&incident.value, incident.version, (&[], &[]), Some(&self.event(kind)))
            .await
    }

    async fn resolve(&self, id: IncidentId, slot: &StoredSlot) -> Result<Applied, StoreError> {
        let Some(mut incident) = self.open_incident(id).await? else {
            return Ok(Applied::Changed);
        };
        let mut counts = slot.value.counts();
        counts.signal_count += 1;
        counts.last_signal_at = self.now;
        let by = self.source.integration.actor();
        let Some(kind) = incident.value.close(Resolution::BySender, &by, Some(counts), self.now) else {
            return Ok(Applied::Changed);
        };
        self.ctx
            .store
            .close_incident(&incident.value, incident.version, ClosedBy::Sender, &self.event(kind))
            .await
    }

    /// The incident that a slot calls open. None: it closed since the slot was read.
    async fn open_incident(&self, id: IncidentId) -> Result<Option<Versioned<Incident>>, StoreError> {
        Ok(self
            .ctx
            .store
            .incident(id)
            .await?
            .filter(|incident| incident.value.is_open()))
    }

    fn event(&self, kind: EventKind) -> Event {
        let id = EventId(self.ctx.random.ulid(self.now));
        Event {
            id,
            at: self.now,
            actor: self.source.integration.actor(),
            kind,
        }
    }
}
