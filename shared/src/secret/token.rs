//! What senders, scripts and browsers hold: keys of integrations, tokens of the API and of sessions. Shown once, stored
//! as a hash.

use std::{fmt, sync::LazyLock};

use data_encoding::{Encoding, Specification};
use ulid::Ulid;

use super::digest::sha256_hex;

/// 160 bits: what fills 32 characters of base32 without remainder, the length PagerDuty's senders insist on.
const SECRET_BYTES: usize = 20;
const SECRET_CHARS: usize = 32;
const ULID_CHARS: usize = 26;

/// The key of an integration: 32 characters `a-z2-7`. It serves as PagerDuty `routing_key` (32 characters, Events API
/// v2), as Opsgenie key and as part of a URL.
#[derive(Clone, PartialEq, Eq)]
pub struct IntegrationKey(String);

impl IntegrationKey {
    /// The key made of these random bytes.
    pub fn new(random: [u8; SECRET_BYTES]) -> Self {
        Self(BASE32.encode(&random))
    }

    /// Reads a key as a sender sent it, exactly. `None` for what can be no key of ours, which spares a read of the
    /// table.
    pub fn parse(text: &str) -> Option<Self> {
        is_secret(text).then(|| Self(text.to_owned()))
    }

    /// The key in clear: for the answer that creates it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored in the key's place: SHA-256 of its text, 64 hexadecimal digits.
    pub fn storage_hash(&self) -> String {
        sha256_hex(&self.0)
    }
}

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident $prefix:literal,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name {
            text: String,
        }

        impl $name {
            const PREFIX: &str = $prefix;

            /// The token with this id and these bytes.
            pub fn new(id: Ulid, random: [u8; SECRET_BYTES]) -> Self {
                let id = id.to_string().to_ascii_lowercase();
                Self {
                    text: format!("{}{id}_{}", Self::PREFIX, BASE32.encode(&random)),
                }
            }

            /// Reads a token exactly as it was handed out. `None` for what can be no token of ours.
            pub fn parse(text: &str) -> Option<Self> {
                let (id, secret) = text.strip_prefix(Self::PREFIX)?.split_once('_')?;
                let canonical = Ulid::from_string(id).ok()?.to_string().to_ascii_lowercase();
                (id == canonical && is_secret(secret)).then(|| Self { text: text.to_owned() })
            }

            /// The token's id: 26 characters, lower case. No secret.
            pub fn id(&self) -> &str {
                &self.text[Self::PREFIX.len()..][..ULID_CHARS]
            }

            /// The token's secret: 32 characters.
            pub fn secret(&self) -> &str {
                &self.text[self.text.len() - SECRET_CHARS..]
            }

            /// The whole token in clear: for the answer that hands it out.
            pub fn expose(&self) -> &str {
                &self.text
            }

            /// What is stored in the token's place: SHA-256 of its whole text, id included, 64 hexadecimal digits.
            pub fn storage_hash(&self) -> String {
                sha256_hex(&self.text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({}, …)", stringify!($name), self.id())
            }
        }
    )*};
}

tokens! {
    /// A token of the API: `nb_<token id>_<secret>`, 62 characters. The id is the 26 characters of a ULID in lower case, so
    /// that a token found in a log can be named and revoked without its secret being stored; the prefix lets secret
    /// scanners find it.
    ApiToken "nb_",
    /// What a signed-in browser keeps as a cookie: `nbs_<session id>_<secret>`, as [`ApiToken`].
    SessionToken "nbs_",
    /// What a link into an account ends with: `nba_<user id>_<secret>`, as [`ApiToken`]. Its secret is derived
    /// ([`super::account_code`]), and kept nowhere.
    AccountCode "nba_",
    /// What the links of a page's subscriber end with: `nbu_<subscriber id>_<secret>`, as [`AccountCode`].
    SubscriberCode "nbu_",
}

impl fmt::Debug for IntegrationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IntegrationKey(…)")
    }
}

fn is_secret(text: &str) -> bool {
    text.len() == SECRET_CHARS && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
}

/// RFC 4648 base32 in lower case, without padding.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    #[expect(clippy::expect_used, reason = "a constant; every test of this file builds it")]
    spec.encoding().expect("the alphabet is sound")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integration_key_reads_back() {
        let key = IntegrationKey::new(std::array::from_fn(|i| i as u8 * 13));
        assert_eq!(key.expose().len(), 32);
        assert_eq!(IntegrationKey::parse(key.expose()), Some(key.clone()));
        assert_eq!(key.storage_hash(), sha256_hex(key.expose()));
        assert_eq!(format!("{key:?}"), "IntegrationKey(…)");
    }

    #[test]
    fn no_other_text_is_an_integration_key() {
        let upper = "A".repeat(32);
        let short = "a".repeat(31);
        let digit = "1".repeat(32);
        for text in ["", &upper, &short, &digit, &format!("{short}\n")] {
            assert_eq!(IntegrationKey::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_token_reads_back_with_its_id() {
        let id = Ulid::from_parts(1_774_000_000_000, 77);
        let token = ApiToken::new(id, [255; 20]);
        assert_eq!(token.expose().len(), 62);
        let read = ApiToken::parse(token.expose()).unwrap();
        assert_eq!(read, token);
        assert_eq!(Ulid::from_string(read.id()).unwrap(), id);
        assert_eq!(read.secret(), "7".repeat(32));
        assert_eq!(format!("{token:?}"), format!("ApiToken({}, …)", token.id()));
        assert_eq!(SessionToken::parse(token.expose()), None);
        let session = SessionToken::new(id, [255; 20]);
        assert_eq!(SessionToken::parse(session.expose()).unwrap().id(), token.id());
        assert_eq!(ApiToken::parse(session.expose()), None);
        assert_ne!(
            token.storage_hash(),
            ApiToken::new(Ulid::from_parts(1, 1), [255; 20]).storage_hash()
        );
    }

    #[test]
    fn no_other_text_is_a_token() {
        let token = ApiToken::new(Ulid::from_parts(1_774_000_000_000, 77), [3; 20]);
        let text = token.expose();
        let cut = &text[..61];
        let cases = [
            String::new(),
            "nb_".into(),
            "nb__".into(),
            cut.into(),
            format!("{text}a"),
            text.to_uppercase(),
        ];
        for case in cases
            .iter()
            .chain([&text.replacen("nb_0", "nb_o", 1), &text.replacen("nb_", "nb-", 1)])
        {
            assert_eq!(ApiToken::parse(case), None, "{case}");
        }
    }
}
