//! Escalation policies: whom to ask, in which order, and for how long each.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::id::{ChannelId, PolicyId, ScheduleId, TeamId, UserId};
use shared::domain::limits;
use shared::domain::people::{Channel, User};
use shared::domain::policy::{Policy, Step, Target};
use shared::domain::principal::Right;
use shared::domain::service::Service;
use shared::store::{Extra, Versioned};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, PageQuery, Params, Problem, given};
use utoipa::ToSchema;

use super::caller::Caller;
use super::create::create;
use super::etag::{IfMatch, Tagged};
use super::list;
use super::resource::{self, Changes, Plan, Resource, users_among};
use super::teams::{exists_if_named, rights_over_owned};
use super::validate::Faults;

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_escalation_policies, create_escalation_policy))
        .routes(routes!(
            get_escalation_policy,
            change_escalation_policy,
            delete_escalation_policy
        ))
}

/// An escalation policy as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 128, example = "Payments, day and night")]
    name: String,
    /// The team that owns it; null: none, and only admins may change it.
    #[serde(default)]
    team_id: Option<TeamId>,
    /// How often the steps run again after their first run.
    #[serde(default)]
    #[schema(maximum = 9, default = 0, example = 2)]
    repeat: u32,
    /// The steps, in order.
    #[schema(min_items = 1, max_items = 10)]
    steps: Vec<StepBody>,
}

/// One step of an escalation policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepBody {
    /// How long its targets have before the next step begins.
    #[schema(minimum = 1, maximum = 86_400, example = 300)]
    escalate_after_seconds: u32,
    /// Whom it asks.
    #[schema(min_items = 1, max_items = 10)]
    targets: Vec<TargetBody>,
}

/// Whom one step asks: exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "user_id": "usr_01arz3ndektsv4rrffq69g5fav" }))]
pub struct TargetBody {
    /// This person.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = UserId)]
    user_id: Option<UserId>,
    /// Whoever is on call in this schedule.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ScheduleId)]
    schedule_id: Option<ScheduleId>,
    /// A place that many people read.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ChannelId)]
    channel_id: Option<ChannelId>,
}

impl From<Target> for TargetBody {
    fn from(target: Target) -> Self {
        match target {
            Target::User(id) => Self {
                user_id: Some(id),
                ..Self::default()
            },
            Target::Schedule(id) => Self {
                schedule_id: Some(id),
                ..Self::default()
            },
            Target::Channel(id) => Self {
                channel_id: Some(id),
                ..Self::default()
            },
        }
    }
}

impl TargetBody {
    /// The target, if exactly one is named.
    fn read(&self) -> Option<Target> {
        let user = self.user_id.map(Target::User);
        let mut named = user
            .into_iter()
            .chain(self.schedule_id.map(Target::Schedule))
            .chain(self.channel_id.map(Target::Channel));
        named.next().filter(|_| named.next().is_none())
    }
}

/// An escalation policy as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyView {
    id: PolicyId,
    name: String,
    team_id: Option<TeamId>,
    repeat: u32,
    steps: Vec<StepBody>,
    created_at: Timestamp,
}

impl From<Policy> for PolicyView {
    fn from(policy: Policy) -> Self {
        let Policy {
            id,
            team_id,
            name,
            repeat,
            steps,
            created_at,
        } = policy;
        let step = |Step {
                        escalate_after_seconds,
                        targets,
                    }| StepBody {
            escalate_after_seconds,
            targets: targets.into_iter().map(TargetBody::from).collect(),
        };
        Self {
            id,
            name,
            team_id,
            repeat,
            steps: steps.into_iter().map(step).collect(),
            created_at,
        }
    }
}

impl PolicyBody {
    /// The steps, and what is wrong with them by themselves.
    fn read_steps(&self, faults: &mut Faults) -> Vec<Step> {
        faults.within("repeat", self.repeat, 0..=limits::POLICY_REPEATS_MAX);
        faults.count("steps", self.steps.len(), 1..=limits::POLICY_STEPS_MAX);
        self.steps
            .iter()
            .enumerate()
            .map(|(at, step)| step.read(at, faults))
            .collect()
    }
}

impl StepBody {
    fn read(&self, at: usize, faults: &mut Faults) -> Step {
        let seconds = 1..=limits::ESCALATE_AFTER_SECONDS_MAX;
        faults.within(
            format!("steps[{at}].escalate_after_seconds"),
            self.escalate_after_seconds,
            seconds,
        );
        faults.count(
            format!("steps[{at}].targets"),
            self.targets.len(),
            1..=limits::STEP_TARGETS_MAX,
        );
        let mut targets = Vec::new();
        for (place, target) in self.targets.iter().enumerate() {
            match target.read() {
                None => faults.add(
                    target_field(at, place),
                    "must name exactly one of user_id, schedule_id and channel_id",
                ),
                Some(target) if targets.contains(&target) => faults.add(target_field(at, place), "is there twice"),
                Some(target) => targets.push(target),
            }
        }
        Step {
            escalate_after_seconds: self.escalate_after_seconds,
            targets,
        }
    }
}

/// Looks whether everybody who is asked is there.
async fn check_targets(faults: &mut Faults, caller: &Caller, steps: &[Step]) -> Result<Vec<Extra>, Problem> {
    let mut people: Vec<(String, UserId)> = Vec::new();
    let mut places: Vec<(String, ChannelId)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        for (place, target) in step.targets.iter().enumerate() {
            let field = target_field(at, place);
            match target {
                Target::User(id) => people.push((field, *id)),
                Target::Channel(id) => places.push((field, *id)),
                Target::Schedule(id) => faults.add(field, format!("there is no schedule {id}")),
            }
        }
    }
    let mut extras = faults.exist::<User>(caller, people).await?;
    extras.extend(faults.exist::<Channel>(caller, places).await?);
    Ok(extras)
}

fn target_field(step: usize, target: usize) -> String {
    format!("steps[{step}].targets[{target}]")
}

impl Resource for PolicyBody {
    type Entity = Policy;
    type View = PolicyView;
    const PATH: &'static str = "/api/v1/escalation-policies";

    async fn rights(&self, _: &Caller, before: Option<&Policy>) -> Result<Vec<Right>, Problem> {
        Ok(rights_over_owned(before.map(|before| before.team_id), self.team_id))
    }

    async fn plan(&self, caller: &Caller, before: Option<Versioned<Policy>>) -> Result<Plan<Policy>, Problem> {
        let mut faults = Faults::default();
        let name = faults.name(&self.name);
        let steps = self.read_steps(&mut faults);
        // Only what is within its limits is looked up.
        faults.none()?;
        let mut faults = Faults::default();
        let mut extras = exists_if_named(&mut faults, caller, self.team_id).await?;
        extras.extend(check_targets(&mut faults, caller, &steps).await?);
        extras.truncate(super::validate::NEEDS_MAX);
        faults.none()?;
        let born = before.as_ref().map(|before| (before.value.id, before.value.created_at));
        let (id, created_at) = born.unwrap_or_else(|| caller.new_born());
        let policy = Policy {
            id,
            team_id: self.team_id,
            name,
            repeat: self.repeat,
            steps,
            created_at,
        };
        Ok(Plan::new(before, policy, extras))
    }

    async fn right_to_remove(_: &Caller, policy: &Policy) -> Result<Right, Problem> {
        Ok(Right::Configure(policy.team_id))
    }

    async fn users(caller: &Caller, policy: &Policy) -> Result<Vec<String>, Problem> {
        let id = policy.id;
        users_among::<Service>(caller, |one| (one.policy_id == id).then_some(&one.name)).await
    }
}

/// The policies that ask this target, in words.
pub async fn policies_that_ask(caller: &Caller, target: Target) -> Result<Vec<String>, Problem> {
    users_among::<Policy>(caller, |policy| policy.asks(target).then_some(&policy.name)).await
}

/// Escalation policies, newest first
#[utoipa::path(get, path = "/api/v1/escalation-policies", tag = "Escalation policies", params(PageQuery),
    responses((status = 200, body = Listed<PolicyView>)))]
async fn list_escalation_policies(caller: Caller, Params(query): Params<PageQuery>) -> list::Answer<PolicyBody> {
    list::list::<PolicyBody>(&caller, query.page()).await
}

/// Make an escalation policy
#[utoipa::path(post, path = "/api/v1/escalation-policies", tag = "Escalation policies", request_body = PolicyBody,
    responses((status = 201, body = PolicyView)))]
async fn create_escalation_policy(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<PolicyBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One escalation policy
#[utoipa::path(get, path = "/api/v1/escalation-policies/{id}", tag = "Escalation policies",
    params(("id" = PolicyId, Path)), responses((status = 200, body = PolicyView)))]
async fn get_escalation_policy(caller: Caller, Id(id): Id<PolicyId>) -> Result<Tagged<PolicyView>, Problem> {
    resource::get::<PolicyBody>(&caller, id).await
}

/// Change an escalation policy
///
/// Steps are replaced as a whole. Open incidents go on with the changed policy from their next step.
#[utoipa::path(patch, path = "/api/v1/escalation-policies/{id}", tag = "Escalation policies",
    params(("id" = PolicyId, Path)), request_body = PolicyBody, responses((status = 200, body = PolicyView)))]
async fn change_escalation_policy(
    caller: Caller,
    Id(id): Id<PolicyId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<PolicyView>, Problem> {
    resource::change::<PolicyBody>(&caller, id, &if_match, &changes).await
}

/// Remove an escalation policy that no service uses
#[utoipa::path(delete, path = "/api/v1/escalation-policies/{id}", tag = "Escalation policies",
    params(("id" = PolicyId, Path)), responses((status = 204)))]
async fn delete_escalation_policy(
    caller: Caller,
    Id(id): Id<PolicyId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    resource::remove::<PolicyBody>(&caller, id, &if_match).await
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const USER: &str = "usr_01arz3ndektsv4rrffq69g5fav";

    fn faults(body: Value) -> Vec<String> {
        let body: PolicyBody = serde_json::from_value(body).unwrap();
        let mut faults = Faults::default();
        body.read_steps(&mut faults);
        faults
            .none()
            .err()
            .into_iter()
            .flat_map(|problem| problem.errors)
            .map(|error| error.field)
            .collect()
    }

    fn step(seconds: u32, targets: usize) -> Value {
        let target = |n: usize| json!({"user_id": format!("usr_01arz3ndektsv4rrffq69g5f{:02}", n)});
        json!({"escalate_after_seconds": seconds, "targets": (0..targets).map(target).collect::<Vec<_>>()})
    }

    #[test]
    fn a_policy_within_its_limits_is_fine() {
        assert!(faults(json!({"name": "p", "steps": [step(1, 1)]})).is_empty());
        let steps: Vec<Value> = (0..10).map(|_| step(86_400, 10)).collect();
        assert!(faults(json!({"name": "p", "repeat": 9, "steps": steps})).is_empty());
    }

    #[test]
    fn each_limit_is_named_where_it_is_broken() {
        assert_eq!(
            faults(json!({"name": "p", "repeat": 10, "steps": []})),
            ["repeat", "steps"]
        );
        let steps: Vec<Value> = (0..11).map(|_| step(60, 1)).collect();
        assert_eq!(faults(json!({"name": "p", "steps": steps})), ["steps"]);
        let steps = json!([step(0, 1), step(86_401, 0), step(60, 11)]);
        assert_eq!(
            faults(json!({"name": "p", "steps": steps})),
            [
                "steps[0].escalate_after_seconds",
                "steps[1].escalate_after_seconds",
                "steps[1].targets",
                "steps[2].targets"
            ]
        );
    }

    #[test]
    fn the_same_target_twice_in_a_step_is_refused_and_in_two_steps_is_not() {
        let twice = json!({"escalate_after_seconds": 60, "targets": [{"user_id": USER}, {"user_id": USER}]});
        let once = json!({"escalate_after_seconds": 60, "targets": [{"user_id": USER}]});
        assert_eq!(
            faults(json!({"name": "p", "steps": [once, twice]})),
            ["steps[1].targets[1]"]
        );
        assert!(faults(json!({"name": "p", "steps": [once, once]})).is_empty());
    }

    #[test]
    fn targets_are_one_of_three_and_unknown_fields_are_refused() {
        let with = |target: Value| json!({"name": "p", "steps": [{"escalate_after_seconds": 60, "targets": [target]}]});
        let channel = "chn_01arz3ndektsv4rrffq69g5fav";
        assert!(faults(with(json!({"user_id": USER}))).is_empty());
        for none_or_two in [json!({}), json!({"user_id": USER, "channel_id": channel})] {
            assert_eq!(faults(with(none_or_two)), ["steps[0].targets[0]"]);
        }
        for (bad, field) in [
            (with(json!({"team_id": "tea_1"})), "steps[0].targets[0].team_id"),
            (with(json!({"user_id": "usr_1"})), "steps[0].targets[0].user_id"),
            (with(json!({"user_id": null})), "steps[0].targets[0].user_id"),
            (with(json!("usr")), "steps[0].targets[0]"),
            (json!({"name": "p", "steps": [{"after": 60}]}), "steps[0].after"),
        ] {
            let problem = shared::web::from_json::<PolicyBody>(bad.to_string().as_bytes()).unwrap_err();
            assert_eq!(problem.errors[0].field, field);
        }
    }
}
