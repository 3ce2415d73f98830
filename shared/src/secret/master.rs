//! The deployment's one key. On AWS it lives in Secrets Manager, at home in a file only its owner can read; whoever
//! loads it passes the text here and forgets it.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, Encoding, HEXLOWER_PERMISSIVE};

use super::digest::hmac_sha256;

/// 32 random bytes from which every other key is derived. It is never used as a key itself.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

/// The text or bytes given as master key are not one. Says nothing of what was given: it may be nearly right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the master key must be 32 bytes, written as 64 hexadecimal digits or as base64")]
pub struct MasterKeyInvalid;

impl MasterKey {
    /// The key made of these bytes, as [`super::Random`] gives them.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits (either case), or base64 of 32 bytes (either alphabet, padded or not). White space
    /// around it is ignored, because secrets pasted or kept in a file tend to end in a line feed.
    pub fn parse(text: &str) -> Result<Self, MasterKeyInvalid> {
        let text = text.trim().as_bytes();
        let encodings: &[Encoding] = if text.len() == 64 {
            &[HEXLOWER_PERMISSIVE]
        } else {
            &[BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD]
        };
        encodings
            .iter()
            .find_map(|encoding| Self::try_from(encoding.decode(text).ok()?.as_slice()).ok())
            .ok_or(MasterKeyInvalid)
    }

    /// A key for one purpose: HMAC-SHA256 of `nightbell/<purpose>` under the master key. Keys of different purposes
    /// tell nothing of each other or of the master key. Purposes are constants of the code, never input.
    pub fn subkey(&self, purpose: &str) -> [u8; 32] {
        hmac_sha256(&self.0, format!("nightbell/{purpose}").as_bytes())
    }

    /// The key as text that [`MasterKey::parse`] reads: 64 hexadecimal digits. For whoever creates and keeps it.
    pub fn expose_hex(&self) -> String {
        HEXLOWER_PERMISSIVE.encode(&self.0)
    }
}

impl TryFrom<&[u8]> for MasterKey {
    type Error = MasterKeyInvalid;

    fn try_from(bytes: &[u8]) -> Result<Self, MasterKeyInvalid> {
        bytes.try_into().map(Self).map_err(|_| MasterKeyInvalid)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_the_same_key() {
        let bytes: [u8; 32] = std::array::from_fn(|i| 255 - i as u8);
        let key = MasterKey::from_bytes(bytes);
        let spellings = [
            key.expose_hex(),
            key.expose_hex().to_uppercase(),
            BASE64.encode(&bytes),
            BASE64_NOPAD.encode(&bytes),
            BASE64URL.encode(&bytes),
            format!("  {}\r\n", BASE64URL_NOPAD.encode(&bytes)),
        ];
        for text in spellings {
            assert_eq!(MasterKey::parse(&text).unwrap().0, bytes, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let bytes = [7; 32];
        for text in [
            "",
            "correct horse battery staple",
            &"zz".repeat(32),
            &BASE64.encode(&bytes[1..]),
            &"ab".repeat(31),
        ] {
            assert_eq!(MasterKey::parse(text).err(), Some(MasterKeyInvalid), "{text}");
        }
        assert!(MasterKey::try_from(&bytes[..31]).is_err());
    }

    #[test]
    fn purposes_have_keys_of_their_own() {
        let key = MasterKey::from_bytes([1; 32]);
        assert_ne!(key.subkey("seal"), key.subkey("link"));
        assert_ne!(key.subkey("seal"), MasterKey::from_bytes([2; 32]).subkey("seal"));
    }

    #[test]
    fn debug_tells_nothing() {
        assert_eq!(format!("{:?}", MasterKey::from_bytes([1; 32])), "MasterKey(…)");
    }
}
