//! What maintenances and their parts are called in the dashboard, and the classes that colour them.

use shared::domain::status::words::labels;
use shared::domain::status::{Alerts, Locale, Maintenance, MaintenanceStatus};

/// Where a maintenance may stand, in the order of its life.
pub const STATUSES: [MaintenanceStatus; 4] = [
    MaintenanceStatus::Scheduled,
    MaintenanceStatus::InProgress,
    MaintenanceStatus::Verifying,
    MaintenanceStatus::Completed,
];

/// What a status is called of this one: over is another word where it was called off.
pub fn status_of(one: &Maintenance, status: MaintenanceStatus) -> &'static str {
    labels(Locale::En).maintenance_status(status, one.cancelled.is_some())
}

/// Where it stands, in a word: cancelled, if it is.
pub fn standing(one: &Maintenance) -> &'static str {
    status_of(one, one.status)
}

/// The class of its badge: those of incidents, so that a colour means the same everywhere.
pub fn class(one: &Maintenance) -> &'static str {
    match one.status {
        _ if one.cancelled.is_some() => "withdrawn",
        MaintenanceStatus::Completed => "resolved",
        MaintenanceStatus::Scheduled | MaintenanceStatus::InProgress | MaintenanceStatus::Verifying => "acknowledged",
    }
}

pub const ALERTS: [(Alerts, &str, &str); 3] = [
    (Alerts::Page, "page", "They page, as always"),
    (
        Alerts::Quiet,
        "quiet",
        "They page quietly; what is unanswered at the end pages loudly",
    ),
    (
        Alerts::Hold,
        "hold",
        "They page nobody; what is unanswered at the end pages then",
    ),
];

/// What it does to alerts, as a fact.
pub fn alerts(alerts: Alerts) -> &'static str {
    match alerts {
        Alerts::Page => "page as always",
        Alerts::Quiet => "page quietly while it goes on",
        Alerts::Hold => "page nobody while it goes on",
    }
}
