//! The table's requests: three tries with jitter, errors by what the caller can do about them, and writer tokens.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, KeysAndAttributes, Put, ReturnValue,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use data_encoding::BASE32_NOPAD;
use futures_util::future;

use super::keys::Key;
use super::row::{Corrupt, Item, Row, attribute, key_item, text, text_of};
use crate::secret::Random;

/// Tries of one request.
const TRIES_MAX: u32 = 3;
/// Jittered wait before the second try; twice that before the third.
const WAIT_MILLISECONDS: u64 = 50;
/// Keys of one batch read.
pub(super) const BATCH_KEYS_MAX: usize = 100;

/// Why the table did not do as asked, after every try.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The table, an index or another transaction is in the way: later is better.
    #[error("the table is busy: {0}")]
    Throttled(String),
    /// The table cannot be reached, or did not answer in time.
    #[error("the table cannot be reached: {0}")]
    Unavailable(String),
    /// The row changed under the caller, who should read it again and decide again.
    #[error("the row changed meanwhile")]
    Changed,
    /// A row cannot be read.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The request itself was refused: a mistake of ours.
    #[error("the table refused the request: {0}")]
    Refused(String),
}

impl StoreError {
    /// Whether the table, not the row, is the cause: such a failure is nobody's strike.
    pub fn is_tables_own(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Unavailable(_) | Self::Changed)
    }
}

/// What came of a guarded write.
#[derive(Debug)]
pub(super) enum Guarded<T> {
    /// It is written.
    Done(T),
    /// Its condition did not hold; the row that was found, if any.
    Refused(Option<Item>),
}

/// A condition as a value: an expression over attributes.
#[derive(Debug, Clone, Default)]
pub(super) struct Expression {
    pub text: String,
    pub values: HashMap<String, AttributeValue>,
}

impl Expression {
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            values: HashMap::new(),
        }
    }

    pub fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.into(), value);
        self
    }

    /// The row is not there.
    pub fn absent() -> Self {
        Self::new("attribute_not_exists(pk)")
    }

    /// The row is there.
    pub fn present() -> Self {
        Self::new("attribute_exists(pk)")
    }

    /// The row is there, or is not: what is to be gone may be gone already.
    pub fn either_way() -> Self {
        Self::new("attribute_exists(pk) OR attribute_not_exists(pk)")
    }

    /// The row is of this version.
    pub fn version(version: u64) -> Self {
        Self::new("v = :version").value(":version", super::row::number(version))
    }
}

/// One write of a transaction.
#[derive(Debug)]
pub(super) enum Write {
    Put(Row, Option<Expression>),
    Update {
        key: Key,
        set: Expression,
        condition: Expression,
    },
    Delete(Key, Expression),
    Check(Key, Expression),
}

/// The table's requests.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
    random: Random,
}

impl Table {
    pub(super) fn new(client: Client, name: String, random: Random) -> Self {
        Self { client, name, random }
    }

    /// Whether the table answers: one read of a row that need not exist.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.get(&Key {
            pk: "PING".into(),
            sk: "PING".into(),
        })
        .await
        .map(drop)
    }

    /// A new writer token: 16 characters that nobody else writes.
    pub(super) fn writer(&self) -> String {
        BASE32_NOPAD.encode(&self.random.bytes::<10>())
    }

    pub(super) fn random(&self) -> &Random {
        &self.random
    }

    /// One row, read consistently.
    pub(super) async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let request = || {
            self.client
                .get_item()
                .table_name(&self.name)
                .set_key(Some(key_item(key)))
                .consistent_read(true)
                .send()
        };
        Ok(self.tries(request, |_| None).await?.item)
    }

    /// Rows, read consistently, in no order; keys without a row are left out.
    pub(super) async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Item>, StoreError> {
        let chunks = keys.chunks(BATCH_KEYS_MAX).map(|chunk| self.get_chunk(chunk, true));
        Ok(future::try_join_all(chunks).await?.concat())
    }

    /// Rows as they are or were a moment ago, at half the price: for figures, never for decisions. At most
    /// [`BATCH_KEYS_MAX`].
    pub(super) async fn get_roughly(&self, keys: Vec<Key>) -> Result<Vec<Item>, StoreError> {
        self.get_chunk(&keys, false).await
    }

    async fn get_chunk(&self, keys: &[Key], is_consistent: bool) -> Result<Vec<Item>, StoreError> {
        let mut wanted: Vec<Item> = keys.iter().map(key_item).collect();
        let mut found = Vec::with_capacity(wanted.len());
        for turn in 0..TRIES_MAX * 4 {
            if wanted.is_empty() {
                return Ok(found);
            }
            if turn > 0 {
                self.wait(turn).await;
            }
            let keys = KeysAndAttributes::builder()
                .consistent_read(is_consistent)
                .set_keys(Some(wanted))
                .build();
            let keys = keys.map_err(|error| StoreError::Refused(error.to_string()))?;
            let request = || {
                self.client
                    .batch_get_item()
                    .request_items(&self.name, keys.clone())
                    .send()
            };
            let answer = self.tries(request, |_| None).await?;
            found.extend(answer.responses.into_iter().flatten().flat_map(|(_, items)| items));
            wanted = answer
                .unprocessed_keys
                .into_iter()
                .flatten()
                .flat_map(|(_, keys)| keys.keys)
                .collect();
        }
        Err(StoreError::Throttled("a batch read was left unfinished".into()))
    }

    /// Puts a row under a condition, in one round trip.
    pub(super) async fn put(&self, row: Row, condition: Expression) -> Result<Guarded<()>, StoreError> {
        let writer = self.writer();
        let item = row.into_item(&writer);
        let request = || {
            self.client
                .put_item()
                .table_name(&self.name)
                .set_item(Some(item.clone()))
                .condition_expression(&condition.text)
                .set_expression_attribute_values(values(&condition))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .send()
        };
        let answer = self
            .tries(request, |error| match error.as_service_error() {
                Some(aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed)) => {
                    Some(failed.item.clone())
                }
                _ => None,
            })
            .await;
        guarded(answer.map(drop), &writer, drop)
    }

    /// Changes a row under a condition, in one round trip, and answers the new row. The writer token is set with it.
    pub(super) async fn update(
        &self,
        key: &Key,
        set: Expression,
        condition: Expression,
    ) -> Result<Guarded<Item>, StoreError> {
        let writer = self.writer();
        let update = with_writer(set, &writer);
        // A try whose reply was lost must not apply twice.
        let condition_text = format!("({}) AND (attribute_not_exists(w) OR w <> :writer)", condition.text);
        let all_values: HashMap<_, _> = update
            .values
            .iter()
            .chain(&condition.values)
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let request = || {
            self.client
                .update_item()
                .table_name(&self.name)
                .set_key(Some(key_item(key)))
                .update_expression(&update.text)
                .condition_expression(&condition_text)
                .set_expression_attribute_values(Some(all_values.clone()))
                .return_values(ReturnValue::AllNew)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .send()
        };
        use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
        let answer = self
            .tries(request, |error| match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Some(failed.item.clone()),
                _ => None,
            })
            .await;
        guarded(
            answer.map(|answer| answer.attributes.unwrap_or_default()),
            &writer,
            |item| item,
        )
    }

    /// Writes all or nothing. Refused: the rows found where a condition did not hold, in the order of `writes`.
    pub(super) async fn transact(&self, writes: Vec<Write>) -> Result<Result<(), Vec<Option<Item>>>, StoreError> {
        let writer = self.writer();
        let writes = writes
            .into_iter()
            .map(|write| self.transact_item(write, &writer))
            .collect::<Result<Vec<_>, _>>()?;
        let request = || {
            self.client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()))
                .client_request_token(&writer)
                .send()
        };
        let answer = self.tries(request, |error| cancelled(error, &writer)).await;
        match answer {
            Ok(_) => Ok(Ok(())),
            Err(Failed::Condition(Reasons::Mine)) => Ok(Ok(())),
            Err(Failed::Condition(Reasons::Refused(items))) => Ok(Err(items)),
            Err(Failed::Error(error)) => Err(error),
        }
    }

    /// One page of a query. `after` is exclusive.
    pub(super) async fn query(&self, query: Query<'_>) -> Result<QueryPage, StoreError> {
        let (pk, sk) = match query.index {
            None => (attribute::PK, attribute::SK),
            Some(Index::List) => (attribute::LIST_PK, attribute::LIST_SK),
            Some(Index::Due) => (attribute::DUE_PK, attribute::DUE_SK),
        };
        let mut text_ = format!("{pk} = :pk");
        let mut values_ = HashMap::from([(":pk".to_owned(), text(query.partition))]);
        match query.range {
            Range::All => {}
            Range::BeginsWith(prefix) => {
                text_ += &format!(" AND begins_with({sk}, :prefix)");
                values_.insert(":prefix".into(), text(prefix));
            }
            Range::Below(end) => {
                text_ += &format!(" AND {sk} < :end");
                values_.insert(":end".into(), text(end));
            }
            Range::Between(start, end) => {
                text_ += &format!(" AND {sk} BETWEEN :start AND :end");
                values_.insert(":start".into(), text(start));
                values_.insert(":end".into(), text(end));
            }
        }
        let request = || {
            self.client
                .query()
                .table_name(&self.name)
                .set_index_name(query.index.map(|index| index.name().to_owned()))
                .consistent_read(query.index.is_none())
                .key_condition_expression(&text_)
                .set_expression_attribute_values(Some(values_.clone()))
                .scan_index_forward(!query.newest_first)
                .limit(query.limit as i32)
                .set_exclusive_start_key(query.start.clone())
                .send()
        };
        let answer = self.tries(request, |_| None).await?;
        Ok(QueryPage {
            items: answer.items.unwrap_or_default(),
            next: answer.last_evaluated_key,
        })
    }

    fn transact_item(&self, write: Write, writer: &str) -> Result<TransactWriteItem, StoreError> {
        let on_failure = ReturnValuesOnConditionCheckFailure::AllOld;
        let refused = |error: aws_sdk_dynamodb::error::BuildError| StoreError::Refused(error.to_string());
        let item = TransactWriteItem::builder();
        Ok(match write {
            Write::Put(row, condition) => {
                let put = Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(row.into_item(writer)))
                    .set_condition_expression(condition.as_ref().map(|condition| condition.text.clone()))
                    .set_expression_attribute_values(condition.as_ref().and_then(values))
                    .return_values_on_condition_check_failure(on_failure);
                item.put(put.build().map_err(refused)?).build()
            }
            Write::Update { key, set, condition } => {
                let update = with_writer(set, writer);
                let all = update.values.into_iter().chain(condition.values).collect();
                let update = Update::builder()
                    .table_name(&self.name)
                    .set_key(Some(key_item(&key)))
                    .update_expression(update.text)
                    .condition_expression(condition.text)
                    .set_expression_attribute_values(Some(all))
                    .return_values_on_condition_check_failure(on_failure);
                item.update(update.build().map_err(refused)?).build()
            }
            Write::Delete(key, condition) => {
                let delete = Delete::builder()
                    .table_name(&self.name)
                    .set_key(Some(key_item(&key)))
                    .condition_expression(&condition.text)
                    .set_expression_attribute_values(values(&condition))
                    .return_values_on_condition_check_failure(on_failure);
                item.delete(delete.build().map_err(refused)?).build()
            }
            Write::Check(key, condition) => {
                let check = ConditionCheck::builder()
                    .table_name(&self.name)
                    .set_key(Some(key_item(&key)))
                    .condition_expression(&condition.text)
                    .set_expression_attribute_values(values(&condition))
                    .return_values_on_condition_check_failure(on_failure);
                item.condition_check(check.build().map_err(refused)?).build()
            }
        })
    }

    /// Three tries. `condition` picks out failures that are answers, not troubles: they end the tries at once.
    async fn tries<T, E, F, C>(
        &self,
        mut request: impl FnMut() -> F,
        condition: impl Fn(&SdkError<E>) -> Option<C>,
    ) -> Result<T, Failed<C>>
    where
        F: Future<Output = Result<T, SdkError<E>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let mut tries = 0;
        loop {
            let error = match request().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if let Some(answer) = condition(&error) {
                return Err(Failed::Condition(answer));
            }
            tries += 1;
            let error = classify(&error);
            if tries >= TRIES_MAX || matches!(error, StoreError::Refused(_)) {
                return Err(Failed::Error(error));
            }
            tracing::debug!(%error, tries, "the table did not answer; trying again");
            self.wait(tries).await;
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the store's jittered retry")]
    async fn wait(&self, tries: u32) {
        let full = WAIT_MILLISECONDS << tries.min(4);
        let [jitter] = self.random.bytes::<1>();
        tokio::time::sleep(Duration::from_millis(full / 2 + full * u64::from(jitter) / 512)).await;
    }
}

/// Which index a query reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Index {
    List,
    Due,
}

impl Index {
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "gsi1",
            Self::Due => "gsi2",
        }
    }
}

/// Which sort keys a query reads.
#[derive(Debug, Clone)]
pub(super) enum Range {
    All,
    BeginsWith(String),
    Below(String),
    Between(String, String),
}

/// One query.
#[derive(Debug, Clone)]
pub(super) struct Query<'a> {
    pub index: Option<Index>,
    pub partition: &'a str,
    pub range: Range,
    pub newest_first: bool,
    pub limit: usize,
    pub start: Option<Item>,
}

/// One page of a query's answer.
#[derive(Debug)]
pub(super) struct QueryPage {
    pub items: Vec<Item>,
    pub next: Option<Item>,
}

enum Failed<C> {
    Condition(C),
    Error(StoreError),
}

/// Requests whose errors are all troubles never fail a condition.
impl From<Failed<()>> for StoreError {
    fn from(failed: Failed<()>) -> Self {
        match failed {
            Failed::Condition(()) => Self::Changed,
            Failed::Error(error) => error,
        }
    }
}

enum Reasons {
    /// The token in the row is ours: the transaction had been written, and its reply was lost.
    Mine,
    Refused(Vec<Option<Item>>),
}

fn guarded<T, R>(
    answer: Result<T, Failed<Option<Item>>>,
    writer: &str,
    done: impl Fn(T) -> R,
) -> Result<Guarded<R>, StoreError>
where
    T: FromLostReply,
{
    match answer {
        Ok(answer) => Ok(Guarded::Done(done(answer))),
        Err(Failed::Condition(Some(item))) if text_of(&item, attribute::WRITER) == writer => {
            Ok(Guarded::Done(done(T::from_lost_reply(item))))
        }
        Err(Failed::Condition(item)) => Ok(Guarded::Refused(item)),
        Err(Failed::Error(error)) => Err(error),
    }
}

/// What a write would have answered, had its reply not been lost: the row it left is what it wrote.
trait FromLostReply {
    fn from_lost_reply(item: Item) -> Self;
}

impl FromLostReply for () {
    fn from_lost_reply(_: Item) -> Self {}
}

impl FromLostReply for Item {
    fn from_lost_reply(item: Item) -> Self {
        item
    }
}

fn cancelled(error: &SdkError<TransactWriteItemsError>, writer: &str) -> Option<Reasons> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons();
    let code = |reason: &CancellationReason| reason.code.clone().unwrap_or_default();
    let is_mine = |reason: &CancellationReason| {
        reason
            .item
            .as_ref()
            .is_some_and(|item| text_of(item, attribute::WRITER) == writer)
    };
    if reasons.iter().any(is_mine) {
        return Some(Reasons::Mine);
    }
    // A conflict or throttling beside a failed condition: what the condition saw may be about to change. Try again.
    let only_conditions = reasons
        .iter()
        .all(|reason| matches!(code(reason).as_str(), "None" | "" | "ConditionalCheckFailed"));
    (only_conditions && reasons.iter().any(|reason| code(reason) == "ConditionalCheckFailed"))
        .then(|| Reasons::Refused(reasons.iter().map(|reason| reason.item.clone()).collect()))
}

fn classify<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &SdkError<E>) -> StoreError {
    let words = || aws_sdk_dynamodb::error::DisplayErrorContext(error).to_string();
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some(
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "LimitExceededException"
            | "TransactionInProgressException"
            | "TransactionConflictException"
            | "ReplicatedWriteConflictException",
        ) => StoreError::Throttled(words()),
        Some("TransactionCanceledException") => {
            let words = words();
            if words.contains("ValidationError") {
                StoreError::Refused(words)
            } else {
                StoreError::Throttled(words)
            }
        }
        Some("InternalServerError" | "ServiceUnavailable" | "InternalFailure") | None => {
            StoreError::Unavailable(words())
        }
        Some(_) => StoreError::Refused(words()),
    }
}

fn values(expression: &Expression) -> Option<HashMap<String, AttributeValue>> {
    (!expression.values.is_empty()).then(|| expression.values.clone())
}

/// Adds the writer token to an update expression, whose SET clause comes first.
fn with_writer(mut set: Expression, writer: &str) -> Expression {
    debug_assert!(set.text.starts_with("SET "));
    set.text = set.text.replacen("SET ", "SET w = :writer, ", 1);
    set.value(":writer", text(writer))
}
