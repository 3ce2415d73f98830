//! How a page stands: what its open posts and maintenances, and people by hand, make of its components.

use shared::ctx::Ctx;
use shared::domain::id::{ComponentId, PageId};
use shared::domain::status::words::labels;
use shared::domain::status::{Component, ComponentStatus, Locale, Maintenance, Post, Statuses, statuses};
use shared::store::StoreError;

use crate::words;

/// How a page stands.
pub struct Standing {
    pub posts: Vec<Post>,
    pub maintenances: Vec<Maintenance>,
    statuses: Statuses,
    /// How each component does that is no group.
    leaves: Vec<ComponentStatus>,
}

impl Standing {
    /// Of a page whose components these are.
    pub fn of(components: &[Component], posts: Vec<Post>, maintenances: Vec<Maintenance>) -> Self {
        let statuses = statuses(components, &posts, &maintenances);
        let leaves = components.iter().filter(|one| !one.is_group);
        Self {
            leaves: leaves.filter_map(|one| statuses.get(&one.id)).copied().collect(),
            statuses,
            posts,
            maintenances,
        }
    }

    pub fn status(&self, component: ComponentId) -> ComponentStatus {
        self.statuses.get(&component).copied().unwrap_or_default()
    }

    pub fn rollup(&self) -> Badge {
        // As the page itself says it.
        let labels = labels(Locale::En);
        let (words, status) = labels.headline(self.leaves.iter().copied(), !self.posts.is_empty());
        Badge {
            words,
            // In no colour, where it is of no status.
            class: status.map_or("none", ComponentStatus::as_str),
        }
    }
}

/// A status in words and, by its class, in colour.
#[derive(Debug, Clone, Copy)]
pub struct Badge {
    pub words: &'static str,
    pub class: &'static str,
}

impl Badge {
    /// Of one component.
    pub fn of(status: ComponentStatus) -> Self {
        Self {
            words: words::component(status),
            class: status.as_str(),
        }
    }
}

/// The posts and the maintenances of a page that are not over.
pub async fn open(ctx: &Ctx, page: PageId) -> Result<(Vec<Post>, Vec<Maintenance>), StoreError> {
    let (posts, maintenances) = futures_util::try_join!(ctx.store.open_posts(page), ctx.store.open_maintenances(page))?;
    let posts = posts.into_iter().map(|row| row.value).collect();
    let maintenances = maintenances.into_iter().map(|row| row.value).collect();
    Ok((posts, maintenances))
}
