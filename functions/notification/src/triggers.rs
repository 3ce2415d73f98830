//! The two ways in. Each message is tried in parallel with the others: one slow receiver delays nobody else.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use lambda_runtime::Error;
use shared::ctx::Ctx;
use shared::domain::delivery::DeliveryKey;
use shared::queue::{DeliveryHint, Hint};
use shared::runtime::Swept;
use shared::store::Due;

use crate::deliver::{Delivered, LIST, deliver};

/// Messages tried at once in one invocation.
const AT_ONCE_MAX: usize = 64;
/// The sweep hints what is due within this of now: until the next sweep, and a little more.
const SWEEP_AHEAD_SECONDS: i64 = 75;

/// Woken by a hint.
///
/// # Errors
/// Never as a whole: a message that fails is named in the answer and received again.
pub async fn handle_queue(event: SqsEvent, ctx: Ctx) -> Result<SqsBatchResponse, Error> {
    let ctx = &ctx;
    let mut response = SqsBatchResponse::default();
    let handled = stream::iter(event.records).map(|message| async move {
        let id = message.message_id.unwrap_or_default();
        (id, by_hint(ctx, message.body.as_deref().unwrap_or("")).await)
    });
    let mut handled = handled.buffer_unordered(AT_ONCE_MAX);
    while let Some((message_id, result)) = handled.next().await {
        if let Err(error) = result {
            tracing::warn!(error = &*error, "a hint was not followed");
            response.add_failure(message_id);
        }
    }
    Ok(response)
}

async fn by_hint(ctx: &Ctx, body: &str) -> Result<(), Error> {
    // One that cannot be read fails until it ends in the dead-letter queue, where somebody can see it.
    let hint: Hint<DeliveryHint> = serde_json::from_str(body)?;
    let key = hint.what.key()?;
    // Early, by a clock or a rounded delay: the queue is told again. When somebody else has it, they tell the queue.
    if let Delivered::NotYet(due) = deliver(ctx, &key).await?
        && hint.due >= due
    {
        ctx.queues
            .notification
            .hint([Hint { what: hint.what, due }], ctx.clock.now())
            .await;
    }
    Ok(())
}

/// Woken every minute: tries what is overdue itself, and hints what is due before the next sweep.
///
/// # Errors
/// When the due lists cannot be read, or anything overdue could not be tried; all of it was begun.
pub async fn handle_sweep(_: EventBridgeEvent<serde_json::Value>, ctx: Ctx) -> Result<Swept, Error> {
    let now = ctx.clock.now();
    let ahead = now + SignedDuration::from_secs(SWEEP_AHEAD_SECONDS);
    let due = ctx.store.due::<DeliveryKey>(ahead).await?;
    let (overdue, soon): (Vec<Due<DeliveryKey>>, Vec<_>) = due.into_iter().partition(|due| due.at <= now);
    let hints: Vec<_> = soon
        .iter()
        .map(|due| Hint {
            what: DeliveryHint::from(&due.what),
            due: due.at,
        })
        .collect();
    let (found, hinted) = (overdue.len(), hints.len());
    let lateness_ms = overdue.first().map(|due| now.duration_since(due.at).as_millis() as i64);
    ctx.queues.notification.hint(hints, now).await;
    let ctx = &ctx;
    let tried = stream::iter(overdue).map(|due| async move { deliver(ctx, &due.what).await });
    let mut tried = tried.buffer_unordered(AT_ONCE_MAX);
    let mut failed = 0;
    while let Some(result) = tried.next().await {
        if let Err(error) = result {
            tracing::warn!(%error, "an overdue message was not tried");
            failed += 1;
        }
    }
    Swept {
        found,
        hinted,
        failed,
        lateness_ms,
    }
    .report(LIST)
}
