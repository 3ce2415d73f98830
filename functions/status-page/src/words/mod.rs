//! The labels of documents, one file a language. (What posts say by themselves is in `shared::domain::status::words`.)

mod de;
mod en;

use shared::domain::status::{ComponentStatus, Impact, Locale, MaintenanceStatus, PostStatus};

/// One language. In texts, `{page}`, `{name}` and the like stand for what they name.
pub struct Labels {
    /// The language, as HTML names it.
    pub lang: &'static str,
    /// The state of a page, by its worst component: see [`Labels::headline`].
    pub headlines: [&'static str; 5],
    /// Component statuses, the best first.
    pub component_statuses: [&'static str; 5],
    /// Post statuses in their order.
    pub post_statuses: [&'static str; 5],
    /// Maintenance statuses in their order.
    pub maintenance_statuses: [&'static str; 4],
    /// How bad posts are, the mildest first.
    pub impacts: [&'static str; 4],
    /// The title of the feed.
    pub feed_title: &'static str,
    /// Over what goes on.
    pub current: &'static str,
    /// Over the components.
    pub components: &'static str,
    /// Over announced work.
    pub maintenances: &'static str,
    /// Over what was.
    pub past: &'static str,
    /// Where nothing was.
    pub nothing_past: &'static str,
    /// Where a page has no components yet.
    pub no_components: &'static str,
    /// Leads to the history.
    pub history: &'static str,
    /// Leads back to the page.
    pub back: &'static str,
    /// Leads to the feed.
    pub feed: &'static str,
    /// What a component's bars are.
    pub uptime: &'static str,
    /// A day that a component did not see.
    pub no_data: &'static str,
    /// What it affects.
    pub affects: &'static str,
    /// That a post was taken back.
    pub withdrawn: &'static str,
    /// Between the begin and the end of something.
    pub until: &'static str,
    /// Days ago, on the left of the bars.
    pub days_ago: &'static str,
    /// On the right of the bars.
    pub today: &'static str,
    /// Where times are of.
    pub times_in: &'static str,
    /// What made the page.
    pub made_by: &'static str,
}

/// The labels of a language.
pub fn of(locale: Locale) -> &'static Labels {
    match locale {
        Locale::En => &en::LABELS,
        Locale::De => &de::LABELS,
    }
}

impl Labels {
    /// The state of a page.
    pub fn headline(&self, status: ComponentStatus) -> &'static str {
        self.headlines[status as usize]
    }

    /// A component's status.
    pub fn component_status(&self, status: ComponentStatus) -> &'static str {
        self.component_statuses[status as usize]
    }

    /// A post's status.
    pub fn post_status(&self, status: PostStatus) -> &'static str {
        self.post_statuses[status as usize]
    }

    /// A maintenance's status.
    pub fn maintenance_status(&self, status: MaintenanceStatus) -> &'static str {
        self.maintenance_statuses[status as usize]
    }

    /// How bad a post is.
    pub fn impact(&self, impact: Impact) -> &'static str {
        self.impacts[impact as usize]
    }
}
