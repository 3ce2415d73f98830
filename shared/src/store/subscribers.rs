//! Subscribers of pages. They are in no index: a page's are read shard after shard, in the order of their ids.

use futures_util::future;
use jiff::Timestamp;

use super::Store;
use super::audit::{Change, Happened};
use super::incidents::Applied;
use super::keys::{self, Key, SHARDS};
use super::notices;
use super::row::{self, Row, Versioned};
use super::table::{Expression, Query, Range, StoreError, Write};
use crate::domain::id::{PageId, SubscriberId};
use crate::domain::status::{Notice, Subscriber};

/// Some of a page's subscribers, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribersPage {
    /// They.
    pub items: Vec<Versioned<Subscriber>>,
    /// Whether more may follow.
    pub more: bool,
}

/// Behind every id.
const LAST: &str = "sub_~";
/// Rows of one query of them all.
const ROWS_PER_QUERY: usize = 1_000;

impl Store {
    /// One subscriber, read consistently. Whether they are there still is for [`Subscriber::is_live`] to say.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn subscriber(
        &self,
        page: PageId,
        id: SubscriberId,
    ) -> Result<Option<Versioned<Subscriber>>, StoreError> {
        let item = self.table.get(&Key::subscriber(page, id)).await?;
        Ok(item.map(row::read).transpose()?)
    }

    /// At most `limit` subscribers of a page whose ids come after `after`, those who are not there any more included.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn subscribers(
        &self,
        page: PageId,
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Result<SubscribersPage, StoreError> {
        let mut items = Vec::new();
        let first = after.map_or(0, keys::subscriber_shard);
        for shard in first..SHARDS {
            let partition = keys::subscribers_of(page, shard);
            let range = match after.filter(|_| shard == first) {
                Some(after) => Range::Between(format!("{after}~"), LAST.into()),
                None => Range::All,
            };
            let mut start = None;
            loop {
                let query = Query {
                    index: None,
                    partition: &partition,
                    range: range.clone(),
                    newest_first: false,
                    // One more tells whether there are more.
                    limit: limit + 1 - items.len(),
                    start,
                };
                let found = self.table.query(query).await?;
                for item in found.items {
                    items.push(row::read(item)?);
                }
                if items.len() > limit {
                    items.truncate(limit);
                    return Ok(SubscribersPage { items, more: true });
                }
                start = found.next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(SubscribersPage { items, more: false })
    }

    /// Shows `visit` every subscriber of a page, in no particular order, those who are not there any more included. The
    /// shards are read beside one another.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn each_subscriber(&self, page: PageId, mut visit: impl FnMut(&Subscriber)) -> Result<(), StoreError> {
        let mut open: Vec<_> = (0..SHARDS)
            .map(|shard| (keys::subscribers_of(page, shard), None))
            .collect();
        while !open.is_empty() {
            let asked = open.drain(..).map(async |(partition, start)| {
                let query = Query {
                    index: None,
                    partition: &partition,
                    range: Range::All,
                    newest_first: false,
                    limit: ROWS_PER_QUERY,
                    start,
                };
                let found = self.table.query(query).await?;
                Ok::<_, StoreError>((partition, found))
            });
            for (partition, found) in future::try_join_all(asked).await? {
                for item in found.items {
                    visit(&row::read::<Subscriber>(item)?.value);
                }
                open.extend(found.next.map(|start| (partition, Some(start))));
            }
        }
        Ok(())
    }

    /// Writes a subscriber over the version that was read (none: they were not there), with the notice that goes to them.
    /// What an admin changes is remembered in the audit log, without the address.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn write_subscriber(
        &self,
        before: Option<&Versioned<Subscriber>>,
        after: &Subscriber,
        notice: Option<&Notice>,
        change: Option<&Change<'_>>,
    ) -> Result<Applied, StoreError> {
        let (version, condition) = match before {
            Some(before) => (before.version + 1, Expression::version(before.version)),
            None => (1, Expression::absent()),
        };
        let row = subscriber_row(after)?.version(version);
        let mut writes = vec![Write::Put(row, Some(condition))];
        if let Some(notice) = notice {
            writes.push(Write::Put(notices::notice_row(notice)?, None));
        }
        if let Some(change) = change {
            let action = if before.is_some() { "updated" } else { "created" };
            writes.push(self.audit_subscriber(action, after.id, change)?);
        }
        self.applied(writes).await
    }

    /// Removes a subscriber of this version.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn remove_subscriber(
        &self,
        before: &Versioned<Subscriber>,
        change: Option<&Change<'_>>,
    ) -> Result<Applied, StoreError> {
        let Subscriber { page_id, id, .. } = before.value;
        let key = Key::subscriber(page_id, id);
        let mut writes = vec![Write::Delete(key, Expression::version(before.version))];
        if let Some(change) = change {
            writes.push(self.audit_subscriber("deleted", id, change)?);
        }
        self.applied(writes).await
    }

    fn audit_subscriber(
        &self,
        action: &'static str,
        id: SubscriberId,
        change: &Change<'_>,
    ) -> Result<Write, StoreError> {
        let happened = Happened {
            action,
            object: "subscriber",
            object_id: id.to_string(),
            facts: serde_json::Value::Null,
        };
        self.happened(&happened, change)
    }
}

fn subscriber_row(subscriber: &Subscriber) -> Result<Row, StoreError> {
    let expires: Option<Timestamp> = subscriber.expires_at();
    Ok(Row::of(
        Key::subscriber(subscriber.page_id, subscriber.id),
        "subscriber",
        subscriber,
    )?
    .expires(expires))
}
