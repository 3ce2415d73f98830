//! What reads Statuspage reads the real process' status page in every state it can be in: each document is held against
//! Statuspage's contract, and the feed read by a parser of feeds (`tests/statuspage`).

#![cfg(feature = "e2e")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod bell;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use bell::{Bell, Folder};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Longest wait for a page to say what was done.
const PATIENCE: Duration = Duration::from_secs(90);

/// A process with a page, read by others.
struct Page(Bell);

impl Page {
    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let token = self.0.demo["api_token"].as_str().unwrap();
        let request = self.0.http.request(method.parse().unwrap(), self.0.url(path));
        let answer = request.bearer_auth(token).json(&body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Waits until the page says what is asked of it, and answers what a reader finds there.
    async fn read(&self, state: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let found = self.reader();
            if found.as_ref().is_ok_and(&is_so) {
                return found.unwrap();
            }
            // While it is written one document may be newer than another; what stays is what counts.
            assert!(begun.elapsed() < PATIENCE, "{state}: {found:#?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn reader(&self) -> Result<Value, String> {
        reader("page", self.0.demo["status_url"].as_str().unwrap())
    }
}

/// What `tests/statuspage/read.py` read, or what is wrong with it.
fn reader(what: &str, place: &str) -> Result<Value, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let run = Command::new(root.join("target/venv/bin/python"))
        .arg(root.join("tests/statuspage/read.py"))
        .args([what, place])
        .output()
        .expect("tests/run has made the virtual environment");
    if run.status.success() {
        Ok(serde_json::from_slice(&run.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&run.stderr).into_owned())
    }
}

fn says(found: &Value, indicator: &str) -> bool {
    found["summary"]["status"]["indicator"] == indicator
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_of_every_state_keeps_to_the_contract() {
    let folder = Folder::new("statuspage");
    let page = Page(Bell::start(&folder.0).await);
    page.0.publishes_after(0).await;
    let id = page.ask("GET", "/api/v1/pages", json!({})).await["items"][0]["id"].clone();
    let all_well = page.read("all is well", |found| says(found, "none")).await;
    let demo = all_well["summary"]["components"][0]["id"].clone();
    let group = json!({ "page_id": id, "name": "Regions", "is_group": true, "position": 2 });
    let group = page.ask("POST", "/api/v1/components", group).await;
    let member = json!({ "page_id": id, "name": "Dublin <b>&", "description": "All of it", "group_id": group["id"],
        "only_show_if_degraded": true });
    let member = page.ask("POST", "/api/v1/components", member).await["id"].clone();
    page.read("a group with a member", |found| {
        let all = found["summary"]["components"].as_array().unwrap();
        all.iter().any(|one| one["components"] == json!([member]))
    })
    .await;

    assert!(page.0.trigger("db-1").await);
    let open = page.read("an incident is open", |found| says(found, "major")).await;
    let post = open["summary"]["incidents"][0].clone();
    assert_eq!(post["status"], "investigating");
    assert_eq!(open["feed"][0]["title"], post["name"]);
    let incident = page.0.all("/api/v1/incidents").await[0]["id"].clone();
    let incident = format!("/api/v1/incidents/{}", incident.as_str().unwrap());
    page.ask("POST", &format!("{incident}/acknowledge"), json!({})).await;
    let state = |status: &'static str| move |found: &Value| found["incidents"][0]["status"] == status;
    page.read("somebody works on it", state("identified")).await;
    page.ask("POST", &format!("{incident}/resolve"), json!({})).await;
    page.read("it is over", state("resolved")).await;

    let by_hand = json!({ "page_id": id, "title": "Search <i>finds</i> & loses", "body": "We look.\n\nSoon more.",
        "components": [{ "component_id": member, "status": "degraded_performance" },
            { "component_id": demo, "status": "partial_outage" }] });
    let by_hand = page.ask("POST", "/api/v1/posts", by_hand).await;
    let path = format!("/api/v1/posts/{}", by_hand["id"].as_str().unwrap());
    for status in ["monitoring", "resolved", "postmortem"] {
        let update = json!({ "status": status, "body": format!("It is {status}.") });
        page.ask("POST", &format!("{path}/updates"), update).await;
        let found = page.read(status, state(status)).await;
        assert!(
            found["feed"][0]["content"]
                .as_str()
                .unwrap()
                .contains(&format!("It is {status}."))
        );
    }
    let wrong = json!({ "page_id": id, "title": "A false alarm", "body": "x",
        "components": [{ "component_id": demo, "status": "major_outage" }] });
    let wrong = page.ask("POST", "/api/v1/posts", wrong).await["id"].clone();
    page.read("a false alarm", |found| says(found, "critical")).await;
    let path = format!("/api/v1/posts/{}/withdraw", wrong.as_str().unwrap());
    page.ask("POST", &path, json!({ "reason": "It was a test." })).await;
    let found = page.read("it was withdrawn", |found| says(found, "none")).await;
    // Who read of it learns that it was wrong; all else says nothing of it any more.
    let told = &found["feed"][0];
    assert_eq!(told["title"], "Withdrawn: A false alarm", "{found}");
    assert!(!told["content"].as_str().unwrap().contains(">x<"), "{found}");
    let mut rest = found.clone();
    rest["feed"] = Value::Null;
    assert!(!rest.to_string().contains("A false alarm"), "{found}");

    let now = Timestamp::now();
    let work = |title: &str, starts: Timestamp| {
        json!({ "page_id": id, "title": title, "body": "We move.", "component_ids": [demo],
        "starts_at": starts, "ends_at": starts + SignedDuration::from_secs(3_600) })
    };
    let later = work("Next week", now + SignedDuration::from_hours(24 * 7));
    page.ask("POST", "/api/v1/maintenances", later).await;
    page.read("work is announced", |found| {
        found["maintenances"][0]["status"] == "scheduled"
    })
    .await;
    let soon = work("Now", now + SignedDuration::from_secs(2));
    let soon = page.ask("POST", "/api/v1/maintenances", soon).await["id"].clone();
    page.read("work goes on", |found| says(found, "maintenance")).await;
    let path = format!("/api/v1/maintenances/{}/updates", soon.as_str().unwrap());
    for status in ["verifying", "completed"] {
        let update = json!({ "status": status, "body": format!("It is {status}.") });
        page.ask("POST", &path, update).await;
        page.read(status, |found| {
            let all = found["maintenances"].as_array().unwrap();
            all.iter().any(|one| one["status"] == status)
        })
        .await;
    }
    let found = page.read("all is well again", |found| says(found, "none")).await;
    assert_eq!(found["incidents"].as_array().unwrap().len(), 2);
    page.0.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_is_posted_what_statuspage_posts() {
    let folder = Folder::new("statuspage-webhook");
    let page = Page(Bell::start_with(&folder.0, &["--allow-loopback"]).await);
    page.0.publishes_after(0).await;
    let (heard, mut posted) = mpsc::unbounded_channel();
    let take = async move |body: String| heard.send(body).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, Router::new().route("/hook", post(take))).into_future());

    let id = page.ask("GET", "/api/v1/pages", json!({})).await["items"][0]["id"].clone();
    let subscribers = format!("/api/v1/pages/{}/subscribers", id.as_str().unwrap());
    let subscriber = json!({ "channel": "webhook", "address": url, "confirmed": true });
    page.ask("POST", &subscribers, subscriber).await;
    let mut next = async || {
        let body = tokio::time::timeout(PATIENCE, posted.recv()).await;
        let body = body.expect("nothing is posted").unwrap();
        let file = folder.0.join("posted.json");
        std::fs::write(&file, body).unwrap();
        reader("webhook", file.to_str().unwrap()).unwrap_or_else(|why| panic!("{why}"))
    };
    assert!(page.0.trigger("db-1").await);
    let told = next().await;
    assert_eq!(told["page"]["status_indicator"], "major");
    assert_eq!(told["incident"]["status"], "investigating");
    assert_eq!(told["incident"]["incident_updates"][0]["deliver_notifications"], true);
    let starts = Timestamp::now() + SignedDuration::from_hours(24);
    let work = json!({ "page_id": id, "title": "Next day", "body": "We move.", "starts_at": starts,
        "ends_at": starts + SignedDuration::from_secs(3_600) });
    page.ask("POST", "/api/v1/maintenances", work).await;
    let told = next().await;
    assert_eq!(
        (&told["incident"]["impact"], &told["incident"]["status"]),
        (&json!("maintenance"), &json!("scheduled"))
    );
    page.0.kill();
}
