//! Round trips and capacity, counted at the wire and held to the design's budget.

use nightbell_tests::{Tally, World};
use serde_json::json;
use shared::domain::actor::Actor;
use shared::domain::delivery::Subject;
use shared::domain::id::EventId;
use shared::domain::timeline::{Event, Resolution};
use shared::store::ClosedBy;

#[tokio::test(start_paused = true)]
async fn the_budget_holds() {
    let mut world = World::new().await;
    world.trigger("warm").await;
    world.drain().await;
    world.wire.take_tally();

    let incident = world.trigger("db").await;
    let new = take(&world, "new incident");
    world.trigger("db").await;
    let repeat = take(&world, "repeat");
    escalation::advance(&world.ctx, incident, world.now()).await.unwrap();
    let step = take(&world, "step with two messages");
    let rows = world
        .ctx
        .store
        .all_deliveries(Subject::Incident(incident))
        .await
        .unwrap();
    world.wire.take_tally();
    notification::deliver(&world.ctx, &rows[0].key).await.unwrap();
    let delivery = take(&world, "delivery, with the outbox's own write");
    for swept in world.sweep().await {
        swept.unwrap();
    }
    world.drain().await;
    world.wire.take_tally();
    for swept in world.sweep().await {
        swept.unwrap();
    }
    let idle = take(&world, "idle sweeps, both");
    world.signal(json!({ "dedup_key": "db", "status": "resolve" })).await;
    let close_by_signal = take(&world, "close by signal");

    let other = world.trigger("warm").await;
    world.wire.take_tally();
    let now = world.now();
    let mut known = world.ctx.store.incident(other).await.unwrap().unwrap();
    let kind = known
        .value
        .close(Resolution::ByHand, &Actor::system(), None, now)
        .unwrap();
    let event = Event {
        id: EventId(world.ctx.random.ulid(now)),
        at: now,
        actor: Actor::system(),
        kind,
    };
    world
        .ctx
        .store
        .close_incident(&known.value, known.version, ClosedBy::Hand, &event)
        .await
        .unwrap();
    let close_by_hand = take(&world, "close by hand");

    assert_eq!((repeat.round_trips, repeat.write_units), (1, 1.0));
    assert_eq!(new.round_trips, 2);
    assert!(new.write_units <= 9.0, "{new:?}");
    assert!(step.round_trips <= 3, "{step:?}");
    assert_eq!(step.writes, 1, "a step is one transaction");
    assert_eq!(
        (delivery.writes, delivery.requests),
        (3, 4),
        "claim, read, outbox, record"
    );
    assert_eq!(close_by_signal.round_trips, 3);
    assert_eq!(close_by_hand.round_trips, 2);
    let shards = u32::from(shared::store::keys::SHARDS);
    assert_eq!(
        (idle.requests, idle.writes),
        (2 * shards, 0),
        "one query a kind and shard"
    );
}

fn take(world: &World, what: &str) -> Tally {
    let tally = world.wire.take_tally();
    println!(
        "{what}: {} round trips, {} requests, {} writes, {} write units",
        tally.round_trips, tally.requests, tally.writes, tally.write_units
    );
    tally
}
