//! The real process: started, killed without warning under load, and started again on the same data.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout
)]

mod bell;

use std::time::{Duration, Instant};

use bell::{Bell, Folder};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn killed_under_load_it_loses_nothing_it_accepted_and_the_next_step_fires() {
    let folder = Folder::new("killed");
    let bell = Bell::start(&folder.0).await;
    bell.steps(8).await;

    // The alerts come sixteen at a time; in the midst of them the process is killed.
    let names: Vec<String> = (0..400).map(|n| format!("db-{n:03}")).collect();
    let load = stream::iter(&names).map(async |name| bell.trigger(name).await.then(|| name.clone()));
    let mut load = load.buffer_unordered(16);
    let mut accepted = Vec::new();
    while let Some(answer) = load.next().await {
        accepted.extend(answer);
        if accepted.len() >= 150 {
            break;
        }
    }
    drop(load);
    bell.kill();
    assert!(!accepted.is_empty());

    let bell = Bell::start(&folder.0).await;
    let begun = Instant::now();
    loop {
        let incidents = bell.all("/api/v1/incidents").await;
        let known = |name: &String| incidents.iter().find(|incident| incident["group_key"] == name.as_str());
        let lost: Vec<_> = accepted.iter().filter(|name| known(name).is_none()).collect();
        assert!(lost.is_empty(), "accepted and lost: {lost:?}");
        let sent = bell.all("/api/v1/outbox").await;
        let texts = |incident: &Value| texts_about(incident, &sent).count();
        if incidents
            .iter()
            .all(|incident| incident["unanswered"] == true && texts(incident) >= 3)
        {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(150), "steps did not fire");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    // Both steps of every incident reached the owner by SMS, once or, where the kill fell between sending and
    // recording, twice.
    let sent = bell.all("/api/v1/outbox").await;
    let incidents = bell.all("/api/v1/incidents").await;
    let mut worst_ms = 0;
    for incident in &incidents {
        let texts = texts_about(incident, &sent);
        let mut times: Vec<Timestamp> = texts
            .map(|sent| sent["at"].as_str().unwrap().parse().unwrap())
            .collect();
        times.sort();
        // First step, second step, and the owner's notice that nobody answered.
        assert!((3..=4).contains(&times.len()), "{incident}: {times:?}");
        let created: Timestamp = incident["created_at"].as_str().unwrap().parse().unwrap();
        worst_ms = worst_ms.max(times[0].duration_since(created).as_millis());
    }
    println!(
        "{} accepted before the kill; worst wait for the first message {worst_ms} ms",
        accepted.len()
    );
    bell.kill();
}

/// The text messages about an incident.
fn texts_about<'a>(incident: &'a Value, sent: &'a [Value]) -> impl Iterator<Item = &'a Value> {
    sent.iter()
        .filter(|sent| sent["incident_id"] == incident["id"] && sent["channel"] == "sms")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fell_due_while_it_was_down_happens_at_the_start() {
    let folder = Folder::new("down");
    let bell = Bell::start(&folder.0).await;
    bell.steps(3).await;
    assert!(bell.trigger("db").await);
    let begun = Instant::now();
    while bell.all("/api/v1/outbox").await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the first step did not fire");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bell.kill();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let bell = Bell::start(&folder.0).await;
    let begun = Instant::now();
    while bell.all("/api/v1/outbox").await.len() < 4 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "the second step did not fire"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bell.kill();
}

/// Many who say something in the same moment are all heard, without being asked to say it again.
#[tokio::test(flavor = "multi_thread")]
async fn updates_in_the_same_moment_are_all_taken() {
    let folder = Folder::new("updates");
    let bell = Bell::start(&folder.0).await;
    let page = bell.get("/api/v1/pages").await["items"][0]["id"].clone();
    let token = bell.demo["api_token"].as_str().unwrap();
    let post = async |path: &str, body: Value| {
        let request = bell.http.post(bell.url(path)).bearer_auth(token).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let words = json!({ "page_id": page, "title": "Slow", "body": "We look.", "deliver_notifications": false });
    let id = post("/api/v1/posts", words).await.1["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/posts/{id}/updates");
    let say = async |number: usize| {
        let words = json!({ "body": format!("Word {number}."), "deliver_notifications": false });
        post(&path, words).await
    };
    let all = futures_util::future::join_all((0..20).map(say)).await;
    assert!(all.iter().all(|(status, _)| *status == 200), "{all:?}");
    let updates = bell.get(&format!("/api/v1/posts/{id}")).await["updates"].clone();
    assert_eq!(updates.as_array().unwrap().len(), 21);
    bell.kill();
}
