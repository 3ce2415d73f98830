//! The feed: the newest posts, each with all that was said in it.

use shared::domain::status::words;
use std::fmt::Write;

use atom_syndication::{Content, Entry, Feed, FixedDateTime, Link, Text};
use jiff::Timestamp;

use super::Stamp;
use super::json::time;
use crate::view::PageView;

/// Posts that the feed shows.
const ENTRIES_MAX: usize = 25;

/// The feed of a page.
pub fn feed(view: &PageView, stamp: Stamp) -> Vec<u8> {
    let labels = words::labels(view.locale);
    let mut feed = Feed::default();
    feed.set_title(Text::plain(labels.feed_title.replace("{page}", &view.name)));
    feed.set_id(format!("{}/history.atom", view.url));
    feed.set_updated(date(stamp.at));
    feed.set_links(vec![
        link(&view.url, "alternate"),
        link(&format!("{}/history.atom", view.url), "self"),
    ]);
    let entries = view.recent_posts.iter().take(ENTRIES_MAX).map(|post| {
        let mut entry = Entry::default();
        entry.set_title(Text::plain(post.title.clone()));
        entry.set_id(post.url.clone());
        entry.set_links(vec![link(&post.url, "alternate")]);
        entry.set_published(date(post.started_at));
        entry.set_updated(date(post.updated_at));
        let mut html = String::new();
        for update in &post.updates {
            let (status, at) = (labels.post_status(update.status), time(update.at));
            let words = escaped(&update.body).replace('\n', "<br>");
            // Writing to a text cannot fail.
            let _ = write!(html, "<p><strong>{status}</strong> ({at})<br>{words}</p>");
        }
        let mut content = Content::default();
        content.set_content_type("html".to_owned());
        content.set_value(html);
        entry.set_content(content);
        entry
    });
    feed.set_entries(entries.collect::<Vec<_>>());
    feed.to_string().into_bytes()
}

fn link(href: &str, rel: &str) -> Link {
    let mut link = Link::default();
    link.set_href(href);
    link.set_rel(rel);
    link
}

fn date(at: Timestamp) -> FixedDateTime {
    time(at).parse().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
