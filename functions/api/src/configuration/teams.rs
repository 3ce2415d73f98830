//! Teams: groups of people that own services, policies and channels.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::id::TeamId;
use shared::domain::people::{Channel, Team, User};
use shared::domain::policy::Policy;
use shared::domain::principal::Right;
use shared::domain::service::Service;
use shared::domain::status::Page;
use shared::store::{Extra, Versioned};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, PageQuery, Params, Problem};
use utoipa::ToSchema;

use super::caller::Caller;
use super::create::create;
use super::etag::{IfMatch, Tagged};
use super::list;
use super::resource::{self, Changes, Plan, Resource, users_among};
use super::validate::Faults;

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_teams, create_team))
        .routes(routes!(get_team, change_team, delete_team))
}

/// What it takes to make something that `after` owns, or to change or hand over what `before` owns.
pub fn rights_over_owned(before: Option<Option<TeamId>>, after: Option<TeamId>) -> Vec<Right> {
    before.into_iter().chain([after]).map(Right::Configure).collect()
}

/// Looks whether the team that owns something is there.
pub async fn exists_if_named(
    faults: &mut Faults,
    caller: &Caller,
    team: Option<TeamId>,
) -> Result<Vec<Extra>, Problem> {
    match team {
        Some(team) => faults.exist::<Team>(caller, vec![("team_id".into(), team)]).await,
        None => Ok(Vec::new()),
    }
}

/// A team as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 128, example = "Payments")]
    name: String,
}

/// A team as it is read. Who is in it is said by its people's `team_ids`.
#[derive(Debug, Serialize, ToSchema)]
pub struct TeamView {
    id: TeamId,
    name: String,
    created_at: Timestamp,
}

impl From<Team> for TeamView {
    fn from(Team { id, name, created_at }: Team) -> Self {
        Self { id, name, created_at }
    }
}

impl Resource for TeamBody {
    type Entity = Team;
    type View = TeamView;
    const PATH: &'static str = "/api/v1/teams";

    async fn rights(&self, _: &Caller, _: Option<&Team>) -> Result<Vec<Right>, Problem> {
        Ok(vec![Right::Administer])
    }

    async fn plan(&self, caller: &Caller, before: Option<Versioned<Team>>) -> Result<Plan<Team>, Problem> {
        let mut faults = Faults::default();
        let name = faults.name(&self.name);
        faults.none()?;
        let born = before.as_ref().map(|before| (before.value.id, before.value.created_at));
        let (id, created_at) = born.unwrap_or_else(|| caller.new_born());
        Ok(Plan::new(before, Team { id, name, created_at }, Vec::new()))
    }

    async fn right_to_remove(_: &Caller, _: &Team) -> Result<Right, Problem> {
        Ok(Right::Administer)
    }

    async fn users(caller: &Caller, team: &Team) -> Result<Vec<String>, Problem> {
        let id = Some(team.id);
        let mut users = users_among::<Service>(caller, |one| (one.team_id == id).then_some(&one.name)).await?;
        users.extend(users_among::<Policy>(caller, |one| (one.team_id == id).then_some(&one.name)).await?);
        users.extend(users_among::<Channel>(caller, |one| (one.team_id == id).then_some(&one.name)).await?);
        users.extend(users_among::<Page>(caller, |one| (one.team_id == id).then_some(&one.name)).await?);
        users.extend(users_among::<User>(caller, |one| one.team_ids.contains(&team.id).then_some(&one.name)).await?);
        Ok(users)
    }
}

/// Teams, newest first
#[utoipa::path(get, path = "/api/v1/teams", tag = "Teams", params(PageQuery),
    responses((status = 200, body = Listed<TeamView>)))]
async fn list_teams(caller: Caller, Params(query): Params<PageQuery>) -> list::Answer<TeamBody> {
    list::list::<TeamBody>(&caller, query.page()).await
}

/// Make a team
#[utoipa::path(post, path = "/api/v1/teams", tag = "Teams", request_body = TeamBody,
    responses((status = 201, body = TeamView)))]
async fn create_team(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<TeamBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One team
#[utoipa::path(get, path = "/api/v1/teams/{id}", tag = "Teams", params(("id" = TeamId, Path)),
    responses((status = 200, body = TeamView)))]
async fn get_team(caller: Caller, Id(id): Id<TeamId>) -> Result<Tagged<TeamView>, Problem> {
    resource::get::<TeamBody>(&caller, id).await
}

/// Change a team
#[utoipa::path(patch, path = "/api/v1/teams/{id}", tag = "Teams", params(("id" = TeamId, Path)),
    request_body = TeamBody, responses((status = 200, body = TeamView)))]
async fn change_team(
    caller: Caller,
    Id(id): Id<TeamId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<TeamView>, Problem> {
    resource::change::<TeamBody>(&caller, id, &if_match, &changes).await
}

/// Remove a team that owns nothing and that nobody is in
#[utoipa::path(delete, path = "/api/v1/teams/{id}", tag = "Teams", params(("id" = TeamId, Path)),
    responses((status = 204)))]
async fn delete_team(caller: Caller, Id(id): Id<TeamId>, if_match: IfMatch) -> Result<StatusCode, Problem> {
    resource::remove::<TeamBody>(&caller, id, &if_match).await
}
