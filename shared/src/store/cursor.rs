//! Pages of lists, newest first, with opaque cursors; one list may be spread over several partitions.

use data_encoding::BASE64URL_NOPAD;
use futures_util::future;

use super::row::{Item, attribute, text_of};
use super::table::{Index, Query, Range, StoreError, Table};
use crate::domain::limits;

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Items at most (1 to [`limits::PAGE_ITEMS_MAX`]).
    pub limit: usize,
    /// Where the page before ended.
    after: Option<String>,
}

/// A text that is not a cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor from an earlier answer")]
pub struct BadCursor;

impl PageRequest {
    /// A page of at most `limit` items, after the cursor of an earlier answer.
    ///
    /// # Errors
    /// When the cursor was not made here.
    pub fn new(limit: usize, cursor: Option<&str>) -> Result<Self, BadCursor> {
        let read = |cursor: &str| {
            let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| BadCursor)?;
            let after = String::from_utf8(bytes).map_err(|_| BadCursor)?;
            if after.is_empty() || after.len() > 256 {
                Err(BadCursor)
            } else {
                Ok(after)
            }
        };
        let after = cursor.map(read).transpose()?;
        Ok(Self {
            limit: limit.clamp(1, limits::PAGE_ITEMS_MAX),
            after,
        })
    }

    /// The first page, as large as a page may be.
    pub fn first() -> Self {
        Self {
            limit: limits::PAGE_ITEMS_MAX,
            after: None,
        }
    }

    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    pub(super) fn moved(&self, after: Option<String>) -> Self {
        Self {
            limit: self.limit,
            after,
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// The cursor of the next page; none on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The same page of something made from each item.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(make).collect(),
            next: self.next,
        }
    }
}

/// The cursor of a page that ended at this sort key.
pub(super) fn cursor(sort_key: &str) -> String {
    BASE64URL_NOPAD.encode(sort_key.as_bytes())
}

/// A candidate of a list: the base row's partition, and its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub pk: String,
    pub place: String,
}

impl Table {
    /// The next candidates over all `partitions` of a list, newest first, and whether more may follow.
    pub(super) async fn candidates(
        &self,
        partitions: &[String],
        page: &PageRequest,
    ) -> Result<(Vec<Candidate>, bool), StoreError> {
        let one = |partition| async move {
            let range = page.after().map_or(Range::All, |after| Range::Below(after.to_owned()));
            let query = Query {
                index: Some(Index::List),
                partition,
                range,
                newest_first: true,
                limit: page.limit + 1,
                start: None,
            };
            self.query(query).await
        };
        let pages = future::try_join_all(partitions.iter().map(|partition| one(partition))).await?;
        let mut found: Vec<Candidate> = pages.iter().flat_map(|page| &page.items).map(candidate).collect();
        found.sort_by(|a, b| b.place.cmp(&a.place));
        // One that moved from one list to another between two answers may be in both.
        found.dedup();
        let more = found.len() > page.limit;
        found.truncate(page.limit);
        Ok((found, more))
    }
}

fn candidate(item: &Item) -> Candidate {
    Candidate {
        pk: text_of(item, attribute::PK).into(),
        place: text_of(item, attribute::LIST_SK).into(),
    }
}
