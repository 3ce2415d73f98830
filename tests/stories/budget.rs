//! Round trips and capacity, counted at the wire and held to the design's budget.

use jiff::SignedDuration;
use nightbell_tests::World;
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn the_budget_holds() {
    let mut world = World::new().await;
    world.trigger("warm").await;
    world.drain().await;
    world.wire.take_tally();

    world.trigger("db").await;
    let new = world.wire.take_tally();
    world.trigger("db").await;
    let repeat = world.wire.take_tally();
    println!("new incident: {new:?}");
    println!("repeat: {repeat:?}");

    world.drain_stream(1).await;
    let step = world.wire.take_tally();
    println!("step (first): {step:?}");
    world.drain().await;
    let delivery = world.wire.take_tally();
    println!("deliveries: {delivery:?}");
    world.live(SignedDuration::from_secs(300)).await;
    world.trigger("warm").await;
    world.wire.take_tally();
    world.signal(json!({ "dedup_key": "db", "status": "resolve" })).await;
    let close = world.wire.take_tally();
    println!("close by signal: {close:?}");
    assert_eq!((repeat.round_trips, repeat.write_units), (1, 1.0));
    assert_eq!(new.round_trips, 2);
    assert!(new.write_units <= 9.0, "{new:?}");
    assert_eq!(close.round_trips, 3);
}
