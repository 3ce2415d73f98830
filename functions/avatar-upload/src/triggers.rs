//! The two ways in: an object was stored, or the minute's sweep finds a ticket that is due.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use lambda_runtime::Error;
use shared::ctx::Ctx;
use shared::domain::avatar::parse_key;
use shared::domain::time::after_seconds;
use shared::runtime::Swept;
use shared::store::{StoreError, UploadKey};

use crate::finalise::{Finalised, finalise};

/// What the sweep's list is called in metrics.
const LIST: &str = "uploads";

/// How long one sweep begins new work, in seconds: what is left is the next one's.
const SWEEP_SECONDS: i64 = 30;

/// Wait of a row that cannot be read, in seconds.
const UNREADABLE_RETRY_SECONDS: i64 = 900;

/// Woken by what browsers posted. One after another: each may take much memory.
///
/// # Errors
/// When the table or a bucket does not answer; the notification then comes again.
pub async fn handle_stored(event: S3Event, ctx: Ctx) -> Result<(), Error> {
    for record in &event.records {
        let Some((key, etag)) = named(record) else {
            tracing::warn!("an object that is no upload of a ticket was stored");
            continue;
        };
        done(key, &finalise(&ctx, key, etag.as_deref()).await?);
    }
    Ok(())
}

/// Woken every minute: looks at what is due, earliest first, one after another.
///
/// # Errors
/// When the due list cannot be read, or a ticket could not be brought to its end.
pub async fn handle_sweep(_: EventBridgeEvent<serde_json::Value>, ctx: Ctx) -> Result<Swept, Error> {
    let now = ctx.clock.now();
    let end = after_seconds(now, SWEEP_SECONDS);
    let due = ctx.store.due::<UploadKey>(now).await?;
    let lateness_ms = due.first().map(|due| now.duration_since(due.at).as_millis() as i64);
    let (mut found, mut failed) = (0, 0);
    for due in due {
        if ctx.clock.now() > end {
            break;
        }
        found += 1;
        match finalise(&ctx, due.what, None).await {
            Ok(finalised) => done(due.what, &finalised),
            Err(error) => {
                tracing::warn!(upload_id = %due.what.id, error = &*error, "an upload was not finished");
                failed += 1;
                // Its own fault: it waits longer than a minute, and whoever looks at the log sees it.
                if matches!(error.downcast_ref(), Some(StoreError::Corrupt(_))) {
                    let later = after_seconds(now, UNREADABLE_RETRY_SECONDS);
                    ctx.store.postpone_upload(due.what, later, now).await?;
                }
            }
        }
    }
    Swept {
        found,
        hinted: 0,
        failed,
        lateness_ms,
    }
    .report(LIST)
}

/// The ticket that an event names, and the object's tag in quotes. Keys come encoded as in a form.
fn named(record: &S3EventRecord) -> Option<(UploadKey, Option<String>)> {
    let encoded = format!("key={}", record.s3.object.key.as_deref()?);
    let (_, key) = url::form_urlencoded::parse(encoded.as_bytes()).next()?;
    let (user_id, id) = parse_key(&key).ok()?;
    let etag = record.s3.object.e_tag.as_deref();
    Some((
        UploadKey { user_id, id },
        etag.map(|etag| format!("\"{}\"", etag.trim_matches('"'))),
    ))
}

fn done(key: UploadKey, finalised: &Finalised) {
    tracing::info!(upload_id = %key.id, user_id = %key.user_id, outcome = ?finalised, "an upload was looked at");
}
