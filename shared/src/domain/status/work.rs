//! What a maintenance does to the alerts of services while it goes on.
//!
//! The actors: whoever may configure a service names it in a maintenance; every writer of a maintenance by hand writes one
//! [`Work`] a service in the same transaction; [`crate::domain::escalation`] reads those of an incident's service before it
//! pages. Whether work goes on follows from the time, so nobody's pages depend on who publishes a page.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::maintenance::{Maintenance, MaintenanceStatus};
use crate::domain::id::{MaintenanceId, ServiceId};

/// What becomes of alerts while a maintenance goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alerts {
    /// They page, as always.
    #[default]
    Page,
    /// They page with low urgency.
    Quiet,
    /// They open incidents that page nobody until the maintenance is over.
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
    /// Where it stood when a person last wrote it.
    #[serde(rename = "stands")]
    pub status: MaintenanceStatus,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Whether it begins and ends by itself at these times.
    pub automatic: bool,
}

impl Work {
    /// Of each service whose alerts this maintenance changes; none once it is over.
    pub fn all_of(maintenance: &Maintenance) -> Vec<Self> {
        if !maintenance.is_open() || maintenance.alerts == Alerts::Page {
            return Vec::new();
        }
        let work = |service: &ServiceId| Self {
            maintenance_id: maintenance.id,
            service_id: *service,
            title: maintenance.title.clone(),
            alerts: maintenance.alerts,
            status: maintenance.status,
            starts_at: maintenance.starts_at,
            ends_at: maintenance.ends_at,
            automatic: maintenance.automatic,
        };
        maintenance.service_ids.iter().map(work).collect()
    }

    /// Whether it goes on: by the time where it begins and ends by itself, else by a person's word.
    pub fn goes_on(&self, now: Timestamp) -> bool {
        match self.status {
            MaintenanceStatus::Scheduled => self.automatic && self.starts_at <= now && now < self.ends_at,
            MaintenanceStatus::InProgress | MaintenanceStatus::Verifying => !self.automatic || now < self.ends_at,
            MaintenanceStatus::Completed => false,
        }
    }

    /// When it ends by itself, if it does.
    pub fn until(&self) -> Option<Timestamp> {
        self.automatic.then_some(self.ends_at)
    }

    /// Of those that go on, the one that lets least through, and of these the one that ends last.
    pub fn foremost(all: &[Self], now: Timestamp) -> Option<&Self> {
        let rank = |work: &&Self| {
            let holds = work.alerts == Alerts::Hold;
            (holds, work.until().unwrap_or(Timestamp::MAX), work.maintenance_id)
        };
        all.iter().filter(|work| work.goes_on(now)).max_by_key(rank)
    }
}
