//! What is lost, doubled, refused or interrupted, and that nobody sleeps through it.

use http::StatusCode;
use jiff::SignedDuration;
use nightbell_tests::{Break, Moment, Which, World};
use serde_json::json;
use shared::domain::incident::Status;
use shared::domain::timeline::EventKind;
use shared::store::{IncidentFilter, OutboxMessage, PageRequest};

/// Ana and Ben, twice each, by SMS and e-mail; then the owner by both.
const PAGES_UNTIL_UNANSWERED: usize = 10;

#[tokio::test(start_paused = true)]
async fn every_wake_up_three_times_pages_once() {
    let mut world = World::new().await;
    world.trigger("db").await;
    for _ in 0..30 {
        for _ in 0..10 {
            world.drain_stream(3).await;
            world.drain_queue(Which::Escalation, 3).await;
            world.drain_queue(Which::Notification, 3).await;
        }
        world.pass(SignedDuration::from_mins(1));
        for _ in 0..3 {
            for swept in world.sweep().await {
                swept.unwrap();
            }
        }
    }
    assert_eq!(world.outbox().await.len(), PAGES_UNTIL_UNANSWERED);
}

/// One night: an alert comes and repeats, goes unanswered, comes again under another name, is taken and ends. The
/// sender repeats what is not answered with 2xx, as senders do; the process starts again when it died, its queues empty.
async fn a_night(world: &mut World) {
    send(
        world,
        json!({ "summary": "disk full", "dedup_key": "a", "severity": "critical" }),
    )
    .await;
    send(
        world,
        json!({ "summary": "disk full", "dedup_key": "a", "severity": "critical" }),
    )
    .await;
    minutes(world, 24).await;
    send(
        world,
        json!({ "summary": "slow", "dedup_key": "b", "severity": "error" }),
    )
    .await;
    minutes(world, 2).await;
    send(world, json!({ "dedup_key": "b", "status": "acknowledge" })).await;
    minutes(world, 2).await;
    send(world, json!({ "dedup_key": "b", "status": "resolve" })).await;
    minutes(world, 2).await;
}

async fn send(world: &World, event: serde_json::Value) {
    for _ in 0..5 {
        if world.signal(event.clone()).await.status == StatusCode::ACCEPTED {
            return;
        }
        if world.wire.revive() > 0 {
            world.escalation_queue.clear();
            world.notification_queue.clear();
        }
    }
    panic!("a sender gave up: {event}");
}

async fn minutes(world: &mut World, minutes: u32) {
    for _ in 0..minutes {
        world.drain().await;
        world.pass(SignedDuration::from_mins(1));
        let _outcome = world.sweep().await;
        world.drain().await;
        if world.wire.revive() > 0 {
            world.escalation_queue.clear();
            world.notification_queue.clear();
        }
    }
}

async fn check(world: &mut World, exactly_once: bool, what: &str) {
    world.assert_idle().await;
    let all = world
        .ctx
        .store
        .incidents(&IncidentFilter::default(), &PageRequest::first())
        .await
        .unwrap()
        .items;
    assert_eq!(all.len(), 2, "{what}: one incident a group: {all:#?}");
    let (b, a) = (&all[0], &all[1]);
    assert_eq!((a.status, b.status), (Status::Triggered, Status::Resolved), "{what}");
    assert!(a.is_unanswered(), "{what}: {a:#?}");
    let sent = world.outbox().await;
    let about = |incident: &shared::domain::incident::Incident| -> Vec<&OutboxMessage> {
        sent.iter()
            .filter(|message| message.incident_id == Some(incident.id))
            .collect()
    };
    let mut deliveries: Vec<_> = about(a).iter().map(|message| &message.delivery_id).collect();
    let messages = deliveries.len();
    deliveries.sort();
    deliveries.dedup();
    assert_eq!(deliveries.len(), PAGES_UNTIL_UNANSWERED, "{what}: {:#?}", about(a));
    // A crash between sending and recording sends again what was under way, an SMS and an e-mail; nothing else does.
    let sent_again_max = if exactly_once { 0 } else { 2 };
    assert!(
        messages <= PAGES_UNTIL_UNANSWERED + sent_again_max,
        "{what}: {messages} messages"
    );
    assert!(
        about(b).iter().any(|message| message.to == "+15550100"),
        "{what}: Ana was woken for b"
    );
    if exactly_once {
        let counted = world.ctx.store.with_counts(all.clone()).await.unwrap();
        assert_eq!(
            counted[1].counts.unwrap().signal_count,
            2,
            "{what}: the repeat is counted once"
        );
    }
}

async fn at_each_write(how: Break, exactly_once: bool) {
    for n in 1.. {
        let mut world = World::new().await;
        world.wire.breaks(Moment::Write(n), how);
        a_night(&mut world).await;
        if world.wire.take_tally().writes < n {
            assert!(n > 30, "a night writes more than {n} times");
            return;
        }
        check(&mut world, exactly_once, &format!("{how:?} at write {n}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_after_any_write_changes_nothing() {
    at_each_write(Break::ReplyLost, true).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_request_at_any_write_changes_nothing() {
    at_each_write(Break::Lost, true).await;
}

#[tokio::test(start_paused = true)]
async fn throttling_at_any_write_changes_nothing() {
    at_each_write(Break::Throttle, true).await;
}

#[tokio::test(start_paused = true)]
async fn a_conflict_at_any_write_changes_nothing() {
    at_each_write(Break::Conflict, true).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_any_write_loses_no_page() {
    at_each_write(Break::DiesBefore, false).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_any_write_loses_no_page() {
    at_each_write(Break::DiesAfter, false).await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_is_never_told_2xx_while_the_table_is_down() {
    let world = World::new().await;
    for how in [Break::Lost, Break::Throttle, Break::Conflict] {
        world.wire.breaks(Moment::Always, how);
        let event = json!({ "summary": "s", "dedup_key": "x" });
        let answer = world.signal(event).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{how:?}");
        assert!(answer.headers.contains_key("retry-after"));
        let key = &world.cast.pagerduty;
        let event = json!({ "routing_key": key, "event_action": "trigger", "dedup_key": "x",
            "payload": { "summary": "s", "source": "h", "severity": "error" } });
        let answer = world.post("/v2/enqueue", event.to_string()).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{how:?}");
        assert!(answer.headers.contains_key("retry-after"));
        world.wire.revive();
    }
    assert_eq!(world.trigger("x").await, world.trigger("x").await);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_always_fails_delays_nobody_and_is_told_to_the_owners() {
    let mut world = World::new().await;
    let poisoned = world.trigger("poisoned").await;
    // Every plan that would page is refused by the table, as a row of ours that is broken would be.
    world.wire.breaks(Moment::Holding("#page"), Break::Refuse);
    world.drain().await;
    for _ in 0..40 {
        world.pass(SignedDuration::from_mins(1));
        let _outcome = world.sweep().await;
        world.drain().await;
    }
    let incident = world.incident(poisoned).await;
    assert!(incident.backoff.unwrap().strikes >= 5, "{incident:#?}");
    let sent = world.outbox().await;
    assert_eq!(sent.len(), 2, "the owner is told once, by SMS and e-mail: {sent:#?}");
    let timeline = world
        .ctx
        .store
        .timeline(poisoned, &PageRequest::first())
        .await
        .unwrap()
        .items;
    assert!(
        timeline
            .iter()
            .any(|event| matches!(event.kind, EventKind::Stuck { .. })),
        "{timeline:#?}"
    );

    world.wire.revive();
    let healthy = world.trigger("healthy").await;
    world.drain().await;
    assert!(
        world
            .outbox()
            .await
            .iter()
            .any(|message| message.incident_id == Some(healthy))
    );
    world.live(SignedDuration::from_mins(16)).await;
    let pages = world
        .outbox()
        .await
        .into_iter()
        .filter(|message| message.incident_id == Some(poisoned))
        .count();
    assert!(
        pages > 2,
        "it still runs every quarter of an hour, and is done once it can be"
    );
}
