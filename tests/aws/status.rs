//! An alert's way into the documents that the public reads, through the functions under their own roles.

use std::time::Instant;

use serde_json::{Value, json};

use crate::cloud::{PATIENCE, eventually};
use crate::deployment::Deployment;

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_published_and_stays_readable_when_every_publisher_is_broken() {
    let bell = Deployment::ready("status", 600).await;
    let page = bell
        .make("/api/v1/pages", json!({ "name": "Acme", "slug": "main" }))
        .await;
    let component = json!({ "name": "Checkout", "page_id": page["id"] });
    let component = bell.make("/api/v1/components", component).await;
    let services = bell.get("/api/v1/services").await;
    let service = format!("/api/v1/services/{}", services["items"][0]["id"].as_str().unwrap());
    let change = json!({ "components": [{ "component_id": component["id"] }],
        "publication": { "mode": "auto", "settle_seconds": 3 } });
    let changed = bell.ask("PATCH", &service, Some(&bell.token), Some(change)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    becomes(&bell, "none").await;
    println!("made a page; its first publication is there");

    let begun = Instant::now();
    assert_eq!(bell.trigger(&bell.key, "db-7").await, 202);
    let summary = becomes(&bell, "critical").await;
    println!(
        "POST /v2/enqueue -> 202; in summary.json {:?} later (settling time 3 s)",
        begun.elapsed()
    );
    assert_eq!(summary["components"][0]["status"], "major_outage");
    assert_eq!(summary["incidents"][0]["name"], "Problems with Checkout");
    assert!(!summary.to_string().contains("db-7"), "{summary}");

    for function in ["StatusPublishStream", "StatusPublishQueueWorker", "StatusPublishSweep"] {
        bell.break_function(function);
    }
    assert_eq!(
        read(&bell, "api/v2/status.json").unwrap()["status"]["indicator"],
        "critical"
    );
    for function in ["StatusPublishStream", "StatusPublishQueueWorker", "StatusPublishSweep"] {
        bell.mend_function(function);
    }
    let incident = bell.incident("db-7", |_| true).await;
    let path = format!("/api/v1/incidents/{}/resolve", incident["id"].as_str().unwrap());
    assert_eq!(bell.ask("POST", &path, Some(&bell.token), None).await.status, 200);
    bell.sweep("StatusPublishSweep");
    becomes(&bell, "none").await;
    println!("resolved, and published by those that were mended");
}

async fn becomes(bell: &Deployment, indicator: &str) -> Value {
    eventually(&format!("a summary that says {indicator}"), PATIENCE, async || {
        read(bell, "api/v2/summary.json").filter(|summary| summary["status"]["indicator"] == indicator)
    })
    .await
}

/// A JSON document of the page, as CloudFront would read it.
fn read(bell: &Deployment, name: &str) -> Option<Value> {
    let object = json!({ "Bucket": bell.id("PublicBucket"), "Key": format!("status/main/{name}") });
    let object = bell.call_as(None, "s3", "get_object", object).ok()?;
    assert_eq!(object["ContentType"], "application/json; charset=utf-8");
    let bytes = data_encoding::BASE64
        .decode(object["Body"]["$b64"].as_str()?.as_bytes())
        .ok()?;
    serde_json::from_slice(&bytes).ok()
}
