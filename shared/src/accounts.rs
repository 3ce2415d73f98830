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
use crate::domain::principal::{Principal, Token};
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

/// Sends a link. The one of the same purpose before it ends. Who asked for it, if anybody who is known did, is in the
/// audit log.
///
/// # Errors
/// When the table does not answer.
pub async fn send_link(
    ctx: &Ctx,
    to: Addressee,
    purpose: LinkPurpose,
    now: Timestamp,
    by: Option<&Change<'_>>,
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
    ctx.store.add_account_link(&link, &delivery, by).await?;
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

/// How all sessions of an account are ended by whoever it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct SignOut<'a> {
    /// What it is called in the audit log.
    pub action: &'static str,
    /// Whether the account's API tokens end, too.
    pub with_tokens: bool,
    /// Where it is asked for from.
    pub address: &'a str,
    /// When: sessions, and tokens, that began before have ended then, listed or not.
    pub now: Timestamp,
}

/// Gives an account a password, and ends all its sessions and links. None: the account changed since it was read.
///
/// Its API tokens go on, if nothing else is said: scripts that page people must not fall silent because somebody forgot a
/// password. Whoever chooses a password is told of them, and may end them with it.
///
/// # Errors
/// When the table does not answer, or the password has no characters or too many.
pub async fn set_password(
    ctx: &Ctx,
    before: &Versioned<User>,
    password: &str,
    how: SignOut<'_>,
) -> Result<Option<User>, NotSet> {
    let user = User {
        password_hash: Some(hash_password(password, ctx.random.bytes())?),
        ..before.value.clone()
    };
    Ok(sign_out(ctx, before, user, how).await?)
}

/// Ends all sessions of an account. None: it changed since it was read.
///
/// # Errors
/// When the table does not answer.
pub async fn sign_out_everywhere(
    ctx: &Ctx,
    before: &Versioned<User>,
    how: SignOut<'_>,
) -> Result<Option<User>, StoreError> {
    sign_out(ctx, before, before.value.clone(), how).await
}

/// Writes `user` over `before`, by themselves.
async fn sign_out(
    ctx: &Ctx,
    before: &Versioned<User>,
    user: User,
    how: SignOut<'_>,
) -> Result<Option<User>, StoreError> {
    let user = User {
        signed_out_at: Some(how.now),
        tokens_ended_at: if how.with_tokens {
            Some(how.now)
        } else {
            user.tokens_ended_at
        },
        ..user
    };
    let by = Principal::of(&user, None).actor();
    let change = Change::new(&by, how.now).from(how.address);
    let applied = ctx
        .store
        .replace(before, &user, &[], &change.clone().called(how.action))
        .await?;
    if applied != Applied::Done {
        return Ok(None);
    }
    // They work no more already; what is left of them is not worth an error.
    if how.with_tokens
        && let Err(error) = remove_tokens(ctx, user.id, &change).await
    {
        tracing::warn!(%error, user_id = %user.id, "tokens that have ended are still listed");
    }
    Ok(Some(user))
}

/// The tokens that act for an account at `now`, newest first.
///
/// # Errors
/// When the table does not answer.
pub async fn tokens_of(ctx: &Ctx, user: &User, now: Timestamp) -> Result<Vec<Versioned<Token>>, StoreError> {
    let mut all = ctx.store.list_all_versioned::<Token>().await?;
    all.retain(|token| token.value.is_of(user, now));
    Ok(all)
}

/// Removes the tokens of somebody that were made until `change`: they work no more.
///
/// # Errors
/// When the table does not answer.
pub async fn remove_tokens(ctx: &Ctx, user: UserId, change: &Change<'_>) -> Result<(), StoreError> {
    let all = ctx.store.list_all_versioned::<Token>().await?;
    let theirs = |token: &Versioned<Token>| token.value.user_id == user && token.value.created_at <= change.at;
    for token in all.into_iter().filter(theirs) {
        if ctx.store.remove(&token, &[], change).await? == Applied::Changed {
            tracing::info!(token_id = %token.value.id, "a token was taken back by somebody else");
        }
    }
    Ok(())
}
