//! What is shown where nothing is, at every host: it names no page, and speaks every language.

use askama::Template;
use shared::domain::status::words::{self, Labels};
use shared::domain::status::{ComponentStatus, Locale, Look};

use super::frame::{Frame, rendered};
use crate::documents::Stamp;
use crate::view::PageView;

#[derive(Template)]
#[template(path = "lost.html")]
struct Lost<'a> {
    frame: Frame<'a>,
    /// Where the page of the host is, or the default one.
    page: &'static str,
    each: Vec<&'static Labels>,
}

/// There is no such page. The language of this one comes first.
pub fn lost(view: &PageView, stamp: Stamp) -> Vec<u8> {
    let first = words::labels(view.locale);
    let others = Locale::EACH.iter().map(|(locale, _)| *locale);
    let others = others.filter(|locale| *locale != view.locale).map(words::labels);
    let frame = Frame::new(view, stamp, "", first.lost, ComponentStatus::UnderMaintenance);
    rendered(&Lost {
        frame: frame.looking(&Look::default()),
        page: "/status",
        each: [first].into_iter().chain(others).collect(),
    })
}
