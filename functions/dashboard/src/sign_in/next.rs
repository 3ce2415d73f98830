//! Where somebody goes after signing in: a page of ours, whatever the address says.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize};

/// A path on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next(String);

impl Default for Next {
    fn default() -> Self {
        Self("/".into())
    }
}

impl Next {
    /// A page of ours.
    pub fn to(path: &str) -> Self {
        Self::read(path)
    }

    /// The path, with its query.
    pub fn path(&self) -> &str {
        &self.0
    }

    /// `path` with this as its query.
    pub fn behind(&self, path: &str) -> String {
        format!("{path}?next={}", utf8_percent_encode(&self.0, NON_ALPHANUMERIC))
    }

    /// `//host` and `/\host` are other hosts to a browser, and so is what its clean-up of blanks and controls makes one.
    fn read(text: &str) -> Self {
        let rest = text.strip_prefix('/');
        let is_ours = rest.is_some_and(|rest| !rest.starts_with(['/', '\\']))
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !text.starts_with("/sign-");
        if is_ours {
            Self(text.to_owned())
        } else {
            Self::default()
        }
    }
}

impl<'de> Deserialize<'de> for Next {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::read(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for ours in ["/", "/incidents/inc_1?x=%20y", "/?status=all"] {
            assert_eq!(Next::read(ours).path(), ours);
        }
        for elsewhere in [
            "",
            "incidents",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/ /evil.example",
            "/\r\nset-cookie:x",
            "/sign-in?next=/",
            "/é",
        ] {
            assert_eq!(Next::read(elsewhere).path(), "/", "{elsewhere:?}");
        }
    }
}
