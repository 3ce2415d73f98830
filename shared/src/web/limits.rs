//! What one instance remembers of who asks: how often each does, and which credentials were refused lately.
//!
//! Requests are counted once their credentials were verified, against the token or the person, never before and never
//! against an address: nobody can use up what is another's, and an office behind one address is no crowd. Every
//! [`Authenticated`](super::Authenticated) counts by itself; a function that says what is left has the layer
//! [`tell_allowance`]. Pages are not counted: they are for people, and one must open at 3 a.m.
//!
//! Credentials that are refused are answered 401, always, however often. What protects the table is that the same ones
//! are looked up once a minute: a script whose token was taken back costs it nothing, and whoever is behind the same
//! address with good ones is none the worse. That is sound, for what was refused once stays so: ids and secrets are
//! drawn when they are handed out. Different guesses cost one read each of a row that is not there, and have 160 bits
//! to guess; they are counted by address for the log.

use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;

use super::client::client_network;
use super::limiter::{Allowance, Limiter, TooOften};
use crate::domain::id::{TokenId, UserId};
use crate::domain::principal::Principal;

/// Requests of one token, or of one person in their browsers, a minute and instance: as PagerDuty's API. Sixteen a
/// second, or so many at once, is more than a script that does something needs, and less than one that runs away asks.
pub const REQUESTS_A_MINUTE: u32 = 960;
/// The same refused credentials, a minute: then the table is not asked about them.
const SAME_REFUSED_A_MINUTE: u32 = 1;
/// Refused credentials from one address, a minute: then the log is told.
const REFUSED_A_MINUTE: u32 = 60;
/// Lines in the log about one address, a minute.
const TOLD_A_MINUTE: u32 = 1;

/// The name of the limit in `RateLimit` and `RateLimit-Policy`.
const POLICY: &str = "requests";

/// One for each instance, in its [`Ctx`](crate::ctx::Ctx).
#[derive(Debug)]
pub struct Limits {
    requests: Limiter<Asker>,
    same_refused: Limiter<String>,
    refused: Limiter<String>,
    told: Limiter<String>,
}

/// Whom a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asker {
    Token(TokenId),
    Person(UserId),
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: Limiter::new(REQUESTS_A_MINUTE),
            same_refused: Limiter::new(SAME_REFUSED_A_MINUTE),
            refused: Limiter::new(REFUSED_A_MINUTE),
            told: Limiter::new(TOLD_A_MINUTE),
        }
    }
}

impl Limits {
    /// Counts a request of somebody whose credentials are good.
    pub(super) fn count(&self, who: &Principal, now: Timestamp) -> (Allowance, Result<(), TooOften>) {
        let asker = who
            .token
            .as_ref()
            .map_or(Asker::Person(who.user_id), |(id, _)| Asker::Token(*id));
        match self.requests.take(asker, now) {
            Ok(allowance) => (allowance, Ok(())),
            Err(too_often) => (self.requests.exhausted(), Err(too_often)),
        }
    }

    /// Whether the credentials with this hash were refused within the last minute.
    pub(super) fn knows_as_refused(&self, hash: &String, now: Timestamp) -> bool {
        self.same_refused.check(hash, now).is_err()
    }

    /// Remembers that the table knows no such credentials.
    pub(super) fn remember_refused(&self, hash: String, now: Timestamp) {
        self.same_refused.count(hash, now);
    }

    /// Counts credentials that were refused, of whichever kind.
    pub(super) fn count_refused(&self, address: &str, now: Timestamp) {
        let is_flood = self.refused.take(client_network(address), now).is_err();
        if is_flood && self.told.take(client_network(address), now).is_ok() {
            tracing::warn!(address, "credentials from one address are refused again and again");
        }
    }
}

/// Where the count of a request's credentials is left for [`tell_allowance`].
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Arc<OnceLock<Allowance>>);

impl Told {
    pub(super) fn set(&self, allowance: Allowance) {
        // The first is the request's; a handler that asks twice who asks is counted twice, and told the better.
        let _ = self.0.set(allowance);
    }
}

/// A layer that tells whoever showed good credentials what they may ask for still, whatever the answer is.
///
/// In two forms: the three fields that clients read today (draft 6 of "RateLimit header fields for HTTP"), and the two
/// that replace them (draft 11): <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>.
pub async fn tell_allowance(mut request: Request, next: Next) -> Response {
    let told = Told::default();
    request.extensions_mut().insert(told.clone());
    let mut response = next.run(request).await;
    if let Some(allowance) = told.0.get() {
        tell(*allowance, response.headers_mut());
    }
    response
}

fn tell(allowance: Allowance, headers: &mut HeaderMap) {
    let Allowance {
        limit,
        window_seconds,
        remaining,
        reset_seconds,
    } = allowance;
    for (name, value) in [
        ("ratelimit-limit", limit),
        ("ratelimit-remaining", remaining),
        ("ratelimit-reset", reset_seconds),
    ] {
        headers.insert(HeaderName::from_static(name), value.into());
    }
    for (name, text) in [
        ("ratelimit-policy", format!("\"{POLICY}\";q={limit};w={window_seconds}")),
        ("ratelimit", format!("\"{POLICY}\";r={remaining};t={reset_seconds}")),
    ] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;
    use crate::domain::people::Role;

    fn who(token: Option<u128>) -> Principal {
        Principal {
            user_id: UserId(Ulid::from_parts(1, 1)),
            name: "Ada".into(),
            role: Role::Viewer,
            team_ids: Vec::new(),
            token: token.map(|id| (TokenId(Ulid::from_parts(1, id)), Vec::new())),
        }
    }

    #[test]
    fn each_token_and_each_person_is_counted_by_itself() {
        let (limits, now) = (Limits::default(), Timestamp::UNIX_EPOCH);
        for _ in 0..REQUESTS_A_MINUTE {
            assert!(limits.count(&who(Some(1)), now).1.is_ok());
        }
        let (left, refused) = limits.count(&who(Some(1)), now);
        assert_eq!((left.remaining, refused), (0, Err(TooOften(1))));
        for other in [who(Some(2)), who(None)] {
            let (left, allowed) = limits.count(&other, now);
            assert_eq!((left.remaining, allowed), (REQUESTS_A_MINUTE - 1, Ok(())));
        }
    }

    #[test]
    fn refused_credentials_are_remembered_for_a_minute() {
        let (limits, hash) = (Limits::default(), "a".to_owned());
        let at = |second| Timestamp::new(second, 0).unwrap();
        assert!(!limits.knows_as_refused(&hash, at(0)));
        limits.remember_refused(hash.clone(), at(0));
        assert!(limits.knows_as_refused(&hash, at(59)));
        assert!(!limits.knows_as_refused(&"b".to_owned(), at(0)));
        assert!(!limits.knows_as_refused(&hash, at(60)));
    }

    #[test]
    fn what_is_left_is_told_in_both_forms() {
        let mut headers = HeaderMap::new();
        let (left, _) = Limits::default().count(&who(None), Timestamp::UNIX_EPOCH);
        tell(left, &mut headers);
        for (name, value) in [
            ("ratelimit-limit", "960"),
            ("ratelimit-remaining", "959"),
            ("ratelimit-reset", "1"),
            ("ratelimit-policy", "\"requests\";q=960;w=60"),
            ("ratelimit", "\"requests\";r=959;t=1"),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
    }
}
