//! One try of one notice.

use std::time::Duration;

use jiff::Timestamp;
use shared::channel::{Email, Gateway, Receipt, SEND_TIMEOUT_SECONDS, SendError};
use shared::ctx::Ctx;
use shared::domain::delivery::Attempt;
use shared::domain::id::EventId;
use shared::domain::status::{Notice, NoticeKey, NoticeState, Subscriber, SubscriberChannel};
use shared::metrics;
use shared::queue::{Hint, NoticeHint};
use shared::store::{NoticeClaim, OutboxMessage, StoreError};
use shared::subscribers;
use url::Url;

use super::facts::{Facts, Reader};
use super::message::{self, Links};
use super::webhook;

/// What metrics call the due list of notices.
pub const LIST: &str = "notices";

/// What came of a notice that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It was tried; where it stands now.
    Tried(NoticeState),
    /// It is not due before then, or another worker has it until then.
    NotYet(Timestamp),
    /// There is nothing to do about it, or somebody else took over.
    Nothing,
}

/// Tries a notice if it is due and nobody else has it.
///
/// # Errors
/// When the table does not answer: the row stays due, or falls due when its lease ends.
pub async fn deliver(ctx: &Ctx, reader: &Reader, key: &NoticeKey) -> Result<Delivered, StoreError> {
    let now = ctx.clock.now();
    let claimed = match ctx.store.claim_notice(key, now).await? {
        NoticeClaim::Claimed(notice) => *notice,
        NoticeClaim::NotYet(due) => return Ok(Delivered::NotYet(due)),
        NoticeClaim::Over => return Ok(Delivered::Nothing),
        NoticeClaim::Stuck(notice) => return stuck(ctx, *notice).await,
    };
    let lease = claimed.lease.clone().unwrap_or_default();
    let subscriber = ctx.store.subscriber(claimed.page_id, key.subscriber_id).await?;
    let attempt = attempt(ctx, reader, &claimed, subscriber.as_ref().map(|one| &one.value)).await?;
    let now = ctx.clock.now();
    let word = attempt.as_str();
    if let Attempt::Transient(reason) | Attempt::Throttled(_, reason) | Attempt::Permanent(reason) = &attempt {
        tracing::warn!(
            notice = key.public_id(),
            channel = claimed.channel.as_str(),
            reason,
            "a notice was not taken"
        );
    }
    let recorded = claimed.record(attempt, now);
    let failed = recorded.state == NoticeState::Failed;
    metrics::notice(recorded.channel.as_str(), if failed { "failed" } else { word });
    if !ctx.store.record_notice(&recorded, &lease).await? {
        tracing::warn!("the lease had ended before the outcome was recorded; whoever has it now decides");
        return Ok(Delivered::Nothing);
    }
    if let Some(due) = recorded.due_at {
        let hint = Hint {
            what: NoticeHint::from(key),
            due,
        };
        ctx.queues.notice.hint([hint], now).await;
    }
    if let Some(subscriber) = subscriber
        && (failed || recorded.state == NoticeState::Sent)
        && subscriber.value.confirmed_at.is_some()
    {
        subscribers::heard(ctx, subscriber, !failed, now).await?;
    }
    Ok(Delivered::Tried(recorded.state))
}

async fn attempt(
    ctx: &Ctx,
    reader: &Reader,
    notice: &Notice,
    subscriber: Option<&Subscriber>,
) -> Result<Attempt, StoreError> {
    let now = ctx.clock.now();
    let news = notice.key.news;
    let wanted = subscriber.filter(|one| !notice.is_old(now) && subscribers::is_wanted(one, news, now));
    let Some(subscriber) = wanted else {
        return Ok(Attempt::Superseded);
    };
    let facts = reader.facts(ctx, notice.page_id, notice.about, now).await?;
    let Some(facts) = facts.filter(|facts| facts.is_news(news, now)) else {
        return Ok(Attempt::Superseded);
    };
    let Some(address) = subscribers::address_of(ctx, subscriber) else {
        return Ok(Attempt::Permanent("the subscriber's address cannot be opened".into()));
    };
    send(ctx, notice, subscriber, &address, &facts, now).await
}

async fn send(
    ctx: &Ctx,
    notice: &Notice,
    subscriber: &Subscriber,
    address: &str,
    facts: &Facts,
    now: Timestamp,
) -> Result<Attempt, StoreError> {
    let Some(gateway) = ctx.gateways.of(subscriber.channel.medium()) else {
        return Ok(Attempt::Permanent(
            "no provider is set up for this kind of message".into(),
        ));
    };
    let id = notice.key.public_id();
    let links = Links::new(ctx, facts, subscriber);
    let sending = async {
        let as_json = |body: serde_json::Value| body.to_string().into_bytes();
        match (gateway, subscriber.channel) {
            (Gateway::Webhook(sender), channel) => {
                let Ok(url) = address.parse::<Url>() else {
                    return Ok(Err(SendError::Permanent("the address is not a URL".into())));
                };
                let (body, keys) = match channel {
                    SubscriberChannel::Slack => (
                        as_json(message::slack(facts, notice.key.news, subscriber, &links)),
                        Vec::new(),
                    ),
                    _ => (
                        as_json(webhook::body(facts, notice.key.news, &links)),
                        vec![subscribers::signing_secret(ctx, subscriber).into_bytes()],
                    ),
                };
                Ok(sender.send(&url, &keys, &id, now, &body).await)
            }
            (gateway, SubscriberChannel::Sms) => {
                let text = message::sms(facts, notice.key.news, &subscribers::digits(ctx, subscriber), &links);
                match gateway {
                    Gateway::Sms(sender) => Ok(sender.send(address, &text).await),
                    _ => to_outbox(ctx, notice, address, None, text, now).await.map(Ok),
                }
            }
            (gateway, _) => {
                let mail = message::email(facts, notice.key.news, subscriber, &links);
                let email = Email {
                    to: address,
                    subject: &mail.subject,
                    text: &mail.text,
                    html: Some(&mail.html),
                    unsubscribe_url: Some(&links.unsubscribe),
                    id: &id,
                };
                match gateway {
                    Gateway::Smtp(sender) => Ok(sender.send(email, now).await),
                    Gateway::Ses(sender) => Ok(sender.send(email).await),
                    _ => to_outbox(ctx, notice, address, Some(mail.subject), mail.text, now)
                        .await
                        .map(Ok),
                }
            }
        }
    };
    let limit = Duration::from_secs(SEND_TIMEOUT_SECONDS);
    Ok(match tokio::time::timeout(limit, sending).await {
        Err(_) => Attempt::Transient(format!("no answer within {SEND_TIMEOUT_SECONDS} seconds")),
        Ok(answer) => match answer? {
            Ok(Receipt { provider_id }) => Attempt::Sent { provider_id },
            Err(SendError::Transient(reason)) => Attempt::Transient(reason),
            Err(SendError::Throttled { after, reason }) => Attempt::Throttled(after, reason),
            Err(SendError::Permanent(reason)) => Attempt::Permanent(reason),
        },
    })
}

async fn to_outbox(
    ctx: &Ctx,
    notice: &Notice,
    to: &str,
    subject: Option<String>,
    body: String,
    now: Timestamp,
) -> Result<Receipt, StoreError> {
    let id = EventId(ctx.random.ulid(now));
    let kept = OutboxMessage {
        id,
        at: now,
        channel: notice.channel.medium(),
        to: to.to_owned(),
        subject,
        body,
        incident_id: None,
        delivery_id: notice.key.public_id(),
    };
    ctx.store.add_to_outbox(&kept).await?;
    Ok(Receipt {
        provider_id: Some(id.to_string()),
    })
}

async fn stuck(ctx: &Ctx, notice: Notice) -> Result<Delivered, StoreError> {
    let stuck = notice.stuck();
    if !ctx.store.record_stuck_notice(&stuck).await? {
        return Ok(Delivered::Nothing);
    }
    let id = stuck.key.public_id();
    tracing::error!(
        notice = id,
        "five tries of a notice began and none reported what came of it"
    );
    metrics::stuck(LIST);
    metrics::notice(stuck.channel.as_str(), "stuck");
    Ok(Delivered::Tried(NoticeState::Stuck))
}
