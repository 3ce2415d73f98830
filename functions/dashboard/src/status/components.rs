//! The components of a page, in their order, and which services affect each.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use shared::ctx::Ctx;
use shared::domain::id::{ComponentId, PageId};
use shared::domain::limits;
use shared::domain::service::Service;
use shared::domain::status::{Component, ComponentStatus, Page};
use shared::web::{Id, Problem};

use super::elsewhere::Elsewhere;
use super::standing::{self, Badge, Standing};
use super::tree::tree;
use super::{Tab, Tabs};
use crate::configuration::effects;
use crate::page::{Choice, Frame, Refused, Section, Visitor, by_name, load, shown};
use crate::words;

#[derive(Debug, Template)]
#[template(path = "status/components.html")]
struct Components {
    frame: Frame,
    tabs: Tabs,
    id: PageId,
    name: String,
    may_change: bool,
    rows: Vec<Row>,
    /// Groups that a new component may be put into.
    groups: Vec<Choice>,
    /// Where a new one stands: behind all that are there.
    next_position: u32,
    has_room: bool,
    elsewhere: Elsewhere,
}

#[derive(Debug)]
struct Row {
    id: ComponentId,
    version: u64,
    name: String,
    description: String,
    is_group: bool,
    badge: Badge,
    only_show_if_degraded: bool,
    held: Vec<Choice>,
    /// For a field of a form.
    start_date: String,
    is_held: bool,
    groups: Vec<Choice>,
    affected_by: Vec<AffectedBy>,
    /// What moving it up, or down, comes to, as JSON; none: it is the first, or the last.
    up: Option<String>,
    down: Option<String>,
    members: Vec<Self>,
}

/// A service that affects it, and how.
#[derive(Debug)]
struct AffectedBy {
    service_id: String,
    service: String,
    how: String,
}

/// A change of one component, as a form of several sends it.
#[derive(Debug, Serialize)]
struct Step {
    url: String,
    etag: String,
    body: serde_json::Value,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<PageId>, Problem>,
) -> Result<Response, Refused> {
    let page = load::<Page>(&ctx, id).await?.value;
    let (rows, services, (posts, maintenances)) = futures_util::try_join!(
        ctx.store.list_all_versioned::<Component>(),
        ctx.store.list_all::<Service>(),
        standing::open(&ctx, page.id),
    )?;
    let own = || rows.iter().filter(|row| row.value.page_id == page.id);
    let versions: HashMap<ComponentId, u64> = own().map(|row| (row.value.id, row.version)).collect();
    let components: Vec<Component> = own().map(|row| row.value.clone()).collect();
    let standing = Standing::of(&components, posts, maintenances);
    let scene = Scene {
        components: &components,
        versions: &versions,
        services: &services,
        standing: &standing,
    };
    let branches = tree(&components);
    let tops: Vec<&Component> = branches.iter().map(|branch| branch.top).collect();
    let row = |(place, branch): (usize, &super::tree::Branch<'_>)| {
        let members = branch.members.iter().enumerate();
        let members = members.map(|(place, _)| scene.row(&branch.members, place, Vec::new()));
        scene.row(&tops, place, members.collect())
    };
    Ok(shown(&Components {
        frame: Frame::new(Section::Status, &visitor),
        tabs: Tabs::new(&ctx, &page, Tab::Components),
        id: page.id,
        may_change: visitor.may_configure(page.team_id),
        rows: branches.iter().enumerate().map(row).collect(),
        groups: scene.groups(None),
        next_position: components
            .iter()
            .map(|one| one.position.saturating_add(1))
            .max()
            .unwrap_or_default(),
        has_room: components.len() < limits::COMPONENTS_MAX,
        elsewhere: Elsewhere::of(&ctx, &page),
        name: page.name,
    }))
}

/// What rows are made of.
struct Scene<'a> {
    components: &'a [Component],
    versions: &'a HashMap<ComponentId, u64>,
    services: &'a [Service],
    standing: &'a Standing,
}

impl Scene<'_> {
    /// The one at `place` among its equals.
    fn row(&self, equals: &[&Component], place: usize, members: Vec<Row>) -> Row {
        let one = equals[place];
        Row {
            id: one.id,
            version: self.version(one.id),
            name: one.name.clone(),
            description: one.description.clone().unwrap_or_default(),
            is_group: one.is_group,
            badge: Badge::of(self.standing.status(one.id)),
            only_show_if_degraded: one.only_show_if_degraded,
            held: held(one.held_status),
            start_date: one.start_date.map(|date| date.to_string()).unwrap_or_default(),
            is_held: one.held_status.is_some(),
            groups: self.groups(one.group_id),
            affected_by: self.affected_by(one.id),
            up: place.checked_sub(1).map(|other| self.swapped(equals, other)),
            down: (place + 1 < equals.len()).then(|| self.swapped(equals, place)),
            members,
        }
    }

    fn version(&self, id: ComponentId) -> u64 {
        self.versions.get(&id).copied().unwrap_or_default()
    }

    fn groups(&self, chosen: Option<ComponentId>) -> Vec<Choice> {
        let groups = self.components.iter().filter(|one| one.is_group);
        by_name(
            groups
                .map(|one| Choice::new(one.id, &one.name, chosen == Some(one.id)))
                .collect(),
        )
    }

    fn affected_by(&self, id: ComponentId) -> Vec<AffectedBy> {
        let mut all: Vec<AffectedBy> = self
            .services
            .iter()
            .filter_map(|service| {
                let affected = service.components.iter().find(|one| one.component_id == id)?;
                Some(AffectedBy {
                    service_id: service.id.to_string(),
                    service: service.name.clone(),
                    how: effects::in_words(affected),
                })
            })
            .collect();
        all.sort_by_key(|one| one.service.to_lowercase());
        all
    }

    /// What makes those at `first` and behind it change places.
    fn swapped(&self, equals: &[&Component], first: usize) -> String {
        let mut order: Vec<&Component> = equals.to_vec();
        order.swap(first, first + 1);
        let changed = order
            .iter()
            .zip(places(equals))
            .filter(|(one, place)| one.position != *place);
        let steps: Vec<Step> = changed
            .map(|(one, place)| Step {
                url: format!("/api/v1/components/{}", one.id),
                etag: format!("\"{}\"", self.version(one.id)),
                body: json!({ "position": place }),
            })
            .collect();
        json!(steps).to_string()
    }
}

/// Positions for these, each its own and as many as can be the ones that are there: two that change places are two
/// changes then.
fn places(equals: &[&Component]) -> Vec<u32> {
    let mut places: Vec<u32> = Vec::new();
    for one in equals {
        let least = places.last().map_or(Some(0), |last| last.checked_add(1));
        match least {
            Some(least) => places.push(one.position.max(least)),
            // There is nothing behind the last number.
            None => return (0..).take(equals.len()).collect(),
        }
    }
    places
}

/// What a status may be held at. The empty one: nothing is held.
fn held(chosen: Option<ComponentStatus>) -> Vec<Choice> {
    let by_itself = Choice::new("", "By incidents, posts and maintenances", chosen.is_none());
    let statuses =
        ComponentStatus::ALL.map(|one| Choice::new(one.as_str(), words::component(one), chosen == Some(one)));
    [by_itself].into_iter().chain(statuses).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(positions: &[u32]) -> Vec<Component> {
        let one = |(place, position): (usize, &u32)| Component {
            id: "cmp_01arz3ndektsv4rrffq69g5fav".parse().unwrap(),
            page_id: "pag_01arz3ndektsv4rrffq69g5fav".parse().unwrap(),
            name: place.to_string(),
            description: None,
            is_group: false,
            group_id: None,
            position: *position,
            only_show_if_degraded: false,
            held_status: None,
            held_since: None,
            holds: Vec::new(),
            start_date: None,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
        };
        positions.iter().enumerate().map(one).collect()
    }

    #[test]
    fn those_that_differ_stay_and_equals_are_spread() {
        for (positions, expected) in [
            (&[3, 5, 9][..], vec![3, 5, 9]),
            (&[0, 0, 0], vec![0, 1, 2]),
            (&[0, 0, 7, 7], vec![0, 1, 7, 8]),
            (&[u32::MAX, u32::MAX], vec![0, 1]),
            (&[], vec![]),
        ] {
            let all = at(positions);
            assert_eq!(places(&all.iter().collect::<Vec<_>>()), expected, "{positions:?}");
        }
    }
}
