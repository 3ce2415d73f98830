//! Integrations: the senders of a service, each with a key and a format.
//!
//! An integration belongs to whoever owns its service, as the service says now. Its key is answered once, when it is
//! made or rotated, and kept as a hash.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::ctx::Ctx;
use shared::domain::id::{IncidentId, IntegrationId, ServiceId};
use shared::domain::principal::Right;
use shared::domain::service::{Format, Integration, PreviousKey, Service};
use shared::domain::signal::{Action, Draft, Severity, Signal};
use shared::domain::time::after_seconds;
use shared::intake::{self, Source};
use shared::secret::IntegrationKey;
use shared::store::{Entity, Extra, Happened, Versioned};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, Params, Problem, page_request};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::create::{create, to_json};
use super::etag::{IfMatch, Tagged};
use super::list;
use super::resource::{self, Changes, Plan, Resource, edit, load};
use super::validate::Faults;

/// How long a rotated key goes on working unless told otherwise: an hour, and at the most a week.
const KEEP_OLD_SECONDS: u32 = 3_600;
const KEEP_OLD_SECONDS_MAX: u32 = 604_800;

/// The group of test alerts: a second one joins the first.
const TEST_GROUP_KEY: &str = "nightbell-test";

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_integrations, create_integration))
        .routes(routes!(get_integration, change_integration, delete_integration))
        .routes(routes!(rotate_integration_key))
        .routes(routes!(test_integration))
}

/// An integration as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationBody {
    /// The service whose incidents it opens.
    service_id: ServiceId,
    /// What its sender speaks.
    format: Format,
    /// Its name.
    #[schema(min_length = 1, max_length = 128, example = "Monitoring in Frankfurt")]
    name: String,
}

/// An integration as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntegrationView {
    id: IntegrationId,
    service_id: ServiceId,
    format: Format,
    name: String,
    /// Until when the key before the last rotation works; null: it does not, or there was none.
    previous_key_expires_at: Option<Timestamp>,
    /// When its sender was last heard, to the minute; null: never. Test alerts do not count.
    last_received_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// An integration with its key, which is told this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntegrationWithKey {
    #[serde(flatten)]
    integration: IntegrationView,
    /// What its sender sends along: 32 characters.
    key: String,
    /// Where its sender posts to. It holds the key where the sender's format has no other place for it.
    url: String,
}

impl From<Integration> for IntegrationView {
    fn from(integration: Integration) -> Self {
        let Integration {
            id,
            service_id,
            team_id: _,
            name,
            format,
            key_hash: _,
            previous_key,
            created_at,
        } = integration;
        Self {
            id,
            service_id,
            format,
            name,
            previous_key_expires_at: previous_key.map(|key| key.expires_at),
            last_received_at: None,
            created_at,
        }
    }
}

impl IntegrationWithKey {
    fn new(ctx: &Ctx, integration: Integration, key: &IntegrationKey) -> Self {
        let path = match integration.format {
            Format::Pagerduty => "/v2/enqueue".to_owned(),
            Format::Alertmanager | Format::Generic => format!("/hooks/{}", key.expose()),
            Format::Prometheus => format!("/hooks/{}/api/v2/alerts", key.expose()),
        };
        Self {
            integration: integration.into(),
            key: key.expose().to_owned(),
            url: ctx.url(&path),
        }
    }
}

impl Resource for IntegrationBody {
    type Entity = Integration;
    type View = IntegrationView;
    const PATH: &'static str = "/api/v1/integrations";
    const READ_ONLY: &'static [&'static str] = &["id", "previous_key_expires_at", "last_received_at", "created_at"];

    async fn rights(&self, caller: &Caller, before: Option<&Integration>) -> Result<Vec<Right>, Problem> {
        let mut rights = Vec::new();
        if let Some(before) = before.filter(|before| before.service_id != self.service_id) {
            rights.push(right_over(caller, before).await?);
        }
        match caller.store().load::<Service>(self.service_id).await? {
            Some(service) => rights.push(Right::Configure(service.value.team_id)),
            None => {
                return Err(Problem::invalid_field(
                    "service_id",
                    format!("there is no service {}", self.service_id),
                ));
            }
        }
        Ok(rights)
    }

    async fn plan(
        &self,
        caller: &Caller,
        before: Option<Versioned<Integration>>,
    ) -> Result<Plan<Integration>, Problem> {
        let mut faults = Faults::default();
        let name = faults.name(&self.name);
        let needs = faults
            .exist::<Service>(caller, vec![("service_id".into(), self.service_id)])
            .await?;
        faults.none()?;
        let team_id = load::<Service>(caller, self.service_id).await?.value.team_id;
        let (service_id, format) = (self.service_id, self.format);
        if let Some(before) = before {
            let integration = Integration {
                service_id,
                team_id,
                name,
                format,
                ..before.value.clone()
            };
            return Ok(Plan::new(Some(before), integration, needs));
        }
        let key = IntegrationKey::new(caller.ctx.random.bytes());
        let (id, created_at) = caller.new_born();
        let key_hash = key.storage_hash();
        let mut extras = needs;
        extras.push(Extra::AddKey {
            key_hash: key_hash.clone(),
            integration_id: id,
        });
        let integration = Integration {
            id,
            service_id,
            team_id,
            name,
            format,
            key_hash,
            previous_key: None,
            created_at,
        };
        let answer = Some(to_json(IntegrationWithKey::new(
            &caller.ctx,
            integration.clone(),
            &key,
        ))?);
        Ok(Plan {
            answer,
            ..Plan::new(None, integration, extras)
        })
    }

    async fn right_to_remove(caller: &Caller, integration: &Integration) -> Result<Right, Problem> {
        right_over(caller, integration).await
    }

    async fn removed_with(_: &Caller, integration: &Integration) -> Result<Vec<Extra>, Problem> {
        let previous = integration.previous_key.as_ref().map(|key| &key.key_hash);
        let keys = [&integration.key_hash].into_iter().chain(previous);
        let ended = keys.map(|key_hash| Extra::EndKey {
            key_hash: key_hash.clone(),
            at: None,
        });
        Ok(ended.chain([Extra::EndReceived(integration.id)]).collect())
    }
}

/// When their senders were last heard, which is no part of their rows.
async fn heard<'a>(caller: &Caller, views: impl Iterator<Item = &'a mut IntegrationView>) -> Result<(), Problem> {
    let mut views: Vec<_> = views.collect();
    let mut last = caller.store().last_received(views.iter().map(|view| view.id)).await?;
    for view in &mut views {
        view.last_received_at = last.remove(&view.id);
    }
    Ok(())
}

/// What it takes to change an integration.
async fn right_over(caller: &Caller, integration: &Integration) -> Result<Right, Problem> {
    let service = caller.store().load::<Service>(integration.service_id).await?;
    Ok(Right::Configure(service.and_then(|service| service.value.team_id)))
}

/// Which integrations, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct IntegrationQuery {
    /// Only those of this service.
    service_id: Option<ServiceId>,
    /// Items at most: 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[param(min_length = 1, max_length = 342, pattern = "^[A-Za-z0-9_-]+$")]
    after: Option<String>,
}

/// Integrations, newest first
#[utoipa::path(get, path = "/api/v1/integrations", tag = "Integrations", params(IntegrationQuery),
    responses((status = 200, body = Listed<IntegrationView>)))]
async fn list_integrations(caller: Caller, Params(query): Params<IntegrationQuery>) -> list::Answer<IntegrationBody> {
    let page = page_request(query.limit, query.after.as_deref());
    let wanted = |one: &Integration| query.service_id.is_none_or(|service| one.service_id == service);
    let mut answer = list::list_where::<IntegrationBody>(&caller, page, wanted).await?;
    heard(&caller, answer.0.items.iter_mut()).await?;
    Ok(answer)
}

/// Make an integration; its key is answered this once
#[utoipa::path(post, path = "/api/v1/integrations", tag = "Integrations", request_body = IntegrationBody,
    responses((status = 201, body = IntegrationWithKey)))]
async fn create_integration(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<IntegrationBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One integration
#[utoipa::path(get, path = "/api/v1/integrations/{id}", tag = "Integrations", params(("id" = IntegrationId, Path)),
    responses((status = 200, body = IntegrationView)))]
async fn get_integration(caller: Caller, Id(id): Id<IntegrationId>) -> Result<Tagged<IntegrationView>, Problem> {
    let mut found = resource::get::<IntegrationBody>(&caller, id).await?;
    heard(&caller, [&mut found.value].into_iter()).await?;
    Ok(found)
}

/// Change an integration
#[utoipa::path(patch, path = "/api/v1/integrations/{id}", tag = "Integrations", params(("id" = IntegrationId, Path)),
    request_body = IntegrationBody, responses((status = 200, body = IntegrationView)))]
async fn change_integration(
    caller: Caller,
    Id(id): Id<IntegrationId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<IntegrationView>, Problem> {
    let mut changed = resource::change::<IntegrationBody>(&caller, id, &if_match, &changes).await?;
    heard(&caller, [&mut changed.value].into_iter()).await?;
    Ok(changed)
}

/// Remove an integration; its key stops working
#[utoipa::path(delete, path = "/api/v1/integrations/{id}", tag = "Integrations", params(("id" = IntegrationId, Path)),
    responses((status = 204)))]
async fn delete_integration(
    caller: Caller,
    Id(id): Id<IntegrationId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    resource::remove::<IntegrationBody>(&caller, id, &if_match).await
}

/// How an integration gets a new key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// How long the old key goes on working; 0: it stops at once.
    #[serde(default = "keep_old_seconds")]
    #[schema(maximum = 604_800, default = 3_600, example = 600)]
    keep_old_seconds: u32,
}

fn keep_old_seconds() -> u32 {
    KEEP_OLD_SECONDS
}

/// Give an integration a new key; it is answered this once
///
/// The old key goes on working for `keep_old_seconds`; one that is older still stops at once.
#[utoipa::path(post, path = "/api/v1/integrations/{id}/rotate", tag = "Integrations",
    params(("id" = IntegrationId, Path)), request_body = Option<Rotation>, responses((status = 200, body = IntegrationWithKey)))]
async fn rotate_integration_key(
    caller: Caller,
    Id(id): Id<IntegrationId>,
    if_match: IfMatch,
    rotation: Option<JsonBody<Rotation>>,
) -> Result<Tagged<IntegrationWithKey>, Problem> {
    let keep_old_seconds = rotation.map_or(KEEP_OLD_SECONDS, |JsonBody(rotation)| rotation.keep_old_seconds);
    rotate(&caller, id, &if_match, keep_old_seconds).await
}

async fn rotate(
    caller: &Caller,
    id: IntegrationId,
    if_match: &IfMatch,
    keep_old_seconds: u32,
) -> Result<Tagged<IntegrationWithKey>, Problem> {
    let key = &IntegrationKey::new(caller.ctx.random.bytes());
    let after = edit(caller, id, |before: Versioned<Integration>| async move {
        caller.may(right_over(caller, &before.value).await?)?;
        if_match.check(before.version)?;
        let mut faults = Faults::default();
        faults.within("keep_old_seconds", keep_old_seconds, 0..=KEEP_OLD_SECONDS_MAX);
        faults.none()?;
        let (integration, extras) = rotated(&before.value, key, keep_old_seconds, caller.now());
        Ok(Plan::new(Some(before), integration, extras).called("key_rotated"))
    });
    let after = after.await?;
    let mut value = IntegrationWithKey::new(&caller.ctx, after.value, key);
    heard(caller, [&mut value.integration].into_iter()).await?;
    Ok(Tagged {
        version: after.version,
        value,
    })
}

/// The integration with a new key, and what becomes of its old ones.
fn rotated(
    before: &Integration,
    key: &IntegrationKey,
    keep_old_seconds: u32,
    now: Timestamp,
) -> (Integration, Vec<Extra>) {
    let until = (keep_old_seconds > 0).then(|| after_seconds(now, keep_old_seconds.into()));
    let old = || before.key_hash.clone();
    let after = Integration {
        key_hash: key.storage_hash(),
        previous_key: until.map(|expires_at| PreviousKey {
            key_hash: old(),
            expires_at,
        }),
        ..before.clone()
    };
    let mut extras = vec![
        Extra::AddKey {
            key_hash: after.key_hash.clone(),
            integration_id: before.id,
        },
        Extra::EndKey {
            key_hash: old(),
            at: until,
        },
    ];
    extras.extend(before.previous_key.as_ref().map(|key| Extra::EndKey {
        key_hash: key.key_hash.clone(),
        at: None,
    }));
    (after, extras)
}

/// What came of a test alert.
#[derive(Debug, Serialize, ToSchema)]
struct Tested {
    /// The incident it opened or joined.
    incident_id: Option<IncidentId>,
    /// `created`, or `merged` while an earlier test is open.
    outcome: &'static str,
}

/// Send a real test alert
///
/// It takes the way of every alert of this integration, and pages whoever its service's policy asks. While its incident
/// is open, a further one joins it.
#[utoipa::path(post, path = "/api/v1/integrations/{id}/test", tag = "Integrations",
    params(("id" = IntegrationId, Path)), responses((status = 202, body = Tested)))]
async fn test_integration(caller: Caller, Id(id): Id<IntegrationId>) -> Result<(StatusCode, Json<Tested>), Problem> {
    let integration = load::<Integration>(&caller, id).await?.value;
    caller.may(right_over(&caller, &integration).await?)?;
    let signal = test_signal(&integration, &caller.principal().name);
    let source = Source::of(&caller.ctx, integration)
        .await?
        .ok_or_else(Problem::not_found)?;
    let outcome = intake::accept(&caller.ctx, &source, &signal, caller.now()).await?;
    let happened = Happened {
        action: "test_alert_sent",
        object: Integration::KIND,
        object_id: id.to_string(),
        facts: json!({ "incident_id": outcome.incident_id(), "outcome": outcome.as_str() }),
    };
    caller.store().audit(&happened, &caller.change()).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(Tested {
            incident_id: outcome.incident_id(),
            outcome: outcome.as_str(),
        }),
    ))
}

fn test_signal(integration: &Integration, sent_by: &str) -> Signal {
    Signal::new(Draft {
        action: Action::Trigger,
        group_key: TEST_GROUP_KEY.to_owned(),
        event_at: None,
        summary: format!("Test alert from {}", integration.name),
        severity: Severity::Error,
        source: None,
        component: None,
        runbook_url: None,
        links: Vec::new(),
        images: Vec::new(),
        details: json!({ "sent_by": sent_by }),
        alerts: Vec::new(),
        alerts_left_out: 0,
        remarks: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn integration() -> Integration {
        Integration {
            id: ulid::Ulid::from_parts(1, 1).into(),
            service_id: ulid::Ulid::from_parts(1, 2).into(),
            team_id: None,
            name: "Grafana".into(),
            format: Format::Generic,
            key_hash: "first".into(),
            previous_key: None,
            created_at: at("2026-01-01T00:00:00Z"),
        }
    }

    #[test]
    fn a_rotation_keeps_one_old_key_for_its_time_and_ends_older_ones() {
        let now = at("2026-01-01T00:00:00Z");
        let hour = at("2026-01-01T01:00:00Z");
        let (second, third) = (IntegrationKey::new([2; 20]), IntegrationKey::new([3; 20]));
        let (once, extras) = rotated(&integration(), &second, 3_600, now);
        assert_eq!(
            once.previous_key,
            Some(PreviousKey {
                key_hash: "first".into(),
                expires_at: hour
            })
        );
        assert_eq!(extras.len(), 2);
        assert_eq!(
            extras[1],
            Extra::EndKey {
                key_hash: "first".into(),
                at: Some(hour)
            }
        );

        let (twice, extras) = rotated(&once, &third, 0, now);
        assert_eq!(
            (twice.key_hash.as_str(), &twice.previous_key),
            (third.storage_hash().as_str(), &None)
        );
        let ended = |key_hash: String| Extra::EndKey { key_hash, at: None };
        assert_eq!(extras[1..], [ended(second.storage_hash()), ended("first".into())]);
    }

    #[test]
    fn test_alerts_of_everybody_are_repeats_of_one_another() {
        let (one, other) = (test_signal(&integration(), "Ada"), test_signal(&integration(), "Grace"));
        assert_eq!(one.title, "Test alert from Grafana");
        assert_eq!((&one.digest, &one.group_key), (&other.digest, &other.group_key));
    }
}
