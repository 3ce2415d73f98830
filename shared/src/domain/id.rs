//! Typed, prefixed, sortable ids: a `UserId` cannot be passed for a `ServiceId`.
//!
//! The text form is the prefix, an underscore and 26 lower-case characters of Crockford base32 (a ULID), so ids of one
//! kind sort by the millisecond they were made in. Only this form is accepted back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

/// A text that is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id of the form {prefix}_ followed by 26 letters and digits")]
pub struct NotAnId {
    /// The prefix that was expected, without its underscore.
    pub prefix: &'static str,
}

fn parse(prefix: &'static str, text: &str) -> Result<Ulid, NotAnId> {
    let not = NotAnId { prefix };
    let body = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(not.clone())?;
    // One spelling only: upper case and Crockford's look-alikes would give one row two names.
    if body.len() != 26 || !body.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()) {
        return Err(not);
    }
    let ulid = Ulid::from_string(body).map_err(|_| not.clone())?;
    if ulid.to_string().eq_ignore_ascii_case(body) {
        Ok(ulid)
    } else {
        Err(not)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Ulid);

        impl $name {
            /// The prefix of this kind's text form, without the underscore.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, self.0.to_string().to_ascii_lowercase())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse($prefix, text).map(Self)
            }
        }

        impl From<Ulid> for $name {
            fn from(ulid: Ulid) -> Self {
                Self(ulid)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .examples([serde_json::json!(concat!($prefix, "_01arz3ndektsv4rrffq69g5fav"))])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// An incident: what people answer.
    IncidentId "inc",
    /// A service: what breaks.
    ServiceId "svc",
    /// An integration: a key and a format through which a service hears of alerts.
    IntegrationId "int",
    /// An escalation policy.
    PolicyId "pol",
    /// A schedule: who is on call at a time.
    ScheduleId "sch",
    /// A person.
    UserId "usr",
    /// One way to reach one person.
    ContactId "con",
    /// A place that many people read: a chat room, a webhook.
    ChannelId "chn",
    /// A team inside the organisation.
    TeamId "tea",
    /// An API token.
    TokenId "tok",
    /// Somebody signed in with a browser.
    SessionId "ses",
    /// An entry of an incident's timeline.
    EventId "evt",
    /// The right to upload one picture.
    UploadId "upl",
    /// One accepted signal; the correlation id of everything that follows from it.
    SignalId "sig",
    /// A public status page.
    PageId "pag",
    /// A part of what a page tells of, or a group of such parts.
    ComponentId "cmp",
    /// A public post about something that is wrong.
    PostId "pst",
    /// A public announcement of work at a stated time.
    MaintenanceId "mnt",
    /// One update of a post or a maintenance.
    UpdateId "upd",
    /// Somebody who asked to hear what a page tells.
    SubscriberId "sub",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_round_trips_and_no_other_is_taken() {
        let id = IncidentId(Ulid::from_parts(1_700_000_000_000, 42));
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text.len(), 30);
        for bad in [
            text.to_uppercase(),
            text.replace("inc_", "svc_"),
            text.replace("inc_", ""),
            format!("{text}0"),
            format!("inc_{}", "8".repeat(26)),
            format!("inc_{}", "i".repeat(26)),
            "inc_é234567890123456789012345".into(),
        ] {
            assert!(bad.parse::<IncidentId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_sort_by_the_millisecond_they_were_made_in() {
        let earlier = IncidentId(Ulid::from_parts(999, u128::MAX >> 48));
        let later = IncidentId(Ulid::from_parts(1000, 0));
        assert!(earlier < later);
        assert!(earlier.to_string() < later.to_string());
    }
}
