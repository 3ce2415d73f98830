//! Our side: the real process, as `cargo run` starts it, on a data folder of its own.

use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::process::{Running, built};

pub struct Nightbell {
    _process: Running,
    _folder: Folder,
    demo: Value,
    http: Client,
}

impl Nightbell {
    /// Started with these options on an empty folder, logging no more than the other side does.
    pub async fn start(options: &[&str]) -> Self {
        let folder = Folder::new();
        let data = folder.join("data");
        let mut command = Command::new(built("nightbell"));
        command
            .args(["--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(&data)
            .args(options)
            .stdout(Stdio::null());
        let mut process = Running::start(&mut command);
        let demo = process
            .until(async || serde_json::from_slice(&std::fs::read(data.join("demo.json")).ok()?).ok())
            .await;
        Self {
            _process: process,
            _folder: folder,
            demo,
            http: Client::builder().timeout(Duration::from_secs(60)).build().unwrap(),
        }
    }

    /// Where Prometheus would push alerts about the demo service, whose owner is paged by SMS and e-mail (into the outbox).
    pub fn alerts_url(&self) -> String {
        self.pushed_with(&self.demo["integration_keys"]["prometheus"])
    }

    /// Makes a service that pages `webhook` and nobody else, and answers where Prometheus would push alerts about it.
    pub async fn alerts_url_paging(&self, webhook: &str) -> String {
        let channel = json!({ "name": "bench", "kind": "webhook", "address": webhook });
        let channel = self.post("/api/v1/channels", &channel).await;
        let step = json!({ "escalate_after_seconds": 86_400, "targets": [{ "channel_id": channel["id"] }] });
        let policy = json!({ "name": "bench", "repeat": 0, "steps": [step] });
        let policy = self.post("/api/v1/escalation-policies", &policy).await;
        let service = json!({ "name": "bench", "policy_id": policy["id"] });
        let service = self.post("/api/v1/services", &service).await;
        let integration = json!({ "service_id": service["id"], "format": "prometheus", "name": "bench" });
        let integration = self.post("/api/v1/integrations", &integration).await;
        self.pushed_with(&integration["key"])
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.answer(self.http.post(self.url(path)).json(body)).await
    }

    /// The same with another token: each may make so many requests a minute.
    pub async fn post_as(&self, token: &str, path: &str, body: &Value) -> Value {
        answer(self.http.post(self.url(path)).json(body), token).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.answer(self.http.get(self.url(path))).await
    }

    /// Where something below the status page is.
    pub fn status_url(&self, path: &str) -> String {
        format!("{}{path}", self.demo["status_url"].as_str().unwrap())
    }

    /// A document of the status page, and what it says it is.
    pub async fn document(&self, path: &str, encoding: &str) -> (String, Vec<u8>) {
        let request = self.http.get(self.status_url(path)).header("accept-encoding", encoding);
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (content_type, answer.bytes().await.unwrap().to_vec())
    }

    /// Every incident, page by page.
    pub async fn incidents(&self) -> Vec<Value> {
        let mut incidents = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/api/v1/incidents?limit=100{after}");
            let page = self.answer(self.http.get(self.url(&path))).await;
            incidents.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return incidents,
            }
        }
    }

    async fn answer(&self, request: RequestBuilder) -> Value {
        answer(request, self.demo["api_token"].as_str().unwrap()).await
    }

    fn pushed_with(&self, key: &Value) -> String {
        self.url(&format!("/hooks/{}/api/v2/alerts", key.as_str().unwrap()))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.demo["base_url"].as_str().unwrap())
    }
}

async fn answer(request: RequestBuilder, token: &str) -> Value {
    let answer = request.bearer_auth(token).send().await.unwrap();
    let (status, url) = (answer.status(), answer.url().clone());
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{url}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}
