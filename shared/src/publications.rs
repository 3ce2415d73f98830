//! What the public is told of an incident, and a person's word on it: in the API, on the pages, behind the link in a message.
//!
//! Reads begin with the service: one without components is told of nowhere, and costs nothing more. What is absent: any
//! decision about a post. A word leaves the publication due now, and whoever publishes the page decides
//! ([`crate::domain::status::decide_publication`]).

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::ctx::Ctx;
use crate::domain::id::{ComponentId, PageId, ServiceId};
use crate::domain::incident::Incident;
use crate::domain::service::Service;
use crate::domain::signal::Severity;
use crate::domain::status::{
    Component, ComponentStatus, Page, Post, Publication, PublicationMode, PublicationRule, PublicationState, effects,
};
use crate::domain::time::after_seconds;
use crate::incidents::IncidentView;
use crate::store::{Applied, Change, StoreError};
use crate::web::Problem;

/// How often a race over one publication may be lost.
const ROUNDS_MAX: u32 = 3;

/// An incident, as far as the public is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Matter {
    /// Whose it is.
    pub service_id: ServiceId,
    /// How bad it is.
    pub severity: Severity,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
}

impl From<&Incident> for Matter {
    fn from(incident: &Incident) -> Self {
        Self {
            service_id: incident.service_id,
            severity: incident.severity,
            opened_at: incident.created_at,
            resolved_at: incident.resolved.as_ref().map(|mark| mark.at),
        }
    }
}

impl From<&IncidentView> for Matter {
    fn from(incident: &IncidentView) -> Self {
        Self {
            service_id: incident.service_id,
            severity: incident.severity,
            opened_at: incident.created_at,
            resolved_at: incident.resolved_at,
        }
    }
}

/// What one page's readers are told of an incident.
#[derive(Debug, Clone)]
pub struct Told {
    /// The page.
    pub page: Page,
    /// What the incident does to its components, in their order. None: at this severity, nothing.
    pub affected: Vec<(Component, ComponentStatus)>,
    /// How its service's incidents become public.
    pub rule: PublicationRule,
    /// Where that stands.
    pub telling: Telling,
}

/// Where it stands whether the public is told of an incident.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a few values that are shown once")]
pub enum Telling {
    /// It is not bad enough.
    Harmless,
    /// Somebody must write a post.
    Manual,
    /// It lasts long enough to be told, or asked about, only then.
    Settling(Timestamp),
    /// Somebody is asked.
    Asked,
    /// Somebody said yes: it becomes public any moment.
    Confirmed,
    /// There is a post about it.
    Public(Post),
    /// Somebody said no, or ended the post while it went on.
    Dismissed,
    /// It is over, and the public was not told, as far as is still known.
    Over,
}

impl Telling {
    /// Whether a person's word is waited for, or would come before what happens by itself.
    pub fn is_open_question(&self) -> bool {
        matches!(self, Self::Settling(_) | Self::Asked)
    }
}

/// What the public is told of an incident, for each page that its service affects, by the pages' names.
///
/// # Errors
/// When the table does not answer.
pub async fn told(ctx: &Ctx, matter: Matter) -> Result<Vec<Told>, StoreError> {
    let service = ctx.store.load::<Service>(matter.service_id).await?;
    let Some(service) = service
        .map(|row| row.value)
        .filter(|service| !service.components.is_empty())
    else {
        return Ok(Vec::new());
    };
    let mut ids: Vec<ComponentId> = service.components.iter().map(|one| one.component_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut components = ctx.store.load_many::<Component>(ids).await?;
    components.sort_by_key(|one| (one.position, one.id));
    let mut pages: Vec<PageId> = components.iter().map(|one| one.page_id).collect();
    pages.sort_unstable();
    pages.dedup();
    let (mut pages, publications) = futures_util::try_join!(
        ctx.store.load_many::<Page>(pages.clone()),
        ctx.store.publications_of_service(service.id, pages),
    )?;
    let posts = ctx
        .store
        .posts_by_id(publications.iter().filter_map(Publication::post_id));
    let posts = posts.await?;
    pages.sort_by_key(|page| (page.name.to_lowercase(), page.id));
    let on_page = |page: Page| {
        let affected = affected_on(page.id, &components, &service, matter.severity);
        let publication = publications.iter().find(|one| one.page_id == page.id);
        let post = publication.and_then(Publication::post_id);
        let post = posts
            .iter()
            .find(|row| Some(row.value.id) == post)
            .map(|row| &row.value);
        Told {
            telling: telling(&matter, (service.publication, !affected.is_empty()), publication, post),
            affected,
            rule: service.publication,
            page,
        }
    };
    Ok(pages.into_iter().map(on_page).collect())
}

fn affected_on(
    page: PageId,
    components: &[Component],
    service: &Service,
    severity: Severity,
) -> Vec<(Component, ComponentStatus)> {
    let effects = effects(&service.components, severity);
    let here = components.iter().filter(|one| one.page_id == page && !one.is_group);
    here.filter_map(|one| Some((one.clone(), *effects.get(&one.id)?)))
        .collect()
}

fn telling(
    matter: &Matter,
    (rule, is_harmful): (PublicationRule, bool),
    publication: Option<&Publication>,
    post: Option<&Post>,
) -> Telling {
    // A publication is its service's: an incident of last week is not what its post of today is about.
    let is_about_it = |post: &&Post| {
        matter.resolved_at.is_none_or(|until| post.started_at <= until)
            && post.closed_at().is_none_or(|at| at >= matter.opened_at)
    };
    if let Some(post) = post.filter(is_about_it) {
        return Telling::Public(post.clone());
    }
    if matter.resolved_at.is_some() {
        return Telling::Over;
    }
    if !is_harmful {
        return Telling::Harmless;
    }
    match publication.map(|publication| (publication.state, publication.confirmed)) {
        Some((PublicationState::Settling { until }, _)) => Telling::Settling(until),
        Some((PublicationState::Asked { .. }, true)) => Telling::Confirmed,
        Some((PublicationState::Asked { .. }, false)) => Telling::Asked,
        Some((PublicationState::Dismissed { .. }, _)) => Telling::Dismissed,
        // Whoever publishes has not seen it yet.
        Some(_) | None => match rule.mode {
            PublicationMode::Manual => Telling::Manual,
            PublicationMode::Auto | PublicationMode::Ask => {
                Telling::Settling(after_seconds(matter.opened_at, rule.settle_seconds.into()))
            }
        },
    }
}

/// Lets a service's incidents become public on a page, at once, or not. Whether somebody may say so is for the caller to
/// have asked.
///
/// # Errors
/// 404 when there is no such page; 400 when there is no such service, or it affects nothing of the page; 409 when it is public already and shall not be, or
/// shall be and there is nothing to tell; when the table does not answer.
pub async fn answer(
    ctx: &Ctx,
    (page, service): (PageId, ServiceId),
    publish: bool,
    change: &Change<'_>,
) -> Result<Publication, Problem> {
    let both = futures_util::try_join!(ctx.store.load::<Page>(page), ctx.store.load::<Service>(service));
    let known = match both? {
        (None, _) => return Err(Problem::not_found()),
        (_, None) => return Err(Problem::invalid_field("service_id", "there is no such service")),
        (Some(_), Some(known)) => known.value,
    };
    let ids = known.components.iter().map(|one| one.component_id);
    let components = ctx.store.load_many::<Component>(ids.collect::<BTreeSet<_>>()).await?;
    if components.iter().all(|one| one.page_id != page || one.is_group) {
        return Err(Problem::invalid_field(
            "service_id",
            "affects no component of this page",
        ));
    }
    for _ in 0..ROUNDS_MAX {
        let before = ctx.store.publication(page, service).await?;
        if publish
            && !is_harmed(
                ctx,
                page,
                (&known, &components),
                before.as_ref().map(|before| &before.value),
            )
            .await?
        {
            return Err(Problem::conflict(
                "nothing_to_tell",
                "No open incident of this service affects a component of this page. Write a post instead.",
            ));
        }
        let known = before.as_ref().map(|before| &before.value);
        let Some(after) = Publication::answered(known, (page, service), publish, change.at) else {
            if let (true, Some(known)) = (publish, known) {
                return Ok(known.clone());
            }
            return Err(Problem::conflict(
                "is_public",
                "It is public already. Withdraw its post instead.",
            ));
        };
        let written = ctx.store.answer_publication(before.as_ref(), &after, change);
        if written.await? == Applied::Done {
            return Ok(after);
        }
    }
    Err(Problem::unavailable())
}

/// Whether an open incident of the service harms a component of the page.
async fn is_harmed(
    ctx: &Ctx,
    page: PageId,
    (service, components): (&Service, &[Component]),
    known: Option<&Publication>,
) -> Result<bool, StoreError> {
    let remembered = known.map_or(&[][..], |known| known.incident_ids.as_slice());
    let open = ctx.store.open_incidents_and(remembered).await?;
    let mut theirs = open.iter().filter(|incident| incident.service_id == service.id);
    Ok(theirs.any(|incident| !affected_on(page, components, service, incident.severity).is_empty()))
}
