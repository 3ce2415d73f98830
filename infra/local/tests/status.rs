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
