//! What people tell when it is over.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Public;

#[tokio::test(start_paused = true)]
async fn what_is_told_afterwards_is_in_the_month_in_which_it_was() {
    let mut public = Public::settled_at_once().await;
    let body = json!({"page_id": public.page, "title": "Now", "body": "We look."});
    let now = public.world.made("/api/v1/posts", body).await;
    let body = json!({"page_id": public.page, "title": "In autumn", "body": "It was down.", "status": "resolved",
        "started_at": "2025-10-08T06:30:00Z", "resolved_at": "2025-10-08T07:30:00Z"});
    let then = public.world.made("/api/v1/posts", body).await;
    public.world.drain().await;
    let listed = public.world.api(Method::GET, "/api/v1/posts", None).await;
    let ids: Vec<&Value> = listed.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(ids, [&json!(now), &json!(then)]);
    let month = public.world.public("/status/main/history/2025-10").await;
    assert_eq!(month.status, StatusCode::OK);
    assert!(month.body.as_str().unwrap().contains("In autumn"));
    // Nothing is said of a time at which it had not begun.
    let early = json!({"body": "x", "at": "2025-10-08T06:29:59Z"});
    let answer = public
        .world
        .api(Method::POST, &format!("/api/v1/posts/{then}/updates"), Some(early))
        .await;
    assert_eq!(answer.body["errors"][0]["field"], "at", "{answer:?}");
}

/// What was told only afterwards is in the bars and the uptime, beside what Nightbell saw by itself, and no longer once it is
/// taken back.
#[tokio::test(start_paused = true)]
async fn what_is_told_afterwards_counts_as_what_was_seen() {
    let mut public = Public::settled_at_once().await;
    public.world.live(SignedDuration::from_mins(150)).await;
    let incident = public.world.trigger("db-1").await;
    public.world.live(SignedDuration::from_mins(30)).await;
    let resolve = format!("/api/v1/incidents/{incident}/resolve");
    public.write(Method::POST, &resolve, json!({})).await;
    public.world.live(SignedDuration::from_mins(1)).await;
    let bars = async |public: &Public| {
        let page = public.world.public("/status/main").await;
        page.body.as_str().unwrap().to_owned()
    };
    let seen = bars(&public).await;
    assert!(seen.contains("Major outage 30 min"), "{seen}");
    let (start, end) = (
        public.world.now() - SignedDuration::from_mins(61),
        public.world.now() - SignedDuration::from_mins(16),
    );
    let told = json!({"page_id": public.page, "title": "It was slow before", "body": "Nobody looked.",
        "status": "resolved", "started_at": start.to_string(), "resolved_at": end.to_string(),
        "components": [{"component_id": public.api, "status": "degraded_performance"},
            {"component_id": public.shop, "status": "partial_outage"}]});
    let told = public.write(Method::POST, "/api/v1/posts", told).await;
    let path = format!("/api/v1/posts/{}", told.body["id"].as_str().unwrap());
    let told = bars(&public).await;
    // The half hour of both is the worse one's.
    assert!(
        told.contains("Major outage 30 min, Degraded performance 30 min"),
        "{told}"
    );
    assert!(told.contains("Partial outage 45 min"), "{told}");
    let worse = json!({"components": [{"component_id": public.shop, "status": "major_outage"}]});
    public.write(Method::PATCH, &path, worse).await;
    let changed = bars(&public).await;
    assert!(changed.contains("Major outage 45 min"), "{changed}");
    assert!(!changed.contains("Degraded performance 30 min"), "{changed}");
    public.write(Method::POST, &format!("{path}/withdraw"), json!({})).await;
    let withdrawn = bars(&public).await;
    assert!(withdrawn.contains("Major outage 30 min"), "{withdrawn}");
    assert!(!withdrawn.contains("45 min"), "{withdrawn}");
    assert_eq!(public.indicator().await, "none");
}
