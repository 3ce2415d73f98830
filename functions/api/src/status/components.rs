//! Components of pages, and groups of them.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::id::{ComponentId, PageId};
use shared::domain::limits;
use shared::domain::principal::Right;
use shared::domain::service::Service;
use shared::domain::status::{Component, ComponentStatus, Page};
use shared::domain::time::after_seconds;
use shared::store::{Entity, Extra, Gone, Versioned};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, Params, Problem, page_request};
use utoipa::{IntoParams, ToSchema};

use super::pages::{description, page_of};
use super::updates;
use crate::configuration::caller::Caller;
use crate::configuration::create::create;
use crate::configuration::etag::{IfMatch, Tagged};
use crate::configuration::list;
use crate::configuration::resource::{self, Changes, Plan, Resource, users_among};
use crate::configuration::validate::Faults;
use crate::openapi::{Routes, routes};

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_components, create_component))
        .routes(routes!(get_component, change_component, delete_component))
}

/// A component as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentBody {
    /// The page it is on; it stays there.
    page_id: PageId,
    /// Its name as the public reads it, 1 to 128 characters.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// What it is, for the public: at most 500 characters.
    #[serde(default)]
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Whether it is a group of components. It stays one, or none.
    #[serde(default)]
    is_group: bool,
    /// The group it is in; a group is in none.
    #[serde(default)]
    group_id: Option<ComponentId>,
    /// Where it stands on the page, or in its group; equals are in the order they were made in.
    #[serde(default)]
    position: u32,
    /// Whether it is shown only while it is not in order.
    #[serde(default)]
    only_show_if_degraded: bool,
    /// A status set by hand: while it is there, nothing else decides. Null: incidents, posts and maintenances do.
    #[serde(default)]
    held_status: Option<ComponentStatus>,
    /// The day since which it is known how it does, `2026-11-20`, at most five years ago, should that be longer than since it was
    /// made, and than since the earliest that a post of the last 90 days tells of it: its bars and uptime begin there.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<Date>,
}

/// A component as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComponentView {
    id: ComponentId,
    page_id: PageId,
    name: String,
    description: Option<String>,
    is_group: bool,
    group_id: Option<ComponentId>,
    position: u32,
    only_show_if_degraded: bool,
    held_status: Option<ComponentStatus>,
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<Date>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Component> for ComponentView {
    fn from(component: Component) -> Self {
        Self {
            id: component.id,
            page_id: component.page_id,
            name: component.name,
            description: component.description,
            is_group: component.is_group,
            group_id: component.group_id,
            position: component.position,
            only_show_if_degraded: component.only_show_if_degraded,
            held_status: component.held_status,
            start_date: component.start_date,
            created_at: component.created_at,
            updated_at: component.updated_at,
        }
    }
}

impl Resource for ComponentBody {
    type Entity = Component;
    type View = ComponentView;
    const PATH: &'static str = "/api/v1/components";
    const READ_ONLY: &'static [&'static str] = &["id", "created_at", "updated_at"];

    async fn rights(&self, caller: &Caller, before: Option<&Component>) -> Result<Vec<Right>, Problem> {
        let page = before.map_or(self.page_id, |before| before.page_id);
        Ok(vec![Right::Configure(page_of(caller, page).await?.team_id)])
    }

    async fn plan(&self, caller: &Caller, before: Option<Versioned<Component>>) -> Result<Plan<Component>, Problem> {
        let mut faults = Faults::default();
        let name = faults.name(&self.name);
        let description = description(&mut faults, self.description.as_deref());
        let known = before.as_ref().map(|before| &before.value);
        if let Some(known) = known {
            faults.fixed("page_id", &known.page_id, &self.page_id);
            faults.fixed("is_group", &known.is_group, &self.is_group);
        } else {
            let all = caller.store().list_all::<Component>().await?;
            let count = all.iter().filter(|one| one.page_id == self.page_id).count();
            if count >= limits::COMPONENTS_MAX {
                faults.add("page_id", format!("has {} components already", limits::COMPONENTS_MAX));
            }
        }
        let mut extras = vec![Extra::Needs(Page::PARTITION, self.page_id.to_string())];
        if let Some(group) = self.group_id {
            match caller.store().load::<Component>(group).await? {
                _ if self.is_group => faults.add("group_id", "must be null: a group is in none"),
                Some(found) if found.value.is_group && found.value.page_id == self.page_id => {
                    extras.push(Extra::Needs(Component::PARTITION, group.to_string()));
                }
                _ => faults.add("group_id", format!("there is no group {group} on this page")),
            }
        }
        if self.is_group && self.held_status.is_some() {
            faults.add("held_status", "must be null: a group does as its components do");
        }
        let known_date = known.and_then(|known| known.start_date);
        if let Some(date) = self.start_date.filter(|date| known_date != Some(*date)) {
            started(&mut faults, date, caller.now());
        }
        faults.none()?;
        let born = known.map(|known| (known.id, known.created_at, known.updated_at));
        let (id, created_at, updated_at) = born.unwrap_or_else(|| (caller.new_id(), caller.now(), caller.now()));
        let mut component = Component {
            id,
            page_id: self.page_id,
            name,
            description,
            is_group: self.is_group,
            group_id: self.group_id,
            position: self.position,
            only_show_if_degraded: self.only_show_if_degraded,
            held_status: known.and_then(|known| known.held_status),
            held_since: known.and_then(|known| known.held_since),
            holds: known.map(|known| known.holds.clone()).unwrap_or_default(),
            start_date: self.start_date,
            created_at,
            updated_at,
        };
        component.hold(self.held_status, caller.now());
        if known.is_some_and(|known| *known != component) {
            component.updated_at = caller.now();
        }
        Ok(Plan::new(before, component, extras))
    }

    async fn right_to_remove(caller: &Caller, component: &Component) -> Result<Right, Problem> {
        Ok(Right::Configure(page_of(caller, component.page_id).await?.team_id))
    }

    async fn users(caller: &Caller, component: &Component) -> Result<Vec<String>, Problem> {
        let id = component.id;
        let affects = |one: &Service| one.components.iter().any(|affected| affected.component_id == id);
        let mut users = users_among::<Service>(caller, |one| affects(one).then_some(&one.name)).await?;
        users.extend(users_among::<Component>(caller, |one| (one.group_id == Some(id)).then_some(&one.name)).await?);
        Ok(users)
    }

    async fn removed_with(caller: &Caller, component: &Component) -> Result<Vec<Extra>, Problem> {
        let gone = Gone::Component(component.id);
        Ok(vec![Extra::Gone(component.page_id, gone, caller.now())])
    }
}

/// Hours between the first place on earth where a day begins and UTC.
const FIRST_DAWN_HOURS: i64 = 14;

/// Whether a day has begun, somewhere, and is not long forgotten.
fn started(faults: &mut Faults, date: Date, now: Timestamp) {
    let in_utc = date.to_zoned(jiff::tz::TimeZone::UTC);
    let begins = in_utc.map_or(Timestamp::MAX, |start| {
        after_seconds(start.timestamp(), -FIRST_DAWN_HOURS * 3600)
    });
    updates::told_time(faults, "start_date", Some(begins), now);
}

/// Which components.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ComponentQuery {
    /// Only those of this page.
    #[serde(default)]
    page_id: Option<PageId>,
    /// Items at most.
    #[serde(default)]
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(default)]
    after: Option<String>,
}

/// Components, newest first
#[utoipa::path(get, path = "/api/v1/components", tag = "Status pages", params(ComponentQuery),
    responses((status = 200, body = Listed<ComponentView>)))]
async fn list_components(caller: Caller, Params(query): Params<ComponentQuery>) -> list::Answer<ComponentBody> {
    let page = page_request(query.limit, query.after.as_deref());
    let wanted = |component: &Component| query.page_id.is_none_or(|id| component.page_id == id);
    list::list_where::<ComponentBody>(&caller, page, wanted).await
}

/// Make a component, or a group of components
#[utoipa::path(post, path = "/api/v1/components", tag = "Status pages", request_body = ComponentBody,
    responses((status = 201, body = ComponentView)))]
async fn create_component(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<ComponentBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One component
#[utoipa::path(get, path = "/api/v1/components/{id}", tag = "Status pages", params(("id" = ComponentId, Path)),
    responses((status = 200, body = ComponentView)))]
async fn get_component(caller: Caller, Id(id): Id<ComponentId>) -> Result<Tagged<ComponentView>, Problem> {
    resource::get::<ComponentBody>(&caller, id).await
}

/// Change a component
#[utoipa::path(patch, path = "/api/v1/components/{id}", tag = "Status pages", params(("id" = ComponentId, Path)),
    request_body = ComponentBody, responses((status = 200, body = ComponentView)))]
async fn change_component(
    caller: Caller,
    Id(id): Id<ComponentId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<ComponentView>, Problem> {
    resource::change::<ComponentBody>(&caller, id, &if_match, &changes).await
}

/// Remove a component that no service affects, or a group that is empty
#[utoipa::path(delete, path = "/api/v1/components/{id}", tag = "Status pages", params(("id" = ComponentId, Path)),
    responses((status = 204)))]
async fn delete_component(caller: Caller, Id(id): Id<ComponentId>, if_match: IfMatch) -> Result<StatusCode, Problem> {
    resource::remove::<ComponentBody>(&caller, id, &if_match).await
}
