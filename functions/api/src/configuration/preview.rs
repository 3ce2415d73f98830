//! The rehearsal of an escalation policy, asked for by its id.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use jiff::Timestamp;
use serde::Deserialize;
use shared::domain::id::PolicyId;
use shared::domain::policy::Policy;
use shared::domain::principal::Right;
use shared::domain::service::Urgency;
use shared::rehearsal::{Preview, rehearsal};
use shared::web::{Id, Params, Problem};
use utoipa::IntoParams;

use super::caller::Caller;
use super::resource::load;

pub fn routes() -> Routes {
    Routes::default().routes(routes!(preview_escalation_policy))
}

/// Of what the preview is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PreviewQuery {
    /// When the incident would open; now, unless told.
    at: Option<Timestamp>,
    /// How loudly it would ask; high, unless told.
    #[param(inline)]
    urgency: Option<Urgency>,
}

/// Who would be paged, when, and by which contact
#[utoipa::path(post, path = "/api/v1/escalation-policies/{id}/preview", tag = "Escalation policies",
    params(("id" = PolicyId, Path), PreviewQuery), responses((status = 200, body = Preview)))]
async fn preview_escalation_policy(
    caller: Caller,
    Id(id): Id<PolicyId>,
    Params(query): Params<PreviewQuery>,
) -> Result<Json<Preview>, Problem> {
    caller.may(Right::Read)?;
    let policy = load::<Policy>(&caller, id).await?.value;
    let (urgency, at) = (query.urgency.unwrap_or(Urgency::High), query.at.unwrap_or(caller.now()));
    Ok(Json(rehearsal(&caller.ctx, &policy, urgency, at).await?))
}
