//! What must not be known: keys, codes, tokens, passwords, and the randomness they are made of.
//!
//! Its actors: [`Random`] makes bytes and ids; [`MasterKey`] seals what has to be replayed (webhook signing keys, chat
//! tokens) and derives link codes; [`IntegrationKey`], [`ApiToken`], [`SessionToken`] and [`LinkCode`] are handed out
//! once and kept only as a hash; an [`AccountCode`] is kept not even so; [`hash_password`] and [`verify_password`] keep
//! people's passwords; a [`KeySet`] reads what others sign.
//!
//! Absent on purpose: a way to list, log or serialise any of them. `Debug` of each prints a placeholder, none
//! implements `Display` or `Serialize`; the clear text is had by asking for it by name.

mod derived;
mod digest;
mod jws;
mod link;
mod master;
mod password;
mod random;
mod seal;
mod token;
mod vault;

pub use derived::{
    account_code, form_token, known_browser, objects_secret, subscriber_code, subscriber_digits, subscriber_id,
    subscriber_secret, verification_code, webhook_secret,
};
pub use digest::{equal, hmac_sha256, sha256, sha256_hex};
pub use jws::{KeySet, NotSigned};
pub use link::LinkCode;
pub use master::{MasterKey, MasterKeyInvalid};
pub use password::{
    PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS, PasswordRefused, hash_password, password_fault, verify_password,
};
pub use random::Random;
pub use seal::SealBroken;
pub use token::{AccountCode, ApiToken, IntegrationKey, SessionToken, SubscriberCode};
pub use vault::{SecretUnread, read_secret};
