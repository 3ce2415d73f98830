//! Amazon SQS: batches of ten, delays of at most 900 s.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use futures_util::future;

use super::Message;

/// A queue of Amazon SQS.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

/// The queue did not answer, or the function may not speak to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the queue cannot be reached: {0}")]
pub struct QueueUnreached(String);

/// Messages of one `SendMessageBatch`.
const BATCH_MESSAGES_MAX: usize = 10;

impl SqsQueue {
    /// The queue at `url`.
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// The cheapest question there is, for the sake of the connection it leaves open.
    pub(super) async fn open(&self) -> Result<(), QueueUnreached> {
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let asked = request.attribute_names(QueueAttributeName::QueueArn).send().await;
        asked
            .map(drop)
            .map_err(|error| QueueUnreached(DisplayErrorContext(&error).to_string()))
    }

    pub(super) async fn send(&self, messages: Vec<Message>) {
        let batches = messages.chunks(BATCH_MESSAGES_MAX).map(|batch| self.send_batch(batch));
        future::join_all(batches).await;
    }

    async fn send_batch(&self, batch: &[Message]) {
        let entries = batch.iter().enumerate().map(|(place, message)| {
            SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(&message.body)
                .delay_seconds(message.delay_seconds as i32)
                .build()
        });
        let entries = match entries.collect::<Result<Vec<_>, _>>() {
            Ok(entries) => entries,
            Err(error) => return tracing::error!(%error, "a hint cannot be written"),
        };
        match self
            .client
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries))
            .send()
            .await
        {
            Err(error) => tracing::warn!(
                error = %DisplayErrorContext(&error),
                "hints were not sent; the sweep will find the rows"
            ),
            Ok(answer) if !answer.failed.is_empty() => {
                tracing::warn!(
                    failed = answer.failed.len(),
                    "hints were not sent; the sweep will find the rows"
                );
            }
            Ok(_) => {}
        }
    }
}
