//! What is looked at more rarely: the way there, the audit log, and, at home, the messages that were kept instead of sent.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;
use shared::ctx::Ctx;
use shared::domain::principal::Right;
use shared::store::{AuditEntry, OutboxMessage};
use shared::web::PageQuery;

use crate::page::{Asked, Frame, Moment, Older, People, Person, Refused, Section, Visitor, Zone, shown};
use crate::words;

#[derive(Debug, Template)]
#[template(path = "configuration/more.html")]
struct More {
    frame: Frame,
    may_administer: bool,
    has_outbox: bool,
}

#[derive(Debug, Template)]
#[template(path = "configuration/audit.html")]
struct Audit {
    frame: Frame,
    rows: Vec<Changed>,
    older: Older,
}

#[derive(Debug)]
struct Changed {
    at: Moment,
    who: Person,
    action: String,
    object: String,
    id: String,
    before: Option<String>,
    after: Option<String>,
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

pub async fn audit(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    visitor.who.may(Right::Administer)?;
    let page = ctx.store.audit_log(&query.page()?).await?;
    let zone = visitor.zone();
    let people = People::load(&ctx, page.items.iter().filter_map(|entry| entry.actor.person())).await?;
    Ok(shown(&Audit {
        frame: Frame::new(Section::More, &visitor),
        older: Older::of("/audit", query.after.as_deref(), page.next.as_deref()),
        rows: page
            .items
            .into_iter()
            .map(|entry| changed(entry, &people, &zone))
            .collect(),
    }))
}

fn changed(entry: AuditEntry, people: &People, zone: &Zone) -> Changed {
    Changed {
        at: zone.moment(entry.at),
        who: people.actor(&entry.actor),
        action: entry.action,
        object: entry.object.replace('_', " "),
        id: entry.object_id,
        before: entry.before.map(|json| in_lines(&json)),
        after: entry.after.map(|json| in_lines(&json)),
    }
}

/// JSON as people read it; what is none stays as it is.
fn in_lines(json: &str) -> String {
    let value = serde_json::from_str::<Value>(json);
    let lines = value.and_then(|value| serde_json::to_string_pretty(&value));
    lines.unwrap_or_else(|_| json.to_owned())
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
