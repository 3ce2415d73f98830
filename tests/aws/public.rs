//! A status page of a deployment, as its owner sets it up and as the public reads it.

use serde_json::{Value, json};

use crate::cloud::{PATIENCE, eventually};
use crate::deployment::Deployment;

/// What the public reads of a page without any function: the page, its JSON, its feed.
pub const DOCUMENTS: [&str; 5] = ["", "/history", "/history.atom", "/badge.svg", "/api/v2/summary.json"];

/// A page with one component, which the deployment's first service affects.
pub struct Public<'a> {
    bell: &'a Deployment,
    pub component: String,
}

impl<'a> Public<'a> {
    /// Incidents are public after this settling time.
    pub async fn settling(bell: &'a Deployment, seconds: u32) -> Self {
        let text = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let page = bell.make("/api/v1/pages", json!({ "name": "Acme", "slug": "main" }));
        let page = text(&page.await);
        let component = bell.make("/api/v1/components", json!({ "name": "Checkout", "page_id": page }));
        let component = text(&component.await);
        let public = Self { bell, component };
        public.settles_after(seconds).await;
        public.becomes("none").await;
        public
    }

    /// From now on they are public after this.
    pub async fn settles_after(&self, seconds: u32) {
        let services = self.bell.get("/api/v1/services").await;
        let service = format!("/api/v1/services/{}", services["items"][0]["id"].as_str().unwrap());
        let change = json!({ "components": [{ "component_id": self.component }],
            "publication": { "mode": "auto", "settle_seconds": seconds } });
        let changed = self
            .bell
            .ask("PATCH", &service, Some(&self.bell.token), Some(change))
            .await;
        assert_eq!(changed.status, 200, "{changed:?}");
    }

    /// Waits until the summary says so.
    pub async fn becomes(&self, indicator: &str) -> Value {
        eventually(&format!("a summary that says {indicator}"), PATIENCE, async || {
            let summary = self.summary().await?;
            (summary["status"]["indicator"] == indicator).then_some(summary)
        })
        .await
    }

    /// The incident with this title is resolved by hand.
    pub async fn resolve(&self, dedup_key: &str) {
        let incident = self.bell.incident(dedup_key, |_| true).await;
        let path = format!("/api/v1/incidents/{}/resolve", incident["id"].as_str().unwrap());
        assert_eq!(
            self.bell.ask("POST", &path, Some(&self.bell.token), None).await.status,
            200
        );
    }

    /// Reads a document through CloudFront; none while there is none.
    pub async fn document(&self, path: &str) -> Option<String> {
        let answer = self.bell.public(&format!("/status/main{path}")).await;
        (answer.status() == 200).then_some(())?;
        answer.text().await.ok()
    }

    async fn summary(&self) -> Option<Value> {
        serde_json::from_str(&self.document("/api/v2/summary.json").await?).ok()
    }
}
