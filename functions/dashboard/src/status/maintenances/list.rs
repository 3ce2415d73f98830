//! The maintenances of a page: those that go on or come first, then what is over.

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
    /// What goes on and what comes, the next first; only on the first page.
    open: Vec<Row>,
    /// What is over.
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
    let is_first = query.after.is_none();
    let request = query.page()?;
    let (mut open, found) = futures_util::try_join!(
        async {
            if is_first {
                ctx.store.open_maintenances(page.id).await
            } else {
                Ok(Vec::new())
            }
        },
        ctx.store.closed_maintenances(page.id, &request),
    )?;
    open.sort_by_key(|one| (one.value.starts_at, one.value.id));
    let path = format!("/pages/{}/maintenances", page.id);
    let zone = visitor.zone();
    Ok(shown(&List {
        frame: Frame::new(Section::Status, &visitor),
        tabs: Tabs::new(&ctx, &page, Tab::Maintenances),
        id: page.id,
        name: page.name,
        older: Older::of(&path, query.after.as_deref(), found.next.as_deref()),
        open: open.into_iter().map(|one| Row::new(one.value, &zone)).collect(),
        rows: found.items.into_iter().map(|one| Row::new(one.value, &zone)).collect(),
        is_first,
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
