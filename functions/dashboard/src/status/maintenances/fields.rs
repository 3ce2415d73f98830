//! What forms of maintenances offer: components of the page, services, and what becomes of their alerts.

use shared::ctx::Ctx;
use shared::domain::id::PageId;
use shared::domain::limits;
use shared::domain::service::Service;
use shared::domain::status::{Component, Maintenance};
use shared::store::StoreError;

use super::names;
use crate::page::{Choice, Visitor, Zone, by_name};
use crate::status::tree::tree;

/// The parts of a form that makes or changes a maintenance.
#[derive(Debug)]
pub struct Fields {
    pub components: Vec<Choice>,
    pub services: Vec<Choice>,
    pub alerts: Vec<Choice>,
    pub remind_minutes_before: u32,
    pub automatic: bool,
    pub starts_at: String,
    pub ends_at: String,
    /// The zone in which these times are.
    pub zone: String,
}

impl Fields {
    /// Of `one`, or of one that is about to be made. Services are those whose alerts the visitor may change, and those that
    /// are in it.
    pub async fn load(
        ctx: &Ctx,
        page: PageId,
        one: Option<&Maintenance>,
        visitor: &Visitor,
        zone: &Zone,
    ) -> Result<Self, StoreError> {
        let (components, services) =
            futures_util::try_join!(ctx.store.list_all::<Component>(), ctx.store.list_all::<Service>())?;
        let here: Vec<Component> = components.into_iter().filter(|part| part.page_id == page).collect();
        let is_under = |part: &Component| one.is_some_and(|one| one.component_ids.contains(&part.id));
        let is_in = |service: &Service| one.is_some_and(|one| one.service_ids.contains(&service.id));
        let services = services
            .into_iter()
            .filter(|service| is_in(service) || visitor.may_configure(service.team_id));
        let chosen = one.map(|one| one.alerts).unwrap_or_default();
        let alerts = names::ALERTS.map(|(alerts, id, name)| Choice::new(id, name, alerts == chosen));
        Ok(Self {
            components: as_on_the_page(&here, is_under),
            services: by_name(
                services
                    .map(|one| Choice::new(one.id, &one.name, is_in(&one)))
                    .collect(),
            ),
            alerts: alerts.into(),
            remind_minutes_before: one.map_or(limits::REMIND_MINUTES, |one| one.remind_minutes_before),
            automatic: one.is_none_or(|one| one.automatic),
            starts_at: one.map_or_else(String::new, |one| zone.field(one.starts_at)),
            ends_at: one.map_or_else(String::new, |one| zone.field(one.ends_at)),
            zone: zone.name().to_owned(),
        })
    }
}

/// Components in the order of their page; each in a group with the group's name before its own.
fn as_on_the_page(components: &[Component], is_chosen: impl Fn(&Component) -> bool) -> Vec<Choice> {
    let mut all = Vec::new();
    for branch in tree(components) {
        let top = branch.top;
        if !top.is_group {
            all.push(Choice::new(top.id, &top.name, is_chosen(top)));
        }
        for member in branch.members {
            all.push(Choice::new(
                member.id,
                &format!("{}: {}", top.name, member.name),
                is_chosen(member),
            ));
        }
    }
    all
}
