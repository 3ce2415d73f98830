//! A small world around `decide`: one incident, its slot and its messages in memory, each write guarded as the store
//! guards it. What happened is written down in words, so that a story can be compared whole.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use ulid::Ulid;

use crate::domain::actor::{Actor, ActorKind};
use crate::domain::delivery::{Attempt, Delivery, DeliveryState, Part, Recipient, step_prefix};
use crate::domain::escalation::{Decision, Facts, Need, Plan, decide};
use crate::domain::id::{ChannelId, ContactId, IntegrationId, PolicyId, ScheduleId, UserId};
use crate::domain::incident::{Act, Incident, Route};
use crate::domain::limits;
use crate::domain::people::{Channel, Contact, Medium, Role, Rule, Rules, User};
use crate::domain::policy::{Policy, Step, Target};
use crate::domain::service::{Service, UrgencyRule};
use crate::domain::signal::{Action, Draft, Severity, Signal};
use crate::domain::slot::{Slot, SlotClosed, Verdict, judge};
use crate::domain::status::{Alerts, Work};
use crate::domain::time::after_seconds;
use crate::domain::timeline::{Asked, EventKind, Resolution};

pub const NAMES: [&str; 6] = ["ann", "ben", "cat", "dan", "eve", "fay"];
/// People from this number on are owners.
pub const FIRST_OWNER: usize = 1000;
/// How often a decision may ask: `advance` gives up after as many.
const ASKS_MAX: usize = 8;

/// So many seconds after the beginning of every story.
pub fn at(seconds: i64) -> Timestamp {
    after_seconds("2026-02-03T02:00:00Z".parse().unwrap(), seconds)
}

pub fn id<T: From<Ulid>>(number: usize) -> T {
    Ulid::from_parts(1_770_000_000_000, number as u128).into()
}

pub fn name_of(user: usize) -> String {
    match user {
        user if user >= FIRST_OWNER => format!("owner{}", user - FIRST_OWNER),
        user => NAMES
            .get(user)
            .map_or_else(|| format!("user{user}"), |name| (*name).to_owned()),
    }
}

/// The contact of a user at this place in their list.
pub fn contact_id(user: usize, place: usize) -> ContactId {
    id(user * 100 + place)
}

pub fn word(medium: Medium) -> &'static str {
    match medium {
        Medium::Sms => "sms",
        Medium::Voice => "voice",
        Medium::Email => "email",
        Medium::Webhook => "push",
        Medium::Topic => "topic",
    }
}

/// A person with these ways to reach them, all verified, and no rules.
pub fn person(number: usize, contacts: &[Medium]) -> User {
    let contact = |(place, kind): (usize, &Medium)| Contact {
        id: contact_id(number, place),
        kind: *kind,
        address: format!("{}/{}", name_of(number), word(*kind)),
        verified_at: Some(at(-1000)),
        verification: None,
    };
    User {
        id: id(number),
        name: name_of(number),
        email: format!("{}@example.org", name_of(number)),
        role: if number >= FIRST_OWNER {
            Role::Owner
        } else {
            Role::Responder
        },
        team_ids: vec![],
        time_zone: "UTC".into(),
        locale: "en".into(),
        contacts: contacts.iter().enumerate().map(contact).collect(),
        rules: Rules::default(),
        password_hash: None,
        signed_out_at: None,
        tokens_ended_at: None,
        avatar: Default::default(),
        created_at: at(-1000),
    }
}

/// Rules out of (seconds, place of the contact).
pub fn rules(user: usize, of: &[(u32, usize)]) -> Vec<Rule> {
    of.iter()
        .map(|(after_seconds, place)| Rule {
            after_seconds: *after_seconds,
            contact_id: contact_id(user, *place),
        })
        .collect()
}

pub fn to(users: &[usize], escalate_after_seconds: u32) -> Step {
    Step {
        escalate_after_seconds,
        targets: users.iter().map(|user| Target::User(id(*user))).collect(),
    }
}

pub fn policy(number: usize, repeat: u32, steps: Vec<Step>) -> Policy {
    Policy {
        id: id(number),
        team_id: None,
        name: format!("policy {number}"),
        repeat,
        steps,
        created_at: at(-1000),
    }
}

pub fn channel(number: usize) -> Channel {
    Channel {
        id: id(number),
        team_id: None,
        name: format!("room{number}"),
        kind: Medium::Webhook,
        address: "https://chat.example.org/".into(),
        sealed_secret: String::new(),
        created_at: at(-1000),
    }
}

pub fn service(ack_timeout_seconds: u32, auto_resolve_seconds: u32) -> Service {
    Service {
        id: id(1),
        team_id: None,
        name: "shop".into(),
        policy_id: id(0),
        urgency: UrgencyRule::High,
        ack_timeout_seconds,
        auto_resolve_seconds,
        components: Vec::new(),
        publication: Default::default(),
        created_at: at(-1000),
    }
}

/// A maintenance of the service, from and until so many seconds after the beginning.
pub fn work(number: usize, alerts: Alerts, from: i64, until: i64) -> Work {
    Work {
        maintenance_id: id(number),
        service_id: id(1),
        title: format!("work {number}"),
        alerts,
        from: at(from),
        until: at(until),
    }
}

pub fn by(user: usize) -> Actor {
    Actor {
        kind: ActorKind::User,
        id: Some(id::<UserId>(user).to_string()),
        name: name_of(user),
        user_id: None,
    }
}

pub fn sender() -> Actor {
    Actor {
        kind: ActorKind::Integration,
        id: Some(id::<IntegrationId>(1).to_string()),
        name: "prometheus".into(),
        user_id: None,
    }
}

pub fn signal(action: Action, severity: Severity, title: &str, event_at: Option<Timestamp>) -> Signal {
    Signal::new(Draft {
        action,
        group_key: "disk".into(),
        event_at,
        summary: title.into(),
        severity,
        source: None,
        component: None,
        runbook_url: None,
        links: vec![],
        images: vec![],
        details: serde_json::Value::Null,
        alerts: vec![],
        alerts_left_out: 0,
        remarks: vec![],
    })
}

#[derive(Clone)]
pub struct World {
    pub now: Timestamp,
    pub incident: Incident,
    pub version: u64,
    pub slot: Slot,
    pub rows: BTreeMap<String, Delivery>,
    pub service: Option<Service>,
    pub works: Vec<Work>,
    pub policies: HashMap<PolicyId, Policy>,
    pub users: HashMap<UserId, User>,
    pub channels: HashMap<ChannelId, Channel>,
    pub on_call: HashMap<ScheduleId, Vec<UserId>>,
    /// Messages to these ("ann/sms") fail for good.
    pub failing: HashSet<String>,
    pub log: Vec<String>,
    leases: usize,
}

impl World {
    /// An incident that an error opened at +0.
    pub fn new(service: Service, policy: Policy, users: Vec<User>) -> Self {
        Self::opened(service, vec![policy], users, Severity::Error)
    }

    pub fn opened(service: Service, policies: Vec<Policy>, users: Vec<User>, severity: Severity) -> Self {
        let signal = signal(Action::Trigger, severity, "disk full", None);
        let first = policies.iter().find(|policy| policy.id == service.policy_id);
        Self {
            now: at(0),
            incident: Incident::open((id(1), id(1)), &service, Some(id(1)), &signal, first, at(0)),
            version: 1,
            slot: Slot::opened(id(1), &signal, None, at(0)),
            rows: BTreeMap::new(),
            service: Some(service),
            works: Vec::new(),
            policies: policies.into_iter().map(|policy| (policy.id, policy)).collect(),
            users: users.into_iter().map(|user| (user.id, user)).collect(),
            channels: HashMap::new(),
            on_call: HashMap::new(),
            failing: HashSet::new(),
            log: vec![],
            leases: 0,
        }
    }

    pub fn owners(&self) -> Vec<User> {
        let mut owners: Vec<User> = self
            .users
            .values()
            .filter(|user| user.role == Role::Owner)
            .cloned()
            .collect();
        owners.sort_by_key(|user| user.id);
        owners
    }

    /// What `decide` says about `incident`, with facts read as they are asked for.
    pub fn decided(&self) -> Decision {
        let mut facts = Facts::default();
        self.read(&mut facts, &likely(&self.incident));
        for _ in 0..ASKS_MAX {
            match decide(&self.incident, &facts, self.now) {
                Decision::Need(needs) => {
                    assert!(!needs.is_empty(), "it asks for nothing");
                    self.read(&mut facts, &needs);
                }
                decision => return decision,
            }
        }
        panic!(
            "a decision kept asking for facts: {:?}",
            decide(&self.incident, &facts, self.now)
        );
    }

    fn read(&self, facts: &mut Facts, needs: &[Need]) {
        for need in needs {
            match *need {
                Need::Service => facts.service = Some(self.service.clone()),
                Need::Works => facts.works = Some(self.works.clone()),
                Need::Policy(id) => drop(facts.policies.insert(id, self.policies.get(&id).cloned())),
                Need::User(id) => drop(facts.users.insert(id, self.users.get(&id).cloned())),
                Need::Channel(id) => drop(facts.channels.insert(id, self.channels.get(&id).cloned())),
                Need::Schedule(id) => {
                    drop(
                        facts
                            .on_call
                            .0
                            .insert(id, self.on_call.get(&id).cloned().unwrap_or_default()),
                    );
                }
                Need::StepRows => {
                    let prefix = step_prefix(self.incident.epoch, self.incident.cycle, self.incident.step);
                    let of_step = self.rows.iter().filter(|(key, _)| key.starts_with(&prefix));
                    facts.step_rows = Some(of_step.map(|(_, row)| row.clone()).collect());
                }
                Need::AllRows => facts.all_rows = Some(self.rows.values().cloned().collect()),
                Need::Slot => facts.slot = Some(Some(self.slot.clone())),
                Need::Owners => facts.owners = Some(self.owners()),
            }
        }
    }

    /// Writes what was decided on `version`. False: it changed meanwhile, and nothing is written.
    pub fn apply(&mut self, version: u64, decision: &Decision) -> bool {
        match decision {
            Decision::Plan(plan) => self.write(version, plan),
            Decision::CloseBySilence(slot) => {
                let same = self.slot.closed.is_none() && self.slot.last_signal_at == slot.last_signal_at;
                if version != self.version || !same {
                    return false;
                }
                self.incident
                    .close(Resolution::BySilence, &Actor::system(), Some(slot.counts()), self.now)
                    .unwrap();
                self.slot.closed = Some(SlotClosed {
                    at: self.now,
                    by_sender: false,
                });
                self.version += 1;
                self.say(format!("e{} resolved by silence", self.incident.epoch));
                true
            }
            Decision::Need(_) | Decision::Wait => panic!("nothing to apply"),
        }
    }

    pub fn write(&mut self, version: u64, plan: &Plan) -> bool {
        let waits = |row: &Delivery| {
            let stored = &self.rows[&row.key.message()];
            stored.state == DeliveryState::Scheduled && stored.attempts == row.attempts
        };
        if version != self.version || !plan.hasten.iter().all(waits) {
            return false;
        }
        for row in &plan.deliveries {
            let before = self.rows.insert(row.key.message(), row.clone());
            assert!(before.is_none(), "a message is planned twice: {:?}", row.key);
        }
        for row in &plan.hasten {
            self.rows.insert(row.key.message(), row.clone());
        }
        self.incident = plan.incident.clone();
        self.version += 1;
        self.tell(plan);
        true
    }

    /// Does what is due now, as the sweep would. The number of plans it took.
    pub fn settle(&mut self) -> usize {
        for plans in 0..50 {
            match self.decided() {
                Decision::Wait => return plans,
                decision => assert!(self.apply(self.version, &decision)),
            }
        }
        panic!("no end of plans at one time: {:#?}", self.incident);
    }

    /// Lives on until so many seconds after the beginning: everything is done when it is due.
    pub fn run_to(&mut self, seconds: i64) -> &mut Self {
        loop {
            self.settle();
            if self.send_due() {
                continue;
            }
            let due = self
                .rows
                .values()
                .filter_map(|row| row.due_at)
                .chain(self.incident.due())
                .min();
            match due.filter(|due| *due <= at(seconds)) {
                Some(due) => self.now = due,
                None => {
                    self.now = at(seconds);
                    return self;
                }
            }
        }
    }

    /// Sends the first message that is due. False: none is.
    pub fn send_due(&mut self) -> bool {
        let due = self
            .rows
            .iter()
            .find(|(_, row)| row.due_at.is_some_and(|due| due <= self.now));
        let Some((key, row)) = due.map(|(key, row)| (key.clone(), row.clone())) else {
            return false;
        };
        let Some(lease) = self.claim(&key) else { return true };
        let attempt = if !self.rows[&key].is_wanted(&self.incident) {
            Attempt::Superseded
        } else if self.failing.contains(&self.place(row.key.to)) {
            Attempt::Permanent("refused".into())
        } else {
            Attempt::Sent { provider_id: None }
        };
        assert!(self.record(&key, &lease, attempt));
        true
    }

    /// Takes a message for one try. None: it is not due, or somebody has it, or it is over.
    pub fn claim(&mut self, key: &str) -> Option<String> {
        self.leases += 1;
        let lease = format!("lease{}", self.leases);
        let row = self.rows.get_mut(key)?;
        if row.due_at.is_none_or(|due| due > self.now) {
            return None;
        }
        if row.unrecorded >= limits::DELIVERY_UNRECORDED_MAX {
            let stuck = row.clone().stuck();
            self.keep_outcome(key, stuck);
            return None;
        }
        row.state = DeliveryState::Sending;
        row.lease = Some(lease.clone());
        row.attempts += 1;
        row.unrecorded += 1;
        row.due_at = Some(after_seconds(self.now, limits::DELIVERY_LEASE_SECONDS));
        Some(lease)
    }

    /// Records what came of a try. False: the lease was lost.
    pub fn record(&mut self, key: &str, lease: &str, attempt: Attempt) -> bool {
        let row = &self.rows[key];
        if row.lease.as_deref() != Some(lease) {
            return false;
        }
        let after = row.clone().record(attempt, self.now);
        self.keep_outcome(key, after);
        true
    }

    fn keep_outcome(&mut self, key: &str, row: Delivery) {
        let line = format!("{} {:?}", self.place(row.key.to), row.state).to_lowercase();
        self.say(line);
        if row.state.is_final_failure() && row.key.part.is_page() {
            self.incident.wake_at = Some(self.now);
            self.incident.backoff = None;
            self.version += 1;
        }
        self.rows.insert(key.to_owned(), row);
    }

    /// A person does something. False: it was done already.
    pub fn act(&mut self, act: Act, by: &Actor) -> bool {
        let changed = self.incident.act(act, by, self.now).is_some();
        self.version += u64::from(changed);
        changed
    }

    /// Somebody changes the maintenances, which wakes what they kept from paging.
    pub fn change_works(&mut self, works: Vec<Work>) {
        let before = std::mem::replace(&mut self.works, works);
        for work in before.iter().filter(|work| !self.works.contains(work)) {
            self.version += u64::from(self.incident.look_at_maintenance(work.maintenance_id, self.now));
        }
    }

    /// A person does something, and what follows at once.
    pub fn settle_by(&mut self, by: &Actor, act: Act) {
        assert!(self.act(act, by));
        self.settle();
    }

    pub fn close(&mut self, by: &Actor) -> bool {
        let by_sender = by.kind == ActorKind::Integration;
        let (how, counts) = match by_sender {
            true => (Resolution::BySender, Some(self.slot.counts())),
            false => (Resolution::ByHand, None),
        };
        let changed = self.incident.close(how, by, counts, self.now).is_some();
        if changed {
            self.slot.closed = Some(SlotClosed {
                at: self.now,
                by_sender,
            });
            self.version += 1;
        }
        changed
    }

    /// A signal comes in, as `intake` takes it.
    pub fn receive(&mut self, signal: &Signal) -> Verdict {
        let verdict = judge(Some(&self.slot), signal, self.now);
        match &verdict {
            Verdict::Open => {}
            Verdict::Repeat(_) => self.slot = self.slot.took_in(signal, self.now),
            Verdict::Changed(_) => {
                let urgency = self
                    .service
                    .as_ref()
                    .map_or(UrgencyRule::High, |service| service.urgency)
                    .urgency(signal.severity);
                let changed = self.incident.take_in(signal, urgency, self.now);
                self.version += u64::from(changed.is_some());
                self.slot = self.slot.took_in(signal, self.now);
            }
            Verdict::Acknowledge(_) => drop(self.act(Act::Acknowledge, &sender())),
            Verdict::Resolve(_) => drop(self.close(&sender())),
            Verdict::Ignored { seen, .. } => {
                if seen.is_some() {
                    self.slot.signal_count += 1;
                    self.slot.last_signal_at = self.now;
                }
            }
        }
        verdict
    }

    /// A trigger of this severity; another title is another snapshot.
    pub fn trigger(&mut self, severity: Severity, title: &str) -> Verdict {
        self.receive(&signal(Action::Trigger, severity, title, None))
    }

    /// What was written down since the last time.
    pub fn news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    fn say(&mut self, line: String) {
        let seconds = self.now.duration_since(at(0)).as_secs();
        self.log.push(format!("+{seconds} {line}"));
    }

    fn tell(&mut self, plan: &Plan) {
        let incident = &plan.incident;
        let place = format!("e{} {}.{}", incident.epoch, incident.cycle, incident.step);
        let mut messages: Vec<String> = plan.deliveries.iter().map(|row| self.message(row)).collect();
        messages.extend(plan.hasten.iter().map(|row| format!("{} hastened", self.message(row))));
        let messages = messages.join(", ");
        let why = |asked: &[Asked], skipped: &[u32]| {
            let not = asked.iter().filter_map(|one| {
                let name = one.name.clone().unwrap_or_else(|| one.id.clone());
                Some(format!("{name} {:?}", one.why_not?))
            });
            let not: Vec<String> = not.collect();
            let not = if not.is_empty() {
                String::new()
            } else {
                format!("; not {}", not.join(", "))
            };
            if skipped.is_empty() {
                not
            } else {
                format!("; skipped {skipped:?}{not}")
            }
        };
        let line = match &plan.event {
            None if messages.is_empty() => return,
            None => format!("{place} {messages}"),
            Some(EventKind::Paged {
                because,
                asked,
                skipped,
                quieted_by,
                ..
            }) => {
                let quietly = if quieted_by.is_some() { " quietly" } else { "" };
                format!(
                    "{place} paged{quietly} ({because:?}): {messages}{}",
                    why(asked, skipped)
                )
            }
            Some(EventKind::Unanswered {
                because,
                asked,
                skipped,
                owners,
            }) => {
                let (not, owners) = (why(asked, skipped), why(owners, &[]));
                format!("{place} unanswered ({because:?}): {messages}{not}{owners}")
            }
            Some(EventKind::Held { until, .. }) => {
                format!("{place} held until +{}", until.duration_since(at(0)).as_secs())
            }
            Some(EventKind::TriedNext { .. }) => format!("{place} tried next: {messages}"),
            Some(EventKind::Told { what, people }) => format!("{place} told {people} ({what:?}): {messages}"),
            Some(EventKind::Stuck { reason, .. }) => format!("{place} stuck ({reason}): {messages}"),
            Some(other) => panic!("not an event of a plan: {other:?}"),
        };
        let alarm = plan.alarm.map_or(String::new(), |alarm| format!("; ALARM {alarm}"));
        self.say(format!("{line}{alarm}"));
    }

    fn message(&self, row: &Delivery) -> String {
        let due = row.due_at.unwrap().duration_since(self.now).as_secs();
        let due = if due == 0 { String::new() } else { format!("@{due}") };
        let part = if row.key.part == Part::Fallback {
            " fallback"
        } else {
            ""
        };
        format!("{}{due}{part}", self.place(row.key.to))
    }

    /// "ann/sms", "room1".
    pub fn place(&self, to: Recipient) -> String {
        let number = |ulid: Ulid| ulid.random() as usize;
        match to {
            Recipient::Place(channel) => format!("room{}", number(channel.0)),
            Recipient::Person(user, contact) => {
                let known = self.users.get(&user).and_then(|user| user.contact(contact));
                let word = known.map_or_else(
                    || number(contact.0).to_string(),
                    |contact| word(contact.kind).to_owned(),
                );
                format!("{}/{word}", name_of(number(user.0)))
            }
        }
    }
}

/// What `advance` reads before it asks for the first time.
fn likely(incident: &Incident) -> Vec<Need> {
    if incident.announce.is_some() {
        return vec![Need::AllRows];
    }
    let (policy, people) = match &incident.route {
        Route::Policy(policy) => (*policy, &[][..]),
        Route::People { then, users } => (*then, &users[..]),
    };
    let mut needs = vec![Need::Service, Need::Works, Need::Policy(policy), Need::StepRows];
    needs.extend(incident.likely.iter().chain(people).map(|user| Need::User(*user)));
    needs
}
