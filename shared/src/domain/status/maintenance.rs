//! Maintenances: work that is announced, at a stated time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::component::ComponentStatus;
use super::history::Interval;
use super::page::Locale;
use super::post::Update;
use super::words;
use super::work::Alerts;
use crate::domain::actor::Actor;
use crate::domain::id::{ComponentId, MaintenanceId, PageId, ServiceId, UpdateId};
use crate::domain::incident::Mark;
use crate::domain::limits;
use crate::domain::time::after_seconds;

/// Where a maintenance stands. The names are Statuspage's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceStatus {
    /// It is announced.
    Scheduled,
    /// It goes on.
    InProgress,
    /// The work is done, and somebody looks whether all is well: a person's word only.
    Verifying,
    /// It is over.
    Completed,
}

impl MaintenanceStatus {
    /// Its name, as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::Verifying => "verifying",
            Self::Completed => "completed",
        }
    }
}

/// A maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Its id.
    pub id: MaintenanceId,
    /// The page it is on.
    pub page_id: PageId,
    /// Its title, as the public reads it.
    pub title: String,
    /// Where it stands.
    pub status: MaintenanceStatus,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Whether it begins and ends by itself at these times.
    pub automatic: bool,
    /// What is under maintenance while it goes on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub component_ids: Vec<ComponentId>,
    /// Services whose alerts it changes while it goes on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_ids: Vec<ServiceId>,
    /// What becomes of these alerts.
    #[serde(default)]
    pub alerts: Alerts,
    /// Minutes before its beginning at which subscribers are reminded; 0: they are not.
    #[serde(default = "remind_minutes")]
    pub remind_minutes_before: u32,
    /// Who called it off, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Mark>,
    /// Its updates, oldest first; never none.
    pub updates: Vec<Update<MaintenanceStatus>>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

fn remind_minutes() -> u32 {
    limits::REMIND_MINUTES
}

impl Maintenance {
    /// When subscribers are reminded of it, if they are.
    pub fn reminder_at(&self) -> Option<Timestamp> {
        let seconds = i64::from(self.remind_minutes_before) * 60;
        (seconds > 0).then(|| after_seconds(self.starts_at, -seconds))
    }

    /// When the work that goes on began, by its updates: one that was over and is opened again begins again.
    pub fn began_at(&self) -> Timestamp {
        self.spells().1.unwrap_or(self.starts_at)
    }

    /// When its components were under maintenance before, by its updates.
    pub fn said(&self) -> Vec<Interval> {
        let (over, _) = self.spells();
        let of_all = over.into_iter().flat_map(|(start, end)| self.intervals(start, end));
        of_all.collect()
    }

    /// When its components are under maintenance, as if it ended now.
    pub fn goes_on(&self, now: Timestamp) -> Vec<Interval> {
        let (_, began) = self.spells();
        began.map_or_else(Vec::new, |began| self.intervals(began, now).collect())
    }

    /// When it went on, and since when it does.
    fn spells(&self) -> (Vec<(Timestamp, Timestamp)>, Option<Timestamp>) {
        let (mut over, mut began) = (Vec::new(), None);
        for update in &self.updates {
            began = match update.status {
                MaintenanceStatus::InProgress | MaintenanceStatus::Verifying => began.or(Some(update.at)),
                MaintenanceStatus::Scheduled | MaintenanceStatus::Completed => {
                    over.extend(began.map(|began| (began, update.at)));
                    None
                }
            };
        }
        (over, began)
    }

    fn intervals(&self, start: Timestamp, end: Timestamp) -> impl Iterator<Item = Interval> + '_ {
        let ids = self.component_ids.iter().filter(move |_| start < end);
        ids.map(move |id| Interval {
            component_id: *id,
            status: ComponentStatus::UnderMaintenance,
            start,
            end,
        })
    }

    /// Whether subscribers were told of it: if they were not, nobody tells them that it begins or ends, either.
    pub fn was_told(&self) -> bool {
        self.updates.iter().any(|update| update.deliver_notifications)
    }

    /// Whether it is not over.
    pub fn is_open(&self) -> bool {
        self.status != MaintenanceStatus::Completed
    }

    /// Whether its components are under maintenance.
    pub fn is_active(&self) -> bool {
        matches!(
            self.status,
            MaintenanceStatus::InProgress | MaintenanceStatus::Verifying
        )
    }

    /// When it next changes by itself.
    pub fn due(&self) -> Option<Timestamp> {
        match self.status {
            MaintenanceStatus::Scheduled if self.automatic => Some(self.starts_at),
            MaintenanceStatus::InProgress | MaintenanceStatus::Verifying if self.automatic => Some(self.ends_at),
            _ => None,
        }
    }

    /// Adds an update and moves to its status. One that is begun early begins then; one that is opened again is not called
    /// off any more.
    pub fn add(&mut self, update: Update<MaintenanceStatus>) {
        if update.status == MaintenanceStatus::InProgress {
            self.starts_at = self.starts_at.min(update.at);
        }
        if update.status != MaintenanceStatus::Completed {
            self.cancelled = None;
        }
        self.status = update.status;
        self.updated_at = update.created_at;
        self.completed_at = (update.status == MaintenanceStatus::Completed).then_some(update.at);
        self.updates.push(update);
    }

    /// This maintenance as the time makes it, if it is due: begun at its start, over at its end. One that nobody looked at
    /// in between is over at once.
    pub fn advanced(&self, locale: Locale, update_id: UpdateId, now: Timestamp) -> Option<Self> {
        let due = self.due().filter(|due| *due <= now)?;
        let words = words::of(locale);
        let (status, body, at) = match self.status {
            MaintenanceStatus::Scheduled if self.ends_at > now => {
                (MaintenanceStatus::InProgress, words.maintenance_begins(), due)
            }
            _ => (MaintenanceStatus::Completed, words.maintenance_ends(), self.ends_at),
        };
        let mut next = self.clone();
        next.add(Update {
            id: update_id,
            status,
            body,
            at,
            created_at: now,
            by: Actor::system(),
            components: Vec::new(),
            deliver_notifications: self.was_told(),
        });
        Some(next)
    }
}
