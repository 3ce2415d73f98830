//! Services and the integrations through which they hear of alerts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actor::{Actor, ActorKind};
use super::id::{IntegrationId, PolicyId, ServiceId, TeamId};
use super::limits;
use super::signal::Severity;
use super::status::{Affected, PublicationRule};

/// How loudly an incident asks for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Wakes people.
    High,
    /// Can wait for the morning.
    Low,
}

/// How a service's incidents get their urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UrgencyRule {
    /// Critical and error are high, warning and info are low.
    #[default]
    BySeverity,
    /// Always high.
    High,
    /// Always low.
    Low,
}

impl UrgencyRule {
    /// The urgency of an incident of this severity.
    pub fn urgency(self, severity: Severity) -> Urgency {
        match self {
            Self::High => Urgency::High,
            Self::Low => Urgency::Low,
            Self::BySeverity if severity >= Severity::Error => Urgency::High,
            Self::BySeverity => Urgency::Low,
        }
    }
}

/// What breaks, and who is asked when it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// The team that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// Its name, as people say it.
    pub name: String,
    /// Whom its incidents page.
    pub policy_id: PolicyId,
    /// How its incidents get their urgency.
    pub urgency: UrgencyRule,
    /// How long an acknowledgement holds; 0 = for ever.
    pub ack_timeout_seconds: u32,
    /// How long after the last signal an incident resolves by itself; 0 = never.
    pub auto_resolve_seconds: u32,
    /// What its incidents do to components of status pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Affected>,
    /// How its incidents become public.
    #[serde(default)]
    pub publication: PublicationRule,
    /// When it was made.
    pub created_at: jiff::Timestamp,
}

impl Service {
    /// What an incident keeps of its service, so that acting on it needs no second read.
    pub fn timeouts(&self) -> Timeouts {
        Timeouts {
            ack_seconds: self.ack_timeout_seconds,
            auto_resolve_seconds: self.auto_resolve_seconds,
        }
    }
}

/// The waits that a service sets for its incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeouts {
    /// How long an acknowledgement holds; 0 = for ever.
    pub ack_seconds: u32,
    /// How long after the last signal an incident resolves by itself; 0 = never.
    pub auto_resolve_seconds: u32,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            ack_seconds: limits::ACK_TIMEOUT_SECONDS,
            auto_resolve_seconds: 0,
        }
    }
}

/// The wire format an integration's sender speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// PagerDuty Events v2, on `/v2/enqueue`.
    Pagerduty,
    /// Alertmanager's webhook, version 4, on `/hooks/{key}`.
    Alertmanager,
    /// Prometheus itself, on `/hooks/{key}/api/v2/alerts`.
    Prometheus,
    /// Our own simple JSON, on `/hooks/{key}`.
    Generic,
}

/// A sender of a service: a key (kept hashed, elsewhere) and a format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// The service whose incidents it opens.
    pub service_id: ServiceId,
    /// The team that owns the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// Its name, as people say it.
    pub name: String,
    /// What its sender speaks.
    pub format: Format,
    /// SHA-256 of the key in force, in hex.
    pub key_hash: String,
    /// The key before a rotation, while it still works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_key: Option<PreviousKey>,
    /// When it was made.
    pub created_at: jiff::Timestamp,
}

impl Integration {
    /// Whether the key with this hash is its own and works now.
    pub fn accepts(&self, key_hash: &str, now: jiff::Timestamp) -> bool {
        let previous = self.previous_key.as_ref();
        self.key_hash == key_hash || previous.is_some_and(|key| key.key_hash == key_hash && key.expires_at > now)
    }

    /// The integration in the record of what its sender did.
    pub fn actor(&self) -> Actor {
        Actor {
            kind: ActorKind::Integration,
            id: Some(self.id.to_string()),
            name: self.name.clone(),
            user_id: None,
        }
    }
}

/// A rotated key that still works for a stated time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousKey {
    /// SHA-256 of the key, in hex.
    pub key_hash: String,
    /// When it stops working.
    pub expires_at: jiff::Timestamp,
}
