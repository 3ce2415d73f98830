//! A page now: how it stands, what becomes public next, and what the public reads.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::{PageId, ServiceId};
use shared::domain::service::Service;
use shared::domain::status::{Component, Maintenance, MaintenanceStatus, Page, Post, Publication, PublicationState};
use shared::store::StoreError;
use shared::web::{Id, Problem};

use super::posts::names;
use super::standing::{self, Badge, Standing};
use super::tree::tree;
use super::{Tab, Tabs};
use crate::page::{Asked, Frame, Living, Moment, Refused, Section, Visitor, Zone, load, shown};

#[derive(Debug, Deserialize)]
pub struct Wanted {
    part: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "status/now.html")]
struct Now {
    frame: Frame,
    tabs: Tabs,
    name: String,
    live: Living,
}

#[derive(Debug, Template)]
#[template(path = "status/now_live.html")]
struct Live {
    id: PageId,
    rollup: Badge,
    groups: Vec<Group>,
    waiting: Vec<Waiting>,
    posts: Vec<OpenPost>,
    maintenances: Vec<OpenMaintenance>,
    may_respond: bool,
}

/// Components under one heading; those that stand alone have none.
#[derive(Debug)]
struct Group {
    heading: Option<(String, Badge)>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    description: Option<String>,
    badge: Badge,
    is_held: bool,
}

/// A service's incidents on their way to the public, or back.
#[derive(Debug)]
struct Waiting {
    service_id: ServiceId,
    service: String,
    /// Components that they affect.
    components: String,
    class: &'static str,
    state: &'static str,
    words: &'static str,
    at: Option<Moment>,
    post_id: Option<String>,
    can_tell: bool,
    can_dismiss: bool,
}

#[derive(Debug)]
struct OpenPost {
    id: String,
    title: String,
    status: &'static str,
    since: Moment,
}

#[derive(Debug)]
struct OpenMaintenance {
    title: String,
    is_active: bool,
    from: Moment,
    until: Moment,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<PageId>, Problem>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let page = load::<Page>(&ctx, id).await?.value;
    let (components, (posts, maintenances), (publications, services)) = futures_util::try_join!(
        ctx.store.list_all::<Component>(),
        standing::open(&ctx, page.id),
        publications(&ctx, page.id),
    )?;
    let components: Vec<Component> = components.into_iter().filter(|one| one.page_id == page.id).collect();
    let standing = Standing::of(&components, posts, maintenances);
    let zone = visitor.zone();
    let part = Live {
        id: page.id,
        rollup: standing.rollup(),
        groups: groups(&components, &standing),
        waiting: waiting(&publications, &services, &components, &zone),
        posts: standing.posts.iter().map(|post| open_post(post, &zone)).collect(),
        maintenances: open_maintenances(&standing.maintenances, &zone),
        may_respond: visitor.may_respond(),
    };
    let live = Living::new(format!("/pages/{}", page.id), &part);
    if wanted.part.as_deref() == Some("live") {
        return Ok(live.alone(&headers));
    }
    Ok(shown(&Now {
        frame: Frame::new(Section::Status, &visitor),
        tabs: Tabs::new(&ctx, &page, Tab::Now),
        name: page.name,
        live,
    }))
}

/// The page's publications, and whose they are.
async fn publications(ctx: &Ctx, page: PageId) -> Result<(Vec<Publication>, Vec<Service>), StoreError> {
    let rows = ctx.store.publications(page).await?;
    let publications: Vec<Publication> = rows.into_iter().map(|row| row.value).collect();
    let ids = publications.iter().map(|one| one.service_id);
    let services = ctx.store.load_many::<Service>(ids).await?;
    Ok((publications, services))
}

/// In the order of the page; those that stand alone between two groups are together.
fn groups(components: &[Component], standing: &Standing) -> Vec<Group> {
    let row = |one: &Component| Row {
        name: one.name.clone(),
        description: one.description.clone(),
        badge: Badge::of(standing.status(one.id)),
        is_held: one.held_status.is_some(),
    };
    let mut groups: Vec<Group> = Vec::new();
    for branch in tree(components) {
        if branch.top.is_group {
            let badge = Badge::of(standing.status(branch.top.id));
            groups.push(Group {
                heading: Some((branch.top.name.clone(), badge)),
                rows: branch.members.into_iter().map(row).collect(),
            });
        } else if let Some(last) = groups.last_mut().filter(|last| last.heading.is_none()) {
            last.rows.push(row(branch.top));
        } else {
            groups.push(Group {
                heading: None,
                rows: vec![row(branch.top)],
            });
        }
    }
    groups
}

/// What is on its way, what asks first. What is over waits for nothing, and is left out.
fn waiting(publications: &[Publication], services: &[Service], components: &[Component], zone: &Zone) -> Vec<Waiting> {
    let mut all: Vec<(u8, Waiting)> = publications
        .iter()
        .filter_map(|one| {
            let service = services.iter().find(|service| service.id == one.service_id)?;
            let (place, state, class, words, at) = stage(one)?;
            let names = components.iter().filter(|component| {
                let mut affected = service.components.iter();
                affected.any(|affected| affected.component_id == component.id)
            });
            let names: Vec<&str> = names.map(|component| component.name.as_str()).collect();
            let can_tell = !one.confirmed
                && matches!(
                    one.state,
                    PublicationState::Settling { .. }
                        | PublicationState::Asked { .. }
                        | PublicationState::Dismissed { .. }
                );
            let is_open = matches!(
                one.state,
                PublicationState::Open { .. } | PublicationState::Calming { .. }
            );
            let waiting = Waiting {
                service_id: one.service_id,
                service: service.name.clone(),
                components: names.join(", "),
                class,
                state,
                words,
                at: at.map(|at| zone.moment(at)),
                post_id: one.post_id().filter(|_| is_open).map(|id| id.to_string()),
                can_tell,
                can_dismiss: can_tell && !matches!(one.state, PublicationState::Dismissed { .. }),
            };
            Some((place, waiting))
        })
        .collect();
    all.sort_by(|(a, one), (b, other)| (a, &one.service).cmp(&(b, &other.service)));
    all.into_iter().map(|(_, waiting)| waiting).collect()
}

/// A publication's place in the list, its name, its class, and words that a time follows.
type Stage = (u8, &'static str, &'static str, &'static str, Option<jiff::Timestamp>);

fn stage(publication: &Publication) -> Option<Stage> {
    Some(match publication.state {
        PublicationState::Asked { .. } if publication.confirmed => (
            1,
            "on its way",
            "acknowledged",
            "Somebody said yes: the public is told within moments.",
            None,
        ),
        PublicationState::Asked { since } => (
            0,
            "asks",
            "triggered",
            "The public is not told yet: it waits for a word, since",
            Some(since),
        ),
        PublicationState::Settling { until } => (
            1,
            "settles",
            "acknowledged",
            "Next step, unless it is over before that, at",
            Some(until),
        ),
        PublicationState::Open { .. } => (2, "public", "told", "The public is told.", None),
        PublicationState::Calming { until, .. } => (
            3,
            "calms",
            "told",
            "It is over, and the public is told so, unless it comes back, at",
            Some(until),
        ),
        PublicationState::Dismissed { at } => (
            4,
            "not told",
            "",
            "The public is not told of what was open when somebody ended it, at",
            Some(at),
        ),
        PublicationState::Over { .. } => return None,
    })
}

fn open_post(post: &Post, zone: &Zone) -> OpenPost {
    OpenPost {
        id: post.id.to_string(),
        title: post.title.clone(),
        status: names::status(post.status),
        since: zone.moment(post.started_at),
    }
}

/// Those that go on, then those to come, the next first.
fn open_maintenances(maintenances: &[Maintenance], zone: &Zone) -> Vec<OpenMaintenance> {
    let mut sorted: Vec<&Maintenance> = maintenances.iter().collect();
    sorted.sort_by_key(|one| (one.status == MaintenanceStatus::Scheduled, one.starts_at, one.id));
    let one = |one: &Maintenance| OpenMaintenance {
        title: one.title.clone(),
        is_active: one.is_active(),
        from: zone.moment(one.starts_at),
        until: zone.moment(one.ends_at),
    };
    sorted.into_iter().map(one).collect()
}
