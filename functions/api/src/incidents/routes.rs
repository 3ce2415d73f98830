//! The routes: credentials first, then id, query and body; one call; its answer.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::id::IncidentId;
use shared::domain::incident::Act;
use shared::domain::principal::Right;
use shared::incidents::{
    self, AnswerBody, Deed, DeliveryView, EventView, FullView, IncidentView, ListQuery, NewIncident, NoBody, Note,
    NoteBody, ReassignBody, SnoozeBody, act, add_note,
};
use shared::store::OutboxMessage;
use shared::web::{Authenticated, Id, IdempotencyKey, JsonBody, Listed, PageQuery, Params, Problem};

use super::outbox;

/// The routes about incidents.
pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_incidents, open_incident))
        .routes(routes!(get_incident))
        .routes(routes!(acknowledge_incident))
        .routes(routes!(unacknowledge_incident))
        .routes(routes!(resolve_incident))
        .routes(routes!(snooze_incident))
        .routes(routes!(reassign_incident))
        .routes(routes!(escalate_incident))
        .routes(routes!(add_incident_note))
        .routes(routes!(get_incident_timeline))
        .routes(routes!(list_incident_deliveries))
        .routes(routes!(list_outbox))
}

type Answer = Result<Json<FullView>, Problem>;

/// Incidents, newest first
#[utoipa::path(get, path = "/api/v1/incidents", tag = "Incidents", params(ListQuery),
    responses((status = 200, description = "A page of incidents", body = Listed<IncidentView>)))]
async fn list_incidents(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Listed<IncidentView>>, Problem> {
    who.may(Right::Read)?;
    incidents::list(&ctx, query).await.map(Json)
}

/// Open an incident by hand
#[utoipa::path(post, path = "/api/v1/incidents", tag = "Incidents", request_body = NewIncident,
    responses((status = 201, description = "It is open, or was opened by the same request before", body = FullView,
        headers(("Location" = String, description = "Where it is")))))]
async fn open_incident(
    who: Authenticated,
    State(ctx): State<Ctx>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<NewIncident>,
) -> Result<Response, Problem> {
    who.may(Right::Respond)?;
    incidents::open(&ctx, &who, &key, body).await
}

/// One incident, with its alerts and details
#[utoipa::path(get, path = "/api/v1/incidents/{id}", tag = "Incidents", params(("id" = IncidentId, Path)),
    responses((status = 200, description = "The incident", body = FullView, headers(("ETag" = String, description = "For If-None-Match"))),
        (status = 304, description = "It is as the caller knows it")))]
async fn get_incident(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Id(id): Id<IncidentId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    who.may(Right::Read)?;
    Ok(FullView::load(&ctx, id).await?.answer(&headers))
}

/// Acknowledge an incident: nobody else is paged
///
/// Once it is acknowledged or resolved, nothing changes, and that is no error.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/acknowledge", tag = "Incidents", params(("id" = IncidentId, Path)),
    request_body = Option<AnswerBody>, responses((status = 200, description = "The incident", body = FullView)))]
async fn acknowledge_incident(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Id(id): Id<IncidentId>,
    body: Option<JsonBody<AnswerBody>>,
) -> Answer {
    answer(&ctx, &who, id, Deed::Act(Act::Acknowledge), note(body)?).await
}

/// Give an incident back: its step is paged again
#[utoipa::path(post, path = "/api/v1/incidents/{id}/unacknowledge", tag = "Incidents", params(("id" = IncidentId, Path)),
    request_body = Option<NoBody>, responses((status = 200, description = "The incident", body = FullView)))]
async fn unacknowledge_incident(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Id(id): Id<IncidentId>,
    _: Option<JsonBody<NoBody>>,
) -> Answer {
    answer(&ctx, &who, id, Deed::Act(Act::Unacknowledge), None).await
}

/// Resolve an incident
///
/// Once it is resolved, nothing changes, and that is no error.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/resolve", tag = "Incidents", params(("id" = IncidentId, Path)),
    request_body = Option<AnswerBody>, responses((status = 200, description = "The incident", body = FullView)))]
async fn resolve_incident(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Id(id): Id<IncidentId>,
    body: Option<JsonBody<AnswerBody>>,
) -> Answer {
    answer(&ctx, &who, id, Deed::Resolve, note(body)?).await
}

/// Snooze an incident: nobody is paged until a time, at most 7 days away
#[utoipa::path(post, path = "/api/v1/incidents/{id}/snooze", tag = "Incidents", params(("id" = IncidentId, Path)),
    request_body = SnoozeBody, responses((status = 200, description = "The incident", body = FullView)))]
async fn snooze_incident(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Id(id): Id<IncidentId>,
    JsonBody(body): JsonBody<SnoozeBody>,
) -> Answer {
    answer(&ctx, &who, id, Deed::Act(body.read(who.now)?), None).await
}

/// Reassign an incident: others are asked, at once
///
/// By another policy, or these people first and then by the service's policy.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/reassign", tag = "Incidents", params(("id" = IncidentId, Path)),
    request_body = ReassignBody, responses((status = 200, description = "The incident", body = FullView)))]
async fn reassign_incident(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Id(id): Id<IncidentId>,
    JsonBody(body): JsonBody<ReassignBody>,
) -> Answer {
    who.may(Right::Respond)?;
    let route = body.read()?.resolve(&ctx, id).await?;
    answer(&ctx, &who, id, Deed::Act(route), None).await
}

/// Escalate an incident to the next step of its policy, at once
#[utoipa::path(post, path = "/api/v1/incidents/{id}/escalate", tag = "Incidents", params(("id" = IncidentId, Path)),
    request_body = Option<NoBody>, responses((status = 200, description = "The incident", body = FullView)))]
async fn escalate_incident(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Id(id): Id<IncidentId>,
    _: Option<JsonBody<NoBody>>,
) -> Answer {
    answer(&ctx, &who, id, Deed::Act(Act::Escalate), None).await
}

/// Write something down on an incident's timeline
#[utoipa::path(post, path = "/api/v1/incidents/{id}/notes", tag = "Incidents", params(("id" = IncidentId, Path)),
    request_body = NoteBody, responses((status = 200, description = "The incident", body = FullView)))]
async fn add_incident_note(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Id(id): Id<IncidentId>,
    JsonBody(body): JsonBody<NoteBody>,
) -> Answer {
    who.may(Right::Respond)?;
    let incident = add_note(&ctx, id, &who.principal.actor(), body.read()?, who.now).await?;
    FullView::of(&ctx, incident).await.map(Json)
}

/// What to add to the timeline with the act, if anything was sent along.
fn note(body: Option<JsonBody<AnswerBody>>) -> Result<Option<Note>, Problem> {
    body.map_or(Ok(None), |JsonBody(body)| body.read())
}

async fn answer(ctx: &Ctx, who: &Authenticated, id: IncidentId, deed: Deed, note: Option<Note>) -> Answer {
    who.may(Right::Respond)?;
    let incident = act(ctx, id, &who.principal.actor(), deed, note, who.now).await?;
    FullView::of(ctx, incident).await.map(Json)
}

/// What happened to an incident, newest first
#[utoipa::path(get, path = "/api/v1/incidents/{id}/timeline", tag = "Incidents", params(("id" = IncidentId, Path), PageQuery),
    responses((status = 200, description = "A page of its timeline", body = Listed<EventView>)))]
async fn get_incident_timeline(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Id(id): Id<IncidentId>,
    Params(query): Params<PageQuery>,
) -> Result<Json<Listed<EventView>>, Problem> {
    who.may(Right::Read)?;
    incidents::timeline(&ctx, &who.principal, id, query).await.map(Json)
}

/// Whom an incident asked, how, and what came of it, newest first
#[utoipa::path(get, path = "/api/v1/incidents/{id}/deliveries", tag = "Incidents", params(("id" = IncidentId, Path), PageQuery),
    responses((status = 200, description = "A page of its deliveries", body = Listed<DeliveryView>)))]
async fn list_incident_deliveries(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Id(id): Id<IncidentId>,
    Params(query): Params<PageQuery>,
) -> Result<Json<Listed<DeliveryView>>, Problem> {
    who.may(Right::Read)?;
    incidents::deliveries(&ctx, id, query).await.map(Json)
}

/// What would have been sent, newest first
///
/// Everybody's links are in it: for administrators.
#[utoipa::path(get, path = "/api/v1/outbox", tag = "Outbox", params(PageQuery),
    responses((status = 404, description = "Messages are really sent here.", body = Problem, content_type = "application/problem+json"),
        (status = 200, description = "A page of the outbox", body = Listed<OutboxMessage>)))]
async fn list_outbox(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Params(query): Params<PageQuery>,
) -> Result<Json<Listed<OutboxMessage>>, Problem> {
    who.may(Right::Administer)?;
    outbox::page(&ctx, query).await.map(Json)
}
