//! Maintenances: work that is announced, at a stated time.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::actor::Actor;
use shared::domain::id::{ComponentId, MaintenanceId, PageId, ServiceId, UpdateId};
use shared::domain::incident::Mark;
use shared::domain::limits;
use shared::domain::principal::Right;
use shared::domain::service::Service;
use shared::domain::status::{Alerts, Maintenance, MaintenanceStatus, Page, Update, Work};
use shared::store::{Entity, Extra, Gone, Versioned};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, Params, Problem};
use utoipa::ToSchema;

use super::pages::page_of;
use super::updates::{self, CorrectUpdateBody, OnPageQuery, UpdateView, Updated};
use crate::configuration::caller::Caller;
use crate::configuration::create::{add, create};
use crate::configuration::etag::{IfMatch, Tagged};
use crate::configuration::list;
use crate::configuration::resource::{self, Changes, Plan, Resource};
use crate::configuration::validate::Faults;
use crate::openapi::{Routes, routes};

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_maintenances, create_maintenance))
        .routes(routes!(get_maintenance, change_maintenance, delete_maintenance))
        .routes(routes!(add_maintenance_update))
        .routes(routes!(correct_maintenance_update))
}

/// A maintenance as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceBody {
    /// The page it is on; it stays there.
    page_id: PageId,
    /// Its title, 1 to 128 characters.
    #[schema(min_length = 1, max_length = 128)]
    title: String,
    /// The words that announce it, 1 to 4000 characters; only when it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required, min_length = 1, max_length = 4000, pattern = r"\S")]
    body: Option<String>,
    /// When it begins.
    starts_at: Timestamp,
    /// When it ends: at most 30 days later.
    ends_at: Timestamp,
    /// Whether it begins and ends by itself at these times.
    #[serde(default = "updates::yes")]
    automatic: bool,
    /// What is under maintenance while it goes on; at most 50 components of the page, no groups.
    #[serde(default)]
    #[schema(max_items = 50)]
    component_ids: Vec<ComponentId>,
    /// Services whose alerts it changes while it goes on; at most 20. Only incidents that are opened meanwhile, and not by
    /// hand: what was wrong before it began pages on, and so does what somebody escalates or reassigns.
    #[serde(default)]
    #[schema(max_items = 20)]
    service_ids: Vec<ServiceId>,
    /// What becomes of these alerts until it is over, called off or past `ends_at`, whichever comes first.
    #[serde(default)]
    alerts: Alerts,
    /// Minutes before its beginning at which subscribers are reminded; 0: they are not.
    #[serde(default = "remind_minutes_before")]
    #[schema(maximum = 10080)]
    remind_minutes_before: u32,
    /// Whether subscribers are told of it, reminded before it, and told when it begins and ends by itself; only when it is
    /// made. If it is left out, they are. An update that is told later tells them of all that follows, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deliver_notifications: Option<bool>,
}

fn remind_minutes_before() -> u32 {
    limits::REMIND_MINUTES
}

/// A maintenance as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct MaintenanceView {
    id: MaintenanceId,
    page_id: PageId,
    title: String,
    status: MaintenanceStatus,
    starts_at: Timestamp,
    ends_at: Timestamp,
    automatic: bool,
    component_ids: Vec<ComponentId>,
    service_ids: Vec<ServiceId>,
    alerts: Alerts,
    remind_minutes_before: u32,
    completed_at: Option<Timestamp>,
    /// When it was called off.
    cancelled_at: Option<Timestamp>,
    /// Who called it off.
    cancelled_by: Option<Actor>,
    updates: Vec<UpdateView<MaintenanceStatus>>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Maintenance> for MaintenanceView {
    fn from(maintenance: Maintenance) -> Self {
        let (cancelled_at, cancelled_by) = maintenance.cancelled.map(|mark| (mark.at, mark.by)).unzip();
        Self {
            id: maintenance.id,
            page_id: maintenance.page_id,
            title: maintenance.title,
            status: maintenance.status,
            starts_at: maintenance.starts_at,
            ends_at: maintenance.ends_at,
            automatic: maintenance.automatic,
            component_ids: maintenance.component_ids,
            service_ids: maintenance.service_ids,
            alerts: maintenance.alerts,
            remind_minutes_before: maintenance.remind_minutes_before,
            completed_at: maintenance.completed_at,
            cancelled_at,
            cancelled_by,
            updates: maintenance.updates.into_iter().map(Into::into).collect(),
            created_at: maintenance.created_at,
            updated_at: maintenance.updated_at,
        }
    }
}

impl Resource for MaintenanceBody {
    type Entity = Maintenance;
    type View = MaintenanceView;
    const PATH: &'static str = "/api/v1/maintenances";
    const READ_ONLY: &'static [&'static str] = &[
        "id",
        "status",
        "completed_at",
        "cancelled_at",
        "cancelled_by",
        "updates",
        "created_at",
        "updated_at",
    ];

    async fn rights(&self, _: &Caller, _: Option<&Maintenance>) -> Result<Vec<Right>, Problem> {
        Ok(vec![Right::Respond])
    }

    async fn plan(
        &self,
        caller: &Caller,
        before: Option<Versioned<Maintenance>>,
    ) -> Result<Plan<Maintenance>, Problem> {
        let mut faults = Faults::default();
        let now = caller.now();
        let title = updates::title(&mut faults, &self.title);
        let page = match &before {
            Some(before) => {
                faults.fixed("page_id", &before.value.page_id, &self.page_id);
                before.value.page_id
            }
            None => page_of(caller, self.page_id).await?.id,
        };
        let field = |place: usize| format!("component_ids[{place}]");
        let named = before.as_ref().map_or(&[][..], |before| &before.value.component_ids);
        updates::components_of(&mut faults, caller, page, (&self.component_ids, named), field).await?;
        faults.within(
            "remind_minutes_before",
            self.remind_minutes_before,
            0..=limits::REMIND_MINUTES_MAX,
        );
        let length = self.ends_at.duration_since(self.starts_at).as_secs();
        if !(1..=limits::MAINTENANCE_SECONDS_MAX).contains(&length) {
            faults.add("ends_at", "must be after starts_at, by at most 30 days");
        }
        let known = before.as_ref().map(|before| &before.value);
        let body = match known {
            None => updates::words(&mut faults, "body", self.body.as_deref().unwrap_or_default()),
            Some(_) => {
                if self.body.is_some() {
                    faults.add("body", "is said by an update: post to /updates");
                }
                if self.deliver_notifications.is_some() {
                    faults.add("deliver_notifications", "is said by an update: post to /updates");
                }
                String::new()
            }
        };
        if known.is_none_or(|known| known.is_open() && known.ends_at != self.ends_at) && self.ends_at <= now {
            faults.add("ends_at", "must be in the future");
        }
        let mut needs = vec![Extra::Needs(Page::PARTITION, page.to_string())];
        needs.extend(self.check_services(&mut faults, caller, known).await?);
        faults.none()?;
        let next = match known {
            Some(known) => {
                let mut next = Maintenance {
                    title,
                    starts_at: self.starts_at,
                    ends_at: self.ends_at,
                    automatic: self.automatic,
                    component_ids: self.component_ids.clone(),
                    service_ids: self.service_ids.clone(),
                    alerts: self.alerts,
                    remind_minutes_before: self.remind_minutes_before,
                    ..known.clone()
                };
                if next != *known {
                    next.updated_at = now;
                }
                next
            }
            None => {
                let mut new = Maintenance {
                    id: caller.new_id(),
                    page_id: self.page_id,
                    title,
                    status: MaintenanceStatus::Scheduled,
                    starts_at: self.starts_at,
                    ends_at: self.ends_at,
                    automatic: self.automatic,
                    component_ids: self.component_ids.clone(),
                    service_ids: self.service_ids.clone(),
                    alerts: self.alerts,
                    remind_minutes_before: self.remind_minutes_before,
                    cancelled: None,
                    updates: Vec::new(),
                    completed_at: None,
                    created_at: now,
                    updated_at: now,
                };
                new.add(Update {
                    id: caller.new_id(),
                    status: MaintenanceStatus::Scheduled,
                    body,
                    at: now,
                    created_at: now,
                    by: caller.principal().actor(),
                    components: Vec::new(),
                    deliver_notifications: self.deliver_notifications.unwrap_or(true),
                });
                new
            }
        };
        may_work(caller, known, &next).await?;
        Ok(Plan::new(before, next, needs))
    }

    async fn right_to_remove(_: &Caller, _: &Maintenance) -> Result<Right, Problem> {
        Ok(Right::Respond)
    }

    async fn removed_with(caller: &Caller, maintenance: &Maintenance) -> Result<Vec<Extra>, Problem> {
        let gone = Gone::Maintenance(maintenance.id);
        Ok(vec![Extra::Gone(maintenance.page_id, gone, caller.now())])
    }
}

impl MaintenanceBody {
    /// Services that there are, each once. One that is removed meanwhile does not keep its maintenance from being changed.
    async fn check_services(
        &self,
        faults: &mut Faults,
        caller: &Caller,
        before: Option<&Maintenance>,
    ) -> Result<Vec<Extra>, Problem> {
        let max = limits::MAINTENANCE_SERVICES_MAX;
        faults.count("service_ids", self.service_ids.len(), 0..=max);
        if self.alerts != Alerts::Page && self.service_ids.is_empty() {
            faults.add(
                "service_ids",
                "must name a service whose alerts are to be held or quiet",
            );
        }
        if self.service_ids.len() > max {
            return Ok(Vec::new());
        }
        let field = |place: usize| format!("service_ids[{place}]");
        faults.no_doubles(self.service_ids.iter().copied(), field);
        let named = self.service_ids.iter().enumerate();
        let is_new = |id: &ServiceId| before.is_none_or(|before| !before.service_ids.contains(id));
        let named = named
            .filter(|(_, id)| is_new(id))
            .map(|(place, id)| (field(place), *id));
        faults.exist::<Service>(caller, named.collect()).await
    }
}

/// Whether they may keep the alerts of these services from paging as they did not before: it takes what changing the
/// services takes. To end that takes no more than to respond, since it can only page more.
async fn may_work(caller: &Caller, before: Option<&Maintenance>, next: &Maintenance) -> Result<(), Problem> {
    let known = before.map(Work::all_of).unwrap_or_default();
    let added = Work::all_of(next).into_iter().filter(|work| !known.contains(work));
    let added: Vec<ServiceId> = added.map(|work| work.service_id).collect();
    let services = caller.store().load_many::<Service>(added).await?;
    for service in services {
        let refusal = format!(
            "Only who may change the service \"{}\" may hold or quiet its alerts.",
            service.name
        );
        let may = caller.may(Right::Configure(service.team_id));
        may.map_err(|_| Problem::forbidden(refusal))?;
    }
    Ok(())
}

/// A further update.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MaintenanceUpdateBody {
    /// Where the maintenance stands from here on; as before, if it is left out.
    #[serde(default)]
    status: Option<MaintenanceStatus>,
    /// Its words, 1 to 4000 characters.
    #[schema(min_length = 1, max_length = 4000, pattern = r"\S")]
    body: String,
    /// Whether the maintenance is called off with it: it is over then, and what it held pages at once.
    #[serde(default)]
    cancelled: bool,
    /// Whether subscribers are told.
    #[serde(default = "updates::yes")]
    deliver_notifications: bool,
}

/// Maintenances, newest first
#[utoipa::path(get, path = "/api/v1/maintenances", tag = "Maintenances", params(OnPageQuery),
    responses((status = 200, body = Listed<MaintenanceView>)))]
async fn list_maintenances(caller: Caller, Params(query): Params<OnPageQuery>) -> list::Answer<MaintenanceBody> {
    caller.may(Right::Read)?;
    let pages = query.pages(&caller).await?;
    let found = caller.store().maintenances(&pages, &query.page().page()?).await?;
    Ok(Json(found.map(|row| row.value.into()).into()))
}

/// Announce a maintenance
#[utoipa::path(post, path = "/api/v1/maintenances", tag = "Maintenances", request_body = MaintenanceBody,
    responses((status = 201, body = MaintenanceView)))]
async fn create_maintenance(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<MaintenanceBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One maintenance
#[utoipa::path(get, path = "/api/v1/maintenances/{id}", tag = "Maintenances", params(("id" = MaintenanceId, Path)),
    responses((status = 200, body = MaintenanceView)))]
async fn get_maintenance(caller: Caller, Id(id): Id<MaintenanceId>) -> Result<Tagged<MaintenanceView>, Problem> {
    resource::get::<MaintenanceBody>(&caller, id).await
}

/// Change a maintenance
#[utoipa::path(patch, path = "/api/v1/maintenances/{id}", tag = "Maintenances", params(("id" = MaintenanceId, Path)),
    request_body = MaintenanceBody, responses((status = 200, body = MaintenanceView)))]
async fn change_maintenance(
    caller: Caller,
    Id(id): Id<MaintenanceId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<MaintenanceView>, Problem> {
    resource::change::<MaintenanceBody>(&caller, id, &if_match, &changes).await
}

/// Remove a maintenance
#[utoipa::path(delete, path = "/api/v1/maintenances/{id}", tag = "Maintenances", params(("id" = MaintenanceId, Path)),
    responses((status = 204)))]
async fn delete_maintenance(
    caller: Caller,
    Id(id): Id<MaintenanceId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    resource::remove::<MaintenanceBody>(&caller, id, &if_match).await
}

/// Say something more about a maintenance
#[utoipa::path(post, path = "/api/v1/maintenances/{id}/updates", tag = "Maintenances",
    params(("id" = MaintenanceId, Path)), request_body = MaintenanceUpdateBody,
    responses((status = 200, body = MaintenanceView)))]
async fn add_maintenance_update(
    caller: Caller,
    Id(id): Id<MaintenanceId>,
    if_match: IfMatch,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<MaintenanceUpdateBody>,
) -> Result<Response, Problem> {
    caller.may(Right::Respond)?;
    let (update_id, by): (UpdateId, _) = (caller.new_id(), caller.principal().actor());
    let caller = &caller;
    let if_match = &if_match;
    let asked = key.of(&caller.auth, &format!("/api/v1/maintenances/{id}/updates"), &body);
    let added = add::<Maintenance, MaintenanceView, _, _>(caller, asked, id, |before| async {
        if_match.check(before.version)?;
        let mut faults = Faults::default();
        let words = updates::words(&mut faults, "body", &body.body);
        let mut next = before.value.clone();
        let status = match (body.cancelled, body.status) {
            (false, status) => status.unwrap_or(next.status),
            (true, None | Some(MaintenanceStatus::Completed)) => MaintenanceStatus::Completed,
            (true, Some(_)) => {
                faults.add(
                    "status",
                    "must be \"completed\" or left out: what is called off is over",
                );
                next.status
            }
        };
        if status != MaintenanceStatus::Completed && next.automatic && next.ends_at <= caller.now() {
            faults.add(
                "status",
                "must be \"completed\": its end is past, and it ends by itself; move ends_at first",
            );
        }
        if body.cancelled && !next.is_open() {
            faults.add("cancelled", "cannot be called off: it is over already");
        }
        next.add(Update {
            id: update_id,
            status,
            body: words,
            at: caller.now(),
            created_at: caller.now(),
            by: by.clone(),
            components: Vec::new(),
            deliver_notifications: body.deliver_notifications,
        });
        if body.cancelled {
            let (at, by) = (caller.now(), by.clone());
            next.cancelled = Some(Mark { at, by });
        }
        updates::fits(&mut faults, (next.updates.len(), !next.is_open()), &next);
        faults.none()?;
        may_work(caller, Some(&before.value), &next).await?;
        Ok(Plan::over(before, next))
    });
    added.await
}

/// Put the words of an update right; subscribers are not told again
#[utoipa::path(patch, path = "/api/v1/maintenances/{id}/updates/{update_id}", tag = "Maintenances",
    params(("id" = MaintenanceId, Path), ("update_id" = UpdateId, Path)), request_body = CorrectUpdateBody,
    responses((status = 200, body = MaintenanceView)))]
async fn correct_maintenance_update(
    caller: Caller,
    Path(ids): Path<(String, String)>,
    if_match: IfMatch,
    JsonBody(body): JsonBody<CorrectUpdateBody>,
) -> Result<Tagged<MaintenanceView>, Problem> {
    updates::correct::<Maintenance, _>(&caller, &ids, &if_match, &body).await
}

impl Updated for Maintenance {
    type Status = MaintenanceStatus;

    fn updates(&mut self) -> &mut Vec<Update<MaintenanceStatus>> {
        &mut self.updates
    }

    fn is_over(&self) -> bool {
        !self.is_open()
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
    }
}
