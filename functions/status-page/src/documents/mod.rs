//! The documents of a page: what they are called, what is in them, and how long they may be kept.
//!
//! Every document is whole: nobody needs a second one to read it. Each carries the revision it was
//! written as, so that two writings of the same facts differ in their bytes, and with them in their tags: a publisher that
//! is late is refused even where nothing seems to have changed.

mod atom;
pub(crate) mod json;

use jiff::Timestamp;
use shared::domain::id::PostId;
use shared::domain::status::folder;

use crate::page;
use crate::view::{MaintenanceView, PageView, PostView};

/// Which writing of a page this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Counted up by every publication that changed something.
    pub revision: u64,
    /// When.
    pub at: Timestamp,
}

impl Stamp {
    /// No writing at all: what documents are compared by.
    pub const NONE: Self = Self {
        revision: 0,
        at: Timestamp::UNIX_EPOCH,
    };
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its key in the bucket.
    pub key: String,
    /// What it is.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where it leads, if it only does that.
    pub location: Option<String>,
}

/// How long a reader may keep a document without asking again, and, while nothing answers, in any case.
pub const CACHE_CONTROL: &str = "public, max-age=10, stale-while-revalidate=30, stale-if-error=604800";

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";
const ATOM: &str = "application/atom+xml; charset=utf-8";
const SVG: &str = "image/svg+xml; charset=utf-8";

/// The key of a post's (or a maintenance's) own page.
pub fn incident_key(slug: &str, id: impl std::fmt::Display) -> String {
    format!("{}/incidents/{id}/index.html", folder(slug))
}

/// The key of a month, `2026-11`.
pub fn month_key(slug: &str, month: &str) -> String {
    format!("{}/history/{month}/index.html", folder(slug))
}

/// The key of where `/status` leads.
pub const DEFAULT_KEY: &str = "status/index.html";

/// The key of what is shown where nothing is.
pub const LOST_KEY: &str = "status/404.html";

const FIXED: [&str; 13] = [
    "index.html",
    "embed/index.html",
    "history/index.html",
    "history.atom",
    "badge.svg",
    "api/v2/summary.json",
    "api/v2/status.json",
    "api/v2/components.json",
    "api/v2/incidents.json",
    "api/v2/incidents/unresolved.json",
    "api/v2/scheduled-maintenances.json",
    "api/v2/scheduled-maintenances/upcoming.json",
    "api/v2/scheduled-maintenances/active.json",
];

/// The documents that every page has.
pub fn fixed(view: &PageView, stamp: Stamp) -> Vec<Document> {
    let make = |name: &str| -> (&'static str, Vec<u8>) {
        match name {
            "index.html" => (HTML, page::home(view, stamp)),
            "embed/index.html" => (HTML, page::embed(view, stamp)),
            "history/index.html" => (HTML, page::history(view, stamp)),
            "history.atom" => (ATOM, atom::feed(view, stamp)),
            "badge.svg" => (SVG, page::badge(view, stamp)),
            api => (JSON, json::document(view, stamp, api.trim_start_matches("api/v2/"))),
        }
    };
    let documents = FIXED.iter().map(|name| {
        let (content_type, bytes) = make(name);
        Document {
            key: format!("{}/{name}", folder(&view.slug)),
            content_type,
            bytes,
            location: None,
        }
    });
    let mut all: Vec<Document> = documents.collect();
    let open = view.open_maintenances.iter().chain(&view.recent_maintenances);
    for maintenance in open {
        let document = self::maintenance(view, maintenance, stamp);
        if all.iter().all(|known| known.key != document.key) {
            all.push(document);
        }
    }
    all
}

/// A maintenance's own page.
pub fn maintenance(view: &PageView, maintenance: &MaintenanceView, stamp: Stamp) -> Document {
    Document {
        key: incident_key(&view.slug, maintenance.id),
        content_type: HTML,
        bytes: page::maintenance(view, maintenance, stamp),
        location: None,
    }
}

/// A post's own page.
pub fn incident(view: &PageView, post: &PostView, stamp: Stamp) -> Document {
    Document {
        key: incident_key(&view.slug, post.id),
        content_type: HTML,
        bytes: page::incident(view, post, stamp),
        location: None,
    }
}

/// What was posted in a month, newest first.
pub fn month(view: &PageView, month: &str, posts: &[PostView], stamp: Stamp) -> Document {
    Document {
        key: month_key(&view.slug, month),
        content_type: HTML,
        bytes: page::month(view, month, posts, stamp),
        location: None,
    }
}

/// Where `/status` leads, if to this page.
pub fn default_page(view: &PageView, stamp: Stamp) -> Document {
    Document {
        key: DEFAULT_KEY.into(),
        content_type: HTML,
        bytes: page::default_page(view, stamp),
        location: Some(view.url.clone()),
    }
}

/// What is shown where nothing is, if this is the default page.
pub fn lost(view: &PageView, stamp: Stamp) -> Document {
    Document {
        key: LOST_KEY.into(),
        content_type: HTML,
        bytes: page::lost(view, stamp),
        location: None,
    }
}

/// The month of a post, in the page's zone: `2026-11`.
pub fn month_of(view_zone: &jiff::tz::TimeZone, at: Timestamp) -> String {
    at.to_zoned(view_zone.clone()).strftime("%Y-%m").to_string()
}

/// When a post began, by its id.
pub fn began(post: PostId) -> Timestamp {
    let ms = i64::try_from(post.0.timestamp_ms()).unwrap_or(0);
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use shared::domain::id::PageId;
    use shared::domain::status::{ComponentStatus, Locale, Look};

    use super::*;

    fn empty(locale: Locale) -> PageView {
        PageView {
            id: "pag_01arz3ndektsv4rrffq69g5fav".parse::<PageId>().unwrap(),
            slug: "main".into(),
            name: "A & B <i>".into(),
            description: None,
            locale,
            time_zone: "UTC".into(),
            zone: TimeZone::UTC,
            url: "https://status.example.com/status/main".into(),
            look: Look::default(),
            today: jiff::civil::date(2026, 11, 12),
            status: ComponentStatus::Operational,
            components: Vec::new(),
            open_posts: Vec::new(),
            recent_posts: Vec::new(),
            withdrawn_posts: Vec::new(),
            open_maintenances: Vec::new(),
            recent_maintenances: Vec::new(),
            months: vec!["2026-11".into()],
        }
    }

    /// Two writings of the same facts differ in every document: what a late publisher knew of either fits neither.
    #[test]
    fn every_document_carries_its_revision() {
        for (locale, _) in Locale::EACH {
            let view = empty(locale);
            let at = |revision: u64| Stamp {
                revision,
                at: Timestamp::from_millisecond(1_700_000_000_000 + revision as i64).unwrap(),
            };
            let all = |stamp| {
                let mut all = fixed(&view, stamp);
                all.push(default_page(&view, stamp));
                all.push(lost(&view, stamp));
                all.push(month(&view, "2026-11", &[], stamp));
                all
            };
            let (one, other) = (all(at(1)), all(at(2)));
            let keys: Vec<&str> = one.iter().map(|document| document.key.as_str()).collect();
            assert!(
                FIXED
                    .iter()
                    .all(|name| keys.contains(&format!("status/main/{name}").as_str()))
            );
            for (one, other) in one.iter().zip(&other) {
                assert_eq!(one.key, other.key);
                assert!(!one.bytes.is_empty(), "{}", one.key);
                assert_ne!(one.bytes, other.bytes, "{}", one.key);
                let text = String::from_utf8(one.bytes.clone()).unwrap();
                assert!(one.key.ends_with(".json") || !text.contains("<i>"), "{}", one.key);
            }
        }
    }
}
