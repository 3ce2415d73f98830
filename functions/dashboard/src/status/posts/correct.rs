//! The words of an update, put right. A page of its own: whoever types is not disturbed by what happens meanwhile.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::id::{PostId, UpdateId};
use shared::domain::principal::Right;
use shared::domain::status::Post;

use super::names;
use crate::page::{Frame, Moment, Refused, Section, Visitor, shown};

#[derive(Debug, Template)]
#[template(path = "status/posts/correct.html")]
struct Correct {
    frame: Frame,
    id: PostId,
    version: u64,
    title: String,
    update_id: UpdateId,
    status: &'static str,
    at: Moment,
    body: String,
    chars_max: usize,
    was_told: bool,
}

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
    Ok(shown(&Correct {
        frame: Frame::new(Section::Status, &visitor),
        id,
        version: found.version,
        update_id,
        status: names::status(update.status),
        at: visitor.zone().moment(update.at),
        body: update.body.clone(),
        chars_max: update.status.words_max(),
        was_told: update.deliver_notifications,
        title: found.value.title,
    }))
}
