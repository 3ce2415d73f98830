//! Codes and keys that are computed from the master key whenever they are needed, and so are kept nowhere.

use data_encoding::{BASE32_NOPAD, HEXLOWER};

use ulid::Ulid;

use super::MasterKey;
use super::digest::hmac_sha256;
use super::token::{AccountCode, SubscriberCode};

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

/// What the local home signs requests to its own buckets with.
pub fn objects_secret(master: &MasterKey) -> String {
    HEXLOWER.encode(&hmac_sha256(&master.subkey("objects"), b"local"))
}

/// What a form carries to show that it came from a page of ours: of one browser, named by its session or its form cookie.
/// 32 hexadecimal digits.
pub fn form_token(master: &MasterKey, browser: &str) -> String {
    let mac = hmac_sha256(&master.subkey("form"), browser.as_bytes());
    HEXLOWER.encode(&mac[..16])
}

/// The code of a link into an account, made of what `facts` says of the account and the link: 160 bits.
pub fn account_code(master: &MasterKey, user: Ulid, facts: &str) -> AccountCode {
    let mac = hmac_sha256(&master.subkey("account"), format!("{user}\n{facts}").as_bytes());
    AccountCode::new(user, std::array::from_fn(|place| mac[place]))
}

/// The id of a page's subscriber at an address, as 128 bits: who is there twice has one id, and who does not know the master
/// key cannot tell whose it is.
pub fn subscriber_id(master: &MasterKey, page_id: &str, channel: &str, address: &str) -> Ulid {
    let mac = hmac_sha256(
        &master.subkey("subscriber"),
        format!("{page_id}\n{channel}\n{address}").as_bytes(),
    );
    let first = std::array::from_fn::<u8, 16, _>(|place| mac[place]);
    Ulid(u128::from_be_bytes(first))
}

/// The code of a subscriber's links, made of what `facts` says of the subscription: 160 bits.
pub fn subscriber_code(master: &MasterKey, subscriber: Ulid, facts: &str) -> SubscriberCode {
    let mac = hmac_sha256(
        &master.subkey("subscriber-link"),
        format!("{subscriber}\n{facts}").as_bytes(),
    );
    SubscriberCode::new(subscriber, std::array::from_fn(|place| mac[place]))
}

/// The six digits that show who reads text messages at a subscriber's number: of one asking, named by its millisecond.
pub fn subscriber_digits(master: &MasterKey, subscriber: Ulid, asked_at_ms: i64) -> String {
    verification_code(master, &format!("subscriber/{subscriber}"), asked_at_ms)
}

/// The key with which webhooks to a subscriber are signed: 52 characters, shown to whoever has the subscriber's link.
pub fn subscriber_secret(master: &MasterKey, subscriber: Ulid, facts: &str) -> String {
    webhook_secret(master, &format!("subscriber/{subscriber}/{facts}"))
}

/// What shows that this browser was signed in as this person before: of a browser, named by its `mark`. 32 hexadecimal
/// digits.
pub fn known_browser(master: &MasterKey, user_id: &str, mark: &str) -> String {
    let mac = hmac_sha256(&master.subkey("known-browser"), format!("{user_id}/{mark}").as_bytes());
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

    #[test]
    fn what_a_subscriber_has_is_of_one_page_one_address_and_one_subscription() {
        let master = MasterKey::from_bytes([1; 32]);
        let id = |page, channel, address| subscriber_id(&master, page, channel, address);
        let ada = id("pag_1", "email", "ada@example.com");
        assert_eq!(ada, id("pag_1", "email", "ada@example.com"));
        for other in [
            id("pag_2", "email", "ada@example.com"),
            id("pag_1", "sms", "ada@example.com"),
            id("pag_1", "email", "bob@example.com"),
            subscriber_id(&MasterKey::from_bytes([2; 32]), "pag_1", "email", "ada@example.com"),
        ] {
            assert_ne!(other, ada);
        }
        assert_eq!(Ulid::from_string(&ada.to_string()), Ok(ada));
        let code = |facts| subscriber_code(&master, ada, facts);
        assert_eq!(SubscriberCode::parse(code("x").expose()), Some(code("x")));
        assert_ne!(code("x").secret(), code("y").secret());
        assert_ne!(code("x").secret(), account_code(&master, ada, "x").secret());
        assert_ne!(
            subscriber_secret(&master, ada, "x"),
            subscriber_secret(&master, ada, "y")
        );
        assert_eq!(subscriber_digits(&master, ada, 1).len(), 6);
    }

    #[test]
    fn codes_of_accounts_and_marks_of_browsers_are_of_one_person() {
        let master = MasterKey::from_bytes([1; 32]);
        let code = |user, facts| account_code(&master, Ulid::from_parts(1, user), facts);
        assert_eq!(code(1, "x"), code(1, "x"));
        assert_eq!(AccountCode::parse(code(1, "x").expose()), Some(code(1, "x")));
        assert_ne!(code(1, "x").secret(), code(1, "y").secret());
        assert_ne!(code(1, "x").secret(), code(2, "x").secret());
        assert_ne!(
            known_browser(&master, "usr_1", "a"),
            known_browser(&master, "usr_2", "a")
        );
        assert_ne!(
            known_browser(&master, "usr_1", "a"),
            known_browser(&master, "usr_1", "b")
        );
    }
}
