//! Subscribing to a page: asking, saying yes, and what a subscriber's link opens.
//!
//! Whoever asks is answered the same, and costs the same, whether the address is there or not: one read, and one transaction
//! that writes the subscriber and the message to them. What the message says is decided when it is sent. Codes are kept
//! nowhere: they are derived from the master key and the subscription, and end with it.

use jiff::Timestamp;
use url::{Host, Url};

use crate::channel::{Inward, check_url, is_email_address};
use crate::ctx::Ctx;
use crate::domain::id::{ComponentId, PageId, SubscriberId};
use crate::domain::limits;
use crate::domain::status::{
    About, Bulletin, News, Notice, NoticeKey, Page, Subscriber, SubscriberChannel, SubscriberCounts, SubscriberState,
};
use crate::domain::time::{after_seconds, to_millisecond};
use crate::queue::{Hint, NoticeHint};
use crate::secret::{SubscriberCode, equal, subscriber_code, subscriber_digits, subscriber_id, subscriber_secret};
use crate::store::{Applied, Change, Rate, StoreError, Tried, Versioned};

/// How often a race over one subscriber may be lost.
const ROUNDS_MAX: u32 = 4;

/// Askings from one place: at CloudFront's edges many readers come from one.
const PER_CLIENT: Rate = Rate {
    at_once: 30,
    interval_seconds: 2,
};
/// Askings for one address, by whomever: nobody's mailbox is filled through us.
const PER_TARGET: Rate = Rate {
    at_once: 3,
    interval_seconds: 1_200,
};
/// Askings of one page.
const PER_PAGE: Rate = Rate {
    at_once: 300,
    interval_seconds: 1,
};
/// Guesses at the code of one text message.
const PER_CODE: Rate = Rate {
    at_once: 5,
    interval_seconds: 1_200,
};

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// How to hear.
    pub channel: SubscriberChannel,
    /// Where: as [`address`] answered it.
    pub address: String,
    /// Of which components; none: of everything.
    pub component_ids: Vec<ComponentId>,
}

/// What came of asking. Nothing in it says who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// If it is wanted, a message is on its way.
    Heard,
    /// Too often, from this place or of this page: again after so many seconds.
    WaitSeconds(u32),
}

/// An address in the one spelling in which it is kept.
///
/// # Errors
/// What is wrong with it, for whoever wrote it.
pub fn address(ctx: &Ctx, channel: SubscriberChannel, text: &str) -> Result<String, String> {
    let text = text.trim();
    if ctx.gateways.of(channel.medium()).is_none() {
        return Err("cannot be used: no provider is set up for this channel here".to_owned());
    }
    match channel {
        SubscriberChannel::Email => {
            let email = text.to_lowercase();
            if is_email_address(&email) {
                Ok(email)
            } else {
                Err("must be an e-mail address, such as \"ada@example.com\"".to_owned())
            }
        }
        SubscriberChannel::Sms => phone(text),
        SubscriberChannel::Webhook => url(ctx.inward, text).map(Into::into),
        SubscriberChannel::Slack => slack(ctx.inward, text),
    }
}

/// E.164, from what people write: spaces, hyphens and brackets go, and a leading `00` is a plus.
fn phone(text: &str) -> Result<String, String> {
    let written = |c: &char| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}');
    let mut phone: String = text.chars().filter(written).collect();
    if let Some(rest) = phone.strip_prefix("00") {
        phone = format!("+{rest}");
    }
    let digits = phone.strip_prefix('+').unwrap_or_default();
    let is_e164 = (8..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    is_e164
        .then_some(phone)
        .ok_or_else(|| "must be a telephone number: + and 8 to 15 digits, country code first".to_owned())
}

fn url(inward: Inward, text: &str) -> Result<Url, String> {
    if text.len() > limits::LINK_BYTES_MAX {
        return Err(format!("must have at most {} bytes", limits::LINK_BYTES_MAX));
    }
    let mut url: Url = text
        .parse()
        .map_err(|_| "must be a URL, such as \"https://example.com/hook\"".to_owned())?;
    check_url(&url, inward).map_err(|refused| refused.to_string())?;
    url.set_fragment(None);
    Ok(url)
}

/// Where Slack takes messages. (The local home's switch for trying things out lets this machine stand for it.)
const SLACK_HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];

fn slack(inward: Inward, text: &str) -> Result<String, String> {
    let url = url(inward, text)?;
    let is_slacks = url.scheme() == "https" && url.host_str().is_some_and(|host| SLACK_HOSTS.contains(&host));
    let is_here = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if is_slacks || (inward == Inward::AllowLoopback && is_here) {
        Ok(url.into())
    } else {
        Err("must be an incoming webhook of Slack: https://hooks.slack.com/services/…".to_owned())
    }
}

/// The id of whoever reads at this address. It says nothing about whether they are there.
pub fn id_of(ctx: &Ctx, page: PageId, channel: SubscriberChannel, address: &str) -> SubscriberId {
    subscriber_id(ctx.master(), &page.to_string(), channel.as_str(), address).into()
}

/// Somebody at `client` asks to subscribe. Whoever reads at the address is sent a message, unless too many were lately.
///
/// # Errors
/// When the table does not answer.
pub async fn ask(ctx: &Ctx, page: &Page, client: &str, wish: Wish, now: Timestamp) -> Result<Asked, StoreError> {
    let id = id_of(ctx, page.id, wish.channel, &wish.address);
    for (what, rate) in [
        (format!("subscribe/client/{client}"), PER_CLIENT),
        (format!("subscribe/page/{}", page.id), PER_PAGE),
    ] {
        if let Tried::WaitSeconds(seconds) = ctx.store.attempt(&what, rate, now).await? {
            return Ok(Asked::WaitSeconds(seconds));
        }
    }
    // Too often for one address is answered as any other: whoever asks need not know what others asked.
    let target = ctx.store.attempt(&format!("subscribe/{id}"), PER_TARGET, now).await?;
    if target == Tried::Allowed {
        write(ctx, page, id, &wish, None, now).await?;
    }
    Ok(Asked::Heard)
}

/// An admin adds a subscriber: confirmed at once, for lists that are brought along, or asked as anybody is.
///
/// # Errors
/// When the table does not answer.
pub async fn add(
    ctx: &Ctx,
    page: &Page,
    wish: Wish,
    is_confirmed: bool,
    change: &Change<'_>,
) -> Result<Versioned<Subscriber>, StoreError> {
    let id = id_of(ctx, page.id, wish.channel, &wish.address);
    write(ctx, page, id, &wish, Some((is_confirmed, change)), change.at).await
}

async fn write(
    ctx: &Ctx,
    page: &Page,
    id: SubscriberId,
    wish: &Wish,
    by: Option<(bool, &Change<'_>)>,
    now: Timestamp,
) -> Result<Versioned<Subscriber>, StoreError> {
    // The precision in which the time is part of names and codes.
    let now = to_millisecond(now);
    for _ in 0..ROUNDS_MAX {
        let before = ctx.store.subscriber(page.id, id).await?;
        let asked = Subscriber {
            id,
            page_id: page.id,
            channel: wish.channel,
            sealed_address: seal(ctx, id, &wish.address),
            component_ids: wish.component_ids.clone(),
            since: now,
            asked_at: now,
            confirmed_at: None,
            failures: 0,
            stopped_at: None,
        };
        let mut after = asked.asked_over(before.as_ref().map(|before| &before.value));
        let confirms = by.is_some_and(|(is_confirmed, _)| is_confirmed);
        if confirms {
            after = Subscriber {
                component_ids: wish.component_ids.clone(),
                ..after.confirmed(now)
            };
        }
        let key = NoticeKey {
            news: News::Asked(now.as_millisecond()),
            subscriber_id: id,
        };
        let notice = Notice::new(key, page.id, About::Subscription, wish.channel, now);
        let notice = (!confirms).then_some(notice);
        let change = by.map(|(_, change)| change);
        let written = ctx
            .store
            .write_subscriber(before.as_ref(), &after, notice.as_ref(), change);
        if written.await? == Applied::Done {
            let hint = notice.map(|notice| Hint {
                what: NoticeHint::from(&notice.key),
                due: now,
            });
            ctx.queues.notice.hint(hint, now).await;
            let version = before.map_or(1, |before| before.version + 1);
            return Ok(Versioned { value: after, version });
        }
    }
    Err(StoreError::Changed)
}

/// How many subscribers a page has.
///
/// # Errors
/// When the table does not answer, or a row cannot be read.
pub async fn count(ctx: &Ctx, page: PageId, now: Timestamp) -> Result<SubscriberCounts, StoreError> {
    let mut counts = SubscriberCounts::default();
    let visit = |subscriber: &Subscriber| counts.count(subscriber, now);
    ctx.store.each_subscriber(page, visit).await?;
    Ok(counts)
}

/// Where a subscriber reads; none when the seal does not open.
pub fn address_of(ctx: &Ctx, subscriber: &Subscriber) -> Option<String> {
    let opened = ctx
        .master()
        .open(&sealed_for(subscriber.id), &subscriber.sealed_address);
    opened.ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

fn seal(ctx: &Ctx, id: SubscriberId, address: &str) -> String {
    ctx.master()
        .seal(&sealed_for(id), address.as_bytes(), ctx.random.bytes())
}

fn sealed_for(id: SubscriberId) -> String {
    format!("subscriber:{id}")
}

/// The code of a subscriber's links.
pub fn code(ctx: &Ctx, subscriber: &Subscriber) -> SubscriberCode {
    subscriber_code(ctx.master(), subscriber.id.0, &subscriber.facts())
}

/// The digits in the text message of the newest asking.
pub fn digits(ctx: &Ctx, subscriber: &Subscriber) -> String {
    subscriber_digits(ctx.master(), subscriber.id.0, subscriber.asked_at.as_millisecond())
}

/// The key with which webhooks to a subscriber are signed.
pub fn signing_secret(ctx: &Ctx, subscriber: &Subscriber) -> String {
    subscriber_secret(ctx.master(), subscriber.id.0, &subscriber.facts())
}

/// Whose link this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Theirs.
    Theirs(Box<Versioned<Subscriber>>),
    /// It is no link of this page's: forged, of another page, or of a subscription that ended and began again.
    Nobodys,
    /// It may have been somebody's; there is no subscription now.
    Over,
}

/// Whose link ends with this code. Opening changes nothing: what reads mail for viruses looks at links.
///
/// # Errors
/// When the table does not answer, or the row cannot be read.
pub async fn opened_by(ctx: &Ctx, page: PageId, text: &str, now: Timestamp) -> Result<Opened, StoreError> {
    let Some(given) = SubscriberCode::parse(text) else {
        return Ok(Opened::Nobodys);
    };
    let Ok(id) = format!("{}_{}", SubscriberId::PREFIX, given.id()).parse::<SubscriberId>() else {
        return Ok(Opened::Nobodys);
    };
    let Some(found) = ctx.store.subscriber(page, id).await? else {
        return Ok(Opened::Over);
    };
    let right = code(ctx, &found.value);
    if !equal(right.expose().as_bytes(), given.expose().as_bytes()) {
        return Ok(Opened::Nobodys);
    }
    Ok(match found.value.is_live(now) {
        true => Opened::Theirs(Box::new(found)),
        false => Opened::Over,
    })
}

/// What came of typing a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// It was right, and they are subscribed.
    Confirmed(Box<Subscriber>),
    /// It was wrong, or its time is over, or nobody asked: which of these is not told.
    Wrong,
    /// Too often: again after so many seconds.
    WaitSeconds(u32),
}

/// Somebody types the code of a text message that was sent to this number.
///
/// # Errors
/// When the table does not answer, or the row cannot be read.
pub async fn type_code(ctx: &Ctx, page: PageId, phone: &str, typed: &str, now: Timestamp) -> Result<Typed, StoreError> {
    let id = id_of(ctx, page, SubscriberChannel::Sms, phone);
    if let Tried::WaitSeconds(seconds) = ctx
        .store
        .attempt(&format!("subscribe/code/{id}"), PER_CODE, now)
        .await?
    {
        return Ok(Typed::WaitSeconds(seconds));
    }
    let Some(found) = ctx.store.subscriber(page, id).await? else {
        return Ok(Typed::Wrong);
    };
    let subscriber = &found.value;
    let in_time = now < after_seconds(subscriber.asked_at, limits::SUBSCRIPTION_CODE_SECONDS);
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if !in_time || !subscriber.is_live(now) || !equal(digits(ctx, subscriber).as_bytes(), typed.as_bytes()) {
        return Ok(Typed::Wrong);
    }
    Ok(match confirm(ctx, found, now).await? {
        Some(confirmed) => Typed::Confirmed(Box::new(confirmed)),
        None => Typed::Wrong,
    })
}

/// They said yes. Twice is once. None: the subscription ended meanwhile.
///
/// # Errors
/// When the table does not answer, or the row cannot be read.
pub async fn confirm(
    ctx: &Ctx,
    found: Versioned<Subscriber>,
    now: Timestamp,
) -> Result<Option<Subscriber>, StoreError> {
    change(ctx, found, |subscriber| subscriber.confirmed(now)).await
}

/// They chose other components. None: the subscription ended meanwhile.
///
/// # Errors
/// When the table does not answer, or the row cannot be read.
pub async fn choose(
    ctx: &Ctx,
    found: Versioned<Subscriber>,
    component_ids: Vec<ComponentId>,
) -> Result<Option<Subscriber>, StoreError> {
    let chosen = |subscriber: &Subscriber| Subscriber {
        component_ids: component_ids.clone(),
        ..subscriber.clone()
    };
    change(ctx, found, chosen).await
}

/// A message to them came through, or failed for good.
///
/// # Errors
/// When the table does not answer, or the row cannot be read.
pub async fn heard(
    ctx: &Ctx,
    found: Versioned<Subscriber>,
    came_through: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let heard = |subscriber: &Subscriber| {
        subscriber
            .heard(came_through, now)
            .unwrap_or_else(|| subscriber.clone())
    };
    change(ctx, found, heard).await.map(drop)
}

/// Changes a subscription as it stands, whoever else changes it meanwhile. None: it ended.
async fn change(
    ctx: &Ctx,
    mut found: Versioned<Subscriber>,
    to: impl Fn(&Subscriber) -> Subscriber,
) -> Result<Option<Subscriber>, StoreError> {
    for _ in 0..ROUNDS_MAX {
        let after = to(&found.value);
        if after == found.value {
            return Ok(Some(after));
        }
        if ctx.store.write_subscriber(Some(&found), &after, None, None).await? == Applied::Done {
            return Ok(Some(after));
        }
        let again = ctx.store.subscriber(found.value.page_id, found.value.id).await?;
        match again.filter(|again| again.value.since == found.value.since) {
            Some(again) => found = again,
            None => return Ok(None),
        }
    }
    Err(StoreError::Changed)
}

/// Ends a subscription and forgets the address. Twice is once.
///
/// # Errors
/// When the table does not answer, or the row cannot be read.
pub async fn end(ctx: &Ctx, mut found: Versioned<Subscriber>, by: Option<&Change<'_>>) -> Result<(), StoreError> {
    for _ in 0..ROUNDS_MAX {
        if ctx.store.remove_subscriber(&found, by).await? == Applied::Done {
            return Ok(());
        }
        match ctx.store.subscriber(found.value.page_id, found.value.id).await? {
            Some(again) if again.value.since == found.value.since => found = again,
            _ => return Ok(()),
        }
    }
    Err(StoreError::Changed)
}

/// Wakes whoever spreads news that was just written.
pub async fn wake(ctx: &Ctx, bulletins: impl IntoIterator<Item = Bulletin>, now: Timestamp) {
    let hints = bulletins.into_iter().filter_map(|bulletin| {
        Some(Hint {
            what: NoticeHint::from(bulletin.news),
            due: bulletin.due_at?,
        })
    });
    ctx.queues.notice.hint(hints.collect::<Vec<_>>(), now).await;
}

/// Whether a message to a subscriber about this is wanted still, as far as they are concerned.
pub fn is_wanted(subscriber: &Subscriber, news: News, now: Timestamp) -> bool {
    match news {
        // Of several askings the last one counts.
        News::Asked(at_ms) => subscriber.is_live(now) && subscriber.asked_at.as_millisecond() == at_ms,
        News::Update(_) | News::Reminder(_) | News::Withdrawal(_) => subscriber.state() == SubscriberState::Active,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_are_read_as_people_write_them() {
        for (written, kept) in [
            ("+49 (30) 123-456", "+4930123456"),
            ("0049 30 123456", "+4930123456"),
            (" +12025550143 ", "+12025550143"),
        ] {
            assert_eq!(phone(written).as_deref(), Ok(kept), "{written}");
        }
        for bad in [
            "",
            "030 123456",
            "+0301234567",
            "+1234567",
            "+1234567890123456",
            "+12025550143x",
        ] {
            assert!(phone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn webhooks_lead_outward_and_slacks_to_slack() {
        let hook = |text| url(Inward::Refuse, text).map(String::from);
        assert_eq!(
            hook("https://Example.com/Hook#x").as_deref(),
            Ok("https://example.com/Hook")
        );
        for bad in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://[::1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://localhost/",
            "http://metadata.google.internal/",
            "https://u:p@example.com/",
            "ftp://example.com/",
            "javascript:alert(1)",
            "x",
            &format!("https://example.com/{}", "a".repeat(2_100)),
        ] {
            assert!(hook(bad).is_err(), "{bad}");
        }
        assert!(slack(Inward::Refuse, "https://hooks.slack.com/services/T0/B0/x").is_ok());
        for bad in [
            "http://hooks.slack.com/services/T0/B0/x",
            "https://hooks.slack.com.example.com/services/T0",
            "https://example.com/hooks.slack.com",
            "http://127.0.0.1/slack",
        ] {
            assert!(slack(Inward::Refuse, bad).is_err(), "{bad}");
        }
        assert!(slack(Inward::AllowLoopback, "http://127.0.0.1:9/slack").is_ok());
    }
}
