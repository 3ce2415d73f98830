//! Who hears of a page. Addresses are people's own: whoever may not change the page is shown numbers only.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::{PageId, SubscriberId};
use shared::domain::status::{Component, Page, Subscriber, SubscriberChannel, SubscriberCounts, SubscriberState};
use shared::subscribers;
use shared::web::{Id, Problem, bad_cursor};

use super::tree::tree;
use super::{Tab, Tabs};
use crate::page::{Asked, Choice, Frame, Moment, Refused, Section, Visitor, Zone, load, shown};
use crate::words;

/// Subscribers on one page of the list.
const PAGE_ITEMS: usize = 50;

#[derive(Debug, Deserialize)]
pub struct Wanted {
    after: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "status/subscribers.html")]
struct Subscribers {
    frame: Frame,
    tabs: Tabs,
    id: PageId,
    name: String,
    counts: SubscriberCounts,
    by_channel: [(&'static str, u32); 4],
    /// Where anybody subscribes.
    form_url: String,
    /// None: they are not this visitor's to read.
    list: Option<List>,
}

#[derive(Debug)]
struct List {
    rows: Vec<Row>,
    is_first: bool,
    next: Option<String>,
    /// How somebody may be added here.
    channels: Vec<Choice>,
    components: Vec<Choice>,
}

#[derive(Debug)]
struct Row {
    id: SubscriberId,
    address: String,
    channel: &'static str,
    /// What they hear of, unless it is everything.
    components: Option<String>,
    since: Moment,
    state: &'static str,
    class: &'static str,
    /// What went wrong, if anything did.
    trouble: Option<String>,
    stopped_at: Option<Moment>,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<PageId>, Problem>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refused> {
    let page = load::<Page>(&ctx, id).await?.value;
    let after = wanted
        .after
        .as_deref()
        .map(|after| after.parse().map_err(|_| bad_cursor()));
    let after: Option<SubscriberId> = after.transpose()?;
    let (counts, list) = futures_util::try_join!(
        async { Ok::<_, Refused>(subscribers::count(&ctx, page.id, visitor.now).await?) },
        list(&ctx, &visitor, &page, after),
    )?;
    Ok(shown(&Subscribers {
        frame: Frame::new(Section::Status, &visitor),
        tabs: Tabs::new(&ctx, &page, Tab::Subscribers),
        id: page.id,
        by_channel: SubscriberChannel::ALL.map(|one| (words::subscriber_channel(one), counts.by(one))),
        counts,
        form_url: format!("{}/subscribers", ctx.page_url(&page)),
        list,
        name: page.name,
    }))
}

async fn list(ctx: &Ctx, visitor: &Visitor, page: &Page, after: Option<SubscriberId>) -> Result<Option<List>, Refused> {
    if !visitor.may_configure(page.team_id) {
        return Ok(None);
    }
    let (found, mut components) = futures_util::try_join!(
        ctx.store.subscribers(page.id, after, PAGE_ITEMS),
        ctx.store.list_all::<Component>(),
    )?;
    components.retain(|one| one.page_id == page.id);
    let last = found.items.last().filter(|_| found.more);
    let next = last.map(|one| format!("/pages/{}/subscribers?after={}", page.id, one.value.id));
    let live = found
        .items
        .iter()
        .map(|row| &row.value)
        .filter(|one| one.is_live(visitor.now));
    let channels = SubscriberChannel::ALL.into_iter();
    let can = channels.filter(|one| ctx.gateways.of(one.medium()).is_some());
    Ok(Some(List {
        rows: live.map(|one| row(ctx, one, &components, &visitor.zone())).collect(),
        is_first: after.is_none(),
        next,
        channels: can
            .map(|one| Choice::new(one.as_str(), words::subscriber_channel(one), false))
            .collect(),
        components: tree(&components)
            .into_iter()
            .flat_map(|branch| [branch.top].into_iter().chain(branch.members))
            .map(|one| Choice::new(one.id, &one.name, false))
            .collect(),
    }))
}

fn row(ctx: &Ctx, one: &Subscriber, components: &[Component], zone: &Zone) -> Row {
    let names = components
        .iter()
        .filter(|component| one.component_ids.contains(&component.id));
    let names: Vec<&str> = names.map(|component| component.name.as_str()).collect();
    let (state, class) = match one.state() {
        SubscriberState::Pending => ("has not confirmed", "acknowledged"),
        SubscriberState::Active => ("hears", "resolved"),
        SubscriberState::Stopped => ("sent no more", "failed"),
    };
    Row {
        id: one.id,
        address: subscribers::address_of(ctx, one)
            .unwrap_or_else(|| "An address that cannot be read with this master key".to_owned()),
        channel: words::subscriber_channel(one.channel),
        components: (!one.component_ids.is_empty()).then(|| match names.as_slice() {
            [] => "components that are gone".to_owned(),
            names => names.join(", "),
        }),
        since: zone.moment(one.since),
        state,
        class,
        trouble: trouble(one),
        stopped_at: one.stopped_at.map(|at| zone.moment(at)),
    }
}

fn trouble(one: &Subscriber) -> Option<String> {
    match one.failures {
        0 => None,
        1 => Some("The last message failed for good".to_owned()),
        failures => Some(format!("The last {failures} messages failed for good")),
    }
}
