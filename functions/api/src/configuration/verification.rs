//! Showing that a contact reaches its owner: a code goes to the contact, and comes back.
//!
//! The code is derived from the master key, the contact and the millisecond it was asked for, and kept nowhere. The row
//! says when that was and how many wrong codes came since; each wrong one is written before it is answered, over the
//! version it was judged by, so that five are five however many are sent at once.

use crate::openapi::Routes;
use crate::openapi::routes;
use jiff::Timestamp;
use serde::Deserialize;
use shared::domain::delivery::{Delivery, DeliveryKey, Part, Recipient, Subject};
use shared::domain::id::ContactId;
use shared::domain::people::{Contact, User, Verification};
use shared::domain::time::after_seconds;
use shared::queue::{DeliveryHint, Hint};
use shared::secret::{MasterKey, equal, verification_code};
use shared::store::Versioned;
use shared::web::{Id, JsonBody, Problem};
use utoipa::ToSchema;

use super::caller::Caller;
use super::contacts::{self, ContactView, may_set, of, owner, with};
use super::etag::Tagged;
use super::resource::{Plan, edit};

/// How long a code works.
const CODE_SECONDS: i64 = 600;
/// Wrong codes after which a code works no more.
const WRONG_CODES_MAX: u32 = 5;
/// Least time between two codes to one contact.
const BETWEEN_CODES_SECONDS: i64 = 60;
/// Digits of a code.
const CODE_DIGITS: usize = 6;

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(verify_contact))
        .routes(routes!(confirm_contact))
}

/// The contact at another address: it is to be verified again. The code that went to the old address works no more, but
/// the wait until the next one goes on.
pub fn readdressed(contact: &Contact, address: String) -> Contact {
    let over = |asked: Verification| Verification {
        wrong_codes: WRONG_CODES_MAX,
        ..asked
    };
    Contact {
        address,
        verified_at: None,
        verification: contact.verification.clone().map(over),
        ..contact.clone()
    }
}

/// Send a six-digit code to a contact
///
/// At most one a minute. A contact that is verified already is answered as it is.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/verify", tag = "Contacts", params(("id" = ContactId, Path)),
    responses((status = 200, body = ContactView), (status = 429, body = Problem,
        content_type = "application/problem+json", description = "Too often; `Retry-After` says when to try again.")))]
async fn verify_contact(caller: Caller, Id(id): Id<ContactId>) -> Result<Tagged<ContactView>, Problem> {
    verify(&caller, id).await
}

async fn verify(caller: &Caller, id: ContactId) -> Result<Tagged<ContactView>, Problem> {
    let now = caller.now();
    let user = owner(caller, id).await?;
    let after = edit(caller, user, |before: Versioned<User>| async move {
        let contact = of(&before.value, id)?;
        may_set(caller, &before.value)?;
        let asked = asked(contact, now)?;
        let after = with(&before.value, asked);
        Ok(Plan::over(before, after).called("contact_code_sent"))
    });
    let after = after.await?;
    if of(&after.value, id)?
        .verification
        .as_ref()
        .is_some_and(|asked| asked.sent_at == now)
    {
        send(caller, &after.value, of(&after.value, id)?, now).await?;
    }
    contacts::view(after, id)
}

/// The contact with a code under way, or as it is if it needs none. 429 within a minute of the last.
fn asked(contact: &Contact, now: Timestamp) -> Result<Contact, Problem> {
    if contact.verified_at.is_some() {
        return Ok(contact.clone());
    }
    if let Some(last) = &contact.verification {
        let next = after_seconds(last.sent_at, BETWEEN_CODES_SECONDS);
        let wait_ms = next.as_millisecond() - now.as_millisecond();
        if wait_ms > 0 {
            return Err(Problem::too_many(
                u32::try_from((wait_ms + 999) / 1_000).unwrap_or(u32::MAX),
            ));
        }
    }
    Ok(Contact {
        verification: Some(Verification {
            sent_at: now,
            wrong_codes: 0,
        }),
        ..contact.clone()
    })
}

/// Writes the message with the code. The sender derives the code from the millisecond in its name.
async fn send(caller: &Caller, user: &User, contact: &Contact, now: Timestamp) -> Result<(), Problem> {
    let key = DeliveryKey {
        subject: Subject::Contact(contact.id),
        epoch: 0,
        cycle: 0,
        step: 0,
        to: Recipient::Person(user.id, contact.id),
        part: Part::Verification(now.as_millisecond()),
    };
    let person = (user.locale.as_str(), user.time_zone.as_str());
    caller
        .store()
        .add_delivery(&Delivery::new(
            key,
            contact.kind,
            contact.address.clone(),
            person,
            now,
            now,
        ))
        .await?;
    caller
        .ctx
        .queues
        .notification
        .hint(
            [Hint {
                what: DeliveryHint::from(&key),
                due: now,
            }],
            now,
        )
        .await;
    Ok(())
}

/// A code that came back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    /// The six digits.
    #[schema(pattern = "^[0-9]{6}$", example = "493817")]
    code: String,
}

/// Confirm the code that a contact received
///
/// It works for ten minutes and until five wrong ones came. A contact that is verified already is answered as it is.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/confirm", tag = "Contacts", params(("id" = ContactId, Path)),
    request_body = Confirmation, responses((status = 200, body = ContactView)))]
async fn confirm_contact(
    caller: Caller,
    Id(id): Id<ContactId>,
    JsonBody(confirmation): JsonBody<Confirmation>,
) -> Result<Tagged<ContactView>, Problem> {
    confirm(&caller, id, &confirmation.code).await
}

async fn confirm(caller: &Caller, id: ContactId, code: &str) -> Result<Tagged<ContactView>, Problem> {
    let user = owner(caller, id).await?;
    let after = edit(caller, user, |before: Versioned<User>| async move {
        let contact = of(&before.value, id)?;
        may_set(caller, &before.value)?;
        let judged = judged(contact, code, caller.ctx.master(), caller.now()).map_err(|why| refused(&why))?;
        let action = match judged.verified_at {
            Some(_) => "contact_verified",
            None => "contact_code_wrong",
        };
        let after = with(&before.value, judged);
        Ok(Plan::over(before, after).called(action))
    });
    let after = after.await?;
    // A wrong code was counted, and the contact is as unverified as before.
    match &of(&after.value, id)?.verified_at {
        None => Err(refused("is wrong")),
        Some(_) => contacts::view(after, id),
    }
}

fn refused(why: &str) -> Problem {
    Problem::invalid_field("code", why)
}

/// The contact after this code came: verified, or with one wrong code more. An error is why no code can be judged.
fn judged(contact: &Contact, code: &str, master: &MasterKey, now: Timestamp) -> Result<Contact, String> {
    if code.len() != CODE_DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("must be {CODE_DIGITS} digits"));
    }
    if contact.verified_at.is_some() {
        return Ok(contact.clone());
    }
    let asked = contact
        .verification
        .as_ref()
        .ok_or("was not asked for yet; ask for one")?;
    if now >= after_seconds(asked.sent_at, CODE_SECONDS) {
        return Err(format!("is older than {} minutes; ask for another", CODE_SECONDS / 60));
    }
    if asked.wrong_codes >= WRONG_CODES_MAX {
        return Err("works no more; ask for another".to_owned());
    }
    let right = verification_code(master, &contact.id.to_string(), asked.sent_at.as_millisecond());
    Ok(if equal(right.as_bytes(), code.as_bytes()) {
        Contact {
            verified_at: Some(now),
            verification: None,
            ..contact.clone()
        }
    } else {
        let counted = Verification {
            wrong_codes: asked.wrong_codes + 1,
            ..asked.clone()
        };
        Contact {
            verification: Some(counted),
            ..contact.clone()
        }
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use shared::domain::people::Medium;

    use super::*;

    const MASTER: MasterKey = MasterKey::from_bytes([7; 32]);

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn contact() -> Contact {
        let (id, address) = (ulid::Ulid::from_parts(1, 1).into(), "+12025550143".to_owned());
        Contact {
            id,
            kind: Medium::Sms,
            address,
            verified_at: None,
            verification: None,
        }
    }

    fn right_code(contact: &Contact) -> String {
        let sent_at = contact.verification.as_ref().unwrap().sent_at;
        verification_code(&MASTER, &contact.id.to_string(), sent_at.as_millisecond())
    }

    fn wrong_code(contact: &Contact) -> String {
        let other = if right_code(contact) == "000000" {
            "000001"
        } else {
            "000000"
        };
        other.to_owned()
    }

    #[test]
    fn the_right_code_in_time_verifies() {
        let asked = asked(&contact(), now()).unwrap();
        let in_time = now() + SignedDuration::from_millis(599_999);
        let verified = judged(&asked, &right_code(&asked), &MASTER, in_time).unwrap();
        assert_eq!((verified.verified_at, &verified.verification), (Some(in_time), &None));
        // Once more, or with any other, changes nothing.
        assert_eq!(judged(&verified, "000000", &MASTER, in_time), Ok(verified));
    }

    #[test]
    fn a_code_ends_after_ten_minutes_or_five_wrong_ones() {
        let mut asked = asked(&contact(), now()).unwrap();
        let right = right_code(&asked);
        assert!(judged(&asked, &right, &MASTER, now() + SignedDuration::from_secs(600)).is_err());
        for wrong in 1..=5 {
            asked = judged(&asked, &wrong_code(&asked), &MASTER, now()).unwrap();
            assert_eq!(asked.verification.as_ref().unwrap().wrong_codes, wrong);
        }
        assert!(judged(&asked, &right, &MASTER, now()).is_err());
    }

    #[test]
    fn what_is_no_code_is_not_counted() {
        let asked = asked(&contact(), now()).unwrap();
        for malformed in ["", "12345", "1234567", "12345x", "１２３４５６"] {
            assert!(judged(&asked, malformed, &MASTER, now()).is_err());
        }
        assert!(judged(&contact(), "123456", &MASTER, now()).is_err());
    }

    #[test]
    fn one_code_a_minute() {
        let first = asked(&contact(), now()).unwrap();
        let too_soon = asked(&first, now() + SignedDuration::from_millis(59_001)).unwrap_err();
        assert_eq!((too_soon.status, too_soon.retry_after), (429, Some(1)));
        let second = asked(&first, now() + SignedDuration::from_secs(60)).unwrap();
        assert_ne!(right_code(&first), right_code(&second));
        assert_eq!(second.verification.unwrap().wrong_codes, 0);
    }

    #[test]
    fn a_changed_address_is_unverified_and_the_old_code_is_over() {
        let asked_once = asked(&contact(), now()).unwrap();
        let moved = readdressed(&asked_once, "+12025550199".into());
        assert!(judged(&moved, &right_code(&asked_once), &MASTER, now()).is_err());
        assert_eq!(
            asked(&moved, now() + SignedDuration::from_secs(10)).unwrap_err().status,
            429
        );
        let verified = Contact {
            verified_at: Some(now()),
            ..contact()
        };
        assert_eq!(readdressed(&verified, "+12025550199".into()).verified_at, None);
    }
}
