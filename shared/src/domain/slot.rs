//! The slot: which incident is open for one (origin, group key), and what the next signal of that group means for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::IncidentId;
use super::incident::Counts;
use super::limits;
use super::signal::{Action, Digest, Signal};
use super::time::after_seconds;

/// The state of one group of one integration. When its incident closes it stays, as a tombstone that tells late
/// retries; opening again replaces it whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The incident that is open, or was last.
    pub incident_id: IncidentId,
    /// How it closed; none while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<SlotClosed>,
    /// Signals that this incident took in.
    pub signal_count: u64,
    /// When the last of them came.
    pub last_signal_at: Timestamp,
    /// Alerts in the last snapshot.
    pub alert_count: u64,
    /// What the last snapshot said.
    pub digest: Digest,
    /// The last accepted events that carried a time, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<Digest>,
    /// The newest event time accepted, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_ms: Option<i64>,
    /// The counts of the incident before this one: it may have closed without reading them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
}

/// What a slot keeps of the incident before its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Which incident.
    pub incident_id: IncidentId,
    /// Its counts.
    pub counts: Counts,
}

/// How a slot's incident closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotClosed {
    /// When.
    pub at: Timestamp,
    /// Whether the sender's own resolve closed it: only then are late retries of older triggers recognised.
    pub by_sender: bool,
}

/// What a signal means, given the slot of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is open: open an incident.
    Open,
    /// The same snapshot again: count it.
    Repeat(IncidentId),
    /// A new snapshot of what is open: replace what is shown.
    Changed(IncidentId),
    /// The sender says that somebody took it.
    Acknowledge(IncidentId),
    /// The sender says that it is over.
    Resolve(IncidentId),
    /// Older than what is known: kept out. If `seen` is set, it still shows that this open incident's group is alive.
    Ignored {
        /// Why, for the answer and the log.
        why: Ignored,
        /// The open incident whose last-seen time it renews.
        seen: Option<IncidentId>,
    },
}

/// Why a signal was accepted and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// An acknowledge or resolve for something that is not open, as senders expect.
    NothingOpen,
    /// A trigger that the sender had sent before its own resolve, delivered late.
    LateRetry,
    /// Its event time is older than the newest accepted.
    OutOfOrder,
}

/// What `signal` means for the group whose slot is `slot`.
pub fn judge(slot: Option<&Slot>, signal: &Signal, now: Timestamp) -> Verdict {
    let open = slot.filter(|slot| slot.closed.is_none());
    match (signal.action, open) {
        (Action::Trigger, None) if slot.is_some_and(|slot| slot.is_late_retry(signal, now)) => Verdict::Ignored {
            why: Ignored::LateRetry,
            seen: None,
        },
        (Action::Trigger, None) => Verdict::Open,
        (Action::Acknowledge | Action::Resolve, None) => Verdict::Ignored {
            why: Ignored::NothingOpen,
            seen: None,
        },
        (Action::Trigger, Some(slot)) if slot.is_newer_than(signal) => Verdict::Ignored {
            why: Ignored::OutOfOrder,
            seen: Some(slot.incident_id),
        },
        (Action::Trigger, Some(slot)) if slot.digest == signal.digest => Verdict::Repeat(slot.incident_id),
        (Action::Trigger, Some(slot)) => Verdict::Changed(slot.incident_id),
        (Action::Acknowledge, Some(slot)) => Verdict::Acknowledge(slot.incident_id),
        (Action::Resolve, Some(slot)) if slot.is_newer_than(signal) => Verdict::Ignored {
            why: Ignored::OutOfOrder,
            seen: None,
        },
        (Action::Resolve, Some(slot)) => Verdict::Resolve(slot.incident_id),
    }
}

impl Slot {
    /// The slot of an incident that `signal` opens.
    pub fn opened(incident_id: IncidentId, signal: &Signal, before: Option<&Self>, now: Timestamp) -> Self {
        Self {
            incident_id,
            closed: None,
            signal_count: 1,
            last_signal_at: now,
            alert_count: signal.alert_count,
            digest: signal.digest.clone(),
            recent: signal
                .event_at
                .map(|_| signal.timed_digest.clone())
                .into_iter()
                .collect(),
            newest_ms: signal.event_at.map(Timestamp::as_millisecond),
            previous: before.map(|slot| Previous {
                incident_id: slot.incident_id,
                counts: slot.counts(),
            }),
        }
    }

    /// The counts of its incident so far.
    pub fn counts(&self) -> Counts {
        Counts {
            signal_count: self.signal_count,
            alert_count: self.alert_count,
            last_signal_at: self.last_signal_at,
        }
    }

    /// The counts of `incident`, if it is this slot's or was the one before.
    pub fn counts_of(&self, incident: IncidentId) -> Option<Counts> {
        let previous = || self.previous.filter(|previous| previous.incident_id == incident);
        if self.incident_id == incident {
            Some(self.counts())
        } else {
            previous().map(|previous| previous.counts)
        }
    }

    /// This slot after its open incident took in a trigger.
    pub fn took_in(&self, signal: &Signal, now: Timestamp) -> Self {
        let mut next = Self {
            signal_count: self.signal_count + 1,
            last_signal_at: now.max(self.last_signal_at),
            alert_count: signal.alert_count,
            digest: signal.digest.clone(),
            newest_ms: self.newest_ms.max(signal.event_at.map(Timestamp::as_millisecond)),
            ..self.clone()
        };
        if signal.event_at.is_some() {
            next.recent.retain(|digest| *digest != signal.timed_digest);
            next.recent.push(signal.timed_digest.clone());
            let excess = next.recent.len().saturating_sub(limits::SLOT_DIGESTS_MAX);
            next.recent.drain(..excess);
        }
        next
    }

    /// Whether a repeat can be counted in place: the table's own condition, as a function.
    pub fn can_count(&self, signal: &Signal) -> bool {
        let remembers = || self.recent.contains(&signal.timed_digest);
        match (signal.event_at, signal.times_are_stable) {
            (None, _) => true,
            (Some(_), true) => remembers(),
            (Some(_), false) => self.recent.len() < limits::SLOT_DIGESTS_UNTRIMMED_MAX,
        }
    }

    fn is_newer_than(&self, signal: &Signal) -> bool {
        match (self.newest_ms, signal.event_at) {
            (Some(newest), Some(event)) => event.as_millisecond() < newest,
            _ => false,
        }
    }

    fn is_late_retry(&self, signal: &Signal, now: Timestamp) -> bool {
        self.closed.is_some_and(|closed| closed.by_sender && now < after_seconds(closed.at, limits::LATE_RETRY_SECONDS))
            && signal.event_at.is_some()
            // Between two trims there may be more.
            && self.recent.iter().rev().take(limits::SLOT_DIGESTS_MAX).any(|digest| *digest == signal.timed_digest)
    }
}
