//! Outgoing webhooks: signed, stable, retried, and delaying nobody else.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::World;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

type Heard = Arc<Mutex<Vec<(HeaderMap, String)>>>;

#[derive(Clone, Default)]
struct Receiver {
    heard: Heard,
    /// Statuses to answer first; 200 afterwards.
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    async fn listen(&self) -> String {
        let app = Router::new().route("/hook", post(Self::hear)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    async fn hear(State(receiver): State<Self>, headers: HeaderMap, body: String) -> StatusCode {
        receiver.heard.lock().unwrap().push((headers, body));
        let mut answers = receiver.answers.lock().unwrap();
        if answers.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::from_u16(answers.remove(0)).unwrap()
        }
    }

    fn heard(&self) -> Vec<(HeaderMap, String)> {
        self.heard.lock().unwrap().clone()
    }
}

/// Adds a channel at `url` to the first step, beside Ana, and answers its signing secret.
async fn add_channel(world: &World, url: &str) -> String {
    let channel = json!({ "name": "Room", "kind": "webhook", "address": url });
    let channel = world.api(Method::POST, "/api/v1/channels", Some(channel)).await;
    assert_eq!(channel.status, StatusCode::CREATED, "{channel:?}");
    let policy = json!({ "steps": [{
        "escalate_after_seconds": 300,
        "targets": [{ "user_id": world.cast.ana }, { "channel_id": channel.body["id"] }]
    }] });
    let path = format!("/api/v1/escalation-policies/{}", world.cast.policy);
    let changed = world.api(Method::PATCH, &path, Some(policy)).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    channel.body["signing_secret"]
        .as_str()
        .expect("answered once")
        .to_owned()
}

#[tokio::test]
async fn a_channel_hears_a_signed_page_and_hears_it_again_under_the_same_id_until_it_takes_it() {
    let receiver = Receiver::default();
    receiver.answers.lock().unwrap().push(500);
    let mut world = World::new().await;
    let secret = add_channel(&world, &receiver.listen().await).await;
    let incident = world.trigger("db").await;
    world.live(SignedDuration::from_secs(30)).await;

    let heard = receiver.heard();
    assert_eq!(heard.len(), 2, "one refusal, one acceptance");
    for (headers, body) in &heard {
        let timestamp: i64 = headers["x-nightbell-timestamp"].to_str().unwrap().parse().unwrap();
        let signature = shared::channel::signature(secret.as_bytes(), timestamp, body.as_bytes());
        assert_eq!(headers["x-nightbell-signature"], signature.as_str());
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["type"], "incident.page");
        assert_eq!(body["data"]["incident"]["id"], incident.to_string());
        assert!(
            body["data"]["acknowledge_url"].is_null(),
            "a room is given nobody's link"
        );
        assert_eq!(headers["x-nightbell-webhook-id"], body["id"].as_str().unwrap());
    }
    assert_eq!(
        heard[0].0["x-nightbell-webhook-id"],
        heard[1].0["x-nightbell-webhook-id"]
    );
}

#[tokio::test]
async fn a_channel_that_is_gone_delays_nobody_and_is_shown_as_failed() {
    let receiver = Receiver::default();
    receiver.answers.lock().unwrap().extend([410; 10]);
    let mut world = World::new().await;
    add_channel(&world, &receiver.listen().await).await;
    let incident = world.trigger("db").await;
    world.live(SignedDuration::from_secs(10)).await;
    assert_eq!(world.outbox().await.len(), 2, "Ana has her SMS and her e-mail");
    let deliveries = world
        .api(Method::GET, &format!("/api/v1/incidents/{incident}/deliveries"), None)
        .await;
    let states: Vec<_> = deliveries.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["state"])
        .collect();
    assert_eq!(
        states.iter().filter(|state| **state == "sent").count(),
        2,
        "{deliveries:?}"
    );
    assert_eq!(
        states.iter().filter(|state| **state == "failed").count(),
        1,
        "{deliveries:?}"
    );
}
