//! What is due: one list per kind and shard, read to its end.

use futures_util::future;
use jiff::Timestamp;

use super::Store;
use super::keys::{self, IndexKey, Key, SHARDS};
use super::row::{attribute, number, text, text_of};
use super::table::{Expression, Index, Query, Range, StoreError};
use crate::domain::delivery::DeliveryKey;
use crate::domain::id::{IncidentId, PageId};
use crate::domain::limits;
use crate::domain::status::{News, NoticeKey};
use crate::domain::time::after_seconds;

/// Something that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due<T> {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: T,
}

/// A key of a due list.
pub trait DueList: Sized {
    /// Its name in the list's partition.
    const NAME: &'static str;

    /// Reads it from what stands behind the time.
    fn parse(text: &str) -> Option<Self>;
}

impl DueList for IncidentId {
    const NAME: &'static str = "INC";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl DueList for DeliveryKey {
    const NAME: &'static str = "DLV";

    fn parse(text: &str) -> Option<Self> {
        let (subject, message) = text.split_once('#')?;
        Self::parse(subject, message).ok()
    }
}

/// A page on which a publication is due: what else stands behind the time only keeps two of them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicationDue(pub PageId);

impl DueList for PublicationDue {
    const NAME: &'static str = "PUB";

    fn parse(text: &str) -> Option<Self> {
        Some(Self(text.split_once('#')?.0.parse().ok()?))
    }
}

/// A page on which a maintenance begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaintenanceDue(pub PageId);

impl DueList for MaintenanceDue {
    const NAME: &'static str = "MNT";

    fn parse(text: &str) -> Option<Self> {
        Some(Self(text.split_once('#')?.0.parse().ok()?))
    }
}

/// News for a page's subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BulletinDue(pub News);

impl DueList for BulletinDue {
    const NAME: &'static str = "BUL";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

impl DueList for NoticeKey {
    const NAME: &'static str = "NTC";

    fn parse(text: &str) -> Option<Self> {
        let (news, subscriber) = text.split_once('#')?;
        Some(Self {
            news: news.parse().ok()?,
            subscriber_id: subscriber.parse().ok()?,
        })
    }
}

const ROWS_PER_QUERY: usize = 1_000;

impl Store {
    /// Everything of one kind that is due until `until`, earliest first: one query a shard where there is little.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn due<T: DueList>(&self, until: Timestamp) -> Result<Vec<Due<T>>, StoreError> {
        let shards = (0..SHARDS).map(|shard| self.due_in_shard(shard, until));
        let mut due: Vec<Due<T>> = future::try_join_all(shards).await?.into_iter().flatten().collect();
        due.sort_by_key(|due| due.at);
        Ok(due)
    }

    /// Moves an incident whose row cannot be read back in the due list, longer each time. Answers how often it has been.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn postpone(&self, id: IncidentId, now: Timestamp) -> Result<u32, StoreError> {
        let key = Key::incident(id);
        let seen = self
            .table
            .get(&key)
            .await?
            .and_then(|item| item.get("postponed")?.as_n().ok()?.parse().ok());
        let strikes: u32 = seen.unwrap_or(0) + 1;
        let seconds = if strikes >= limits::STRIKES_MAX {
            limits::STUCK_RETRY_SECONDS
        } else {
            15 << strikes
        };
        let due = IndexKey::incident_due(id, after_seconds(now, seconds));
        let set = Expression::new("SET postponed = :strikes, pk2 = :due_pk, sk2 = :due_sk")
            .value(":strikes", number(strikes))
            .value(":due_pk", text(due.pk))
            .value(":due_sk", text(due.sk));
        let still_due = Expression::new("sk2 < :now").value(":now", text(keys::due_until(now)));
        self.table.update(&key, set, still_due).await?;
        Ok(strikes)
    }

    async fn due_in_shard<T: DueList>(&self, shard: u8, until: Timestamp) -> Result<Vec<Due<T>>, StoreError> {
        let partition = keys::due_partition(T::NAME, shard);
        let mut due = Vec::new();
        let mut start = None;
        loop {
            let (range, limit) = (Range::Below(keys::due_until(until)), ROWS_PER_QUERY);
            let query = Query {
                index: Some(Index::Due),
                partition: &partition,
                range,
                newest_first: false,
                limit,
                start,
            };
            let page = self.table.query(query).await?;
            due.extend(page.items.iter().filter_map(|item| {
                let (at, what) = keys::parse_due(text_of(item, attribute::DUE_SK))?;
                Some(Due {
                    at,
                    what: T::parse(what)?,
                })
            }));
            if page.next.is_none() {
                return Ok(due);
            }
            start = page.next;
        }
    }
}
