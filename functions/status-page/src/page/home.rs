//! The page itself.

use askama::Template;
use jiff::ToSpan;
use jiff::civil::Date;
use shared::domain::status::share::{badge_markdown, frame_snippet};
use shared::domain::status::{ComponentStatus, MaintenanceStatus};
use shared::domain::text::plain;

use super::bars::Bars;
use super::frame::{Frame, class, headline, rendered};
use super::posts::Item;
use crate::documents::Stamp;
use crate::view::{ComponentView, PageView};

/// Days whose incidents the page itself tells.
const RECENT_DAYS: i64 = 14;
/// And how many of these; the rest are in the history.
const RECENT_MAX: usize = 10;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    frame: Frame<'a>,
    headline: &'static str,
    class: &'static str,
    current: Vec<Item>,
    now: Vec<Item>,
    ahead: Vec<Item>,
    entries: Vec<Entry<'a>>,
    past: Vec<Item>,
    nothing: String,
    frame_snippet: String,
    badge_markdown: String,
}

/// A place in the list of components.
struct Entry<'a> {
    row: Row<'a>,
    /// What is in it, if it is a group.
    members: Vec<Row<'a>>,
    /// How many these are.
    count: String,
}

/// A component.
struct Row<'a> {
    component: &'a ComponentView,
    id: String,
    class: &'static str,
    status: &'static str,
    bars: Bars,
}

/// The page.
pub fn home(view: &PageView, stamp: Stamp) -> Vec<u8> {
    let (headline, class) = headline(view);
    let title = format!("{}: {headline}", plain(&view.name));
    let frame = Frame::new(view, stamp, "", &title, view.status).living();
    let maintenances = |is_now: bool| {
        let open = view.open_maintenances.iter();
        let wanted = open.filter(move |one| (one.status == MaintenanceStatus::Scheduled) != is_now);
        wanted
            .map(|one| Item::maintenance(&frame, one).newest(&frame))
            .collect()
    };
    let (now, ahead) = (maintenances(true), maintenances(false));
    let current = view
        .open_posts
        .iter()
        .map(|post| Item::post(&frame, post).newest(&frame));
    let current = current.collect();
    let past = past(&frame);
    let labels = frame.labels;
    let nothing = if view.recent_posts.is_empty() && view.recent_maintenances.is_empty() {
        labels.nothing_ever.to_owned()
    } else {
        labels.counted(labels.nothing_lately, RECENT_DAYS as usize)
    };
    rendered(&Home {
        headline,
        class,
        current,
        now,
        ahead,
        entries: entries(&frame),
        past,
        nothing,
        frame_snippet: frame_snippet(&view.url, &view.name),
        badge_markdown: badge_markdown(&view.url, &view.name),
        frame,
    })
}

/// What is over, of the last days, newest first.
fn past(frame: &Frame<'_>) -> Vec<Item> {
    let view = frame.view;
    let first = view.today.checked_sub(RECENT_DAYS.days()).unwrap_or(Date::MIN);
    let is_recent = |at: jiff::Timestamp| at.to_zoned(view.zone.clone()).date() > first;
    let posts = view.recent_posts.iter().filter(|post| !post.status.is_open());
    let posts = posts
        .filter(|post| is_recent(post.resolved_at.unwrap_or(post.started_at)))
        .map(|post| (post.started_at, Item::post(frame, post)));
    let maintenances = view.recent_maintenances.iter();
    let maintenances = maintenances
        .filter(|one| one.completed_at.is_some_and(is_recent))
        .map(|one| (one.ended_from(), Item::maintenance(frame, one)));
    let mut all: Vec<_> = posts.chain(maintenances).collect();
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all.into_iter().map(|(_, item)| item).take(RECENT_MAX).collect()
}

/// The components that are shown now, each group with what is in it; a group with nothing to show is not shown.
fn entries<'a>(frame: &Frame<'a>) -> Vec<Entry<'a>> {
    let view = frame.view;
    let is_shown = |one: &ComponentView| !one.only_show_if_degraded || one.status != ComponentStatus::Operational;
    let row = |component: &'a ComponentView| Row {
        component,
        id: component.id.to_string(),
        class: class(component.status),
        status: frame.labels.component_status(component.status),
        bars: Bars::of(frame, component),
    };
    let top = view
        .components
        .iter()
        .filter(|one| one.group_id.is_none() && is_shown(one));
    let entry = |one: &'a ComponentView| {
        let members = view.components.iter().filter(|member| member.group_id == Some(one.id));
        let members: Vec<Row<'a>> = members.filter(|member| is_shown(member)).map(row).collect();
        let count = frame.labels.counted(frame.labels.members, members.len());
        Entry {
            row: row(one),
            members,
            count,
        }
    };
    top.map(entry)
        .filter(|entry| !entry.row.component.is_group || !entry.members.is_empty())
        .collect()
}

#[derive(Template)]
#[template(path = "default.html")]
struct Leads<'a> {
    frame: Frame<'a>,
}

/// Leads `/status` to the default page.
pub fn default_page(view: &PageView, stamp: Stamp) -> Vec<u8> {
    let frame = Frame::new(view, stamp, "", &view.name, view.status);
    rendered(&Leads { frame })
}
