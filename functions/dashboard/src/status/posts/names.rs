//! What posts and their parts are called in the dashboard, and the classes that colour them.

use shared::domain::status::{ComponentStatus, Impact, Locale, Post, PostStatus, words};

/// Where a post may stand, in the order of its life; a postmortem is written elsewhere.
pub const STATUSES: [PostStatus; 4] = [
    PostStatus::Investigating,
    PostStatus::Identified,
    PostStatus::Monitoring,
    PostStatus::Resolved,
];

/// How bad a post may be said to be.
pub const IMPACTS: [Impact; 4] = [Impact::None, Impact::Minor, Impact::Major, Impact::Critical];

pub fn status(status: PostStatus) -> &'static str {
    words::of(Locale::En).post_status(status)
}

/// Where a post stands, in a word: withdrawn, if it is.
pub fn standing(post: &Post) -> &'static str {
    match post.withdrawn {
        Some(_) => "Withdrawn",
        None => status(post.status),
    }
}

/// The class of a post's badge: those of incidents, so that a colour means the same everywhere.
pub fn class(post: &Post) -> &'static str {
    match post.status {
        _ if post.withdrawn.is_some() => "withdrawn",
        PostStatus::Investigating => "triggered",
        PostStatus::Identified | PostStatus::Monitoring => "acknowledged",
        PostStatus::Resolved | PostStatus::Postmortem => "resolved",
    }
}

pub fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::None => "No impact",
        Impact::Minor => "Minor impact",
        Impact::Major => "Major impact",
        Impact::Critical => "Critical impact",
    }
}

pub fn component(status: ComponentStatus) -> &'static str {
    match status {
        ComponentStatus::Operational => "Works",
        ComponentStatus::UnderMaintenance => "Under maintenance",
        ComponentStatus::DegradedPerformance => "Degraded performance",
        ComponentStatus::PartialOutage => "Partial outage",
        ComponentStatus::MajorOutage => "Major outage",
    }
}
