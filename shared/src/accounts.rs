//! Letting people into their accounts by a link: asking for one, opening it, and choosing a password behind it.
//!
//! A link is a row that says when it was asked for, and a message that is delivered as all messages are; both are
//! written at once. Its code is derived from the master key and from what the account is at the moment
//! ([`AccountLink::facts`]), so that a password or an address that changes, wherever that happens, ends every link that
//! was sent before. What is absent: a row to use up. Choosing a password is the one write, over the version of the
//! account that was read.

use jiff::Timestamp;

use crate::ctx::Ctx;
use crate::domain::account::{AccountLink, LinkPurpose};
use crate::domain::delivery::{Delivery, DeliveryKey, Part, Recipient, Subject};
use crate::domain::id::{ContactId, UserId};
use crate::domain::people::{Medium, User};
use crate::domain::principal::Principal;
use crate::queue::{DeliveryHint, Hint};
use crate::secret::{AccountCode, MasterKey, PasswordRefused, account_code, equal, hash_password};
use crate::store::{Applied, Change, StoreError, Versioned};

/// Whom a link is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Whose account it is.
    pub user_id: UserId,
    /// The account's own address.
    pub email: String,
    /// The language they are addressed in.
    pub locale: String,
    /// Their time zone.
    pub time_zone: String,
}

impl From<&User> for Addressee {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id,
            email: user.email.clone(),
            locale: user.locale.clone(),
            time_zone: user.time_zone.clone(),
        }
    }
}

/// Sends a link. The one of the same purpose before it ends.
///
/// # Errors
/// When the table does not answer.
pub async fn send_link(
    ctx: &Ctx,
    to: Addressee,
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<AccountLink, StoreError> {
    let link = AccountLink {
        user_id: to.user_id,
        purpose,
        asked_at: now,
    };
    let key = DeliveryKey {
        subject: Subject::Account(to.user_id),
        epoch: 0,
        cycle: 0,
        step: 0,
        to: Recipient::Person(to.user_id, ContactId(to.user_id.0)),
        part: Part::Account(purpose, now.as_millisecond()),
    };
    let person = (to.locale.as_str(), to.time_zone.as_str());
    let delivery = Delivery::new(key, Medium::Email, to.email, person, now, now);
    ctx.store.add_account_link(&link, &delivery).await?;
    let hint = Hint {
        what: DeliveryHint::from(&key),
        due: now,
    };
    ctx.queues.notification.hint([hint], now).await;
    Ok(link)
}

/// The link that a message to an account carries; none when it is not wanted any more: a newer one was asked for, the
/// account has another address by now, or there is no such account.
///
/// # Errors
/// When the table does not answer, or a row cannot be read.
pub async fn link_to_send(ctx: &Ctx, delivery: &Delivery, now: Timestamp) -> Result<Option<String>, StoreError> {
    let (Subject::Account(id), Part::Account(purpose, asked_ms)) = (delivery.key.subject, delivery.key.part) else {
        return Ok(None);
    };
    let link = ctx.store.account_link(id, purpose).await?;
    let Some(link) = link.filter(|link| link.asked_at.as_millisecond() == asked_ms && link.is_live(now)) else {
        return Ok(None);
    };
    let user = ctx.store.load::<User>(id).await?.map(|user| user.value);
    let user = user.filter(|user| user.email == delivery.address);
    Ok(user.map(|user| {
        ctx.url(&format!(
            "{}{}",
            purpose.path(),
            code(ctx.master(), &user, &link).expose()
        ))
    }))
}

/// Whose account the code of a link opens at `now`. Opening changes nothing: what reads mail for viruses looks at
/// links.
///
/// # Errors
/// When the table does not answer, or a row cannot be read.
pub async fn opened_by(
    ctx: &Ctx,
    text: &str,
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<Option<Versioned<User>>, StoreError> {
    let Some(given) = AccountCode::parse(text) else {
        return Ok(None);
    };
    let Ok(id) = format!("{}_{}", UserId::PREFIX, given.id()).parse::<UserId>() else {
        return Ok(None);
    };
    let link = ctx.store.account_link(id, purpose).await?;
    let Some(link) = link.filter(|link| link.is_live(now)) else {
        return Ok(None);
    };
    let fits = |user: &Versioned<User>| {
        let right = code(ctx.master(), &user.value, &link);
        equal(right.expose().as_bytes(), given.expose().as_bytes())
    };
    Ok(ctx.store.load::<User>(id).await?.filter(fits))
}

fn code(master: &MasterKey, user: &User, link: &AccountLink) -> AccountCode {
    account_code(master, user.id.0, &link.facts(user))
}

/// Why a password was not set.
#[derive(Debug, thiserror::Error)]
pub enum NotSet {
    /// It cannot be hashed.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives an account a password, and ends all its sessions and links. None: the account changed since it was read.
///
/// # Errors
/// When the table does not answer, or the password has no characters or too many.
pub async fn set_password(
    ctx: &Ctx,
    before: &Versioned<User>,
    password: &str,
    now: Timestamp,
) -> Result<Option<User>, NotSet> {
    let user = User {
        password_hash: Some(hash_password(password, ctx.random.bytes())?),
        ..before.value.clone()
    };
    Ok(sign_out(ctx, before, user, now).await?)
}

/// Ends all sessions of an account. None: it changed since it was read.
///
/// # Errors
/// When the table does not answer.
pub async fn sign_out_everywhere(
    ctx: &Ctx,
    before: &Versioned<User>,
    now: Timestamp,
) -> Result<Option<User>, StoreError> {
    sign_out(ctx, before, before.value.clone(), now).await
}

/// Writes `user` over `before`, by themselves. Sessions that began before `now` have ended then, listed or not.
async fn sign_out(ctx: &Ctx, before: &Versioned<User>, user: User, now: Timestamp) -> Result<Option<User>, StoreError> {
    let user = User {
        signed_out_at: Some(now),
        ..user
    };
    let by = Principal::of(&user, None).actor();
    let change = Change { by: &by, at: now };
    let applied = ctx.store.replace(before, &user, &[], &change).await?;
    Ok((applied == Applied::Done).then_some(user))
}
