//! People's passwords: argon2id, kept as PHC strings so that parameters can be raised without touching old rows.
//!
//! Both functions take tens of milliseconds of one core and 19 MiB; callers limit how often they may be reached.

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version, password_hash::SaltString,
};

/// Longest password taken, in bytes of UTF-8: far above any passphrase, and no room to make hashing itself the attack.
pub const PASSWORD_MAX_BYTES: usize = 1024;

/// Shortest new password, in characters.
pub const PASSWORD_MIN_CHARS: usize = 10;

/// As much of a password is looked at to say how easily it is guessed: the work grows faster than its length.
const GUESSED_CHARS_MAX: usize = 64;

/// Why a person may not choose this password, in words for them; none: they may. Its length is counted, and it is looked for
/// among common passwords, names, words, keyboard runs and what is known of the person (`zxcvbn`, whose score must be at
/// least 3 of 4: more than 10^8 guesses).
pub fn password_fault(password: &str, personal: &[&str]) -> Option<String> {
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Some(format!("must have at least {PASSWORD_MIN_CHARS} characters"));
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Some(format!("must have at most {PASSWORD_MAX_BYTES} bytes"));
    }
    let looked_at: String = password.chars().take(GUESSED_CHARS_MAX).collect();
    let estimate = zxcvbn::zxcvbn(&looked_at, personal);
    if estimate.score() >= zxcvbn::Score::Three {
        return None;
    }
    let why = estimate.feedback().and_then(|feedback| feedback.warning());
    Some(why.map_or_else(
        || "is too easily guessed. A few words that have nothing to do with one another do well".to_owned(),
        |why| {
            format!(
                "is too easily guessed: {}",
                lower_first(&why.to_string()).trim_end_matches('.')
            )
        },
    ))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// A password that cannot be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has at least 1 and at most {PASSWORD_MAX_BYTES} bytes")]
pub struct PasswordRefused;

/// The PHC string (`$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`) to store for `password`. `salt` is 16 fresh random
/// bytes. How long a password should be is not decided here.
pub fn hash_password(password: &str, salt: [u8; 16]) -> Result<String, PasswordRefused> {
    if password.is_empty() || password.len() > PASSWORD_MAX_BYTES {
        return Err(PasswordRefused);
    }
    let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordRefused)?;
    let hash = hasher()
        .hash_password(password.as_bytes(), &salt)
        .map_err(|_| PasswordRefused)?;
    Ok(hash.to_string())
}

/// Whether `password` is the one `stored` (a PHC string) was made of.
///
/// `None`, for a person who does not exist or has no password, takes as long as a wrong password and is `false`: the
/// time of the answer does not tell who has an account. So does a stored string that cannot be read.
pub fn verify_password(password: &str, stored: Option<&str>) -> bool {
    if password.is_empty() || password.len() > PASSWORD_MAX_BYTES {
        return false;
    }
    let known = stored.and_then(|stored| PasswordHash::new(stored).ok());
    let exists = known.is_some();
    let Some(hash) = known.or_else(|| PasswordHash::new(NOBODY).ok()) else {
        return false;
    };
    // The parameters come from the stored string, the ones below apply to new passwords only.
    hasher().verify_password(password.as_bytes(), &hash).is_ok() && exists
}

/// OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash of a password nobody has, with the parameters above.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[expect(clippy::expect_used, reason = "constants; every test of this file builds them")]
fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_password_and_no_other() {
        let stored = hash_password("ring the bell twice", [3; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify_password("ring the bell twice", Some(&stored)));
        assert!(!verify_password("ring the bell thrice", Some(&stored)));
        assert!(!verify_password("", Some(&stored)));
        assert_ne!(stored, hash_password("ring the bell twice", [4; 16]).unwrap());
    }

    #[test]
    fn older_parameters_still_verify() {
        let params = Params::new(64, 1, 1, None).unwrap();
        let weaker = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let salt = SaltString::encode_b64(&[9; 16]).unwrap();
        let stored = weaker.hash_password(b"old", &salt).unwrap().to_string();
        assert!(verify_password("old", Some(&stored)));
    }

    #[test]
    fn nobody_costs_what_somebody_costs() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let somebody = hash_password("x", [3; 16]).unwrap();
        let somebody = PasswordHash::new(&somebody).unwrap();
        assert_eq!(nobody.params, somebody.params);
        assert_eq!(nobody.algorithm, somebody.algorithm);
        assert_eq!(nobody.hash.unwrap().len(), somebody.hash.unwrap().len());
        assert!(!verify_password("x", None));
        assert!(!verify_password("x", Some("not a hash")));
    }

    #[test]
    fn what_others_would_guess_is_refused_in_words() {
        let fault = |password: &str| password_fault(password, &["Ada Lovelace", "ada@example.com"]);
        for (bad, words) in [
            ("", "at least 10"),
            ("short pass", "too easily guessed"),
            ("ninechars", "at least 10"),
            ("password12", "too easily guessed"),
            ("qwertyuiop", "too easily guessed"),
            ("aaaaaaaaaaaaaaaa", "too easily guessed"),
            ("1234567890", "too easily guessed"),
            ("adalovelace", "too easily guessed"),
            ("ada@example.com", "too easily guessed"),
            (&"x".repeat(1_025), "at most 1024 bytes"),
        ] {
            let fault = fault(bad).unwrap_or_default();
            assert!(fault.contains(words), "{bad}: {fault:?}");
        }
        for good in ["ring the bell twice", "k7#Vq-2pLw9z", "кот спит на крыше"] {
            assert_eq!(fault(good), None, "{good}");
        }
    }

    #[test]
    fn lengths_are_limited() {
        assert_eq!(hash_password("", [0; 16]), Err(PasswordRefused));
        assert_eq!(
            hash_password(&"x".repeat(PASSWORD_MAX_BYTES + 1), [0; 16]),
            Err(PasswordRefused)
        );
        assert!(hash_password(&"x".repeat(PASSWORD_MAX_BYTES), [0; 16]).is_ok());
    }
}
