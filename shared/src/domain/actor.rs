//! Who did something, as it is kept with every change.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::UserId;

/// What kind of actor made a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person, signed in or by the link in a message.
    User,
    /// A script with a person's API token.
    Token,
    /// A sender, through its integration.
    Integration,
    /// Nightbell itself: a deadline passed.
    System,
}

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// What kind of actor.
    #[serde(rename = "type")]
    pub kind: ActorKind,
    /// The id of the person, token or integration; none for Nightbell itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name at the time of the change.
    pub name: String,
    /// Whose token it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
}

impl Actor {
    /// Nightbell itself.
    pub fn system() -> Self {
        Self {
            kind: ActorKind::System,
            id: None,
            name: "Nightbell".into(),
            user_id: None,
        }
    }

    /// Which person it was, however they came in; none: it was no person.
    pub fn person(&self) -> Option<UserId> {
        let themselves = || self.id.as_deref().filter(|_| self.kind == ActorKind::User);
        self.user_id.or_else(|| themselves()?.parse().ok())
    }

    /// Whether it was this person, however they came in.
    pub fn is_user(&self, user: UserId) -> bool {
        self.person() == Some(user)
    }
}
