//! Stories with exact expectations. Each line of a log: seconds since the opening, the epoch, the run and the step, what
//! was done, and whom it reached.

use super::world::*;
use crate::domain::delivery::{Attempt, DeliveryState, Part};
use crate::domain::escalation::{back_off, decide};
use crate::domain::incident::{Act, Announcement, Incident, Progress, Route, Status};
use crate::domain::limits;
use crate::domain::people::Medium::{Email, Sms, Voice, Webhook};
use crate::domain::people::{Rules, User};
use crate::domain::policy::{Step, Target};
use crate::domain::service::Urgency;
use crate::domain::signal::{Action, Severity};
use crate::domain::slot::Verdict;

const ANN: usize = 0;
const BEN: usize = 1;
const CAT: usize = 2;
const OWNER: usize = FIRST_OWNER;

/// Ann for 5 minutes, then Ben for 10; one owner. Each has one text message or e-mail.
fn two_steps(repeat: u32) -> World {
    let policy = policy(0, repeat, vec![to(&[ANN], 300), to(&[BEN], 600)]);
    World::new(
        service(1800, 0),
        policy,
        vec![person(ANN, &[Sms]), person(BEN, &[Email]), person(OWNER, &[Sms, Email])],
    )
}

/// One person with rules for high urgency.
fn with_rules(contacts: &[crate::domain::people::Medium], high: &[(u32, usize)]) -> World {
    let ann = User {
        rules: Rules {
            high: rules(ANN, high),
            low: vec![],
        },
        ..person(ANN, contacts)
    };
    let policy = policy(0, 0, vec![to(&[ANN], 600), to(&[BEN], 600)]);
    World::new(
        service(1800, 0),
        policy,
        vec![ann, person(BEN, &[Sms]), person(OWNER, &[Email])],
    )
}

fn assert_story(world: &mut World, expected: &[&str]) {
    let news = world.news();
    assert_eq!(news, expected, "\n{}\n", news.join("\n"));
}

// ---- Steps, delays, repeats ------------------------------------------------------------------------------------------

#[test]
fn a_policy_is_walked_step_by_step_and_its_end_is_told_to_the_owners_once() {
    let mut world = two_steps(1);
    world.run_to(4 * 3600);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/sms",
            "+0 ann/sms sent",
            "+300 e0 0.1 paged (TimePassed): ben/email",
            "+300 ben/email sent",
            "+900 e0 1.0 paged (TimePassed): ann/sms",
            "+900 ann/sms sent",
            "+1200 e0 1.1 paged (TimePassed): ben/email",
            "+1200 ben/email sent",
            "+1800 e0 1.2 unanswered (TimePassed): owner0/sms, owner0/email",
            "+1800 owner0/sms sent",
            "+1800 owner0/email sent",
        ],
    );
    assert!(world.incident.is_unanswered());
    // Looked at every hour since: at 5400, 9000 and 12600; next at 16200.
    assert_eq!(world.incident.due(), Some(at(1800 + 4 * 3600)));
}

#[test]
fn rules_go_out_when_they_say() {
    let mut world = with_rules(&[Webhook, Voice], &[(0, 0), (120, 1)]);
    world.run_to(599);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/push, ann/voice@120",
            "+0 ann/push sent",
            "+120 ann/voice sent",
        ],
    );
}

#[test]
fn an_answer_ends_what_rules_had_planned() {
    let mut world = with_rules(&[Webhook, Voice], &[(0, 0), (120, 1)]);
    world.run_to(60);
    assert!(world.act(Act::Acknowledge, &by(ANN)));
    world.run_to(1000);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/push, ann/voice@120",
            "+0 ann/push sent",
            "+120 ann/voice superseded",
        ],
    );
}

#[test]
fn low_urgency_goes_by_mail_unless_there_is_none() {
    let policy = policy(0, 0, vec![to(&[ANN, BEN], 600)]);
    let mut world = World::new(
        service(0, 0),
        policy,
        vec![person(ANN, &[Sms, Email]), person(BEN, &[Voice])],
    );
    world.incident.urgency = Urgency::Low;
    world.settle();
    assert_story(&mut world, &["+0 e0 0.0 paged (Opened): ann/email, ben/voice"]);
}

#[test]
fn a_step_with_nobody_to_page_is_skipped_at_once_and_said() {
    let steps = vec![
        to(&[ANN], 300),
        Step {
            escalate_after_seconds: 300,
            targets: vec![Target::Schedule(id(7)), Target::Channel(id(9)), Target::User(id(BEN))],
        },
        to(&[99], 300),
        Step {
            escalate_after_seconds: 300,
            targets: vec![Target::Schedule(id(8)), Target::Channel(id(1))],
        },
    ];
    let mut world = World::new(
        service(0, 0),
        policy(0, 0, steps),
        vec![person(ANN, &[Sms]), person(BEN, &[]), person(CAT, &[Voice])],
    );
    world.channels.insert(id(1), channel(1));
    world.on_call.insert(id(8), vec![id(CAT)]);
    world.run_to(300);
    let (schedule, room, missing) = (
        id::<crate::domain::id::ScheduleId>(7),
        id::<crate::domain::id::ChannelId>(9),
        id::<crate::domain::id::UserId>(99),
    );
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/sms",
            "+0 ann/sms sent",
            &format!(
                "+300 e0 0.3 paged (TimePassed): cat/voice, room1; skipped [1, 2]; \
             not {schedule} NobodyOnCall, ben NoContact, {room} Missing, {missing} Missing"
            ),
            "+300 room1 sent",
            "+300 cat/voice sent",
        ],
    );
}

#[test]
fn a_policy_that_reaches_nobody_is_unanswered_at_once_however_often_it_repeats() {
    for (repeat, steps, skipped) in [(0, 1, 1), (3, 2, 8), (9, 10, 12), (9, 1, 10)] {
        let steps = vec![to(&[99], 300); steps];
        let mut world = World::new(service(0, 0), policy(0, repeat, steps), vec![person(OWNER, &[Email])]);
        assert_eq!(world.settle(), 1);
        assert!(world.incident.is_unanswered());
        let news = world.news().concat();
        assert!(news.contains("unanswered (Opened): owner0/email; skipped [0"), "{news}");
        let said = news
            .split_once('[')
            .unwrap()
            .1
            .split_once(']')
            .unwrap()
            .0
            .split(", ")
            .count();
        assert_eq!(said, skipped, "{news}");
        assert_eq!(
            news.matches("Missing").count(),
            1,
            "the same person is missing in every run: {news}"
        );
    }
}

#[test]
fn those_missing_are_named_once_however_many_runs_miss_them() {
    let policy = policy(0, 3, vec![to(&[ANN], 300), to(&[99], 300)]);
    let mut world = World::new(service(0, 0), policy, vec![person(ANN, &[])]);
    world.settle();
    let news = world.news().concat();
    assert_eq!(
        (news.matches("NoContact").count(), news.matches("Missing").count()),
        (1, 1),
        "{news}"
    );
    assert!(
        news.ends_with("ALARM an incident went unanswered and no owner can be reached"),
        "{news}"
    );
}

#[test]
fn ten_steps_of_people_and_schedules_that_reach_nobody_take_few_reads() {
    // As many asks as `advance` allows; the world refuses more.
    let step = |n: usize| Step {
        escalate_after_seconds: 60,
        targets: vec![
            Target::User(id(200 + n)),
            Target::Schedule(id(n)),
            Target::Channel(id(300 + n)),
        ],
    };
    let mut world = World::new(
        service(0, 3600),
        policy(0, 9, (0..10).map(step).collect()),
        vec![person(OWNER, &[Email])],
    );
    for n in 0..10 {
        world.on_call.insert(id(n), vec![id(400 + n)]);
    }
    world.incident.route = Route::People {
        users: vec![id(500)],
        then: id(0),
    };
    world.settle();
    assert!(world.incident.is_unanswered());
    // And the same with somebody at the very end.
    world.users.insert(id(409), person(409, &[Sms]));
    assert!(world.act(
        Act::Reassign(Route::People {
            users: vec![id(500)],
            then: id(0)
        }),
        &by(ANN)
    ));
    world.news();
    world.settle();
    let news = world.news().concat();
    assert!(
        news.starts_with("+0 e1 1.9 paged (Reassigned): user409/sms; skipped [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]; not "),
        "{news}"
    );
}

#[test]
fn a_schedule_of_a_later_step_is_asked_for_too() {
    let step = |n| Step {
        escalate_after_seconds: 60,
        targets: vec![Target::Schedule(id(n))],
    };
    let mut world = World::new(
        service(0, 0),
        policy(0, 0, vec![step(1), step(2)]),
        vec![person(ANN, &[Sms])],
    );
    world.on_call.insert(id(2), vec![id(ANN)]);
    world.settle();
    let schedule = id::<crate::domain::id::ScheduleId>(1);
    assert_story(
        &mut world,
        &[&format!(
            "+0 e0 0.1 paged (Opened): ann/sms; skipped [0]; not {schedule} NobodyOnCall"
        )],
    );
}

#[test]
fn who_is_named_twice_is_paged_once_and_a_crowd_on_call_does_not_silence_the_room() {
    let targets = vec![
        Target::Channel(id(1)),
        Target::User(id(ANN)),
        Target::Schedule(id(1)),
        Target::Channel(id(1)),
        Target::User(id(ANN)),
    ];
    let step = Step {
        escalate_after_seconds: 60,
        targets,
    };
    let crowd: Vec<usize> = (0..11).collect();
    let users = crowd
        .iter()
        .map(|user| person(*user, &[Sms, Voice, Email, Webhook, Sms, Voice, Email, Webhook]))
        .collect();
    let mut world = World::new(service(0, 0), policy(0, 0, vec![step]), users);
    world.channels.insert(id(1), channel(1));
    world
        .on_call
        .insert(id(1), crowd.iter().map(|user| id(*user)).collect());
    world.settle();
    // Ten people of eight messages each, and the room.
    assert_eq!(world.rows.len(), 81);
    assert!(world.news()[0].contains("room1"));
}

// ---- Acknowledge, snooze, reassign -----------------------------------------------------------------------------------

#[test]
fn an_acknowledgement_that_times_out_pages_the_current_step_again_in_a_new_epoch() {
    let mut world = two_steps(0);
    world.run_to(400);
    assert!(world.act(Act::Acknowledge, &by(BEN)));
    assert_eq!((world.incident.status, world.incident.epoch), (Status::Acknowledged, 1));
    world.run_to(400 + 1799);
    assert_eq!(world.incident.status, Status::Acknowledged);
    assert_eq!(world.incident.due(), Some(at(400 + 1800)));
    world.run_to(400 + 1800 + 600);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/sms",
            "+0 ann/sms sent",
            "+300 e0 0.1 paged (TimePassed): ben/email",
            "+300 ben/email sent",
            // Ann has only a telephone: she is not called at night to hear that she may sleep.
            "+2200 e2 0.1 paged (AckTimedOut): ben/email",
            "+2200 ben/email sent",
            "+2800 e2 0.2 unanswered (TimePassed): owner0/sms, owner0/email",
            "+2800 owner0/sms sent",
            "+2800 owner0/email sent",
        ],
    );
    assert_eq!(world.incident.acknowledged, None);
}

#[test]
fn an_acknowledgement_that_times_out_after_the_policy_ran_out_starts_it_again() {
    let mut world = two_steps(0);
    world.run_to(1000);
    assert!(world.incident.is_unanswered());
    world.news();
    assert!(world.act(Act::Acknowledge, &by(BEN)));
    assert!(!world.incident.is_unanswered());
    world.run_to(1000 + 1800);
    assert_story(
        &mut world,
        &["+2800 e2 0.0 paged (AckTimedOut): ann/sms", "+2800 ann/sms sent"],
    );
}

#[test]
fn the_step_to_page_again_may_be_cut_from_its_policy_meanwhile() {
    let mut world = two_steps(0);
    world.run_to(400);
    assert!(world.act(Act::Acknowledge, &by(BEN)));
    world.policies.get_mut(&id(0)).unwrap().steps.pop();
    world.news();
    world.run_to(400 + 1800);
    assert_story(
        &mut world,
        &["+2200 e2 1.0 paged (AckTimedOut): ann/sms", "+2200 ann/sms sent"],
    );
}

#[test]
fn a_senders_acknowledgement_always_times_out() {
    for (of_service, after) in [(0, 1800), (600, 600), (1800, 1800), (7200, 7200)] {
        let mut world = two_steps(0);
        world.service = Some(service(of_service, 0));
        world.settle();
        let verdict = world.receive(&signal(Action::Acknowledge, Severity::Error, "", None));
        assert_eq!(verdict, Verdict::Acknowledge(id(1)));
        world.settle();
        assert_eq!(world.incident.due(), Some(at(after)), "{of_service}");
        world.news();
        world.run_to(after);
        assert_eq!(world.news().last().unwrap(), &format!("+{after} ann/sms sent"));
        assert_eq!((world.incident.status, world.incident.epoch), (Status::Triggered, 2));
    }
}

#[test]
fn a_person_may_take_it_for_good() {
    let mut world = two_steps(0);
    world.service = Some(service(0, 0));
    world.settle();
    assert!(world.act(Act::Acknowledge, &by(ANN)));
    world.settle();
    assert_eq!(world.incident.due(), None);
    assert!(!world.act(Act::Acknowledge, &by(BEN)), "taken already");
    // A snapshot that is worse, or a page that failed meanwhile, changes nothing about that.
    world.trigger(Severity::Critical, "disk gone");
    world.settle();
    assert_eq!(
        (world.incident.due(), world.incident.peak_severity),
        (None, Severity::Critical)
    );
    assert!(world.act(Act::Unacknowledge, &by(BEN)));
    world.news();
    world.settle();
    assert_story(&mut world, &["+0 e2 0.0 paged (Unacknowledged): ann/sms"]);
}

#[test]
fn those_paged_hear_quietly_who_took_it_and_that_it_is_over_save_who_did() {
    let policy = policy(0, 0, vec![to(&[ANN, BEN, CAT], 300), to(&[3], 300)]);
    let people = vec![
        person(ANN, &[Sms, Email]),
        person(BEN, &[Voice]),
        person(CAT, &[Email, Webhook]),
        person(3, &[Email]),
    ];
    let mut world = World::new(service(0, 0), policy, people);
    world.run_to(10);
    world.news();
    assert!(world.act(Act::Acknowledge, &by(ANN)));
    world.run_to(20);
    assert!(world.close(&by(CAT)));
    world.run_to(1000);
    assert_story(
        &mut world,
        &[
            "+10 e1 0.0 told 1 (TakenBy): cat/push",
            "+10 cat/push sent",
            "+20 e2 0.0 told 1 (Over): ann/email",
            "+20 ann/email sent",
        ],
    );
    assert_eq!(world.incident.due(), None);
    let counts = world
        .incident
        .counts
        .expect("closing by hand leaves them to the notices");
    assert_eq!(counts, world.slot.counts());
}

#[test]
fn a_snooze_replaces_the_other_waits_and_ends_with_the_current_step() {
    let mut world = two_steps(0);
    world.run_to(400);
    assert!(world.act(Act::Snooze(at(50_000)), &by(ANN)));
    assert_eq!(world.incident.epoch, 1);
    world.settle();
    assert_eq!(world.incident.due(), Some(at(50_000)));
    world.news();
    // Worse, and worse again: nobody is paged.
    world.now = at(500);
    world.trigger(Severity::Critical, "disk gone");
    world.run_to(50_000);
    assert_story(
        &mut world,
        &["+50000 e2 0.1 paged (SnoozeEnded): ben/email", "+50000 ben/email sent"],
    );
    assert_eq!(world.incident.snoozed_until, None);
}

#[test]
fn any_later_action_ends_a_snooze() {
    let acts = [
        (Act::Acknowledge, None),
        (
            Act::Reassign(Route::Policy(id(0))),
            Some("e2 0.0 paged (Reassigned): ann/sms"),
        ),
        (Act::Escalate, Some("e2 0.1 paged (Escalated): ben/email")),
    ];
    for (act, paged) in acts {
        let mut world = two_steps(0);
        world.settle();
        assert!(world.act(Act::Snooze(at(1000)), &by(ANN)));
        world.settle();
        world.news();
        assert!(world.act(act.clone(), &by(ANN)));
        assert_eq!(
            (world.incident.snoozed_until, world.incident.epoch),
            (None, 2),
            "{act:?}"
        );
        world.settle();
        let paged: Vec<String> = paged.iter().map(|paged| format!("+0 {paged}")).collect();
        assert_eq!(world.news(), paged, "{act:?}");
    }
    // Put off again, and given back while it is taken.
    let mut world = two_steps(0);
    world.settle();
    assert!(world.act(Act::Acknowledge, &by(ANN)));
    assert!(world.act(Act::Snooze(at(1000)), &by(ANN)));
    assert!(world.act(Act::Snooze(at(2000)), &by(ANN)));
    world.settle();
    assert_eq!(
        (world.incident.due(), world.incident.status),
        (Some(at(2000)), Status::Acknowledged)
    );
    assert!(world.act(Act::Unacknowledge, &by(ANN)));
    assert_eq!(
        (world.incident.snoozed_until, world.incident.status),
        (None, Status::Triggered)
    );
}

#[test]
fn what_a_sender_says_does_not_end_a_persons_snooze() {
    let mut world = two_steps(0);
    world.settle();
    assert!(world.act(Act::Snooze(at(100_000)), &by(ANN)));
    world.settle();
    world.news();
    world.now = at(60);
    world.receive(&signal(Action::Acknowledge, Severity::Error, "", None));
    world.run_to(99_999);
    assert_story(&mut world, &["+60 ann/sms superseded"]);
    assert_eq!(world.incident.snoozed_until, Some(at(100_000)));
}

#[test]
fn people_chosen_by_hand_get_five_minutes_and_then_the_policy_begins() {
    let mut world = two_steps(1);
    world.users.insert(id(CAT), person(CAT, &[Voice]));
    world.run_to(1000);
    assert!(world.act(Act::Acknowledge, &by(ANN)));
    world.run_to(1100);
    world.news();
    assert!(world.act(
        Act::Reassign(Route::People {
            users: vec![id(CAT), id(99)],
            then: id(0)
        }),
        &by(ANN)
    ));
    assert_eq!(
        (world.incident.status, world.incident.acknowledged.clone()),
        (Status::Triggered, None)
    );
    world.run_to(1100 + 300 + 1800);
    let missing = id::<crate::domain::id::UserId>(99);
    assert_story(
        &mut world,
        &[
            &format!("+1100 e2 0.0 paged (Reassigned): cat/voice; not {missing} Missing"),
            "+1100 cat/voice sent",
            "+1400 e2 1.0 paged (TimePassed): ann/sms",
            "+1400 ann/sms sent",
            "+1700 e2 1.1 paged (TimePassed): ben/email",
            "+1700 ben/email sent",
            "+2300 e2 2.0 paged (TimePassed): ann/sms",
            "+2300 ann/sms sent",
            "+2600 e2 2.1 paged (TimePassed): ben/email",
            "+2600 ben/email sent",
            "+3200 e2 2.2 unanswered (TimePassed): owner0/sms, owner0/email",
            "+3200 owner0/sms sent",
            "+3200 owner0/email sent",
        ],
    );
    // To a policy of its own.
    world.policies.insert(id(1), policy(1, 0, vec![to(&[BEN], 60)]));
    assert!(world.act(Act::Reassign(Route::Policy(id(1))), &by(ANN)));
    world.run_to(3260);
    assert_story(
        &mut world,
        &[
            "+3200 e3 0.0 paged (Reassigned): ben/email",
            "+3200 ben/email sent",
            "+3260 e3 0.1 unanswered (TimePassed): owner0/sms, owner0/email",
            "+3260 owner0/sms sent",
            "+3260 owner0/email sent",
        ],
    );
}

#[test]
fn an_escalation_goes_on_at_once_and_leaves_the_pages_of_the_step_valid() {
    let mut world = with_rules(&[Webhook, Voice], &[(0, 0), (120, 1)]);
    world.run_to(30);
    assert!(world.act(Act::Escalate, &by(ANN)));
    world.run_to(200);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/push, ann/voice@120",
            "+0 ann/push sent",
            "+30 e0 0.1 paged (Escalated): ben/sms",
            "+30 ben/sms sent",
            "+120 ann/voice sent",
        ],
    );
    // After the last step: the end, at once. After the end: from the beginning.
    assert!(world.act(Act::Escalate, &by(ANN)));
    world.settle();
    assert!(world.act(Act::Escalate, &by(ANN)));
    world.settle();
    assert_story(
        &mut world,
        &[
            "+200 e0 0.2 unanswered (Escalated): owner0/email",
            "+200 e1 0.0 paged (Escalated): ann/push, ann/voice@120",
        ],
    );
}

// ---- Signals ---------------------------------------------------------------------------------------------------------

#[test]
fn a_rise_above_the_highest_starts_again_only_while_triggered() {
    let mut world = World::opened(
        service(1800, 0),
        vec![policy(0, 0, vec![to(&[ANN], 300), to(&[BEN], 600)])],
        vec![person(ANN, &[Sms]), person(BEN, &[Email])],
        Severity::Warning,
    );
    world.run_to(310);
    world.news();
    world.trigger(Severity::Error, "worse");
    world.run_to(320);
    assert_story(
        &mut world,
        &["+310 e1 0.0 paged (SeverityRose): ann/sms", "+310 ann/sms sent"],
    );
    // Down and up to where it has been: nothing.
    world.trigger(Severity::Info, "better");
    world.trigger(Severity::Error, "worse");
    assert_eq!(
        (
            world.incident.severity,
            world.incident.peak_severity,
            world.incident.epoch
        ),
        (Severity::Error, Severity::Error, 1)
    );
    // While it is taken: only remembered.
    assert!(world.act(Act::Acknowledge, &by(ANN)));
    world.trigger(Severity::Critical, "gone");
    world.run_to(330);
    assert_eq!(
        (
            world.incident.status,
            world.incident.epoch,
            world.incident.peak_severity
        ),
        (Status::Acknowledged, 2, Severity::Critical)
    );
    assert!(world.act(Act::Unacknowledge, &by(ANN)));
    world.trigger(Severity::Error, "better");
    world.trigger(Severity::Critical, "gone");
    assert_eq!(world.incident.epoch, 3, "it has been critical before");
    assert_eq!(world.slot.signal_count, 7);
}

#[test]
fn it_becomes_louder_but_not_quieter() {
    let mut world = World::opened(
        service(0, 0),
        vec![policy(0, 0, vec![to(&[ANN], 300)])],
        vec![person(ANN, &[Sms, Email])],
        Severity::Info,
    );
    world.service.as_mut().unwrap().urgency = crate::domain::service::UrgencyRule::BySeverity;
    world.incident.urgency = Urgency::Low;
    world.settle();
    world.trigger(Severity::Warning, "worse");
    world.settle();
    world.trigger(Severity::Error, "worse");
    world.settle();
    world.trigger(Severity::Info, "better");
    world.settle();
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/email",
            "+0 e1 0.0 paged (SeverityRose): ann/email",
            "+0 e2 0.0 paged (SeverityRose): ann/sms, ann/email",
        ],
    );
    assert_eq!(world.incident.urgency, Urgency::High);
}

#[test]
fn after_nobody_answered_a_changed_snapshot_starts_again_at_once_and_a_repeat_within_the_hour() {
    let mut world = two_steps(0);
    world.run_to(900);
    assert!(world.incident.is_unanswered());
    world.news();
    // The same snapshot only counts in the slot: it is seen at the next look.
    world.now = at(1000);
    assert_eq!(world.trigger(Severity::Error, "disk full"), Verdict::Repeat(id(1)));
    world.run_to(900 + 3600);
    assert_story(
        &mut world,
        &[
            "+4500 e1 0.0 paged (SignalAfterUnanswered): ann/sms",
            "+4500 ann/sms sent",
        ],
    );
    // Nobody again; a milder snapshot is a signal all the same.
    world.run_to(4500 + 900);
    world.news();
    world.now = at(6000);
    assert_eq!(
        world.trigger(Severity::Info, "disk nearly full"),
        Verdict::Changed(id(1))
    );
    world.settle();
    assert_story(&mut world, &["+6000 e2 0.0 paged (SignalAfterUnanswered): ann/sms"]);
    // Silence: looked at every hour, for ever.
    world.run_to(6000 + 900);
    world.news();
    world.run_to(6900 + 48 * 3600);
    assert_story(&mut world, &[]);
    assert_eq!(world.incident.due(), Some(at(6900 + 49 * 3600)));
}

#[test]
fn silence_is_measured_from_the_slots_last_signal() {
    let mut world = two_steps(9);
    world.service = Some(service(0, 3600));
    world.incident.timeouts = service(0, 3600).timeouts();
    world.incident.auto_resolve_at = Some(at(3600));
    world.settle();
    assert!(world.act(Act::Acknowledge, &by(ANN)));
    world.settle();
    assert_eq!(
        world.incident.due(),
        Some(at(3600)),
        "a person has it, but the sender may fall silent"
    );
    world.now = at(3000);
    assert_eq!(world.trigger(Severity::Error, "disk full"), Verdict::Repeat(id(1)));
    world.run_to(6599);
    assert_eq!((world.incident.is_open(), world.incident.due()), (true, Some(at(6600))));
    world.news();
    world.run_to(6600);
    assert_story(&mut world, &["+6600 e2 resolved by silence"]);
    let counts = world.incident.counts.unwrap();
    assert_eq!((counts.signal_count, counts.last_signal_at), (2, at(3000)));
    assert_eq!(world.incident.due(), None);
}

#[test]
fn a_signal_between_the_look_and_the_close_keeps_it_open() {
    let mut world = two_steps(9);
    world.service = Some(service(0, 3600));
    world.incident.timeouts = service(0, 3600).timeouts();
    world.incident.auto_resolve_at = Some(at(3600));
    world.run_to(3599);
    world.now = at(3600);
    let decision = loop {
        match world.decided() {
            decision @ crate::domain::escalation::Decision::CloseBySilence(_) => break decision,
            other => assert!(world.apply(world.version, &other)),
        }
    };
    world.trigger(Severity::Error, "disk full");
    assert!(
        !world.apply(world.version, &decision),
        "its slot is not as silent as it was"
    );
    world.settle();
    assert!(world.incident.is_open());
    assert_eq!(world.incident.auto_resolve_at, Some(at(7200)));
}

#[test]
fn a_services_new_waits_hold_from_the_next_look_on() {
    let mut world = two_steps(0);
    world.settle();
    world.service = Some(service(60, 7200));
    world.run_to(300);
    assert_eq!(world.incident.auto_resolve_at, Some(at(7200)));
    assert!(world.act(Act::Acknowledge, &by(ANN)));
    assert_eq!(
        world.incident.due(),
        Some(at(0)),
        "there is something to tell: it is overdue"
    );
    world.settle();
    assert_eq!(world.incident.due(), Some(at(360)));
    world.service = Some(service(60, 0));
    world.run_to(360);
    assert_eq!(world.incident.auto_resolve_at, None);
    // Its service is gone: what it was told last stays.
    world.service = None;
    world.run_to(500);
    assert_eq!(world.incident.timeouts, service(60, 0).timeouts());
}

// ---- Failures --------------------------------------------------------------------------------------------------------

#[test]
fn a_permanent_failure_brings_the_next_rules_message_forward() {
    let mut world = with_rules(&[Webhook, Voice, Sms], &[(0, 0), (300, 1), (120, 2)]);
    world.failing.insert("ann/push".into());
    world.run_to(400);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/push, ann/voice@300, ann/sms@120",
            "+0 ann/push failed",
            "+0 e0 0.0 tried next: ann/sms hastened",
            "+0 ann/sms sent",
            "+300 ann/voice sent",
        ],
    );
}

#[test]
fn when_every_rule_failed_a_contact_that_no_rule_named_is_tried_and_then_the_next_step() {
    let mut world = with_rules(&[Webhook, Voice, Sms, Email], &[(0, 0), (120, 1)]);
    world
        .failing
        .extend(["ann/push", "ann/voice", "ann/sms", "ann/email"].map(String::from));
    world.run_to(10);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/push, ann/voice@120",
            "+0 ann/push failed",
            "+0 e0 0.0 tried next: ann/voice hastened",
            "+0 ann/voice failed",
            "+0 e0 0.0 tried next: ann/sms fallback",
            "+0 ann/sms failed",
            "+0 e0 0.0 tried next: ann/email fallback",
            "+0 ann/email failed",
            "+0 e0 0.1 paged (PagesFailed): ben/sms",
            "+0 ben/sms sent",
        ],
    );
}

#[test]
fn a_page_that_arrived_is_enough_to_wait_for() {
    let mut world = two_steps(0);
    world.users.insert(id(ANN), person(ANN, &[Sms, Email]));
    world.failing.insert("ann/sms".into());
    world.run_to(299);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/sms, ann/email",
            "+0 ann/sms failed",
            "+0 ann/email sent",
        ],
    );
}

#[test]
fn while_a_message_of_theirs_arrived_or_may_yet_nobody_is_sent_more_than_their_rules_say() {
    let mut world = with_rules(&[Webhook, Email, Voice], &[(0, 0), (0, 1)]);
    world.failing.insert("ann/push".into());
    world.run_to(599);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/push, ann/email",
            "+0 ann/push failed",
            "+0 ann/email sent",
        ],
    );
}

#[test]
fn what_was_brought_forward_keeps_the_pace_of_its_own_tries() {
    let mut world = with_rules(&[Webhook, Email, Voice], &[(0, 0), (0, 1), (300, 2)]);
    world.settle();
    let keys: Vec<String> = world.rows.keys().cloned().collect();
    let mut fails = |key: &str, attempt| {
        let lease = world.claim(key).unwrap();
        assert!(world.record(key, &lease, attempt));
        world.settle();
    };
    fails(&keys[0], Attempt::Permanent("refused".into()));
    fails(&keys[2], Attempt::Transient("no answer".into()));
    fails(&keys[1], Attempt::Permanent("refused".into()));
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/push, ann/email, ann/voice@300",
            "+0 ann/push failed",
            "+0 e0 0.0 tried next: ann/voice hastened",
            "+0 ann/voice scheduled",
            "+0 ann/email failed",
        ],
    );
    assert_eq!(world.rows[&keys[2]].due_at, Some(at(5)));
}

#[test]
fn a_message_that_its_provider_put_off_is_not_the_next_contact() {
    let mut world = with_rules(&[Webhook, Email, Voice], &[(0, 0), (0, 1), (300, 2)]);
    world.settle();
    let keys: Vec<String> = world.rows.keys().cloned().collect();
    let lease = world.claim(&keys[1]).unwrap();
    let later = jiff::SignedDuration::from_secs(60);
    assert!(world.record(&keys[1], &lease, Attempt::Throttled(later, "busy".into())));
    world.failing.insert("ann/push".into());
    world.run_to(100);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/push, ann/email, ann/voice@300",
            "+0 ann/email scheduled",
            "+0 ann/push failed",
            "+0 e0 0.0 tried next: ann/voice hastened",
            "+0 ann/voice sent",
            "+60 ann/email sent",
        ],
    );
}

#[test]
fn the_last_step_failing_is_unanswered_at_once() {
    let mut world = two_steps(0);
    world.failing.extend(["ann/sms", "ben/email"].map(String::from));
    world.run_to(10);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/sms",
            "+0 ann/sms failed",
            "+0 e0 0.1 paged (PagesFailed): ben/email",
            "+0 ben/email failed",
            "+0 e0 0.2 unanswered (PagesFailed): owner0/sms, owner0/email",
            "+0 owner0/sms sent",
            "+0 owner0/email sent",
        ],
    );
    assert_eq!(
        world.incident.progress,
        Progress::Unanswered {
            since: at(0),
            look_at: at(3600)
        }
    );
}

#[test]
fn a_stuck_page_is_a_final_failure() {
    let mut world = two_steps(0);
    world.settle();
    let key = world.rows.keys().next().unwrap().clone();
    for n in 0..5 {
        world.now = at(n * 40);
        assert!(world.claim(&key).is_some());
    }
    world.now = at(200);
    assert!(world.claim(&key).is_none());
    assert_eq!(world.rows[&key].state, DeliveryState::Stuck);
    world.settle();
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/sms",
            "+200 ann/sms stuck",
            "+200 e0 0.1 paged (PagesFailed): ben/email",
        ],
    );
}

#[test]
fn an_owner_who_cannot_be_reached_is_named_and_alarmed_about() {
    let mut world = two_steps(0);
    world.users.insert(id(OWNER), person(OWNER, &[]));
    world.run_to(900);
    assert_eq!(
        world.news().last().unwrap(),
        "+900 e0 0.2 unanswered (TimePassed): ; not owner0 NoContact; ALARM an incident went unanswered and no owner can be reached"
    );
}

#[test]
fn many_who_were_paged_are_told_in_several_plans() {
    let people: Vec<User> = (0..100)
        .map(|user| person(user, if user < 95 { &[Email] } else { &[Sms] }))
        .collect();
    let steps = (0..10)
        .map(|step| to(&(step * 10..step * 10 + 10).collect::<Vec<_>>(), 60))
        .collect();
    let mut world = World::new(service(0, 0), policy(0, 0, steps), people);
    world.run_to(599);
    world.news();
    assert!(world.act(Act::Acknowledge, &by(7)));
    world.now = at(600);
    assert_eq!(world.settle(), 2);
    let news = world.news();
    assert!(
        news[0].contains("told 80 (TakenBy)") && news[1].contains("told 14 (TakenBy)"),
        "{news:?}"
    );
    assert_eq!(world.incident.announce, None);
}

#[test]
fn many_who_cannot_be_told_quietly_do_not_keep_it_busy() {
    let people: Vec<User> = (0..100)
        .map(|user| person(user, if user < 95 { &[Sms] } else { &[Email] }))
        .collect();
    let steps = (0..10)
        .map(|step| to(&(step * 10..step * 10 + 10).collect::<Vec<_>>(), 60))
        .collect();
    let mut world = World::new(service(0, 0), policy(0, 0, steps), people);
    world.run_to(599);
    world.news();
    assert!(world.close(&by(7)));
    assert_eq!(world.settle(), 1);
    assert!(world.news()[0].contains("told 5 (Over)"));
}

// ---- Its own failures ------------------------------------------------------------------------------------------------

/// Handling it fails as often as this, each time as soon as it is tried.
fn strike(world: &mut World, times: u32) -> Vec<i64> {
    let one = |_| {
        world.now = world.now.max(world.incident.due().unwrap());
        let plan = back_off(&world.incident, &world.owners(), "broken", world.now);
        assert!(world.write(world.version, &plan));
        world.incident.due().unwrap().duration_since(world.now).as_secs()
    };
    (0..times).map(one).collect()
}

#[test]
fn what_keeps_failing_waits_longer_each_time_and_its_owners_hear_of_it_once() {
    let mut world = two_steps(0);
    assert_eq!(strike(&mut world, 8), [30, 60, 120, 240, 900, 900, 900, 900]);
    assert_story(
        &mut world,
        &["+450 e0 0.0 stuck (broken): owner0/sms, owner0/email; ALARM handling an incident keeps failing"],
    );
    let notices = world.rows.values().filter(|row| row.key.part == Part::Stuck);
    assert_eq!(notices.count(), 2);
    // It works again: at once it does what it had to.
    world.now = world.incident.due().unwrap();
    world.settle();
    assert_eq!(world.incident.backoff, None);
    assert!(world.news().concat().contains("paged (Opened): ann/sms"));
}

#[test]
fn what_is_stuck_again_at_the_same_place_waits_again_without_telling_twice() {
    let mut world = two_steps(0);
    world.settle();
    world.news();
    world.now = at(300);
    strike(&mut world, 5);
    world.news();
    // A page of that step fails for good: its incident is woken, and its handling fails again.
    world.incident.backoff = None;
    assert_eq!(strike(&mut world, 6), [30, 60, 120, 240, 900, 900]);
    let news = world.news();
    assert_eq!(news.len(), 1);
    assert!(
        news[0].ends_with("stuck (broken): ; ALARM handling an incident keeps failing"),
        "{news:?}"
    );
    // In another place it is told again.
    world.settle_by(&by(ANN), Act::Reassign(Route::Policy(id(0))));
    strike(&mut world, 5);
    assert!(
        world
            .news()
            .last()
            .unwrap()
            .contains("stuck (broken): owner0/sms, owner0/email")
    );
}

#[test]
fn who_changes_what_is_stuck_makes_it_tried_at_once() {
    let mut world = two_steps(0);
    strike(&mut world, 5);
    let before = world.now;
    assert!(world.act(Act::Escalate, &by(ANN)));
    assert_eq!(world.incident.due(), Some(at(0)));
    assert_eq!(world.now, before);
    strike(&mut world, 1);
    let mut closed = world.clone();
    assert!(closed.close(&by(ANN)));
    assert_eq!(closed.incident.due(), Some(at(0)));
    closed.settle();
    assert_eq!(closed.incident.due(), None);
}

// ---- Deciding itself -------------------------------------------------------------------------------------------------

#[test]
fn nothing_is_decided_before_its_time_or_twice() {
    let mut world = two_steps(0);
    let early = at(-1);
    assert_eq!(
        decide(&world.incident, &Default::default(), early),
        crate::domain::escalation::Decision::Wait
    );
    let (version, decision) = (world.version, world.decided());
    assert!(world.apply(version, &decision));
    assert!(!world.apply(version, &decision), "another planner was first");
    assert_eq!(world.settle(), 0);
}

#[test]
fn after_the_end_nobody_acts() {
    let mut world = two_steps(0);
    world.settle();
    assert!(world.close(&sender()));
    world.settle();
    let over: Incident = world.incident.clone();
    for act in [
        Act::Acknowledge,
        Act::Unacknowledge,
        Act::Snooze(at(9)),
        Act::Reassign(Route::Policy(id(0))),
        Act::Escalate,
    ] {
        assert!(!world.act(act, &by(ANN)));
    }
    assert!(!world.close(&by(ANN)));
    assert!(
        world
            .incident
            .clone()
            .take_in(
                &signal(Action::Trigger, Severity::Critical, "x", None),
                Urgency::High,
                at(9)
            )
            .is_none()
    );
    assert_eq!(world.incident, over);
    assert_eq!(world.incident.announce, None::<Announcement>);
    assert_eq!(limits::NOTICES_PER_PLAN_MAX, 80);
}
