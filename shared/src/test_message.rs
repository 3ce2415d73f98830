//! Test messages: through one channel, or to one contact, by the very way that pages take. What came of one is in its row.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ctx::Ctx;
use crate::domain::delivery::{Delivery, DeliveryKey, DeliveryState, Part, Recipient, Subject};
use crate::domain::people::{Channel, Contact, User};
use crate::queue::{DeliveryHint, Hint};
use crate::store::{Rate, StoreError, Tried};
use crate::web::Problem;

/// Tests of one channel or contact: some of these cost money, and wake people.
const TESTS: Rate = Rate {
    at_once: 3,
    interval_seconds: 60,
};

/// Tests that are shown: the newest.
const SHOWN_MAX: usize = 10;

/// A test message, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TestMessage)]
pub struct TestView {
    /// Its id, the same at every try.
    pub id: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// Where it stands. `sent` means that the provider, or the receiver of a webhook, took it.
    pub state: DeliveryState,
    /// Why it failed, or waits for another try.
    pub reason: Option<String>,
    /// When the provider took it.
    pub sent_at: Option<Timestamp>,
    /// Tries that were begun.
    pub attempts: u32,
}

impl From<Delivery> for TestView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.key.public_id(),
            at: delivery.created_at,
            state: delivery.state,
            reason: delivery.reason,
            sent_at: delivery.sent_at,
            attempts: delivery.attempts,
        }
    }
}

/// Sends one through a channel.
///
/// # Errors
/// 429: three at once, then one a minute; when the table does not answer.
pub async fn to_channel(ctx: &Ctx, channel: &Channel, now: Timestamp) -> Result<TestView, Problem> {
    let (subject, to) = (Subject::Channel(channel.id), Recipient::Place(channel.id));
    // Where to is read when it is sent.
    let delivery = |key| Delivery::new(key, channel.kind, String::new(), ("en", "UTC"), now, now);
    send(ctx, subject, to, delivery, now).await
}

/// Sends one to a contact of a person.
///
/// # Errors
/// 409 while the contact is not verified; 429: three at once, then one a minute; when the table does not answer.
pub async fn to_contact(ctx: &Ctx, user: &User, contact: &Contact, now: Timestamp) -> Result<TestView, Problem> {
    if contact.verified_at.is_none() {
        let detail = "This contact is not verified: nothing but its code is sent to it.";
        return Err(Problem::conflict("not_verified", detail));
    }
    let (subject, to) = (Subject::Contact(contact.id), Recipient::Person(user.id, contact.id));
    let person = (user.locale.as_str(), user.time_zone.as_str());
    let delivery = |key| Delivery::new(key, contact.kind, contact.address.clone(), person, now, now);
    send(ctx, subject, to, delivery, now).await
}

async fn send(
    ctx: &Ctx,
    subject: Subject,
    to: Recipient,
    delivery: impl FnOnce(DeliveryKey) -> Delivery,
    now: Timestamp,
) -> Result<TestView, Problem> {
    if let Tried::WaitSeconds(seconds) = ctx.store.attempt(&format!("test/{subject}"), TESTS, now).await? {
        return Err(Problem::too_many(seconds));
    }
    let key = DeliveryKey {
        subject,
        epoch: 0,
        cycle: 0,
        step: 0,
        to,
        part: Part::Test(now.as_millisecond()),
    };
    let delivery = delivery(key);
    ctx.store.add_delivery(&delivery).await?;
    let hint = Hint {
        what: DeliveryHint::from(&key),
        due: now,
    };
    ctx.queues.notification.hint([hint], now).await;
    tracing::info!(%subject, delivery_id = key.public_id(), "a test message was asked for");
    Ok(delivery.into())
}

/// The newest tests of a channel or a contact, newest first: of the last seven days.
///
/// # Errors
/// When the table does not answer, or a row cannot be read.
pub async fn newest(ctx: &Ctx, subject: Subject) -> Result<Vec<TestView>, StoreError> {
    let mut all = ctx.store.all_deliveries(subject).await?;
    all.retain(|delivery| matches!(delivery.key.part, Part::Test(_)));
    all.sort_by_key(|delivery| std::cmp::Reverse(delivery.created_at));
    all.truncate(SHOWN_MAX);
    Ok(all.into_iter().map(TestView::from).collect())
}
