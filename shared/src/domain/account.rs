//! Links that lead somebody into their account: to choose a password anew, or their first.
//!
//! A link's code is derived when it is needed and kept nowhere; what is kept is who asked for which link, and when. One
//! that is asked for again replaces the one before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::UserId;
use super::people::User;
use super::time::after_seconds;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// Somebody forgot their password.
    Reset,
    /// Somebody was added by an admin, and has no password yet.
    Invitation,
}

impl LinkPurpose {
    /// How long such a link works, in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Reset => 3_600,
            Self::Invitation => 7 * 86_400,
        }
    }

    /// The path of the page that it opens, before the code.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Reset => "/password/reset/",
            Self::Invitation => "/invitations/",
        }
    }
}

/// The newest link of one purpose that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLink {
    /// Whose account it opens.
    pub user_id: UserId,
    /// What for.
    pub purpose: LinkPurpose,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

impl AccountLink {
    /// When it works no more.
    pub fn expires_at(&self) -> Timestamp {
        after_seconds(self.asked_at, self.purpose.seconds())
    }

    /// Whether its time is not over.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at()
    }

    /// What its code is derived from, besides the account's id: whatever of it changes, the code is another. So a link
    /// works once, and not for whoever has the address that the account had before.
    pub fn facts(&self, user: &User) -> String {
        let path = self.purpose.path();
        let asked_ms = self.asked_at.as_millisecond();
        let password = user.password_hash.as_deref().unwrap_or_default();
        format!("{path}\n{asked_ms}\n{}\n{password}", user.email)
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    fn ada() -> User {
        serde_json::from_value(serde_json::json!({
            "id": UserId(Ulid::from_parts(1, 1)), "name": "Ada", "email": "ada@example.com", "role": "viewer",
            "time_zone": "UTC", "locale": "en", "created_at": "2026-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    #[test]
    fn a_reset_works_for_an_hour_and_an_invitation_for_a_week() {
        let asked_at: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        for (purpose, over) in [
            (LinkPurpose::Reset, "2026-03-01T09:00:00Z"),
            (LinkPurpose::Invitation, "2026-03-08T08:00:00Z"),
        ] {
            let link = AccountLink {
                user_id: ada().id,
                purpose,
                asked_at,
            };
            let over: Timestamp = over.parse().unwrap();
            assert!(link.is_live(asked_at) && link.is_live(after_seconds(over, -1)));
            assert!(!link.is_live(over));
        }
    }

    #[test]
    fn whatever_changes_makes_another_code() {
        let link = |purpose, second| AccountLink {
            user_id: ada().id,
            purpose,
            asked_at: Timestamp::new(second, 0).unwrap(),
        };
        let asked = link(LinkPurpose::Reset, 1);
        let password = User {
            password_hash: Some("$argon2id$x".into()),
            ..ada()
        };
        let moved = User {
            email: "ada@example.org".into(),
            ..ada()
        };
        let facts = asked.facts(&ada());
        for other in [
            asked.facts(&password),
            asked.facts(&moved),
            link(LinkPurpose::Reset, 2).facts(&ada()),
            link(LinkPurpose::Invitation, 1).facts(&ada()),
        ] {
            assert_ne!(other, facts);
        }
        assert_eq!(asked.facts(&ada()), facts);
    }
}
