//! Two at once, at the moment that hurts most.

use futures_util::{StreamExt, future, stream};
use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::World;
use serde_json::json;
use shared::domain::delivery::{DeliveryKey, DeliveryState, Subject};
use shared::domain::incident::Status;
use shared::store::keys::Key;

#[tokio::test(start_paused = true)]
async fn two_workers_on_one_incident_page_once() {
    let mut world = World::new().await;
    let incident = world.trigger("db").await;
    let now = world.now();
    let advance = || escalation::advance(&world.ctx, incident, now);
    let results = future::join_all((0..5).map(|_| advance())).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    world.drain().await;
    assert_eq!(world.outbox().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_of_many_racing_triggers_opens_the_incident() {
    let world = World::new().await;
    let triggers = stream::iter(0..30).map(|_| world.trigger("db"));
    let incidents: Vec<_> = triggers.buffer_unordered(30).collect().await;
    assert!(
        incidents.iter().all(|incident| *incident == incidents[0]),
        "{incidents:?}"
    );
}

/// The first delivery of an incident, planned and not yet sent.
async fn planned(world: &World) -> (shared::domain::id::IncidentId, DeliveryKey) {
    let incident = world.trigger("db").await;
    escalation::advance(&world.ctx, incident, world.now()).await.unwrap();
    let rows = world
        .ctx
        .store
        .all_deliveries(Subject::Incident(incident))
        .await
        .unwrap();
    (incident, rows[0].key)
}

#[tokio::test(start_paused = true)]
async fn an_acknowledge_between_claim_and_check_stops_the_message() {
    let world = World::new().await;
    let (incident, key) = planned(&world).await;
    // The claim is the first request, the check of the incident the second.
    let held = world.wire.hold(2);
    let acknowledge = async {
        held.arrived().await;
        let path = format!("/api/v1/incidents/{incident}/acknowledge");
        assert_eq!(world.api(Method::POST, &path, None).await.status, StatusCode::OK);
        held.release();
    };
    let (delivered, ()) = future::join(notification::deliver(&world.ctx, &key), acknowledge).await;
    assert_eq!(
        delivered.unwrap(),
        notification::Delivered::Tried(DeliveryState::Superseded, None)
    );
    assert!(world.outbox().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_check_that_grows_old_is_made_again() {
    let world = World::new().await;
    let (incident, key) = planned(&world).await;
    let held = world.wire.hold(2);
    let acknowledge = async {
        held.arrived().await;
        let again = world.wire.hold(1);
        // The answer to the check takes longer than a check is good for.
        world.pass(SignedDuration::from_secs(3));
        held.release();
        again.arrived().await;
        let path = format!("/api/v1/incidents/{incident}/acknowledge");
        let acknowledged = world.api(Method::POST, &path, None);
        assert_eq!(acknowledged.await.status, StatusCode::OK);
        again.release();
    };
    let (delivered, ()) = future::join(notification::deliver(&world.ctx, &key), acknowledge).await;
    assert_eq!(
        delivered.unwrap(),
        notification::Delivered::Tried(DeliveryState::Superseded, None)
    );
    assert!(world.outbox().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_lost_its_lease_does_not_record_over_the_next() {
    let world = World::new().await;
    let (_, key) = planned(&world).await;
    // Claim, check, outbox; the record is the fourth request.
    let held = world.wire.hold(4);
    let other = async {
        held.arrived().await;
        world.pass(SignedDuration::from_secs(41));
        let again = notification::deliver(&world.ctx, &key).await.unwrap();
        assert_eq!(again, notification::Delivered::Tried(DeliveryState::Sent, None));
        held.release();
    };
    let (first, ()) = future::join(notification::deliver(&world.ctx, &key), other).await;
    assert_eq!(first.unwrap(), notification::Delivered::Nothing);
}

#[tokio::test(start_paused = true)]
async fn a_resolve_racing_a_trigger_leaves_no_slot_open_on_what_is_over() {
    let trigger = json!({ "summary": "disk full", "dedup_key": "db", "severity": "critical" });
    let resolve = json!({ "dedup_key": "db", "status": "resolve" });
    // A repeat is one request; a resolve reads the slot, reads the incident, and writes.
    let races = [
        (&trigger, &resolve, 1),
        (&resolve, &trigger, 1),
        (&resolve, &trigger, 2),
        (&resolve, &trigger, 3),
    ];
    for (slow, fast, hold_at) in races {
        let mut world = World::new().await;
        let first = world.trigger("db").await;
        world.drain().await;
        let held = world.wire.hold(hold_at);
        let overtaking = async {
            held.arrived().await;
            let answer = world.signal(fast.clone()).await;
            held.release();
            answer
        };
        let (slow_answer, fast_answer) = future::join(world.signal(slow.clone()), overtaking).await;
        let (trigger, resolve) = if slow == &trigger {
            (slow_answer, fast_answer)
        } else {
            (fast_answer, slow_answer)
        };
        assert_eq!(
            (trigger.status, resolve.status),
            (StatusCode::ACCEPTED, StatusCode::ACCEPTED)
        );
        world.assert_idle().await;
        let slot = world
            .ctx
            .store
            .slot(&slot_of(&world, first).await)
            .await
            .unwrap()
            .unwrap()
            .value;
        let shown = world.incident(slot.incident_id).await;
        assert_eq!(slot.closed.is_none(), shown.is_open(), "{slow} held at {hold_at}");
        let told: shared::domain::id::IncidentId = trigger.body["incident_id"].as_str().unwrap().parse().unwrap();
        if trigger.body["outcome"] == "created" {
            assert_ne!(told, first);
            assert_eq!(
                world.incident(told).await.status,
                Status::Triggered,
                "a new incident stays open"
            );
        }
    }
}

async fn slot_of(world: &World, incident: shared::domain::id::IncidentId) -> Key {
    Key::slot_of(&world.incident(incident).await)
}
