//! What maintenances and their parts are called in the dashboard, and the classes that colour them.

use shared::domain::status::{Alerts, Maintenance, MaintenanceStatus};

/// Where a maintenance may stand, in the order of its life.
pub const STATUSES: [MaintenanceStatus; 4] = [
    MaintenanceStatus::Scheduled,
    MaintenanceStatus::InProgress,
    MaintenanceStatus::Verifying,
    MaintenanceStatus::Completed,
];

pub fn status(status: MaintenanceStatus) -> &'static str {
    match status {
        MaintenanceStatus::Scheduled => "Scheduled",
        MaintenanceStatus::InProgress => "In progress",
        MaintenanceStatus::Verifying => "Verifying",
        MaintenanceStatus::Completed => "Completed",
    }
}

/// Where it stands, in a word: cancelled, if it is.
pub fn standing(one: &Maintenance) -> &'static str {
    match one.cancelled {
        Some(_) => "Cancelled",
        None => status(one.status),
    }
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
