//! Laws that hold whatever senders, people, providers, clocks and queues do, in whatever order.
//!
//! The model beside the world knows no epochs: it kills messages when something that ends them took effect, walks
//! policies by itself, and compares.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::world::*;
use crate::domain::actor::ActorKind;
use crate::domain::delivery::{Attempt, Delivery, DeliveryState, Part, Recipient, Subject};
use crate::domain::escalation::{Decision, Plan, back_off};
use crate::domain::id::{PolicyId, UserId};
use crate::domain::incident::{Act, Announcement, Incident, Progress, Route, Status};
use crate::domain::limits;
use crate::domain::people::{Medium, Rules, User};
use crate::domain::policy::{Policy, Step, Target};
use crate::domain::service::{Service, Urgency};
use crate::domain::signal::{Action, Severity};
use crate::domain::slot::Verdict;
use crate::domain::status::{Alerts, Work};
use crate::domain::time::after_seconds;
use crate::domain::timeline::{Because, EventKind};

const MEDIA: [Medium; 4] = [Medium::Sms, Medium::Voice, Medium::Email, Medium::Webhook];
const SEVERITIES: [Severity; 4] = [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical];
/// People who may exist; one more is named by policies and never does.
const PEOPLE: usize = 5;

// ---- What may happen -------------------------------------------------------------------------------------------------

#[derive(Debug, Clone)]
enum Op {
    Signal {
        action: Action,
        severity: usize,
        title: u8,
        event: Option<i64>,
    },
    Act {
        who: usize,
        what: What,
    },
    Close {
        who: usize,
    },
    /// The clock moves; hints that fell due are lost.
    Pass(i64),
    /// The clock moves to what is due next, and a little on.
    PassToDue(i64),
    /// A hint or the sweep comes, as often as this.
    Wake(u8),
    /// Two planners decide on the same version; both write.
    Race,
    /// A planner decides, somebody acts, the planner writes.
    Overtaken {
        who: usize,
        what: What,
    },
    /// A worker takes a message, due or not, and checks it.
    Take(usize),
    /// A worker that has one says what came of it.
    Answer(usize, Outcome),
    /// Everything that is due goes out.
    SendAll(Outcome),
    /// Handling the incident fails for its own reasons.
    Strike,
    EditPolicy(usize, Option<PolicySpec>),
    EditPerson(usize, Option<PersonSpec>),
    EditChannel(usize, bool),
    EditOnCall(usize, Vec<usize>),
    EditService(Option<(u32, u32)>),
    /// Maintenances of the service from now on, and whether what they keep from paging is woken.
    EditWorks(Vec<WorkSpec>, bool),
}

/// Whether it holds, and from and until how many seconds after now.
#[derive(Debug, Clone, Copy)]
struct WorkSpec {
    holds: bool,
    began_before: bool,
    until: i64,
}

#[derive(Debug, Clone)]
enum What {
    Acknowledge,
    Unacknowledge,
    Snooze(i64),
    ToPolicy(usize),
    ToPeople(Vec<usize>),
    Escalate,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Sent,
    Transient,
    Throttled(i64),
    Permanent,
    /// The worker is never heard of again.
    Vanishes,
}

#[derive(Debug, Clone)]
struct PolicySpec {
    repeat: u32,
    /// Seconds and targets.
    steps: Vec<(u32, Vec<TargetSpec>)>,
}

#[derive(Debug, Clone, Copy)]
enum TargetSpec {
    Person(usize),
    OnCall(usize),
    Room(usize),
}

#[derive(Debug, Clone)]
struct PersonSpec {
    /// Medium, and whether it is verified.
    contacts: Vec<(usize, bool)>,
    high: Vec<(u32, usize)>,
    low: Vec<(u32, usize)>,
}

#[derive(Debug, Clone)]
struct Start {
    severity: usize,
    service: (u32, u32),
    policies: [PolicySpec; 2],
    people: Vec<Option<PersonSpec>>,
    owners: Vec<PersonSpec>,
    on_call: Vec<Vec<usize>>,
    rooms: Vec<bool>,
}

fn target() -> impl Strategy<Value = TargetSpec> {
    prop_oneof![
        5 => (0..=PEOPLE).prop_map(TargetSpec::Person),
        1 => (0..3_usize).prop_map(TargetSpec::OnCall),
        1 => (0..3_usize).prop_map(TargetSpec::Room),
    ]
}

fn policy_spec() -> impl Strategy<Value = PolicySpec> {
    let delay = prop::sample::select(vec![1_u32, 60, 300, 3600, 86_400]);
    let few = vec((delay.clone(), vec(target(), 0..4)), 0..5);
    let many = vec((delay, vec(target(), 0..2)), 8..=10);
    (0..=3_u32, prop_oneof![6 => few, 1 => many]).prop_map(|(repeat, steps)| PolicySpec { repeat, steps })
}

fn person_spec() -> impl Strategy<Value = PersonSpec> {
    let rules = || vec((prop::sample::select(vec![0_u32, 0, 120, 600, 3600]), 0..5_usize), 0..4);
    let contacts = vec((0..4_usize, prop::bool::weighted(0.8)), 0..4);
    (contacts, rules(), rules()).prop_map(|(contacts, high, low)| PersonSpec { contacts, high, low })
}

fn service_spec() -> impl Strategy<Value = (u32, u32)> {
    let ack = prop::sample::select(vec![0_u32, 600, 1800]);
    let silence = prop::sample::select(vec![0_u32, 0, 900, 14_400]);
    (ack, silence)
}

fn start() -> impl Strategy<Value = Start> {
    let people = vec(prop::option::weighted(0.8, person_spec()), PEOPLE);
    let parts = (
        0..4_usize,
        service_spec(),
        policy_spec(),
        policy_spec(),
        people,
        vec(person_spec(), 0..4),
    );
    (parts, vec(vec(0..=PEOPLE, 0..3), 2), vec(any::<bool>(), 2)).prop_map(|(parts, on_call, rooms)| {
        let (severity, service, first, second, people, owners) = parts;
        Start {
            severity,
            service,
            policies: [first, second],
            people,
            owners,
            on_call,
            rooms,
        }
    })
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        3 => Just(What::Acknowledge),
        1 => Just(What::Unacknowledge),
        1 => prop::sample::select(vec![1_i64, 300, 7200, limits::SNOOZE_SECONDS_MAX]).prop_map(What::Snooze),
        1 => (0..2_usize).prop_map(What::ToPolicy),
        1 => vec(0..=PEOPLE, 1..3).prop_map(What::ToPeople),
        2 => Just(What::Escalate),
    ]
}

fn work_spec() -> impl Strategy<Value = WorkSpec> {
    let until = prop_oneof![Just(0_i64), 1..900_i64, 900..40_000_i64];
    (any::<bool>(), prop::bool::weighted(0.9), until).prop_map(|(holds, began_before, until)| WorkSpec {
        holds,
        began_before,
        until,
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(Outcome::Sent),
        2 => Just(Outcome::Transient),
        1 => prop::sample::select(vec![0_i64, 30, 1200]).prop_map(Outcome::Throttled),
        4 => Just(Outcome::Permanent),
        1 => Just(Outcome::Vanishes),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let action = prop_oneof![6 => Just(Action::Trigger), 1 => Just(Action::Acknowledge), 1 => Just(Action::Resolve)];
    let signal = (action, 0..4_usize, 0..3_u8, prop::option::of(-100_i64..10_000));
    let seconds = prop_oneof![3 => 0..90_i64, 2 => 90..4000_i64, 1 => 4000..30_000_i64];
    prop_oneof![
        4 => signal.prop_map(|(action, severity, title, event)| Op::Signal { action, severity, title, event }),
        4 => (0..PEOPLE, what()).prop_map(|(who, what)| Op::Act { who, what }),
        1 => (0..PEOPLE).prop_map(|who| Op::Close { who }),
        3 => seconds.prop_map(Op::Pass),
        6 => (0..2_i64).prop_map(Op::PassToDue),
        9 => (1..4_u8).prop_map(Op::Wake),
        2 => Just(Op::Race),
        2 => (0..PEOPLE, what()).prop_map(|(who, what)| Op::Overtaken { who, what }),
        5 => any::<usize>().prop_map(Op::Take),
        5 => (any::<usize>(), outcome()).prop_map(|(which, outcome)| Op::Answer(which, outcome)),
        5 => outcome().prop_map(Op::SendAll),
        1 => Just(Op::Strike),
        1 => (0..2_usize, prop::option::weighted(0.8, policy_spec())).prop_map(|(n, spec)| Op::EditPolicy(n, spec)),
        1 => (0..PEOPLE, prop::option::weighted(0.7, person_spec())).prop_map(|(n, spec)| Op::EditPerson(n, spec)),
        1 => (0..2_usize, any::<bool>()).prop_map(|(n, there)| Op::EditChannel(n, there)),
        1 => (0..2_usize, vec(0..=PEOPLE, 0..3)).prop_map(|(n, people)| Op::EditOnCall(n, people)),
        1 => prop::option::weighted(0.8, service_spec()).prop_map(Op::EditService),
        2 => (vec(work_spec(), 0..3), any::<bool>()).prop_map(|(works, told)| Op::EditWorks(works, told)),
    ]
}

impl PolicySpec {
    fn policy(&self, number: usize) -> Policy {
        let target = |target: &TargetSpec| match target {
            TargetSpec::Person(user) => Target::User(id(*user)),
            TargetSpec::OnCall(schedule) => Target::Schedule(id(*schedule)),
            TargetSpec::Room(room) => Target::Channel(id(*room)),
        };
        let step = |(seconds, targets): &(u32, Vec<TargetSpec>)| Step {
            escalate_after_seconds: *seconds,
            targets: targets.iter().map(target).collect(),
        };
        policy(number, self.repeat, self.steps.iter().map(step).collect())
    }
}

impl PersonSpec {
    fn user(&self, number: usize) -> User {
        let media: Vec<Medium> = self.contacts.iter().map(|(medium, _)| MEDIA[*medium]).collect();
        let mut user = person(number, &media);
        for (contact, (_, verified)) in user.contacts.iter_mut().zip(&self.contacts) {
            contact.verified_at = contact.verified_at.filter(|_| *verified);
        }
        user.rules = Rules {
            high: rules(number, &self.high),
            low: rules(number, &self.low),
        };
        user
    }
}

impl Start {
    fn world(&self) -> World {
        let policies = self
            .policies
            .iter()
            .enumerate()
            .map(|(number, spec)| spec.policy(number))
            .collect();
        let people = self
            .people
            .iter()
            .enumerate()
            .filter_map(|(number, spec)| Some(spec.as_ref()?.user(number)));
        let owners = self
            .owners
            .iter()
            .enumerate()
            .map(|(number, spec)| spec.user(FIRST_OWNER + number));
        let (ack, silence) = self.service;
        let users = people.chain(owners).collect();
        let mut world = World::opened(service(ack, silence), policies, users, SEVERITIES[self.severity]);
        world.on_call = self
            .on_call
            .iter()
            .enumerate()
            .map(|(n, people)| (id(n), people.iter().map(|n| id(*n)).collect()))
            .collect();
        world.channels = (0..2).filter(|n| self.rooms[*n]).map(|n| (id(n), channel(n))).collect();
        world
    }
}

// ---- What must follow ------------------------------------------------------------------------------------------------

/// A run and a step in it, and what the step asks.
type Place = ((u32, u32), Step);

/// The step that was paged last.
#[derive(Clone)]
struct Running {
    place: (u32, u32),
    deadline: Timestamp,
}

struct Model {
    world: World,
    /// Messages that something has ended: none of them may pass a check again.
    dead: HashSet<String>,
    /// Whether somebody has it, or put it off, or ended it.
    quiet: bool,
    peak: Severity,
    running: Option<Running>,
    escalated: bool,
    /// Whether somebody asked others to look at it: no maintenance explains it any more.
    asked_for: bool,
    /// Whether the last to acknowledge was a person, for good.
    taken_for_good: bool,
    /// The incident as it was closed.
    over: Option<Incident>,
    /// Messages workers have, and their leases.
    taken: Vec<(String, String, Timestamp)>,
}

impl Model {
    fn new(start: &Start) -> Self {
        Self {
            world: start.world(),
            dead: HashSet::new(),
            quiet: false,
            peak: SEVERITIES[start.severity],
            running: None,
            escalated: false,
            asked_for: false,
            taken_for_good: false,
            over: None,
            taken: vec![],
        }
    }

    fn run(&mut self, op: &Op) {
        match op {
            Op::Signal {
                action,
                severity,
                title,
                event,
            } => self.signal(*action, SEVERITIES[*severity], *title, *event),
            Op::Act { who, what } => self.act(*who, what),
            Op::Close { who } => self.close(*who),
            Op::Pass(seconds) => self.world.now = after_seconds(self.world.now, *seconds),
            Op::PassToDue(more) => {
                let rows = self.world.rows.values().filter_map(|row| row.due_at);
                if let Some(due) = rows
                    .chain(self.world.incident.due())
                    .filter(|due| *due > self.world.now)
                    .min()
                {
                    self.world.now = after_seconds(due, *more);
                }
            }
            Op::Wake(times) => {
                for _ in 0..*times {
                    self.wake();
                }
            }
            Op::Race => {
                let (version, first, second) = (self.world.version, self.world.decided(), self.world.decided());
                assert_eq!(first, second, "two planners who know the same decide the same");
                if first != Decision::Wait {
                    self.apply(&first);
                    assert!(!self.world.apply(version, &second), "only the first writes");
                }
            }
            Op::Overtaken { who, what } => {
                let (version, decision) = (self.world.version, self.world.decided());
                self.act(*who, what);
                if decision != Decision::Wait && self.world.version != version {
                    assert!(
                        !self.world.apply(version, &decision),
                        "what was decided before an answer is not written"
                    );
                }
            }
            Op::Take(which) => {
                let keys: Vec<String> = self.world.rows.keys().cloned().collect();
                if !keys.is_empty() {
                    self.take(&keys[which % keys.len()]);
                }
            }
            Op::Answer(which, outcome) => {
                if !self.taken.is_empty() {
                    let taken = self.taken.swap_remove(which % self.taken.len());
                    self.answer(taken, *outcome);
                }
            }
            Op::SendAll(outcome) => self.send_all(*outcome),
            Op::Strike => {
                if self.world.incident.due().is_some_and(|due| due <= self.world.now) {
                    let before = self.world.incident.clone();
                    let plan = back_off(&before, &self.world.owners(), "broken", self.world.now);
                    self.check_plan(&before, &plan);
                    assert!(self.world.write(self.world.version, &plan));
                    assert!(self.world.incident.due() > Some(self.world.now));
                }
            }
            Op::EditPolicy(number, spec) => put(
                &mut self.world.policies,
                id(*number),
                spec.as_ref().map(|spec| spec.policy(*number)),
            ),
            Op::EditPerson(number, spec) => put(
                &mut self.world.users,
                id(*number),
                spec.as_ref().map(|spec| spec.user(*number)),
            ),
            Op::EditChannel(number, there) => {
                put(&mut self.world.channels, id(*number), there.then(|| channel(*number)))
            }
            Op::EditOnCall(number, people) => {
                self.world
                    .on_call
                    .insert(id(*number), people.iter().map(|user| id(*user)).collect());
            }
            Op::EditWorks(specs, is_told) => {
                let now = self.world.now.duration_since(at(0)).as_secs();
                let spec = |(number, spec): (usize, &WorkSpec)| {
                    let alerts = if spec.holds { Alerts::Hold } else { Alerts::Quiet };
                    work(number, alerts, if spec.began_before { 0 } else { 1 }, now + spec.until)
                };
                let works = specs.iter().enumerate().map(spec).collect();
                match is_told {
                    true => self.world.change_works(works),
                    false => self.world.works = works,
                }
            }
            Op::EditService(spec) => self.world.service = spec.map(|(ack, silence)| service(ack, silence)),
        }
        self.check();
    }

    /// What maintenances make of this incident's pages now.
    fn by_maintenance(&self) -> Alerts {
        let goes_on = |work: &&Work| !self.asked_for && work.from <= at(0) && self.world.now < work.until;
        let alerts: Vec<Alerts> = self
            .world
            .works
            .iter()
            .filter(goes_on)
            .map(|work| work.alerts)
            .collect();
        let first_of = [Alerts::Hold, Alerts::Quiet]
            .into_iter()
            .find(|one| alerts.contains(one));
        first_of.unwrap_or(Alerts::Page)
    }

    /// Something ended what was going on: the epoch rises by one, and every message there is is dead.
    fn ends_all(&mut self, before: &Incident, quiet: bool) {
        assert_eq!(
            self.world.incident.epoch,
            before.epoch + 1,
            "{before:#?}\n{:#?}",
            self.world.incident
        );
        self.dead.extend(self.world.rows.keys().cloned());
        self.quiet = quiet;
        self.escalated = false;
    }

    fn signal(&mut self, action: Action, severity: Severity, title: u8, event: Option<i64>) {
        let before = self.world.incident.clone();
        let ringing = before.status == Status::Triggered && before.snoozed_until.is_none();
        let held = before.is_held();
        let verdict = self
            .world
            .receive(&signal(action, severity, &title.to_string(), event.map(at)));
        match verdict {
            Verdict::Changed(_) => {
                let rises = severity > self.peak;
                self.peak = self.peak.max(severity);
                if ringing && !held && (rises || before.is_unanswered()) {
                    self.ends_all(&before, false);
                    assert!(matches!(self.world.incident.progress, Progress::Page(_)));
                } else {
                    assert_eq!(
                        self.world.incident.epoch, before.epoch,
                        "a signal pages nobody while somebody has it"
                    );
                }
                assert_eq!(self.world.incident.peak_severity, self.peak);
            }
            Verdict::Acknowledge(_) if ringing => {
                self.ends_all(&before, true);
                self.taken_for_good = false;
            }
            Verdict::Resolve(_) => self.closed(&before),
            _ => assert_eq!(self.world.incident, before),
        }
    }

    fn act(&mut self, who: usize, what: &What) {
        let before = self.world.incident.clone();
        let act = match what {
            What::Acknowledge => Act::Acknowledge,
            What::Unacknowledge => Act::Unacknowledge,
            What::Snooze(seconds) => Act::Snooze(after_seconds(self.world.now, *seconds)),
            What::ToPolicy(policy) => Act::Reassign(Route::Policy(id(*policy))),
            What::ToPeople(people) => Act::Reassign(Route::People {
                users: people.iter().map(|user| id(*user)).collect(),
                then: id(0),
            }),
            What::Escalate => Act::Escalate,
        };
        let changed = self.world.act(act, &by(who));
        let possible = match (what, before.status) {
            (_, Status::Resolved) => false,
            (What::Acknowledge, status) => status == Status::Triggered,
            (What::Unacknowledge, status) => status == Status::Acknowledged,
            _ => true,
        };
        assert_eq!(changed, possible, "{what:?}");
        if !changed {
            return assert_eq!(self.world.incident, before);
        }
        let goes_on = matches!(what, What::Escalate) && !self.quiet && !before.is_held() && !before.is_unanswered();
        if goes_on {
            assert_eq!(self.world.incident.epoch, before.epoch);
        } else {
            self.ends_all(&before, matches!(what, What::Acknowledge | What::Snooze(_)));
        }
        self.taken_for_good = matches!(what, What::Acknowledge) && before.timeouts.ack_seconds == 0;
        self.escalated = matches!(what, What::Escalate);
        self.asked_for |= matches!(what, What::Escalate | What::ToPolicy(_) | What::ToPeople(_));
        assert!(
            self.world.incident.due() <= Some(self.world.now),
            "what somebody did is looked at at once"
        );
    }

    fn close(&mut self, who: usize) {
        let before = self.world.incident.clone();
        match self.world.close(&by(who)) {
            true => self.closed(&before),
            false => assert_eq!(self.world.incident, before),
        }
    }

    fn closed(&mut self, before: &Incident) {
        assert!(self.over.is_none());
        assert!(
            self.world.incident.due() <= Some(self.world.now),
            "those who were paged are told at once"
        );
        self.ends_all(before, true);
        self.over = Some(self.world.incident.clone());
    }

    /// One plan. False: nothing was due.
    fn wake(&mut self) -> bool {
        let decision = self.world.decided();
        if decision != Decision::Wait {
            self.apply(&decision);
        }
        decision != Decision::Wait
    }

    fn apply(&mut self, decision: &Decision) {
        let (before, now) = (self.world.incident.clone(), self.world.now);
        if let Decision::Plan(plan) = decision {
            self.check_plan(&before, plan);
        }
        let past = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let slot = self.world.slot.clone();
        let old: Vec<String> = self.world.rows.keys().cloned().collect();
        assert!(self.world.apply(self.world.version, decision));
        if let Decision::CloseBySilence(_) = decision {
            let silence = self
                .world
                .service
                .as_ref()
                .map_or(before.timeouts, Service::timeouts)
                .auto_resolve_seconds;
            assert!(silence > 0 && now >= after_seconds(slot.last_signal_at, silence.into()));
            return self.closed(&before);
        }
        // Whatever ended by itself is followed by a page, in an epoch of its own.
        let snooze_ended = past(before.snoozed_until);
        let ack_ended =
            before.status == Status::Acknowledged && before.snoozed_until.is_none() && past(before.ack_ends_at);
        let heard_of = match before.progress {
            Progress::Unanswered { since, look_at } => !self.quiet && look_at <= now && slot.last_signal_at > since,
            _ => false,
        };
        let rings = before.status == Status::Triggered && before.snoozed_until.is_none();
        let by_maintenance = self.by_maintenance();
        // It ends what was under way, or what was quiet is to be loud.
        let is_under_way = !matches!(before.progress, Progress::Page(_));
        let hold_begins = rings && is_under_way && by_maintenance == Alerts::Hold;
        let was_quiet = before
            .maintenance
            .as_ref()
            .is_some_and(|one| one.alerts == Alerts::Quiet);
        let loud_again = rings && was_quiet && by_maintenance == Alerts::Page;
        let by_itself = snooze_ended || ack_ended || heard_of || hold_begins || loud_again;
        let ends = before.is_open() && before.announce.is_none() && by_itself;
        assert_eq!(self.world.incident.epoch, before.epoch + u32::from(ends), "{before:#?}");
        if ends {
            self.dead.extend(old);
            self.quiet = false;
        }
    }

    /// Everything about one plan, before it is written.
    fn check_plan(&mut self, before: &Incident, plan: &Plan) {
        let (next, now) = (&plan.incident, self.world.now);
        assert!(plan.rows() <= limits::TRANSACTION_ROWS_MAX);
        let keys: HashSet<String> = plan
            .deliveries
            .iter()
            .chain(&plan.hasten)
            .map(|row| row.key.message())
            .collect();
        assert_eq!(
            keys.len(),
            plan.deliveries.len() + plan.hasten.len(),
            "one message, one row"
        );
        for row in &plan.deliveries {
            assert!(
                !self.world.rows.contains_key(&row.key.message()),
                "a message is never made again: {:?}",
                row.key
            );
            assert_eq!(
                (row.key.subject, row.key.epoch),
                (Subject::Incident(next.id), next.epoch)
            );
            assert!(row.due_at >= Some(now) && row.state == DeliveryState::Scheduled);
            if row.key.part.is_page() {
                assert!(
                    next.status == Status::Triggered && next.snoozed_until.is_none(),
                    "{row:?}"
                );
                assert_eq!((row.key.cycle, row.key.step), (next.cycle, next.step));
                assert_ne!(self.by_maintenance(), Alerts::Hold, "it is held: {row:?}");
            }
            if let Part::Notice(_) = row.key.part {
                assert!(
                    matches!(row.medium, Medium::Email | Medium::Webhook),
                    "a notice is quiet: {row:?}"
                );
            }
        }
        for row in &plan.hasten {
            assert_eq!(row.due_at, Some(now));
            assert!(!self.dead.contains(&row.key.message()) && !self.quiet);
        }
        let (because, skipped) = match &plan.event {
            Some(EventKind::Paged {
                because,
                skipped,
                cycle,
                step,
                ..
            }) => {
                assert_eq!((next.cycle, next.step), (*cycle, *step));
                (*because, skipped)
            }
            Some(EventKind::Unanswered { because, skipped, .. }) => (*because, skipped),
            Some(EventKind::Held { until, .. }) => {
                assert_eq!(self.by_maintenance(), Alerts::Hold);
                assert!(next.is_held() && *until > now && plan.deliveries.is_empty());
                return;
            }
            Some(EventKind::Told { .. } | EventKind::TriedNext { .. } | EventKind::Stuck { .. }) | None => return,
            Some(other) => panic!("{other:?}"),
        };
        self.check_timing(before, because);
        let (expected, passed_over) = self.walk(before, next.epoch != before.epoch);
        assert!(
            skipped.len() >= passed_over.len().min(limits::POLICY_STEPS_MAX)
                && skipped.iter().zip(&passed_over).all(|(a, b)| a == b)
        );
        match (expected, &plan.event) {
            (Some((place, step)), Some(EventKind::Paged { .. })) => {
                assert_eq!((next.cycle, next.step), place, "the first step with somebody to page");
                let paged: BTreeSet<String> = plan.deliveries.iter().map(|row| whom(row.key.to)).collect();
                assert_eq!(paged, self.reachable(&step), "each target that can be reached");
                let deadline = after_seconds(now, step.escalate_after_seconds.into());
                assert_eq!(next.progress, Progress::Waiting(deadline));
                self.check_loudness(plan);
                self.running = Some(Running { place, deadline });
                self.escalated = false;
            }
            (None, Some(EventKind::Unanswered { owners, .. })) => {
                self.check_owners(plan);
                assert_eq!(owners.len(), self.world.owners().len());
                assert_eq!(
                    next.progress,
                    Progress::Unanswered {
                        since: now,
                        look_at: after_seconds(now, 3600)
                    }
                );
                self.running = None;
                self.escalated = false;
            }
            (expected, event) => panic!("{expected:?}, not {event:?}"),
        }
    }

    /// No step begins before the one before it had its time, unless that cannot be answered any more or somebody asked.
    fn check_timing(&self, before: &Incident, because: Because) {
        let ended = |at: Option<Timestamp>| assert!(at.is_some_and(|at| at <= self.world.now));
        match because {
            Because::TimePassed => ended(self.running.as_ref().map(|running| running.deadline)),
            Because::PagesFailed => {
                let of_step = |row: &&Delivery| {
                    let place = (row.key.epoch, row.key.cycle, row.key.step);
                    row.key.part.is_page() && place == (before.epoch, before.cycle, before.step)
                };
                let mut pages = self.world.rows.values().filter(of_step).peekable();
                assert!(pages.peek().is_some() && pages.all(|row| row.state.is_final_failure()));
            }
            Because::AckTimedOut => ended(before.ack_ends_at),
            Because::SnoozeEnded => ended(before.snoozed_until),
            Because::MaintenanceEnded => {
                assert!(before.maintenance.is_some() && self.by_maintenance() != Alerts::Hold);
            }
            Because::Escalated => assert!(self.escalated),
            Because::Opened => assert!(self.running.is_none() && before.epoch == 0),
            Because::Unacknowledged | Because::Reassigned | Because::SeverityRose => assert!(!self.quiet),
            Because::SignalAfterUnanswered => assert!(!self.quiet),
        }
        if matches!(before.progress, Progress::Waiting(_))
            && !matches!(
                because,
                Because::AckTimedOut | Because::SnoozeEnded | Because::MaintenanceEnded
            )
        {
            assert_eq!(
                self.running.as_ref().map(|running| running.place),
                Some((before.cycle, before.step))
            );
        }
    }

    /// Each person is sent what they wish for at this urgency: their quiet way while a maintenance keeps it quiet, and what is
    /// loud by itself is loud otherwise.
    fn check_loudness(&self, plan: &Plan) {
        let is_quieted = self.by_maintenance() == Alerts::Quiet && plan.incident.urgency == Urgency::High;
        let under = plan.incident.maintenance.as_ref().map(|one| one.alerts);
        assert_eq!(under, is_quieted.then_some(Alerts::Quiet));
        let urgency = if is_quieted {
            Urgency::Low
        } else {
            plan.incident.urgency
        };
        for user in self.world.users.values() {
            let is_theirs = |row: &&Delivery| matches!(row.key.to, Recipient::Person(id, _) if id == user.id);
            let sent = plan.deliveries.iter().filter(is_theirs).count();
            assert!(sent == 0 || sent == user.page_messages(urgency, self.world.now).len());
        }
    }

    fn check_owners(&self, plan: &Plan) {
        let told: HashMap<String, usize> = plan.deliveries.iter().fold(HashMap::new(), |mut told, row| {
            assert_eq!(row.key.part, Part::Unanswered);
            *told.entry(whom(row.key.to)).or_default() += 1;
            told
        });
        for owner in self.world.owners() {
            let ways = owner
                .contacts
                .iter()
                .filter(|contact| contact.verified_at.is_some())
                .map(|contact| word(contact.kind));
            let ways = ways.collect::<BTreeSet<_>>().len();
            assert_eq!(
                told.get(&owner.id.to_string()).copied().unwrap_or_default(),
                ways.min(limits::OWNER_NOTICES_MAX)
            );
        }
        assert_eq!(plan.alarm.is_some(), plan.deliveries.is_empty(), "nothing falls silent");
    }

    /// Where an incident goes on, and the steps it passes over: the first place from here on with somebody to page. A run
    /// that is under way is finished, even when its policy is to repeat less often by now.
    fn walk(&self, before: &Incident, began_anew: bool) -> (Option<Place>, Vec<u32>) {
        let policy = |id: &PolicyId| self.world.policies.get(id);
        let unanswered = matches!(before.progress, Progress::Unanswered { .. });
        let here = match (began_anew, unanswered) {
            (true, true) => (0, 0),
            _ => (before.cycle, before.step),
        };
        let again = began_anew || matches!(before.progress, Progress::Page(_));
        let mut places: Vec<Place> = vec![];
        let run = |places: &mut Vec<Place>, policy: Option<&Policy>, first: u32| {
            let under_way = here.0.saturating_sub(first);
            let policy = policy
                .into_iter()
                .flat_map(|policy| (0..=policy.repeat.max(under_way)).map(move |run| (run, policy)));
            for (run, policy) in policy {
                places.extend(
                    (0..)
                        .zip(&policy.steps)
                        .map(|(step, asks)| ((first + run, step), asks.clone())),
                );
            }
        };
        match &before.route {
            Route::People { users, then } => {
                if again {
                    let targets = users.iter().map(|user| Target::User(*user)).collect();
                    places.push((
                        here,
                        Step {
                            escalate_after_seconds: 300,
                            targets,
                        },
                    ));
                }
                run(&mut places, policy(then), here.0 + 1);
            }
            Route::Policy(id) => {
                let cut = policy(id).is_some_and(|policy| here.1 as usize >= policy.steps.len());
                if again && cut {
                    run(&mut places, policy(id), here.0 + 1);
                } else {
                    let first = if began_anew && unanswered {
                        0
                    } else {
                        before.first_cycle
                    };
                    run(&mut places, policy(id), first);
                    places.retain(|(place, _)| if again { *place >= here } else { *place > here });
                }
            }
        }
        let reached = places.iter().position(|(_, step)| !self.reachable(step).is_empty());
        let passed_over = places
            .iter()
            .take(reached.unwrap_or(places.len()))
            .map(|(place, _)| place.1)
            .collect();
        (reached.map(|found| places.swap_remove(found)), passed_over)
    }

    /// Whom a step reaches now.
    fn reachable(&self, step: &Step) -> BTreeSet<String> {
        let person = |user: &UserId| {
            let known = self.world.users.get(user)?;
            known
                .contacts
                .iter()
                .any(|contact| contact.verified_at.is_some())
                .then(|| user.to_string())
        };
        let mut reached = BTreeSet::new();
        for target in &step.targets {
            match target {
                Target::User(user) => reached.extend(person(user)),
                Target::Schedule(schedule) => reached.extend(
                    self.world
                        .on_call
                        .get(schedule)
                        .into_iter()
                        .flatten()
                        .filter_map(person),
                ),
                Target::Channel(channel) => {
                    reached.extend(self.world.channels.get(channel).map(|channel| channel.id.to_string()))
                }
            }
        }
        reached
    }

    /// How long after a step began its last page fails, if all do: a person's first failure brings forward the others.
    fn fails_after(&self, step: &Step) -> i64 {
        let (urgency, now) = (self.world.incident.urgency, self.world.now);
        let people = self
            .reachable(step)
            .into_iter()
            .filter_map(|whom| self.world.users.get(&whom.parse().ok()?));
        let firsts = people.filter_map(|user| {
            user.page_messages(urgency, now)
                .into_iter()
                .map(|message| message.at)
                .min()
        });
        firsts.max().map_or(0, |first| first.duration_since(now).as_secs())
    }

    fn take(&mut self, key: &str) {
        let due = self.world.rows[key].due_at.is_some_and(|due| due <= self.world.now);
        let Some(lease) = self.world.claim(key) else { return };
        assert!(due);
        let row = &self.world.rows[key];
        let passes = row.is_wanted(&self.world.incident);
        let ended = self.dead.contains(key) || (row.key.part.is_page() && self.quiet);
        assert_eq!(passes, !ended, "{row:?}\n{:#?}", self.world.incident);
        if passes {
            self.taken.push((key.to_owned(), lease, self.world.now));
        } else {
            assert!(self.world.record(key, &lease, Attempt::Superseded));
            assert_eq!(self.world.rows[key].state, DeliveryState::Superseded);
        }
    }

    fn answer(&mut self, (key, lease, _): (String, String, Timestamp), outcome: Outcome) {
        let why = || "no answer".to_owned();
        let attempt = match outcome {
            Outcome::Sent => Attempt::Sent { provider_id: None },
            Outcome::Transient => Attempt::Transient(why()),
            Outcome::Throttled(seconds) => Attempt::Throttled(SignedDuration::from_secs(seconds), why()),
            Outcome::Permanent => Attempt::Permanent(why()),
            Outcome::Vanishes => return,
        };
        if self.world.record(&key, &lease, attempt) {
            let row = &self.world.rows[&key];
            assert!(
                row.due_at.is_none_or(|due| due > self.world.now),
                "it is not tried again at once: {row:?}"
            );
            assert_eq!(row.due_at.is_some(), row.state == DeliveryState::Scheduled);
            assert!(row.failures <= limits::DELIVERY_FAILURES_MAX && row.unrecorded == 0 && row.lease.is_none());
        }
    }

    fn send_all(&mut self, outcome: Outcome) {
        let now = self.world.now;
        let due = self
            .world
            .rows
            .iter()
            .filter(|(_, row)| row.due_at.is_some_and(|due| due <= now));
        for key in due.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            let had = self.taken.len();
            self.take(&key);
            if self.taken.len() > had {
                let taken = self.taken.remove(had);
                self.answer(taken, outcome);
            }
        }
    }

    /// What holds after whatever happened, and what the sweep would make of it.
    fn check(&mut self) {
        self.check_due();
        let before = &self.world.incident;
        let mut swept = self.world.clone();
        let plans = swept.settle();
        assert_eq!(swept.settle(), 0, "deciding again finds nothing to do");
        let after = &swept.incident;
        assert!(plans <= 4, "{plans} plans at one time");
        assert!(after.due().is_none_or(|due| due > swept.now));
        if after.backoff.is_none() && after.is_open() {
            assert_eq!(after.announce, None);
            self.check_held(&swept);
            match (after.status, after.snoozed_until, &after.progress) {
                (_, Some(until), _) => assert!(until > swept.now),
                (Status::Acknowledged, None, _) => assert!(after.ack_ends_at.is_none_or(|at| at > swept.now)),
                (_, None, Progress::Waiting(until)) => {
                    assert!(*until > swept.now);
                    let place = (after.epoch, after.cycle, after.step);
                    let pages = swept
                        .rows
                        .values()
                        .filter(|row| (row.key.epoch, row.key.cycle, row.key.step) == place && row.key.part.is_page());
                    let pages: Vec<_> = pages.collect();
                    assert!(
                        pages.iter().any(|row| !row.state.is_final_failure()),
                        "it waits for nobody"
                    );
                }
                (_, None, Progress::Unanswered { look_at, .. }) => assert!(*look_at > swept.now),
                (_, None, Progress::Page(_)) if after.is_held() => {}
                (_, None, progress) => panic!("left undone: {progress:?}"),
            }
        }
        if before.backoff.is_none()
            && let Some(what) = before.announce
            && swept.incident.epoch == before.epoch
        {
            self.check_told(what, &swept);
        }
        if let Some(over) = &self.over {
            let masked = |incident: &Incident| Incident {
                announce: None,
                wake_at: None,
                backoff: None,
                stuck_told: None,
                counts: None,
                ..incident.clone()
            };
            assert_eq!(
                masked(over),
                masked(&self.world.incident),
                "nothing changes after the end"
            );
            assert!(
                self.world
                    .incident
                    .counts
                    .is_none_or(|counts| counts.last_signal_at <= self.world.now)
            );
            assert!(
                swept.incident.backoff.is_some() || (swept.incident.due().is_none() && swept.incident.counts.is_some())
            );
        }
    }

    /// It pages nobody just while a maintenance holds it that it knows of, and looks soon whether that goes on.
    fn check_held(&self, swept: &World) {
        let after = &swept.incident;
        if swept.version == self.world.version {
            // It was not time to look.
            return;
        }
        if after.status == Status::Triggered && after.snoozed_until.is_none() {
            assert_eq!(after.is_held(), self.by_maintenance() == Alerts::Hold);
        }
        if let Some(under) = after.maintenance.as_ref().filter(|_| after.status == Status::Triggered) {
            let soon = after_seconds(swept.now, limits::MAINTENANCE_LOOK_SECONDS);
            assert!(under.look_at > swept.now && under.look_at <= under.until.min(soon));
        }
    }

    /// What maintenances kept from paging pages soon after they are gone, though nobody wakes it.
    fn check_release(&mut self) {
        self.world.incident.backoff = None;
        while self.wake() {}
        let was_kept = |incident: &Incident| incident.status == Status::Triggered && incident.maintenance.is_some();
        if !was_kept(&self.world.incident) {
            return;
        }
        self.world.works.clear();
        self.world.service = Some(service(0, 0));
        let (gone_at, epoch, was_held) = (self.world.now, self.world.incident.epoch, self.world.incident.is_held());
        while was_kept(&self.world.incident) {
            if !self.wake() {
                self.world.now = self.world.incident.due().unwrap();
            }
        }
        assert!(self.world.now <= after_seconds(gone_at, limits::MAINTENANCE_LOOK_SECONDS));
        assert_eq!(self.world.incident.epoch, epoch + u32::from(!was_held));
        // Whom there is to page was paged, or the owners were told that there is nobody.
        assert!(matches!(
            self.world.incident.progress,
            Progress::Waiting(_) | Progress::Unanswered { .. }
        ));
        self.check();
    }

    /// Exactly one due time, the earliest of what it waits for.
    fn check_due(&self) {
        let incident = &self.world.incident;
        let overdue = || after_seconds(self.world.now, -1);
        let mut waits: Vec<Timestamp> = incident.wake_at.into_iter().collect();
        if incident.announce.is_some() {
            waits.push(overdue());
        }
        if incident.is_open() {
            waits.extend(incident.auto_resolve_at);
            match (incident.snoozed_until, incident.status, &incident.progress) {
                (Some(until), _, _) => waits.push(until),
                (None, Status::Acknowledged, _) => waits.extend(incident.ack_ends_at),
                _ if incident.is_held() => {}
                (None, _, Progress::Waiting(until)) => {
                    assert_eq!(Some(*until), self.running.as_ref().map(|running| running.deadline));
                    waits.push(*until);
                }
                (None, _, Progress::Unanswered { look_at, .. }) => waits.push(*look_at),
                (None, _, Progress::Page(_) | Progress::Next(_)) => waits.push(overdue()),
            }
            if incident.status == Status::Triggered && incident.snoozed_until.is_none() {
                waits.extend(incident.maintenance.as_ref().map(|one| one.look_at));
            }
        }
        let (due, now) = (incident.due(), self.world.now);
        match incident.backoff {
            Some(backoff) => assert_eq!(due, Some(backoff.until)),
            None => match waits.into_iter().min() {
                Some(earliest) if earliest <= now => assert!(due.is_some_and(|due| due <= now)),
                earliest => assert_eq!(due, earliest),
            },
        }
        let for_good =
            incident.status == Status::Acknowledged && self.taken_for_good && incident.auto_resolve_at.is_none();
        assert!(
            due.is_some() || !incident.is_open() || for_good,
            "an open incident waits for something"
        );
        assert!(
            incident.status != Status::Triggered || incident.acknowledged.is_none(),
            "nobody has it"
        );
        if let Some(mark) = &incident.acknowledged
            && incident.status == Status::Acknowledged
            && mark.by.kind == ActorKind::Integration
        {
            assert!(
                incident.ack_ends_at.is_some() || incident.snoozed_until.is_some(),
                "a sender's word times out"
            );
        }
    }

    /// Those who were paged, save who acted, are told once each, if there is a quiet way.
    fn check_told(&self, what: Announcement, swept: &World) {
        let incident = &swept.incident;
        let actor = match what {
            Announcement::TakenBy => &incident.acknowledged,
            Announcement::Over => &incident.resolved,
        };
        let actor = actor.as_ref().unwrap().by.id.clone().unwrap_or_default();
        let mut reached = BTreeSet::new();
        for row in self.world.rows.values() {
            if row.key.part.is_page() && matches!(row.state, DeliveryState::Sent | DeliveryState::Sending) {
                reached.insert(whom(row.key.to));
            }
        }
        let quietly = |user: &User| {
            user.contacts
                .iter()
                .any(|contact| contact.verified_at.is_some() && matches!(contact.kind, Medium::Email | Medium::Webhook))
        };
        reached.retain(|whom| {
            let person = swept.users.values().find(|user| user.id.to_string() == *whom);
            let room = swept.channels.keys().any(|room| room.to_string() == *whom);
            *whom != actor && (room || person.is_some_and(quietly))
        });
        let of_this = |row: &&Delivery| row.key.epoch == incident.epoch && row.key.part == Part::Notice(what);
        let mut told: Vec<String> = swept
            .rows
            .values()
            .filter(of_this)
            .map(|row| whom(row.key.to))
            .collect();
        told.sort();
        let already = self.world.rows.values().filter(of_this).count();
        if already == 0 {
            assert_eq!(told, reached.into_iter().collect::<Vec<_>>());
        }
        told.dedup();
        assert_eq!(
            told.len(),
            swept.rows.values().filter(of_this).count(),
            "nobody is told twice"
        );
    }

    /// From a fresh start, with nobody answering: every step that reaches somebody, each in its time, and the owners at
    /// the end.
    fn check_liveness(&mut self, by_hand: &What, outcome: Outcome) {
        if !self.world.incident.is_open() {
            self.world.incident.backoff = None;
            while self.wake() {}
            return assert_eq!(self.world.incident.due(), None);
        }
        self.world.service = Some(service(0, 0));
        self.act(0, by_hand);
        let epoch = self.world.incident.epoch;
        let mut places: Vec<(u32, u32, Step)> = vec![];
        if let What::ToPeople(people) = by_hand {
            places.push((0, 0, to(people, 300)));
        }
        let first = places.len() as u32;
        if let Some(policy) = self.world.policies.get(&id(0)) {
            for run in 0..=policy.repeat {
                places.extend(
                    (0..)
                        .zip(&policy.steps)
                        .map(|(place, step)| (first + run, place, step.clone())),
                );
            }
        }
        let mut at = self.world.now;
        let mut expected = vec![];
        for (run, place, step) in places {
            if !self.reachable(&step).is_empty() {
                expected.push((at, run, place));
                let waits = i64::from(step.escalate_after_seconds);
                at = after_seconds(
                    at,
                    if outcome == Outcome::Permanent {
                        waits.min(self.fails_after(&step))
                    } else {
                        waits
                    },
                );
            }
        }
        let mut paged = vec![];
        for _ in 0..2000 {
            let had = self.running.as_ref().map(|running| running.place);
            if self.wake() {
                let place = self.running.as_ref().map(|running| running.place);
                if let Some((cycle, step)) = place.filter(|_| place != had || paged.is_empty()) {
                    paged.push((self.world.now, cycle, step));
                }
                self.check();
                continue;
            }
            if self.world.incident.is_unanswered() {
                break;
            }
            let rows = || self.world.rows.values().filter_map(|row| row.due_at);
            if rows().any(|due| due <= self.world.now) {
                self.send_all(outcome);
            } else {
                self.world.now = rows().chain(self.world.incident.due()).min().unwrap();
            }
        }
        assert_eq!(paged, expected);
        assert!(self.world.incident.is_unanswered() && self.world.incident.epoch == epoch);
        let Progress::Unanswered { since, .. } = self.world.incident.progress else {
            unreachable!()
        };
        assert_eq!(since, at, "the end comes when the last step had its time");
    }
}

fn whom(to: Recipient) -> String {
    match to {
        Recipient::Person(user, _) => user.to_string(),
        Recipient::Place(room) => room.to_string(),
    }
}

fn put<K: std::hash::Hash + Eq, V>(map: &mut HashMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => drop(map.insert(key, value)),
        None => drop(map.remove(&key)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() })]
    #[test]
    fn no_order_of_things_loses_a_page_wakes_who_may_sleep_or_runs_for_ever(
        start in start(), ops in vec(op(), 1..40), people in prop::option::of(vec(0..=PEOPLE, 1..3)), fails in any::<bool>(),
    ) {
        let mut model = Model::new(&start);
        model.check();
        for op in &ops {
            model.run(op);
        }
        let by_hand = people.map_or(What::ToPolicy(0), What::ToPeople);
        model.check_release();
        model.check_liveness(&by_hand, if fails { Outcome::Permanent } else { Outcome::Sent });
    }
}
