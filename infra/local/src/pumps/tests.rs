//! Handlers that fail in every way, over a real table and real queues.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use jiff::SignedDuration;
use serde_json::json;
use shared::clock::Clock;
use shared::queue::Hint;
use shared::secret::Random;
use ulid::Ulid;

use super::*;
use crate::engine::objects::Objects;
use crate::home::{TABLE_NAME, testing};
use crate::stop;
use crate::triggers::{self, QueueName};

type Seen = Arc<Mutex<Vec<Value>>>;

/// A handler that notes its events and answers with what `answer` makes of each.
fn noting(seen: &Seen, answer: impl Fn(&Value) -> Result<String, String> + Send + Sync + 'static) -> Handler {
    let seen = Arc::clone(seen);
    let answer = Arc::new(answer);
    Arc::new(move |event, _| {
        let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
        async move {
            let event: Value = serde_json::from_str(&event)?;
            seen.lock().unwrap().push(event.clone());
            Ok(answer(&event)?)
        }
        .boxed()
    })
}

fn queue_function(handler: Handler) -> Function {
    Function {
        needs: &[],
        name: "notification-queue",
        trigger: Trigger::Queue {
            queue: QueueName::Notification,
            at_once: 4,
            handler,
        },
    }
}

fn stream_function(handler: Handler) -> Function {
    let Some(Function {
        trigger: Trigger::Stream { pattern, .. },
        name,
        ..
    }) = triggers::functions()
        .into_iter()
        .find(|function| matches!(function.trigger, Trigger::Stream { .. }))
    else {
        panic!("no function reads the stream")
    };
    Function {
        needs: &[],
        name,
        trigger: Trigger::Stream { pattern, handler },
    }
}

fn pumps(function: Function, table: &Table, ctx: &Ctx) -> Pumps {
    Pumps::new(
        &[function],
        table,
        TABLE_NAME,
        Start::TrimHorizon,
        &Objects::memory("secret".into(), Clock::System),
        ctx,
    )
    .unwrap()
}

async fn send(ctx: &Ctx, numbers: std::ops::Range<u32>) {
    let now = ctx.clock.now();
    let hints = numbers.map(|n| Hint {
        what: json!({ "n": n }),
        due: now,
    });
    ctx.queues.notification.hint(hints, now).await;
}

/// The bodies' numbers of each event.
fn numbers(seen: &Seen) -> Vec<Vec<u64>> {
    let of = |record: &Value| {
        let body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        body["n"].as_u64().unwrap()
    };
    let seen = seen.lock().unwrap();
    seen.iter()
        .map(|event| event["Records"].as_array().unwrap().iter().map(of).collect())
        .collect()
}

/// The partitions of each event's records.
fn partitions(seen: &Seen) -> Vec<Vec<String>> {
    let of = |record: &Value| record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().to_owned();
    let seen = seen.lock().unwrap();
    seen.iter()
        .map(|event| event["Records"].as_array().unwrap().iter().map(of).collect())
        .collect()
}

fn failing_third(event: &Value) -> Result<String, String> {
    let records = event["Records"].as_array().unwrap();
    let failed = records
        .iter()
        .filter(|record| record["body"].as_str().unwrap().contains(r#""n":3,"#));
    let failed: Vec<_> = failed
        .map(|record| json!({ "itemIdentifier": record["messageId"] }))
        .collect();
    Ok(json!({ "batchItemFailures": failed }).to_string())
}

#[tokio::test]
async fn of_ten_messages_the_one_that_failed_comes_again_alone_until_it_is_given_up() {
    let (ctx, table) = testing::ctx().await;
    let seen = Seen::default();
    let pumps = pumps(queue_function(noting(&seen, failing_third)), &table, &ctx);
    send(&ctx, 0..12).await;
    let mut now = ctx.clock.now();
    let first = pumps.drain_queue(now).await;
    assert_eq!(
        first,
        Drained {
            handled: 11,
            put_back: 1,
            dropped: 0
        }
    );
    assert_eq!(numbers(&seen), [(0..10).collect::<Vec<_>>(), vec![10, 11]]);
    assert_eq!(pumps.drain_queue(now).await, Drained::default());

    for receive in 2..=RECEIVES_MAX {
        seen.lock().unwrap().clear();
        now += SignedDuration::from_secs(RETRY_SECONDS + 1);
        let again = pumps.drain_queue(now).await;
        let given_up = usize::from(receive == RECEIVES_MAX);
        assert_eq!(
            again,
            Drained {
                handled: 0,
                put_back: 1 - given_up,
                dropped: given_up
            }
        );
        assert_eq!(numbers(&seen), [[3]]);
        let count = seen.lock().unwrap()[0]["Records"][0]["attributes"]["ApproximateReceiveCount"].clone();
        assert_eq!(count, receive.to_string());
    }
    now += SignedDuration::from_hours(1);
    assert_eq!(pumps.drain_queue(now).await, Drained::default());
}

#[tokio::test]
async fn a_batch_fails_as_a_whole_by_error_panic_or_an_answer_that_names_a_stranger() {
    let stranger = r#"{"batchItemFailures":[{"itemIdentifier":"who"}]}"#;
    type Answer = fn(&Value) -> Result<String, String>;
    let answers: [Answer; 4] = [
        |_| Err("no".into()),
        |_| panic!("on purpose"),
        |_| Ok("[]".into()),
        |_| Ok(String::new()),
    ];
    for (answer, put_back) in answers.into_iter().zip([3, 3, 3, 0]) {
        let (ctx, table) = testing::ctx().await;
        let pumps = pumps(queue_function(noting(&Seen::default(), answer)), &table, &ctx);
        send(&ctx, 0..3).await;
        let drained = pumps.drain_queue(ctx.clock.now()).await;
        assert_eq!(
            drained,
            Drained {
                handled: 3 - put_back,
                put_back,
                dropped: 0
            }
        );
    }
    let (ctx, table) = testing::ctx().await;
    let pumps = pumps(
        queue_function(noting(&Seen::default(), |_| Ok(stranger.into()))),
        &table,
        &ctx,
    );
    send(&ctx, 0..3).await;
    assert_eq!(pumps.drain_queue(ctx.clock.now()).await.put_back, 3);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_is_ended_as_lambda_ends_it() {
    let (ctx, table) = testing::ctx().await;
    let hangs: Handler = Arc::new(|_, _| std::future::pending().boxed());
    let pumps = pumps(queue_function(hangs), &table, &ctx);
    send(&ctx, 0..1).await;
    assert_eq!(pumps.drain_queue(ctx.clock.now()).await.put_back, 1);
}

#[tokio::test]
async fn one_slow_batch_delays_no_other_and_is_finished_before_the_end() {
    let (ctx, table) = testing::ctx().await;
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    let slow_first: Handler = Arc::new(move |event, _| {
        let noted = Arc::clone(&noted);
        async move {
            if event.contains(r#"\"n\":0,"#) {
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
            noted.lock().unwrap().push(serde_json::from_str(&event)?);
            Ok(String::new())
        }
        .boxed()
    });
    let mut tasks = JoinSet::new();
    let (stopper, stop) = stop::pair();
    pumps(queue_function(slow_first), &table, &ctx).run(&stop, &mut tasks);
    send(&ctx, 0..1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    send(&ctx, 1..2).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(numbers(&seen), [[1]]);
    stopper.stop();
    while tasks.join_next().await.is_some() {}
    assert_eq!(numbers(&seen), [[1], [0]]);
}

#[tokio::test]
async fn a_message_waits_for_its_time() {
    let (ctx, table) = testing::ctx().await;
    let seen = Seen::default();
    let mut tasks = JoinSet::new();
    let (_stopper, stop) = stop::pair();
    pumps(queue_function(noting(&seen, |_| Ok(String::new()))), &table, &ctx).run(&stop, &mut tasks);
    let now = ctx.clock.now();
    let due = now + SignedDuration::from_millis(300);
    ctx.queues
        .notification
        .hint(
            [Hint {
                what: json!({ "n": 1 }),
                due,
            }],
            now,
        )
        .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(seen.lock().unwrap().is_empty());
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(numbers(&seen), [[1]]);
}

/// Writes rows of these kinds, each in a partition of its name and number.
async fn write(table: &Table, kinds: &[&str]) {
    use aws_sdk_dynamodb::types::AttributeValue::S;
    for (n, kind) in kinds.iter().enumerate() {
        let item = [
            ("pk", format!("{kind}{n}")),
            ("sk", "ROW".into()),
            ("kind_", (*kind).into()),
        ];
        let item: HashMap<_, _> = item
            .into_iter()
            .map(|(name, value)| (name.to_owned(), S(value)))
            .collect();
        table
            .client()
            .put_item()
            .table_name(TABLE_NAME)
            .set_item(Some(item))
            .send()
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn only_writes_of_incidents_reach_the_streams_reader() {
    let (ctx, table) = testing::ctx().await;
    let seen = Seen::default();
    let mut pumps = pumps(stream_function(noting(&seen, |_| Ok(String::new()))), &table, &ctx);
    write(&table, &["slot", "incident", "delivery", "incident"]).await;
    let key = [("pk", "incident1"), ("sk", "ROW")];
    let key = key.map(|(name, value)| {
        (
            name.to_owned(),
            aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned()),
        )
    });
    table
        .client()
        .delete_item()
        .table_name(TABLE_NAME)
        .set_key(Some(key.into()))
        .send()
        .await
        .unwrap();
    assert_eq!(
        pumps.drain_stream().await.unwrap(),
        Drained {
            handled: 2,
            ..Drained::default()
        }
    );
    assert_eq!(partitions(&seen), [["incident1", "incident3"]]);
    assert_eq!(pumps.drain_stream().await.unwrap(), Drained::default());
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_handled_holds_up_none_behind_it() {
    let (ctx, table) = testing::ctx().await;
    let seen = Seen::default();
    let mut tasks = JoinSet::new();
    let (stopper, stop) = stop::pair();
    let handler = noting(&seen, |_| Ok(String::new()));
    pumps(stream_function(handler), &table, &ctx).run(&stop, &mut tasks);
    let begun = tokio::time::Instant::now();
    for (written, events) in [(&["incident"][..], 1), (&["slot", "incident"], 2)] {
        write(&table, written).await;
        while seen.lock().unwrap().len() < events {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
    stopper.stop();
    while tasks.join_next().await.is_some() {}
}

#[tokio::test]
async fn a_change_that_cannot_be_handled_is_tried_three_times_and_holds_up_nobody() {
    let poison = |event: &Value| match event.to_string().contains("incident2") {
        true => Err("poison".to_owned()),
        false => Ok("{}".to_owned()),
    };
    let (ctx, table) = testing::ctx().await;
    let seen = Seen::default();
    let mut pumps = pumps(stream_function(noting(&seen, poison)), &table, &ctx);
    write(&table, &["incident"; 5]).await;
    assert_eq!(
        pumps.drain_stream().await.unwrap(),
        Drained {
            handled: 4,
            put_back: 0,
            dropped: 1
        }
    );
    let all: Vec<&str> = vec!["incident0", "incident1", "incident2", "incident3", "incident4"];
    let poison = vec!["incident2"];
    let tried = [&all[..], &all[..2], &all[2..], &poison, &poison, &poison, &all[3..]];
    assert_eq!(partitions(&seen), tried);
}

#[tokio::test]
async fn a_stream_that_fails_from_one_record_on_goes_on_from_there() {
    let from_third = |event: &Value| {
        let records = event["Records"].as_array().unwrap();
        let third = records
            .iter()
            .find(|record| record["dynamodb"]["Keys"]["pk"]["S"] == "incident2");
        let failed = third.map(|record| json!({ "itemIdentifier": record["dynamodb"]["SequenceNumber"] }));
        Ok(json!({ "batchItemFailures": failed.into_iter().collect::<Vec<_>>() }).to_string())
    };
    let (ctx, table) = testing::ctx().await;
    let seen = Seen::default();
    let mut pumps = pumps(stream_function(noting(&seen, from_third)), &table, &ctx);
    write(&table, &["incident"; 4]).await;
    assert_eq!(
        pumps.drain_stream().await.unwrap(),
        Drained {
            handled: 3,
            put_back: 0,
            dropped: 1
        }
    );
    let all = ["incident0", "incident1", "incident2", "incident3"];
    assert_eq!(partitions(&seen), [&all[..], &all[2..], &all[2..], &all[3..]]);
}

#[tokio::test]
async fn a_sweep_that_fails_is_named_and_the_others_run() {
    let (ctx, table) = testing::ctx().await;
    let seen = Seen::default();
    let function = |name, handler| Function {
        name,
        needs: &[],
        trigger: Trigger::Schedule {
            every: Duration::from_secs(60),
            handler,
        },
    };
    let functions = [
        function("first", noting(&seen, |_| panic!("on purpose"))),
        function("second", noting(&seen, |_| Ok(r#"{"found":2}"#.into()))),
    ];
    let objects = Objects::memory("secret".into(), Clock::System);
    let pumps = Pumps::new(&functions, &table, TABLE_NAME, Start::Latest, &objects, &ctx).unwrap();
    let now = "2026-03-01T02:00:00.5Z".parse().unwrap();
    let swept = pumps.sweep(now).await;
    assert_eq!(
        swept,
        [
            ("first", Err(InvocationFailed::Panicked)),
            ("second", Ok(json!({ "found": 2 })))
        ]
    );
    let tick = seen.lock().unwrap()[1].clone();
    assert_eq!(tick["time"], "2026-03-01T02:00:00Z");
    assert_eq!(tick["detail-type"], "Scheduled Event");
    // What Lambda hands on, the functions can read.
    let parsed: aws_lambda_events::event::eventbridge::EventBridgeEvent<Value> = serde_json::from_value(tick).unwrap();
    assert_eq!(parsed.source, "aws.events");
}

#[tokio::test]
async fn the_real_functions_read_what_the_pumps_send() {
    let (ctx, table) = testing::ctx().await;
    let objects = Objects::memory("secret".into(), Clock::System);
    let mut pumps = Pumps::new(
        &triggers::functions(),
        &table,
        TABLE_NAME,
        Start::TrimHorizon,
        &objects,
        &ctx,
    )
    .unwrap();
    let now = ctx.clock.now();
    for (name, swept) in pumps.sweep(now).await {
        assert_eq!(swept.unwrap()["found"], 0, "{name}");
    }
    // Of incidents and messages that were never written: handled, by finding nothing.
    let incident_id = Ulid::from_parts(1, u128::from_be_bytes(Random::seeded(1).bytes()) >> 48);
    let incident_id = shared::domain::id::IncidentId(incident_id);
    let hint = Hint {
        what: shared::queue::IncidentHint { incident_id },
        due: now,
    };
    ctx.queues.escalation.hint([hint], now).await;
    assert_eq!(
        pumps.settle(now).await.unwrap(),
        Drained {
            handled: 1,
            ..Drained::default()
        }
    );
    ctx.queues
        .notification
        .hint(
            [Hint {
                what: json!({ "not": "ours" }),
                due: now,
            }],
            now,
        )
        .await;
    assert_eq!(
        pumps.settle(now).await.unwrap(),
        Drained {
            put_back: 1,
            ..Drained::default()
        }
    );
}
