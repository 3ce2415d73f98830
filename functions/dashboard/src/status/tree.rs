//! Components in the order in which they are read.

use shared::domain::status::Component;

/// A component that stands alone, or a group with what is in it.
#[derive(Debug)]
pub struct Branch<'a> {
    pub top: &'a Component,
    pub members: Vec<&'a Component>,
}

/// These components, of one page, as the page has them. One whose group is gone stands alone.
pub fn tree(components: &[Component]) -> Vec<Branch<'_>> {
    let mut sorted: Vec<&Component> = components.iter().collect();
    sorted.sort_by_key(|one| (one.position, one.id));
    let is_group = |id| components.iter().any(|one| one.id == id && one.is_group);
    let (inner, tops): (Vec<&Component>, Vec<_>) = sorted
        .into_iter()
        .partition(|one| !one.is_group && one.group_id.is_some_and(is_group));
    let branch = |top: &'_ Component| {
        let members = inner.iter().filter(|one| one.group_id == Some(top.id));
        members.copied().collect()
    };
    tops.into_iter()
        .map(|top| Branch {
            members: branch(top),
            top,
        })
        .collect()
}
