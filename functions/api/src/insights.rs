//! What a period was like, in figures.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use axum::extract::State;
use shared::ctx::Ctx;
use shared::domain::insights::Insights;
use shared::domain::principal::Right;
use shared::insights::{InsightsQuery, insights};
use shared::web::{Authenticated, Params, Problem};

pub fn routes() -> Routes {
    Routes::default().routes(routes!(get_insights))
}

/// What a period was like
///
/// Incidents opened in it by day and severity, how long it took to take and to end them, pages by the hour of the day, and what
/// was noisiest. Of periods with more than 10,000 incidents the newest 10,000 are counted, and `is_complete` is false. Twenty
/// requests at once, then one every three seconds.
#[utoipa::path(get, path = "/api/v1/insights", tag = "Insights", params(InsightsQuery),
    responses((status = 200, body = Insights), (status = 429, body = Problem,
        content_type = "application/problem+json", description = "Too often; `Retry-After` says when to try again.")))]
async fn get_insights(
    who: Authenticated,
    State(ctx): State<Ctx>,
    Params(query): Params<InsightsQuery>,
) -> Result<Json<Insights>, Problem> {
    who.may(Right::Read)?;
    insights(&ctx, &query, who.principal.user_id, who.now).await.map(Json)
}
