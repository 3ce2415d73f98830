//! The outbox of the local home: what would have been sent, kept in the table so that a person can read it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Store;
use super::cursor::{Page, PageRequest, cursor};
use super::keys::{IndexKey, Key};
use super::row::{self, Row};
use super::table::{Expression, StoreError};
use crate::domain::id::{EventId, IncidentId};
use crate::domain::people::Medium;

/// A message that would have been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboxMessage {
    /// Its place in the outbox.
    pub id: EventId,
    /// When it would have been sent.
    pub at: Timestamp,
    /// How.
    pub channel: Medium,
    /// To which number or address.
    pub to: String,
    /// Its subject, where there is one.
    #[serde(default)]
    pub subject: Option<String>,
    /// Its words.
    pub body: String,
    /// The incident it is about, if it is about one.
    #[serde(default)]
    pub incident_id: Option<IncidentId>,
    /// The delivery it is.
    pub delivery_id: String,
}

/// How long messages stay.
const OUTBOX_DAYS: i64 = 30;

impl Store {
    /// Keeps a message instead of sending it.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn add_to_outbox(&self, message: &OutboxMessage) -> Result<(), StoreError> {
        let expires = crate::domain::time::after_seconds(message.at, OUTBOX_DAYS * 86_400);
        let row = Row::of(Key::outbox(message.id), "outbox", message)?
            .list(Some(IndexKey::listed("outbox", message.id)))
            .expires(Some(expires));
        self.table.put(row, Expression::absent()).await.map(drop)
    }

    /// A page of the outbox, newest first.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn outbox(&self, page: &PageRequest) -> Result<Page<OutboxMessage>, StoreError> {
        let (candidates, more) = self.table.candidates(&["LIST#outbox".into()], page).await?;
        let next = candidates
            .last()
            .filter(|_| more)
            .map(|candidate| cursor(&candidate.place));
        let wanted = candidates.into_iter().map(|candidate| Key {
            pk: candidate.pk,
            sk: "OUT".into(),
        });
        let mut items = Vec::new();
        for item in self.table.get_many(wanted.collect()).await? {
            items.push(row::read::<OutboxMessage>(item)?.value);
        }
        items.sort_by_key(|message| std::cmp::Reverse(message.id));
        Ok(Page { items, next })
    }
}
