//! An alert's way into the documents that the public reads, and to those who subscribed to them, through the functions
//! under their own roles; and that reading needs none of them.

use std::time::Instant;

use nightbell_tests::template::functions;
use serde_json::json;

use crate::deployment::Deployment;
use crate::public::{DOCUMENTS, Public};

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_published_and_stays_readable_without_the_table_and_every_function() {
    let bell = Deployment::ready("status", 600).await;
    let public = Public::settling(&bell, 3).await;
    println!("made a page; its first publication is there");

    let begun = Instant::now();
    assert_eq!(bell.trigger(&bell.key, "db-7").await, 202);
    let summary = public.becomes("critical").await;
    println!(
        "POST /v2/enqueue -> 202; in summary.json {:?} later (settling time 3 s)",
        begun.elapsed()
    );
    assert_eq!(summary["components"][0]["status"], "major_outage");
    assert_eq!(summary["incidents"][0]["name"], "Problems with Checkout");
    assert!(!summary.to_string().contains("db-7"), "{summary}");
    public.resolve("db-7").await;
    public.becomes("none").await;
    assert_eq!(bell.trigger(&bell.key, "db-8").await, 202);
    public.becomes("critical").await;

    // Nothing is left but the bucket and CloudFront.
    for (function, _, _) in functions() {
        bell.break_function(function);
    }
    let table = json!({ "TableName": bell.id("Table"), "DeletionProtectionEnabled": false });
    bell.call("dynamodb", "update_table", table);
    bell.call("dynamodb", "delete_table", json!({ "TableName": bell.id("Table") }));
    for path in ["/sign-in", "/healthz", "/status/main/subscribers"] {
        let down = bell.ask("GET", path, None, None).await.status;
        assert!(down >= 500, "{path}: {down}");
    }
    assert!(bell.trigger(&bell.key, "db-9").await >= 500);
    for path in DOCUMENTS {
        let answer = bell.public(&format!("/status/main{path}")).await;
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        let kept = answer.headers()["cache-control"].to_str().unwrap().to_owned();
        assert!(kept.contains("stale-if-error"), "{path}: {kept}");
        let text = answer.text().await.unwrap();
        println!(
            "without the table and {} functions: {path:?}, {} bytes",
            functions().len(),
            text.len()
        );
        assert!(
            path == "/badge.svg" || text.contains("Problems with Checkout"),
            "{path}: {text}"
        );
    }
    assert_eq!(
        public.becomes("critical").await["components"][0]["status"],
        "major_outage"
    );
}
