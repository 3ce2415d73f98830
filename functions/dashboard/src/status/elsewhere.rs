//! Where else a page is shown: addresses to read it by, and snippets to paste.

use shared::ctx::Ctx;
use shared::domain::status::share::{badge_html, badge_markdown, frame_snippet};
use shared::domain::status::{Page, folder};

/// Addresses of a page, and snippets that show it elsewhere.
#[derive(Debug)]
pub struct Elsewhere {
    /// The badge, from where this browser surely reads it.
    pub badge: String,
    pub addresses: [Copied; 4],
    pub snippets: [Copied; 3],
}

/// A text to copy.
#[derive(Debug)]
pub struct Copied {
    pub id: &'static str,
    pub label: &'static str,
    pub text: String,
}

impl Elsewhere {
    pub fn of(ctx: &Ctx, page: &Page) -> Self {
        let url = ctx.page_url(page);
        let copied = |id, label, text| Copied { id, label, text };
        Self {
            badge: format!("{}/badge.svg", ctx.object_url(&folder(&page.slug))),
            addresses: [
                copied("page", "The page", url.clone()),
                copied(
                    "json",
                    "JSON, as Statuspage writes it",
                    format!("{url}/api/v2/summary.json"),
                ),
                copied("feed", "Atom feed", format!("{url}/history.atom")),
                copied("subscribe", "The form to subscribe", format!("{url}/subscribers")),
            ],
            snippets: [
                copied("badge-html", "Badge, in HTML", badge_html(&url, &page.name)),
                copied("badge-markdown", "Badge, in Markdown", badge_markdown(&url, &page.name)),
                copied("frame", "A frame for your own site", frame_snippet(&url, &page.name)),
            ],
        }
    }
}
