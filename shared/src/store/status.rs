//! What the public side keeps: publications, posts, maintenances, how components do and did, and who publishes a page.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Store;
use super::audit::Change;
use super::config::{Entity, bulletin_writes, entity_row, said_writes};
use super::cursor::{Page, PageRequest};
use super::incidents::Applied;
use super::keys::{self, IndexKey, Key};
use super::row::{self, Row, Versioned, attribute, number, text, text_of};
use super::table::{BATCH_KEYS_MAX, Expression, Guarded, Index, Query, Range, StoreError, Write};
use crate::domain::actor::Actor;
use crate::domain::id::{ComponentId, IncidentId, MaintenanceId, PageId, PostId, ServiceId};
use crate::domain::incident::Incident;
use crate::domain::status::{History, Interval, Maintenance, Post, Publication, Work};

/// How long a publisher has a page to itself without saying so again.
pub const PUBLISHER_LEASE: SignedDuration = SignedDuration::from_secs(30);
/// Rows of one query of the public side.
const ROWS_PER_QUERY: usize = 1_000;

/// What is known of the publishing of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publisher {
    /// Who publishes it now; of no meaning once the lease is over.
    #[serde(default)]
    pub lease_holder: String,
    /// Until when, in milliseconds since 1970; 0: nobody does.
    #[serde(default)]
    pub lease_until_ms: i64,
    /// The lease before, if it was not given back: its holder may still be writing.
    #[serde(default)]
    pub lease_before_ms: i64,
    /// How often somebody asked for a publication.
    #[serde(default)]
    pub asked: u64,
    /// The revision of what was written last.
    #[serde(default)]
    pub revision: u64,
    /// SHA-256 of everything that was written last; empty: it is not known.
    #[serde(default)]
    pub fingerprint: String,
    /// When the documents themselves were last compared, in milliseconds since 1970.
    #[serde(default)]
    pub compared_ms: i64,
    /// SHA-256 of what older documents share with the page (its name, its look, its zone, …); empty: it is not known.
    #[serde(default)]
    pub archive_of: String,
    /// Where it goes on that older documents are written anew with that, as whoever writes them notes it; none: all of them are.
    #[serde(default)]
    pub archive_next: Option<String>,
}

/// What came of asking for a page's lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// It is ours.
    Mine(Publisher),
    /// Somebody else has it until then, and will see that we asked, unless they die.
    Theirs(Timestamp),
}

#[derive(Serialize, Deserialize)]
pub(super) struct HistoryRow {
    /// What a post or a maintenance says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) intervals: Vec<Interval>,
    /// What people had set a component to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) held: Vec<Interval>,
}

/// Something of a page, or the page, that was removed while documents of it may still be public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// A post.
    Post {
        /// Which.
        id: PostId,
    },
    /// A maintenance.
    Maintenance(MaintenanceId),
    /// A component or a group, which has no document of its own.
    Component(ComponentId),
    /// The page. Its name in addresses is nobody else's until nothing of it is public.
    Page {
        /// That name.
        slug: String,
    },
}

impl Gone {
    /// What tells it from all else that was removed of this page.
    pub(super) fn id(&self, page: PageId) -> String {
        match self {
            Self::Post { id } => id.to_string(),
            Self::Maintenance(id) => id.to_string(),
            Self::Component(id) => id.to_string(),
            Self::Page { .. } => page.to_string(),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct GoneRow {
    pub(super) page_id: PageId,
    pub(super) gone: Gone,
}

/// Something that is to be written with a publication.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "a few values that are written once and dropped"
)]
pub enum PublicWrite {
    /// A publication: the version it was read in (none: it is new), and what becomes of it (none: it is forgotten).
    Publication(Option<Versioned<Publication>>, Option<Publication>),
    /// A post: the one that was read (none: it is new), and what becomes of it.
    Post(Option<Versioned<Post>>, Post),
    /// A maintenance.
    Maintenance(Versioned<Maintenance>, Maintenance),
}

impl Store {
    /// Asks to publish a page, as `holder`. Whoever has the lease already sees that somebody asked, and publishes again.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn lease_page(&self, page: PageId, holder: &str, now: Timestamp) -> Result<Lease, StoreError> {
        let key = Key::publisher(page);
        let now_ms = now.as_millisecond();
        for _ in 0..3 {
            let take = Expression::new(format!(
                "SET lease_holder = :me, lease_before_ms = if_not_exists(lease_until_ms, :zero), lease_until_ms = :until, \
                 asked = if_not_exists(asked, :zero) + :one, {} = :kind, v = if_not_exists(v, :zero) + :one",
                attribute::KIND
            ))
            .value(":me", text(holder))
            .value(":zero", number(0))
            .value(":one", number(1))
            .value(":kind", text("publisher"))
            .value(":until", number((now + PUBLISHER_LEASE).as_millisecond()));
            let free =
                Expression::new("attribute_not_exists(pk) OR lease_until_ms <= :now").value(":now", number(now_ms));
            if let Guarded::Done(item) = self.table.update(&key, take, free).await? {
                return Ok(Lease::Mine(row::read(item)?.value));
            }
            let ask = Expression::new("SET asked = asked + :one, v = v + :one").value(":one", number(1));
            let busy = Expression::new("lease_until_ms > :now").value(":now", number(now_ms));
            if let Guarded::Done(item) = self.table.update(&key, ask, busy).await? {
                let theirs: Publisher = row::read(item)?.value;
                let until = Timestamp::from_millisecond(theirs.lease_until_ms).unwrap_or(now);
                return Ok(Lease::Theirs(until));
            }
        }
        Err(StoreError::Changed)
    }

    /// Keeps the lease for another while, and answers who asked meanwhile. None: it was lost.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn renew_page(
        &self,
        page: PageId,
        holder: &str,
        now: Timestamp,
    ) -> Result<Option<Publisher>, StoreError> {
        let set = Expression::new("SET lease_until_ms = :until, v = v + :one")
            .value(":until", number((now + PUBLISHER_LEASE).as_millisecond()))
            .value(":one", number(1));
        let mine = Expression::new("lease_holder = :me AND lease_until_ms > :zero")
            .value(":me", text(holder))
            .value(":zero", number(0));
        match self.table.update(&Key::publisher(page), set, mine).await? {
            Guarded::Done(item) => Ok(Some(row::read(item)?.value)),
            Guarded::Refused(_) => Ok(None),
        }
    }

    /// Gives the lease back and remembers what was written, unless somebody asked since `done` was read. False: somebody did,
    /// or the lease was lost.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn release_page(&self, page: PageId, holder: &str, done: &Publisher) -> Result<bool, StoreError> {
        let set = Expression::new(
            "SET lease_until_ms = :zero, revision = :revision, fingerprint = :fingerprint, compared_ms = :compared, \
             archive_of = :archive_of, archive_next = :archive_next, v = v + :one",
        )
        .value(":zero", number(0))
        .value(":one", number(1))
        .value(":revision", number(done.revision))
        .value(":fingerprint", text(&done.fingerprint))
        .value(":compared", number(done.compared_ms))
        .value(":archive_of", text(&done.archive_of))
        .value(
            ":archive_next",
            done.archive_next.as_ref().map_or(AttributeValue::Null(true), text),
        );
        let mine = Expression::new("lease_holder = :me AND asked = :asked")
            .value(":me", text(holder))
            .value(":asked", number(done.asked));
        let released = self.table.update(&Key::publisher(page), set, mine).await?;
        Ok(matches!(released, Guarded::Done(_)))
    }

    /// The publications of a page, read consistently.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn publications(&self, page: PageId) -> Result<Vec<Versioned<Publication>>, StoreError> {
        let partition = keys::publications_of(page);
        let range = Range::BeginsWith(keys::PUBLICATION_PREFIX.into());
        let items = self.all_of(&partition, range).await?;
        items.into_iter().map(|item| Ok(row::read(item)?)).collect()
    }

    /// One service's publication on one page, read consistently.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn publication(
        &self,
        page: PageId,
        service: ServiceId,
    ) -> Result<Option<Versioned<Publication>>, StoreError> {
        let item = self.table.get(&Key::publication(page, service)).await?;
        Ok(item.map(row::read).transpose()?)
    }

    /// One service's publications on these pages, read consistently, in one round trip; those that are not there are left
    /// out.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn publications_of_service(
        &self,
        service: ServiceId,
        pages: impl IntoIterator<Item = PageId>,
    ) -> Result<Vec<Publication>, StoreError> {
        let keys = pages.into_iter().map(|page| Key::publication(page, service));
        let items = self.table.get_many(keys.collect()).await?;
        items.into_iter().map(|item| Ok(row::read(item)?.value)).collect()
    }

    /// Writes what a person said about a publication, unless it changed meanwhile.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn answer_publication(
        &self,
        before: Option<&Versioned<Publication>>,
        after: &Publication,
        change: &Change<'_>,
    ) -> Result<Applied, StoreError> {
        let known = before.map(|before| &before.value);
        let action = if known.is_some() { "updated" } else { "created" };
        let object = ("publication", format!("{}/{}", after.page_id, after.service_id));
        let mut writes = vec![self.changed_of(action, object, known, Some(after), change)?];
        writes.extend(publication_write(before, Some(after.clone()))?);
        Ok(match self.table.transact(writes).await? {
            Ok(()) => Applied::Done,
            Err(_) => Applied::Changed,
        })
    }

    /// Writes what was decided about a page: all of it, or, if any of it changed meanwhile, nothing.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn write_public(&self, writes: Vec<PublicWrite>, at: Timestamp) -> Result<Applied, StoreError> {
        let system = Actor::system();
        let change = Change::new(&system, at);
        let mut all = Vec::new();
        for write in writes {
            match write {
                PublicWrite::Publication(before, after) => all.extend(publication_write(before.as_ref(), after)?),
                PublicWrite::Post(before, after) => {
                    all.push(entity_write(before.as_ref(), &after)?);
                    all.extend(bulletin_writes(before.as_ref().map(|before| &before.value), &after)?);
                    all.extend(said_writes(before.as_ref().map(|before| &before.value), Some(&after))?);
                    let action = if before.is_some() { "updated" } else { "created" };
                    let before = before.as_ref().map(|before| &before.value);
                    all.push(self.changed(action, before, Some(&after), &change)?);
                }
                PublicWrite::Maintenance(before, after) => {
                    all.push(entity_write(Some(&before), &after)?);
                    all.extend(bulletin_writes(Some(&before.value), &after)?);
                    all.extend(said_writes(Some(&before.value), Some(&after))?);
                    all.push(self.changed("updated", Some(&before.value), Some(&after), &change)?);
                }
            }
        }
        if all.is_empty() {
            return Ok(Applied::Done);
        }
        Ok(match self.table.transact(all).await? {
            Ok(()) => Applied::Done,
            Err(_) => Applied::Changed,
        })
    }

    /// A page of posts of these status pages, newest first.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn posts(&self, pages: &[PageId], page: &PageRequest) -> Result<Page<Versioned<Post>>, StoreError> {
        let lists = pages
            .iter()
            .flat_map(|id| [true, false].map(|open| keys::posts_partition(*id, open)));
        self.list_in(&lists.collect::<Vec<_>>(), page).await
    }

    /// Every open post of a status page.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn open_posts(&self, page: PageId) -> Result<Vec<Versioned<Post>>, StoreError> {
        self.every(&keys::posts_partition(page, true)).await
    }

    /// A page of the posts of a status page that are over or were withdrawn, newest first.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn closed_posts(&self, id: PageId, page: &PageRequest) -> Result<Page<Versioned<Post>>, StoreError> {
        self.list_in(&[keys::posts_partition(id, false)], page).await
    }

    /// When the first post of a status page began.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn first_post(&self, page: PageId) -> Result<Option<Timestamp>, StoreError> {
        let mut first = None;
        for open in [true, false] {
            let partition = keys::posts_partition(page, open);
            let query = Query {
                index: Some(Index::List),
                partition: &partition,
                range: Range::All,
                newest_first: false,
                limit: 1,
                start: None,
            };
            let found = self.table.query(query).await?.items;
            let id = found
                .first()
                .and_then(|item| text_of(item, attribute::LIST_SK).parse::<PostId>().ok());
            let at = id.and_then(|id| Timestamp::from_millisecond(i64::try_from(id.0.timestamp_ms()).ok()?).ok());
            first = crate::domain::time::earliest(first, at);
        }
        Ok(first)
    }

    /// Posts of a status page that began from `from` until, but not at, `until`, open ones too, newest first.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn posts_between(
        &self,
        page: PageId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Post>, StoreError> {
        let at = |time: Timestamp| PostId(ulid::Ulid::from_parts(time.as_millisecond().max(0).unsigned_abs(), 0));
        let range = Range::Between(at(from).to_string(), at(until).to_string());
        let mut wanted = Vec::new();
        for open in [true, false] {
            let mut start = None;
            loop {
                let partition = keys::posts_partition(page, open);
                let query = Query {
                    index: Some(Index::List),
                    partition: &partition,
                    range: range.clone(),
                    newest_first: true,
                    limit: ROWS_PER_QUERY,
                    start,
                };
                let found = self.table.query(query).await?;
                wanted.extend(found.items.iter().map(|item| Key {
                    pk: text_of(item, attribute::PK).into(),
                    sk: Post::PARTITION.into(),
                }));
                start = found.next;
                if start.is_none() {
                    break;
                }
            }
        }
        wanted.sort_by(|a, b| b.pk.cmp(&a.pk));
        wanted.dedup();
        let items = self.table.get_many(wanted).await?;
        let mut posts = Vec::new();
        for item in items {
            posts.push(row::read::<Post>(item)?.value);
        }
        posts.sort_by_key(|post| std::cmp::Reverse(post.id));
        Ok(posts)
    }

    /// Posts of a status page that were written, or removed, since they were last published: candidates only.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn unpublished_posts(&self, page: PageId) -> Result<Vec<PostId>, StoreError> {
        let partition = keys::posts_due_partition(page);
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let query = Query {
                index: Some(Index::Due),
                partition: &partition,
                range: Range::All,
                newest_first: false,
                limit: ROWS_PER_QUERY,
                start,
            };
            let answer = self.table.query(query).await?;
            found.extend(answer.items.iter().filter_map(|item| {
                let (_, what) = keys::parse_due(text_of(item, attribute::DUE_SK))?;
                let (of, post) = what.split_once('#')?;
                (of == page.to_string()).then(|| post.parse::<PostId>().ok())?
            }));
            start = answer.next;
            if start.is_none() {
                found.sort_unstable();
                found.dedup();
                return Ok(found);
            }
        }
    }

    /// Remembers that this version of a post is published. The version stays: nobody who reads the post sees a difference.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn published_post(&self, post: &Versioned<Post>) -> Result<(), StoreError> {
        let key = Key::entity(Post::PARTITION, &post.value.id.to_string());
        let set = Expression::new(format!(
            "SET published = :yes REMOVE {}, {}",
            attribute::DUE_PK,
            attribute::DUE_SK
        ))
        .value(":yes", number(1));
        self.table.update(&key, set, Expression::version(post.version)).await?;
        Ok(())
    }

    /// What was removed of a page while documents of it may still be public, read consistently.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn gone(&self, page: PageId) -> Result<Vec<Gone>, StoreError> {
        let partition = keys::publications_of(page);
        let items = self.all_of(&partition, Range::BeginsWith(keys::GONE_PREFIX.into()));
        let items = items.await?.into_iter();
        items.map(|item| Ok(row::read::<GoneRow>(item)?.value.gone)).collect()
    }

    /// Remembers that nothing of what was removed is public any more.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn forget(&self, page: PageId, gone: &Gone) -> Result<(), StoreError> {
        self.delete_all(vec![Key::gone(page, &gone.id(page))]).await
    }

    /// Forgets everything about a page that was removed, its subscribers first, itself last: whoever is cut off is gone on
    /// from. `slug` is free again then.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn forget_page(&self, page: PageId, slug: &str) -> Result<(), StoreError> {
        let subscribers = (0..keys::SHARDS).map(|shard| keys::subscribers_of(page, shard));
        for partition in subscribers.chain([keys::history_of(page)]) {
            self.delete_partition(&partition, None).await?;
        }
        for open in [true, false] {
            let lists = [
                (keys::posts_partition(page, open), Post::PARTITION),
                (keys::maintenances_partition(page, open), Maintenance::PARTITION),
            ];
            for (partition, kind) in lists {
                self.delete_partition(&partition, Some(kind)).await?;
            }
        }
        self.forget_publisher(page).await?;
        let page = Key::gone(page, &page.to_string());
        self.delete_all(vec![Key::slug(slug), page]).await
    }

    /// Forgets publications, the publisher, and all that was removed of a page that is not there: but not that it was removed
    /// itself.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn forget_publisher(&self, page: PageId) -> Result<(), StoreError> {
        let itself = Key::gone(page, &page.to_string());
        let all = self.all_of(&keys::publications_of(page), Range::All).await?;
        let keys = all.iter().map(key_of).filter(|key| *key != itself);
        self.delete_all(keys.collect()).await
    }

    /// Deletes all that is in a partition, or, of a list of this kind, the rows that stand in it.
    async fn delete_partition(&self, partition: &str, listed: Option<&str>) -> Result<(), StoreError> {
        let mut start = None;
        loop {
            let query = Query {
                index: listed.map(|_| Index::List),
                partition,
                range: Range::All,
                newest_first: false,
                limit: ROWS_PER_QUERY,
                start,
            };
            let found = self.table.query(query).await?;
            let keys = found.items.iter().map(|item| match listed {
                Some(kind) => Key {
                    pk: text_of(item, attribute::PK).into(),
                    sk: kind.into(),
                },
                None => key_of(item),
            });
            self.delete_all(keys.collect()).await?;
            start = found.next;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    async fn delete_all(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        for some in keys.chunks(BATCH_KEYS_MAX) {
            let deletes = some
                .iter()
                .map(|key| Write::Delete(key.clone(), Expression::either_way()));
            self.table.transact(deletes.collect()).await.map(drop)?;
        }
        Ok(())
    }

    /// Posts with their versions, read consistently; missing ones are left out.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn posts_by_id(&self, ids: impl IntoIterator<Item = PostId>) -> Result<Vec<Versioned<Post>>, StoreError> {
        let mut ids: Vec<PostId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let keys = ids.iter().map(|id| Key::entity(Post::PARTITION, &id.to_string()));
        let items = self.table.get_many(keys.collect()).await?;
        items.into_iter().map(|item| Ok(row::read(item)?)).collect()
    }

    /// A page of the maintenances of a status page that are over, newest first.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn closed_maintenances(
        &self,
        id: PageId,
        page: &PageRequest,
    ) -> Result<Page<Versioned<Maintenance>>, StoreError> {
        self.list_in(&[keys::maintenances_partition(id, false)], page).await
    }

    /// A page of maintenances of these status pages, newest first.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn maintenances(
        &self,
        pages: &[PageId],
        page: &PageRequest,
    ) -> Result<Page<Versioned<Maintenance>>, StoreError> {
        let both = |id: &PageId| [true, false].map(|open| keys::maintenances_partition(*id, open));
        self.list_in(&pages.iter().flat_map(both).collect::<Vec<_>>(), page)
            .await
    }

    /// Every maintenance of a status page that is not over.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn open_maintenances(&self, page: PageId) -> Result<Vec<Versioned<Maintenance>>, StoreError> {
        self.every(&keys::maintenances_partition(page, true)).await
    }

    /// Maintenances that change the alerts of a service, read consistently.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn works_on(&self, service: ServiceId) -> Result<Vec<Work>, StoreError> {
        let range = Range::BeginsWith(keys::WORK_PREFIX.into());
        let items = self.all_of(&keys::service_partition(service), range).await?;
        items.into_iter().map(|item| Ok(row::read(item)?.value)).collect()
    }

    /// What is over of what is said of a page's components, in the months since `from`.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn history(&self, page: PageId, from: Timestamp) -> Result<History, StoreError> {
        let partition = keys::history_of(page);
        let range = Range::Between(keys::month_of(from), keys::HISTORY_END.into());
        let mut history = History::default();
        for item in self.all_of(&partition, range).await? {
            let row = row::read::<HistoryRow>(item)?.value;
            history.said.extend(row.intervals);
            history.held.extend(row.held);
        }
        Ok(history)
    }

    /// The open incidents, read consistently: those of the list, and those of `also`, which the list may not show yet.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn open_incidents_and(&self, also: &[IncidentId]) -> Result<Vec<Incident>, StoreError> {
        let listed = self.open_incidents().await?.into_iter();
        let mut found: BTreeMap<IncidentId, Incident> = listed.map(|one| (one.value.id, one.value)).collect();
        let mut rest: Vec<IncidentId> = also.iter().filter(|id| !found.contains_key(id)).copied().collect();
        rest.sort_unstable();
        rest.dedup();
        for item in self
            .table
            .get_many(rest.into_iter().map(Key::incident).collect())
            .await?
        {
            let incident: Incident = row::read(item)?.value;
            if incident.is_open() {
                found.insert(incident.id, incident);
            }
        }
        Ok(found.into_values().collect())
    }

    /// Every row of one kind in a list that stays short.
    async fn every<T: Entity>(&self, partition: &str) -> Result<Vec<Versioned<T>>, StoreError> {
        let lists = [partition.to_owned()];
        let mut all = Vec::new();
        let mut page = PageRequest::first();
        loop {
            let found = self.list_in::<T>(&lists, &page).await?;
            all.extend(found.items);
            let Some(next) = found.next else { return Ok(all) };
            page = PageRequest::new(page.limit, Some(&next)).map_err(|_| StoreError::Changed)?;
        }
    }

    async fn all_of(&self, partition: &str, range: Range) -> Result<Vec<row::Item>, StoreError> {
        let mut all = Vec::new();
        let mut start = None;
        loop {
            let query = Query {
                index: None,
                partition,
                range: range.clone(),
                newest_first: false,
                limit: ROWS_PER_QUERY,
                start,
            };
            let page = self.table.query(query).await?;
            all.extend(page.items);
            if page.next.is_none() {
                return Ok(all);
            }
            start = page.next;
        }
    }
}

fn key_of(item: &row::Item) -> Key {
    Key {
        pk: text_of(item, attribute::PK).into(),
        sk: text_of(item, attribute::SK).into(),
    }
}

fn entity_write<T: Entity>(before: Option<&Versioned<T>>, after: &T) -> Result<Write, StoreError> {
    let (version, condition) = match before {
        Some(before) => (before.version + 1, Expression::version(before.version)),
        None => (1, Expression::absent()),
    };
    Ok(Write::Put(entity_row(after)?.version(version), Some(condition)))
}

fn publication_write(
    before: Option<&Versioned<Publication>>,
    after: Option<Publication>,
) -> Result<Option<Write>, StoreError> {
    Ok(match (before, after) {
        (None, None) => None,
        (Some(before), None) => {
            let key = Key::publication(before.value.page_id, before.value.service_id);
            Some(Write::Delete(key, Expression::version(before.version)))
        }
        (before, Some(after)) => {
            let (version, condition) = match before {
                Some(before) => (before.version + 1, Expression::version(before.version)),
                None => (1, Expression::absent()),
            };
            let (page, service) = (after.page_id, after.service_id);
            let due = after.due_at.map(|at| IndexKey::publication_due(page, service, at));
            let row = Row::of(Key::publication(page, service), "publication", &after)?;
            Some(Write::Put(row.version(version).due(due), Some(condition)))
        }
    })
}
