//! What documents are made of: base rows, read consistently where it matters, made a view.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::id::{MaintenanceId, PageId, PostId};
use shared::domain::status::{Component, Maintenance, Page, Post, Publication, statuses};
use shared::store::{PageRequest, StoreError, Versioned};

use crate::view::{PageView, Sources};

/// Posts and maintenances that are read beside those that are open: as many as lists show.
const RECENT_MAX: usize = 50;

/// What documents are made of.
pub struct PublicFacts {
    /// The page.
    pub page: Page,
    /// Its components.
    pub components: Vec<Component>,
    /// Posts that are open, new, or were asked for.
    pub posts: BTreeMap<PostId, Versioned<Post>>,
    /// The page as the public sees it.
    pub view: PageView,
}

/// Reads a page, and these posts whatever they are. None: there is no such page.
pub async fn read(
    ctx: &Ctx,
    page: PageId,
    wanted: &[PostId],
    now: Timestamp,
) -> Result<Option<PublicFacts>, StoreError> {
    let store = &ctx.store;
    let Some(page) = store.load::<Page>(page).await? else {
        return Ok(None);
    };
    let page = page.value;
    let recent = PageRequest::new(RECENT_MAX, None).map_err(|_| StoreError::Changed)?;
    let of_page = [page.id];
    // On the heap: eight requests at once are a large future.
    let (components, publications, open, new, maintenances, new_maintenances, mut history, first) = Box::pin(async {
        futures_util::try_join!(
            store.list_all::<Component>(),
            store.publications(page.id),
            store.open_posts(page.id),
            store.posts(&of_page, &recent),
            store.open_maintenances(page.id),
            store.maintenances(&of_page, &recent),
            store.history(page.id, super::history_from(now)),
            store.first_post(page.id),
        )
    })
    .await?;
    let of_publications = publications
        .iter()
        .filter_map(|one: &Versioned<Publication>| one.value.post_id());
    let asked = store.posts_by_id(wanted.iter().copied().chain(of_publications)).await?;
    let posts: BTreeMap<PostId, Versioned<Post>> = open
        .into_iter()
        .chain(new.items)
        .chain(asked)
        .filter(|post| post.value.page_id == page.id)
        .map(|post| (post.value.id, post))
        .collect();
    let components: Vec<Component> = components.into_iter().filter(|one| one.page_id == page.id).collect();
    let maintenances: BTreeMap<MaintenanceId, Maintenance> = maintenances
        .into_iter()
        .chain(new_maintenances.items)
        .map(|one| (one.value.id, one.value))
        .collect();
    // What is over is with what says so; what goes on is told here.
    history
        .said
        .extend(posts.values().flat_map(|post| post.value.goes_on(now)));
    history
        .said
        .extend(maintenances.values().flat_map(|one| one.goes_on(now)));
    history
        .held
        .extend(components.iter().filter_map(|one| one.is_held(now)));
    let newest: Vec<Post> = posts.values().rev().map(|post| post.value.clone()).collect();
    let maintenances: Vec<Maintenance> = maintenances.into_values().rev().collect();
    let all = statuses(&components, &newest, &maintenances);
    let view = PageView::new(&Sources {
        page: &page,
        url: ctx.page_url(&page),
        components: &components,
        statuses: &all,
        history: &history,
        posts: &newest,
        maintenances: &maintenances,
        since: first.map_or(page.created_at, |first| first.min(page.created_at)),
        now,
    });
    Ok(Some(PublicFacts {
        page,
        components,
        posts,
        view,
    }))
}
