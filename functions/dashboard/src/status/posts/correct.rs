//! The words of an update of a post, put right.

use axum::extract::{Path, State};
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::id::{PostId, UpdateId};
use shared::domain::principal::Right;
use shared::domain::status::Post;

use super::names;
use crate::page::{Refused, Visitor};
use crate::status::correct::{Whole, correct};

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Path((post, update)): Path<(String, String)>,
) -> Result<Response, Refused> {
    visitor.who.may(Right::Respond)?;
    let id: PostId = post.parse().map_err(|_| Refused::missing())?;
    let update_id: UpdateId = update.parse().map_err(|_| Refused::missing())?;
    let found = ctx.store.load::<Post>(id).await?.ok_or_else(Refused::missing)?;
    let update = found.value.updates.iter().find(|update| update.id == update_id);
    let update = update.ok_or_else(Refused::missing)?;
    let whole = Whole {
        path: format!("/posts/{id}"),
        version: found.version,
        title: &found.value.title,
    };
    let status = names::status(update.status);
    Ok(correct(&visitor, whole, update, status, update.status.words_max()))
}
