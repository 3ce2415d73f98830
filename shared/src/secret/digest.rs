//! The three primitives everything else here is built from, so that one library computes them all.

use aws_lc_rs::{constant_time, digest, hmac};
use data_encoding::HEXLOWER;

/// SHA-256 of `bytes` as 64 lower-case hexadecimal digits: the form in which keys, tokens and codes are stored.
///
/// A plain hash is enough for them: each holds at least 80 random bits, so there is nothing to guess offline.
/// Passwords go through [`super::hash_password`] instead.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(&sha256(bytes))
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes.as_ref()).as_ref());
    out
}

/// HMAC-SHA256 (RFC 2104) of `bytes` under `key`; any key length is allowed, 32 bytes are usual.
pub fn hmac_sha256(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), bytes);
    let mut out = [0; 32];
    out.copy_from_slice(tag.as_ref());
    out
}

/// Whether two byte strings are the same, in a time that depends on their lengths only.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_fips_180_example() {
        assert_eq!(
            sha256_hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn hmac_of_rfc_4231_case_2() {
        assert_eq!(
            HEXLOWER.encode(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn equality_is_of_the_whole() {
        assert!(equal(b"", b""));
        assert!(equal(b"night", b"night"));
        assert!(!equal(b"night", b"nighu"));
        assert!(!equal(b"night", b"nigh"));
    }
}
