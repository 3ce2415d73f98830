//! Requests of real clients, as they were captured, byte for byte but for the key.

use http::StatusCode;
use nightbell_tests::{Answer, World};
use serde_json::Value;
use shared::domain::incident::Status;
use shared::store::{IncidentFilter, PageRequest};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/captured");

fn body(name: &str) -> String {
    let file = std::fs::read(format!("{FOLDER}/{name}.json")).expect(name);
    let request: Value = serde_json::from_slice(&file).expect("JSON");
    request["body_raw"].as_str().expect("a body").to_owned()
}

async fn webhook(world: &World, name: &str) -> Answer {
    world
        .post(&format!("/hooks/{}", world.cast.alertmanager), body(name))
        .await
}

async fn event(world: &World, name: &str) -> Answer {
    let mut event: Value = serde_json::from_str(&body(name)).expect("JSON");
    event["routing_key"] = world.cast.pagerduty.as_str().into();
    world.post("/v2/enqueue", event.to_string()).await
}

async fn statuses(world: &World) -> Vec<Status> {
    let all = world
        .ctx
        .store
        .incidents(&IncidentFilter::default(), &PageRequest::first())
        .await
        .unwrap();
    all.items.iter().map(|incident| incident.status).collect()
}

/// The captures are of 06:27 on that day: read as they came, and hours later.
const READ_AT: [&str; 2] = ["2026-11-22T06:27:32Z", "2026-11-22T09:00:00Z"];

async fn at(time: &str) -> World {
    let world = World::new().await;
    let time: jiff::Timestamp = time.parse().unwrap();
    world.pass(time.duration_since(world.now()));
    world
}

#[tokio::test(start_paused = true)]
async fn alertmanagers_webhooks_are_one_incident_that_ends_with_its_group() {
    for (time, prefix) in READ_AT
        .into_iter()
        .flat_map(|time| [(time, "webhook_v4"), (time, "webhook_v4_bearer")])
    {
        let world = at(time).await;
        let name = |which: &str| format!("alertmanager025_{prefix}_{which}");
        let firing = webhook(&world, &name("firing")).await;
        assert_eq!(
            (firing.status, &firing.body["outcome"]),
            (StatusCode::OK, &"created".into()),
            "{firing:?}"
        );
        let again = webhook(&world, &name("firing")).await;
        assert_eq!(again.body["outcome"], "merged");
        let partial = webhook(&world, &name("firing_partial")).await;
        assert_eq!(partial.body["outcome"], "merged");
        assert_eq!(
            statuses(&world).await,
            [Status::Triggered],
            "a partial resolve leaves it open"
        );
        let resolved = webhook(&world, &name("resolved")).await;
        assert_eq!(resolved.body["outcome"], "resolved", "read at {time}: {resolved:?}");
        assert_eq!(resolved.body["incident_id"], firing.body["incident_id"]);
        assert_eq!(statuses(&world).await, [Status::Resolved]);
    }
}

#[tokio::test(start_paused = true)]
async fn alertmanagers_pagerduty_events_open_and_close_one_incident() {
    let world = at(READ_AT[1]).await;
    let trigger = event(&world, "alertmanager025_pagerduty_v2_trigger").await;
    assert_eq!(trigger.status, StatusCode::ACCEPTED, "{trigger:?}");
    assert_eq!(
        (&trigger.body["status"], &trigger.body["message"]),
        (&"success".into(), &"Event processed".into())
    );
    assert_eq!(trigger.body["dedup_key"].as_str().unwrap().len(), 64);
    assert_eq!(statuses(&world).await, [Status::Triggered]);
    let resolve = event(&world, "alertmanager025_pagerduty_v2_resolve").await;
    assert_eq!(
        (resolve.status, &resolve.body["dedup_key"]),
        (StatusCode::ACCEPTED, &trigger.body["dedup_key"])
    );
    assert_eq!(statuses(&world).await, [Status::Resolved]);
}

#[tokio::test(start_paused = true)]
async fn the_python_clients_events_are_answered_as_pagerduty_answers() {
    let world = at(READ_AT[1]).await;
    let trigger = event(&world, "py_pagerduty_trigger").await;
    let expected = serde_json::json!({ "status": "success", "message": "Event processed", "dedup_key": "disk/host-1" });
    assert_eq!((trigger.status, &trigger.body), (StatusCode::ACCEPTED, &expected));
    assert_eq!(event(&world, "py_pagerduty_ack").await.status, StatusCode::ACCEPTED);
    assert_eq!(statuses(&world).await, [Status::Acknowledged]);
    assert_eq!(event(&world, "py_pagerduty_resolve").await.status, StatusCode::ACCEPTED);
    assert_eq!(statuses(&world).await, [Status::Resolved]);
    let first = event(&world, "py_pagerduty_trigger_nokey").await;
    let second = event(&world, "py_pagerduty_trigger_nokey").await;
    assert_ne!(first.body["dedup_key"], second.body["dedup_key"]);
    assert_eq!(
        statuses(&world).await,
        [Status::Triggered, Status::Triggered, Status::Resolved]
    );
}

#[tokio::test(start_paused = true)]
async fn the_forged_the_broken_and_the_oversized_get_nowhere() {
    let world = World::new().await;
    let hook = format!("/hooks/{}", world.cast.alertmanager);
    let huge = "x".repeat(600 * 1024);
    let deep = format!("{{\"groupKey\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    for (body, status) in [
        (huge.clone().into_bytes(), StatusCode::PAYLOAD_TOO_LARGE),
        (deep.into_bytes(), StatusCode::BAD_REQUEST),
        (b"not json".to_vec(), StatusCode::BAD_REQUEST),
        (vec![0xff, 0xfe], StatusCode::BAD_REQUEST),
        (
            b"{\"groupKey\": 7, \"status\": \"firing\", \"alerts\": []}".to_vec(),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let answer = world.post(&hook, body).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    let unknown = world
        .post(
            &format!("/hooks/{}", "a".repeat(32)),
            body("alertmanager025_webhook_v4_firing"),
        )
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let mut event: Value = serde_json::from_str(&body("py_pagerduty_trigger")).unwrap();
    event["routing_key"] = "a".repeat(32).into();
    let unknown = world.post("/v2/enqueue", event.to_string()).await;
    let expected = serde_json::json!({
        "status": "invalid event", "message": "Event object is invalid", "errors": ["Invalid routing key"]
    });
    assert_eq!((unknown.status, unknown.body), (StatusCode::BAD_REQUEST, expected));
    assert_eq!(world.post("/v2/enqueue", huge).await.status, StatusCode::BAD_REQUEST);
    assert!(statuses(&world).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_alerts_in_one_group_are_counted_and_a_thousand_listed() {
    let world = World::new().await;
    let alert = |n: u32| format!("{{\"status\":\"firing\",\"labels\":{{\"i\":\"{n}\"}}}}");
    let alerts: Vec<_> = (0..10_000).map(alert).collect();
    let group = format!(
        "{{\"groupKey\":\"g\",\"status\":\"firing\",\"alerts\":[{}]}}",
        alerts.join(",")
    );
    assert!(group.len() < 524_288);
    let answer = world.post(&format!("/hooks/{}", world.cast.alertmanager), group).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let id = answer.body["incident_id"].as_str().unwrap();
    let one = world
        .api(http::Method::GET, &format!("/api/v1/incidents/{id}"), None)
        .await;
    assert_eq!(one.body["alert_count"], 10_000);
    assert_eq!(one.body["alerts"].as_array().unwrap().len(), 1_000);
}
