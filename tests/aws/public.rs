//! A status page of a deployment, as its owner sets it up and as the public reads it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::{PATIENCE, eventually};
use crate::deployment::Deployment;

/// What the public reads of a page without any function: the page, its JSON, its feed.
pub const DOCUMENTS: [&str; 5] = ["", "/history", "/history.atom", "/badge.svg", "/api/v2/summary.json"];

/// A page with one component, which the deployment's first service affects.
pub struct Public<'a> {
    bell: &'a Deployment,
    pub page: String,
    pub component: String,
}

impl<'a> Public<'a> {
    /// Incidents are public after this settling time. What is open is resolved: it would be public at once.
    pub async fn settling(bell: &'a Deployment, seconds: u32) -> Self {
        for incident in bell.get("/api/v1/incidents").await["items"].as_array().unwrap() {
            resolve(bell, incident).await;
        }
        let text = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let page = bell.make("/api/v1/pages", json!({ "name": "Acme", "slug": "main" }));
        let page = text(&page.await);
        let component = bell.make("/api/v1/components", json!({ "name": "Checkout", "page_id": page }));
        let component = text(&component.await);
        let public = Self { bell, page, component };
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

    /// For longer than a publication takes, the summary goes on to say so.
    pub async fn stays(&self, indicator: &str) {
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(self.summary().await.unwrap()["status"]["indicator"], indicator);
    }

    /// The incident with this title is resolved by hand.
    pub async fn resolve(&self, dedup_key: &str) {
        let incident = self.bell.incident(dedup_key, |_| true).await;
        resolve(self.bell, &incident).await;
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

    /// Somebody subscribes by e-mail and confirms by the link in the message: answers the link's path.
    pub async fn subscribed(&self, address: &str) -> String {
        let form = [("channel", "email"), ("address", address)];
        assert_eq!(self.bell.form("/status/main/subscribers", &form).await, 202);
        let asked = self.told(address, 1).await.remove(0);
        let text = asked["BodyText"].as_str().unwrap();
        let start = text.find("/status/main/subscribers/").expect("a link");
        let link = text[start..].split_whitespace().next().unwrap().to_owned();
        assert_eq!(self.bell.form(&format!("{link}/confirm"), &[]).await, 303);
        link
    }

    /// Waits until so many e-mails went to this address, and answers them.
    pub async fn told(&self, address: &str, count: usize) -> Vec<Value> {
        eventually(&format!("{count} e-mails to {address}"), PATIENCE, async || {
            let letters = self.bell.letters(address).await;
            (letters.len() >= count).then_some(letters)
        })
        .await
    }

    /// Waits until an e-mail with this in its subject went to this address, and answers how many did.
    pub async fn told_of(&self, address: &str, title: &str) -> usize {
        eventually(&format!("{address} is told of {title}"), PATIENCE, async || {
            let letters = self.bell.letters(address).await;
            let about = letters
                .iter()
                .filter(|letter| letter["Subject"].to_string().contains(title));
            Some(about.count()).filter(|count| *count > 0)
        })
        .await
    }

    /// Somebody writes a post.
    pub async fn post(&self, title: &str) {
        let post = json!({ "page_id": self.page, "title": title, "body": "We look into it." });
        self.bell.make("/api/v1/posts", post).await;
    }
}

async fn resolve(bell: &Deployment, incident: &Value) {
    let path = format!("/api/v1/incidents/{}/resolve", incident["id"].as_str().unwrap());
    let answer = bell.ask("POST", &path, Some(&bell.token), None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}
