//! What posts, maintenances and people make of the components, and all of them of the page.

use std::collections::BTreeMap;

use super::component::{Component, ComponentStatus};
use super::maintenance::Maintenance;
use super::post::Post;
use crate::domain::id::ComponentId;

/// The status of every component of a page, groups included.
pub type Statuses = BTreeMap<ComponentId, ComponentStatus>;

/// The statuses of a page's components: what somebody set by hand; otherwise the worst of what open posts and maintenances
/// say. A group has the worst status of what is in it.
pub fn statuses(components: &[Component], posts: &[Post], maintenances: &[Maintenance]) -> Statuses {
    let mut said = Statuses::new();
    let by_posts = posts
        .iter()
        .filter(|post| post.is_open())
        .flat_map(|post| post.components.iter().map(|(id, status)| (*id, *status)));
    let by_maintenances = maintenances
        .iter()
        .filter(|maintenance| maintenance.is_active())
        .flat_map(|maintenance| {
            let ids = maintenance.component_ids.iter();
            ids.map(|id| (*id, ComponentStatus::UnderMaintenance))
        });
    for (id, status) in by_posts.chain(by_maintenances) {
        let known = said.entry(id).or_default();
        *known = (*known).max(status);
    }
    let (groups, leaves): (Vec<&Component>, Vec<_>) = components.iter().partition(|component| component.is_group);
    let mut all = Statuses::new();
    for leaf in &leaves {
        let status = leaf.held_status.or_else(|| said.get(&leaf.id).copied());
        all.insert(leaf.id, status.unwrap_or_default());
    }
    for group in groups {
        let members = leaves.iter().filter(|leaf| leaf.group_id == Some(group.id));
        let worst = members.filter_map(|leaf| all.get(&leaf.id)).max().copied();
        all.insert(group.id, worst.unwrap_or_default());
    }
    all
}

/// The status of a page: the worst of its components'. A maintenance is milder than any outage, so it hides none.
pub fn rollup(statuses: &Statuses) -> ComponentStatus {
    statuses.values().max().copied().unwrap_or_default()
}
