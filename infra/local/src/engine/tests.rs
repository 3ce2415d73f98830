//! Through the SDK's client, as the store uses it.
#![allow(clippy::unwrap_used)]
#![expect(clippy::disallowed_methods, reason = "a test's folder is the system's to give")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use aws_lambda_events::event::dynamodb::EventRecord;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, DeleteRequest, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    KeysAndAttributes, Projection, ProjectionType, Put, PutRequest, ReturnValue, ReturnValuesOnConditionCheckFailure,
    ScalarAttributeType, StreamSpecification, StreamViewType, TableStatus, TimeToLiveSpecification, TransactWriteItem,
    Update, WriteRequest,
};

use super::{ManualClock, Start, StreamReader, Table};

type Row = HashMap<String, AttributeValue>;

const TABLE: &str = "nightbell-test";
const MORNING: u64 = 1_790_000_000;
const DAY: u64 = 24 * 60 * 60;

fn s(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn n(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn row(pk: &str, name: &str) -> Row {
    [
        ("pk", s(pk)),
        ("sk", s("ROW")),
        ("gsi1pk", s("LIST")),
        ("gsi1sk", s(pk)),
        ("name", s(name)),
    ]
    .map(|(k, v)| (k.to_owned(), v))
    .into()
}

fn key(pk: &str) -> Row {
    [("pk", s(pk)), ("sk", s("ROW"))].map(|(k, v)| (k.to_owned(), v)).into()
}

/// A table with a stream, an index and expiry, as the template has it.
async fn create(client: &Client) {
    let attribute = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    let keyed = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["pk", "sk", "gsi1pk", "gsi1sk"].map(attribute).into()))
        .key_schema(keyed("pk", KeyType::Hash))
        .key_schema(keyed("sk", KeyType::Range))
        .global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name("gsi1")
                .key_schema(keyed("gsi1pk", KeyType::Hash))
                .key_schema(keyed("gsi1sk", KeyType::Range))
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()
                .unwrap(),
        )
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
    loop {
        let described = client.describe_table().table_name(TABLE).send().await.unwrap();
        if described.table.unwrap().table_status == Some(TableStatus::Active) {
            break;
        }
    }
    client
        .update_time_to_live()
        .table_name(TABLE)
        .time_to_live_specification(
            TimeToLiveSpecification::builder()
                .attribute_name("ttl")
                .enabled(true)
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
}

async fn in_memory() -> (Table, Client) {
    let table = Table::memory().unwrap();
    let client = table.client();
    create(&client).await;
    (table, client)
}

async fn put(client: &Client, pk: &str, name: &str) {
    client
        .put_item()
        .table_name(TABLE)
        .set_item(Some(row(pk, name)))
        .send()
        .await
        .unwrap();
}

async fn get(client: &Client, pk: &str) -> Option<Row> {
    client
        .get_item()
        .table_name(TABLE)
        .set_key(Some(key(pk)))
        .consistent_read(true)
        .send()
        .await
        .unwrap()
        .item
}

/// What is in the stream now.
async fn drain(reader: &mut StreamReader) -> Vec<EventRecord> {
    let mut records = Vec::new();
    while let Some(event) = reader.try_next().await.unwrap() {
        records.extend(event.records);
    }
    records
}

/// A file nobody else uses, gone with the test.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("nightbell-engine-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.join("table.sqlite")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_failed_condition_returns_the_item_that_stood_in_its_way() {
    let (_table, client) = in_memory().await;
    put(&client, "INC#1", "first").await;
    let error = client
        .put_item()
        .table_name(TABLE)
        .set_item(Some(row("INC#1", "second")))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
    let error = error.into_service_error();
    assert_eq!(error.message(), Some("The conditional request failed"));
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed) = error else {
        panic!("{error:?}");
    };
    assert_eq!(failed.item.unwrap(), row("INC#1", "first"));
}

#[tokio::test]
async fn a_cancelled_transaction_says_why_item_by_item() {
    let (table, client) = in_memory().await;
    put(&client, "INC#2", "taken").await;
    let mut reader = table.stream(TABLE, Start::Latest).unwrap();
    let new = |pk: &str| {
        let put = Put::builder()
            .table_name(TABLE)
            .set_item(Some(row(pk, "new")))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let error = client
        .transact_write_items()
        .set_transact_items(Some(["INC#1", "INC#2", "INC#3"].map(new).into()))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(e) =
        error
    else {
        panic!("{error:?}");
    };
    let reasons = e.cancellation_reasons();
    let codes: Vec<_> = reasons.iter().map(|r| r.code().unwrap()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed", "None"]);
    assert_eq!(reasons[1].item().unwrap(), &row("INC#2", "taken"));
    assert!(reasons[0].item().is_none());
    assert_eq!(
        get(&client, "INC#1").await,
        None,
        "a cancelled transaction writes nothing"
    );
    assert!(drain(&mut reader).await.is_empty(), "and tells nobody");
}

#[tokio::test]
async fn a_token_makes_a_transaction_happen_once() {
    let (_table, client) = in_memory().await;
    put(&client, "INC#1", "x").await;
    for _ in 0..2 {
        let count = Update::builder()
            .table_name(TABLE)
            .set_key(Some(key("INC#1")))
            .update_expression("ADD seen :one")
            .expression_attribute_values(":one", n(1))
            .build()
            .unwrap();
        client
            .transact_write_items()
            .client_request_token("once")
            .transact_items(TransactWriteItem::builder().update(count).build())
            .send()
            .await
            .unwrap();
    }
    assert_eq!(get(&client, "INC#1").await.unwrap()["seen"], n(1));
}

#[tokio::test]
async fn an_index_is_read_in_pages() {
    let (_table, client) = in_memory().await;
    for i in 0..7 {
        put(&client, &format!("INC#{i}"), "x").await;
    }
    let mut pages = Vec::new();
    let mut from = None;
    loop {
        let page = client
            .query()
            .table_name(TABLE)
            .index_name("gsi1")
            .key_condition_expression("gsi1pk = :list")
            .expression_attribute_values(":list", s("LIST"))
            .limit(3)
            .set_exclusive_start_key(from)
            .send()
            .await
            .unwrap();
        pages.push(
            page.items()
                .iter()
                .map(|i| i["pk"].as_s().unwrap().clone())
                .collect::<Vec<_>>(),
        );
        from = page.last_evaluated_key;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(
        pages,
        [
            vec!["INC#0", "INC#1", "INC#2"],
            vec!["INC#3", "INC#4", "INC#5"],
            vec!["INC#6"]
        ]
    );
}

#[tokio::test]
async fn batches_write_and_read() {
    let (_table, client) = in_memory().await;
    put(&client, "old", "x").await;
    let put_request = PutRequest::builder().set_item(Some(row("new", "x"))).build().unwrap();
    let delete_request = DeleteRequest::builder().set_key(Some(key("old"))).build().unwrap();
    client
        .batch_write_item()
        .request_items(
            TABLE,
            vec![
                WriteRequest::builder().put_request(put_request).build(),
                WriteRequest::builder().delete_request(delete_request).build(),
            ],
        )
        .send()
        .await
        .unwrap();
    let both = KeysAndAttributes::builder()
        .keys(key("old"))
        .keys(key("new"))
        .build()
        .unwrap();
    let read = client.batch_get_item().request_items(TABLE, both).send().await.unwrap();
    assert_eq!(read.responses.unwrap()[TABLE], [row("new", "x")]);
}

#[tokio::test]
async fn what_the_product_does_not_use_is_unknown_and_nonsense_is_refused() {
    let (_table, client) = in_memory().await;
    let scan = client
        .scan()
        .table_name(TABLE)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(scan.code(), Some("UnknownOperationException"));
    let missing = client
        .get_item()
        .table_name("nowhere-at-all")
        .set_key(Some(key("x")))
        .send()
        .await;
    assert!(
        missing
            .unwrap_err()
            .into_service_error()
            .is_resource_not_found_exception()
    );
    let empty_set = client
        .put_item()
        .table_name(TABLE)
        .set_item(Some(row("x", "x")))
        .item("tags", AttributeValue::Ss(vec![]))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(empty_set.code(), Some("ValidationException"));
    assert!(!empty_set.message().unwrap().starts_with("VALIDATION"), "{empty_set:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_racing_puts_one_wins() {
    let scratch = Scratch::new("race");
    for table in [Table::memory().unwrap(), Table::open(&scratch.file()).unwrap()] {
        let client = table.client();
        create(&client).await;
        let racers = (0..32).map(|i| {
            let put = client
                .put_item()
                .table_name(TABLE)
                .set_item(Some(row("SLOT#1", &i.to_string())))
                .condition_expression("attribute_not_exists(pk)");
            tokio::spawn(put.send())
        });
        let outcomes = futures_util::future::join_all(racers).await;
        let lost = outcomes
            .into_iter()
            .filter_map(|o| o.unwrap().err())
            .collect::<Vec<_>>();
        assert_eq!(lost.len(), 31);
        assert!(
            lost.into_iter()
                .all(|l| l.into_service_error().is_conditional_check_failed_exception())
        );
    }
}

#[tokio::test]
async fn the_stream_is_what_a_lambda_gets() {
    let table = Table::memory_with_clock(ManualClock::new(MORNING).arc()).unwrap();
    let client = table.client();
    create(&client).await;
    let mut reader = table.stream(TABLE, Start::Latest).unwrap();
    put(&client, "INC#1", "first").await;
    put(&client, "INC#1", "second").await;
    put(&client, "INC#1", "second").await;
    let deleted = client.delete_item().table_name(TABLE).set_key(Some(key("INC#1")));
    deleted.return_values(ReturnValue::AllOld).send().await.unwrap();

    let records = drain(&mut reader).await;
    let names: Vec<_> = records.iter().map(|r| r.event_name.as_str()).collect();
    assert_eq!(
        names,
        ["INSERT", "MODIFY", "REMOVE"],
        "a put that changes nothing is no record"
    );
    let [insert, modify, remove] = &records[..] else {
        panic!("{records:?}")
    };
    let images = |r: &EventRecord| [&r.change.old_image, &r.change.new_image].map(|i| Row::from(i.clone()));
    let (nothing, first, second) = (Row::new(), row("INC#1", "first"), row("INC#1", "second"));
    assert_eq!(images(insert), [nothing.clone(), first.clone()]);
    assert_eq!(images(modify), [first, second.clone()]);
    assert_eq!(images(remove), [second, nothing]);
    assert_eq!(Row::from(remove.change.keys.clone()), key("INC#1"));
    assert_eq!(
        insert.change.approximate_creation_date_time.timestamp(),
        i64::try_from(MORNING).unwrap()
    );
    assert_eq!(insert.aws_region, super::REGION);
    assert!(
        insert
            .event_source_arn
            .as_ref()
            .unwrap()
            .starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/")
    );
    assert!(insert.user_identity.is_none());
    assert!(insert.event_id != modify.event_id && insert.change.sequence_number < modify.change.sequence_number);
}

#[tokio::test]
async fn a_reader_waits_and_a_write_wakes_it() {
    let (table, client) = in_memory().await;
    put(&client, "INC#0", "before").await;
    let mut latest = table.stream(TABLE, Start::Latest).unwrap();
    let mut first = table.stream(TABLE, Start::TrimHorizon).unwrap();
    assert_eq!(first.next().await.unwrap().records.len(), 1);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), latest.next())
            .await
            .is_err(),
        "nothing to read yet"
    );
    let readers = tokio::spawn(async move { (latest.next().await.unwrap(), first.next().await.unwrap()) });
    tokio::task::yield_now().await;
    put(&client, "INC#1", "x").await;
    let (latest, first) = tokio::time::timeout(Duration::from_secs(5), readers)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(latest.records.len(), 1);
    assert_eq!(latest, first, "every reader gets it");
}

#[tokio::test]
async fn a_batch_is_at_most_100_records() {
    let (table, client) = in_memory().await;
    let mut reader = table.stream(TABLE, Start::Latest).unwrap();
    for i in 0..250 {
        put(&client, &format!("INC#{i}"), "x").await;
    }
    for expected in [100, 100, 50] {
        assert_eq!(reader.next().await.unwrap().records.len(), expected);
    }
    assert!(reader.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn what_expired_leaves_as_a_removal_by_the_service() {
    let clock = ManualClock::new(MORNING);
    let table = Table::memory_with_clock(clock.arc()).unwrap();
    let client = table.client();
    create(&client).await;
    let mut reader = table.stream(TABLE, Start::Latest).unwrap();
    let tombstone = client.put_item().table_name(TABLE).set_item(Some(row("SLOT#1", "x")));
    tombstone.item("ttl", n(MORNING + 60)).send().await.unwrap();
    assert_eq!(table.sweep_ttl().await.unwrap(), 0);
    clock.tick(Duration::from_secs(120));
    assert_eq!(table.sweep_ttl().await.unwrap(), 1);
    assert_eq!(get(&client, "SLOT#1").await, None);
    let records = drain(&mut reader).await;
    let removal = records.last().unwrap();
    let by = removal.user_identity.as_ref().unwrap();
    assert_eq!((removal.event_name.as_str(), by.type_.as_str()), ("REMOVE", "Service"));
    assert_eq!(by.principal_id, "dynamodb.amazonaws.com");
}

#[tokio::test]
async fn the_stream_forgets_after_a_day() {
    let clock = ManualClock::new(MORNING);
    let table = Table::memory_with_clock(clock.arc()).unwrap();
    let client = table.client();
    create(&client).await;
    for i in 0..10 {
        put(&client, &format!("yesterday#{i}"), "x").await;
    }
    clock.tick(Duration::from_secs(DAY + 1));
    for i in 0..5 {
        put(&client, &format!("today#{i}"), "x").await;
    }
    let kept = drain(&mut table.stream(TABLE, Start::TrimHorizon).unwrap()).await;
    assert_eq!(kept.len(), 5);
    assert!(get(&client, "yesterday#0").await.is_some(), "the table forgets nothing");
}

#[tokio::test]
async fn data_and_stream_survive_reopening() {
    let scratch = Scratch::new("reopen");
    let before = Table::open(&scratch.file()).unwrap();
    create(&before.client()).await;
    put(&before.client(), "INC#1", "x").await;
    // As after a kill: the first is still open, nothing was closed or checkpointed.
    let after = Table::open(&scratch.file()).unwrap();
    assert_eq!(get(&after.client(), "INC#1").await, Some(row("INC#1", "x")));
    let mut latest = after.stream(TABLE, Start::Latest).unwrap();
    assert!(latest.try_next().await.unwrap().is_none());
    put(&after.client(), "INC#2", "x").await;
    assert_eq!(latest.next().await.unwrap().records.len(), 1);
    assert_eq!(
        drain(&mut after.stream(TABLE, Start::TrimHorizon).unwrap()).await.len(),
        2
    );
}

#[tokio::test]
async fn what_is_not_there_is_an_error() {
    let (table, _client) = in_memory().await;
    assert!(table.stream("nowhere-at-all", Start::Latest).is_err());
    assert!(Table::open(std::path::Path::new("/nowhere/at/all.sqlite")).is_err());
}
