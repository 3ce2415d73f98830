//! What a period was like: as figures for scripts, and as pictures for people.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::people::person;
use nightbell_tests::{Answer, Browser, World};
use serde_json::json;
use shared::domain::people::Role;

async fn ask(world: &World, query: &str) -> Answer {
    world.api(Method::GET, &format!("/api/v1/insights{query}"), None).await
}

/// Two incidents of the night: one is taken after three minutes and ended after ten, the other ends by its sender's word.
async fn a_night(world: &mut World) {
    let first = world.trigger("disk").await;
    world.drain().await;
    world.pass(SignedDuration::from_mins(3));
    let path = format!("/api/v1/incidents/{first}");
    world.api(Method::POST, &format!("{path}/acknowledge"), None).await;
    world.pass(SignedDuration::from_mins(7));
    world.api(Method::POST, &format!("{path}/resolve"), None).await;
    let event = json!({ "summary": "cert <b>expires</b>", "dedup_key": "cert", "severity": "info" });
    world.signal(event).await;
    world.live(SignedDuration::from_mins(6)).await;
    world.signal(json!({ "dedup_key": "cert", "status": "resolve" })).await;
    world.drain().await;
}

#[tokio::test(start_paused = true)]
async fn figures_tell_what_happened() {
    let mut world = World::new().await;
    let none = ask(&world, "").await;
    assert_eq!(none.status, StatusCode::OK, "{none:?}");
    assert_eq!(
        (&none.body["incidents"], &none.body["acknowledge"], &none.body["pages"]),
        (&json!(0), &json!(null), &json!(0))
    );
    a_night(&mut world).await;
    let all = ask(&world, "").await.body;
    assert_eq!(
        (&all["incidents"], &all["is_complete"]),
        (&json!(2), &json!(true)),
        "{all}"
    );
    let times = |count, median, p90| json!({ "count": count, "median_seconds": median, "p90_seconds": p90 });
    // A sender's own word takes nothing.
    assert_eq!(all["acknowledge"], times(1, 180, 180));
    assert_eq!(all["resolve"], times(2, 360, 600));
    assert_eq!(all["days"].as_array().unwrap().len(), 30);
    assert_eq!(
        all["days"][29],
        json!({ "date": "2026-03-01", "critical": 1, "error": 0, "warning": 0, "info": 1 })
    );
    // Ana twice, Ben once; three in the morning in Berlin, where the owner is.
    assert_eq!(
        (&all["pages"], &all["night_pages"], &all["hours"][3]),
        (&json!(3), &json!(3), &json!(3)),
        "{all}"
    );
    assert_eq!(
        (&all["time_zone"], &all["services"][0]["name"]),
        (&json!("Europe/Berlin"), &json!("Checkout"))
    );
    assert_eq!(all["alerts"][1]["title"], "disk full");
    let tokyo = ask(&world, "?time_zone=Asia/Tokyo").await.body;
    assert_eq!((&tokyo["night_pages"], &tokyo["hours"][11]), (&json!(0), &json!(3)));
    let others = ask(&world, "?service_id=svc_01arz3ndektsv4rrffq69g5fav").await.body;
    assert_eq!(others["incidents"], 0);
    let before = ask(&world, "?until=2026-03-01T02:00:00Z").await.body;
    assert_eq!(before["incidents"], 0, "{before}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_counted_is_refused_by_name_and_nobody_asks_for_ever() {
    let world = World::new().await;
    for (query, field) in [
        ("?from=2026-03-02T00:00:00Z", "from"),
        ("?from=2025-11-01T00:00:00Z", "from"),
        ("?from=yesterday", "from"),
        ("?time_zone=Mars/Olympus", "time_zone"),
        ("?team_id=x", "team_id"),
        ("?days=7", "days"),
    ] {
        let refused = ask(&world, query).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}: {refused:?}");
        assert_eq!(refused.body["errors"][0]["field"], field, "{query}: {refused:?}");
    }
    for _ in 0..20 {
        assert_eq!(ask(&world, "").await.status, StatusCode::OK);
    }
    let often = ask(&world, "").await;
    assert_eq!(
        (often.status, often.headers["retry-after"].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "3")
    );
    world.pass(SignedDuration::from_secs(3));
    assert_eq!(ask(&world, "").await.status, StatusCode::OK);
}

/// What it takes does not grow with what is kept, only with what is counted.
#[tokio::test(start_paused = true)]
async fn a_period_is_read_by_itself_and_in_batches() {
    let world = World::new().await;
    for n in 0..150 {
        world.trigger(&format!("old-{n}")).await;
    }
    world.pass(SignedDuration::from_hours(24 * 10));
    for n in 0..250 {
        world.trigger(&format!("new-{n}")).await;
    }
    // The end of a period is no part of it.
    world.pass(SignedDuration::from_millis(1));
    world.wire.take_tally();
    let counted = ask(&world, "?from=2026-03-05T00:00:00Z").await;
    assert_eq!(counted.body["incidents"], 250, "{counted:?}");
    let tally = world.wire.take_tally();
    println!("insights over 250 of 400 incidents: {tally:?}");
    // Token and person, person, attempt, a query a list and shard, a batch a hundred.
    assert!(tally.requests <= 4 + 8 + 3, "{tally:?}");
}

#[tokio::test(start_paused = true)]
async fn people_see_pictures_and_tables() {
    let mut world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    assert_eq!(browser.get(&world, "/insights").await.status, StatusCode::OK);
    assert!(browser.page.contains("Nothing to count"), "{}", browser.page);
    a_night(&mut world).await;
    browser.get(&world, "/insights?days=7&service_id=&team_id=").await;
    let page = &browser.page;
    for words in [
        "<svg viewBox=\"0 0 70 200\"",
        "role=\"img\"",
        "<title>1 Mar: 2 incidents</title>",
        "3 pages, 3 of them at night",
        "Noisiest alerts",
        "cert &#60;b&#62;expires",
        "nine in ten within 10\u{a0}min",
        "Europe/Berlin",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("style="), "the policy of pages refuses it");
    for (path, status) in [
        ("/insights?days=8", StatusCode::BAD_REQUEST),
        ("/insights?service_id=x", StatusCode::BAD_REQUEST),
        (
            "/insights?days=90&service_id=svc_01arz3ndektsv4rrffq69g5fav",
            StatusCode::OK,
        ),
    ] {
        assert_eq!(browser.get(&world, path).await.status, status, "{path}");
    }
    assert!(browser.page.contains("Show everything"), "{}", browser.page);
    let cy = person(&world.ctx, "Cy", Role::Viewer, "+15550102").await;
    let mut viewer = Browser::signed_in(&world, cy).await;
    assert_eq!(viewer.get(&world, "/insights").await.status, StatusCode::OK);
}
