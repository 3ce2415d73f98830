//! Nothing shares a fate: each function in turn is replaced by one that crashes. The others' stories still pass, and what
//! it owed is done when it returns.

use std::time::Duration;

use serde_json::Value;

use crate::cloud::{PATIENCE, eventually};
use crate::deployment::{Deployment, link};
use crate::public::Public;

#[tokio::test(flavor = "multi_thread")]
async fn each_function_may_crash_and_the_others_go_on() {
    let bell = Deployment::ready("crashes", 2).await;
    // Retries are minutes apart; only the wait is shortened.
    for queue in ["EscalationQueue", "NotificationQueue"] {
        let attributes = serde_json::json!({ "QueueUrl": bell.id(queue), "Attributes": { "VisibilityTimeout": "3" } });
        bell.call("sqs", "set_queue_attributes", attributes);
    }
    ingest(&bell).await;
    api(&bell).await;
    dashboard(&bell, &Public::settling(&bell, 0).await).await;
    stream(&bell).await;
    queue_of_escalation(&bell).await;
    sweep_of_escalation(&bell).await;
    queue_of_notification(&bell).await;
    sweep_of_notification(&bell).await;
}

async fn ingest(bell: &Deployment) {
    assert_eq!(bell.trigger(&bell.key, "before-ingest").await, 202);
    bell.paged("before-ingest", 1).await;
    bell.break_function("AlertIngestHttp");
    let refused = bell.trigger(&bell.key, "during-ingest").await;
    assert!(refused >= 500, "never a 2xx for what is not stored: {refused}");
    bell.paged("before-ingest", 2).await;
    let page = bell.paged("before-ingest", 1).await;
    assert_eq!(bell.press(link(&page[0]), "acknowledge").await, 303);
    bell.mend_function("AlertIngestHttp");
    // The sender tries again, as senders do after a 5xx.
    assert_eq!(bell.trigger(&bell.key, "during-ingest").await, 202);
    bell.paged("during-ingest", 1).await;
    println!(
        "alert-ingest-http crashed: senders got {refused}; steps fired, the link answered; their retry was taken in"
    );
}

async fn api(bell: &Deployment) {
    bell.break_function("ApiHttp");
    assert_eq!(bell.trigger(&bell.key, "during-api").await, 202);
    let pages = bell.paged("during-api", 2).await;
    let down = bell.ask("GET", "/healthz", None, None).await.status;
    assert!(down >= 500);
    bell.mend_function("ApiHttp");
    assert_eq!(bell.press(link(&pages[0]), "acknowledge").await, 303);
    bell.incident("during-api", |incident| incident["status"] == "acknowledged")
        .await;
    println!(
        "api-http crashed (GET /healthz: {down}): the alert came in, both steps paged; the link sent meanwhile works after"
    );
}

async fn dashboard(bell: &Deployment, public: &Public<'_>) {
    bell.break_function("DashboardHttp");
    let down = bell.ask("GET", "/sign-in", None, None).await.status;
    assert!(down >= 500);
    assert_eq!(bell.trigger(&bell.key, "during-dashboard").await, 202);
    let pages = bell.paged("during-dashboard", 2).await;
    // The public is told all the same: page and JSON change.
    public.becomes("critical").await;
    let page = public.document("").await.unwrap();
    assert!(page.contains("Problems with Checkout"), "{page}");
    assert_eq!(bell.press(link(&pages[0]), "acknowledge").await, 303);
    bell.incident("during-dashboard", |incident| incident["status"] == "acknowledged")
        .await;
    bell.mend_function("DashboardHttp");
    assert_eq!(bell.ask("GET", "/sign-in", None, None).await.status, 200);
    println!(
        "dashboard-http crashed (GET /sign-in: {down}): the alert came in, both steps paged, link and API answered, the status page changed"
    );
}

async fn stream(bell: &Deployment) {
    bell.break_function("EscalationStream");
    assert_eq!(bell.trigger(&bell.key, "during-stream").await, 202);
    quiet(bell, "during-stream", 0).await;
    assert!(
        bell.sweep("EscalationSweep"),
        "the sweep finds what the stream did not tell"
    );
    bell.paged("during-stream", 2).await;
    bell.mend_function("EscalationStream");
    assert_eq!(bell.trigger(&bell.key, "after-stream").await, 202);
    bell.paged("after-stream", 1).await;
    bell.paged("during-stream", 2).await;
    println!(
        "escalation-stream crashed: the sweep paged, the queue escalated; once back, the stream told of the next alert"
    );
}

async fn queue_of_escalation(bell: &Deployment) {
    bell.break_function("EscalationQueueWorker");
    assert_eq!(bell.trigger(&bell.key, "during-queue").await, 202);
    bell.paged("during-queue", 1).await;
    quiet(bell, "during-queue", 1).await;
    assert!(bell.sweep("EscalationSweep"));
    bell.paged("during-queue", 2).await;
    assert_eq!(bell.trigger(&bell.key, "owed-queue").await, 202);
    bell.paged("owed-queue", 1).await;
    quiet(bell, "owed-queue", 1).await;
    bell.mend_function("EscalationQueueWorker");
    bell.paged("owed-queue", 2).await;
    println!(
        "escalation-queue crashed: the stream paged the first step, the sweep the second; once back, it did the hint that waited"
    );
}

async fn sweep_of_escalation(bell: &Deployment) {
    bell.break_function("EscalationSweep");
    assert!(!bell.sweep("EscalationSweep"));
    assert_eq!(bell.trigger(&bell.key, "during-sweep").await, 202);
    bell.paged("during-sweep", 2).await;
    assert_eq!(bell.trigger(&bell.key, "owed-sweep").await, 202);
    bell.paged("owed-sweep", 1).await;
    bell.call(
        "sqs",
        "purge_queue",
        serde_json::json!({ "QueueUrl": bell.id("EscalationQueue") }),
    );
    quiet(bell, "owed-sweep", 1).await;
    bell.mend_function("EscalationSweep");
    assert!(bell.sweep("EscalationSweep"));
    bell.paged("owed-sweep", 2).await;
    println!(
        "escalation-sweep crashed: stream and queue paged both steps; a step whose hint was lost was done once it was back"
    );
}

async fn queue_of_notification(bell: &Deployment) {
    bell.break_function("NotificationQueueWorker");
    assert_eq!(bell.trigger(&bell.key, "during-messages").await, 202);
    let incident = bell.incident("during-messages", |_| true).await;
    assert_eq!(
        planned(bell, &incident).await,
        2,
        "a text message and an e-mail are planned"
    );
    quiet(bell, "during-messages", 0).await;
    assert!(bell.sweep("NotificationSweep"));
    bell.paged("during-messages", 1).await;
    assert_eq!(bell.trigger(&bell.key, "owed-messages").await, 202);
    quiet(bell, "owed-messages", 0).await;
    bell.mend_function("NotificationQueueWorker");
    bell.paged("owed-messages", 1).await;
    println!("notification-queue crashed: the sweep sent; once back, it sent what waited in its queue");
}

async fn sweep_of_notification(bell: &Deployment) {
    bell.break_function("NotificationSweep");
    assert!(!bell.sweep("NotificationSweep"));
    assert_eq!(bell.trigger(&bell.key, "last").await, 202);
    bell.paged("last", 2).await;
    bell.mend_function("NotificationSweep");
    assert!(bell.sweep("NotificationSweep"));
    // Whatever came twice over queue, stream and sweeps: nobody was told twice.
    for about in [
        "during-ingest",
        "during-stream",
        "during-queue",
        "owed-sweep",
        "owed-messages",
        "last",
    ] {
        let pages = bell.paged(about, 2).await;
        let steps = pages.iter().filter(|text| !text.starts_with("Unanswered")).count();
        assert_eq!(steps, 2, "{about}: {pages:?}");
    }
    println!("notification-sweep crashed: the queue sent; no message of the whole story was sent twice");
}

/// Nothing more comes for longer than a step takes.
async fn quiet(bell: &Deployment, about: &str, count: usize) {
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(bell.pages(about).await.len(), count, "{about}");
}

async fn planned(bell: &Deployment, incident: &Value) -> usize {
    let path = format!("/api/v1/incidents/{}/deliveries", incident["id"].as_str().unwrap());
    eventually("deliveries", PATIENCE, async || {
        let count = bell.get(&path).await["items"].as_array().unwrap().len();
        (count > 0).then_some(count)
    })
    .await
}
