//! What is known of an incident for its postmortem: its course, and what it did to what the public knows.

use crate::ctx::Ctx;
use crate::domain::id::ComponentId;
use crate::domain::incident::Incident;
use crate::domain::status::postmortem::{Course, Parts, Postmortem, checklist, draft};
use crate::domain::status::{Component, ComponentStatus, Locale, Page, Post, words};
use crate::domain::time::after_seconds;
use crate::domain::timeline::EventKind;
use crate::publications::{self, Telling};
use crate::store::StoreError;
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use crate::domain::status::postmortem::Step;

/// Entries at the beginning of a timeline among which the first page is: whoever is paged is paged first of all, unless
/// people snooze it, write notes or hold it before.
const FIRST_ENTRIES: usize = 200;

/// How long before an incident its post may have begun, for another incident of the same service.
const POST_BEFORE_SECONDS: i64 = 7 * 86_400;
/// How far the time in a post's id may be behind what it tells of: ids only go forward.
const POST_AFTER_SECONDS: i64 = 3_600;

/// What a postmortem begins with.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The post about it that the service's publication knows.
    pub post: Option<Post>,
    /// What the parts say.
    pub parts: Parts,
}

/// Drafts the postmortem of an incident, in the language and the zone of the page that tells of it.
///
/// # Errors
/// When the table does not answer.
pub async fn begin(ctx: &Ctx, incident: &Incident) -> Result<Draft, StoreError> {
    let mut told = publications::told(ctx, incident.into()).await?;
    // Of several pages the one that has told of it.
    let place = told.iter().position(|one| matches!(one.telling, Telling::Public(_)));
    let told = (!told.is_empty()).then(|| told.swap_remove(place.unwrap_or_default()));
    let (page, post, affected) = match told {
        None => (None, None, Vec::new()),
        Some(told) => match told.telling {
            Telling::Public(post) => {
                let affected = affected_by(ctx, &post).await?;
                (Some(told.page), Some(post), affected)
            }
            // What is over for long is no publication's any more: its post is.
            _ => match post_of(ctx, incident, &told.page).await? {
                Some(post) => {
                    let affected = affected_by(ctx, &post).await?;
                    (Some(told.page), Some(post), affected)
                }
                None => (Some(told.page), None, told.affected),
            },
        },
    };
    let course = course(ctx, incident, post.as_ref()).await?;
    let affected: Vec<_> = affected
        .iter()
        .map(|(one, status)| (one.public_name(), *status))
        .collect();
    let locale = page.as_ref().map_or(Locale::default(), |page| page.locale);
    let zone = page.as_ref().map_or(TimeZone::UTC, Page::zone);
    Ok(Draft {
        parts: draft(&course, &affected, words::of(locale), &zone),
        post,
    })
}

/// The post that a postmortem names, if it is still there.
///
/// # Errors
/// When the table does not answer.
pub async fn post(ctx: &Ctx, postmortem: &Postmortem) -> Result<Option<Post>, StoreError> {
    let Some(id) = postmortem.post_id else {
        return Ok(None);
    };
    Ok(ctx.store.load::<Post>(id).await?.map(|row| row.value))
}

/// The post of the incident's service that went on while it did.
async fn post_of(ctx: &Ctx, incident: &Incident, page: &Page) -> Result<Option<Post>, StoreError> {
    let until = incident.resolved.as_ref().map_or(incident.created_at, |mark| mark.at);
    let from = after_seconds(incident.created_at, -POST_BEFORE_SECONDS);
    let mut posts = ctx
        .store
        .posts_between(page.id, from, after_seconds(until, POST_AFTER_SECONDS))
        .await?;
    let is_about_it = |post: &Post| {
        post.service_id == Some(incident.service_id)
            && post.started_at <= until
            && post.closed_at().is_none_or(|at| at >= incident.created_at)
    };
    posts.retain(is_about_it);
    Ok(posts.into_iter().max_by_key(|post| post.id))
}

/// What a post affected, and how badly each of it ever was.
async fn affected_by(ctx: &Ctx, post: &Post) -> Result<Vec<(Component, ComponentStatus)>, StoreError> {
    let mut components = ctx
        .store
        .load_many::<Component>(post.components.keys().copied())
        .await?;
    components.sort_by_key(|one| (one.position, one.id));
    let worst = |id: ComponentId| {
        let changes = post.updates.iter().flat_map(|update| &update.components);
        let ever = changes
            .filter(|change| change.component_id == id)
            .map(|change| change.new_status);
        ever.chain(post.components.get(&id).copied()).max().unwrap_or_default()
    };
    Ok(components
        .into_iter()
        .map(|one| (worst(one.id), one))
        .filter(|(status, _)| status.is_trouble())
        .map(|(status, one)| (one, status))
        .collect())
}

/// How an incident went.
async fn course(ctx: &Ctx, incident: &Incident, post: Option<&Post>) -> Result<Course, StoreError> {
    let events = ctx.store.timeline_from_the_start(incident.id, FIRST_ENTRIES).await?;
    let paged = events
        .iter()
        .find(|event| matches!(event.kind, EventKind::Paged { .. }));
    let course = Course {
        opened_at: incident.created_at,
        paged_at: paged.map(|event| event.at),
        acknowledged_at: incident.first_acknowledged_at,
        told_at: None,
        resolved_at: incident.resolved.as_ref().map(|mark| mark.at),
        told_over_at: None,
    };
    Ok(post.map_or(course, |post| course.told_in(post)))
}

/// The way of an incident from its alert to its published postmortem.
///
/// # Errors
/// When the table does not answer.
pub async fn steps(
    ctx: &Ctx,
    incident: &Incident,
    postmortem: &Postmortem,
    post: Option<&Post>,
) -> Result<[(Step, Option<Timestamp>); 8], StoreError> {
    let course = course(ctx, incident, post).await?;
    let published = post.and_then(|post| postmortem.published(post));
    Ok(checklist(&course, postmortem, published.map(|update| update.at)))
}
