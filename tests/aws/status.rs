//! An alert's way into the documents that the public reads, and to those who subscribed to them, through the functions
//! under their own roles; and that reading needs none of them.

use std::time::{Duration, Instant};

use nightbell_tests::template::functions;
use serde_json::json;

use crate::cloud::STATUS_DOMAIN;
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

    at_a_host_of_its_own(&bell).await;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_confirms_is_told_and_ends_it_by_one_click() {
    let bell = Deployment::ready("subscriber", 600).await;
    let public = Public::settling(&bell, 0).await;
    let (ada, ben) = ("ada@example.org", "ben@example.org");
    let link = public.subscribed(ada).await;
    // Who was asked and has not said yes hears nothing.
    let form = [("channel", "email"), ("address", ben)];
    assert_eq!(bell.form("/status/main/subscribers", &form).await, 202);
    public.told(ben, 1).await;
    // On AWS no webhook leads inward: not even to the machine that this runs on.
    let inward = json!({ "channel": "webhook", "address": "http://127.0.0.1:9/hook" });
    let refused = bell.ask("POST", "/status/main/subscribers", None, Some(inward)).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(refused.body["errors"][0]["field"], "address");

    let begun = Instant::now();
    assert_eq!(bell.trigger(&bell.key, "db-7").await, 202);
    let told = public.told(ada, 2).await.remove(1);
    println!(
        "POST /v2/enqueue -> 202; an e-mail to a subscriber {:?} later",
        begun.elapsed()
    );
    assert_eq!(told["Subject"], "[Acme] Problems with Checkout: Investigating");
    let body = told["BodyText"].as_str().unwrap();
    assert!(
        !body.contains("db-7") && body.contains("/status/main/incidents/pst_"),
        "{body}"
    );
    // RFC 8058: one header says where, the other that a single POST is enough.
    let headers = &told["Headers"];
    let one_click = headers["List-Unsubscribe"].as_str().unwrap();
    let one_click = one_click.trim_start_matches('<').trim_end_matches('>');
    assert_eq!(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    assert!(
        one_click.starts_with("https://") && one_click.ends_with(&format!("{link}/unsubscribe")),
        "{one_click}"
    );

    // A mail program looks first, which ends nothing.
    let end = &one_click[one_click.find("/status/").unwrap()..];
    assert_eq!(bell.ask("GET", end, None, None).await.status, 200);
    public.resolve("db-7").await;
    let over = public.told(ada, 3).await.remove(2);
    assert_eq!(over["Subject"], "[Acme] Problems with Checkout: Resolved");
    assert_eq!(bell.form(end, &[("List-Unsubscribe", "One-Click")]).await, 200);
    let listed = bell.get(&format!("/api/v1/pages/{}/subscribers", public.page)).await;
    assert!(!listed.to_string().contains(ada), "{listed}");

    // Somebody else is told of what comes then: it was told, and not to who went.
    public.subscribed("eve@example.org").await;
    public.post("Trouble again").await;
    public.told("eve@example.org", 2).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(bell.letters(ada).await.len(), 3, "silence");
    assert_eq!(bell.letters(ben).await.len(), 1, "nor to who never said yes");
}

/// The page is at the root of its host, whatever else is there at other hosts; and is asked for no more than that.
async fn at_a_host_of_its_own(bell: &Deployment) {
    for (path, below) in [
        ("", ""),
        ("/history", "/history"),
        ("/api/v2/summary.json", "/api/v2/summary.json"),
        ("/badge.svg", "/badge.svg"),
        ("/status/main/history", "/history"),
        ("/status", ""),
    ] {
        let at_its_host = bell.public_at(STATUS_DOMAIN, path).await;
        assert_eq!(at_its_host.status(), 200, "{path}");
        let at_ours = bell.public(&format!("/status/main{below}")).await;
        for header in ["content-security-policy", "content-type", "etag"] {
            assert_eq!(at_its_host.headers()[header], at_ours.headers()[header], "{path}");
        }
        assert_eq!(
            at_its_host.text().await.unwrap(),
            at_ours.text().await.unwrap(),
            "{path}"
        );
    }
    let form = bell.public_at(STATUS_DOMAIN, "/subscribers").await;
    assert_eq!(
        form.status(),
        200,
        "{:?} {}",
        form.headers().clone(),
        form.text().await.unwrap()
    );
    let form = form.text().await.unwrap();
    assert!(form.contains("<form") && form.contains("Checkout"), "{form}");
    for inner in [
        "/api/v1/incidents",
        "/sign-in",
        "/status/main2",
        "/status/main2/subscribers",
    ] {
        assert_eq!(bell.public_at(STATUS_DOMAIN, inner).await.status(), 404, "{inner}");
    }
    println!("at {STATUS_DOMAIN}: the same documents at the root, the form, and nothing of the inside");
}
