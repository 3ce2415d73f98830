//! Posts: what the public reads about something that is wrong.
//!
//! Nightbell writes some by itself. Whatever a person writes into one stays: an update by hand takes the post over, unless
//! it says `"automatic": true`; components set by hand are no longer set by incidents; a post that was wrong is withdrawn,
//! and its page says so.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::id::{PageId, PostId, ServiceId, UpdateId};
use shared::domain::limits;
use shared::domain::principal::Right;
use shared::domain::status::{Impact, Page, Post, PostStatus, Update, Withdrawal};
use shared::domain::text::cleaned;
use shared::store::{Entity, Extra, Gone, Versioned};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, Params, Problem};
use utoipa::ToSchema;

use super::pages::page_of;
use super::updates::{self, CorrectUpdateBody, Effect, OnPageQuery, UpdateView, Updated};
use crate::configuration::caller::Caller;
use crate::configuration::create::{add, create};
use crate::configuration::etag::{IfMatch, Tagged};
use crate::configuration::list;
use crate::configuration::resource::{self, Changes, Plan, Resource};
use crate::configuration::validate::Faults;
use crate::openapi::{Routes, routes};

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_posts, create_post))
        .routes(routes!(get_post, change_post, delete_post))
        .routes(routes!(add_post_update))
        .routes(routes!(correct_post_update))
        .routes(routes!(withdraw_post))
}

/// A post as it is written. What it says later is said by its updates.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostBody {
    /// The page it is on; it stays there.
    page_id: PageId,
    /// Its title, 1 to 128 characters.
    #[schema(min_length = 1, max_length = 128)]
    title: String,
    /// Where it stands at first.
    #[serde(default = "investigating")]
    status: PostStatus,
    /// The words of its first update, 1 to 4000 characters; only when it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required, min_length = 1, max_length = 4000, pattern = r"\S")]
    body: Option<String>,
    /// What it does to components while it is open; at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    components: Vec<Effect>,
    /// How bad it is; null: as bad as its components ever were.
    #[serde(default)]
    impact_override: Option<Impact>,
    /// When what it tells of began; now, if it is left out. It stays.
    #[serde(default)]
    started_at: Option<Timestamp>,
    /// When it was over, for what is told afterwards; only with a status that says so.
    #[serde(default)]
    resolved_at: Option<Timestamp>,
    /// Whether Nightbell moves it as incidents of its service move; only posts that Nightbell opened can.
    #[serde(default)]
    automatic: bool,
    /// Whether subscribers are told of its first update; only when it is made. If it is left out they are, unless the post
    /// is over already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deliver_notifications: Option<bool>,
}

fn investigating() -> PostStatus {
    PostStatus::Investigating
}

/// A post as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostView {
    id: PostId,
    page_id: PageId,
    service_id: Option<ServiceId>,
    title: String,
    status: PostStatus,
    /// How bad it is for the public.
    impact: Impact,
    impact_override: Option<Impact>,
    components: Vec<Effect>,
    automatic: bool,
    started_at: Timestamp,
    resolved_at: Option<Timestamp>,
    withdrawn: Option<WithdrawalView>,
    updates: Vec<UpdateView<PostStatus>>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// That a post was taken back.
#[derive(Debug, Serialize, ToSchema)]
pub struct WithdrawalView {
    at: Timestamp,
    by: shared::domain::actor::Actor,
    reason: Option<String>,
}

impl From<Post> for PostView {
    fn from(post: Post) -> Self {
        let effect = |(component_id, status)| Effect { component_id, status };
        Self {
            impact: post.shown_impact(),
            id: post.id,
            page_id: post.page_id,
            service_id: post.service_id,
            title: post.title,
            status: post.status,
            impact_override: post.impact_override,
            components: post.components.into_iter().map(effect).collect(),
            automatic: post.automatic,
            started_at: post.started_at,
            resolved_at: post.resolved_at,
            withdrawn: post.withdrawn.map(|withdrawal| WithdrawalView {
                at: withdrawal.at,
                by: withdrawal.by,
                reason: withdrawal.reason,
            }),
            updates: post.updates.into_iter().map(Into::into).collect(),
            created_at: post.created_at,
            updated_at: post.updated_at,
        }
    }
}

impl Resource for PostBody {
    type Entity = Post;
    type View = PostView;
    const PATH: &'static str = "/api/v1/posts";
    const READ_ONLY: &'static [&'static str] = &[
        "id",
        "service_id",
        "impact",
        "withdrawn",
        "updates",
        "created_at",
        "updated_at",
    ];

    async fn rights(&self, _: &Caller, _: Option<&Post>) -> Result<Vec<Right>, Problem> {
        // Telling the public is part of answering.
        Ok(vec![Right::Respond])
    }

    async fn plan(&self, caller: &Caller, before: Option<Versioned<Post>>) -> Result<Plan<Post>, Problem> {
        let mut faults = Faults::default();
        let title = updates::title(&mut faults, &self.title);
        let page = match &before {
            Some(before) => {
                faults.fixed("page_id", &before.value.page_id, &self.page_id);
                before.value.page_id
            }
            None => page_of(caller, self.page_id).await?.id,
        };
        let known = before.as_ref().map(|before| &before.value);
        let components = updates::effects(&mut faults, caller, page, &self.components, known).await?;
        match before {
            None => self.new_post(caller, faults, title, components),
            Some(before) => {
                let post = &before.value;
                let message = "is said by an update: post to /updates";
                if self.body.is_some() {
                    faults.add("body", message);
                }
                if self.status != post.status {
                    faults.add("status", message);
                }
                if self.deliver_notifications.is_some() {
                    faults.add("deliver_notifications", message);
                }
                faults.fixed("started_at", &Some(post.started_at), &self.started_at);
                faults.fixed("resolved_at", &post.resolved_at, &self.resolved_at);
                if self.automatic && post.service_id.is_none() {
                    faults.add("automatic", "must be false: no service opened it");
                }
                faults.none()?;
                let mut next = Post {
                    title,
                    impact_override: self.impact_override,
                    automatic: self.automatic,
                    ..post.clone()
                };
                let changes = next.changes_to(&components);
                let is_given_back = self.automatic && !post.automatic;
                next.components_by_hand = !changes.is_empty() || post.components_by_hand && !is_given_back;
                next.move_components(&changes, caller.now());
                if next != *post {
                    next.updated_at = caller.now();
                }
                Ok(Plan::over(before, next))
            }
        }
    }

    async fn right_to_remove(caller: &Caller, post: &Post) -> Result<Right, Problem> {
        Ok(Right::Configure(page_of(caller, post.page_id).await?.team_id))
    }

    async fn removed_with(caller: &Caller, post: &Post) -> Result<Vec<Extra>, Problem> {
        let now = caller.now();
        let gone = Gone::Post { id: post.id };
        Ok(vec![Extra::Gone(post.page_id, gone, now)])
    }
}

impl PostBody {
    fn new_post(
        &self,
        caller: &Caller,
        mut faults: Faults,
        title: String,
        components: std::collections::BTreeMap<
            shared::domain::id::ComponentId,
            shared::domain::status::ComponentStatus,
        >,
    ) -> Result<Plan<Post>, Problem> {
        let now = caller.now();
        let body = updates::words(&mut faults, "body", self.body.as_deref().unwrap_or_default());
        let started_at = updates::told_time(&mut faults, "started_at", self.started_at, now);
        if self.automatic {
            faults.add("automatic", "must be false: no service opens it");
        }
        let resolved_at = match (self.status.is_open(), self.resolved_at) {
            (true, Some(_)) => {
                faults.add("resolved_at", "must be null while it is not resolved");
                None
            }
            (true, None) => None,
            (false, at) => {
                let at = updates::told_time(&mut faults, "resolved_at", at, now);
                if at < started_at {
                    faults.add("resolved_at", "must not be before started_at");
                }
                Some(at)
            }
        };
        faults.none()?;
        let mut post = Post {
            // Ids sort by when what they tell of began.
            id: match self.started_at {
                Some(began) => caller.ctx.random.ulid_of(began).into(),
                None => caller.ctx.random.ulid(started_at).into(),
            },
            page_id: self.page_id,
            service_id: None,
            title,
            status: self.status,
            impact: Impact::None,
            impact_override: self.impact_override,
            components: Default::default(),
            components_by_hand: true,
            automatic: false,
            updates: Vec::new(),
            moves: Vec::new(),
            started_at,
            resolved_at: None,
            withdrawn: None,
            created_at: now,
            updated_at: now,
        };
        let changes = post.changes_to(&components);
        post.add(Update {
            id: caller.new_id(),
            status: self.status,
            body,
            at: resolved_at.unwrap_or(started_at),
            created_at: now,
            by: caller.principal().actor(),
            components: changes,
            deliver_notifications: self.deliver_notifications.unwrap_or(self.status.is_open()),
        });
        let needs = vec![Extra::Needs(Page::PARTITION, self.page_id.to_string())];
        Ok(Plan::new(None, post, needs))
    }
}

/// A further update.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PostUpdateBody {
    /// Where the post stands from here on; as before, if it is left out.
    #[serde(default)]
    status: Option<PostStatus>,
    /// Its words, 1 to 4000 characters.
    #[schema(min_length = 1, max_length = 4000, pattern = r"\S")]
    body: String,
    /// What the post does to components from here on; as before, if it is left out.
    #[serde(default)]
    #[schema(max_items = 50)]
    components: Option<Vec<Effect>>,
    /// The time it is of; now, if it is left out.
    #[serde(default)]
    at: Option<Timestamp>,
    /// Whether Nightbell goes on moving the post by itself; only a post that Nightbell opened.
    #[serde(default)]
    automatic: bool,
    /// Whether subscribers are told.
    #[serde(default = "updates::yes")]
    deliver_notifications: bool,
}

/// Why a post is taken back.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WithdrawBody {
    /// For the public: at most 500 characters.
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Posts, newest first
#[utoipa::path(get, path = "/api/v1/posts", tag = "Posts", params(OnPageQuery),
    responses((status = 200, body = Listed<PostView>)))]
async fn list_posts(caller: Caller, Params(query): Params<OnPageQuery>) -> list::Answer<PostBody> {
    caller.may(Right::Read)?;
    let pages = query.pages(&caller).await?;
    let found = caller.store().posts(&pages, &query.page().page()?).await?;
    Ok(Json(found.map(|row| row.value.into()).into()))
}

/// Write a post
#[utoipa::path(post, path = "/api/v1/posts", tag = "Posts", request_body = PostBody,
    responses((status = 201, body = PostView)))]
async fn create_post(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<PostBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One post
#[utoipa::path(get, path = "/api/v1/posts/{id}", tag = "Posts", params(("id" = PostId, Path)),
    responses((status = 200, body = PostView)))]
async fn get_post(caller: Caller, Id(id): Id<PostId>) -> Result<Tagged<PostView>, Problem> {
    resource::get::<PostBody>(&caller, id).await
}

/// Change a post's title, components or impact
#[utoipa::path(patch, path = "/api/v1/posts/{id}", tag = "Posts", params(("id" = PostId, Path)),
    request_body = PostBody, responses((status = 200, body = PostView)))]
async fn change_post(
    caller: Caller,
    Id(id): Id<PostId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<PostView>, Problem> {
    resource::change::<PostBody>(&caller, id, &if_match, &changes).await
}

/// Remove a post and its page; one that was wrong is better withdrawn
#[utoipa::path(delete, path = "/api/v1/posts/{id}", tag = "Posts", params(("id" = PostId, Path)),
    responses((status = 204)))]
async fn delete_post(caller: Caller, Id(id): Id<PostId>, if_match: IfMatch) -> Result<StatusCode, Problem> {
    resource::remove::<PostBody>(&caller, id, &if_match).await
}

/// Say something more in a post
#[utoipa::path(post, path = "/api/v1/posts/{id}/updates", tag = "Posts", params(("id" = PostId, Path)),
    request_body = PostUpdateBody, responses((status = 200, body = PostView)))]
async fn add_post_update(
    caller: Caller,
    Id(id): Id<PostId>,
    if_match: IfMatch,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<PostUpdateBody>,
) -> Result<Response, Problem> {
    caller.may(Right::Respond)?;
    let (update_id, by): (UpdateId, _) = (caller.new_id(), caller.principal().actor());
    let asked = key.of(&caller.auth, &format!("/api/v1/posts/{id}/updates"), &body);
    let added = add::<Post, PostView, _, _>(&caller, asked, id, |before| async {
        if_match.check(before.version)?;
        let post = &before.value;
        if post.withdrawn.is_some() {
            let detail = "It was withdrawn: its page says so, and nothing more is said in it. Write another post.";
            return Err(Problem::conflict("is_withdrawn", detail));
        }
        let mut faults = Faults::default();
        let words = updates::words(&mut faults, "body", &body.body);
        let last = post.last_said_at();
        let at = match body.at {
            // Who said something at the same time was a moment earlier.
            None => caller.now().max(last),
            Some(_) => updates::told_time(&mut faults, "at", body.at, caller.now()),
        };
        if at < last {
            let message = format!("must not be before the last change, at {last}");
            faults.add("at", message);
        }
        if body.automatic && post.service_id.is_none() {
            faults.add("automatic", "must be false: no service opened the post");
        }
        let components = match &body.components {
            None => Vec::new(),
            Some(wanted) => {
                let wanted = updates::effects(&mut faults, &caller, post.page_id, wanted, Some(post)).await?;
                post.changes_to(&wanted)
            }
        };
        let mut next = post.clone();
        next.automatic = body.automatic;
        // Who lets Nightbell go on with it lets it go on with the components, too, but for what they say of these.
        next.components_by_hand = body.components.is_some() || post.components_by_hand && !body.automatic;
        next.add(Update {
            id: update_id,
            status: body.status.unwrap_or(post.status),
            body: words,
            at,
            created_at: caller.now(),
            by: by.clone(),
            components,
            deliver_notifications: body.deliver_notifications,
        });
        updates::fits(&mut faults, (next.updates.len(), !next.status.is_open()), &next);
        faults.none()?;
        Ok(Plan::over(before, next))
    });
    added.await
}

/// Put the words of an update right; subscribers are not told again
#[utoipa::path(patch, path = "/api/v1/posts/{id}/updates/{update_id}", tag = "Posts",
    params(("id" = PostId, Path), ("update_id" = UpdateId, Path)), request_body = CorrectUpdateBody,
    responses((status = 200, body = PostView)))]
async fn correct_post_update(
    caller: Caller,
    Path(ids): Path<(String, String)>,
    if_match: IfMatch,
    JsonBody(body): JsonBody<CorrectUpdateBody>,
) -> Result<Tagged<PostView>, Problem> {
    updates::correct::<Post, _>(&caller, &ids, &if_match, &body).await
}

impl Updated for Post {
    type Status = PostStatus;

    fn updates(&mut self) -> &mut Vec<Update<PostStatus>> {
        &mut self.updates
    }

    fn is_over(&self) -> bool {
        !self.status.is_open()
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
    }

    fn words_max(status: PostStatus) -> usize {
        status.words_max()
    }
}

/// Take a post back that was wrong; its page stays and says so
#[utoipa::path(post, path = "/api/v1/posts/{id}/withdraw", tag = "Posts", params(("id" = PostId, Path)),
    request_body = Option<WithdrawBody>, responses((status = 200, body = PostView)))]
async fn withdraw_post(
    caller: Caller,
    Id(id): Id<PostId>,
    if_match: IfMatch,
    body: Option<JsonBody<WithdrawBody>>,
) -> Result<Tagged<PostView>, Problem> {
    let body = body.map(|JsonBody(body)| body).unwrap_or_default();
    caller.may(Right::Respond)?;
    let by = caller.principal().actor();
    let after = resource::edit(&caller, id, |before: Versioned<Post>| async {
        if_match.check(before.version)?;
        let reason = body.reason.as_deref().map(cleaned);
        let reason = reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        if reason.is_some_and(|reason| reason.chars().count() > limits::DESCRIPTION_CHARS_MAX) {
            let message = format!("must have at most {} characters", limits::DESCRIPTION_CHARS_MAX);
            return Err(Problem::invalid_field("reason", message));
        }
        let mut next = before.value.clone();
        // Twice is no error, and the first time counts.
        if next.withdrawn.is_none() {
            next.updated_at = caller.now();
            next.withdrawn = Some(Withdrawal {
                at: caller.now(),
                by: by.clone(),
                reason: reason.map(str::to_owned),
            });
        }
        Ok(Plan::over(before, next).called("withdrawn"))
    });
    let after = after.await?;
    Ok(Tagged {
        version: after.version,
        value: after.value.into(),
    })
}
