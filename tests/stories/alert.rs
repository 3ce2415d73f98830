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
