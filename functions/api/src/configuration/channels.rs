//! Channels: places that many people read. A webhook, signed with a key that is answered once, or a topic of Amazon SNS.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::BASE32_NOPAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::ctx::Ctx;
use shared::domain::delivery::Subject;
use shared::domain::id::{ChannelId, TeamId};
use shared::domain::people::{Channel, Medium};
use shared::domain::policy::Target;
use shared::domain::principal::Right;
use shared::store::Versioned;
use shared::test_message::{self, TestView};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, PageQuery, Params, Problem};
use utoipa::ToSchema;

use super::caller::Caller;
use super::create::{create, to_json};
use super::etag::{IfMatch, Tagged};
use super::list;
use super::policies::policies_that_ask;
use super::resource::{self, Changes, Plan, Resource, load};
use super::teams::{exists_if_named, rights_over_owned};
use super::validate::Faults;

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_channels, create_channel))
        .routes(routes!(get_channel, change_channel, delete_channel))
        .routes(routes!(test_channel))
        .routes(routes!(list_channel_tests))
}

/// A channel as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 128, example = "Room of the payments team")]
    name: String,
    /// The team that owns it; null: none, and only admins may change it.
    #[serde(default)]
    team_id: Option<TeamId>,
    /// How it is reached: `webhook` or `topic`.
    kind: Medium,
    /// Where: an http or https URL of a public address, or the ARN of a topic that this deployment was given.
    #[schema(min_length = 1, max_length = 2048, example = "https://hooks.example.com/payments")]
    address: String,
}

/// A channel as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelView {
    id: ChannelId,
    name: String,
    team_id: Option<TeamId>,
    kind: Medium,
    address: String,
    created_at: Timestamp,
}

/// A channel with the key that its messages are signed with, which is told this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelWithSecret {
    #[serde(flatten)]
    channel: ChannelView,
    /// The key of `X-Nightbell-Signature`, for a webhook: 52 characters, to be used as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_secret: Option<String>,
}

impl From<Channel> for ChannelView {
    fn from(channel: Channel) -> Self {
        let Channel {
            id,
            team_id,
            name,
            kind,
            address,
            sealed_secret: _,
            created_at,
        } = channel;
        Self {
            id,
            name,
            team_id,
            kind,
            address,
            created_at,
        }
    }
}

impl Resource for ChannelBody {
    type Entity = Channel;
    type View = ChannelView;
    const PATH: &'static str = "/api/v1/channels";

    async fn rights(&self, _: &Caller, before: Option<&Channel>) -> Result<Vec<Right>, Problem> {
        Ok(rights_over_owned(before.map(|before| before.team_id), self.team_id))
    }

    async fn plan(&self, caller: &Caller, before: Option<Versioned<Channel>>) -> Result<Plan<Channel>, Problem> {
        let mut faults = Faults::default();
        let name = faults.name(&self.name);
        let address = match self.kind {
            Medium::Webhook | Medium::Topic => faults.address(&caller.ctx, self.kind, &self.address),
            Medium::Sms | Medium::Voice | Medium::Email => {
                faults.add(
                    "kind",
                    "must be \"webhook\" or \"topic\": this one is for contacts of people",
                );
                self.address.clone()
            }
        };
        if let Some(before) = &before {
            faults.fixed("kind", &before.value.kind, &self.kind);
        }
        let needs = exists_if_named(&mut faults, caller, self.team_id).await?;
        faults.none()?;
        let (team_id, kind) = (self.team_id, self.kind);
        if let Some(before) = before {
            let channel = Channel {
                team_id,
                name,
                kind,
                address,
                ..before.value.clone()
            };
            return Ok(Plan::new(Some(before), channel, needs));
        }
        let (id, created_at) = caller.new_born();
        let secret = (kind == Medium::Webhook).then(|| signing_secret(&caller.ctx, id));
        let (signing_secret, sealed_secret) = secret.unzip();
        let channel = Channel {
            id,
            team_id,
            name,
            kind,
            address,
            sealed_secret: sealed_secret.unwrap_or_default(),
            created_at,
        };
        let answer = to_json(ChannelWithSecret {
            channel: channel.clone().into(),
            signing_secret,
        })?;
        Ok(Plan {
            answer: Some(answer),
            ..Plan::new(None, channel, needs)
        })
    }

    async fn right_to_remove(_: &Caller, channel: &Channel) -> Result<Right, Problem> {
        Ok(Right::Configure(channel.team_id))
    }

    async fn users(caller: &Caller, channel: &Channel) -> Result<Vec<String>, Problem> {
        policies_that_ask(caller, Target::Channel(channel.id)).await
    }
}

/// A new signing key, in clear and sealed.
fn signing_secret(ctx: &Ctx, id: ChannelId) -> (String, String) {
    let mut secret = BASE32_NOPAD.encode(&ctx.random.bytes::<32>());
    secret.make_ascii_lowercase();
    let sealed = ctx
        .master()
        .seal(&format!("channel:{id}"), secret.as_bytes(), ctx.random.bytes());
    (secret, sealed)
}

/// Channels, newest first
#[utoipa::path(get, path = "/api/v1/channels", tag = "Channels", params(PageQuery),
    responses((status = 200, body = Listed<ChannelView>)))]
async fn list_channels(caller: Caller, Params(query): Params<PageQuery>) -> list::Answer<ChannelBody> {
    list::list::<ChannelBody>(&caller, query.page()).await
}

/// Make a channel; its signing secret is answered this once
#[utoipa::path(post, path = "/api/v1/channels", tag = "Channels", request_body = ChannelBody,
    responses((status = 201, body = ChannelWithSecret)))]
async fn create_channel(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<ChannelBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One channel
#[utoipa::path(get, path = "/api/v1/channels/{id}", tag = "Channels", params(("id" = ChannelId, Path)),
    responses((status = 200, body = ChannelView)))]
async fn get_channel(caller: Caller, Id(id): Id<ChannelId>) -> Result<Tagged<ChannelView>, Problem> {
    resource::get::<ChannelBody>(&caller, id).await
}

/// Change a channel
#[utoipa::path(patch, path = "/api/v1/channels/{id}", tag = "Channels", params(("id" = ChannelId, Path)),
    request_body = ChannelBody, responses((status = 200, body = ChannelView)))]
async fn change_channel(
    caller: Caller,
    Id(id): Id<ChannelId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<ChannelView>, Problem> {
    resource::change::<ChannelBody>(&caller, id, &if_match, &changes).await
}

/// Remove a channel that no escalation policy asks
#[utoipa::path(delete, path = "/api/v1/channels/{id}", tag = "Channels", params(("id" = ChannelId, Path)),
    responses((status = 204)))]
async fn delete_channel(caller: Caller, Id(id): Id<ChannelId>, if_match: IfMatch) -> Result<StatusCode, Problem> {
    resource::remove::<ChannelBody>(&caller, id, &if_match).await
}

/// Send a test message through a channel
///
/// It goes the way that pages go; `GET /api/v1/channels/{id}/tests` tells what came of it. Three at once, then one a minute.
#[utoipa::path(post, path = "/api/v1/channels/{id}/test", tag = "Channels", params(("id" = ChannelId, Path)),
    responses((status = 202, body = TestView), (status = 429, body = Problem,
        content_type = "application/problem+json", description = "Too often; `Retry-After` says when to try again.")))]
async fn test_channel(caller: Caller, Id(id): Id<ChannelId>) -> Result<(StatusCode, Json<TestView>), Problem> {
    let channel = load::<Channel>(&caller, id).await?.value;
    caller.may(Right::Configure(channel.team_id))?;
    let sent = test_message::to_channel(&caller.ctx, &channel, caller.now()).await?;
    Ok((StatusCode::ACCEPTED, Json(sent)))
}

/// A channel's last ten test messages of seven days, newest first, and what came of them
#[utoipa::path(get, path = "/api/v1/channels/{id}/tests", tag = "Channels", params(("id" = ChannelId, Path)),
    responses((status = 200, body = Listed<TestView>)))]
async fn list_channel_tests(caller: Caller, Id(id): Id<ChannelId>) -> Result<Json<Listed<TestView>>, Problem> {
    caller.may(Right::Read)?;
    load::<Channel>(&caller, id).await?;
    let items = test_message::newest(&caller.ctx, Subject::Channel(id)).await?;
    Ok(Json(Listed { items, next: None }))
}
