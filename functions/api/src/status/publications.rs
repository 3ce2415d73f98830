//! What waits to become public, and a person's word on it.

use axum::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::id::{PageId, PostId, ServiceId};
use shared::domain::principal::Right;
use shared::domain::status::{Page, Publication, PublicationState};
use shared::publications;
use shared::web::{Id, JsonBody, Listed, Problem};
use utoipa::ToSchema;

use crate::configuration::caller::Caller;
use crate::configuration::resource::load;
use crate::openapi::{Routes, routes};

pub fn routes() -> Routes {
    Routes::default().routes(routes!(list_publications, answer_publication))
}

/// Where a publication stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// It becomes public at `due_at`.
    Settling,
    /// Somebody is asked whether it shall become public.
    Asked,
    /// It is public.
    Open,
    /// It is over, and its post says so at `due_at` if it stays so.
    Calming,
    /// It is over.
    Over,
    /// Somebody said no.
    Dismissed,
}

/// What one service's incidents come to on one page.
#[derive(Debug, Serialize, ToSchema)]
struct PublicationView {
    page_id: PageId,
    service_id: ServiceId,
    state: Stage,
    /// When it next changes by itself.
    due_at: Option<Timestamp>,
    /// Its post, once it has one.
    post_id: Option<PostId>,
}

impl From<Publication> for PublicationView {
    fn from(publication: Publication) -> Self {
        Self {
            post_id: publication.post_id(),
            page_id: publication.page_id,
            service_id: publication.service_id,
            state: match publication.state {
                PublicationState::Settling { .. } => Stage::Settling,
                PublicationState::Asked { .. } => Stage::Asked,
                PublicationState::Open { .. } => Stage::Open,
                PublicationState::Calming { .. } => Stage::Calming,
                PublicationState::Over { .. } => Stage::Over,
                PublicationState::Dismissed { .. } => Stage::Dismissed,
            },
            due_at: publication.due_at,
        }
    }
}

/// A person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Word {
    /// It becomes public at once.
    Publish,
    /// The incidents that are open now do not become public.
    Dismiss,
}

/// A person's word on a service's incidents.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerPublicationBody {
    /// Whose incidents.
    service_id: ServiceId,
    /// The word.
    answer: Word,
}

/// What is, was, or may become public of services' incidents on a page
#[utoipa::path(get, path = "/api/v1/pages/{id}/publications", tag = "Status pages", params(("id" = PageId, Path)),
    responses((status = 200, body = Listed<PublicationView>)))]
async fn list_publications(caller: Caller, Id(id): Id<PageId>) -> Result<Json<Listed<PublicationView>>, Problem> {
    caller.may(Right::Read)?;
    load::<Page>(&caller, id).await?;
    let all = caller.store().publications(id).await?;
    Ok(Json(Listed {
        items: all.into_iter().map(|row| row.value.into()).collect(),
        next: None,
    }))
}

/// Let a service's incidents become public on a page, at once, or not
#[utoipa::path(post, path = "/api/v1/pages/{id}/publications", tag = "Status pages", params(("id" = PageId, Path)),
    request_body = AnswerPublicationBody, responses((status = 200, body = PublicationView)))]
async fn answer_publication(
    caller: Caller,
    Id(id): Id<PageId>,
    JsonBody(body): JsonBody<AnswerPublicationBody>,
) -> Result<Json<PublicationView>, Problem> {
    caller.may(Right::Respond)?;
    let publish = body.answer == Word::Publish;
    let after = publications::answer(&caller.ctx, (id, body.service_id), publish, &caller.change()).await?;
    Ok(Json(after.into()))
}
