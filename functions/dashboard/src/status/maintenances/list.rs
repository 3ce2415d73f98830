//! The maintenances of a page, the newest first.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::id::PageId;
use shared::domain::status::{Alerts, Maintenance, Page};
use shared::web::{Id, PageQuery, Problem};

use super::names;
use crate::page::{Asked, Frame, Moment, Older, Refused, Section, Visitor, Zone, load, shown};
use crate::status::{Tab, Tabs};

#[derive(Debug, Template)]
#[template(path = "status/maintenances/list.html")]
struct List {
    frame: Frame,
    tabs: Tabs,
    id: PageId,
    name: String,
    rows: Vec<Row>,
    /// Whether it is the first page.
    is_first: bool,
    older: Older,
    may_write: bool,
}

#[derive(Debug)]
struct Row {
    id: String,
    title: String,
    class: &'static str,
    standing: &'static str,
    from: Moment,
    until: Moment,
    /// What it does to alerts, where it does something.
    alerts: Option<&'static str>,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<PageId>, Problem>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    let page = load::<Page>(&ctx, id).await?.value;
    let found = ctx.store.maintenances(&[page.id], &query.page()?).await?;
    let path = format!("/pages/{}/maintenances", page.id);
    let zone = visitor.zone();
    Ok(shown(&List {
        frame: Frame::new(Section::Status, &visitor),
        tabs: Tabs::new(&ctx, &page, Tab::Maintenances),
        id: page.id,
        name: page.name,
        older: Older::of(&path, query.after.as_deref(), found.next.as_deref()),
        rows: found.items.into_iter().map(|one| Row::new(one.value, &zone)).collect(),
        is_first: query.after.is_none(),
        may_write: visitor.may_respond(),
    }))
}

impl Row {
    fn new(one: Maintenance, zone: &Zone) -> Self {
        Self {
            id: one.id.to_string(),
            class: names::class(&one),
            standing: names::standing(&one),
            from: zone.moment(one.starts_at),
            until: zone.moment(one.ends_at),
            alerts: (one.alerts != Alerts::Page).then(|| names::alerts(one.alerts)),
            title: one.title,
        }
    }
}
