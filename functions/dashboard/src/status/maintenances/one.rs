//! One maintenance: what was said of it, what it does to alerts, and everything that may be said or changed next.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::{MaintenanceId, UpdateId};
use shared::domain::limits;
use shared::domain::service::Service;
use shared::domain::status::{Alerts, Maintenance, Page};
use shared::web::{Id, Problem};

use super::fields::Fields;
use super::names;
use crate::page::{Asked, Choice, Frame, Living, Moment, People, Person, Refused, Section, Visitor, Zone, load, shown};

#[derive(Debug, Deserialize)]
pub struct Wanted {
    part: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "status/maintenances/one.html")]
struct One {
    frame: Frame,
    id: MaintenanceId,
    version: u64,
    page_id: String,
    page: String,
    title: String,
    live: Living,
    is_open: bool,
    may_write: bool,
    has_room: bool,
    statuses: Vec<Choice>,
    fields: Fields,
}

#[derive(Debug, Template)]
#[template(path = "status/maintenances/one_live.html")]
struct Live {
    id: MaintenanceId,
    version: u64,
    /// Where it stands, for a field of a form.
    stands: &'static str,
    may_write: bool,
    title: String,
    url: String,
    class: &'static str,
    standing: &'static str,
    from: Moment,
    until: Moment,
    automatic: bool,
    is_open: bool,
    alerts: Option<&'static str>,
    services: Vec<(String, String)>,
    components: Vec<String>,
    cancelled: Option<(Person, Moment)>,
    updates: Vec<Said>,
}

/// An update.
#[derive(Debug)]
struct Said {
    id: UpdateId,
    who: Person,
    status: &'static str,
    at: Moment,
    body: String,
    was_told: bool,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<MaintenanceId>, Problem>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let found = load::<Maintenance>(&ctx, id).await?;
    let (version, one) = (found.version, found.value);
    let zone = visitor.zone();
    let writers = one.updates.iter().map(|update| &update.by);
    let writers = writers.chain(one.cancelled.iter().map(|mark| &mark.by));
    let writers: Vec<_> = writers.filter_map(|by| by.person()).collect();
    let (page, services, people, fields) = futures_util::try_join!(
        ctx.store.load::<Page>(one.page_id),
        ctx.store.load_many::<Service>(one.service_ids.clone()),
        People::load(&ctx, writers),
        Fields::load(&ctx, one.page_id, Some(&one), &visitor, &zone),
    )?;
    let page = page.ok_or_else(Refused::missing)?.value;
    let chosen = fields.components.iter().filter(|part| part.is_chosen);
    let part = Live {
        id: one.id,
        version,
        stands: one.status.as_str(),
        may_write: visitor.may_respond(),
        url: format!("{}/incidents/{}", ctx.page_url(&page), one.id),
        class: names::class(&one),
        standing: names::standing(&one),
        from: zone.moment(one.starts_at),
        until: zone.moment(one.ends_at),
        automatic: one.automatic,
        is_open: one.is_open(),
        alerts: (one.alerts != Alerts::Page).then(|| names::alerts(one.alerts)),
        services: services.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        components: chosen.map(|part| part.name.clone()).collect(),
        cancelled: one
            .cancelled
            .as_ref()
            .map(|mark| (people.actor(&mark.by), zone.moment(mark.at))),
        updates: said(&one, &people, &zone),
        title: one.title.clone(),
    };
    let live = Living::new(format!("/maintenances/{}", one.id), &part);
    if wanted.part.as_deref() == Some("live") {
        return Ok(live.alone(&headers));
    }
    Ok(shown(&One {
        frame: Frame::new(Section::Status, &visitor),
        id: one.id,
        version,
        page_id: page.id.to_string(),
        live,
        is_open: part.is_open,
        may_write: visitor.may_respond(),
        has_room: one.updates.len() < limits::POST_UPDATES_MAX + limits::POST_END_UPDATES_MAX,
        statuses: names::STATUSES
            .map(|status| Choice::new(status.as_str(), names::status_of(&one, status), status == one.status))
            .into(),
        fields,
        page: page.name,
        title: one.title,
    }))
}

/// What was said, newest first.
fn said(one: &Maintenance, people: &People, zone: &Zone) -> Vec<Said> {
    let update = one.updates.iter().rev().map(|update| Said {
        id: update.id,
        who: people.actor(&update.by),
        status: names::status_of(one, update.status),
        at: zone.moment(update.at),
        body: update.body.clone(),
        was_told: update.deliver_notifications,
    });
    update.collect()
}
