//! The table's stream as a Lambda gets it: batches of the real event type, in order, nothing polled.

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::Event;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Access, Engine, EngineError, REGION};

/// Records in one event, as in the template's event source mappings.
pub const BATCH_RECORDS: usize = 100;

/// Where a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the oldest record still kept.
    TrimHorizon,
    /// With the next write. Enough after a restart: the stream is a fast path, and the sweep of what is due finds
    /// whatever nobody was awake to read.
    Latest,
}

/// One reader's place in a stream.
pub struct StreamReader {
    engine: Arc<Engine>,
    written: watch::Receiver<()>,
    arn: String,
    iterator: String,
    wants: Option<Wants>,
}

/// Whether a record, in the Streams API's JSON, is wanted.
type Wants = Arc<dyn Fn(&Value) -> bool + Send + Sync>;

impl StreamReader {
    pub(super) fn open(engine: Arc<Engine>, table_name: &str, start: Start) -> Result<Self, EngineError> {
        let none = || EngineError::NoStream(table_name.to_owned());
        let db = &engine.database;
        let listed = db.list_streams(ListStreamsRequest {
            table_name: Some(table_name.to_owned()),
            ..Default::default()
        })?;
        let stream_arn = listed.streams.into_iter().next().ok_or_else(none)?.stream_arn;
        let described = db.describe_stream(DescribeStreamRequest {
            stream_arn: stream_arn.clone(),
            ..Default::default()
        })?;
        let shard = described
            .stream_description
            .shards
            .into_iter()
            .next()
            .ok_or_else(none)?;
        let shard_iterator_type = match start {
            Start::TrimHorizon => "TRIM_HORIZON",
            Start::Latest => "LATEST",
        };
        let request = GetShardIteratorRequest {
            stream_arn: stream_arn.clone(),
            shard_id: shard.shard_id,
            shard_iterator_type: shard_iterator_type.to_owned(),
            sequence_number: None,
        };
        let iterator = db.get_shard_iterator(request)?.shard_iterator.ok_or_else(none)?;
        let arn = stream_arn.replace(dynoxide::streams::LOCAL_REGION, REGION);
        let written = engine.written.subscribe();
        Ok(Self {
            engine,
            written,
            arn,
            iterator,
            wants: None,
        })
    }

    /// Leaves out the records that are not wanted. That is decided before they are made events, which costs more than
    /// all else about them: most writes are of rows that no function asked for.
    #[must_use]
    pub fn only(mut self, wants: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.wants = Some(Arc::new(wants));
        self
    }

    /// The next records, at most [`BATCH_RECORDS`] and at least one; waits for a write, without polling, when there are
    /// none. A wait that is dropped loses nothing.
    ///
    /// # Errors
    /// When the engine fails; the place is kept, and the next call reads from it again.
    pub async fn next(&mut self) -> Result<Event, EngineError> {
        loop {
            // Marked before reading: what is written after the read shows as a change.
            self.written.mark_unchanged();
            if let Some(event) = self.try_next().await? {
                return Ok(event);
            }
            if self.written.changed().await.is_err() {
                // Its sender is in `self.engine`.
                unreachable!("a reader keeps its engine alive");
            }
        }
    }

    /// The next records if there are any now.
    ///
    /// # Errors
    /// As [`StreamReader::next`].
    pub async fn try_next(&mut self) -> Result<Option<Event>, EngineError> {
        loop {
            let request = GetRecordsRequest {
                shard_iterator: self.iterator.clone(),
                limit: Some(BATCH_RECORDS),
            };
            let (arn, wants) = (self.arn.clone(), self.wants.clone());
            let (read, event, next) = self
                .engine
                .run(Access::Read, move |engine| {
                    let read = engine.database.get_records(request)?;
                    let event = event(serde_json::to_value(&read.records)?, wants.as_ref(), &arn)?;
                    Ok::<_, EngineError>((read.records.len(), event, read.next_shard_iterator))
                })
                .await??;
            if let Some(next) = next {
                self.iterator = next;
            }
            if read == 0 {
                return Ok(None);
            }
            if !event.records.is_empty() {
                return Ok(Some(event));
            }
        }
    }
}

/// Records as the Streams API has them, made an event as Lambda has it.
fn event(mut records: Value, wants: Option<&Wants>, arn: &str) -> Result<Event, serde_json::Error> {
    if let (Some(records), Some(wants)) = (records.as_array_mut(), wants) {
        records.retain(|record| wants(record));
    }
    for record in records.as_array_mut().into_iter().flatten() {
        record["awsRegion"] = json!(REGION);
        record["eventSourceARN"] = json!(arn);
    }
    let mut event: Event = serde_json::from_value(json!({ "Records": records }))?;
    // A write that changes nothing is no record on AWS; the engine emits one.
    event
        .records
        .retain(|r| r.event_name != "MODIFY" || r.change.new_image != r.change.old_image);
    Ok(event)
}
