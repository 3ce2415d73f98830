//! Posts: what the public reads about something that is wrong.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::component::ComponentStatus;
use super::history::Interval;
use crate::domain::actor::Actor;
use crate::domain::id::{ComponentId, PageId, PostId, ServiceId, UpdateId};
use crate::domain::limits;

/// Where a post stands. The names are Statuspage's; a post that moves by itself only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PostStatus {
    /// Something is wrong.
    Investigating,
    /// Somebody has taken it.
    Identified,
    /// It seems over: a person's word only.
    Monitoring,
    /// It is over.
    Resolved,
    /// It is over, and what was learned of it is told.
    Postmortem,
}

impl PostStatus {
    /// Its name, as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
            Self::Postmortem => "postmortem",
        }
    }

    /// Characters that the words of an update with it may have: a postmortem has four parts.
    pub const fn words_max(self) -> usize {
        match self {
            Self::Postmortem => limits::POSTMORTEM_CHARS_MAX,
            _ => limits::UPDATE_CHARS_MAX,
        }
    }

    /// Whether what it tells of goes on.
    pub fn is_open(self) -> bool {
        self < Self::Resolved
    }
}

/// How bad something is for the public. The names are Statuspage's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// Nothing is affected.
    #[default]
    None,
    /// Something is slow.
    Minor,
    /// Some of it does not work.
    Major,
    /// It does not work.
    Critical,
}

impl Impact {
    /// Its name, as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

impl From<ComponentStatus> for Impact {
    fn from(status: ComponentStatus) -> Self {
        match status {
            ComponentStatus::Operational | ComponentStatus::UnderMaintenance => Self::None,
            ComponentStatus::DegradedPerformance => Self::Minor,
            ComponentStatus::PartialOutage => Self::Major,
            ComponentStatus::MajorOutage => Self::Critical,
        }
    }
}

/// What an update did to a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComponentChange {
    /// Which.
    pub component_id: ComponentId,
    /// What it was.
    pub old_status: ComponentStatus,
    /// What it became.
    pub new_status: ComponentStatus,
}

/// One update of a post, or (with its own statuses) of a maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update<S> {
    /// Its id.
    pub id: UpdateId,
    /// Where the post stands from here on.
    pub status: S,
    /// Its words.
    pub body: String,
    /// The time it is of, as the public reads it.
    pub at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
    /// Who wrote it; never shown to the public.
    pub by: Actor,
    /// What it did to components.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentChange>,
    /// Whether subscribers are told.
    #[serde(default = "yes")]
    pub deliver_notifications: bool,
}

fn yes() -> bool {
    true
}

/// What became of a component without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub component_id: ComponentId,
    /// What it became.
    pub status: ComponentStatus,
}

/// Moves that a post remembers: of more, those are forgotten whose effect was over soonest.
const MOVES_MAX: usize = 300;

/// Something that a post said of components.
struct Turn {
    /// When it was written.
    told_at: Timestamp,
    /// What it is of.
    at: Timestamp,
    /// Where the post stood from then on; none: as before.
    status: Option<PostStatus>,
    changes: Vec<(ComponentId, ComponentStatus)>,
}

/// A time in which a post says that a component was not in order.
#[derive(Debug, Clone, Copy)]
struct Spell {
    component_id: ComponentId,
    status: ComponentStatus,
    start: Timestamp,
    /// None: it goes on.
    end: Option<Timestamp>,
}

impl Spell {
    /// As an interval; none: it has no length.
    fn until(&self, end: Timestamp) -> Option<Interval> {
        (self.start < end).then_some(Interval {
            component_id: self.component_id,
            status: self.status,
            start: self.start,
            end,
        })
    }
}

/// A post that was taken back: it was wrong. Its page stays, and says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// When.
    pub at: Timestamp,
    /// Who; never shown to the public.
    pub by: Actor,
    /// Why, for the public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Its id. Ids sort by when what they tell of began.
    pub id: PostId,
    /// The page it is on.
    pub page_id: PageId,
    /// The service whose incidents opened it; none: a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<ServiceId>,
    /// Its title, as the public reads it.
    pub title: String,
    /// Where it stands.
    pub status: PostStatus,
    /// How bad it ever was.
    #[serde(default)]
    pub impact: Impact,
    /// What a person says instead of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_override: Option<Impact>,
    /// What it does to components while it is open. It names every component that it ever affected.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<ComponentId, ComponentStatus>,
    /// Whether a person has said what it does to components: incidents then no longer do.
    #[serde(default)]
    pub components_by_hand: bool,
    /// Whether it moves by itself. Whoever writes an update by hand takes it over, unless they say otherwise.
    #[serde(default)]
    pub automatic: bool,
    /// Its updates, oldest first; never none.
    pub updates: Vec<Update<PostStatus>>,
    /// What became of its components without a word, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<Move>,
    /// When what it tells of began.
    pub started_at: Timestamp,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// Set when it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Post {
    /// Whether it tells of something that goes on.
    pub fn is_open(&self) -> bool {
        self.status.is_open() && self.withdrawn.is_none()
    }

    /// How bad it is for the public.
    pub fn shown_impact(&self) -> Impact {
        self.impact_override.unwrap_or(self.impact)
    }

    /// When it stopped telling of something that goes on.
    pub fn closed_at(&self) -> Option<Timestamp> {
        let withdrawn = self.withdrawn.as_ref().map(|withdrawal| withdrawal.at);
        withdrawn.or(self.resolved_at.filter(|_| !self.status.is_open()))
    }

    /// What it says of components that is over: when each was not in order, by its updates and by what became of them without
    /// a word. Nothing, once it is withdrawn.
    pub fn said(&self) -> Vec<Interval> {
        let spells = self.spells().into_iter();
        let mut all = self.told_afterwards();
        all.extend(spells.filter_map(|spell| spell.until(spell.end?)));
        all
    }

    /// What it says of components that goes on, as if it ended now.
    pub fn goes_on(&self, now: Timestamp) -> Vec<Interval> {
        let spells = self.spells().into_iter().filter(|spell| spell.end.is_none());
        spells.filter_map(|spell| spell.until(now)).collect()
    }

    /// The time of the last that it said of components: nothing is said of an earlier one afterwards.
    pub fn last_said_at(&self) -> Timestamp {
        let updates = self.updates.iter().map(|update| update.at);
        let moves = self.moves.iter().filter(|_| self.is_open()).map(|one| one.at);
        updates
            .chain(moves)
            .max()
            .map_or(self.started_at, |at| at.max(self.started_at))
    }

    fn spells(&self) -> Vec<Spell> {
        let mut doing: BTreeMap<ComponentId, ComponentStatus> = BTreeMap::new();
        let mut open: BTreeMap<ComponentId, Spell> = BTreeMap::new();
        let mut all = Vec::new();
        let mut is_open = false;
        for turn in self.turns() {
            is_open = turn.status.map_or(is_open, PostStatus::is_open);
            doing.extend(turn.changes);
            for (component_id, status) in &doing {
                let wrong = Some(*status).filter(|status| is_open && status.is_trouble());
                let before = open.get(component_id).map(|spell| spell.status);
                if before == wrong {
                    continue;
                }
                let ended = open.remove(component_id);
                all.extend(ended.map(|spell| Spell {
                    end: Some(turn.at),
                    ..spell
                }));
                if let Some(status) = wrong {
                    let spell = Spell {
                        component_id: *component_id,
                        status,
                        start: turn.at,
                        end: None,
                    };
                    open.insert(*component_id, spell);
                }
            }
        }
        all.extend(open.into_values());
        all
    }

    /// What it says of components' past, if it was made when that was over: nothing was known of it while it lasted. What was
    /// put right before it was opened again counts.
    fn told_afterwards(&self) -> Vec<Interval> {
        let Some(first) = self.updates.first().filter(|first| !first.status.is_open()) else {
            return Vec::new();
        };
        let until_again = self
            .turns()
            .into_iter()
            .take_while(|turn| !turn.status.is_some_and(PostStatus::is_open));
        let doing: BTreeMap<ComponentId, ComponentStatus> = until_again
            .enumerate()
            .filter(|(place, turn)| *place == 0 || turn.status.is_none())
            .flat_map(|(_, turn)| turn.changes)
            .collect();
        let harmed = doing.into_iter().filter(|(_, status)| status.is_trouble());
        let harmed = harmed.map(|(component_id, status)| Interval {
            component_id,
            status,
            start: self.started_at,
            end: first.at,
        });
        harmed.filter(|one| one.start < one.end).collect()
    }

    /// Everything that it says of components, in the order in which that was written; nothing, once it is withdrawn.
    fn turns(&self) -> Vec<Turn> {
        if self.withdrawn.is_some() {
            return Vec::new();
        }
        let updates = self.updates.iter().enumerate().map(|(place, update)| Turn {
            told_at: update.created_at,
            at: if place == 0 { self.started_at } else { update.at },
            status: Some(update.status),
            changes: update
                .components
                .iter()
                .map(|change| (change.component_id, change.new_status))
                .collect(),
        });
        let moves = self.moves.iter().map(|one| Turn {
            told_at: one.at,
            at: one.at,
            status: None,
            changes: vec![(one.component_id, one.status)],
        });
        let mut all: Vec<Turn> = updates.chain(moves).collect();
        all.sort_by_key(|turn| turn.told_at);
        all
    }

    /// Makes its components do otherwise without a word.
    pub fn move_components(&mut self, changes: &[ComponentChange], at: Timestamp) {
        for change in changes {
            self.components.insert(change.component_id, change.new_status);
            self.impact = self.impact.max(change.new_status.into());
            self.moves.push(Move {
                at,
                component_id: change.component_id,
                status: change.new_status,
            });
        }
        while self.moves.len() > MOVES_MAX {
            self.moves.remove(self.shortest_move());
        }
        if !changes.is_empty() {
            self.updated_at = at;
        }
    }

    /// The move that another of the same component followed soonest.
    fn shortest_move(&self) -> usize {
        let lasted = |(place, one): (usize, &Move)| {
            let mut later = self.moves[place + 1..].iter();
            let next = later.find(|later| later.component_id == one.component_id)?;
            Some((next.at.duration_since(one.at), place))
        };
        let shortest = self.moves.iter().enumerate().filter_map(lasted).min();
        shortest.map_or(0, |(_, place)| place)
    }

    /// When it was said that somebody watches whether it is over.
    pub fn monitoring_at(&self) -> Option<Timestamp> {
        let mut updates = self.updates.iter();
        Some(updates.find(|update| update.status == PostStatus::Monitoring)?.at)
    }

    /// Adds an update, moves to its status, and remembers what follows from that.
    pub fn add(&mut self, update: Update<PostStatus>) {
        self.status = update.status;
        self.updated_at = update.created_at;
        if update.status.is_open() {
            self.resolved_at = None;
        } else {
            self.resolved_at = self.resolved_at.or(Some(update.at));
        }
        for change in &update.components {
            self.components.insert(change.component_id, change.new_status);
            self.impact = self.impact.max(change.new_status.into());
        }
        self.updates.push(update);
    }

    /// What making its components `wanted` changes. Components that are not wanted become operational.
    pub fn changes_to(&self, wanted: &BTreeMap<ComponentId, ComponentStatus>) -> Vec<ComponentChange> {
        let all = self.components.keys().chain(wanted.keys());
        let mut changes: Vec<ComponentChange> = all
            .filter_map(|id| {
                let old_status = self.components.get(id).copied().unwrap_or_default();
                let new_status = wanted.get(id).copied().unwrap_or_default();
                (old_status != new_status).then_some(ComponentChange {
                    component_id: *id,
                    old_status,
                    new_status,
                })
            })
            .collect();
        changes.sort_by_key(|change| change.component_id);
        changes.dedup();
        changes
    }
}
