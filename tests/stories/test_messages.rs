//! Trying out a channel or a contact, before the night in which it counts; and hearing whether a sender lives.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::people::{person, token};
use nightbell_tests::{Browser, World};
use serde_json::json;
use shared::domain::people::{Role, User};
use shared::domain::principal::Scope;

#[tokio::test(start_paused = true)]
async fn a_test_goes_through_a_channel_and_what_came_of_it_is_told() {
    let mut world = World::new().await;
    let body = json!({ "name": "Pages", "kind": "topic", "address": "arn:aws:sns:eu-west-1:123456789012:pages" });
    let channel = world.api(Method::POST, "/api/v1/channels", Some(body)).await.body["id"].clone();
    let path = format!("/api/v1/channels/{}", channel.as_str().unwrap());
    let (test, tests) = (format!("{path}/test"), format!("{path}/tests"));
    assert_eq!(world.api(Method::GET, &tests, None).await.body["items"], json!([]));
    let asked = world.api(Method::POST, &test, None).await;
    assert_eq!(
        (asked.status, &asked.body["state"]),
        (StatusCode::ACCEPTED, &json!("scheduled")),
        "{asked:?}"
    );
    world.drain().await;
    let sent = world.outbox().await;
    assert_eq!(sent.len(), 1);
    assert!(
        sent[0].body.contains("This is a test") && sent[0].incident_id.is_none(),
        "{sent:?}"
    );
    let told = world.api(Method::GET, &tests, None).await.body;
    assert_eq!(
        (&told["items"][0]["state"], &told["items"][0]["id"]),
        (&json!("sent"), &asked.body["id"]),
        "{told}"
    );
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    browser
        .get(&world, &format!("/tests/{}", channel.as_str().unwrap()))
        .await;
    assert!(
        browser.page.contains("taken by the provider or receiver"),
        "{}",
        browser.page
    );
    // Ben owns no channel that no team owns.
    let bens = token(&world.ctx, world.cast.ben, &[Scope::Configure]).await;
    assert_eq!(
        world.api_as(&bens, Method::POST, &test, None).await.status,
        StatusCode::FORBIDDEN
    );
    for _ in 0..2 {
        assert_eq!(world.api(Method::POST, &test, None).await.status, StatusCode::ACCEPTED);
        world.pass(SignedDuration::from_millis(1));
    }
    let often = world.api(Method::POST, &test, None).await;
    assert_eq!(
        (often.status, often.headers["retry-after"].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "60")
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_fails_is_told_with_its_reason() {
    let mut world = World::new().await;
    // Nothing listens there.
    let body = json!({ "name": "Room", "kind": "webhook", "address": "http://127.0.0.1:9/hook" });
    let channel = world.api(Method::POST, "/api/v1/channels", Some(body)).await.body["id"].clone();
    let path = format!("/api/v1/channels/{}", channel.as_str().unwrap());
    world.api(Method::POST, &format!("{path}/test"), None).await;
    world.live(SignedDuration::from_mins(10)).await;
    let told = world.api(Method::GET, &format!("{path}/tests"), None).await.body;
    assert_eq!(told["items"][0]["state"], "failed", "{told}");
    assert!(!told["items"][0]["reason"].is_null(), "{told}");
}

#[tokio::test(start_paused = true)]
async fn people_test_their_own_verified_contacts_and_admins_everybodys() {
    let mut world = World::new().await;
    let ben = world
        .ctx
        .store
        .load::<User>(world.cast.ben)
        .await
        .unwrap()
        .unwrap()
        .value;
    let sms = ben.contacts[0].id;
    let path = format!("/api/v1/contacts/{sms}/test");
    let bens = token(&world.ctx, world.cast.ben, &[Scope::Configure]).await;
    assert_eq!(
        world.api_as(&bens, Method::POST, &path, None).await.status,
        StatusCode::ACCEPTED
    );
    world.drain().await;
    let sent = world.outbox().await;
    assert_eq!((sent.len(), sent[0].to.as_str()), (1, "+15550101"), "{sent:?}");
    assert!(
        sent[0].body.len() <= 160 && sent[0].body.starts_with("Test from Nightbell"),
        "{sent:?}"
    );
    let cy = person(&world.ctx, "Cy", Role::Responder, "+15550102").await;
    let cys = token(&world.ctx, cy, &[Scope::Configure]).await;
    assert_eq!(
        world.api_as(&cys, Method::POST, &path, None).await.status,
        StatusCode::FORBIDDEN
    );
    let di = person(&world.ctx, "Di", Role::Admin, "+15550103").await;
    let dis = token(&world.ctx, di, &[Scope::Administer]).await;
    assert_eq!(
        world.api_as(&dis, Method::POST, &path, None).await.status,
        StatusCode::ACCEPTED
    );
    let anas = world
        .ctx
        .store
        .load::<User>(world.cast.ana)
        .await
        .unwrap()
        .unwrap()
        .value
        .contacts[0]
        .id;
    let owners = format!("/api/v1/contacts/{anas}/test");
    assert_eq!(
        world.api_as(&dis, Method::POST, &owners, None).await.status,
        StatusCode::FORBIDDEN
    );
    let mut browser = Browser::signed_in(&world, di).await;
    for (id, status) in [
        (sms.to_string(), StatusCode::OK),
        (anas.to_string(), StatusCode::FORBIDDEN),
        (world.cast.ben.to_string(), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(
            browser.get(&world, &format!("/tests/{id}")).await.status,
            status,
            "{id}"
        );
    }
    let new = json!({ "user_id": world.cast.ben, "kind": "email", "address": "second@example.com" });
    let new = world.api(Method::POST, "/api/v1/contacts", Some(new)).await.body["id"].clone();
    let refused = world
        .api(
            Method::POST,
            &format!("/api/v1/contacts/{}/test", new.as_str().unwrap()),
            None,
        )
        .await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::CONFLICT, &json!("not_verified"))
    );
}

#[tokio::test(start_paused = true)]
async fn when_a_sender_was_last_heard_is_known_to_the_minute() {
    let world = World::new().await;
    let all = || async { world.api(Method::GET, "/api/v1/integrations", None).await.body["items"].clone() };
    let of = |all: &serde_json::Value, name: &str| {
        let found = all.as_array().unwrap().iter().find(|one| one["name"] == name);
        found.unwrap()["last_received_at"].clone()
    };
    assert!(of(&all().await, "Generic").is_null());
    world.trigger("disk").await;
    let (generic, pagerduty) = (of(&all().await, "Generic"), of(&all().await, "Pagerduty"));
    assert_eq!((generic, pagerduty), (json!("2026-03-01T02:00:00Z"), json!(null)));
    world.pass(SignedDuration::from_secs(59));
    world.wire.take_tally();
    world.trigger("disk").await;
    let repeat = world.wire.take_tally();
    assert_eq!(
        (repeat.round_trips, repeat.write_units),
        (1, 1.0),
        "a repeat writes nothing more"
    );
    world.pass(SignedDuration::from_secs(1));
    world.trigger("disk").await;
    let noted = world.wire.take_tally();
    assert_eq!(noted.writes, 2, "{noted:?}");
    let listed = all().await;
    assert_eq!(of(&listed, "Generic"), "2026-03-01T02:01:00Z");
    let one = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "Generic")
        .unwrap();
    let path = format!("/api/v1/integrations/{}", one["id"].as_str().unwrap());
    let renamed = world.api(Method::PATCH, &path, Some(json!({ "name": "Own" }))).await;
    assert_eq!(
        (&renamed.body["last_received_at"], &renamed.body["name"]),
        (&one["last_received_at"], &json!("Own"))
    );
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    browser.get(&world, &format!("/services/{}", world.cast.service)).await;
    assert!(
        browser
            .page
            .contains("Last heard <time datetime=\"2026-03-01T02:01:00Z\""),
        "{}",
        browser.page
    );
    assert!(browser.page.contains("Not heard yet."));
    // What is refused was not heard.
    world.pass(SignedDuration::from_mins(2));
    world.signal(json!({ "status": "no" })).await;
    assert_eq!(of(&all().await, "Own"), "2026-03-01T02:01:00Z");
    let removed = world.api(Method::DELETE, &path, None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
}

#[tokio::test(start_paused = true)]
async fn pages_look_as_this_browser_was_told() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    browser.get(&world, "/settings").await;
    assert!(browser.page.contains("<html lang=\"en\">"));
    let chosen = browser.post(&world, "/settings/theme", &[("theme", "dark")]).await;
    assert_eq!(chosen.headers["location"], "/settings?done=theme");
    browser.get(&world, "/").await;
    assert!(
        browser.page.contains("<html lang=\"en\" data-theme=\"dark\">"),
        "{}",
        browser.page
    );
    browser.get(&world, "/settings").await;
    assert_eq!(
        browser
            .post(&world, "/settings/theme", &[("theme", "pink")])
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    browser.get(&world, "/settings").await;
    browser.post(&world, "/settings/theme", &[("theme", "system")]).await;
    browser.get(&world, "/").await;
    assert!(browser.page.contains("<html lang=\"en\">"));
}
