//! Services: what breaks, and who is asked when it does.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::id::{PolicyId, ServiceId, TeamId};
use shared::domain::limits;
use shared::domain::policy::Policy;
use shared::domain::principal::Right;
use shared::domain::service::{Integration, Service, UrgencyRule};
use shared::domain::status::{Affected, Component, ComponentStatus, PublicationRule};
use shared::store::{Extra, Versioned};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, PageQuery, Params, Problem};
use utoipa::ToSchema;

use super::caller::Caller;
use super::create::create;
use super::etag::{IfMatch, Tagged};
use super::list;
use super::resource::{self, Changes, Plan, Resource, users_among};
use super::teams::{exists_if_named, rights_over_owned};
use super::validate::Faults;

/// Longest acknowledgement timeout and auto-resolve time: a week.
const TIMEOUT_SECONDS_MAX: u32 = 604_800;

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_services, create_service))
        .routes(routes!(get_service, change_service, delete_service))
}

/// A service as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 128, example = "Checkout")]
    name: String,
    /// The team that owns it; null: none, and only admins may change it.
    #[serde(default)]
    team_id: Option<TeamId>,
    /// Whom its incidents page.
    policy_id: PolicyId,
    /// How its incidents get their urgency: critical and error high, the others low; or always the same.
    #[serde(default)]
    #[schema(default = "by_severity")]
    urgency: UrgencyRule,
    /// How long an acknowledgement holds; 0: for ever.
    #[serde(default = "ack_timeout_seconds")]
    #[schema(maximum = 604_800, default = 1_800, example = 1_800)]
    ack_timeout_seconds: u32,
    /// How long after the last signal an incident resolves by itself; 0: never.
    #[serde(default)]
    #[schema(maximum = 604_800, default = 0)]
    auto_resolve_seconds: u32,
    /// What its incidents do to components of status pages, by severity; at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    components: Vec<Affected>,
    /// How its incidents become public on the pages of these components.
    #[serde(default)]
    publication: PublicationRule,
}

fn ack_timeout_seconds() -> u32 {
    limits::ACK_TIMEOUT_SECONDS
}

/// A service as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceView {
    id: ServiceId,
    name: String,
    team_id: Option<TeamId>,
    policy_id: PolicyId,
    urgency: UrgencyRule,
    ack_timeout_seconds: u32,
    auto_resolve_seconds: u32,
    components: Vec<Affected>,
    publication: PublicationRule,
    created_at: Timestamp,
}

impl From<Service> for ServiceView {
    fn from(service: Service) -> Self {
        let Service {
            id,
            team_id,
            name,
            policy_id,
            urgency,
            ack_timeout_seconds,
            auto_resolve_seconds,
            components,
            publication,
            created_at,
        } = service;
        Self {
            id,
            name,
            team_id,
            policy_id,
            urgency,
            ack_timeout_seconds,
            auto_resolve_seconds,
            components,
            publication,
            created_at,
        }
    }
}

impl Resource for ServiceBody {
    type Entity = Service;
    type View = ServiceView;
    const PATH: &'static str = "/api/v1/services";

    async fn rights(&self, _: &Caller, before: Option<&Service>) -> Result<Vec<Right>, Problem> {
        Ok(rights_over_owned(before.map(|before| before.team_id), self.team_id))
    }

    async fn plan(&self, caller: &Caller, before: Option<Versioned<Service>>) -> Result<Plan<Service>, Problem> {
        let mut faults = Faults::default();
        let name = faults.name(&self.name);
        faults.within("ack_timeout_seconds", self.ack_timeout_seconds, 0..=TIMEOUT_SECONDS_MAX);
        faults.within(
            "auto_resolve_seconds",
            self.auto_resolve_seconds,
            0..=TIMEOUT_SECONDS_MAX,
        );
        let mut extras = faults
            .exist::<Policy>(caller, vec![("policy_id".into(), self.policy_id)])
            .await?;
        extras.extend(exists_if_named(&mut faults, caller, self.team_id).await?);
        extras.extend(self.check_public(&mut faults, caller).await?);
        faults.none()?;
        let born = before.as_ref().map(|before| (before.value.id, before.value.created_at));
        let (id, created_at) = born.unwrap_or_else(|| caller.new_born());
        let service = Service {
            id,
            team_id: self.team_id,
            name,
            policy_id: self.policy_id,
            urgency: self.urgency,
            ack_timeout_seconds: self.ack_timeout_seconds,
            auto_resolve_seconds: self.auto_resolve_seconds,
            components: self.components.clone(),
            publication: self.publication,
            created_at,
        };
        Ok(Plan::new(before, service, extras))
    }

    async fn right_to_remove(_: &Caller, service: &Service) -> Result<Right, Problem> {
        Ok(Right::Configure(service.team_id))
    }

    async fn users(caller: &Caller, service: &Service) -> Result<Vec<String>, Problem> {
        let id = service.id;
        users_among::<Integration>(caller, |one| (one.service_id == id).then_some(&one.name)).await
    }
}

impl ServiceBody {
    /// What the public side asks for: components that there are, each once, and no announced work by incident.
    async fn check_public(&self, faults: &mut Faults, caller: &Caller) -> Result<Vec<Extra>, Problem> {
        faults.within(
            "publication.settle_seconds",
            self.publication.settle_seconds,
            0..=limits::SETTLE_SECONDS_MAX,
        );
        faults.count("components", self.components.len(), 0..=limits::AFFECTED_MAX);
        if self.components.len() > limits::AFFECTED_MAX {
            return Ok(Vec::new());
        }
        let field = |place: usize| format!("components[{place}].component_id");
        faults.no_doubles(self.components.iter().map(|one| one.component_id), field);
        for (place, one) in self.components.iter().enumerate() {
            for (name, status) in [
                ("critical", one.critical),
                ("error", one.error),
                ("warning", one.warning),
                ("info", one.info),
            ] {
                if status == ComponentStatus::UnderMaintenance {
                    let message = "cannot be \"under_maintenance\": that is what maintenances make of it";
                    faults.add(format!("components[{place}].{name}"), message);
                }
            }
        }
        let named = self.components.iter().enumerate();
        let named = named.map(|(place, one)| (field(place), one.component_id)).collect();
        faults.exist::<Component>(caller, named).await
    }
}

/// Services, newest first
#[utoipa::path(get, path = "/api/v1/services", tag = "Services", params(PageQuery),
    responses((status = 200, body = Listed<ServiceView>)))]
async fn list_services(caller: Caller, Params(query): Params<PageQuery>) -> list::Answer<ServiceBody> {
    list::list::<ServiceBody>(&caller, query.page()).await
}

/// Make a service
#[utoipa::path(post, path = "/api/v1/services", tag = "Services", request_body = ServiceBody,
    responses((status = 201, body = ServiceView)))]
async fn create_service(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<ServiceBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One service
#[utoipa::path(get, path = "/api/v1/services/{id}", tag = "Services", params(("id" = ServiceId, Path)),
    responses((status = 200, body = ServiceView)))]
async fn get_service(caller: Caller, Id(id): Id<ServiceId>) -> Result<Tagged<ServiceView>, Problem> {
    resource::get::<ServiceBody>(&caller, id).await
}

/// Change a service
#[utoipa::path(patch, path = "/api/v1/services/{id}", tag = "Services", params(("id" = ServiceId, Path)),
    request_body = ServiceBody, responses((status = 200, body = ServiceView)))]
async fn change_service(
    caller: Caller,
    Id(id): Id<ServiceId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<ServiceView>, Problem> {
    resource::change::<ServiceBody>(&caller, id, &if_match, &changes).await
}

/// Remove a service that has no integrations
#[utoipa::path(delete, path = "/api/v1/services/{id}", tag = "Services", params(("id" = ServiceId, Path)),
    responses((status = 204)))]
async fn delete_service(caller: Caller, Id(id): Id<ServiceId>, if_match: IfMatch) -> Result<StatusCode, Problem> {
    resource::remove::<ServiceBody>(&caller, id, &if_match).await
}
