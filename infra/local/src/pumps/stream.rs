//! Changes of the table: what Lambda's event source mapping does for a DynamoDB stream, with the template's settings.
//! Records are handed over in order; a batch that fails is cut in halves; a record that keeps failing is left to the
//! sweep, so that it does not hold up those behind it.

use std::time::Duration;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use serde_json::Value;

use super::{Drained, Invoked};
use crate::engine::{EngineError, StreamReader};
use crate::stop::Stop;

/// Retries of one record, as in the template.
pub const RETRIES_MAX: u32 = 2;

/// Wait before a retry, where time is the machine's.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Wait after the engine failed.
const ENGINE_PAUSE: Duration = Duration::from_secs(1);

/// Wakes one function with the changes of the table that it asked for.
pub struct StreamPump {
    reader: StreamReader,
    function: Invoked,
}

/// Records to hand over, and how often the first of them has failed.
struct Batch {
    records: Vec<EventRecord>,
    failures: u32,
}

impl StreamPump {
    pub(super) fn new(reader: StreamReader, pattern: &str, function: Invoked) -> Result<Self, EngineError> {
        let pattern: Value = serde_json::from_str(pattern)?;
        let reader = reader.only(move |record| matches(&pattern, record));
        Ok(Self { reader, function })
    }

    /// Hands over every change there is, those included that come of it.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn drain(&mut self) -> Result<Drained, EngineError> {
        let mut all = Drained::default();
        while let Some(event) = self.reader.try_next().await? {
            all += self.hand_over(event, Duration::ZERO).await;
        }
        Ok(all)
    }

    /// Hands over changes as they happen, until it is told to stop.
    pub(super) async fn run(mut self, mut stop: Stop) {
        loop {
            let event = tokio::select! {
                biased;
                () = stop.said() => return,
                event = self.reader.next() => event,
            };
            match event {
                Ok(event) => _ = self.hand_over(event, RETRY_PAUSE).await,
                Err(error) => {
                    let error = super::with_sources(&error);
                    tracing::error!(
                        function = self.function.name,
                        error,
                        "the table's stream cannot be read; trying again"
                    );
                    tokio::time::sleep(ENGINE_PAUSE).await;
                }
            }
        }
    }

    async fn hand_over(&self, event: Event, pause: Duration) -> Drained {
        let mut drained = Drained::default();
        // The last one is next: halves are pushed in reverse.
        let mut batches = vec![Batch {
            records: event.records,
            failures: 0,
        }];
        while let Some(batch) = batches.pop() {
            if batch.records.is_empty() {
                continue;
            }
            let handled = self.attempt(&batch).await;
            drained.handled += handled.unwrap_or(0);
            let (next, dropped) = batch.after(handled);
            drained.dropped += usize::from(dropped);
            if dropped {
                tracing::error!(
                    function = self.function.name,
                    "a change was dropped; the sweep will find its row"
                );
            }
            if next.iter().any(|batch| batch.failures > 0) {
                tokio::time::sleep(pause).await;
            }
            batches.extend(next);
        }
        drained
    }

    /// How many records were handled before the first that failed; none when the function failed as a whole.
    async fn attempt(&self, batch: &Batch) -> Option<usize> {
        let mut event = Event::default();
        event.records.clone_from(&batch.records);
        let answer = self.function.with(&event).await.ok()?;
        if matches!(answer.as_str(), "" | "null" | "{}") {
            return Some(batch.records.len());
        }
        let response: DynamoDbEventResponse = serde_json::from_str(&answer).ok()?;
        let mut first = batch.records.len();
        for failure in response.batch_item_failures {
            let number = failure.item_identifier?;
            let place = batch
                .records
                .iter()
                .position(|r| r.change.sequence_number.as_ref() == Some(&number))?;
            first = first.min(place);
        }
        Some(first)
    }
}

impl Batch {
    /// What is left to hand over after an attempt, what comes next last; and whether the first record was given up.
    fn after(mut self, handled: Option<usize>) -> (Vec<Self>, bool) {
        let (mut rest, failures) = match handled {
            None if self.records.len() > 1 => {
                let second = self.records.split_off(self.records.len() / 2);
                return (
                    vec![
                        Self {
                            records: second,
                            failures: 0,
                        },
                        Self {
                            records: self.records,
                            failures: 0,
                        },
                    ],
                    false,
                );
            }
            // Nothing is left, and nothing to wait for.
            Some(handled) if handled >= self.records.len() => return (Vec::new(), false),
            None | Some(0) => (self.records, self.failures + 1),
            Some(handled) => (self.records.split_off(handled), 1),
        };
        let give_up = !rest.is_empty() && failures > RETRIES_MAX;
        if give_up {
            rest.remove(0);
        }
        (
            vec![Self {
                records: rest,
                failures: if give_up { 0 } else { failures },
            }],
            give_up,
        )
    }
}

/// Whether `value` matches a filter pattern of AWS: an object asks for every one of its fields, an array for one of its
/// values. The rest of that language (prefixes, ranges, negations) is not used.
fn matches(pattern: &Value, value: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields
            .iter()
            .all(|(name, pattern)| value.get(name).is_some_and(|value| matches(pattern, value))),
        Value::Array(values) => values.contains(value),
        _ => false,
    }
}
