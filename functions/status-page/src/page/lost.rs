//! What is shown where nothing is.

use askama::Template;
use shared::domain::status::{ComponentStatus, words};
use shared::domain::text::plain;

use super::frame::{Frame, rendered};
use crate::documents::Stamp;
use crate::view::PageView;

#[derive(Template)]
#[template(path = "lost.html")]
struct Lost<'a> {
    frame: Frame<'a>,
}

/// There is no such page: leads to this one.
pub fn lost(view: &PageView, stamp: Stamp) -> Vec<u8> {
    let labels = words::labels(view.locale);
    let title = format!("{} · {}", labels.lost, plain(&view.name));
    let frame = Frame::new(view, stamp, "", &title, ComponentStatus::UnderMaintenance);
    rendered(&Lost { frame })
}
