//! A process to test against.

// Each test binary uses a part of it.
#![allow(dead_code, clippy::zombie_processes)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A running Nightbell on a data folder of its own.
pub struct Bell {
    child: Child,
    pub demo: Value,
    pub http: reqwest::Client,
}

impl Bell {
    pub async fn start(data: &Path) -> Self {
        Self::start_with(data, &[]).await
    }

    pub async fn start_with(data: &Path, options: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_nightbell"))
            .args(["--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(data)
            .args(options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        loop {
            let demo = std::fs::read(data.join("demo.json")).ok();
            let demo = demo.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            if let Some(demo) = demo.filter(|demo| demo["pid"] == child.id()) {
                // Whichever test is first; the others find it there.
                rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
                let mut http = reqwest::Client::builder().timeout(Duration::from_secs(60));
                if let Ok(certificate) = std::fs::read(data.join("cert.pem")) {
                    http = http.add_root_certificate(reqwest::Certificate::from_pem(&certificate).unwrap());
                }
                let http = http.build().unwrap();
                return Self { child, demo, http };
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.demo["base_url"].as_str().unwrap())
    }

    /// Posts an alert and answers whether it was accepted.
    pub async fn trigger(&self, dedup_key: &str) -> bool {
        let key = self.demo["integration_keys"]["generic"].as_str().unwrap();
        let event = json!({ "summary": format!("{dedup_key} is broken"), "dedup_key": dedup_key });
        let answer = self
            .http
            .post(self.url(&format!("/hooks/{key}")))
            .json(&event)
            .send()
            .await;
        answer.is_ok_and(|answer| answer.status().as_u16() == 202)
    }

    pub async fn get(&self, path: &str) -> Value {
        let token = self.demo["api_token"].as_str().unwrap();
        let answer = self.http.get(self.url(path)).bearer_auth(token).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    /// Every item of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get(&format!("{path}?limit=100{after}")).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    }

    pub async fn steps(&self, seconds: u32) {
        let (id, owner) = (self.demo["policy_id"].as_str().unwrap(), &self.demo["owner"]["id"]);
        let step = json!({ "escalate_after_seconds": seconds, "targets": [{ "user_id": owner }] });
        let path = self.url(&format!("/api/v1/escalation-policies/{id}"));
        let body = json!({ "repeat": 0, "steps": [step, step] });
        let token = self.demo["api_token"].as_str().unwrap();
        let answer = self
            .http
            .patch(path)
            .bearer_auth(token)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Lets incidents of the demo service become public after so many seconds.
    pub async fn publishes_after(&self, seconds: u32) {
        let path = self.url(&format!(
            "/api/v1/services/{}",
            self.demo["service_id"].as_str().unwrap()
        ));
        let body = json!({ "publication": { "mode": "auto", "settle_seconds": seconds } });
        let token = self.demo["api_token"].as_str().unwrap();
        let answer = self.http.patch(path).bearer_auth(token).json(&body).send();
        let answer = answer.await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Waits until the page's summary says so, and answers how long that took.
    pub async fn indicator_becomes(&self, indicator: &str) -> Duration {
        let summary = format!("{}/api/v2/summary.json", self.demo["status_url"].as_str().unwrap());
        let begun = Instant::now();
        loop {
            let answer = self.http.get(&summary).send().await.unwrap();
            let body: Value = answer.json().await.unwrap();
            if body["status"]["indicator"] == indicator {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < Duration::from_secs(90), "{body}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Without warning, as a power cut would.
    pub fn kill(self) {
        drop(self);
    }
}

/// Whatever a test came to, its process ends with it.
impl Drop for Bell {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A folder of this test's own, gone with it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&path).ok();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
