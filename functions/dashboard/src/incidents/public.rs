//! What the public is told of an incident, for whoever answers it: on each page that its service affects, and the word that
//! is asked of them.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::{IncidentId, PageId, PostId};
use shared::domain::principal::Right;
use shared::domain::status::{Locale, PublicationMode, words};
use shared::domain::text::{cut_chars, prose};
use shared::incidents::IncidentView;
use shared::publications::{self, Telling, Told};
use shared::store::{Change, StoreError};

use crate::page::{Moment, Posted, Refused, Zone};

/// Characters of a post's last words.
const WORDS_CHARS_MAX: usize = 200;

/// What one page tells.
#[derive(Debug)]
pub struct Public {
    pub page_id: PageId,
    pub page: String,
    /// The components that are affected, by their public names.
    pub components: String,
    pub stands: Stands,
}

/// Where it stands whether it is told.
#[derive(Debug)]
pub enum Stands {
    Harmless,
    Manual,
    /// It is told, or asked about, then.
    Settling {
        at: Moment,
        asks: bool,
    },
    Asked,
    Confirmed,
    Public(Post),
    Dismissed,
    Over,
}

/// Its post.
#[derive(Debug)]
pub struct Post {
    pub id: PostId,
    pub title: String,
    pub status: &'static str,
    pub is_withdrawn: bool,
    pub is_automatic: bool,
    pub words: String,
    pub at: Option<Moment>,
}

impl Public {
    /// Whether somebody is waited for.
    pub fn is_asked(&self) -> bool {
        matches!(self.stands, Stands::Asked)
    }
}

/// What every page tells of it.
pub async fn of(ctx: &Ctx, incident: &IncidentView, zone: &Zone) -> Result<Vec<Public>, StoreError> {
    let told = publications::told(ctx, incident.into()).await?;
    Ok(told.into_iter().map(|one| public(one, zone)).collect())
}

fn public(told: Told, zone: &Zone) -> Public {
    let asks = told.rule.mode == PublicationMode::Ask;
    let names: Vec<&str> = told.affected.iter().map(|(one, _)| one.name.as_str()).collect();
    Public {
        page_id: told.page.id,
        components: names.join(", "),
        stands: match told.telling {
            Telling::Harmless => Stands::Harmless,
            Telling::Manual => Stands::Manual,
            Telling::Settling(until) => Stands::Settling {
                at: zone.moment(until),
                asks,
            },
            Telling::Asked => Stands::Asked,
            Telling::Confirmed => Stands::Confirmed,
            Telling::Public(post) => Stands::Public(Post {
                id: post.id,
                status: words::of(Locale::En).post_status(post.status),
                is_withdrawn: post.withdrawn.is_some(),
                is_automatic: post.automatic,
                words: post
                    .updates
                    .last()
                    .map_or_else(String::new, |update| cut_chars(&prose(&update.body), WORDS_CHARS_MAX)),
                at: post.updates.last().map(|update| zone.moment(update.at)),
                title: post.title,
            }),
            Telling::Dismissed => Stands::Dismissed,
            Telling::Over => Stands::Over,
        },
        page: told.page.name,
    }
}

/// What the buttons send.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    incident: IncidentId,
    page: PageId,
    answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Publish,
    Dismiss,
}

/// Takes a person's word, and leads back.
pub async fn tell(State(ctx): State<Ctx>, posted: Posted<Wanted>) -> Result<Response, Refused> {
    let Posted { visitor, form } = posted;
    visitor.who.may(Right::Respond)?;
    let incident = ctx.store.incident(form.incident).await?.ok_or_else(Refused::missing)?;
    let (by, address) = (visitor.who.principal.actor(), &visitor.who.address);
    let change = Change::new(&by, visitor.now).from(address);
    let about = (form.page, incident.value.service_id);
    publications::answer(&ctx, about, form.answer == Answer::Publish, &change).await?;
    Ok(Redirect::to(&format!("/incidents/{}", form.incident)).into_response())
}
