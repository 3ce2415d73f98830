//! Somebody signed in with a browser.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{SessionId, UserId};
use super::people::User;
use super::time::after_seconds;

/// How long a session lasts. Who is woken at night should not have to look for a password; whoever finds the telephone
/// should not have it for ever.
pub const SESSION_SECONDS: i64 = 30 * 86_400;

/// Characters kept of what a browser says of itself.
const AGENT_CHARS_MAX: usize = 256;

/// One browser in which a person is signed in. Its secret is kept hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who is signed in.
    pub user_id: UserId,
    /// SHA-256 of its token, in hex.
    pub secret_hash: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When they have to sign in again.
    pub expires_at: Timestamp,
    /// The address they signed in from.
    #[serde(default)]
    pub address: String,
    /// What the browser said of itself.
    #[serde(default)]
    pub agent: String,
}

impl Session {
    /// A session that begins `now`.
    pub fn begin(
        id: SessionId,
        user_id: UserId,
        secret_hash: String,
        (address, agent): (&str, &str),
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            user_id,
            secret_hash,
            created_at: now,
            expires_at: after_seconds(now, SESSION_SECONDS),
            address: address.to_owned(),
            agent: agent.chars().take(AGENT_CHARS_MAX).collect(),
        }
    }

    /// Whether `user` is still signed in by it at `now`: it is theirs, its time is not over, and they have not signed out
    /// everywhere since.
    pub fn is_of(&self, user: &User, now: Timestamp) -> bool {
        let ended = user.signed_out_at.is_some_and(|at| self.created_at < at);
        self.user_id == user.id && now < self.expires_at && !ended
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    #[test]
    fn it_ends_with_its_time_and_when_its_person_signs_out_everywhere() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut user: User = serde_json::from_value(serde_json::json!({
            "id": UserId(Ulid::from_parts(1, 1)), "name": "Ada", "email": "ada@example.com", "role": "viewer",
            "time_zone": "UTC", "locale": "en", "created_at": "2026-01-01T00:00:00Z",
        }))
        .unwrap();
        let begun = at("2026-03-01T08:00:00Z");
        let session = Session::begin(
            SessionId(Ulid::from_parts(2, 2)),
            user.id,
            "hash".into(),
            ("", ""),
            begun,
        );
        assert!(session.is_of(&user, begun));
        assert!(session.is_of(&user, at("2026-03-31T07:59:59.999Z")));
        assert!(!session.is_of(&user, at("2026-03-31T08:00:00Z")));
        user.signed_out_at = Some(begun);
        assert!(session.is_of(&user, begun), "the one that is begun in its place");
        user.signed_out_at = Some(at("2026-03-01T08:00:00.001Z"));
        assert!(!session.is_of(&user, begun));
        user.signed_out_at = None;
        user.id = UserId(Ulid::from_parts(1, 9));
        assert!(!session.is_of(&user, begun), "somebody else's");
    }

    #[test]
    fn what_a_browser_says_is_cut() {
        let user = UserId(Ulid::from_parts(1, 1));
        let agent = "é".repeat(300);
        let session = Session::begin(
            SessionId(Ulid::nil()),
            user,
            String::new(),
            ("::1", &agent),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!((session.agent.chars().count(), session.address.as_str()), (256, "::1"));
    }
}
