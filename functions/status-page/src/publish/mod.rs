//! One page, published: who may, what is decided, what is written.
//!
//! A lease keeps publishers of one page from doing the same work; conditional writes keep them from harm if it fails:
//! the documents' tags are read *before* the rows that they are made of, so whoever read older rows is refused. Whoever asks
//! while somebody else publishes leaves a mark, and is heard when that one is done.

mod archive;
mod clear;
mod decide;
pub(crate) mod facts;
mod write;

use data_encoding::BASE32_NOPAD;
use jiff::{SignedDuration, Timestamp};
use shared::ctx::Ctx;
use shared::domain::id::{IncidentId, PageId, PostId};
use shared::metrics;
use shared::object::ObjectError;
use shared::queue::{Hint, PageHint};
use shared::store::{Lease, PUBLISHER_LEASE, Publisher, StoreError};

/// How often one publisher begins anew, because something changed meanwhile or somebody asked.
const ROUNDS_MAX: u32 = 5;
/// The documents themselves are compared at least this often, whoever may have touched them.
const COMPARE_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// What is due within this is hinted again: until the next tick, and a little more.
const HINT_AHEAD: SignedDuration = SignedDuration::from_secs(75);

/// What a trigger knows that lists may not show yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hinted {
    /// Incidents that were written.
    pub incidents: Vec<IncidentId>,
    /// Posts that were written.
    pub posts: Vec<PostId>,
}

/// What came of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// There is no such page.
    NoPage,
    /// Somebody else is publishing it, and will publish it again.
    Elsewhere,
    /// So many documents were written.
    Documents(usize),
}

/// Why a page could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bucket.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// It kept changing, or the lease was lost.
    #[error("the page kept changing while it was published")]
    Raced,
}

/// Publishes a page, or removes what is public of one that was removed: decides what becomes of its publications and maintenances, and writes the documents that changed.
/// Idempotent: calling it again finds nothing to do.
///
/// # Errors
/// When the table or the bucket does not answer, or the page kept changing. What was decided stays; the next call goes on.
pub async fn publish(ctx: &Ctx, page: PageId, hinted: &Hinted) -> Result<Published, PublishError> {
    let holder = BASE32_NOPAD.encode(&ctx.random.bytes::<10>());
    let now = ctx.clock.now();
    let mut publisher = match ctx.store.lease_page(page, &holder, now).await? {
        Lease::Mine(publisher) => publisher,
        // Should they die, somebody looks again when their lease is over.
        Lease::Theirs(due) => {
            let what = PageHint { page_id: page };
            ctx.queues.publication.hint([Hint { what, due }], now).await;
            return Ok(Published::Elsewhere);
        }
    };
    // Whoever had it and did not give it back may still be writing what it knew: every tag must change.
    let mut rewrites = publisher.lease_before_ms > 0 || (publisher.compared_ms == 0 && publisher.revision > 0);
    let mut written = 0;
    let mut is_whole = false;
    let mut failure = None;
    for _ in 0..ROUNDS_MAX {
        let asked = publisher.asked;
        is_whole = false;
        match Box::pin(round(ctx, page, hinted, &mut publisher, rewrites)).await {
            Ok(None) => {
                if let Err(error) = clear::clear(ctx, page).await {
                    let _ = ctx.store.release_page(page, &holder, &publisher).await;
                    return Err(error);
                }
                return Ok(Published::NoPage);
            }
            Ok(Some(round)) => {
                written += round.documents;
                rewrites = false;
                is_whole = true;
                failure = round.failure;
            }
            // Somebody else wrote: what is there now must be read again.
            Err(PublishError::Raced | PublishError::Store(StoreError::Changed)) => {
                publisher.fingerprint.clear();
                let Some(again) = ctx.store.renew_page(page, &holder, ctx.clock.now()).await? else {
                    return Err(PublishError::Raced);
                };
                publisher.asked = again.asked;
                continue;
            }
            Err(error) => {
                // A write without an answer may still come: the next publisher changes every tag.
                publisher.compared_ms = 0;
                publisher.fingerprint.clear();
                publisher.revision = publisher.revision.max(1);
                publisher.asked = asked;
                let _ = ctx.store.release_page(page, &holder, &publisher).await;
                metrics::publication("failed");
                return Err(error);
            }
        }
        publisher.asked = asked;
        if ctx.store.release_page(page, &holder, &publisher).await? {
            return published(written, failure);
        }
        // Somebody asked meanwhile.
        let Some(again) = ctx.store.renew_page(page, &holder, ctx.clock.now()).await? else {
            return Err(PublishError::Raced);
        };
        publisher.asked = again.asked;
    }
    if is_whole {
        // What there was is written, and somebody asked again in every round: the next goes on, at once where this one can give
        // the lease back, or when it is over.
        let due = match ctx.store.release_page(page, &holder, &publisher).await {
            Ok(true) => ctx.clock.now(),
            Ok(false) | Err(_) => ctx.clock.now() + PUBLISHER_LEASE,
        };
        let what = PageHint { page_id: page };
        ctx.queues.publication.hint([Hint { what, due }], ctx.clock.now()).await;
        return published(written, failure);
    }
    publisher.compared_ms = 0;
    let _ = ctx.store.release_page(page, &holder, &publisher).await;
    Err(PublishError::Raced)
}

/// What there is is public; why something is missing from it, if it is.
fn published(documents: usize, failure: Option<StoreError>) -> Result<Published, PublishError> {
    if documents > 0 {
        metrics::publication("written");
    }
    match failure {
        None => Ok(Published::Documents(documents)),
        Some(error) => {
            metrics::publication("failed");
            Err(error.into())
        }
    }
}

/// What came of a round.
struct Round {
    /// How many documents were written.
    documents: usize,
    /// Why something that was decided is not among what they say.
    failure: Option<StoreError>,
}

/// One round. None: there is no such page.
async fn round(
    ctx: &Ctx,
    page: PageId,
    hinted: &Hinted,
    publisher: &mut Publisher,
    rewrites: bool,
) -> Result<Option<Round>, PublishError> {
    let now = ctx.clock.now();
    let (mut posts, gone) = futures_util::try_join!(ctx.store.unpublished_posts(page), ctx.store.gone(page))?;
    posts.extend(&hinted.posts);
    let told = decide::Told {
        incidents: &hinted.incidents,
        posts: &posts,
    };
    let Some(decided) = decide::decide(ctx, page, &told, now).await? else {
        return Ok(None);
    };
    if let Some(due) = decided
        .due
        .filter(|due| decided.has_changed || *due <= now + HINT_AHEAD)
    {
        let hint = Hint {
            what: PageHint { page_id: page },
            due,
        };
        ctx.queues.publication.hint([hint], now).await;
    }
    posts.extend(&decided.posts);
    posts.sort_unstable();
    posts.dedup();
    let is_compared = now.as_millisecond() - publisher.compared_ms < COMPARE_EVERY.as_millis() as i64;
    let failure = decided.failure;
    let is_archived = publisher.archive_next.is_none();
    if posts.is_empty()
        && gone.is_empty()
        && is_archived
        && is_compared
        && !rewrites
        && !publisher.fingerprint.is_empty()
    {
        let Some(facts) = facts::read(ctx, page, &[], now).await? else {
            return Ok(None);
        };
        if write::fingerprint(&facts) == publisher.fingerprint {
            let documents = 0;
            return Ok(Some(Round { documents, failure }));
        }
    }
    let Some(written) = write::write(ctx, page, (&posts, &gone), publisher, rewrites, now).await? else {
        return Ok(None);
    };
    publisher.revision = written.revision;
    publisher.fingerprint = written.fingerprint;
    publisher.compared_ms = now.as_millisecond();
    publisher.archive_of = written.archive;
    publisher.archive_next = written.archive_next;
    if publisher.archive_next.is_some() {
        let hint = Hint {
            what: PageHint { page_id: page },
            due: now,
        };
        ctx.queues.publication.hint([hint], now).await;
    }
    if written.documents > 0 {
        tracing::info!(page_id = %page, documents = written.documents, revision = written.revision, "page published");
    }
    let documents = written.documents;
    Ok(Some(Round { documents, failure }))
}

/// How long before now a page's history is read: more than its bars show, in any zone.
fn history_from(now: Timestamp) -> Timestamp {
    let days = shared::domain::limits::HISTORY_DAYS as i64 + 2;
    shared::domain::time::after_seconds(now, -days * 86_400)
}
