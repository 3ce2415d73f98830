//! Postmortems: drafted from an incident's course, written by people, and published in its post by their word.
//!
//! A postmortem has the id of its incident. Drafting twice answers what is there; publishing twice changes the words that
//! are public. What was published is the post's: removing the postmortem leaves it there.

use axum::Json;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::actor::Actor;
use shared::domain::id::{IncidentId, PostId};
use shared::domain::incident::Incident;
use shared::domain::limits;
use shared::domain::principal::Right;
use shared::domain::status::postmortem::{Part, Parts, Step, Unpublishable};
use shared::domain::status::{Page, Post, Postmortem, words};
use shared::postmortems;
use shared::store::{Applied, Versioned};
use shared::web::{Id, JsonBody, Listed, PageQuery, Params, Problem};
use utoipa::ToSchema;

use super::updates;
use crate::configuration::caller::Caller;
use crate::configuration::etag::{IfMatch, Tagged};
use crate::configuration::resource::{self, Changes, Plan, ROUNDS_MAX};
use crate::configuration::validate::Faults;
use crate::openapi::{Routes, routes};

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_postmortems))
        .routes(routes!(
            get_postmortem,
            draft_postmortem,
            change_postmortem,
            delete_postmortem
        ))
        .routes(routes!(publish_postmortem))
}

/// A postmortem as it is written.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PostmortemBody {
    /// The post that it is published in, once that is over; null: none yet.
    post_id: Option<PostId>,
    /// What happened, and when; at most 4000 characters.
    #[schema(max_length = 4000)]
    what_happened: String,
    /// Whom it hurt, and how; at most 4000 characters.
    #[schema(max_length = 4000)]
    impact: String,
    /// Why it happened; at most 4000 characters.
    #[schema(max_length = 4000)]
    causes: String,
    /// What is done so that it does not happen again; at most 4000 characters.
    #[schema(max_length = 4000)]
    next_steps: String,
}

/// What is in the view but not for a client to write.
const READ_ONLY: &[&str] = &[
    "incident_id",
    "title",
    "published_at",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
];

/// A postmortem as a list has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Postmortem)]
struct PostmortemView {
    incident_id: IncidentId,
    /// The incident's title; never shown to the public.
    title: String,
    post_id: Option<PostId>,
    what_happened: String,
    impact: String,
    causes: String,
    next_steps: String,
    /// When it became public; null: it is not.
    published_at: Option<Timestamp>,
    created_at: Timestamp,
    created_by: Actor,
    updated_at: Timestamp,
    updated_by: Actor,
}

impl PostmortemView {
    fn new(postmortem: Postmortem, post: Option<&Post>) -> Self {
        let published_at = post.and_then(|post| Some(postmortem.published(post)?.at));
        let Parts {
            what_happened,
            impact,
            causes,
            next_steps,
        } = postmortem.parts;
        Self {
            incident_id: postmortem.incident_id,
            title: postmortem.title,
            post_id: postmortem.post_id,
            what_happened,
            impact,
            causes,
            next_steps,
            published_at,
            created_at: postmortem.created_at,
            created_by: postmortem.created_by,
            updated_at: postmortem.updated_at,
            updated_by: postmortem.updated_by,
        }
    }
}

/// A postmortem, and the way from the alert to its publication.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostmortemInFull)]
struct FullView {
    #[serde(flatten)]
    postmortem: PostmortemView,
    /// Its steps, in their order.
    checklist: Vec<StepView>,
}

/// A step of the way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostmortemStep)]
struct StepView {
    step: Step,
    /// When it was taken; null: not yet, or never.
    at: Option<Timestamp>,
}

/// How it is published.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublishBody {
    /// Whether subscribers are told; only the first time.
    #[serde(default = "updates::yes")]
    deliver_notifications: bool,
}

impl Default for PublishBody {
    fn default() -> Self {
        Self {
            deliver_notifications: true,
        }
    }
}

async fn full(caller: &Caller, found: Versioned<Postmortem>) -> Result<Tagged<FullView>, Problem> {
    let Versioned { version, value } = found;
    let (incident, post) = futures_util::try_join!(
        caller.store().incident(value.incident_id),
        postmortems::post(&caller.ctx, &value),
    )?;
    let incident = incident.ok_or_else(Problem::not_found)?.value;
    let steps = postmortems::steps(&caller.ctx, &incident, &value, post.as_ref()).await?;
    Ok(Tagged {
        version,
        value: FullView {
            postmortem: PostmortemView::new(value, post.as_ref()),
            checklist: steps.into_iter().map(|(step, at)| StepView { step, at }).collect(),
        },
    })
}

/// Postmortems, those of the newest incidents first
#[utoipa::path(get, path = "/api/v1/postmortems", tag = "Postmortems", params(PageQuery),
    responses((status = 200, body = Listed<PostmortemView>)))]
async fn list_postmortems(
    caller: Caller,
    Params(query): Params<PageQuery>,
) -> Result<Json<Listed<PostmortemView>>, Problem> {
    caller.may(Right::Read)?;
    let found = caller.store().list::<Postmortem>(&query.page()?).await?;
    let posts = found.items.iter().filter_map(|row| row.value.post_id);
    let posts = caller.store().posts_by_id(posts).await?;
    let view = |row: Versioned<Postmortem>| {
        let post = posts.iter().find(|post| Some(post.value.id) == row.value.post_id);
        PostmortemView::new(row.value, post.map(|post| &post.value))
    };
    Ok(Json(found.map(view).into()))
}

/// The postmortem of an incident
#[utoipa::path(get, path = "/api/v1/incidents/{id}/postmortem", tag = "Postmortems", params(("id" = IncidentId, Path)),
    responses((status = 200, body = FullView)))]
async fn get_postmortem(caller: Caller, Id(id): Id<IncidentId>) -> Result<Tagged<FullView>, Problem> {
    caller.may(Right::Read)?;
    full(&caller, resource::load::<Postmortem>(&caller, id).await?).await
}

/// Draft the postmortem of an incident that is over
///
/// What happened and the impact are filled in, with times and the names of components alone. If there is one, it is answered
/// as it is.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/postmortem", tag = "Postmortems", params(("id" = IncidentId, Path)),
    responses((status = 200, body = FullView)))]
async fn draft_postmortem(caller: Caller, Id(id): Id<IncidentId>) -> Result<Tagged<FullView>, Problem> {
    caller.may(Right::Respond)?;
    for _ in 0..ROUNDS_MAX {
        let known = futures_util::try_join!(caller.store().incident(id), caller.store().load::<Postmortem>(id))?;
        let (Some(incident), known) = known else {
            return Err(Problem::not_found());
        };
        if let Some(known) = known {
            return full(&caller, known).await;
        }
        let drafted = Box::pin(drafted(&caller, &incident.value)).await?;
        if Plan::new(None, drafted.clone(), Vec::new()).write(&caller).await? == Applied::Done {
            let found = Versioned {
                version: 1,
                value: drafted,
            };
            return full(&caller, found).await;
        }
    }
    Err(Problem::unavailable())
}

async fn drafted(caller: &Caller, incident: &Incident) -> Result<Postmortem, Problem> {
    if incident.resolved.is_none() {
        return Err(Problem::conflict(
            "incident_open",
            "The incident is not over yet. Resolve it first.",
        ));
    }
    let draft = postmortems::begin(&caller.ctx, incident).await?;
    let (now, by) = (caller.now(), caller.principal().actor());
    Ok(Postmortem {
        incident_id: incident.id,
        title: incident.title.clone(),
        post_id: draft.post.map(|post| post.id),
        parts: draft.parts,
        update_id: caller.new_id(),
        created_at: now,
        created_by: by.clone(),
        updated_at: now,
        updated_by: by,
    })
}

/// Write a postmortem: the parts that are named
#[utoipa::path(patch, path = "/api/v1/incidents/{id}/postmortem", tag = "Postmortems", params(("id" = IncidentId, Path)),
    request_body = PostmortemBody, responses((status = 200, body = FullView)))]
async fn change_postmortem(
    caller: Caller,
    Id(id): Id<IncidentId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<FullView>, Problem> {
    caller.may(Right::Respond)?;
    let after = resource::edit(&caller, id, |before: Versioned<Postmortem>| async {
        let view = PostmortemView::new(before.value.clone(), None);
        let body: PostmortemBody = resource::merged(view, READ_ONLY, &changes)?;
        if_match.check(before.version)?;
        let mut faults = Faults::default();
        if let Some(post) = body.post_id
            && before.value.post_id != Some(post)
            && caller.store().load::<Post>(post).await?.is_none()
        {
            faults.add("post_id", format!("there is no post {post}"));
        }
        let parts = Parts {
            what_happened: body.what_happened,
            impact: body.impact,
            causes: body.causes,
            next_steps: body.next_steps,
        };
        let max = limits::POSTMORTEM_PART_CHARS_MAX;
        for part in Part::EACH {
            if parts.get(part).chars().count() > max {
                faults.add(part.as_str(), format!("must have at most {max} characters"));
            }
        }
        faults.none()?;
        let mut next = Postmortem {
            post_id: body.post_id,
            parts,
            ..before.value.clone()
        };
        if next != before.value {
            (next.updated_at, next.updated_by) = (caller.now(), caller.principal().actor());
        }
        Ok(Plan::over(before, next))
    });
    full(&caller, after.await?).await
}

/// Remove a postmortem; what was published of it stays in its post
#[utoipa::path(delete, path = "/api/v1/incidents/{id}/postmortem", tag = "Postmortems", params(("id" = IncidentId, Path)),
    responses((status = 204)))]
async fn delete_postmortem(caller: Caller, Id(id): Id<IncidentId>, if_match: IfMatch) -> Result<StatusCode, Problem> {
    caller.may(Right::Respond)?;
    for _ in 0..ROUNDS_MAX {
        let before = resource::load::<Postmortem>(&caller, id).await?;
        if_match.check(before.version)?;
        if caller.store().remove(&before, &[], &caller.change()).await? == Applied::Done {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(Problem::unavailable())
}

/// Publish a postmortem in its post
///
/// Published again, its words replace those that are public, and nobody is told again.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/postmortem/publish", tag = "Postmortems",
    params(("id" = IncidentId, Path)), request_body = Option<PublishBody>, responses((status = 200, body = FullView)))]
async fn publish_postmortem(
    caller: Caller,
    Id(id): Id<IncidentId>,
    if_match: IfMatch,
    body: Option<JsonBody<PublishBody>>,
) -> Result<Tagged<FullView>, Problem> {
    caller.may(Right::Respond)?;
    let body = body.map(|JsonBody(body)| body).unwrap_or_default();
    let found = resource::load::<Postmortem>(&caller, id).await?;
    if_match.check(found.version)?;
    let Some(post) = found.value.post_id else {
        return Err(Problem::conflict(
            "no_post",
            "No post tells of this incident yet. Write one, or name one by \"post_id\".",
        ));
    };
    let by = caller.principal().actor();
    let published = resource::edit(&caller, post, |before: Versioned<Post>| async {
        let page = caller.store().load::<Page>(before.value.page_id).await?;
        let page = page.ok_or_else(Problem::not_found)?.value;
        let next = found.value.publish(
            &before.value,
            words::of(page.locale),
            &by,
            body.deliver_notifications,
            caller.now(),
        );
        let next = next.map_err(unpublishable)?;
        let mut faults = Faults::default();
        updates::fits(&mut faults, (next.updates.len(), !next.status.is_open()), &next);
        if faults.none().is_err() {
            let message = "Its post has no room for it: it has too many updates, or too long ones. Remove words, or name another post.";
            return Err(Problem::conflict("no_room", message));
        }
        Ok(Plan::over(before, next).called("postmortem_published"))
    });
    match published.await {
        Ok(_) => full(&caller, found).await,
        Err(problem) if problem.status == 404 => Err(Problem::conflict(
            "no_post",
            "The post is gone. Write another, and name it by \"post_id\".",
        )),
        Err(problem) => Err(problem),
    }
}

fn unpublishable(why: Unpublishable) -> Problem {
    match why {
        Unpublishable::IsOpen => Problem::conflict(
            "post_open",
            "Its post is not resolved yet. Say there that it is over first.",
        ),
        Unpublishable::IsWithdrawn => {
            Problem::conflict("post_withdrawn", "Its post was withdrawn. Name another by \"post_id\".")
        }
        Unpublishable::Unwritten(parts) => {
            let names: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
            let message = format!(
                "Not written yet: {}. The public reads all four parts.",
                names.join(", ")
            );
            Problem::conflict("unwritten", message)
        }
    }
}
