//! Escalation policies: whom to ask, in which order, and for how long each.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{ChannelId, PolicyId, ScheduleId, TeamId, UserId};

/// Whom one step asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// This person.
    #[serde(rename = "user_id")]
    User(UserId),
    /// Whoever is on call in this schedule.
    #[serde(rename = "schedule_id")]
    Schedule(ScheduleId),
    /// A place that many people read.
    #[serde(rename = "channel_id")]
    Channel(ChannelId),
}

/// One step of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// How long its targets have before the next step begins (1 to 86400).
    pub escalate_after_seconds: u32,
    /// Whom it asks (1 to 10).
    pub targets: Vec<Target>,
}

/// Whom to ask when something breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// The team that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// Its name, as people say it.
    pub name: String,
    /// How often the steps run again after their first run (0 to 9).
    pub repeat: u32,
    /// The steps (1 to 10).
    pub steps: Vec<Step>,
    /// When it was made.
    pub created_at: jiff::Timestamp,
}

impl Policy {
    /// Whether a step asks this target.
    pub fn asks(&self, target: Target) -> bool {
        self.steps.iter().any(|step| step.targets.contains(&target))
    }

    /// The same policy with `to` in the place of `from`; a step that asks `to` already asks it once.
    pub fn with_substitute(&self, from: Target, to: Target) -> Self {
        let mut policy = self.clone();
        for step in &mut policy.steps {
            let mut targets = Vec::new();
            for target in step.targets.iter().map(|one| if *one == from { to } else { *one }) {
                if !targets.contains(&target) {
                    targets.push(target);
                }
            }
            step.targets = targets;
        }
        policy
    }
}

/// Who is on call at one instant, for the schedules that were looked at: empty where nobody is, or where there is no
/// such schedule. The rota arithmetic that fills it is elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnCall(pub HashMap<ScheduleId, Vec<UserId>>);

impl OnCall {
    /// Who is on call in this schedule. None: it was not looked at.
    pub fn of(&self, schedule: &ScheduleId) -> Option<&[UserId]> {
        self.0.get(schedule).map(Vec::as_slice)
    }
}
