//! Makes a notice for each subscriber whom some news is for: some at a time, each time in one transaction with how far it came.

use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::limits;
use shared::domain::status::{Bulletin, News, Notice, NoticeKey, Subscriber, SubscriberState};
use shared::queue::{Hint, NoticeHint};
use shared::store::{Applied, SpreadOver, StoreError, Versioned};

use super::facts::{Facts, Reader};

/// What came of looking at a bulletin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// It is not due before then.
    NotYet(Timestamp),
    /// It goes on then.
    Further(Timestamp),
    /// Everybody has their notice, or another worker is at it, or there is nothing to tell.
    Nothing,
}

/// Spreads news among the next subscribers of its page, if it is due: at most [`limits::BULLETIN_CHUNKS_MAX`] times
/// [`limits::BULLETIN_NOTICES_MAX`] of them, then again a second later.
///
/// # Errors
/// When the table does not answer, or a row cannot be read: the bulletin stays due where it was.
pub async fn spread(ctx: &Ctx, reader: &Reader, news: News) -> Result<Spread, StoreError> {
    let now = ctx.clock.now();
    let Some(mut bulletin) = ctx.store.bulletin(news).await? else {
        return Ok(Spread::Nothing);
    };
    match bulletin.value.due_at {
        None => return Ok(Spread::Nothing),
        Some(due) if due > now => return Ok(Spread::NotYet(due)),
        Some(_) => {}
    }
    let (page, about) = (bulletin.value.page_id, bulletin.value.about);
    let facts = reader.facts(ctx, page, about, now).await?;
    let Some(facts) = facts.filter(|facts| facts.is_news(news, now)) else {
        let over = bulletin.value.spread(None, 0, false, now);
        step(ctx, &bulletin, &over, &[]).await?;
        return Ok(Spread::Nothing);
    };
    for _ in 0..limits::BULLETIN_CHUNKS_MAX {
        let after = bulletin.value.after;
        let found = ctx.store.subscribers(page, after, limits::BULLETIN_NOTICES_MAX).await?;
        let last = found.items.last().map(|one| one.value.id);
        let wanting = found
            .items
            .iter()
            .map(|one| &one.value)
            .filter(|one| is_for(one, &facts));
        let notices: Vec<Notice> = wanting
            .map(|one| {
                let key = NoticeKey {
                    news,
                    subscriber_id: one.id,
                };
                Notice::new(key, page, about, one.channel, now)
            })
            .collect();
        let next = bulletin.value.spread(last, notices.len() as u32, found.more, now);
        if !step(ctx, &bulletin, &next, &notices).await? {
            return Ok(Spread::Nothing);
        }
        let hints = notices.iter().map(|notice| Hint {
            what: NoticeHint::from(&notice.key),
            due: now,
        });
        ctx.queues.notice.hint(hints.collect::<Vec<_>>(), now).await;
        if next.due_at.is_none() {
            tracing::info!(%news, page_id = %page, notices = next.notices, "spread");
            return Ok(Spread::Nothing);
        }
        let version = bulletin.version + 1;
        bulletin = Versioned { value: next, version };
    }
    Ok(bulletin.value.due_at.map_or(Spread::Nothing, Spread::Further))
}

fn is_for(subscriber: &Subscriber, facts: &Facts) -> bool {
    subscriber.state() == SubscriberState::Active && subscriber.wants(&facts.affected, &facts.components)
}

/// False: another worker was first, and goes on.
async fn step(
    ctx: &Ctx,
    before: &Versioned<Bulletin>,
    after: &Bulletin,
    notices: &[Notice],
) -> Result<bool, StoreError> {
    let step = SpreadOver { before, after, notices };
    Ok(ctx.store.spread(step).await? == Applied::Done)
}
