//! The two ways in. Each message is tried in parallel with the others: one slow receiver delays nobody else.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::{StreamExt, stream};
use lambda_runtime::Error;
use shared::ctx::Ctx;
use shared::domain::status::NoticeKey;
use shared::queue::{Hint, NoticeHint};
use shared::runtime::Swept;
use shared::store::{BulletinDue, Due};

use super::deliver::{Delivered, LIST, deliver};
use super::facts::Reader;
use super::spread::{Spread, spread};

/// Messages tried at once in one invocation.
const AT_ONCE_MAX: usize = 32;
/// Notices that one sweep tries, earliest first; the next goes on. It stands in for a queue that lost its messages.
const SWEPT_NOTICES_MAX: usize = 500;
/// How often one sweep goes on with one bulletin.
const SWEPT_RUNS_MAX: usize = 5;

/// Woken by a hint.
///
/// # Errors
/// Never as a whole: a message that fails is named in the answer and received again.
pub async fn handle_notices(event: SqsEvent, ctx: Ctx) -> Result<SqsBatchResponse, Error> {
    let (ctx, reader) = (&ctx, &Reader::default());
    let mut response = SqsBatchResponse::default();
    let handled = stream::iter(event.records).map(|message| async move {
        let id = message.message_id.unwrap_or_default();
        (id, by_hint(ctx, reader, message.body.as_deref().unwrap_or("")).await)
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

async fn by_hint(ctx: &Ctx, reader: &Reader, body: &str) -> Result<(), Error> {
    // One that cannot be read fails until it ends in the dead-letter queue, where somebody can see it.
    let hint: Hint<NoticeHint> = serde_json::from_str(body)?;
    let NoticeHint { news, subscriber_id } = hint.what;
    let again = match subscriber_id {
        None => match spread(ctx, reader, news).await? {
            Spread::Further(due) => Some(due),
            Spread::NotYet(due) if hint.due >= due => Some(due),
            Spread::NotYet(_) | Spread::Nothing => None,
        },
        // Early, by a clock or a rounded delay: the queue is told again. When somebody else has it, they tell the queue.
        Some(subscriber_id) => match deliver(ctx, reader, &NoticeKey { news, subscriber_id }).await? {
            Delivered::NotYet(due) if hint.due >= due => Some(due),
            Delivered::NotYet(_) | Delivered::Tried(_) | Delivered::Nothing => None,
        },
    };
    let what = NoticeHint { news, subscriber_id };
    let hint = again.map(|due| Hint { what, due });
    ctx.queues.notice.hint(hint, ctx.clock.now()).await;
    Ok(())
}

/// Woken every minute: does what is overdue itself, and hints what it leaves.
///
/// # Errors
/// When the due lists cannot be read, or anything overdue could not be done; all of it was begun.
pub async fn handle_notice_sweep(_: EventBridgeEvent<serde_json::Value>, ctx: Ctx) -> Result<Swept, Error> {
    let reader = Reader::default();
    let (ctx, reader) = (&ctx, &reader);
    let now = ctx.clock.now();
    let bulletins = ctx.store.due::<BulletinDue>(now).await?;
    let mut failed = 0;
    let mut earliest = bulletins.first().map(|due| due.at);
    let mut further = Vec::new();
    for Due {
        what: BulletinDue(news),
        ..
    } in &bulletins
    {
        for run in 1..=SWEPT_RUNS_MAX {
            match spread(ctx, reader, *news).await {
                // With a clock that has gone on, there is more to do at once.
                Ok(Spread::Further(due)) if due <= ctx.clock.now() && run < SWEPT_RUNS_MAX => continue,
                Ok(Spread::Further(due)) => further.push(Hint {
                    what: NoticeHint::from(*news),
                    due,
                }),
                Ok(Spread::NotYet(_) | Spread::Nothing) => {}
                Err(error) => {
                    tracing::warn!(%error, %news, "news was not spread");
                    failed += 1;
                }
            }
            break;
        }
    }
    let hinted = further.len();
    ctx.queues.notice.hint(further, ctx.clock.now()).await;
    let mut notices = ctx.store.due::<NoticeKey>(now).await?;
    earliest = [earliest, notices.first().map(|due| due.at)]
        .into_iter()
        .flatten()
        .min();
    notices.truncate(SWEPT_NOTICES_MAX);
    let found = bulletins.len() + notices.len();
    let tried = stream::iter(notices).map(|due| async move { deliver(ctx, reader, &due.what).await });
    let mut tried = tried.buffer_unordered(AT_ONCE_MAX);
    while let Some(result) = tried.next().await {
        if let Err(error) = result {
            tracing::warn!(%error, "an overdue notice was not tried");
            failed += 1;
        }
    }
    Swept {
        found,
        hinted,
        failed,
        lateness_ms: earliest.map(|at| now.duration_since(at).as_millis() as i64),
    }
    .report(LIST)
}
