//! What maintenances of a service do to an incident, with exact expectations, as in [`super::stories`].

use super::world::*;
use crate::domain::incident::{Act, Progress, Route, Status};
use crate::domain::limits::MAINTENANCE_LOOK_SECONDS;
use crate::domain::people::Medium::{Email, Sms};
use crate::domain::signal::Severity;
use crate::domain::status::Alerts::{Hold, Quiet};
use crate::domain::status::Work;

const ANN: usize = 0;
const BEN: usize = 1;
const CAT: usize = 2;

/// Ann for 5 minutes, then Ben for 10; both are loud by text message and quiet by e-mail.
fn under(works: Vec<Work>) -> World {
    let policy = policy(0, 0, vec![to(&[ANN], 300), to(&[BEN], 600)]);
    let people = [ANN, BEN, CAT].map(|number| person(number, &[Sms, Email]));
    let mut world = World::new(service(1800, 0), policy, people.into());
    world.works = works;
    world
}

fn assert_story(world: &mut World, expected: &[&str]) {
    let mut news = world.news();
    news.retain(|line| !line.ends_with(" sent"));
    assert_eq!(news, expected, "\n{}\n", news.join("\n"));
}

#[test]
fn what_is_held_pages_nobody_until_the_planned_end_and_everybody_from_then_on() {
    let mut world = under(vec![work(1, Hold, -60, 7200)]);
    world.run_to(7199);
    assert!(world.incident.is_held() && world.incident.status == Status::Triggered);
    assert!(world.rows.is_empty());
    assert_eq!(world.incident.next_step_at(), None);
    world.run_to(7500);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 held until +7200",
            "+7200 e0 0.0 paged (MaintenanceEnded): ann/sms, ann/email",
            "+7500 e0 0.1 paged (TimePassed): ben/sms, ben/email",
        ],
    );
}

#[test]
fn an_early_end_pages_at_once_and_within_minutes_even_if_nobody_says_so() {
    let mut world = under(vec![work(1, Hold, -60, 7200)]);
    world.run_to(1000);
    world.change_works(Vec::new());
    world.settle();
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 held until +7200",
            "+1000 e0 0.0 paged (MaintenanceEnded): ann/sms, ann/email",
        ],
    );
    let mut unheard = under(vec![work(1, Hold, -60, 7200)]);
    unheard.run_to(1000);
    unheard.works.clear();
    unheard.run_to(1000 + MAINTENANCE_LOOK_SECONDS);
    assert_story(
        &mut unheard,
        &[
            "+0 e0 0.0 held until +7200",
            "+1200 e0 0.0 paged (MaintenanceEnded): ann/sms, ann/email",
        ],
    );
}

#[test]
fn one_that_takes_longer_holds_for_longer_and_says_so() {
    let mut world = under(vec![work(1, Hold, -60, 600)]);
    world.run_to(500);
    world.change_works(vec![work(1, Hold, -60, 3600)]);
    world.run_to(3600);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 held until +600",
            "+500 e0 0.0 held until +3600",
            "+3600 e0 0.0 paged (MaintenanceEnded): ann/sms, ann/email",
        ],
    );
}

#[test]
fn of_several_the_one_that_lets_least_through_counts_and_then_the_one_that_lasts() {
    let works = vec![
        work(1, Hold, -60, 600),
        work(2, Quiet, -60, 5000),
        work(3, Hold, -60, 900),
    ];
    let mut world = under(works);
    world.run_to(5000);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 held until +900",
            "+900 e0 0.0 paged quietly (MaintenanceEnded): ann/email",
            "+1200 e0 0.1 paged quietly (TimePassed): ben/email",
            "+1800 e0 0.2 unanswered (TimePassed): ; ALARM an incident went unanswered and no owner can be reached",
            // Nobody was woken by any of it: the policy begins again.
            "+5000 e1 0.0 paged (MaintenanceEnded): ann/sms, ann/email",
        ],
    );
    // When the one that lasts is called off, the other goes on holding.
    let mut world = under(vec![work(1, Hold, -60, 600), work(3, Hold, -60, 900)]);
    world.run_to(100);
    world.change_works(vec![work(1, Hold, -60, 600)]);
    world.run_to(600);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 held until +900",
            "+100 e0 0.0 held until +600",
            "+600 e0 0.0 paged (MaintenanceEnded): ann/sms, ann/email",
        ],
    );
}

#[test]
fn what_was_paged_quietly_and_is_unanswered_at_the_end_is_paged_again_loudly() {
    let mut world = under(vec![work(1, Quiet, -60, 450)]);
    world.run_to(450);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged quietly (Opened): ann/email",
            "+300 e0 0.1 paged quietly (TimePassed): ben/email",
            "+450 e1 0.1 paged (MaintenanceEnded): ben/sms, ben/email",
        ],
    );
    // What is quiet by itself is not changed by it.
    let mut world = under(vec![work(1, Quiet, -60, 200)]);
    world.incident.urgency = crate::domain::service::Urgency::Low;
    world.run_to(250);
    assert_story(&mut world, &["+0 e0 0.0 paged (Opened): ann/email"]);
}

#[test]
fn what_was_wrong_before_the_work_began_is_no_part_of_it() {
    let mut world = under(vec![work(1, Hold, 1, 7200), work(2, Quiet, 1, 7200)]);
    world.run_to(400);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged (Opened): ann/sms, ann/email",
            "+300 e0 0.1 paged (TimePassed): ben/sms, ben/email",
        ],
    );
}

#[test]
fn who_took_it_hears_of_it_again_only_after_the_work() {
    let mut world = under(vec![work(1, Hold, -60, 7200)]);
    world.run_to(60);
    world.settle_by(&by(ANN), Act::Acknowledge);
    // The acknowledgement runs out at +1860: held again, until the end.
    world.run_to(7200);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 held until +7200",
            "+1860 e2 0.0 held until +7200",
            "+7200 e2 0.0 paged (MaintenanceEnded): ann/sms, ann/email",
        ],
    );
    // Who has it at the end is left in peace.
    let mut world = under(vec![work(1, Hold, -60, 600)]);
    world.run_to(60);
    world.settle_by(&by(ANN), Act::Acknowledge);
    world.run_to(1000);
    assert_story(&mut world, &["+0 e0 0.0 held until +600"]);
    assert_eq!(world.incident.status, Status::Acknowledged);
}

#[test]
fn a_snooze_ends_into_the_work() {
    let mut world = under(vec![work(1, Hold, -60, 7200)]);
    world.run_to(60);
    world.settle_by(&by(ANN), Act::Snooze(at(600)));
    world.run_to(7200);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 held until +7200",
            "+600 e2 0.0 held until +7200",
            "+7200 e2 0.0 paged (MaintenanceEnded): ann/sms, ann/email",
        ],
    );
}

#[test]
fn a_persons_word_goes_before_any_maintenance() {
    let mut world = under(vec![work(1, Hold, -60, 7200)]);
    world.run_to(60);
    world.settle_by(&by(CAT), Act::Escalate);
    world.run_to(400);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 held until +7200",
            // The step that was held: nobody was asked before.
            "+60 e1 0.0 paged (Escalated): ann/sms, ann/email",
            "+360 e1 0.1 paged (TimePassed): ben/sms, ben/email",
        ],
    );
    let mut world = under(vec![work(1, Quiet, -60, 7200)]);
    world.run_to(60);
    world.settle_by(&by(CAT), Act::Escalate);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged quietly (Opened): ann/email",
            "+60 e0 0.1 paged (Escalated): ben/sms, ben/email",
        ],
    );
    let mut world = under(vec![work(1, Hold, -60, 7200)]);
    world.run_to(60);
    let cat = Route::People {
        users: vec![id(CAT)],
        then: id(0),
    };
    world.settle_by(&by(ANN), Act::Reassign(cat));
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 held until +7200",
            "+60 e1 0.0 paged (Reassigned): cat/sms, cat/email",
        ],
    );
    // What a person opens is never held.
    let mut world = under(vec![work(1, Hold, -60, 7200)]);
    world.incident.opened_by = Some(by(CAT));
    world.settle();
    assert_story(&mut world, &["+0 e0 0.0 paged (Opened): ann/sms, ann/email"]);
}

#[test]
fn it_gets_worse_without_waking_anybody_and_its_end_ends_it() {
    let mut world = under(vec![work(1, Hold, -60, 7200)]);
    world.run_to(60);
    world.trigger(Severity::Critical, "disk on fire");
    world.run_to(120);
    assert_eq!(world.incident.peak_severity, Severity::Critical);
    assert!(world.incident.is_held());
    assert!(world.close(&sender()));
    world.run_to(10_000);
    assert_story(&mut world, &["+0 e0 0.0 held until +7200"]);
    assert_eq!(world.incident.due(), None);
}

#[test]
fn a_maintenance_that_is_to_hold_from_now_on_ends_the_pages_it_made_quiet() {
    let mut world = under(vec![work(1, Quiet, -60, 7200)]);
    world.run_to(400);
    world.change_works(vec![work(1, Hold, -60, 7200)]);
    world.settle();
    assert!(world.incident.is_held() && matches!(world.incident.progress, Progress::Page(_)));
    assert!(!world.rows.values().any(|row| row.is_wanted(&world.incident)));
    world.run_to(7200);
    assert_story(
        &mut world,
        &[
            "+0 e0 0.0 paged quietly (Opened): ann/email",
            "+300 e0 0.1 paged quietly (TimePassed): ben/email",
            "+400 e1 0.1 held until +7200",
            "+7200 e1 0.1 paged (MaintenanceEnded): ben/sms, ben/email",
        ],
    );
}
