//! Messages that are due: what Lambda's event source mapping does for SQS.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use jiff::Timestamp;
use shared::domain::time::after_seconds;
use shared::queue::{MemoryQueue, Queue, Waiting};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::event::{self, message_id};
use super::{Drained, Invoked};
use crate::stop::Stop;
use crate::triggers::QueueName;

/// Messages of one event, as in the template.
pub const BATCH_MESSAGES: usize = 10;

/// How often a message is received before it is dropped, as in the template.
pub const RECEIVES_MAX: u32 = 5;

/// How long a failed message waits, in seconds. Shorter than SQS would take: a person watches.
pub const RETRY_SECONDS: i64 = 10;

/// Longest sleep while a message waits for its time: the machine's clock may be set, or the machine have slept.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Wakes one function with the messages of one queue.
#[derive(Clone)]
pub struct QueuePump {
    name: QueueName,
    queue: MemoryQueue,
    at_once: usize,
    function: Invoked,
}

impl QueuePump {
    /// None when the queue is not in this process.
    pub(super) fn new(name: QueueName, at_once: usize, function: Invoked) -> Option<Self> {
        let Queue::Memory(queue) = name.of(&function.ctx.queues) else {
            return None;
        };
        Some(Self {
            name,
            queue: queue.clone(),
            at_once,
            function,
        })
    }

    /// Hands over every message whose time has come at `now`, batch after batch, those included that come of it.
    pub async fn drain(&self, now: Timestamp) -> Drained {
        let mut all = Drained::default();
        loop {
            let batch = self.queue.receive(now, BATCH_MESSAGES);
            if batch.is_empty() {
                return all;
            }
            all += self.hand_over(batch, now).await;
        }
    }

    /// Hands over what is due when it is due, several batches at once, until it is told to stop; then it waits for those
    /// under way.
    pub(super) async fn run(self, mut stop: Stop) {
        let places = Arc::new(Semaphore::new(self.at_once));
        let mut running = JoinSet::new();
        loop {
            // A place first: messages that nobody has time for stay in the queue.
            let place = tokio::select! {
                biased;
                () = stop.said() => break,
                place = Arc::clone(&places).acquire_owned() => place,
            };
            let now = self.function.ctx.clock.now();
            let batch = self.queue.receive(now, BATCH_MESSAGES);
            if batch.is_empty() {
                drop(place);
                tokio::select! {
                    biased;
                    () = stop.said() => break,
                    () = self.may_be_due(now) => {}
                }
                continue;
            }
            let pump = self.clone();
            running.spawn(async move {
                pump.hand_over(batch, now).await;
                drop(place);
            });
            while running.try_join_next().is_some() {}
        }
        while running.join_next().await.is_some() {}
    }

    /// Until something was sent, or the next message's time has come.
    async fn may_be_due(&self, now: Timestamp) {
        match self.queue.next_due() {
            None => self.queue.changed().await,
            Some(due) => {
                let wait = Duration::try_from(due.duration_since(now)).unwrap_or_default();
                let wait = wait.clamp(Duration::from_millis(1), LOOK_AGAIN);
                // Elapsed or changed: either way the queue is looked at again.
                let _ = tokio::time::timeout(wait, self.queue.changed()).await;
            }
        }
    }

    async fn hand_over(&self, batch: Vec<Waiting>, now: Timestamp) -> Drained {
        let answer = self.function.with(&event::sqs(self.name.as_str(), &batch, now)).await;
        let failed = match answer {
            Ok(answer) => failed_ids(&answer, &batch),
            Err(_) => None,
        };
        let is_failed = |message: &Waiting| failed.as_ref().is_none_or(|ids| ids.contains(&message_id(message)));
        let mut drained = Drained::default();
        for message in batch {
            if !is_failed(&message) {
                drained.handled += 1;
            } else if message.received >= RECEIVES_MAX {
                drained.dropped += 1;
                let received = message.received;
                tracing::error!(
                    function = self.function.name,
                    received,
                    "a hint was dropped; the sweep will find its row"
                );
            } else {
                drained.put_back += 1;
                self.queue.put_back(
                    message,
                    after_seconds(self.function.ctx.clock.now().max(now), RETRY_SECONDS),
                );
            }
        }
        drained
    }
}

/// The messages that the answer names as failed. None: all of them, as SQS takes an answer it cannot read, or one that
/// names a message it did not send.
fn failed_ids(answer: &str, batch: &[Waiting]) -> Option<Vec<String>> {
    // No answer at all is success, too.
    if matches!(answer, "" | "null" | "{}") {
        return Some(Vec::new());
    }
    let response: SqsBatchResponse = serde_json::from_str(answer).ok()?;
    let ids: Vec<String> = response
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier)
        .collect();
    let sent: Vec<String> = batch.iter().map(message_id).collect();
    ids.iter().all(|id| sent.contains(id)).then_some(ids)
}
