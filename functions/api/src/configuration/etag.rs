//! Versions on the wire: `ETag` on what is answered, `If-Match` on what is to be changed (RFC 9110, 8.8.3 and 13.1.1).
//!
//! A row's version is its entity tag, in quotes. Without `If-Match` a change is still written only over the version
//! that was read for it, so nothing is lost; with it, also only over the version that the client saw.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shared::web::Problem;

/// What [`IfMatch`] reads, as a pattern: `*`, or entity tags with commas between them.
pub const IF_MATCH_PATTERN: &str = r#"^(\*|(W/)?"[!#-~]*"([ \t]*,[, \t]*(W/)?"[!#-~]*")*[ \t]*(,[, \t]*)?)$"#;

/// A version as an entity tag.
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// Something and its version.
pub struct Tagged<T> {
    pub version: u64,
    pub value: T,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, etag(self.version))], axum::Json(self.value)).into_response()
    }
}

/// Which versions may be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Whichever there is.
    Any,
    /// One of these. Tags that are weak, or none of ours, match nothing and are left out.
    OneOf(Vec<u64>),
}

impl IfMatch {
    /// 412, unless this version may be changed.
    pub fn check(&self, version: u64) -> Result<(), Problem> {
        match self {
            Self::OneOf(versions) if !versions.contains(&version) => Err(Problem::stale()),
            _ => Ok(()),
        }
    }

    /// Reads the header's values. None: malformed.
    fn parse<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let values: Vec<&str> = values.into_iter().map(str::trim).collect();
        if values.is_empty() || values == ["*"] {
            return Some(Self::Any);
        }
        let mut versions = Vec::new();
        for value in values {
            if value.is_empty() {
                return None;
            }
            let mut rest = value;
            while !rest.is_empty() {
                let (is_weak, tag) = rest.strip_prefix("W/").map_or((false, rest), |tag| (true, tag));
                let (opaque, after) = tag.strip_prefix('"')?.split_once('"')?;
                if !opaque.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return None;
                }
                // Only the spelling that we gave out: `"07"` is another tag than `"7"`.
                let version = opaque
                    .parse::<u64>()
                    .ok()
                    .filter(|version| version.to_string() == opaque);
                versions.extend(version.filter(|_| !is_weak));
                rest = after.trim_start();
                if !rest.is_empty() {
                    rest = rest.strip_prefix(',')?.trim_start_matches([',', ' ', '\t']);
                }
            }
        }
        Some(Self::OneOf(versions))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let values = parts
            .headers
            .get_all(header::IF_MATCH)
            .iter()
            .map(|value| value.to_str());
        let values = values.collect::<Result<Vec<_>, _>>().ok();
        values.and_then(Self::parse).ok_or_else(|| {
            Problem::invalid_field(
                "If-Match",
                "must be the ETag of an earlier answer with its quotes, such as \"3\", or *",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(values: &[&str]) -> Option<IfMatch> {
        IfMatch::parse(values.iter().copied())
    }

    #[test]
    fn none_and_a_star_are_any_version() {
        assert_eq!(parse(&[]), Some(IfMatch::Any));
        assert_eq!(parse(&[" * "]), Some(IfMatch::Any));
        assert_eq!(IfMatch::Any.check(3), Ok(()));
    }

    #[test]
    fn any_of_several_strong_tags_will_do() {
        assert_eq!(parse(&["\"3\""]), Some(IfMatch::OneOf(vec![3])));
        assert_eq!(
            parse(&["\"1\" ,\t\"2\",, \"x,y\"", "\"9\""]),
            Some(IfMatch::OneOf(vec![1, 2, 9]))
        );
        assert_eq!(IfMatch::OneOf(vec![1, 3]).check(3), Ok(()));
        assert_eq!(IfMatch::OneOf(vec![1, 3]).check(2), Err(Problem::stale()));
    }

    #[test]
    fn what_was_read_is_what_matches() {
        assert_eq!(parse(&[&etag(42)]), Some(IfMatch::OneOf(vec![42])));
    }

    #[test]
    fn weak_and_foreign_tags_match_nothing() {
        for foreign in [
            "W/\"3\"",
            "\"\"",
            "\"03\"",
            "\"-3\"",
            "\"+3\"",
            "\"abc\"",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(parse(&[foreign]), Some(IfMatch::OneOf(vec![])), "{foreign}");
        }
        assert_eq!(IfMatch::OneOf(vec![]).check(3), Err(Problem::stale()));
        assert_eq!(parse(&["W/\"3\", \"4\""]), Some(IfMatch::OneOf(vec![4])));
    }

    #[test]
    fn malformed_headers_are_refused() {
        for bad in [
            "3",
            "\"3",
            "3\"",
            "*, \"3\"",
            "\"3\" \"4\"",
            "w/\"3\"",
            "W/3",
            "'3'",
            "",
            "\"a b\"",
        ] {
            assert_eq!(parse(&[bad]), None, "{bad}");
        }
    }
}
