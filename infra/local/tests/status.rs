//! The status page of the real process: how soon it tells, and that it is still there after a crash.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout
)]

mod bell;

use std::time::{Duration, Instant};

use bell::{Bell, Folder};

/// What an alert may take to be public, beside its settling time.
const PUBLIC_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_public_within_two_seconds_of_its_settling_time() {
    let folder = Folder::new("public");
    let bell = Bell::start(&folder.0).await;
    assert!(
        bell.indicator_becomes("none").await < Duration::from_secs(1),
        "the first publication comes first"
    );
    for settle in [0, 3] {
        bell.publishes_after(settle).await;
        let begun = Instant::now();
        assert!(bell.trigger(&format!("db-{settle}")).await);
        bell.indicator_becomes("major").await;
        let took = begun.elapsed();
        println!("settling time {settle} s: public after {took:?}");
        assert!(took >= Duration::from_secs(u64::from(settle)));
        assert!(
            took < Duration::from_secs(u64::from(settle)) + PUBLIC_WITHIN,
            "{took:?}"
        );
        for incident in bell.all("/api/v1/incidents").await {
            let token = bell.demo["api_token"].as_str().unwrap();
            let path = bell.url(&format!(
                "/api/v1/incidents/{}/resolve",
                incident["id"].as_str().unwrap()
            ));
            let answer = bell.http.post(path).bearer_auth(token).send().await.unwrap();
            assert!(answer.status().is_success());
        }
        let took = bell.indicator_becomes("none").await;
        println!("over: public after {took:?}");
        assert!(took < PUBLIC_WITHIN, "{took:?}");
    }
    bell.kill();
    // What was published is there at once, and what comes later too.
    let bell = Bell::start(&folder.0).await;
    bell.publishes_after(0).await;
    assert!(bell.trigger("after").await);
    assert!(
        bell.indicator_becomes("major").await < Duration::from_secs(35),
        "a lease that was lost ends"
    );
    bell.kill();
}

/// Many who say something in the same moment are all heard, without being asked to say it again.
#[tokio::test(flavor = "multi_thread")]
async fn updates_in_the_same_moment_are_all_taken() {
    let folder = Folder::new("updates");
    let bell = Bell::start(&folder.0).await;
    let page = bell.get("/api/v1/pages").await["items"][0]["id"].clone();
    let token = bell.demo["api_token"].as_str().unwrap();
    let post = async |path: &str, body: serde_json::Value| {
        let request = bell.http.post(bell.url(path)).bearer_auth(token).json(&body);
        let answer = request.send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<serde_json::Value>().await.unwrap(),
        )
    };
    let words =
        serde_json::json!({ "page_id": page, "title": "Slow", "body": "We look.", "deliver_notifications": false });
    let id = post("/api/v1/posts", words).await.1["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/posts/{id}/updates");
    let say = async |number: usize| {
        let words = serde_json::json!({ "body": format!("Word {number}."), "deliver_notifications": false });
        post(&path, words).await
    };
    let all = futures_util::future::join_all((0..10).map(say)).await;
    assert!(all.iter().all(|(status, _)| *status == 200), "{all:?}");
    let updates = bell.get(&format!("/api/v1/posts/{id}")).await["updates"].clone();
    let times: Vec<&str> = updates
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["at"].as_str().unwrap())
        .collect();
    assert_eq!(times.len(), 11);
    bell.kill();
}
