//! A channel that is a topic: machines and chats read it, and nobody's telephone is it.

use http::{Method, StatusCode};
use nightbell_tests::World;
use serde_json::{Value, json};
use shared::domain::people::Medium;

const ARN: &str = "arn:aws:sns:eu-west-1:123456789012:pages";

async fn channel(world: &World, kind: &str, address: &str) -> (StatusCode, Value) {
    let body = json!({ "name": "Pages", "kind": kind, "address": address });
    let answer = world.api(Method::POST, "/api/v1/channels", Some(body)).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn a_policy_pages_a_topic() {
    let mut world = World::new().await;
    let (status, made) = channel(&world, "topic", ARN).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert!(made.get("signing_secret").is_none(), "nothing is signed: {made}");
    let step = json!({ "escalate_after_seconds": 300, "targets": [{ "channel_id": made["id"] }] });
    let path = format!("/api/v1/escalation-policies/{}", world.cast.policy);
    let changed = world.api(Method::PATCH, &path, Some(json!({ "steps": [step] }))).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");

    world.trigger("db-1/disk").await;
    world.drain().await;
    let sent = world.outbox().await;
    let topic: Vec<_> = sent.iter().filter(|message| message.channel == Medium::Topic).collect();
    assert_eq!(topic.len(), 1, "{sent:?}");
    assert_eq!(topic[0].to, ARN);
    assert!(topic[0].body.contains("disk full"), "{}", topic[0].body);
    assert!(
        !topic[0].body.contains("/i/"),
        "a topic has no link of its own: {}",
        topic[0].body
    );
}

#[tokio::test]
async fn what_is_no_topic_is_refused_by_name() {
    let world = World::new().await;
    for (kind, address, field) in [
        ("topic", "pages", "address"),
        ("topic", "arn:aws:sqs:eu-west-1:123456789012:pages", "address"),
        ("topic", "arn:aws:sns:eu-west-1:123456789012:pa/ges", "address"),
        ("topic", "https://example.com", "address"),
        ("sms", "+12025550100", "kind"),
    ] {
        let (status, problem) = channel(&world, kind, address).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{kind} {address}: {problem}");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let contact = json!({ "user_id": world.cast.ana, "kind": "topic", "address": ARN });
    let refused = world.api(Method::POST, "/api/v1/contacts", Some(contact)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    assert_eq!(refused.body["errors"][0]["field"], "kind");

    let (_, made) = channel(&world, "topic", ARN).await;
    let path = format!("/api/v1/channels/{}", made["id"].as_str().unwrap());
    let changes = json!({ "kind": "webhook", "address": "https://example.com/hook" });
    let refused = world.api(Method::PATCH, &path, Some(changes)).await;
    assert_eq!(
        refused.status,
        StatusCode::BAD_REQUEST,
        "a channel stays of its kind: {refused:?}"
    );
}
