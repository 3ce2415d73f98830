//! Pages.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::look::Look;
use crate::domain::id::{PageId, TeamId};
use crate::domain::limits;

/// Names in addresses that mean something else below `/status/`.
const TAKEN_SLUGS: [&str; 4] = ["api", "history", "incidents", "badge.svg"];

/// The language in which a page speaks by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

/// A public status page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its id.
    pub id: PageId,
    /// The team that owns it, its components, posts and maintenances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// Its name in addresses: `/status/{slug}`.
    pub slug: String,
    /// Its name, as the public reads it.
    pub name: String,
    /// What it is about, for the public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The IANA zone whose days its history counts.
    pub time_zone: String,
    /// The language in which it speaks by itself.
    #[serde(default)]
    pub locale: Locale,
    /// Whether `/status` leads to it.
    #[serde(default)]
    pub is_default: bool,
    /// The host that it has of its own, `status.example.com`; its documents name their addresses there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// How it looks.
    #[serde(default, skip_serializing_if = "Look::is_plain")]
    pub look: Look,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Page {
    /// The zone whose days its history counts; UTC where it is no longer known.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

/// Where the documents of the page of this name are, in the public bucket and in addresses.
pub fn folder(slug: &str) -> String {
    format!("status/{slug}")
}

/// Whether a text is a host's name: labels of lower-case letters, digits and inner hyphens, at least two (RFC 1123, 2.1).
pub fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name = text
        .rsplit('.')
        .next()
        .is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()));
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label) && is_name
}

/// Whether a text can be a page's name in addresses: lower-case letters, digits and single hyphens between them.
pub fn is_slug(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty()
        && text.len() <= limits::SLUG_CHARS_MAX
        && text.bytes().all(is_inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && !TAKEN_SLUGS.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_with_dots() {
        for host in ["status.example.com", "a.b", "xn--mnchen-3ya.de", "1.example.com"] {
            assert!(is_host(host), "{host}");
        }
        for not in [
            "localhost",
            "10.0.0.1",
            "a..b",
            "-a.b",
            "A.b",
            "a.b/c",
            "a.b:80",
            "a b.c",
            "",
            ".",
            "a.",
        ] {
            assert!(!is_host(not), "{not}");
        }
    }
}
