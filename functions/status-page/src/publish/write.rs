//! The documents, written: tags first, then rows, then whatever differs, each on the condition that it is still what the
//! tag named.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::id::{PageId, PostId};
use shared::domain::status::folder;
use shared::object::{Body, Put, Unless};
use shared::secret::sha256_hex;
use shared::store::{Gone, Publisher, StoreError};

use super::facts::{self, PublicFacts};
use super::{PublishError, archive};
use crate::documents::{self, CACHE_CONTROL, Document, Stamp};
use crate::view::{MaintenanceView, PostView};

/// Requests to the bucket at once.
const AT_ONCE_MAX: usize = 8;
/// What a document's writer notes of it: the SHA-256 of what it says, whatever its revision.
const HASH: &str = "hash";
/// And its revision.
const REVISION: &str = "revision";
/// And where it leads, if it only does that: what serves it redirects there.
const LOCATION: &str = "location";

/// What was written.
pub struct Written {
    /// How many documents.
    pub documents: usize,
    /// The revision that the page has now.
    pub revision: u64,
    /// What the page says now.
    pub fingerprint: String,
    /// What older documents share with it.
    pub archive: String,
    /// Where it goes on that they are written anew with that; none: they are.
    pub archive_next: Option<String>,
}

/// A document as it is in the bucket.
struct There {
    etag: String,
    hash: String,
}

/// What a page says, whatever its revision: what a later publication compares before it looks into the bucket.
pub fn fingerprint(facts: &PublicFacts) -> String {
    let said = every_time(facts, Stamp::NONE).into_iter();
    fingerprint_of(
        &said
            .map(|document| (document.key, sha256_hex(&document.bytes)))
            .collect(),
    )
}

fn fingerprint_of(hashes: &BTreeMap<String, String>) -> String {
    let lines: Vec<String> = hashes.iter().map(|(key, hash)| format!("{key} {hash}")).collect();
    sha256_hex(lines.join("\n"))
}

/// The documents that every publication looks at.
fn every_time(facts: &PublicFacts, stamp: Stamp) -> Vec<Document> {
    let mut all = documents::fixed(&facts.view, stamp);
    all.extend(
        facts
            .page
            .is_default
            .then(|| {
                [
                    documents::default_page(&facts.view, stamp),
                    documents::lost(&facts.view, stamp),
                ]
            })
            .into_iter()
            .flatten(),
    );
    all
}

/// Writes whatever differs, and the pages of `posts`; removes what was of those that are `gone`. With `rewrites`, everything.
/// None: there is no such page.
pub async fn write(
    ctx: &Ctx,
    page: PageId,
    (posts, gone): (&[PostId], &[Gone]),
    publisher: &Publisher,
    rewrites: bool,
    now: Timestamp,
) -> Result<Option<Written>, PublishError> {
    // What there is to be looked at; what it says is read again after the tags.
    let Some(before) = facts::read(ctx, page, posts, now).await? else {
        return Ok(None);
    };
    let anew = archive::anew(ctx, &before, publisher).await?;
    let shown: BTreeSet<PostId> = posts.iter().chain(&anew.posts).copied().collect();
    let shown: Vec<PostId> = shown.into_iter().collect();
    let slug = before.page.slug.as_str();
    let zone = &before.view.zone;
    let months = &before.view.months;
    let history = format!("{}/history/", folder(slug));
    let listed = ctx.objects.public().list(&history, None).await?;
    let there: BTreeSet<String> = listed.into_iter().map(|one| one.key).collect();
    let is_missing = |month: &String| !there.contains(&documents::month_key(slug, month));
    // With each the month before it, which leads to it from now on.
    let older = months.iter().skip(1).zip(months);
    let older = older.filter(|(_, newer)| is_missing(newer)).map(|(older, _)| older);
    let missing = months.iter().filter(|month| is_missing(month)).chain(older);
    let gone_posts = gone.iter().filter_map(|gone| match gone {
        Gone::Post { id } => Some(id),
        _ => None,
    });
    let of_posts = posts.iter().chain(gone_posts);
    let of_posts = of_posts.map(|id| documents::month_of(zone, documents::began(*id)));
    let wanted: BTreeSet<String> = missing
        .cloned()
        .chain(of_posts)
        .chain([documents::month_of(zone, now)])
        .chain(anew.months)
        .collect();
    let mut keys: BTreeSet<String> = every_time(&before, Stamp::NONE)
        .into_iter()
        .map(|one| one.key)
        .collect();
    keys.extend(shown.iter().map(|id| documents::incident_key(slug, id)));
    let older: Vec<MaintenanceView> = anew
        .maintenances
        .iter()
        .map(|one| MaintenanceView::new(one, &before.view.url))
        .filter(|one| !keys.contains(&documents::incident_key(slug, one.id)))
        .collect();
    keys.extend(older.iter().map(|one| documents::incident_key(slug, one.id)));
    let is_month = |key: &String| months.iter().any(|month| documents::month_key(slug, month) == *key);
    let index = format!("{history}index.html");
    let no_months = there
        .iter()
        .filter(|key| anew.is_last && **key != index && !is_month(key));
    let no_months: Vec<String> = no_months.cloned().collect();
    keys.extend(wanted.iter().map(|month| documents::month_key(slug, month)));
    let there = tags(ctx, keys).await?;

    let Some(facts) = facts::read(ctx, page, &shown, now).await? else {
        return Ok(None);
    };
    let mut of_months = Vec::new();
    for month in wanted {
        let posts = posts_of(ctx, &facts, &month).await?;
        of_months.push((month, posts));
    }

    let make = |stamp: Stamp| {
        let mut all = every_time(&facts, stamp);
        let posts = shown.iter().filter_map(|id| facts.posts.get(id));
        all.extend(posts.map(|post| {
            let post = PostView::new(&post.value, &facts.components, &facts.view.url);
            documents::incident(&facts.view, &post, stamp)
        }));
        all.extend(older.iter().map(|one| documents::maintenance(&facts.view, one, stamp)));
        all.extend(
            of_months
                .iter()
                .map(|(month, posts)| documents::month(&facts.view, month, posts, stamp)),
        );
        all
    };
    let plain = make(Stamp::NONE);
    let hashes: HashMap<String, String> = plain
        .iter()
        .map(|document| (document.key.clone(), sha256_hex(&document.bytes)))
        .collect();
    let stamp = Stamp {
        revision: publisher.revision + 1,
        at: now,
    };
    let differs = |document: &Document| {
        let known = there.get(&document.key);
        rewrites || known.is_none_or(|known| hashes.get(&document.key) != Some(&known.hash))
    };
    let changed: Vec<Document> = make(stamp).into_iter().filter(differs).collect();
    let count = changed.len();
    let puts = changed.into_iter().map(|document| {
        let unless = match there.get(&document.key) {
            Some(known) => Unless::Changed(known.etag.clone()),
            None => Unless::Present,
        };
        let hash = hashes.get(&document.key).cloned().unwrap_or_default();
        put(ctx, document, hash, stamp.revision, unless)
    });
    // One that cannot be written keeps none of the others from being.
    let outcomes: Vec<Result<Put, PublishError>> = stream::iter(puts).buffer_unordered(AT_ONCE_MAX).collect().await;
    if outcomes.iter().any(|outcome| matches!(outcome, Ok(Put::Refused))) {
        return Err(PublishError::Raced);
    }
    outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
    settle(ctx, &facts, posts, gone).await?;
    for key in no_months {
        ctx.objects.public().delete(&key).await?;
    }
    let said = every_time(&facts, Stamp::NONE).into_iter().map(|document| {
        let hash = hashes.get(&document.key).cloned().unwrap_or_default();
        (document.key, hash)
    });
    Ok(Some(Written {
        documents: count,
        revision: if count > 0 { stamp.revision } else { publisher.revision },
        archive: anew.archive,
        archive_next: anew.next,
        fingerprint: fingerprint_of(&said.collect()),
    }))
}

/// Remembers which posts are published, and removes the pages of what was removed.
async fn settle(ctx: &Ctx, facts: &PublicFacts, posts: &[PostId], gone: &[Gone]) -> Result<(), PublishError> {
    for post in posts.iter().filter_map(|id| facts.posts.get(id)) {
        ctx.store.published_post(post).await?;
    }
    for one in gone {
        let slug = &facts.page.slug;
        let key = match one {
            Gone::Post { id } => Some(documents::incident_key(slug, id)),
            Gone::Maintenance(id) => Some(documents::incident_key(slug, id)),
            Gone::Component(_) | Gone::Page { .. } => None,
        };
        if let Some(key) = key {
            ctx.objects.public().delete(&key).await?;
        }
        ctx.store.forget(facts.page.id, one).await?;
    }
    Ok(())
}

/// The posts of a month, newest first; those that lists may not show yet included.
async fn posts_of(ctx: &Ctx, facts: &PublicFacts, month: &str) -> Result<Vec<PostView>, StoreError> {
    let zone = &facts.view.zone;
    let start = format!("{month}-01").parse::<jiff::civil::Date>().ok();
    let bounds = start.and_then(|start| {
        let begin = |date: jiff::civil::Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp());
        Some((begin(start)?, begin(start.last_of_month().tomorrow().ok()?)?))
    });
    let Some((from, until)) = bounds else {
        return Ok(Vec::new());
    };
    let listed = ctx.store.posts_between(facts.page.id, from, until).await?;
    let mut posts: BTreeMap<PostId, PostView> = BTreeMap::new();
    let known = facts.posts.values().map(|post| &post.value);
    for post in listed.iter().chain(known) {
        if documents::month_of(zone, documents::began(post.id)) == month && post.withdrawn.is_none() {
            posts.insert(post.id, PostView::new(post, &facts.components, &facts.view.url));
        }
    }
    Ok(posts.into_values().rev().collect())
}

async fn tags(ctx: &Ctx, keys: BTreeSet<String>) -> Result<HashMap<String, There>, PublishError> {
    let one = |key: String| async move {
        let head = ctx.objects.public().head(&key).await?;
        Ok::<_, PublishError>(head.map(|mut head| {
            let hash = head.metadata.remove(HASH).unwrap_or_default();
            let etag = head.etag;
            (key, There { etag, hash })
        }))
    };
    let all = stream::iter(keys.into_iter().map(one)).buffer_unordered(AT_ONCE_MAX);
    Ok(all.try_collect::<Vec<_>>().await?.into_iter().flatten().collect())
}

async fn put(ctx: &Ctx, document: Document, hash: String, revision: u64, unless: Unless) -> Result<Put, PublishError> {
    let mut metadata = HashMap::from([(HASH.to_owned(), hash), (REVISION.to_owned(), revision.to_string())]);
    metadata.extend(document.location.map(|location| (LOCATION.to_owned(), location)));
    let body = Body {
        bytes: document.bytes.into(),
        content_type: document.content_type,
        cache_control: CACHE_CONTROL,
        metadata,
    };
    Ok(ctx.objects.public().put(&document.key, body, unless).await?)
}
