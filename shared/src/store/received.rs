//! When integrations last received anything.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Store;
use super::keys::{self, Key};
use super::row::{self, attribute, number, text, text_of};
use super::table::{Expression, StoreError};
use crate::domain::id::IntegrationId;

#[derive(Serialize, Deserialize)]
struct Received {
    last_received_at: Timestamp,
}

impl Store {
    /// Notes that an integration received something at `now`, unless something later is noted.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn note_received(&self, id: IntegrationId, now: Timestamp) -> Result<(), StoreError> {
        let set = format!("SET last_received_at = :at, {} = :kind, v = :v", attribute::KIND);
        let set = Expression::new(set)
            .value(":at", text(now.to_string()))
            .value(":kind", text("received"))
            .value(":v", number(1));
        let is_later = Expression::new("attribute_not_exists(last_received_at) OR last_received_at < :at");
        self.table.update(&Key::received(id), set, is_later).await.map(drop)
    }

    /// When each of these integrations last received something, to the minute; those that never did are left out.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn last_received(
        &self,
        ids: impl IntoIterator<Item = IntegrationId>,
    ) -> Result<HashMap<IntegrationId, Timestamp>, StoreError> {
        let keys: Vec<Key> = ids.into_iter().map(Key::received).collect();
        let mut found = HashMap::new();
        for item in self.table.get_many(keys).await? {
            let id = keys::id_part(text_of(&item, attribute::PK)).parse();
            let received: Received = row::read(item)?.value;
            if let Ok(id) = id {
                found.insert(id, received.last_received_at);
            }
        }
        Ok(found)
    }
}
