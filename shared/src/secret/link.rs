//! The code at the end of `/i/{code}`: what a message carries so that its reader can answer without signing in.

use std::{fmt, sync::LazyLock};

use data_encoding::{Encoding, Specification};

use super::{
    MasterKey,
    digest::{hmac_sha256, sha256_hex},
};

/// 80 bits: out of reach of guessing within a code's 7 days, and 16 characters, short enough for an SMS.
const CODE_BYTES: usize = 10;

/// A link code: 16 characters of Crockford's base32, lower case. It is derived from its delivery rather than drawn, so
/// that every attempt of one delivery sends the same link while the table holds only the code's hash.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkCode(String);

impl LinkCode {
    /// The code of one delivery: the first 80 bits of HMAC-SHA256 of its id under the subkey for links.
    pub fn derive(master: &MasterKey, delivery_id: &str) -> Self {
        let mac = hmac_sha256(&master.subkey("link"), delivery_id.as_bytes());
        Self(CROCKFORD.encode(&mac[..CODE_BYTES]))
    }

    /// Reads a code as a person may have typed it: either case, and `o`, `i`, `l` for the digits they look like.
    /// `None` for anything that can be no code of ours, which spares a read of the table.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = CROCKFORD.decode(text.as_bytes()).ok()?;
        (bytes.len() == CODE_BYTES).then(|| Self(CROCKFORD.encode(&bytes)))
    }

    /// The text for the link itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored in the code's place: SHA-256 of its text, 64 hexadecimal digits.
    pub fn storage_hash(&self) -> String {
        sha256_hex(&self.0)
    }
}

impl fmt::Debug for LinkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkCode(…)")
    }
}

/// <https://www.crockford.com/base32.html>, written in lower case; no check symbol, no hyphens.
static CROCKFORD: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    spec.translate.from.push_str("ABCDEFGHJKMNPQRSTVWXYZoOiIlL");
    spec.translate.to.push_str("abcdefghjkmnpqrstvwxyz001111");
    #[expect(clippy::expect_used, reason = "a constant; every test of this file builds it")]
    spec.encoding().expect("the alphabet is sound")
});

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: MasterKey = MasterKey::from_bytes([5; 32]);

    #[test]
    fn the_same_delivery_has_the_same_code() {
        let code = LinkCode::derive(&KEY, "inc_1/1#0#1#usr_1#con_1#0");
        assert_eq!(code, LinkCode::derive(&KEY, "inc_1/1#0#1#usr_1#con_1#0"));
        assert_ne!(code, LinkCode::derive(&KEY, "inc_1/2#0#1#usr_1#con_1#0"));
        assert_ne!(
            code,
            LinkCode::derive(&MasterKey::from_bytes([6; 32]), "inc_1/1#0#1#usr_1#con_1#0")
        );
        assert_eq!(code.expose().len(), 16);
        assert_eq!(code.storage_hash().len(), 64);
        assert!(!code.storage_hash().contains(code.expose()));
    }

    #[test]
    fn reads_what_people_type() {
        let code = LinkCode::parse("01abcdefghjkmnpq").unwrap();
        for typed in [
            "01ABCDEFGHJKMNPQ",
            "o1abcdefghjkmnpq",
            "Oiabcdefghjkmnpq",
            "0Labcdefghjkmnpq",
            "0labcdefghjkmnpq",
        ] {
            assert_eq!(LinkCode::parse(typed).as_ref(), Some(&code), "{typed}");
        }
        for wrong in [
            "",
            "01abcdefghjkmnp",
            "01abcdefghjkmnpqr",
            "01abcdefghjkmnpu",
            "01abcdefgh kmnpq",
            "01abcdefghjkmnpé",
        ] {
            assert_eq!(LinkCode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn derived_codes_read_back() {
        for n in 0..500 {
            let code = LinkCode::derive(&KEY, &n.to_string());
            assert_eq!(LinkCode::parse(code.expose()), Some(code.clone()));
            assert_eq!(LinkCode::parse(&code.expose().to_uppercase()), Some(code));
        }
    }
}
