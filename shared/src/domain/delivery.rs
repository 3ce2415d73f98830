//! One message to one contact for one reason, and its states.
//!
//! A delivery's key is deterministic, so planning it twice writes it once. Its worker claims it, then reads the
//! incident, then sends, then records: `scheduled -> sending -> sent | scheduled (again) | failed | superseded | stuck`.
//! While it is claimed its due time is the end of the lease, so one comparison answers both "is it due" and "is it
//! anybody's".

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::LinkPurpose;
use super::id::{ChannelId, ContactId, IncidentId, SignalId, UserId};
use super::incident::{Announcement, Incident};
use super::limits;
use super::people::Medium;
use super::time::after_seconds;

/// What a delivery is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An incident.
    Incident(IncidentId),
    /// The verification of a contact.
    Contact(ContactId),
    /// A way into an account.
    Account(UserId),
    /// A channel that is tried out.
    Channel(ChannelId),
}

/// Whom it reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// A person, by one contact. What goes to an account's own address has the account's id as that of the contact.
    Person(UserId, ContactId),
    /// A place that many people read.
    Place(ChannelId),
}

/// Which of the messages to that recipient it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// A page that the rule at this place asked for.
    Rule(u8),
    /// A page to someone without rules, or to a place.
    Page,
    /// A page by another contact, after one failed for good.
    Fallback,
    /// Who took it, or that it is over.
    Notice(Announcement),
    /// To an owner: nobody answered.
    Unanswered,
    /// To an owner: handling it keeps failing.
    Stuck,
    /// The code that shows a contact reaches its owner, asked for at this millisecond.
    Verification(i64),
    /// A link into an account, asked for at this millisecond.
    Account(LinkPurpose, i64),
    /// A message that only shows whether it arrives, asked for at this millisecond.
    Test(i64),
}

impl Part {
    /// Whether it asks somebody to act on an incident.
    pub fn is_page(self) -> bool {
        matches!(self, Self::Rule(_) | Self::Page | Self::Fallback)
    }
}

/// The name of a delivery: the same message always has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveryKey {
    /// What it is about.
    pub subject: Subject,
    /// The incident's epoch it belongs to.
    pub epoch: u32,
    /// The run of the policy.
    pub cycle: u32,
    /// The step.
    pub step: u32,
    /// Whom it reaches.
    pub to: Recipient,
    /// Which message.
    pub part: Part,
}

/// A text that is not the sort part of a delivery's key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a delivery key")]
pub struct NotADeliveryKey;

impl Subject {
    /// Reads `inc_…`, `con_…`, `usr_…` or `chn_…`.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(text: &str) -> Result<Self, NotADeliveryKey> {
        let incident = || text.parse().map(Self::Incident);
        incident()
            .or_else(|_| text.parse().map(Self::Contact))
            .or_else(|_| text.parse().map(Self::Account))
            .or_else(|_| text.parse().map(Self::Channel))
            .map_err(|_| NotADeliveryKey)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incident(id) => id.fmt(f),
            Self::Contact(id) => id.fmt(f),
            Self::Account(id) => id.fmt(f),
            Self::Channel(id) => id.fmt(f),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(place) => write!(f, "r{place}"),
            Self::Page => f.write_str("page"),
            Self::Fallback => f.write_str("fallback"),
            Self::Notice(Announcement::TakenBy) => f.write_str("taken"),
            Self::Notice(Announcement::Over) => f.write_str("over"),
            Self::Unanswered => f.write_str("unanswered"),
            Self::Stuck => f.write_str("stuck"),
            Self::Verification(at) => write!(f, "v{at:013}"),
            Self::Account(LinkPurpose::Reset, at) => write!(f, "p{at:013}"),
            Self::Account(LinkPurpose::Invitation, at) => write!(f, "i{at:013}"),
            Self::Test(at) => write!(f, "t{at:013}"),
        }
    }
}

impl FromStr for Part {
    type Err = NotADeliveryKey;

    fn from_str(text: &str) -> Result<Self, NotADeliveryKey> {
        Ok(match text {
            "page" => Self::Page,
            "fallback" => Self::Fallback,
            "taken" => Self::Notice(Announcement::TakenBy),
            "over" => Self::Notice(Announcement::Over),
            "unanswered" => Self::Unanswered,
            "stuck" => Self::Stuck,
            other => {
                let (kind, number) = other.split_at_checked(1).ok_or(NotADeliveryKey)?;
                let at = || number.parse().map_err(|_| NotADeliveryKey);
                match kind {
                    "r" => Self::Rule(number.parse().map_err(|_| NotADeliveryKey)?),
                    "v" => Self::Verification(at()?),
                    "p" => Self::Account(LinkPurpose::Reset, at()?),
                    "i" => Self::Account(LinkPurpose::Invitation, at()?),
                    "t" => Self::Test(at()?),
                    _ => return Err(NotADeliveryKey),
                }
            }
        })
    }
}

impl DeliveryKey {
    /// The part of the key that names the message within its subject:
    /// `<epoch>#<cycle>#<step>#<usr|chn>#<con|->#<part>`, numbers padded.
    pub fn message(&self) -> String {
        let step = step_prefix(self.epoch, self.cycle, self.step);
        match self.to {
            Recipient::Person(user, contact) => format!("{step}{user}#{contact}#{}", self.part),
            Recipient::Place(channel) => format!("{step}{channel}#-#{}", self.part),
        }
    }

    /// Reads both parts of a key back.
    ///
    /// # Errors
    /// When they were not made by [`Self::message`].
    pub fn parse(subject: &str, message: &str) -> Result<Self, NotADeliveryKey> {
        let subject = Subject::parse(subject)?;
        let fields: Vec<&str> = message.split('#').collect();
        let [epoch, cycle, step, to, contact, part] = fields[..] else {
            return Err(NotADeliveryKey);
        };
        let number = |text: &str| text.parse::<u32>().map_err(|_| NotADeliveryKey);
        let to = if contact == "-" {
            Recipient::Place(to.parse().map_err(|_| NotADeliveryKey)?)
        } else {
            Recipient::Person(
                to.parse().map_err(|_| NotADeliveryKey)?,
                contact.parse().map_err(|_| NotADeliveryKey)?,
            )
        };
        Ok(Self {
            subject,
            epoch: number(epoch)?,
            cycle: number(cycle)?,
            step: number(step)?,
            to,
            part: part.parse()?,
        })
    }

    /// The id that people, scripts and receivers see: stable across retries, telling nothing.
    pub fn public_id(&self) -> String {
        let text = format!("{}/{}", self.subject, self.message());
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let mut id = data_encoding::BASE32_NOPAD.encode(&hash.as_ref()[..16]);
        id.make_ascii_lowercase();
        format!("dlv_{id}")
    }
}

/// What the keys of one step's deliveries begin with.
pub fn step_prefix(epoch: u32, cycle: u32, step: u32) -> String {
    format!("{epoch:06}#{cycle:04}#{step:02}#")
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for its time, or for another try.
    Scheduled,
    /// A worker has it.
    Sending,
    /// The provider took it.
    Sent,
    /// It failed for good.
    Failed,
    /// It was no longer wanted when its time came.
    Superseded,
    /// Workers took it and never said what came of it.
    Stuck,
}

impl DeliveryState {
    /// Whether nothing more will be tried, and it did not arrive.
    pub fn is_final_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Stuck)
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its name.
    #[serde(skip, default = "unset_key")]
    pub key: DeliveryKey,
    /// The signal it follows from; none where it is about no incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<SignalId>,
    /// How it goes out.
    pub medium: Medium,
    /// Where to; empty for a place, whose address and signing key are read when it is sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// The recipient's language.
    pub locale: String,
    /// The recipient's time zone.
    pub time_zone: String,
    /// SHA-256 of the code of the link in it, by which a click finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_hash: Option<String>,
    /// Where it stands. (`state` is a reserved word of the table's expressions.)
    #[serde(rename = "stands")]
    pub state: DeliveryState,
    /// Why it failed, waits or was superseded, in words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it was first to be sent.
    pub first_due: Timestamp,
    /// When it is to be sent, tried again, or taken from a worker that vanished; none once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Tries that were begun.
    pub attempts: u32,
    /// Tries that were answered with a failure.
    pub failures: u32,
    /// Claims whose outcome was never recorded.
    pub unrecorded: u32,
    /// The writer token of the worker that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
    /// Whether it was brought forward because another message to the same person failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hastened: bool,
    /// When the provider took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// The provider's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
}

fn unset_key() -> DeliveryKey {
    let nil = ulid::Ulid::nil();
    DeliveryKey {
        subject: Subject::Incident(nil.into()),
        epoch: 0,
        cycle: 0,
        step: 0,
        to: Recipient::Place(nil.into()),
        part: Part::Page,
    }
}

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The provider took it.
    Sent {
        /// The provider's name for it.
        provider_id: Option<String>,
    },
    /// It may go better in a moment.
    Transient(String),
    /// The provider asks to wait.
    Throttled(SignedDuration, String),
    /// It will never go.
    Permanent(String),
    /// It is no longer wanted.
    Superseded,
}

impl Attempt {
    /// One word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::Transient(_) => "retried",
            Self::Throttled(..) => "throttled",
            Self::Permanent(_) => "failed",
            Self::Superseded => "superseded",
        }
    }
}

/// Seconds until the next try, after the first, second, … answered failure.
const RETRY_SECONDS: [i64; 4] = [5, 15, 45, 120];

impl Delivery {
    /// Whether it is among the first that an incident sends: a page of its first step, not one that waits on purpose.
    pub fn is_first_page(&self) -> bool {
        let key = &self.key;
        key.part.is_page() && (key.epoch, key.cycle, key.step) == (0, 0, 0) && self.first_due <= self.created_at
    }

    /// A new message, due at `due_at`.
    pub fn new(
        key: DeliveryKey,
        medium: Medium,
        address: String,
        person: (&str, &str),
        due_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            key,
            correlation_id: None,
            medium,
            address,
            locale: person.0.to_owned(),
            time_zone: person.1.to_owned(),
            link_hash: None,
            state: DeliveryState::Scheduled,
            reason: None,
            created_at: now,
            first_due: due_at,
            due_at: Some(due_at),
            attempts: 0,
            failures: 0,
            unrecorded: 0,
            lease: None,
            hastened: false,
            sent_at: None,
            provider_id: None,
        }
    }

    /// Whether it is still wanted, given its incident. Notices only within their own epoch, pages only while the
    /// incident is triggered and of theirs.
    pub fn is_wanted(&self, incident: &Incident) -> bool {
        if self.key.part.is_page() {
            incident.wants_pages(self.key.epoch)
        } else {
            incident.epoch == self.key.epoch
        }
    }

    /// Where it stands as people see it: one that waits for its time but is no longer wanted is superseded already.
    pub fn state_seen(&self, incident: &Incident) -> DeliveryState {
        match self.state {
            DeliveryState::Scheduled if !self.is_wanted(incident) => DeliveryState::Superseded,
            state => state,
        }
    }

    /// The row after a claimed try was answered. The lease ends with it.
    pub fn record(mut self, attempt: Attempt, now: Timestamp) -> Self {
        self.unrecorded = 0;
        self.lease = None;
        match attempt {
            Attempt::Sent { provider_id } => {
                self.sent_at = Some(now);
                self.provider_id = provider_id;
                self.end(DeliveryState::Sent, None)
            }
            Attempt::Superseded => {
                self.attempts -= 1;
                self.end(DeliveryState::Superseded, None)
            }
            Attempt::Permanent(reason) => {
                self.failures += 1;
                self.end(DeliveryState::Failed, Some(reason))
            }
            Attempt::Transient(reason) => self.failed_once(reason, now),
            Attempt::Throttled(after, reason) => {
                let again = now.saturating_add(after).unwrap_or(now).max(after_seconds(now, 1));
                // A provider that asks for patience for ever is a provider that fails.
                if again > after_seconds(self.first_due, limits::DELIVERY_GIVEN_BACK_SECONDS_MAX) {
                    return self.failed_once(reason, now);
                }
                self.attempts -= 1;
                self.wait(again, reason)
            }
        }
    }

    /// The row of a delivery that workers keep taking without saying what came of it.
    pub fn stuck(self) -> Self {
        self.end(
            DeliveryState::Stuck,
            Some("five tries began and none reported what came of it".into()),
        )
    }

    fn failed_once(mut self, reason: String, now: Timestamp) -> Self {
        self.failures += 1;
        match RETRY_SECONDS.get(self.failures as usize - 1) {
            Some(seconds) if self.failures < limits::DELIVERY_FAILURES_MAX => {
                self.wait(after_seconds(now, *seconds), reason)
            }
            _ => self.end(DeliveryState::Failed, Some(reason)),
        }
    }

    fn wait(mut self, until: Timestamp, reason: String) -> Self {
        self.state = DeliveryState::Scheduled;
        self.due_at = Some(until);
        self.reason = Some(reason);
        self
    }

    fn end(mut self, state: DeliveryState, reason: Option<String>) -> Self {
        self.state = state;
        self.reason = reason;
        self.due_at = None;
        self.lease = None;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_sort_by_step() {
        let key = |epoch, step, part| DeliveryKey {
            subject: Subject::Incident(ulid::Ulid::from_parts(1, 2).into()),
            epoch,
            cycle: 3,
            step,
            to: Recipient::Person(ulid::Ulid::from_parts(3, 4).into(), ulid::Ulid::from_parts(5, 6).into()),
            part,
        };
        for part in [
            Part::Rule(7),
            Part::Page,
            Part::Fallback,
            Part::Notice(Announcement::TakenBy),
            Part::Notice(Announcement::Over),
            Part::Unanswered,
            Part::Stuck,
            Part::Verification(1_700_000_000_000),
            Part::Account(LinkPurpose::Reset, 1_700_000_000_000),
            Part::Account(LinkPurpose::Invitation, 1_700_000_000_000),
            Part::Test(1_700_000_000_000),
        ] {
            let key = key(12, 9, part);
            assert_eq!(DeliveryKey::parse(&key.subject.to_string(), &key.message()), Ok(key));
        }
        let account = DeliveryKey {
            subject: Subject::Account(ulid::Ulid::from_parts(3, 4).into()),
            ..key(0, 0, Part::Account(LinkPurpose::Reset, 1))
        };
        let read = DeliveryKey::parse(&account.subject.to_string(), &account.message());
        assert_eq!(read, Ok(account));
        assert!("".parse::<Part>().is_err() && "é1".parse::<Part>().is_err() && "p".parse::<Part>().is_err());
        assert!(key(2, 9, Part::Page).message() < key(10, 0, Part::Page).message());
        assert!(key(2, 9, Part::Page).message().starts_with(&step_prefix(2, 3, 9)));
        assert_ne!(key(1, 1, Part::Page).public_id(), key(1, 1, Part::Rule(0)).public_id());
    }
}
