//! What a maintenance does to the alerts of services while it goes on.
//!
//! The actors: whoever may configure a service names it in a maintenance; every writer of a maintenance by hand writes one
//! [`Work`] a service in the same transaction; [`crate::domain::escalation`] reads those of an incident's service before it
//! pages. Whether work goes on follows from the time alone, so nobody's pages depend on who publishes a page, and what
//! nobody ends is over when it was planned to be.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::maintenance::{Maintenance, MaintenanceStatus};
use crate::domain::id::{MaintenanceId, ServiceId};
use crate::domain::incident::Incident;

/// What becomes of alerts while a maintenance goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alerts {
    /// They page, as always.
    #[default]
    Page,
    /// They page with low urgency; what is unanswered at the end pages again, as loudly as it is.
    Quiet,
    /// They open incidents that page nobody; what is unanswered at the end pages then.
    Hold,
}

/// A maintenance, as one service's alerts see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The maintenance.
    pub maintenance_id: MaintenanceId,
    /// The service.
    pub service_id: ServiceId,
    /// The maintenance's title.
    pub title: String,
    /// What becomes of alerts.
    pub alerts: Alerts,
    /// When it begins, or did.
    pub from: Timestamp,
    /// When it ends, unless somebody says so earlier.
    pub until: Timestamp,
}

impl Work {
    /// Of each service whose alerts this maintenance changes; none once it is over, or before a person begins one that does
    /// not begin by itself.
    pub fn all_of(maintenance: &Maintenance) -> Vec<Self> {
        let from = match maintenance.status {
            MaintenanceStatus::Scheduled if maintenance.automatic => maintenance.starts_at,
            MaintenanceStatus::InProgress | MaintenanceStatus::Verifying => maintenance.began_at(),
            MaintenanceStatus::Scheduled | MaintenanceStatus::Completed => return Vec::new(),
        };
        if maintenance.alerts == Alerts::Page {
            return Vec::new();
        }
        let work = |service: &ServiceId| Self {
            maintenance_id: maintenance.id,
            service_id: *service,
            title: maintenance.title.clone(),
            alerts: maintenance.alerts,
            from,
            until: maintenance.ends_at,
        };
        maintenance.service_ids.iter().map(work).collect()
    }

    /// Whether it explains this incident of its service: one that was opened while it goes on, and that nobody asked others
    /// to look at. What was wrong before is no part of the work.
    pub fn explains(&self, incident: &Incident, now: Timestamp) -> bool {
        incident.yields_to_maintenance() && self.from <= incident.created_at && now < self.until
    }

    /// Of those that explain this incident, the one that lets least through, and of these the one that ends last.
    pub fn foremost<'a>(all: &'a [Self], incident: &Incident, now: Timestamp) -> Option<&'a Self> {
        let rank = |work: &&Self| (work.alerts == Alerts::Hold, work.until, work.maintenance_id);
        all.iter().filter(|work| work.explains(incident, now)).max_by_key(rank)
    }
}
