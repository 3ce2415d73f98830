//! One try of one delivery.

use jiff::{SignedDuration, Timestamp};
use shared::accounts;
use shared::ctx::Ctx;
use shared::domain::delivery::{Attempt, Delivery, DeliveryKey, DeliveryState, Subject};
use shared::domain::limits;
use shared::metrics;
use shared::queue::{DeliveryHint, Hint};
use shared::store::{Claim, StoreError};
use tracing::Instrument;

use crate::send::{self, Matter};

/// What metrics call the due list of deliveries.
pub const LIST: &str = "deliveries";

/// What came of a delivery that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It was tried; where it stands now, and when it is tried again.
    Tried(DeliveryState, Option<Timestamp>),
    /// It is not due before then, or another worker has it until then.
    NotYet(Timestamp),
    /// There is nothing to do about it, or somebody else took over.
    Nothing,
}

/// Tries a delivery if it is due and nobody else has it.
///
/// # Errors
/// When the table does not answer: the row stays due, or falls due when its lease ends.
pub async fn deliver(ctx: &Ctx, key: &DeliveryKey) -> Result<Delivered, StoreError> {
    let now = ctx.clock.now();
    let claimed = match ctx.store.claim(key, now).await? {
        Claim::Claimed(delivery) => *delivery,
        Claim::NotYet(due) => return Ok(Delivered::NotYet(due)),
        Claim::Over => return Ok(Delivered::Nothing),
        Claim::Stuck(delivery) => return stuck(ctx, *delivery, now).await,
    };
    let span = tracing::info_span!(
        "delivery",
        correlation_id = claimed.correlation_id.map(tracing::field::display),
        delivery_id = key.public_id(),
        subject = %key.subject,
    );
    attempt(ctx, claimed).instrument(span).await
}

async fn attempt(ctx: &Ctx, claimed: Delivery) -> Result<Delivered, StoreError> {
    let lease = claimed.lease.clone().unwrap_or_default();
    let (outcome, opened_at) = checked_send(ctx, &claimed).await?;
    let now = ctx.clock.now();
    log(&claimed, &outcome);
    if let (Attempt::Sent { .. }, Some(opened_at)) = (&outcome, opened_at) {
        metrics::first_delivery(now.duration_since(opened_at).as_millis() as i64);
    }
    let key = claimed.key;
    let word = outcome.as_str();
    let recorded = claimed.record(outcome, now);
    metrics::delivery(
        recorded.medium.as_str(),
        if recorded.state.is_final_failure() {
            "failed"
        } else {
            word
        },
    );
    if !ctx.store.record(&recorded, &lease, now).await? {
        tracing::warn!("the lease had ended before the outcome was recorded; whoever has it now decides");
        return Ok(Delivered::Nothing);
    }
    if let Some(due) = recorded.due_at {
        ctx.queues
            .notification
            .hint(
                [Hint {
                    what: DeliveryHint::from(&key),
                    due,
                }],
                now,
            )
            .await;
    }
    Ok(Delivered::Tried(recorded.state, recorded.due_at))
}

/// Checks, then sends within two seconds of the check, or checks again: no attempt passes its check after an
/// acknowledge was answered. Of a page that asks at once when its incident opens, also when that was.
async fn checked_send(ctx: &Ctx, delivery: &Delivery) -> Result<(Attempt, Option<Timestamp>), StoreError> {
    let route = send::route(ctx, delivery).await?;
    loop {
        let checked_at = ctx.clock.now();
        let Some(matter) = matter(ctx, delivery, checked_at).await? else {
            return Ok((Attempt::Superseded, None));
        };
        let now = ctx.clock.now();
        if now.duration_since(checked_at) <= SignedDuration::from_secs(limits::CHECK_FRESH_SECONDS) {
            let opened_at = matter
                .incident()
                .filter(|_| delivery.is_first_page())
                .map(|incident| incident.created_at);
            return Ok((send::send(ctx, delivery, route, &matter, now).await?, opened_at));
        }
    }
}

/// What a delivery is about, as it stands now; none when the delivery is no longer wanted.
async fn matter(ctx: &Ctx, delivery: &Delivery, now: Timestamp) -> Result<Option<Matter>, StoreError> {
    Ok(match delivery.key.subject {
        Subject::Contact(_) | Subject::Channel(_) => Some(Matter::Contact),
        Subject::Account(_) => accounts::link_to_send(ctx, delivery, now)
            .await?
            .map(|url| Matter::Account { url }),
        Subject::Incident(id) => {
            let incident = ctx.store.incident(id).await?.map(|incident| incident.value);
            let wanted = incident.filter(|incident| delivery.is_wanted(incident));
            wanted.map(|incident| Matter::Incident(Box::new(incident)))
        }
    })
}

async fn stuck(ctx: &Ctx, delivery: Delivery, now: Timestamp) -> Result<Delivered, StoreError> {
    let id = delivery.key.public_id();
    let stuck = delivery.stuck();
    if !ctx.store.record_stuck(&stuck, now).await? {
        return Ok(Delivered::Nothing);
    }
    tracing::error!(
        correlation_id = stuck.correlation_id.map(tracing::field::display),
        delivery_id = id,
        alarm = "a delivery is stuck",
        "five tries began and none reported what came of it"
    );
    metrics::stuck(LIST);
    metrics::delivery(stuck.medium.as_str(), "stuck");
    Ok(Delivered::Tried(DeliveryState::Stuck, None))
}

fn log(delivery: &Delivery, outcome: &Attempt) {
    let medium = tracing::field::debug(delivery.medium);
    match outcome {
        Attempt::Sent { .. } => tracing::info!(medium, "sent"),
        Attempt::Superseded => tracing::info!(medium, "superseded"),
        Attempt::Transient(reason) | Attempt::Throttled(_, reason) => {
            tracing::warn!(medium, reason, "to be tried again")
        }
        Attempt::Permanent(reason) => tracing::error!(medium, reason, "failed for good"),
    }
}
