//! What is over was written once. When what all documents share changes (the page's name, its look, its zone, the names of its
//! components), it is written anew, some at a time: however much there is, no publication waits for it.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use shared::ctx::Ctx;
use shared::domain::id::PostId;
use shared::secret::sha256_hex;
use shared::store::{PageRequest, Publisher, StoreError};

use super::facts::PublicFacts;
use crate::documents;

/// Posts of one publication.
const POSTS_MAX: usize = 50;
/// Further than any two zones are from each other: a post that was in one month may be in the next.
const ZONES_APART: SignedDuration = SignedDuration::from_hours(26);

/// What is to be written anew.
#[derive(Debug, Default)]
pub struct Anew {
    /// Posts.
    pub posts: Vec<PostId>,
    /// Months.
    pub months: BTreeSet<String>,
    /// What older documents share now.
    pub archive: String,
    /// Where it goes on; none: that was all.
    pub next: Option<String>,
}

/// What of the archive is written anew with this publication.
pub async fn anew(ctx: &Ctx, facts: &PublicFacts, publisher: &Publisher) -> Result<Anew, StoreError> {
    let archive = shared_by_all(facts);
    let next = match &publisher.archive_next {
        // Changed again meanwhile: from the beginning.
        _ if archive != publisher.archive_of && publisher.revision > 0 => Some(String::new()),
        next => next.clone(),
    };
    let Some(after) = next else {
        return Ok(Anew {
            archive,
            ..Anew::default()
        });
    };
    let after = Some(after.as_str()).filter(|after| !after.is_empty());
    let some = PageRequest::new(POSTS_MAX, after).map_err(|_| StoreError::Changed)?;
    let found = ctx.store.posts(&[facts.page.id], &some).await?;
    let posts: Vec<PostId> = found.items.iter().map(|post| post.value.id).collect();
    let zone = &facts.view.zone;
    let around = posts.iter().flat_map(|id| {
        let began = documents::began(*id);
        [began - ZONES_APART, began, began + ZONES_APART]
    });
    let mut months: BTreeSet<String> = around.map(|at| documents::month_of(zone, at)).collect();
    // Those in which nothing was, with the last.
    if found.next.is_none() {
        months.extend(facts.view.months.iter().cloned());
    }
    months.retain(|month| facts.view.months.contains(month));
    Ok(Anew {
        posts,
        months,
        archive,
        next: found.next,
    })
}

/// What documents of the past share with the page.
fn shared_by_all(facts: &PublicFacts) -> String {
    let page = &facts.page;
    let names = facts.components.iter().map(|one| (one.id, one.name.as_str()));
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    let of_page = (&page.name, &page.description, page.locale, &page.time_zone, &page.look);
    let all = serde_json::json!([of_page, facts.view.url, names]);
    sha256_hex(all.to_string())
}
