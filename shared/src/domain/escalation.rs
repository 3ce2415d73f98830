//! The heart: given an incident and what is known, whom to wake now, and when to look again.
//!
//! [`decide`] takes values and returns a value. Facts that cost a read are optional: when one turns out to be needed,
//! `decide` answers [`Decision::Need`] and is asked again with it. It may be called at any time, any number of times,
//! in any order; when nothing is due it says so.

mod maintenance;

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::delivery::{Delivery, DeliveryKey, DeliveryState, Part, Recipient, Subject};
use super::id::{ChannelId, PolicyId, ScheduleId, UserId};
use super::incident::{Announcement, Incident, Progress, Route, Status, auto_resolve_at};
use super::limits;
use super::people::{Channel, Contact, User};
use super::policy::{OnCall, Policy, Step, Target};
use super::service::{Service, Urgency};
use super::slot::Slot;
use super::status::{Alerts, Work};
use super::time::after_seconds;
use super::timeline::{Asked, Because, EventKind, NotPaged};

/// What is known. `None`, or a key that is missing from a map, means "not read yet"; a map's `None` means "read, and
/// it does not exist".
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The incident's service.
    pub service: Option<Option<Service>>,
    /// Maintenances that change the service's alerts, read consistently.
    pub works: Option<Vec<Work>>,
    /// Policies, by id.
    pub policies: HashMap<PolicyId, Option<Policy>>,
    /// People, by id.
    pub users: HashMap<UserId, Option<User>>,
    /// Places, by id.
    pub channels: HashMap<ChannelId, Option<Channel>>,
    /// Who is on call now, by schedule.
    pub on_call: OnCall,
    /// The deliveries of the incident's current epoch, cycle and step.
    pub step_rows: Option<Vec<Delivery>>,
    /// Every delivery of the incident.
    pub all_rows: Option<Vec<Delivery>>,
    /// The incident's slot, read consistently.
    pub slot: Option<Option<Slot>>,
    /// People with the role of owner.
    pub owners: Option<Vec<User>>,
}

/// A fact that must be read before it can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// The incident's service.
    Service,
    /// Maintenances that change the service's alerts.
    Works,
    /// This policy.
    Policy(PolicyId),
    /// This person.
    User(UserId),
    /// This place.
    Channel(ChannelId),
    /// Who is on call in this schedule.
    Schedule(ScheduleId),
    /// The deliveries of the current step.
    StepRows,
    /// Every delivery of the incident.
    AllRows,
    /// The slot, read consistently.
    Slot,
    /// The owners.
    Owners,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Read these and ask again.
    Need(Vec<Need>),
    /// Nothing is due.
    Wait,
    /// Write this.
    Plan(Box<Plan>),
    /// The sender has been silent for the auto-resolve time: close it, if the slot's last signal is still this old.
    CloseBySilence(Box<Slot>),
}

/// One transaction: the incident as it shall be, guarded by the version it was decided on, and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The incident's new state. Its due time is derived from it.
    pub incident: Incident,
    /// New messages.
    pub deliveries: Vec<Delivery>,
    /// Scheduled messages that are to go out now.
    pub hasten: Vec<Delivery>,
    /// What the timeline says about it.
    pub event: Option<EventKind>,
    /// Set when nobody could be told of something that somebody must know: an alarm.
    pub alarm: Option<&'static str>,
}

impl Plan {
    fn of(incident: Incident) -> Self {
        Self {
            incident,
            deliveries: Vec::new(),
            hasten: Vec::new(),
            event: None,
            alarm: None,
        }
    }

    /// Rows it writes.
    pub fn rows(&self) -> usize {
        1 + self.deliveries.len() + self.hasten.len() + usize::from(self.event.is_some())
    }
}

type Asking<T> = Result<T, Vec<Need>>;

/// What is to be done about `incident` at `now`.
pub fn decide(incident: &Incident, facts: &Facts, now: Timestamp) -> Decision {
    if incident.due().is_none_or(|due| due > now) {
        return Decision::Wait;
    }
    match (Deciding {
        facts,
        now,
        next: incident.clone(),
    })
    .run()
    {
        Err(needs) => Decision::Need(needs),
        Ok(decision) => {
            if let Decision::Plan(plan) = &decision {
                // The limits make it so: 10 people x 8 messages and 10 places, or 80 notices, or 10 owners x 2 notices.
                assert!(
                    plan.rows() <= limits::TRANSACTION_ROWS_MAX,
                    "a plan must fit one transaction"
                );
            }
            decision
        }
    }
}

struct Deciding<'a> {
    facts: &'a Facts,
    now: Timestamp,
    next: Incident,
}

impl Deciding<'_> {
    fn run(mut self) -> Asking<Decision> {
        self.next.backoff = None;
        self.next.wake_at = None;
        if let Some(announcement) = self.next.announce {
            return self.announce(announcement);
        }
        if !self.next.is_open() {
            return Ok(plan(Plan::of(self.next)));
        }
        let service = self.facts.service.as_ref().ok_or(vec![Need::Service])?;
        if let Some(service) = service {
            self.next.timeouts = service.timeouts();
        }
        if let Some(slot) = self.look_at_slot()? {
            if self.has_fallen_silent(slot) {
                return Ok(Decision::CloseBySilence(Box::new(slot.clone())));
            }
            self.next.auto_resolve_at = auto_resolve_at(self.next.timeouts, slot.last_signal_at);
        } else if self.next.auto_resolve_at.is_some_and(|at| at <= self.now) {
            self.next.auto_resolve_at = auto_resolve_at(self.next.timeouts, self.now);
        }
        if self.next.snoozed_until.is_some_and(|until| until <= self.now) {
            self.next.page_again(Because::SnoozeEnded);
        }
        if self.next.snoozed_until.is_some() {
            return Ok(plan(Plan::of(self.next)));
        }
        if self.next.status == Status::Acknowledged {
            match self.next.ack_ends_at {
                Some(end) if end <= self.now => self.next.page_again(Because::AckTimedOut),
                _ => return Ok(plan(Plan::of(self.next))),
            }
        }
        match self.work()?.cloned() {
            Some(work) if work.alerts == Alerts::Hold => return Ok(self.hold(&work)),
            work => self.look_at_maintenance(work.as_ref()),
        }
        match self.next.progress.clone() {
            Progress::Page(because) => {
                self.begin_again_if_cut();
                self.page(because)
            }
            Progress::Next(because) => self.page_next(because),
            Progress::Waiting(until) if until <= self.now => self.page_next(Because::TimePassed),
            Progress::Waiting(_) => self.look_at_step(),
            Progress::Unanswered { since, look_at } => self.look_at_unanswered(since, look_at),
        }
    }

    /// The slot, when there is a reason to read it: the auto-resolve time came, or nobody answered and it is time to
    /// look whether the sender still complains.
    fn look_at_slot(&self) -> Asking<Option<&Slot>> {
        let silence = self.next.auto_resolve_at.is_some_and(|at| at <= self.now);
        let unanswered = matches!(self.next.progress, Progress::Unanswered { look_at, .. } if look_at <= self.now);
        let timeout_was_set = self.next.auto_resolve_at.is_some() != (self.next.timeouts.auto_resolve_seconds > 0);
        if !silence && !unanswered && !timeout_was_set {
            return Ok(None);
        }
        match &self.facts.slot {
            None => Err(vec![Need::Slot]),
            // An incident without its slot cannot fall silent; the invariants say that there is none.
            Some(slot) => Ok(slot.as_ref().filter(|slot| slot.incident_id == self.next.id)),
        }
    }

    fn has_fallen_silent(&self, slot: &Slot) -> bool {
        auto_resolve_at(self.next.timeouts, slot.last_signal_at).is_some_and(|at| at <= self.now)
    }

    /// Tells those who were paged, save who acted, quietly; as many as one plan holds, the others at once after it.
    fn announce(mut self, what: Announcement) -> Asking<Decision> {
        let rows = self.facts.all_rows.as_ref().ok_or(vec![Need::AllRows])?;
        if what == Announcement::Over && self.next.counts.is_none() {
            let slot = self.facts.slot.as_ref().ok_or(vec![Need::Slot])?;
            self.next.counts = slot.as_ref().and_then(|slot| slot.counts_of(self.next.id));
        }
        let actor = match what {
            Announcement::TakenBy => self.next.acknowledged.as_ref(),
            Announcement::Over => self.next.resolved.as_ref(),
        };
        let told = |to: Recipient| {
            rows.iter().any(|row| {
                row.key.epoch == self.next.epoch && row.key.part == Part::Notice(what) && same_recipient(row.key.to, to)
            })
        };
        let reached = |row: &&Delivery| {
            row.key.part.is_page() && matches!(row.state, DeliveryState::Sent | DeliveryState::Sending)
        };
        let mut seen = HashSet::new();
        let mut to_tell: Vec<Recipient> = rows.iter().filter(reached).map(|row| row.key.to).collect();
        to_tell.retain(|to| seen.insert(who(*to)) && !told(*to));
        to_tell.retain(|to| match to {
            Recipient::Person(user, _) => !actor.is_some_and(|mark| mark.by.is_user(*user)),
            Recipient::Place(_) => true,
        });
        self.need_recipients(to_tell.iter().copied())?;

        let (epoch, cycle, step) = (self.next.epoch, self.next.cycle, self.next.step);
        let key = |to| DeliveryKey {
            subject: Subject::Incident(self.next.id),
            epoch,
            cycle,
            step,
            to,
            part: Part::Notice(what),
        };
        let mut deliveries: Vec<Delivery> = to_tell
            .iter()
            .filter_map(|to| match to {
                Recipient::Person(user, _) => {
                    let user = self.user(*user)?;
                    Some(self.to_person(key, user, user.quiet_contact()?, self.now))
                }
                Recipient::Place(channel) => Some(self.to_place(key, self.channel(*channel)?)),
            })
            .collect();
        // Only who can be told counts: those who cannot would be left over for ever.
        let more = deliveries.len() > limits::NOTICES_PER_PLAN_MAX;
        deliveries.truncate(limits::NOTICES_PER_PLAN_MAX);
        let people = deliveries.len() as u32;
        if more {
            self.next.wake_at = Some(self.now);
        } else {
            self.next.announce = None;
        }
        let event = (people > 0).then_some(EventKind::Told { what, people });
        Ok(plan(Plan {
            deliveries,
            event,
            ..Plan::of(self.next)
        }))
    }

    /// A step waits for an answer and something happened to one of its messages: try the person's next contact, or,
    /// when every page of it has failed for good, the next step.
    fn look_at_step(self) -> Asking<Decision> {
        let rows = self.facts.step_rows.as_ref().ok_or(vec![Need::StepRows])?;
        let pages: Vec<&Delivery> = rows.iter().filter(|row| row.key.part.is_page()).collect();
        let mut by_person: Vec<(UserId, Vec<&Delivery>)> = Vec::new();
        for page in &pages {
            if let Recipient::Person(user, _) = page.key.to {
                match by_person.iter_mut().find(|(known, _)| *known == user) {
                    Some((_, rows)) => rows.push(page),
                    None => by_person.push((user, vec![page])),
                }
            }
        }
        by_person.retain(|(_, rows)| rows.iter().any(|row| row.state.is_final_failure()));
        self.need_recipients(by_person.iter().map(|(user, rows)| match rows[0].key.to {
            to @ Recipient::Person(..) => to,
            Recipient::Place(_) => Recipient::Person(*user, ulid::Ulid::nil().into()),
        }))?;

        let (mut hasten, mut deliveries, mut user_ids) = (Vec::new(), Vec::new(), Vec::new());
        for (user, rows) in &by_person {
            let before = (hasten.len(), deliveries.len());
            match self.next_contact(*user, rows) {
                NextContact::None => {}
                NextContact::Hasten(rows) => hasten.extend(rows),
                NextContact::Fallback(row) => deliveries.push(*row),
            }
            if before != (hasten.len(), deliveries.len()) {
                user_ids.push(*user);
            }
        }
        let hope = |row: &&Delivery| !row.state.is_final_failure() && row.state != DeliveryState::Superseded;
        if deliveries.is_empty() && !pages.is_empty() && !pages.iter().any(hope) {
            return self.page_next(Because::PagesFailed);
        }
        let event = (!user_ids.is_empty()).then_some(EventKind::TriedNext { user_ids });
        Ok(plan(Plan {
            deliveries,
            hasten,
            event,
            ..Plan::of(self.next)
        }))
    }

    /// One more message for each that failed: those that wait for their time first, then a contact that no rule named.
    fn next_contact(&self, user: UserId, rows: &[&Delivery]) -> NextContact {
        let failed = rows.iter().filter(|row| row.state.is_final_failure()).count();
        let answered = rows
            .iter()
            .filter(|row| row.hastened || row.key.part == Part::Fallback)
            .count();
        let owed = failed.saturating_sub(answered);
        if owed == 0 {
            return NextContact::None;
        }
        let mut waiting: Vec<&&Delivery> = rows
            .iter()
            // One that was tried already and waits for its provider is not another contact.
            .filter(|row| row.state == DeliveryState::Scheduled && row.first_due > self.now && !row.hastened)
            .collect();
        waiting.sort_by_key(|row| row.due_at);
        if !waiting.is_empty() {
            let hastened = waiting.into_iter().take(owed);
            return NextContact::Hasten(
                hastened
                    .map(|row| Delivery {
                        due_at: Some(self.now),
                        hastened: true,
                        ..(**row).clone()
                    })
                    .collect(),
            );
        }
        let alive = |row: &&Delivery| {
            matches!(
                row.state,
                DeliveryState::Sent | DeliveryState::Sending | DeliveryState::Scheduled
            )
        };
        if rows.iter().any(alive) {
            return NextContact::None;
        }
        let Some(person) = self.user(user) else {
            return NextContact::None;
        };
        let used = |contact: &&Contact| {
            rows.iter()
                .any(|row| matches!(row.key.to, Recipient::Person(_, used) if used == contact.id))
        };
        match person.verified_contacts().find(|contact| !used(contact)) {
            None => NextContact::None,
            Some(contact) => {
                let key = |to| self.page_key(to, Part::Fallback);
                NextContact::Fallback(Box::new(self.to_person(key, person, contact, self.now)))
            }
        }
    }

    /// The step after the current one; after the last, the first again or the end.
    fn page_next(mut self, because: Because) -> Asking<Decision> {
        if let Route::People { then, .. } = self.next.route {
            self.next.route = Route::Policy(then);
            self.next.cycle += 1;
            self.next.first_cycle = self.next.cycle;
            self.next.step = 0;
        } else {
            self.next.step += 1;
        }
        self.page(because)
    }

    /// The step to be paged (again) may have been cut from its policy meanwhile: then the policy begins again.
    fn begin_again_if_cut(&mut self) {
        let Route::Policy(id) = &self.next.route else { return };
        let policy = self.facts.policies.get(id).and_then(Option::as_ref);
        if policy.is_some_and(|policy| self.next.step as usize >= policy.steps.len()) {
            self.next.cycle += 1;
            self.next.first_cycle = self.next.cycle;
            self.next.step = 0;
        }
    }

    /// Pages the current step, or the first after it that has somebody to page.
    fn page(mut self, because: Because) -> Asking<Decision> {
        let mut skipped = Vec::new();
        let mut not_asked: Vec<Asked> = Vec::new();
        loop {
            let Some(step) = self.current_step()? else {
                return self.unanswered(because, not_asked, skipped);
            };
            let (deliveries, asked) = match self.page_step(&step) {
                // Skipping goes through the policy, and must not ask once for each of its steps.
                Err(_) if !skipped.is_empty() => return Err(self.needs_of_policy()),
                answer => answer?,
            };
            if !deliveries.is_empty() {
                not_asked.extend(asked);
                return self.paged(because, &step, deliveries, not_asked, skipped);
            }
            skipped.push(self.next.step);
            // The same people are missing in every run: once is enough to say it.
            not_asked.extend(
                asked
                    .into_iter()
                    .filter(|one| !not_asked.contains(one))
                    .collect::<Vec<_>>(),
            );
            if let Route::People { then, .. } = self.next.route {
                self.next.route = Route::Policy(then);
                self.next.cycle += 1;
                self.next.first_cycle = self.next.cycle;
                self.next.step = 0;
            } else {
                self.next.step += 1;
            }
            if skipped.len() > limits::POLICY_STEPS_MAX + 1 {
                // A whole run found nobody: another would find nobody either.
                return self.unanswered(because, not_asked, skipped);
            }
        }
    }

    /// The step that `cycle` and `step` point at, moving on to the next run where one is left. None: it ran out.
    fn current_step(&mut self) -> Asking<Option<Step>> {
        let policy = match &self.next.route {
            Route::People { users, .. } => {
                let targets = users.iter().map(|user| Target::User(*user)).collect();
                return Ok(Some(Step {
                    escalate_after_seconds: limits::REASSIGNED_STEP_SECONDS,
                    targets,
                }));
            }
            Route::Policy(id) => match self.facts.policies.get(id) {
                None => return Err(vec![Need::Policy(*id)]),
                Some(None) => return Ok(None),
                Some(Some(policy)) => policy,
            },
        };
        if self.next.step as usize >= policy.steps.len() {
            if self.next.cycle - self.next.first_cycle >= policy.repeat {
                return Ok(None);
            }
            self.next.cycle += 1;
            self.next.step = 0;
        }
        Ok(policy.steps.get(self.next.step as usize).cloned())
    }

    /// Everything about the people and places of the policy that is not known yet.
    fn needs_of_policy(&self) -> Vec<Need> {
        let Route::Policy(id) = &self.next.route else {
            return Vec::new();
        };
        let steps = self
            .facts
            .policies
            .get(id)
            .into_iter()
            .flatten()
            .flat_map(|policy| &policy.steps);
        let mut seen = HashSet::new();
        steps
            .filter_map(|step| self.page_step(step).err())
            .flatten()
            .filter(|need| seen.insert(*need))
            .collect()
    }

    /// The messages of one step, and whom it asks or why not.
    fn page_step(&self, step: &Step) -> Asking<(Vec<Delivery>, Vec<Asked>)> {
        let mut needs: Vec<Need> = Vec::new();
        let mut people: Vec<UserId> = Vec::new();
        let mut places: Vec<ChannelId> = Vec::new();
        let mut asked = Vec::new();
        for target in &step.targets {
            match target {
                Target::User(user) => people.push(*user),
                Target::Channel(channel) => places.push(*channel),
                Target::Schedule(schedule) => match self.facts.on_call.of(schedule) {
                    None => needs.push(Need::Schedule(*schedule)),
                    Some([]) => {
                        asked.push(Asked {
                            id: schedule.to_string(),
                            name: None,
                            why_not: Some(NotPaged::NobodyOnCall),
                        });
                    }
                    Some(on_call) => people.extend(on_call),
                },
            }
        }
        let (mut seen, mut seen_places) = (HashSet::new(), HashSet::new());
        people.retain(|user| seen.insert(*user));
        places.retain(|place| seen_places.insert(*place));
        // Schedules may stand for many people; each place is one message.
        people.truncate(limits::STEP_TARGETS_MAX);
        places.truncate(limits::STEP_TARGETS_MAX);
        needs.extend(
            people
                .iter()
                .filter(|user| !self.facts.users.contains_key(user))
                .map(|user| Need::User(*user)),
        );
        needs.extend(
            places
                .iter()
                .filter(|id| !self.facts.channels.contains_key(id))
                .map(|id| Need::Channel(*id)),
        );
        if !needs.is_empty() {
            return Err(needs);
        }

        let urgency = match self.quiets()? {
            Some(_) => Urgency::Low,
            None => self.next.urgency,
        };
        let mut deliveries = Vec::new();
        for id in &people {
            let Some(user) = self.user(*id) else {
                asked.push(Asked {
                    id: id.to_string(),
                    name: None,
                    why_not: Some(NotPaged::Missing),
                });
                continue;
            };
            let messages = user.page_messages(urgency, self.now);
            let why_not = messages.is_empty().then_some(NotPaged::NoContact);
            asked.push(Asked {
                id: id.to_string(),
                name: Some(user.name.clone()),
                why_not,
            });
            deliveries.extend(messages.into_iter().map(|message| {
                let part = message.rule.map_or(Part::Page, |place| Part::Rule(place as u8));
                self.to_person(|to| self.page_key(to, part), user, message.contact, message.at)
            }));
        }
        for id in &places {
            let Some(channel) = self.channel(*id) else {
                asked.push(Asked {
                    id: id.to_string(),
                    name: None,
                    why_not: Some(NotPaged::Missing),
                });
                continue;
            };
            asked.push(Asked {
                id: id.to_string(),
                name: Some(channel.name.clone()),
                why_not: None,
            });
            deliveries.push(self.to_place(|to| self.page_key(to, Part::Page), channel));
        }
        Ok((deliveries, asked))
    }

    fn paged(
        mut self,
        because: Because,
        step: &Step,
        deliveries: Vec<Delivery>,
        asked: Vec<Asked>,
        skipped: Vec<u32>,
    ) -> Asking<Decision> {
        self.next.progress = Progress::Waiting(after_seconds(self.now, step.escalate_after_seconds.into()));
        self.next.likely = self.likely_next();
        self.next.maintenance = self.quiets()?.map(|work| self.under(work));
        let reached = asked.iter().filter(|asked| asked.why_not.is_none()).count();
        self.next
            .count_pages(u32::try_from(reached).unwrap_or(u32::MAX), self.now);
        let (cycle, step) = (self.next.cycle, self.next.step);
        let event = Some(EventKind::Paged {
            because,
            cycle,
            step,
            asked,
            skipped,
            quieted_by: self.next.maintenance.as_ref().map(|one| one.title.clone()),
        });
        Ok(plan(Plan {
            deliveries,
            event,
            ..Plan::of(self.next)
        }))
    }

    /// Whom the step after this one would ask, so that its reads can be made in one go.
    fn likely_next(&self) -> Vec<UserId> {
        let (policy, place) = match &self.next.route {
            Route::People { then, .. } => (then, 0),
            Route::Policy(id) => (id, self.next.step as usize + 1),
        };
        let Some(Some(policy)) = self.facts.policies.get(policy) else {
            return Vec::new();
        };
        let step = policy.steps.get(place).or_else(|| policy.steps.first());
        let users = step
            .into_iter()
            .flat_map(|step| &step.targets)
            .filter_map(|target| match target {
                Target::User(user) => Some(*user),
                Target::Schedule(_) | Target::Channel(_) => None,
            });
        users.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The policy ran out: the owners are told, and the incident is looked at every hour.
    fn unanswered(mut self, because: Because, asked: Vec<Asked>, skipped: Vec<u32>) -> Asking<Decision> {
        let owners = self.facts.owners.as_ref().ok_or(vec![Need::Owners])?;
        let (deliveries, told) = self.tell_owners(owners, Part::Unanswered);
        self.next.progress = Progress::Unanswered {
            since: self.now,
            look_at: after_seconds(self.now, limits::UNANSWERED_LOOK_SECONDS),
        };
        self.next.likely.clear();
        let alarm = deliveries
            .is_empty()
            .then_some("an incident went unanswered and no owner can be reached");
        let event = Some(EventKind::Unanswered {
            because,
            asked,
            skipped,
            owners: told,
        });
        Ok(plan(Plan {
            deliveries,
            event,
            alarm,
            ..Plan::of(self.next)
        }))
    }

    fn look_at_unanswered(mut self, since: Timestamp, look_at: Timestamp) -> Asking<Decision> {
        if look_at > self.now {
            return Ok(plan(Plan::of(self.next)));
        }
        let signal_since = matches!(&self.facts.slot, Some(Some(slot)) if slot.incident_id == self.next.id && slot.last_signal_at > since);
        if signal_since {
            self.next.restart(Because::SignalAfterUnanswered);
            return self.page(Because::SignalAfterUnanswered);
        }
        self.next.progress = Progress::Unanswered {
            since,
            look_at: after_seconds(self.now, limits::UNANSWERED_LOOK_SECONDS),
        };
        Ok(plan(Plan::of(self.next)))
    }

    fn tell_owners(&self, owners: &[User], part: Part) -> (Vec<Delivery>, Vec<Asked>) {
        tell_owners(&self.next, owners, part, self.now)
    }

    fn page_key(&self, to: Recipient, part: Part) -> DeliveryKey {
        let (epoch, cycle, step) = (self.next.epoch, self.next.cycle, self.next.step);
        DeliveryKey {
            subject: Subject::Incident(self.next.id),
            epoch,
            cycle,
            step,
            to,
            part,
        }
    }

    fn to_person(
        &self,
        key: impl Fn(Recipient) -> DeliveryKey,
        user: &User,
        contact: &Contact,
        at: Timestamp,
    ) -> Delivery {
        to_person(
            &self.next,
            key(Recipient::Person(user.id, contact.id)),
            user,
            contact,
            (at, self.now),
        )
    }

    fn to_place(&self, key: impl Fn(Recipient) -> DeliveryKey, channel: &Channel) -> Delivery {
        let key = key(Recipient::Place(channel.id));
        let delivery = Delivery::new(key, channel.kind, String::new(), ("en", "UTC"), self.now, self.now);
        Delivery {
            correlation_id: Some(self.next.correlation_id),
            ..delivery
        }
    }

    fn user(&self, id: UserId) -> Option<&User> {
        self.facts.users.get(&id).and_then(Option::as_ref)
    }

    fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.facts.channels.get(&id).and_then(Option::as_ref)
    }

    fn need_recipients(&self, recipients: impl Iterator<Item = Recipient>) -> Asking<()> {
        let needs: Vec<Need> = recipients
            .filter_map(|to| match to {
                Recipient::Person(user, _) if !self.facts.users.contains_key(&user) => Some(Need::User(user)),
                Recipient::Place(channel) if !self.facts.channels.contains_key(&channel) => {
                    Some(Need::Channel(channel))
                }
                _ => None,
            })
            .collect();
        if needs.is_empty() { Ok(()) } else { Err(needs) }
    }
}

/// What a failed message is followed by.
enum NextContact {
    None,
    Hasten(Vec<Delivery>),
    Fallback(Box<Delivery>),
}

fn plan(plan: Plan) -> Decision {
    Decision::Plan(Box::new(plan))
}

/// Who is meant, whichever contact it was.
fn who(to: Recipient) -> String {
    match to {
        Recipient::Person(user, _) => user.to_string(),
        Recipient::Place(channel) => channel.to_string(),
    }
}

fn same_recipient(a: Recipient, b: Recipient) -> bool {
    who(a) == who(b)
}

fn to_person(
    incident: &Incident,
    key: DeliveryKey,
    user: &User,
    contact: &Contact,
    (at, now): (Timestamp, Timestamp),
) -> Delivery {
    let person = (user.locale.as_str(), user.time_zone.as_str());
    let delivery = Delivery::new(key, contact.kind, contact.address.clone(), person, at, now);
    Delivery {
        correlation_id: Some(incident.correlation_id),
        ..delivery
    }
}

/// The messages that tell the owners something about an incident that somebody must know, and who is told.
pub fn tell_owners(incident: &Incident, owners: &[User], part: Part, now: Timestamp) -> (Vec<Delivery>, Vec<Asked>) {
    let subject = Subject::Incident(incident.id);
    let (epoch, cycle, step) = (incident.epoch, incident.cycle, incident.step);
    let (mut deliveries, mut told) = (Vec::new(), Vec::new());
    for owner in owners.iter().take(limits::OWNERS_MAX) {
        let contacts = owner.alarm_contacts();
        let why_not = contacts.is_empty().then_some(NotPaged::NoContact);
        told.push(Asked {
            id: owner.id.to_string(),
            name: Some(owner.name.clone()),
            why_not,
        });
        deliveries.extend(contacts.into_iter().map(|contact| {
            let to = Recipient::Person(owner.id, contact.id);
            to_person(
                incident,
                DeliveryKey {
                    subject,
                    epoch,
                    cycle,
                    step,
                    to,
                    part,
                },
                owner,
                contact,
                (now, now),
            )
        }));
    }
    (deliveries, told)
}

/// The plan for an incident whose handling fails for its own reasons: it waits longer each time; the fifth time it is
/// stuck, which the owners and the timeline are told once.
pub fn back_off(incident: &Incident, owners: &[User], reason: &str, now: Timestamp) -> Plan {
    let strikes = incident.backoff.map_or(0, |backoff| backoff.strikes) + 1;
    let seconds = if strikes >= limits::STRIKES_MAX {
        limits::STUCK_RETRY_SECONDS
    } else {
        15 << strikes
    };
    let mut next = incident.clone();
    next.backoff = Some(super::incident::Backoff {
        until: after_seconds(now, seconds),
        strikes,
    });
    if strikes != limits::STRIKES_MAX {
        return Plan::of(next);
    }
    // Whatever ended the wait in between (a failed page wakes its incident, people act), a notice has one name for each
    // step, and planning it again would make this very write fail.
    let here = Some((incident.epoch, incident.cycle, incident.step));
    let owners = if incident.stuck_told == here { &[] } else { owners };
    next.stuck_told = here;
    let (deliveries, owners) = tell_owners(incident, owners, Part::Stuck, now);
    let event = Some(EventKind::Stuck {
        reason: reason.to_owned(),
        owners,
    });
    Plan {
        deliveries,
        event,
        alarm: Some("handling an incident keeps failing"),
        ..Plan::of(next)
    }
}
