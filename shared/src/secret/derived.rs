//! Codes and keys that are computed from the master key whenever they are needed, and so are kept nowhere.

use data_encoding::{BASE32_NOPAD, HEXLOWER};

use super::MasterKey;
use super::digest::hmac_sha256;

/// The six digits that show that a contact reaches its owner: of one contact and one asking, named by its millisecond.
pub fn verification_code(master: &MasterKey, contact_id: &str, sent_at_ms: i64) -> String {
    let mac = hmac_sha256(
        &master.subkey("verification"),
        format!("{contact_id}/{sent_at_ms}").as_bytes(),
    );
    let number = u64::from_be_bytes([mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mac[6], mac[7]]);
    // 2^64 is so much larger than a million that no code is likelier than another by more than 1 in 10^13.
    format!("{:06}", number % 1_000_000)
}

/// The key with which webhooks to one person's contact are signed: 52 characters, shown to that person.
pub fn webhook_secret(master: &MasterKey, contact_id: &str) -> String {
    let mut text = BASE32_NOPAD.encode(&hmac_sha256(&master.subkey("contact-webhook"), contact_id.as_bytes()));
    text.make_ascii_lowercase();
    text
}

/// What a form carries to show that it came from a page of ours: of one browser, named by its session or its form cookie.
/// 32 hexadecimal digits.
pub fn form_token(master: &MasterKey, browser: &str) -> String {
    let mac = hmac_sha256(&master.subkey("form"), browser.as_bytes());
    HEXLOWER.encode(&mac[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_six_digits_and_of_one_contact_and_asking() {
        let master = MasterKey::from_bytes([1; 32]);
        let code = verification_code(&master, "con_1", 1);
        assert_eq!(code.len(), 6);
        assert!(code.bytes().all(|b| b.is_ascii_digit()));
        assert_ne!(code, verification_code(&master, "con_2", 1));
        assert_ne!(code, verification_code(&master, "con_1", 2));
        assert_ne!(webhook_secret(&master, "con_1"), webhook_secret(&master, "con_2"));
        assert_ne!(form_token(&master, "ses_1"), form_token(&master, "ses_2"));
        assert_eq!(form_token(&master, "ses_1").len(), 32);
    }
}
