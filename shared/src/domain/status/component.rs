//! Components: the parts of what a page tells of, as its readers know them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::history::Interval;
use crate::domain::id::{ComponentId, PageId};

/// How a component does. The names are Statuspage's; later ones are worse. Maintenance is the mildest of all that is not
/// in order, so that it never hides an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComponentStatus {
    /// It works.
    #[default]
    Operational,
    /// It is being worked on, as was announced.
    UnderMaintenance,
    /// It works, slowly or not always.
    DegradedPerformance,
    /// Some of it, or for some, does not work.
    PartialOutage,
    /// It does not work.
    MajorOutage,
}

impl ComponentStatus {
    /// Every status, the best first.
    pub const ALL: [Self; 5] = [
        Self::Operational,
        Self::UnderMaintenance,
        Self::DegradedPerformance,
        Self::PartialOutage,
        Self::MajorOutage,
    ];

    /// Its name, as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::UnderMaintenance => "under_maintenance",
            Self::DegradedPerformance => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// Whether something is wrong: not in order, and not for announced work.
    pub fn is_trouble(self) -> bool {
        self > Self::UnderMaintenance
    }
}

/// A component of a page, or a group of components.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Its id.
    pub id: ComponentId,
    /// The page it is on.
    pub page_id: PageId,
    /// Its name, as the public reads it.
    pub name: String,
    /// What it is, for the public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is a group: a heading over other components, whose status is the worst of theirs.
    #[serde(default)]
    pub is_group: bool,
    /// The group it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<ComponentId>,
    /// Where it stands on the page, or in its group; equals are in the order they were made in.
    #[serde(default)]
    pub position: u32,
    /// Whether it is shown only while it is not in order.
    #[serde(default)]
    pub only_show_if_degraded: bool,
    /// The status that somebody set by hand: while it is there, nothing else decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_status: Option<ComponentStatus>,
    /// Since when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since: Option<Timestamp>,
    /// What people had set it to before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Interval>,
    /// The day since which it is known how it does, should that be longer than it is here; before that there is no data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Date>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// Holds that a component remembers: of more, the newest.
const HOLDS_MAX: usize = 100;

impl Component {
    /// Sets it by hand, or, with none, leaves it to incidents, posts and maintenances.
    pub fn hold(&mut self, status: Option<ComponentStatus>, now: Timestamp) {
        if status == self.held_status {
            return;
        }
        self.holds.extend(self.is_held(now));
        let too_many = self.holds.len().saturating_sub(HOLDS_MAX);
        self.holds.drain(..too_many);
        self.held_status = status;
        self.held_since = status.map(|_| now);
    }

    /// What it is set to by hand, as if that ended now.
    pub fn is_held(&self, now: Timestamp) -> Option<Interval> {
        let held = self.held_status.map(|status| Interval {
            component_id: self.id,
            status,
            start: self.held_since.unwrap_or(self.updated_at),
            end: now,
        });
        held.filter(|held| held.start < held.end)
    }

    /// Its name, as words for the public may be made of it.
    pub fn public_name(&self) -> PublicName<'_> {
        PublicName(&self.name)
    }
}

/// A name that the public may read. Only a component of a page makes one: what is internal has another type, and cannot be
/// put into words for the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicName<'a>(&'a str);

impl std::fmt::Display for PublicName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}
