//! The three ways in. Each reads its event, calls [`advance`] for every incident it names, and answers which of them
//! are to be tried again.

use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Error;
use shared::ctx::Ctx;
use shared::domain::id::IncidentId;
use shared::queue::{Hint, IncidentHint};
use shared::runtime::Swept;
use shared::store::keys;
use shared::store::{Due, StoreError};

use crate::advance::{Advanced, LIST, advance};

/// Incidents handled at once in one invocation.
const AT_ONCE_MAX: usize = 16;
/// The sweep hints what is due within this of now: until the next sweep, and a little more.
const SWEEP_AHEAD_SECONDS: i64 = 75;
/// Incidents whose due time is this near are advanced by whoever looks first: clocks may differ by a second.
const NEAR: SignedDuration = SignedDuration::from_secs(1);

/// Woken by the table's stream: an incident was written. A fast path only; the sweep covers all of it.
///
/// # Errors
/// When an incident could not be advanced: the stream's batch is tried again, in halves.
pub async fn handle_stream(event: StreamEvent, ctx: Ctx) -> Result<DynamoDbEventResponse, Error> {
    let now = ctx.clock.now();
    let mut ids: Vec<IncidentId> = event
        .records
        .iter()
        .filter_map(|record| due_incident(record, now))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    for (id, result) in advance_all(&ctx, ids, now).await {
        if let Err(error) = result {
            tracing::warn!(incident_id = %id, %error, "an incident was not advanced from the stream");
            return Err(error.into());
        }
    }
    Ok(DynamoDbEventResponse::default())
}

/// The incident of a record, if it is due now. What is due later was hinted by whoever wrote it.
fn due_incident(record: &EventRecord, now: Timestamp) -> Option<IncidentId> {
    let image = &record.change.new_image;
    let text = |name: &str| match image.get(name) {
        Some(shared::runtime::AttributeValue::S(text)) => Some(text.as_str()),
        _ => None,
    };
    let (due, _) = keys::parse_due(text("sk2")?)?;
    (due <= now + NEAR).then(|| keys::parse_incident(text("pk")?))?
}

/// Woken by a hint.
///
/// # Errors
/// Never as a whole: a message that fails is named in the answer and received again.
pub async fn handle_queue(event: SqsEvent, ctx: Ctx) -> Result<SqsBatchResponse, Error> {
    let now = ctx.clock.now();
    let mut response = SqsBatchResponse::default();
    let ctx = &ctx;
    let handled = stream::iter(event.records).map(|message| async move {
        let id = message.message_id.unwrap_or_default();
        (id, by_hint(ctx, message.body.as_deref().unwrap_or(""), now).await)
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

async fn by_hint(ctx: &Ctx, body: &str, now: Timestamp) -> Result<(), Error> {
    // One that cannot be read fails until it ends in the dead-letter queue, where somebody can see it.
    let hint: Hint<IncidentHint> = serde_json::from_str(body)?;
    let id = hint.what.incident_id;
    match advance(ctx, id, now).await? {
        // Early, by a clock or a rounded delay: the queue is told again.
        Advanced::Waits(Some(due)) if hint.due >= due => {
            ctx.queues
                .escalation
                .hint(
                    [Hint {
                        what: IncidentHint { incident_id: id },
                        due,
                    }],
                    now,
                )
                .await;
        }
        Advanced::Waits(_) | Advanced::Planned(_) => {}
    }
    Ok(())
}

/// Woken every minute: does what is overdue itself, and hints what is due before the next sweep.
///
/// # Errors
/// When the due lists cannot be read, or anything overdue could not be done; all of it was tried.
pub async fn handle_sweep(_: EventBridgeEvent<serde_json::Value>, ctx: Ctx) -> Result<Swept, Error> {
    let now = ctx.clock.now();
    let ahead = now + SignedDuration::from_secs(SWEEP_AHEAD_SECONDS);
    let due = ctx.store.due::<IncidentId>(ahead).await?;
    let (overdue, soon): (Vec<Due<IncidentId>>, Vec<_>) = due.into_iter().partition(|due| due.at <= now);
    let worst = overdue.first().map(|due| now.duration_since(due.at));
    let hints = soon.into_iter().map(|due| Hint {
        what: IncidentHint { incident_id: due.what },
        due: due.at,
    });
    let hints: Vec<_> = hints.collect();
    let hinted = hints.len();
    ctx.queues.escalation.hint(hints, now).await;
    let found = overdue.len();
    let results = advance_all(&ctx, overdue.into_iter().map(|due| due.what).collect(), now).await;
    let failed = results.iter().filter(|(_, result)| result.is_err()).count();
    Swept {
        found,
        hinted,
        failed,
        lateness_ms: worst.map(|worst| worst.as_millis() as i64),
    }
    .report(LIST)
}

async fn advance_all(
    ctx: &Ctx,
    ids: Vec<IncidentId>,
    now: Timestamp,
) -> Vec<(IncidentId, Result<Advanced, StoreError>)> {
    let all = stream::iter(ids).map(|id| async move { (id, advance(ctx, id, now).await) });
    all.buffer_unordered(AT_ONCE_MAX).collect().await
}
