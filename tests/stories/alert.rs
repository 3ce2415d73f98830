//! An alert wakes somebody, and everything that can happen until it is over.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::World;
use serde_json::json;
use shared::domain::incident::Status;
use shared::domain::people::Medium;

#[tokio::test(start_paused = true)]
async fn an_alert_wakes_ana_who_acknowledges_by_the_link_and_nobody_else_is_woken() {
    let mut world = World::new().await;
    let incident = world.trigger("db-7/disk").await;
    world.drain().await;
    let sent = world.outbox().await;
    assert_eq!(
        sent.iter().map(|message| message.channel).collect::<Vec<_>>(),
        [Medium::Sms, Medium::Email]
    );
    assert!(sent.iter().all(|message| message.incident_id == Some(incident)));
    let link = link(&sent[0].body);

    let page = world
        .ask(http::Request::get(&link).body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert_eq!(
        world.incident(incident).await.status,
        Status::Triggered,
        "a preview must not acknowledge"
    );

    let form = http::Request::post(&link).header("content-type", "application/x-www-form-urlencoded");
    let answer = world.ask(form.body("action=acknowledge".into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    world.live(SignedDuration::from_mins(25)).await;
    assert_eq!(world.outbox().await.len(), 2, "nobody else is woken");
    let incident = world.incident(incident).await;
    assert_eq!(incident.status, Status::Acknowledged);
    assert_eq!(incident.acknowledged.unwrap().by.name, "Ana");

    let event = json!({ "dedup_key": "db-7/disk", "status": "resolve" });
    assert_eq!(world.signal(event).await.body["outcome"], "resolved");
    world.assert_idle().await;
    let sent = world.outbox().await;
    assert_eq!(sent.len(), 3, "who was paged hears, quietly, that it is over: {sent:?}");
    assert_eq!(sent[2].channel, Medium::Email);
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_it_goes_on_to_ben_and_then_to_the_owners() {
    let mut world = World::new().await;
    let incident = world.trigger("db-7/disk").await;
    world.live(SignedDuration::from_mins(4)).await;
    assert_eq!(world.outbox().await.len(), 2);
    world.live(SignedDuration::from_mins(2)).await;
    let sent = world.outbox().await;
    assert_eq!(sent.len(), 4);
    assert_eq!(sent[2].to, "+15550101");
    assert_eq!(
        sent[2].at.duration_since(world.incident(incident).await.created_at),
        SignedDuration::from_mins(5)
    );
    world.live(SignedDuration::from_mins(15)).await;
    assert!(world.incident(incident).await.is_unanswered());
    let sent = world.outbox().await;
    assert_eq!(sent.len(), 10, "two runs of two steps, and the owner's two: {sent:#?}");
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn by_sweeps_alone_everything_still_happens() {
    let mut world = World::new().await;
    world.trigger("db-7/disk").await;
    for _ in 0..30 {
        world.lose_stream().await;
        world.escalation_queue.clear();
        world.notification_queue.clear();
        world.pass(SignedDuration::from_mins(1));
        for swept in world.sweep().await {
            swept.unwrap();
        }
    }
    let sent = world.outbox().await;
    assert_eq!(sent.len(), 10, "{sent:#?}");
}

#[tokio::test(start_paused = true)]
async fn the_api_shows_and_acts() {
    let mut world = World::new().await;
    let incident = world.trigger("db-7/disk").await;
    world.drain().await;
    let one = world
        .api(Method::GET, &format!("/api/v1/incidents/{incident}"), None)
        .await;
    assert_eq!(one.status, StatusCode::OK, "{one:?}");
    assert_eq!(one.body["status"], "triggered");
    let acknowledged = world
        .api(Method::POST, &format!("/api/v1/incidents/{incident}/acknowledge"), None)
        .await;
    assert_eq!(acknowledged.body["status"], "acknowledged", "{acknowledged:?}");
    world.assert_idle().await;
}

fn link(text: &str) -> String {
    let start = text.find("/i/").expect("a link");
    text[start..].split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_link_in_a_message_ends_after_seven_days() {
    let mut world = World::new().await;
    world.trigger("db-7/disk").await;
    world.drain().await;
    let link = link(&world.outbox().await[0].body);
    let get = || http::Request::get(&link).body(axum::body::Body::empty()).unwrap();
    assert_eq!(world.ask(get()).await.status, StatusCode::OK);
    world.pass(SignedDuration::from_hours(24 * 7 + 1));
    let answer = world.ask(get()).await;
    assert_eq!(answer.status, StatusCode::GONE, "{answer:?}");
    let form = http::Request::post(&link).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(
        world.ask(form.body("action=resolve".into()).unwrap()).await.status,
        StatusCode::GONE
    );
    let wrong = http::Request::get("/i/0123456789abcdef")
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(world.ask(wrong).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_runs_out_pages_again() {
    let mut world = World::new().await;
    let incident = world.trigger("db").await;
    world.drain().await;
    act(&world, incident, "acknowledge", None).await;
    world.live(SignedDuration::from_mins(29)).await;
    assert_eq!(world.outbox().await.len(), 2);
    world.live(SignedDuration::from_mins(2)).await;
    let sent = world.outbox().await;
    assert_eq!(
        sent.iter().filter(|message| message.to == "+15550100").count(),
        2,
        "Ana is asked again: {sent:#?}"
    );
    assert_eq!(world.incident(incident).await.status, Status::Triggered);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_snooze_is_quiet_whatever_arrives_and_ends_with_a_page() {
    let mut world = World::new().await;
    let incident = world.trigger("db").await;
    world.drain().await;
    let until = world.now() + SignedDuration::from_hours(2);
    act(&world, incident, "snooze", Some(json!({ "until": until.to_string() }))).await;
    world.trigger("db").await;
    world.live(SignedDuration::from_mins(119)).await;
    assert_eq!(world.outbox().await.len(), 2);
    world.live(SignedDuration::from_mins(2)).await;
    assert_eq!(world.outbox().await.len(), 4);
    let too_long = world.now() + SignedDuration::from_hours(24 * 8);
    let path = format!("/api/v1/incidents/{incident}/snooze");
    let answer = world
        .api(Method::POST, &path, Some(json!({ "until": too_long.to_string() })))
        .await;
    assert_eq!(
        (answer.status, &answer.body["errors"][0]["field"]),
        (StatusCode::BAD_REQUEST, &"until".into())
    );
}

#[tokio::test(start_paused = true)]
async fn reassigned_it_asks_those_people_at_once_and_the_policy_after_five_minutes() {
    let mut world = World::new().await;
    let incident = world.trigger("db").await;
    world.drain().await;
    act(
        &world,
        incident,
        "reassign",
        Some(json!({ "user_ids": [world.cast.ben] })),
    )
    .await;
    world.drain().await;
    let to = |sent: &[shared::store::OutboxMessage]| -> Vec<String> {
        sent.iter()
            .filter(|sent| sent.channel == Medium::Sms)
            .map(|sent| sent.to.clone())
            .collect()
    };
    assert_eq!(to(&world.outbox().await), ["+15550100", "+15550101"]);
    world.live(SignedDuration::from_mins(6)).await;
    assert_eq!(to(&world.outbox().await), ["+15550100", "+15550101", "+15550100"]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_sender_resolves_by_time_but_not_while_it_still_sends() {
    let mut world = World::new().await;
    let path = format!("/api/v1/services/{}", world.cast.service);
    let changed = world
        .api(Method::PATCH, &path, Some(json!({ "auto_resolve_seconds": 600 })))
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    let incident = world.trigger("db").await;
    world.live(SignedDuration::from_mins(7)).await;
    world.trigger("db").await;
    world.live(SignedDuration::from_mins(9)).await;
    assert!(
        world.incident(incident).await.is_open(),
        "its last signal is nine minutes old"
    );
    world.live(SignedDuration::from_mins(2)).await;
    let resolved = world.incident(incident).await;
    assert_eq!(resolved.status, Status::Resolved);
    assert_eq!(resolved.counts.unwrap().signal_count, 2);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_late_retry_after_the_senders_resolve_opens_nothing() {
    let world = World::new().await;
    let trigger = json!({ "summary": "s", "dedup_key": "db", "occurred_at": "2026-03-01T01:59:00Z" });
    assert_eq!(world.signal(trigger.clone()).await.body["outcome"], "created");
    let resolve = json!({ "dedup_key": "db", "status": "resolve", "occurred_at": "2026-03-01T01:59:30Z" });
    assert_eq!(world.signal(resolve.clone()).await.body["outcome"], "resolved");
    assert_eq!(world.signal(trigger).await.body["outcome"], "ignored");
    assert_eq!(world.signal(resolve.clone()).await.body["outcome"], "ignored");
    let again = json!({ "summary": "s", "dedup_key": "db", "occurred_at": "2026-03-01T01:59:50Z" });
    assert_eq!(world.signal(again).await.body["outcome"], "created");
    assert_eq!(
        world.signal(resolve).await.body["outcome"],
        "ignored",
        "a late resolve does not close the next one"
    );
}

#[tokio::test(start_paused = true)]
async fn prometheus_itself_is_an_incident_a_label_set() {
    let mut world = World::new().await;
    let alert = |name: &str, ends: &str| {
        json!({ "labels": { "alertname": name, "severity": "critical" }, "annotations": { "summary": name },
            "startsAt": "2026-03-01T01:50:00Z", "endsAt": ends, "generatorURL": "http://prom.example/graph" })
    };
    let path = format!("/hooks/{}/api/v2/alerts", world.cast.prometheus);
    let later = "2026-03-01T02:04:00Z";
    let body = json!([alert("A", later), alert("B", later)]);
    assert_eq!(world.post(&path, body.to_string()).await.status, StatusCode::OK);
    world.pass(SignedDuration::from_mins(1));
    let body = json!([alert("A", "2026-03-01T02:00:30Z"), alert("B", "2026-03-01T02:05:00Z")]);
    assert_eq!(world.post(&path, body.to_string()).await.status, StatusCode::OK);
    world.drain().await;
    let list = world.api(Method::GET, "/api/v1/incidents", None).await;
    let shown: Vec<_> = list.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["title"].clone(), one["status"].clone()))
        .collect();
    assert!(
        shown.contains(&("A".into(), "resolved".into())) && shown.contains(&("B".into(), "triggered".into())),
        "{shown:?}"
    );
    assert_eq!(shown.len(), 2);
}

async fn act(world: &World, incident: shared::domain::id::IncidentId, verb: &str, body: Option<serde_json::Value>) {
    let answer = world
        .api(Method::POST, &format!("/api/v1/incidents/{incident}/{verb}"), body)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}
