//! What is looked at more rarely: the way there, and, at home, the messages that were kept instead of sent.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::principal::Right;
use shared::store::OutboxMessage;
use shared::web::PageQuery;

use crate::page::{Asked, Frame, Moment, Older, Refused, Section, Visitor, shown};
use crate::words;

#[derive(Debug, Template)]
#[template(path = "configuration/more.html")]
struct More {
    frame: Frame,
    may_administer: bool,
    has_outbox: bool,
}

#[derive(Debug, Template)]
#[template(path = "configuration/outbox.html")]
struct Outbox {
    frame: Frame,
    rows: Vec<Kept>,
    older: Older,
}

#[derive(Debug)]
struct Kept {
    at: Moment,
    medium: &'static str,
    to: String,
    subject: Option<String>,
    body: String,
}

pub async fn show(visitor: Visitor, State(ctx): State<Ctx>) -> Response {
    shown(&More {
        frame: Frame::new(Section::More, &visitor),
        may_administer: visitor.may_administer(),
        has_outbox: ctx.config.has_outbox,
    })
}

pub async fn outbox(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    if !ctx.config.has_outbox {
        return Err(Refused::missing());
    }
    visitor.who.may(Right::Administer)?;
    let page = ctx.store.outbox(&query.page()?).await?;
    let zone = visitor.zone();
    let kept = |message: OutboxMessage| Kept {
        at: zone.moment(message.at),
        medium: words::medium(message.channel),
        to: message.to,
        subject: message.subject,
        body: message.body,
    };
    Ok(shown(&Outbox {
        frame: Frame::new(Section::More, &visitor),
        older: Older::of("/outbox", query.after.as_deref(), page.next.as_deref()),
        rows: page.items.into_iter().map(kept).collect(),
    }))
}
