//! What people remove: nothing of it stays public.

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::{Break, Moment};
use serde_json::{Value, json};

use super::Public;

/// What a person removes is not public any more, at once: without the tick of the minute.
#[tokio::test(start_paused = true)]
async fn what_is_removed_is_public_no_longer() {
    let mut public = Public::settled_at_once().await;
    let (start, end) = (
        public.world.now() + SignedDuration::from_hours(1),
        public.world.now() + SignedDuration::from_hours(2),
    );
    let work = json!({"page_id": public.page, "title": "Moving house", "body": "We move.", "starts_at": start.to_string(),
        "ends_at": end.to_string(), "component_ids": [public.shop], "service_ids": [public.world.cast.service],
        "alerts": "hold"});
    let work = public.world.made("/api/v1/maintenances", work).await;
    let told = json!({"page_id": public.page, "title": "Long ago", "body": "It was dark.", "status": "resolved",
        "started_at": "2025-12-24T18:00:00Z", "resolved_at": "2025-12-24T19:00:00Z"});
    let told = public.world.made("/api/v1/posts", told).await;
    public.world.drain().await;
    let of = |id: &str| format!("/status/main/incidents/{id}");
    for id in [&work, &told] {
        assert_eq!(public.world.public(&of(id)).await.status, StatusCode::OK);
    }
    let page = format!("/api/v1/pages/{}", public.page);
    let used = public.world.api(Method::DELETE, &page, None).await;
    assert!(
        used.body["detail"].as_str().unwrap().contains("Moving house"),
        "{used:?}"
    );

    public.remove(&format!("/api/v1/maintenances/{work}")).await;
    assert_eq!(public.world.public(&of(&work)).await.status, StatusCode::NOT_FOUND);
    public.remove(&format!("/api/v1/posts/{told}")).await;
    assert_eq!(public.world.public(&of(&told)).await.status, StatusCode::NOT_FOUND);
    let month = public.world.public("/status/main/history/2025-12").await;
    assert!(
        !month.body.as_str().unwrap_or_default().contains("Long ago"),
        "{month:?}"
    );
    public.remove(&format!("/api/v1/components/{}", public.shop)).await;
    assert!(!public.json("components.json").await.to_string().contains("Shop"));
}

/// A page that is removed leaves nothing: no document, no row, no subscriber. Its name is free once it is so.
#[tokio::test(start_paused = true)]
async fn a_page_that_is_removed_leaves_nothing() {
    let mut public = Public::settled_at_once().await;
    for (title, at) in [
        ("Long ago", "2025-12-24T18:00:00Z"),
        ("And again", "2026-02-24T18:00:00Z"),
    ] {
        let told = json!({"page_id": public.page, "title": title, "body": "It was dark.", "status": "resolved",
            "started_at": at, "resolved_at": at});
        public.world.made("/api/v1/posts", told).await;
    }
    let by = json!({"channel": "email", "address": "ada@example.com", "confirmed": true});
    let subscribers = format!("/api/v1/pages/{}/subscribers", public.page);
    public.world.made(&subscribers, by).await;
    public.world.drain().await;
    assert!(public.tags().await.len() > 16);
    let service = format!("/api/v1/services/{}", public.world.cast.service);
    public.write(Method::PATCH, &service, json!({"components": []})).await;
    let components = format!("/api/v1/components?page_id={}", public.page);
    let listed = public.world.api(Method::GET, &components, None).await;
    let all = listed.body["items"].as_array().unwrap().clone();
    let (groups, members): (Vec<_>, Vec<_>) = all.iter().partition(|one| one["is_group"] == true);
    for one in members.into_iter().chain(groups) {
        public
            .remove(&format!("/api/v1/components/{}", one["id"].as_str().unwrap()))
            .await;
    }

    let page = format!("/api/v1/pages/{}", public.page);
    let removed = public.world.api(Method::DELETE, &page, None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
    let again = json!({"name": "Another", "slug": "main"});
    let early = public
        .world
        .api(Method::POST, "/api/v1/pages", Some(again.clone()))
        .await;
    let message = early.body["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("is being removed"), "{early:?}");
    // The first that is woken dies at its third write, and the tick goes on from there.
    public.world.wire.breaks(Moment::Write(3), Break::DiesBefore);
    public.world.drain_public_stream().await;
    assert!(public.world.wire.has_broken());
    public.world.wire.revive();
    public.world.lose_stream().await;
    public.world.pass(SignedDuration::from_secs(31));
    public.world.tick_pages().await.unwrap();
    assert_eq!(public.tags().await, BTreeMap::new());
    // A mail program that asks for the end of a subscription to it is told that there is none.
    let link = "/status/main/subscribers/nbu_of_then/unsubscribe";
    assert_eq!(public.world.post(link, "").await.status, StatusCode::OK);
    // But for what remembers who did what, and what goes by itself after some days.
    let mut rows = public.world.rows().await;
    rows.retain(|row| row.contains(&public.page));
    let kinds = rows
        .iter()
        .map(|row| serde_json::from_str::<Value>(row).unwrap()["kind_"]["S"].to_string());
    let kinds: BTreeSet<String> = kinds.collect();
    assert_eq!(kinds, BTreeSet::from([r#""audit""#.to_owned()]), "{rows:?}");

    let another = public.world.made("/api/v1/pages", again).await;
    public.world.drain().await;
    assert_eq!(public.json("summary.json").await["page"]["id"], *another);
    assert_eq!(public.json("incidents.json").await["incidents"], json!([]));
    let month = public.world.public("/status/main/history/2025-12").await;
    assert_eq!(month.status, StatusCode::NOT_FOUND);
}
