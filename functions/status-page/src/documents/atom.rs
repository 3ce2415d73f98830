//! The feed: the newest posts, each with all that was said in it.

use askama::Template;
use atom_syndication::{Content, Entry, Feed, FixedDateTime, Link, Text};
use jiff::Timestamp;
use shared::domain::status::words;

use super::Stamp;
use super::json::time;
use crate::page::text::{Block, blocks};
use crate::view::PageView;

/// Posts that the feed shows.
const ENTRIES_MAX: usize = 25;

/// What is said in a post, as HTML.
#[derive(Template)]
#[template(path = "entry.html")]
struct Told {
    updates: Vec<Said>,
}

/// An update.
struct Said {
    status: &'static str,
    at: String,
    blocks: Vec<Block>,
}

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
        let said = post.updates.iter().map(|update| Said {
            status: labels.post_status(update.status),
            at: time(update.at),
            blocks: blocks(&update.body),
        });
        let html = Told {
            updates: said.collect(),
        }
        .render()
        .unwrap_or_default();
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
