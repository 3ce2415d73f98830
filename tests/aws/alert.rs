//! An alert's way from the HTTP API to a telephone, through every function under its own role.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cloud::{PATIENCE, eventually};
use crate::deployment::{Deployment, EMAIL, NUMBER, link};

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_reaches_a_telephone_and_its_link_ends_it() {
    let bell = Deployment::ready("alert", 4).await;
    println!("deployed; the owner's telephone and mailbox are verified");

    let begun = Instant::now();
    assert_eq!(bell.trigger(&bell.key, "db-7").await, 202);
    let pages = bell.paged("db-7", 1).await;
    println!(
        "POST /v2/enqueue -> 202; {:?} later by SMS: {}",
        begun.elapsed(),
        pages[0]
    );
    let mails = eventually("an e-mail about db-7", PATIENCE, async || {
        let mails = bell.mails(EMAIL).await;
        mails
            .into_iter()
            .find(|(subject, _)| subject.contains("db-7 is broken"))
    })
    .await;
    assert!(mails.1.contains("/i/"), "{mails:?}");
    // The same event again is one incident, and no second page.
    assert_eq!(bell.trigger(&bell.key, "db-7").await, 202);

    let path = link(&pages[0]);
    let page = bell.ask("GET", path, None, None).await;
    assert_eq!(page.status, 200);
    assert!(page.body.as_str().unwrap().contains("db-7 is broken"), "{page:?}");
    assert_eq!(
        bell.incident("db-7", |_| true).await["status"],
        "triggered",
        "looking acknowledges nothing"
    );
    assert_eq!(bell.press(path, "acknowledge").await, 303);
    let incident = bell
        .incident("db-7", |incident| incident["status"] == "acknowledged")
        .await;
    assert_eq!(incident["signal_count"], 2);
    println!("GET {path} -> 200, POST -> 303: {}", incident["status"]);

    // Past the time of the next step, and past whatever a sweep might find.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(bell.sweep("EscalationSweep") && bell.sweep("NotificationSweep"));
    assert_eq!(
        bell.pages("db-7").await.len(),
        1,
        "nobody is woken for what somebody has"
    );
    println!("no more text messages after the time of the second step");

    assert_eq!(bell.press(path, "resolve").await, 303);
    bell.incident("db-7", |incident| incident["status"] == "resolved").await;
    let id = incident["id"].as_str().unwrap();
    let timeline = bell.get(&format!("/api/v1/incidents/{id}/timeline")).await;
    for entry in timeline["items"].as_array().unwrap().iter().rev() {
        println!("  timeline: {} {}", entry["at"], entry["text"]);
    }
    for queue in ["EscalationQueueFailures", "NotificationQueueFailures", "StreamFailures"] {
        assert_eq!(bell.depth(queue), 0, "{queue}");
    }
    metrics_are_written(&bell);
}

/// The lines that CloudWatch makes metrics of.
fn metrics_are_written(bell: &Deployment) {
    let measured = |function: &str, metric: &str| {
        let lines = bell.log(function);
        let lines = lines
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line.trim()).ok());
        let found = lines.filter(|line| line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] == metric);
        let found: Vec<Value> = found.collect();
        assert!(!found.is_empty(), "{function} writes {metric}");
        assert!(
            found
                .iter()
                .all(|line| line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Nightbell/nightbell")
        );
        found
    };
    let signals = measured("AlertIngestHttp", "Signals");
    let outcomes: Vec<_> = signals.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["created", "merged"]);
    measured("NotificationQueueWorker", "Deliveries");
    let first = measured("NotificationQueueWorker", "TimeToFirstDelivery");
    println!(
        "time from signal to first delivery, by the metric: {} ms",
        first[0]["TimeToFirstDelivery"]
    );
    measured("EscalationSweep", "SweepLateness");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_fires_by_the_queues_delay_and_another_only_by_the_schedules_sweep() {
    let bell = Deployment::ready("steps", 3).await;
    let machines = bell.call("sqs", "create_queue", json!({ "QueueName": "machines" }));
    let machines = machines["QueueUrl"].as_str().unwrap().to_owned();
    let arn = "arn:aws:sqs:us-east-1:000000000000:machines";
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sqs:SendMessage",
        "Principal": { "Service": "sns.amazonaws.com" }, "Resource": arn,
        "Condition": { "ArnEquals": { "aws:SourceArn": bell.id("Pages") } } }] });
    let policy = json!({ "QueueUrl": machines, "Attributes": { "Policy": policy.to_string() } });
    bell.call("sqs", "set_queue_attributes", policy);
    let subscription = json!({ "TopicArn": bell.id("Pages"), "Protocol": "sqs", "Endpoint": arn });
    bell.call("sns", "subscribe", subscription);

    let begun = Instant::now();
    assert_eq!(bell.trigger(&bell.key, "by-delay").await, 202);
    bell.paged("by-delay", 2).await;
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(3), "not before its time: {took:?}");
    println!("no schedule runs; the second step, 3 s after the first, fired {took:?} after the alert");
    let published = eventually("the topic's message", PATIENCE, async || {
        let received = bell.call("sqs", "receive_message", json!({ "QueueUrl": machines }));
        received["Messages"][0]["Body"].as_str().map(str::to_owned)
    })
    .await;
    let notification: Value = serde_json::from_str(&published).unwrap();
    let event: Value = serde_json::from_str(notification["Message"].as_str().unwrap()).unwrap();
    assert_eq!(event["type"], "incident.page");
    assert_eq!(event["data"]["incident"]["title"], "by-delay is broken");

    assert_eq!(bell.trigger(&bell.key, "by-sweep").await, 202);
    bell.paged("by-sweep", 1).await;
    // Every hint is lost, as a queue may lose them.
    for queue in ["EscalationQueue", "NotificationQueue"] {
        bell.call("sqs", "purge_queue", json!({ "QueueUrl": bell.id(queue) }));
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(bell.pages("by-sweep").await.len(), 1, "nothing wakes it but a sweep");
    let begun = Instant::now();
    bell.schedule("EscalationSweep", "ENABLED");
    bell.schedule("NotificationSweep", "ENABLED");
    eventually("the schedule's sweep", Duration::from_secs(150), async || {
        (bell.pages("by-sweep").await.len() >= 2).then_some(())
    })
    .await;
    println!(
        "its hints lost, a step was found by the schedule's sweep {:?} after the schedule was turned on",
        begun.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_ends_in_the_failures_queue_while_others_pass() {
    let bell = Deployment::ready("poison", 300).await;
    for (queue, poison) in [
        ("EscalationQueue", "not JSON"),
        (
            "EscalationQueue",
            r#"{"incident_id":"inc_x","due":"2026-01-01T00:00:00Z"}"#,
        ),
        (
            "NotificationQueue",
            r#"{"subject":"usr_1","message":"../..","due":"2026-01-01T00:00:00Z"}"#,
        ),
    ] {
        // Five receives, minutes apart, are more than a test waits for: only the wait is shortened.
        let attributes = json!({ "QueueUrl": bell.id(queue), "Attributes": { "VisibilityTimeout": "1" } });
        bell.call("sqs", "set_queue_attributes", attributes);
        bell.call(
            "sqs",
            "send_message",
            json!({ "QueueUrl": bell.id(queue), "MessageBody": poison }),
        );
    }
    assert_eq!(bell.trigger(&bell.key, "beside").await, 202);
    bell.paged("beside", 1).await;
    println!("three poison messages in the queues; an alert beside them reached {NUMBER}");
    for (queue, count) in [("EscalationQueueFailures", 2), ("NotificationQueueFailures", 1)] {
        eventually(queue, PATIENCE, async || (bell.depth(queue) == count).then_some(())).await;
        println!("{queue} holds {count}");
    }
    assert_eq!(bell.pages("beside").await.len(), 1);
}
