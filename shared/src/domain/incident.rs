//! An incident and its states: `triggered -> acknowledged -> resolved`.
//!
//! Every transition that ends or restarts what was going on raises the *epoch*: pages of an older epoch are superseded,
//! wherever they are. Transitions here are pure; [`super::escalation`] decides what follows from the passing of time.
//! What is absent: the due time is never stored by hand. It is derived from what the incident waits for, so an open
//! incident cannot be without one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actor::Actor;
use super::id::{IncidentId, IntegrationId, MaintenanceId, PolicyId, ServiceId, SignalId, TeamId, UserId};
use super::limits;
use super::policy::{Policy, Target};
use super::service::{Service, Timeouts, Urgency};
use super::signal::{Link, Severity, Signal};
use super::status::Alerts;
use super::time::{after_seconds, earliest};
use super::timeline::{Because, EventKind, Resolution};

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has taken it.
    Triggered,
    /// Somebody has taken it.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// Where a triggered incident stands in its policy. `step` and `cycle` on the incident say which step is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// The step is to be paged now.
    Page(Because),
    /// The step after it is to be paged now.
    Next(Because),
    /// The step was paged and has until then to answer.
    Waiting(Timestamp),
    /// The policy ran out.
    Unanswered {
        /// When.
        since: Timestamp,
        /// When its slot is looked at again.
        look_at: Timestamp,
    },
}

/// Whom an incident asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// This policy.
    Policy(PolicyId),
    /// These people for one step, then this policy.
    People {
        /// The people.
        users: Vec<UserId>,
        /// The policy after them.
        then: PolicyId,
    },
}

/// What people who were paged are still to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Announcement {
    /// Somebody took it.
    TakenBy,
    /// It is over.
    Over,
}

/// Somebody did something at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
}

/// What is kept of a closed incident's slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Signals it took in.
    pub signal_count: u64,
    /// Alerts in the last snapshot.
    pub alert_count: u64,
    /// When the last signal came.
    pub last_signal_at: Timestamp,
}

/// A row that failed for its own reasons waits longer each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// When it is tried again.
    pub until: Timestamp,
    /// How often it failed; from [`limits::STRIKES_MAX`] on it is stuck.
    pub strikes: u32,
}

/// The maintenance that holds an incident, or made its last pages quiet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderMaintenance {
    /// Which.
    pub maintenance_id: MaintenanceId,
    /// Its title.
    pub title: String,
    /// What it does to pages.
    pub alerts: Alerts,
    /// When it ends, unless somebody says so earlier.
    pub until: Timestamp,
    /// When to look whether it still goes on: at its end at the latest.
    pub look_at: Timestamp,
}

/// What people answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// The signal that opened it: the correlation id of all that follows.
    pub correlation_id: SignalId,
    /// The service that broke.
    pub service_id: ServiceId,
    /// The service's name when it broke.
    pub service_name: String,
    /// The team that owns the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The integration it came through; none when a person opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_id: Option<IntegrationId>,
    /// The person (or their script) who opened it; none when it came through an integration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<Actor>,
    /// The group it is about.
    pub group_key: String,
    /// One line about what is wrong.
    pub title: String,
    /// How bad it is by the last snapshot.
    pub severity: Severity,
    /// How bad it ever was.
    pub peak_severity: Severity,
    /// How loudly it asks.
    pub urgency: Urgency,
    /// Addresses worth a look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook_url: Option<String>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// Who took it, while it is taken, and who had it when it was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Mark>,
    /// When a person or a script first took it, whatever became of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_acknowledged_at: Option<Timestamp>,
    /// Who or what ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Mark>,
    /// Which of its lives this is.
    pub epoch: u32,
    /// Which run of the policy this is, within the epoch.
    pub cycle: u32,
    /// The run with which the policy began: people chosen by hand come before it.
    #[serde(default)]
    pub first_cycle: u32,
    /// Which step of the policy, from 0.
    pub step: u32,
    /// Where the step stands.
    pub progress: Progress,
    /// Whom it asks.
    pub route: Route,
    /// The waits its service sets.
    pub timeouts: Timeouts,
    /// When an acknowledgement ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_ends_at: Option<Timestamp>,
    /// Until when nobody is paged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Timestamp>,
    /// The maintenance because of which it pages nobody, or paged quietly. What is held has nothing under way: its progress
    /// is the page that is to follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<UnderMaintenance>,
    /// Whether a person asked for somebody since: no maintenance keeps it from paging then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pages_anyway: bool,
    /// When to look whether the sender has fallen silent for long enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_resolve_at: Option<Timestamp>,
    /// Something happened that needs a look at this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// What people are still to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announce: Option<Announcement>,
    /// Set while handling it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// The epoch, run and step at which its owners were last told that handling it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck_told: Option<(u32, u32, u32)>,
    /// Counts of the slot, from when it closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Whom the next step would ask by what is known now: a hint that saves a read, never believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub likely: Vec<UserId>,
    /// How many people and places its steps asked, by quarters of an hour since 1970: what charts count. Those after the
    /// first [`limits::PAGED_QUARTERS_MAX`] quarters are not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<(i64, u32)>,
}

/// Seconds of the intervals by which pages are counted: every time zone is some of them from UTC.
pub const PAGED_QUARTER_SECONDS: i64 = 900;

/// What a person, a script or a sender did, as it changes an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Take it.
    Acknowledge,
    /// Give it back.
    Unacknowledge,
    /// Page nobody until then.
    Snooze(Timestamp),
    /// Ask these instead, at once.
    Reassign(Route),
    /// Go on to the next step, at once.
    Escalate,
}

impl Incident {
    /// A new incident of `service`, opened by `signal` at `now`.
    pub fn open(
        ids: (IncidentId, SignalId),
        service: &Service,
        integration_id: Option<IntegrationId>,
        signal: &Signal,
        policy: Option<&Policy>,
        now: Timestamp,
    ) -> Self {
        let timeouts = service.timeouts();
        let likely = policy
            .and_then(|policy| policy.steps.first())
            .into_iter()
            .flat_map(|step| &step.targets);
        Self {
            id: ids.0,
            correlation_id: ids.1,
            service_id: service.id,
            service_name: service.name.clone(),
            team_id: service.team_id,
            integration_id,
            opened_by: None,
            group_key: signal.group_key.clone(),
            title: signal.title.clone(),
            severity: signal.severity,
            peak_severity: signal.severity,
            urgency: service.urgency.urgency(signal.severity),
            links: signal.links.clone(),
            runbook_url: signal.runbook_url.clone(),
            created_at: now,
            status: Status::Triggered,
            acknowledged: None,
            first_acknowledged_at: None,
            resolved: None,
            epoch: 0,
            cycle: 0,
            first_cycle: 0,
            step: 0,
            progress: Progress::Page(Because::Opened),
            route: Route::Policy(service.policy_id),
            timeouts,
            ack_ends_at: None,
            snoozed_until: None,
            maintenance: None,
            pages_anyway: false,
            auto_resolve_at: auto_resolve_at(timeouts, now),
            wake_at: Some(now),
            announce: None,
            backoff: None,
            stuck_told: None,
            counts: None,
            likely: likely
                .filter_map(|target| match target {
                    Target::User(user) => Some(*user),
                    Target::Schedule(_) | Target::Channel(_) => None,
                })
                .collect(),
            pages: Vec::new(),
        }
    }

    /// Whether it is not over.
    pub fn is_open(&self) -> bool {
        self.status != Status::Resolved
    }

    /// Whether its policy ran out without an answer.
    pub fn is_unanswered(&self) -> bool {
        self.status == Status::Triggered && matches!(self.progress, Progress::Unanswered { .. })
    }

    /// Whether it pages nobody because of a maintenance.
    pub fn is_held(&self) -> bool {
        let maintenance = self.maintenance.as_ref();
        self.status == Status::Triggered && maintenance.is_some_and(|one| one.alerts == Alerts::Hold)
    }

    /// Whether maintenance of its service may change how it pages: a person's own word goes before.
    pub fn yields_to_maintenance(&self) -> bool {
        !self.pages_anyway && self.opened_by.is_none()
    }

    /// Whether a page of this epoch may still be sent.
    pub fn wants_pages(&self, epoch: u32) -> bool {
        self.status == Status::Triggered && self.snoozed_until.is_none() && !self.is_held() && self.epoch == epoch
    }

    /// When it must be looked at next: the earliest of what it waits for. None only once it is over and everybody has
    /// been told, or while a person has taken it for good.
    pub fn due(&self) -> Option<Timestamp> {
        if let Some(backoff) = self.backoff {
            return Some(backoff.until);
        }
        let woken = if self.announce.is_some() {
            earliest(self.wake_at, Some(self.created_at))
        } else {
            self.wake_at
        };
        if !self.is_open() {
            return woken;
        }
        let waits = match (self.snoozed_until, self.status) {
            (Some(until), _) => Some(until),
            (None, Status::Acknowledged) => self.ack_ends_at,
            (None, _) => {
                let maintenance = self.maintenance.as_ref().map(|one| one.look_at);
                let progress = match &self.progress {
                    _ if self.is_held() => None,
                    Progress::Page(_) | Progress::Next(_) => Some(self.created_at),
                    Progress::Waiting(until) => Some(*until),
                    Progress::Unanswered { look_at, .. } => Some(*look_at),
                };
                earliest(maintenance, progress)
            }
        };
        earliest(woken, earliest(waits, self.auto_resolve_at))
    }

    /// When the next step begins, if one is waited for.
    pub fn next_step_at(&self) -> Option<Timestamp> {
        match (self.status, self.snoozed_until, &self.progress) {
            (Status::Triggered, None, Progress::Waiting(until)) => Some(*until),
            _ => None,
        }
    }

    /// Does `act` at `now`. None: it is done already, or the incident is over; nothing changes.
    pub fn act(&mut self, act: Act, by: &Actor, now: Timestamp) -> Option<EventKind> {
        if !self.is_open() {
            return None;
        }
        let event = match act {
            Act::Acknowledge => self.acknowledge(by, now)?,
            Act::Unacknowledge => {
                if self.status != Status::Acknowledged {
                    return None;
                }
                self.page_again(Because::Unacknowledged);
                EventKind::Unacknowledged
            }
            Act::Snooze(until) => {
                self.raise_epoch();
                self.snoozed_until = Some(until);
                EventKind::Snoozed { until }
            }
            Act::Reassign(route) => {
                let to = match &route {
                    Route::Policy(policy) => vec![policy.to_string()],
                    Route::People { users, .. } => users.iter().map(ToString::to_string).collect(),
                };
                self.route = route;
                self.restart(Because::Reassigned);
                self.pages_anyway = true;
                EventKind::Reassigned { to }
            }
            Act::Escalate => {
                let running = self.wants_pages(self.epoch);
                match (running, &self.progress) {
                    (_, Progress::Unanswered { .. }) => self.restart(Because::Escalated),
                    // The pages of this step stay valid beside those of the next.
                    (true, _) => self.progress = Progress::Next(Because::Escalated),
                    // The step that is held was not asked yet.
                    (false, _) if self.is_held() => self.page_again(Because::Escalated),
                    (false, _) => {
                        self.page_again(Because::Escalated);
                        self.progress = Progress::Next(Because::Escalated);
                    }
                }
                self.pages_anyway = true;
                self.maintenance = None;
                EventKind::Escalated
            }
        };
        // Somebody changed what failed, perhaps just so that it stops failing: it is tried at once.
        self.backoff = None;
        self.wake_at = Some(now);
        Some(event)
    }

    fn acknowledge(&mut self, by: &Actor, now: Timestamp) -> Option<EventKind> {
        let by_sender = by.kind == super::actor::ActorKind::Integration;
        // Its time-out could page somebody before a person's snooze ends; and what arrives does not end a snooze.
        let put_off = by_sender && self.snoozed_until.is_some();
        if self.status != Status::Triggered || put_off {
            return None;
        }
        self.raise_epoch();
        self.status = Status::Acknowledged;
        self.acknowledged = Some(Mark {
            at: now,
            by: by.clone(),
        });
        if !by_sender {
            self.first_acknowledged_at.get_or_insert(now);
        }
        self.announce = Some(Announcement::TakenBy);
        // Nobody may be looking when only the sender says so: its word always times out.
        let seconds = match self.timeouts.ack_seconds {
            0 if by_sender => limits::ACK_TIMEOUT_SECONDS,
            seconds => seconds,
        };
        self.ack_ends_at = (seconds > 0).then(|| after_seconds(now, seconds.into()));
        Some(EventKind::Acknowledged)
    }

    /// Ends it. None: it was over already.
    pub fn close(&mut self, how: Resolution, by: &Actor, counts: Option<Counts>, now: Timestamp) -> Option<EventKind> {
        if !self.is_open() {
            return None;
        }
        self.raise_epoch();
        self.status = Status::Resolved;
        self.resolved = Some(Mark {
            at: now,
            by: by.clone(),
        });
        self.announce = Some(Announcement::Over);
        self.auto_resolve_at = None;
        self.backoff = None;
        self.counts = counts;
        self.wake_at = Some(now);
        Some(EventKind::Resolved { how })
    }

    /// Whether it asks this person by name, or is theirs to end: somebody must take their place when they leave.
    pub fn needs(&self, user: UserId) -> bool {
        // After a snooze its policy is asked again, whoever had it before.
        self.is_open() && (self.asks_by_name(user) || (self.is_with(user) && self.snoozed_until.is_none()))
    }

    fn asks_by_name(&self, user: UserId) -> bool {
        matches!(&self.route, Route::People { users, .. } if users.contains(&user))
    }

    fn is_with(&self, user: UserId) -> bool {
        let taken = self.acknowledged.as_ref();
        self.status == Status::Acknowledged && taken.is_some_and(|mark| mark.by.is_user(user))
    }

    /// Puts `to` in the place of `from`, who is leaving, wherever it asks `from` by name. None: it does not.
    ///
    /// What `from` is asked now, or has taken, `to` is asked at once. A snooze holds: only whom it asks afterwards changes.
    pub fn substitute(&mut self, from: UserId, to: UserId, now: Timestamp) -> Option<EventKind> {
        let (is_asked, has_it) = (self.asks_by_name(from), self.is_with(from));
        if !self.needs(from) {
            return None;
        }
        let then = match &self.route {
            Route::People { then, .. } | Route::Policy(then) => *then,
        };
        let users = match &self.route {
            Route::People { users, .. } if is_asked => substituted(users, from, to),
            _ => vec![to],
        };
        let named = users.iter().map(ToString::to_string).collect();
        self.route = Route::People { users, then };
        let is_anothers = self.status == Status::Acknowledged && !has_it;
        if self.snoozed_until.is_none() && !is_anothers {
            self.restart(Because::Reassigned);
            self.backoff = None;
            self.wake_at = Some(now);
        }
        Some(EventKind::Reassigned { to: named })
    }

    /// Counts people and places that a step asks at `now`.
    pub fn count_pages(&mut self, asked: u32, now: Timestamp) {
        let quarter = now.as_second().div_euclid(PAGED_QUARTER_SECONDS);
        let is_full = self.pages.len() >= limits::PAGED_QUARTERS_MAX;
        match self.pages.last_mut() {
            Some((last, count)) if *last == quarter => *count += asked,
            _ if !is_full => self.pages.push((quarter, asked)),
            _ => {}
        }
    }

    /// Takes in a changed snapshot of its group. False: the incident's own row stays as it is.
    ///
    /// While it is triggered, a severity above the highest it has had starts the policy again, and so does any signal
    /// once it went unanswered.
    pub fn take_in(&mut self, signal: &Signal, urgency: Urgency, now: Timestamp) -> Option<Option<EventKind>> {
        if !self.is_open() {
            return None;
        }
        let rises = signal.severity > self.peak_severity;
        if rises {
            self.peak_severity = signal.severity;
        }
        // Louder only: an incident that woke somebody is not made quiet under them.
        if rises && urgency == Urgency::High {
            self.urgency = Urgency::High;
        }
        let pages = self.wants_pages(self.epoch);
        let event = if pages && rises {
            self.restart(Because::SeverityRose);
            Some(EventKind::SeverityRose { to: signal.severity })
        } else if self.is_unanswered() && pages {
            self.restart(Because::SignalAfterUnanswered);
            Some(EventKind::Restarted)
        } else if rises {
            Some(EventKind::SeverityRose { to: signal.severity })
        } else {
            None
        };
        let shown_changes = self.title != signal.title || self.severity != signal.severity;
        if event.is_none() && !shown_changes {
            return None;
        }
        if !signal.title.is_empty() {
            self.title.clone_from(&signal.title);
        }
        self.severity = signal.severity;
        if event.is_some() {
            self.wake_at = Some(now);
        }
        Some(event)
    }

    /// The acknowledgement or the snooze ended, or was given back: the current step again, or the whole policy if it
    /// had run out.
    pub(super) fn page_again(&mut self, because: Because) {
        if matches!(self.progress, Progress::Unanswered { .. }) {
            return self.restart(because);
        }
        self.raise_epoch();
        self.status = Status::Triggered;
        self.acknowledged = None;
        self.progress = Progress::Page(because);
    }

    /// A maintenance holds it: what was under way ends, and nobody is paged until it does.
    pub(super) fn hold(&mut self, maintenance: UnderMaintenance) {
        // What is still to be paged has no page that could be under way.
        if !matches!(self.progress, Progress::Page(_)) {
            self.page_again(Because::MaintenanceEnded);
        }
        self.maintenance = Some(maintenance);
    }

    /// No maintenance explains it any more: what it held is paged now, and what was paged quietly is paged again.
    pub(super) fn maintenance_ended(&mut self) {
        if self.is_held() {
            self.maintenance = None;
            self.progress = Progress::Page(Because::MaintenanceEnded);
        } else {
            self.page_again(Because::MaintenanceEnded);
        }
    }

    /// Looks again whether the maintenance goes on, by whoever ends it. False: it has nothing to do with that one.
    pub fn look_at_maintenance(&mut self, id: MaintenanceId, now: Timestamp) -> bool {
        let is_of = self.is_open() && self.maintenance.as_ref().is_some_and(|one| one.maintenance_id == id);
        if is_of {
            self.wake_at = Some(now);
        }
        is_of
    }

    /// The policy from its beginning.
    pub(super) fn restart(&mut self, because: Because) {
        self.raise_epoch();
        self.status = Status::Triggered;
        self.acknowledged = None;
        (self.cycle, self.first_cycle, self.step) = (0, 0, 0);
        self.progress = Progress::Page(because);
    }

    fn raise_epoch(&mut self) {
        self.epoch += 1;
        self.ack_ends_at = None;
        self.snoozed_until = None;
        self.maintenance = None;
        self.announce = None;
    }
}

/// The same people with `to` in the place of `from`, each once.
fn substituted(users: &[UserId], from: UserId, to: UserId) -> Vec<UserId> {
    let mut after = Vec::new();
    for user in users.iter().map(|user| if *user == from { to } else { *user }) {
        if !after.contains(&user) {
            after.push(user);
        }
    }
    after
}

/// When to look whether the sender has fallen silent, after a signal at `last_signal_at`.
pub fn auto_resolve_at(timeouts: Timeouts, last_signal_at: Timestamp) -> Option<Timestamp> {
    let seconds = timeouts.auto_resolve_seconds;
    (seconds > 0).then(|| after_seconds(last_signal_at, seconds.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incidents::tests::{ana, incident};

    fn user(n: u128) -> UserId {
        ulid::Ulid::from_parts(1, n).into()
    }

    fn people(users: &[UserId]) -> Route {
        Route::People {
            users: users.to_vec(),
            then: ulid::Ulid::from_parts(1, 9).into(),
        }
    }

    #[test]
    fn a_substitute_is_asked_where_somebody_was_and_only_there() {
        let now: Timestamp = "2026-02-03T03:00:00Z".parse().unwrap();
        let (leaver, other) = (ana().id.unwrap().parse::<UserId>().unwrap(), user(2));
        let mut untouched = incident();
        assert_eq!(untouched.substitute(leaver, other, now), None);
        assert_eq!(untouched, incident());

        let mut asked = Incident {
            route: people(&[leaver, other]),
            ..incident()
        };
        let event = asked.substitute(leaver, other, now);
        assert_eq!(
            event,
            Some(EventKind::Reassigned {
                to: vec![other.to_string()]
            })
        );
        assert_eq!((&asked.route, asked.epoch), (&people(&[other]), 1), "once, and at once");
        assert_eq!(asked.progress, Progress::Page(Because::Reassigned));

        let mut taken = incident();
        taken.act(Act::Acknowledge, &ana(), now).unwrap();
        let mut snoozed = taken.clone();
        assert!(taken.substitute(leaver, other, now).is_some());
        assert_eq!((taken.status, taken.acknowledged), (Status::Triggered, None));

        let until = after_seconds(now, 3_600);
        snoozed.act(Act::Snooze(until), &ana(), now).unwrap();
        assert!(!snoozed.needs(leaver), "its policy is asked afterwards");
        snoozed.route = people(&[leaver]);
        assert!(snoozed.substitute(leaver, other, now).is_some());
        assert_eq!(
            (snoozed.snoozed_until, &snoozed.route),
            (Some(until), &people(&[other]))
        );
        assert!(!snoozed.wants_pages(snoozed.epoch), "nobody is paged before");

        let mut over = incident();
        over.close(Resolution::ByHand, &ana(), None, now).unwrap();
        over.route = people(&[leaver]);
        assert_eq!(over.substitute(leaver, other, now), None);
    }

    #[test]
    fn what_somebody_else_has_taken_stays_with_them() {
        let now: Timestamp = "2026-02-03T03:00:00Z".parse().unwrap();
        let leaver = user(1);
        let mut incident = Incident {
            route: people(&[leaver]),
            ..incident()
        };
        incident.act(Act::Acknowledge, &ana(), now).unwrap();
        assert!(incident.substitute(leaver, user(2), now).is_some());
        assert_eq!(
            (incident.status, &incident.route),
            (Status::Acknowledged, &people(&[user(2)]))
        );
    }

    #[test]
    fn pages_are_counted_by_quarters_and_not_for_ever() {
        let mut incident = incident();
        for n in 0..100 {
            incident.count_pages(1, after_seconds(incident.created_at, n * 450));
        }
        assert_eq!(
            (incident.pages.len(), incident.pages[1].1),
            (limits::PAGED_QUARTERS_MAX, 2)
        );
    }
}
