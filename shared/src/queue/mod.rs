//! Hints: "look at this row then". A queue message carries an id and no truth. When one is lost, late, doubled or out of
//! order nothing is: the row has its due time, and the sweep finds it within a minute.

mod memory;
mod sqs;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::delivery::{DeliveryKey, NotADeliveryKey};
use crate::domain::id::{IncidentId, PageId, SubscriberId};
use crate::domain::status::{News, NoticeKey};

pub use memory::{MemoryQueue, Waiting};
pub use sqs::{QueueUnreached, SqsQueue};

/// A row to look at, and when. The body of a queue message, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint<T> {
    /// Which row.
    #[serde(flatten)]
    pub what: T,
    /// Not before this.
    pub due: Timestamp,
}

/// An incident, in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentHint {
    /// Its id.
    pub incident_id: IncidentId,
}

/// A status page, in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageHint {
    /// Its id.
    pub page_id: PageId,
}

/// A delivery, in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryHint {
    /// What it is about.
    pub subject: String,
    /// Its name within the subject.
    pub message: String,
}

impl From<&DeliveryKey> for DeliveryHint {
    fn from(key: &DeliveryKey) -> Self {
        Self {
            subject: key.subject.to_string(),
            message: key.message(),
        }
    }
}

impl DeliveryHint {
    /// The delivery's key.
    ///
    /// # Errors
    /// When the message was not made by us.
    pub fn key(&self) -> Result<DeliveryKey, NotADeliveryKey> {
        DeliveryKey::parse(&self.subject, &self.message)
    }
}

/// News for a page's subscribers, or for one of them, in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeHint {
    /// The news.
    pub news: News,
    /// For whom; none: for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriber_id: Option<SubscriberId>,
}

impl From<&NoticeKey> for NoticeHint {
    fn from(key: &NoticeKey) -> Self {
        Self {
            news: key.news,
            subscriber_id: Some(key.subscriber_id),
        }
    }
}

impl From<News> for NoticeHint {
    fn from(news: News) -> Self {
        Self {
            news,
            subscriber_id: None,
        }
    }
}

/// Longest delay a queue keeps (SQS: 900 s). What is due later is found by the sweep.
pub const DELAY_SECONDS_MAX: i64 = 900;

/// One queue.
#[derive(Debug, Clone)]
pub enum Queue {
    /// In this process.
    Memory(MemoryQueue),
    /// Amazon SQS.
    Sqs(SqsQueue),
    /// None: the sweep does it all.
    Absent,
}

/// The queues by which functions wake one another.
#[derive(Debug, Clone)]
pub struct Queues {
    /// Wakes `escalation`.
    pub escalation: Queue,
    /// Wakes `notification`.
    pub notification: Queue,
    /// Wakes `status-publish`.
    pub publication: Queue,
    /// Wakes `subscriber-notice`. Its own, so that 10,000 notices never stand before a page.
    pub notice: Queue,
}

impl Queue {
    /// Opens the connection, so that the first hint does not wait for it.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub async fn open(&self) -> Result<(), QueueUnreached> {
        match self {
            Self::Sqs(queue) => queue.open().await,
            Self::Memory(_) | Self::Absent => Ok(()),
        }
    }

    /// Sends hints for those of `rows` that are due within what a queue can delay. A hint that cannot be sent costs at
    /// most a minute, and is no reason to fail the work that is done already: it is logged.
    pub async fn hint<T: Serialize>(&self, rows: impl IntoIterator<Item = Hint<T>>, now: Timestamp) {
        let near = rows.into_iter().filter_map(|hint| {
            let delay = delay_seconds(hint.due, now);
            let body = (delay <= DELAY_SECONDS_MAX).then(|| serde_json::to_string(&hint).ok())??;
            Some(Message {
                body,
                delay_seconds: delay as u32,
                due: hint.due,
            })
        });
        let messages: Vec<Message> = near.collect();
        match self {
            Self::Memory(queue) => queue.send(messages, now),
            Self::Sqs(queue) => queue.send(messages).await,
            Self::Absent => {}
        }
    }
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The hint, as JSON.
    pub body: String,
    /// How long the queue keeps it back: rounded up, so that it does not come early.
    pub delay_seconds: u32,
    /// When it is wanted.
    pub due: Timestamp,
}

/// Seconds until `due`, rounded up; 0 when it has passed.
fn delay_seconds(due: Timestamp, now: Timestamp) -> i64 {
    let milliseconds = due.as_millisecond() - now.as_millisecond();
    if milliseconds <= 0 {
        0
    } else {
        (milliseconds + 999) / 1000
    }
}
