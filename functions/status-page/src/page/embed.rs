//! A few lines for other sites to show in a frame.

use askama::Template;
use shared::domain::text::plain;

use super::frame::{Frame, headline, rendered};
use super::posts::Item;
use crate::documents::Stamp;
use crate::view::PageView;

/// Titles shown; the rest are counted by the page itself.
const TITLES_MAX: usize = 3;

#[derive(Template)]
#[template(path = "embed.html")]
struct Embed<'a> {
    frame: Frame<'a>,
    headline: &'static str,
    class: &'static str,
    items: Vec<Item>,
}

/// The widget. It links to the page by its whole address, in a window of its own.
pub fn embed(view: &PageView, stamp: Stamp) -> Vec<u8> {
    let (headline, class) = headline(view);
    let title = format!("{}: {headline}", plain(&view.name));
    let frame = Frame::new(view, stamp, "/embed", &title, view.status).living();
    let posts = view.open_posts.iter().map(|post| Item {
        href: post.url.clone(),
        ..Item::post(&frame, post)
    });
    let items = posts.take(TITLES_MAX).collect();
    rendered(&Embed {
        headline,
        class,
        items,
        frame,
    })
}
