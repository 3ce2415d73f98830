//! What is over was written once. When what all documents share changes (the page's name, its look, its zone, the names of its
//! components), it is written anew, some at a time: however much there is, no publication waits for it.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use shared::ctx::Ctx;
use shared::domain::id::PostId;
use shared::domain::status::Maintenance;
use shared::secret::sha256_hex;
use shared::store::{PageRequest, Publisher, StoreError};

use super::facts::PublicFacts;
use crate::documents;

/// Posts, or maintenances, of one publication.
const AT_ONCE_MAX: usize = 50;
/// What the place in the list of maintenances begins with, which comes after that of posts.
const MAINTENANCES: &str = "maintenances ";
/// Further than any two zones are from each other: a post that was in one month may be in the next.
const ZONES_APART: SignedDuration = SignedDuration::from_hours(26);

/// What is to be written anew.
#[derive(Debug, Default)]
pub struct Anew {
    /// Posts.
    pub posts: Vec<PostId>,
    /// Maintenances, which documents of every publication do not tell of any more.
    pub maintenances: Vec<Maintenance>,
    /// Months.
    pub months: BTreeSet<String>,
    /// Whether this is the end of it: other months than those of the page are gone then.
    pub is_last: bool,
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
    let some = |after: &str| {
        let after = Some(after).filter(|after| !after.is_empty());
        PageRequest::new(AT_ONCE_MAX, after).map_err(|_| StoreError::Changed)
    };
    if let Some(after) = after.strip_prefix(MAINTENANCES) {
        let found = ctx.store.maintenances(&[facts.page.id], &some(after)?).await?;
        let is_last = found.next.is_none();
        return Ok(Anew {
            maintenances: found.items.into_iter().map(|row| row.value).collect(),
            // Those in which nothing was, too.
            months: facts.view.months.iter().filter(|_| is_last).cloned().collect(),
            is_last,
            archive,
            next: found.next.map(|next| format!("{MAINTENANCES}{next}")),
            ..Anew::default()
        });
    }
    let some = some(&after)?;
    let found = ctx.store.posts(&[facts.page.id], &some).await?;
    let posts: Vec<PostId> = found.items.iter().map(|post| post.value.id).collect();
    let zone = &facts.view.zone;
    let around = posts.iter().flat_map(|id| {
        let began = documents::began(*id);
        [began - ZONES_APART, began, began + ZONES_APART]
    });
    let mut months: BTreeSet<String> = around.map(|at| documents::month_of(zone, at)).collect();
    months.retain(|month| facts.view.months.contains(month));
    Ok(Anew {
        posts,
        months,
        archive,
        next: found.next.or_else(|| Some(MAINTENANCES.into())),
        ..Anew::default()
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
