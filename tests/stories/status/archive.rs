//! What is over, long after it: it is written once, and anew when what it shares with the page changes.

use http::{Method, StatusCode};
use serde_json::json;

use super::Public;

/// However much there is.
#[tokio::test(start_paused = true)]
async fn what_changes_of_a_page_changes_to_its_beginning() {
    let mut public = Public::settled_at_once().await;
    public.world.write_past_posts(public.page_id(), &public.shop, 120).await;
    let body = json!({"page_id": public.page, "title": "In autumn", "body": "It was down.", "status": "resolved",
        "started_at": "2025-10-31T23:30:00Z", "resolved_at": "2025-10-31T23:45:00Z",
        "components": [{"component_id": public.shop, "status": "major_outage"}]});
    let late = public.world.made("/api/v1/posts", body).await;
    public.minute().await;
    let mut works = Vec::new();
    for _ in 0..52 {
        let at = |minutes: i64| (public.world.now() + jiff::SignedDuration::from_mins(minutes)).to_string();
        let work = json!({"page_id": public.page, "title": "Disks", "body": "We change disks.", "starts_at": at(1),
            "ends_at": at(2), "deliver_notifications": false});
        works.push(public.world.made("/api/v1/maintenances", work).await);
    }
    for _ in 0..3 {
        public.minute().await;
    }
    let work = format!("/status/main/incidents/{}", works[0]);
    let (own, october, november) = (
        format!("/status/main/incidents/{late}"),
        "/status/main/history/2025-10",
        "/status/main/history/2025-11",
    );
    let oldest = "/status/main/history/2023-02";
    for path in [&own, october, oldest, &work] {
        assert!(public.text(path).await.contains("Acme"), "{path}");
    }
    assert!(public.text(&own).await.contains("Shop"));
    assert!(public.text(october).await.contains("In autumn"));

    let page = format!("/api/v1/pages/{}", public.page);
    let renamed = json!({"name": "Bellevue", "time_zone": "Europe/Berlin"});
    public.write(Method::PATCH, &page, renamed).await;
    public.remove(&format!("/api/v1/components/{}", public.shop)).await;
    public.minute().await;
    for path in [&own, october, november, oldest, &work] {
        let text = public.text(path).await;
        assert!(text.contains("Bellevue") && !text.contains("Acme"), "{path}");
        assert!(!text.contains("Shop"), "{path}");
    }
    // In Berlin it was after midnight.
    assert!(!public.text(october).await.contains("In autumn"));
    assert!(public.text(november).await.contains("In autumn"));
    let before = public.tags().await;
    public.minute().await;
    assert_eq!(public.tags().await, before, "and then it rests");
}

impl Public {
    async fn minute(&mut self) {
        self.world.live(jiff::SignedDuration::from_mins(1)).await;
    }

    async fn text(&self, path: &str) -> String {
        let answer = self.world.public(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer.body.as_str().unwrap().to_owned()
    }
}
