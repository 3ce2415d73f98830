//! A post's, or a maintenance's, own page.

use askama::Template;
use shared::domain::status::{ComponentStatus, Impact};
use shared::domain::text::{cut_chars, plain, prose};

use super::frame::{Frame, rendered};
use super::posts::Item;
use super::share::{Share, share};
use crate::documents::Stamp;
use crate::view::{MaintenanceView, PageView, PostView};

/// Characters of an update that networks show.
const ABOUT_CHARS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "incident.html")]
struct Incident<'a> {
    frame: Frame<'a>,
    item: Item,
    share: Share,
}

/// A post's own page.
pub fn incident(view: &PageView, post: &PostView, stamp: Stamp) -> Vec<u8> {
    let status = match post.impact {
        _ if !post.status.is_open() || post.withdrawn.is_some() => ComponentStatus::Operational,
        Impact::None | Impact::Minor => ComponentStatus::DegradedPerformance,
        Impact::Major => ComponentStatus::PartialOutage,
        Impact::Critical => ComponentStatus::MajorOutage,
    };
    let newest = post.updates.first().map(|update| update.body.as_str());
    let frame = frame(view, stamp, &post.id.to_string(), &post.title, newest, status);
    let item = Item::post(&frame, post);
    rendered(&Incident {
        share: share(view, &post.title, item.status, &frame.canonical),
        item,
        frame,
    })
}

/// A maintenance's own page.
pub fn maintenance(view: &PageView, one: &MaintenanceView, stamp: Stamp) -> Vec<u8> {
    let newest = one.updates.first().map(|update| update.body.as_str());
    let status = ComponentStatus::UnderMaintenance;
    let frame = frame(view, stamp, &one.id.to_string(), &one.title, newest, status);
    let item = Item::maintenance(&frame, one);
    rendered(&Incident {
        share: share(view, &one.title, item.status, &frame.canonical),
        item,
        frame,
    })
}

/// Years stay in its times: it is read years later, and not written again then.
fn frame<'a>(
    view: &'a PageView,
    stamp: Stamp,
    id: &str,
    title: &str,
    newest: Option<&str>,
    status: ComponentStatus,
) -> Frame<'a> {
    let title = format!("{} · {}", plain(title), plain(&view.name));
    let mut frame = Frame::new(view, stamp, &format!("/incidents/{id}"), &title, status);
    frame.is_living = true;
    match newest.map(prose).filter(|text| !text.is_empty()) {
        Some(text) => frame.about(&cut_chars(&text, ABOUT_CHARS_MAX)),
        None => frame,
    }
}
