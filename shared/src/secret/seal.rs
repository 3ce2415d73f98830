//! Sealing: what must be replayed later is stored encrypted, bound to the row it belongs to.
//!
//! AES-256-GCM (NIST SP 800-38D) under a subkey, with the purpose as additional data: a sealed value copied to another
//! row, say somebody else's channel, does not open there.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use data_encoding::BASE64URL_NOPAD;

use super::MasterKey;

/// What a sealed text begins with, so that another scheme can follow this one while old rows still open.
const VERSION: &str = "v1.";

/// A sealed value does not open: another key or purpose, or an altered or cut text. Which of them cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not open: it was sealed with another key or for another place, or it was altered")]
pub struct SealBroken;

impl MasterKey {
    /// Seals `plaintext` for `purpose` (the id of the row that holds it, e.g. `channel:chn_01…`).
    ///
    /// `nonce` is 12 fresh random bytes for every call: one used twice gives both plaintexts away. The answer is
    /// `v1.` and base64url without padding of nonce, ciphertext and tag: `3 + 4/3 * (28 + plaintext)` characters.
    pub fn seal(&self, purpose: &str, plaintext: &[u8], nonce: [u8; NONCE_LEN]) -> String {
        let mut ciphertext = plaintext.to_vec();
        #[expect(clippy::expect_used, reason = "fails only above 64 GiB of plaintext")]
        let tag = self
            .sealing_key()
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad(purpose), &mut ciphertext)
            .expect("AES-256-GCM takes any plaintext that fits into memory");
        let sealed = [&nonce[..], &ciphertext, tag.as_ref()].concat();
        format!("{VERSION}{}", BASE64URL_NOPAD.encode(&sealed))
    }

    /// Opens what [`MasterKey::seal`] made for the same `purpose`.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<Vec<u8>, SealBroken> {
        let encoded = sealed.strip_prefix(VERSION).ok_or(SealBroken)?;
        let sealed = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| SealBroken)?;
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealBroken)?;
        let mut buffer = ciphertext.to_vec();
        self.sealing_key()
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad(purpose), &mut buffer)
            .map(|plaintext| plaintext.to_vec())
            .map_err(|_| SealBroken)
    }

    #[expect(clippy::expect_used, reason = "the lengths agree at compile time")]
    fn sealing_key(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.subkey("seal")).expect("AES-256 takes a key of 32 bytes"))
    }
}

fn aad(purpose: &str) -> Aad<&[u8]> {
    Aad::from(purpose.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: MasterKey = MasterKey::from_bytes([42; 32]);

    #[test]
    fn opens_where_it_was_sealed_and_nowhere_else() {
        let sealed = KEY.seal("channel:chn_1", b"whsec_moon", [9; 12]);
        assert!(sealed.starts_with("v1."));
        assert!(!sealed.contains("whsec"));
        assert_eq!(KEY.open("channel:chn_1", &sealed).unwrap(), b"whsec_moon");
        assert_eq!(KEY.open("channel:chn_2", &sealed), Err(SealBroken));
        assert_eq!(
            MasterKey::from_bytes([43; 32]).open("channel:chn_1", &sealed),
            Err(SealBroken)
        );
    }

    #[test]
    fn any_altered_character_is_noticed() {
        let sealed = KEY.seal("p", b"", [1; 12]);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(KEY.open("p", &altered), Err(SealBroken), "{altered}");
            assert_eq!(KEY.open("p", &sealed[..at]), Err(SealBroken));
        }
    }
}
