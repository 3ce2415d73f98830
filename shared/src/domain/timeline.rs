//! What happened to an incident, in order. The opening is not an entry: it is derived from the incident itself, and
//! repeats are counts on the incident.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actor::Actor;
use super::id::{EventId, MaintenanceId, UserId};
use super::signal::Severity;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its id; entries sort by it.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What it was.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// Why a step is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The incident was opened.
    Opened,
    /// The step before had its time.
    TimePassed,
    /// Every page of the step before failed.
    PagesFailed,
    /// The acknowledgement ran out.
    AckTimedOut,
    /// Somebody gave it back.
    Unacknowledged,
    /// The snooze ended.
    SnoozeEnded,
    /// The maintenance that held it is over.
    MaintenanceEnded,
    /// It got worse than it ever was.
    SeverityRose,
    /// A signal came after nobody had answered.
    SignalAfterUnanswered,
    /// Somebody asked other people.
    Reassigned,
    /// Somebody asked for the next step.
    Escalated,
}

/// What ended an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// A person or a script.
    ByHand,
    /// The sender's own resolve.
    BySender,
    /// The sender fell silent for the service's auto-resolve time.
    BySilence,
}

/// Why a target was not paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotPaged {
    /// The person, channel or schedule is gone.
    Missing,
    /// The person has no verified contact.
    NoContact,
    /// Nobody is on call in the schedule.
    NobodyOnCall,
}

/// Someone (or some place) that a step reached, or did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// The id of the person, channel or schedule.
    pub id: String,
    /// Its name, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why it was not paged; none if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<NotPaged>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum EventKind {
    /// A step was paged.
    Paged {
        /// Why now.
        because: Because,
        /// Which run of the policy.
        cycle: u32,
        /// Which step, from 0.
        step: u32,
        /// Who was asked, and who was not and why.
        asked: Vec<Asked>,
        /// Steps that were skipped on the way because they had nobody to page.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        skipped: Vec<u32>,
        /// The title of the maintenance because of which it was done quietly.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quieted_by: Option<String>,
    },
    /// The policy ran out.
    Unanswered {
        /// Why now.
        because: Because,
        /// Who was not asked and why, in the steps skipped on the way.
        asked: Vec<Asked>,
        /// Steps that were skipped on the way because they had nobody to page.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        skipped: Vec<u32>,
        /// The owners who are told. Empty: no owner can be reached.
        owners: Vec<Asked>,
    },
    /// A message failed for good, and another way to the same person is tried at once.
    TriedNext {
        /// Whose.
        user_ids: Vec<UserId>,
    },
    /// Somebody took it.
    Acknowledged,
    /// Somebody gave it back.
    Unacknowledged,
    /// Somebody put it off.
    Snoozed {
        /// Until when.
        until: Timestamp,
    },
    /// A maintenance holds it: nobody is paged while that goes on.
    Held {
        /// Which.
        maintenance_id: MaintenanceId,
        /// Its title.
        title: String,
        /// When it ends, unless somebody says so earlier.
        until: Timestamp,
    },
    /// Somebody asked others.
    Reassigned {
        /// The ids of the policy or people.
        to: Vec<String>,
    },
    /// Somebody asked for the next step.
    Escalated,
    /// It got worse than it ever was.
    SeverityRose {
        /// How bad it is now.
        to: Severity,
    },
    /// A signal came after nobody had answered: the policy starts again.
    Restarted,
    /// It is over.
    Resolved {
        /// What ended it.
        how: Resolution,
    },
    /// People who had been paged were told.
    Told {
        /// What: "taken_by" or "over".
        what: super::incident::Announcement,
        /// How many of them.
        people: u32,
    },
    /// Somebody wrote something down.
    Note {
        /// What.
        text: String,
    },
    /// Handling it keeps failing.
    Stuck {
        /// Why, in words for people.
        reason: String,
        /// The owners who are told. Empty: no owner can be reached.
        owners: Vec<Asked>,
    },
    /// A change at the sender's side (a deployment), told through the service.
    Change {
        /// What changed.
        summary: String,
    },
}
