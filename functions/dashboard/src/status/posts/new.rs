//! A post that is about to be written: from nothing, from an incident, or about what is over already.
//!
//! Of an incident it takes what its service does to components, and its times. Nothing else: no title, source or detail of
//! an incident is put into a form whose words the public reads.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::{IncidentId, PageId};
use shared::domain::incident::Incident;
use shared::domain::principal::Right;
use shared::domain::service::Service;
use shared::domain::status::{Component, Page, PostStatus, PublicName, effects, words};
use shared::web::{Id, Problem};

use super::fields::{Effects, Fields, components_of, impacts};
use crate::page::{Asked, Choice, Frame, Refused, Section, Visitor, load, shown};
use crate::status::{Tab, Tabs};

#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// The incident to tell of.
    incident_id: Option<IncidentId>,
    /// Whether it is told afterwards.
    over: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "status/posts/new.html")]
struct New {
    frame: Frame,
    tabs: Tabs,
    id: PageId,
    /// What is in it already.
    title: String,
    body: String,
    fields: Fields,
    impacts: Vec<Choice>,
    zone: String,
    is_over: bool,
    started_at: String,
    resolved_at: String,
    /// The incident it was begun from.
    incident_id: Option<IncidentId>,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<PageId>, Problem>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refused> {
    visitor.who.may(Right::Respond)?;
    let page = load::<Page>(&ctx, id).await?.value;
    let (components, incident) = futures_util::try_join!(components_of(&ctx, page.id), async {
        match wanted.incident_id {
            Some(id) => ctx.store.incident(id).await,
            None => Ok(None),
        }
    })?;
    let incident = incident.map(|row| row.value);
    let effects = match &incident {
        Some(incident) => effects_of(&ctx, incident, &components).await?,
        None => Effects::new(),
    };
    let resolved_at = incident
        .as_ref()
        .and_then(|incident| Some(incident.resolved.as_ref()?.at));
    let is_over = wanted.over.is_some() || resolved_at.is_some();
    let status = if is_over {
        PostStatus::Resolved
    } else {
        PostStatus::Investigating
    };
    let (title, body) = match incident {
        Some(_) => words_of(&page, &components, &effects, status),
        None => Default::default(),
    };
    let zone = visitor.zone();
    Ok(shown(&New {
        frame: Frame::new(Section::Status, &visitor),
        tabs: Tabs::new(&ctx, &page, Tab::Posts),
        id: page.id,
        title,
        body,
        fields: Fields::of(&page, &components, &effects, status),
        impacts: impacts(None),
        zone: zone.name().to_owned(),
        is_over,
        started_at: incident
            .as_ref()
            .map_or_else(String::new, |incident| zone.field(incident.created_at)),
        resolved_at: resolved_at.map_or_else(String::new, |at| zone.field(at)),
        incident_id: incident.map(|incident| incident.id),
    }))
}

/// What the incident's service does to these components.
async fn effects_of(ctx: &Ctx, incident: &Incident, components: &[Component]) -> Result<Effects, Refused> {
    let service = ctx.store.load::<Service>(incident.service_id).await?;
    let Some(service) = service else {
        return Ok(Effects::new());
    };
    let is_here = |id| components.iter().any(|one| one.id == id && !one.is_group);
    let here = service.value.components.iter().filter(|one| is_here(one.component_id));
    Ok(effects(here, incident.peak_severity))
}

/// The title and the words to start from, of public names alone.
fn words_of(page: &Page, components: &[Component], effects: &Effects, status: PostStatus) -> (String, String) {
    let mut affected: Vec<&Component> = components.iter().filter(|one| effects.contains_key(&one.id)).collect();
    affected.sort_by_key(|one| (one.position, one.id));
    let names: Vec<PublicName<'_>> = affected.into_iter().map(Component::public_name).collect();
    let words = words::of(page.locale);
    let ready = words.ready().iter().find(|ready| ready.status == status);
    let body = ready.map_or_else(String::new, |ready| words.about(ready.text, &names));
    (words.title(&names), body)
}
