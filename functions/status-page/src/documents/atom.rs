//! The feed: the newest posts and maintenances, each with all that was said in it; of a post that was withdrawn, that it was.

use askama::Template;
use atom_syndication::{Entry, Feed, FixedDateTime, Link, Text};
use jiff::Timestamp;
use shared::domain::status::{MaintenanceStatus, PostStatus, words};
use shared::domain::text::cleaned;

use super::Stamp;
use super::json::time;
use crate::page::text::{Block, blocks};
use crate::view::{MaintenanceView, PageView, PostView, UpdateView};

/// Entries that the feed shows.
const ENTRIES_MAX: usize = 25;

/// What is said in an entry, as HTML.
#[derive(Template)]
#[template(path = "entry.html")]
struct Content {
    /// Before the updates.
    facts: Option<String>,
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
    let posts = view.recent_posts.iter().map(|post| of_post(view, post));
    let withdrawn = view.withdrawn_posts.iter().map(|post| of_withdrawn(view, post));
    let maintenances = view.recent_maintenances.iter().map(|one| of_maintenance(view, one));
    let mut entries: Vec<_> = posts.chain(withdrawn).chain(maintenances).collect();
    entries.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let entries = entries.into_iter().map(|(_, entry)| entry).take(ENTRIES_MAX);
    feed.set_entries(entries.collect::<Vec<_>>());
    // Whatever people wrote: one character that XML does not know makes the feed unreadable as a whole.
    cleaned(&feed.to_string()).into_bytes()
}

/// An entry, and what it is sorted by.
type Told = (Timestamp, Entry);

fn of_post(view: &PageView, post: &PostView) -> Told {
    let labels = words::labels(view.locale);
    let said = |update: &UpdateView<PostStatus>| Said::of(view, labels.post_status(update.status), update);
    let content = Content {
        facts: None,
        updates: post.updates.iter().map(said).collect(),
    };
    let title = post.title.clone();
    (
        post.started_at,
        entry(title, &post.url, (post.started_at, post.updated_at), &content),
    )
}

/// Whoever read it learns that it was wrong; its words are not said again.
fn of_withdrawn(view: &PageView, post: &PostView) -> Told {
    let labels = words::labels(view.locale);
    let title = format!("{}: {}", labels.withdrawn_status, post.title);
    let at = post
        .withdrawn
        .as_ref()
        .map_or(post.updated_at, |withdrawn| withdrawn.at);
    let content = Content {
        facts: Some(labels.withdrawn_entry.to_owned()),
        updates: Vec::new(),
    };
    (
        post.started_at,
        entry(title, &post.url, (post.started_at, at), &content),
    )
}

fn of_maintenance(view: &PageView, one: &MaintenanceView) -> Told {
    let labels = words::labels(view.locale);
    let said = |update: &UpdateView<MaintenanceStatus>| {
        Said::of(view, labels.maintenance_status(update.status, one.is_cancelled), update)
    };
    let at = |at| labels.time_in_zone(at, &view.zone);
    let (from, until) = (at(one.starts_at), at(one.ends_at));
    let content = Content {
        facts: Some(words::filled(labels.planned, &[("from", &from), ("until", &until)])),
        updates: one.updates.iter().map(said).collect(),
    };
    let title = one.title.clone();
    (
        one.created_at,
        entry(title, &one.url, (one.created_at, one.updated_at), &content),
    )
}

impl Said {
    fn of<S>(view: &PageView, status: &'static str, update: &UpdateView<S>) -> Self {
        Self {
            status,
            at: words::labels(view.locale).time_in_zone(update.at, &view.zone),
            blocks: blocks(&update.body),
        }
    }
}

fn entry(title: String, url: &str, (published, updated): (Timestamp, Timestamp), content: &Content) -> Entry {
    let mut entry = Entry::default();
    entry.set_title(Text::plain(title));
    entry.set_id(url.to_owned());
    entry.set_links(vec![link(url, "alternate")]);
    entry.set_published(date(published));
    entry.set_updated(date(updated));
    let mut html = atom_syndication::Content::default();
    html.set_content_type("html".to_owned());
    // Templates over values in memory have nothing that could fail.
    html.set_value(content.render().unwrap_or_default());
    entry.set_content(html);
    entry
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
