//! The rooms of one status page, as links below its name.

use askama::Template;
use shared::ctx::Ctx;
use shared::domain::id::PageId;
use shared::domain::status::Page;

/// A room of a status page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Now,
    Posts,
    Maintenances,
    Components,
    Subscribers,
    Settings,
}

impl Tab {
    const EACH: [(Self, &'static str, &'static str); 6] = [
        (Self::Now, "", "Now"),
        (Self::Posts, "/posts", "Posts"),
        (Self::Maintenances, "/maintenances", "Maintenances"),
        (Self::Components, "/components", "Components"),
        (Self::Subscribers, "/subscribers", "Subscribers"),
        (Self::Settings, "/settings", "Settings"),
    ];
}

/// The head of everything about a status page: its name, the way to what the public sees, and its rooms.
#[derive(Debug, Template)]
#[template(path = "status/tabs.html")]
pub struct Tabs {
    page_id: PageId,
    name: String,
    /// Where the public reads it.
    url: String,
    current: Tab,
}

impl Tabs {
    /// The head of a room of `page`.
    pub fn new(ctx: &Ctx, page: &Page, current: Tab) -> Self {
        Self {
            page_id: page.id,
            name: page.name.clone(),
            url: ctx.page_url(page),
            current,
        }
    }
}
