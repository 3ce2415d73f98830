//! What subscribers are told: news, the bulletin that spreads it, and the notice to each of them.
//!
//! The actors: whoever writes a post or a maintenance writes the [`Bulletin`] of it in the same transaction; a worker spreads
//! it, some subscribers at a time, into one [`Notice`] each, and remembers in the same transaction how far it came; another
//! sends the notices. A notice's id follows from the news and the subscriber, so nobody is told the same twice.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::maintenance::{Maintenance, MaintenanceStatus};
use super::post::Post;
use super::subscriber::SubscriberChannel;
use crate::domain::delivery::Attempt;
use crate::domain::id::{MaintenanceId, PageId, PostId, SubscriberId, UpdateId};
use crate::domain::limits;
use crate::domain::time::after_seconds;

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum News {
    /// An update of a post or a maintenance.
    Update(UpdateId),
    /// A maintenance begins soon.
    Reminder(MaintenanceId),
    /// A post was wrong, and is taken back.
    Withdrawal(PostId),
    /// Somebody asked to subscribe, at this millisecond: whoever reads at the address is asked to confirm.
    Asked(i64),
}

/// A text that names no news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of news")]
pub struct NotNews;

const ASKED: &str = "ask_";

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Update(id) => id.fmt(f),
            Self::Reminder(id) => id.fmt(f),
            Self::Withdrawal(id) => id.fmt(f),
            Self::Asked(at_ms) => write!(f, "{ASKED}{at_ms:013}"),
        }
    }
}

impl FromStr for News {
    type Err = NotNews;

    fn from_str(text: &str) -> Result<Self, NotNews> {
        if let Some(digits) = text.strip_prefix(ASKED) {
            let whole = digits.len() == 13 && digits.bytes().all(|byte| byte.is_ascii_digit());
            return Ok(Self::Asked(digits.parse().ok().filter(|_| whole).ok_or(NotNews)?));
        }
        let update = || text.parse().map(Self::Update);
        let reminder = || text.parse().map(Self::Reminder);
        let withdrawal = || text.parse().map(Self::Withdrawal);
        update()
            .or_else(|_| reminder())
            .or_else(|_| withdrawal())
            .map_err(|_| NotNews)
    }
}

impl Serialize for News {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for News {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// What news is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A post.
    Post(PostId),
    /// A maintenance.
    Maintenance(MaintenanceId),
    /// The subscription itself.
    Subscription,
}

/// News on its way to the subscribers of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulletin {
    /// What.
    pub news: News,
    /// Whose subscribers.
    pub page_id: PageId,
    /// What it is about.
    pub about: About,
    /// Everybody up to this one has their notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SubscriberId>,
    /// Notices so far.
    #[serde(default)]
    pub notices: u32,
    /// When it is to be spread, or spread further; none: everybody has theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
}

impl Bulletin {
    fn new(news: News, page_id: PageId, about: About, due_at: Timestamp, created_at: Timestamp) -> Self {
        Self {
            news,
            page_id,
            about,
            after: None,
            notices: 0,
            due_at: Some(due_at),
            created_at,
        }
    }

    /// The bulletin once everybody up to `last` has their notice; `more` may follow.
    pub fn spread(&self, last: Option<SubscriberId>, notices: u32, more: bool, now: Timestamp) -> Self {
        Self {
            after: last.or(self.after),
            notices: self.notices + notices,
            due_at: more.then(|| after_seconds(now, limits::BULLETIN_PACE_SECONDS)),
            ..self.clone()
        }
    }

    /// When it is forgotten.
    pub fn expires_at(&self) -> Timestamp {
        let from = self.due_at.unwrap_or(self.created_at).max(self.created_at);
        after_seconds(from, limits::NOTICE_KEPT_SECONDS)
    }
}

/// What subscribers hear of a post that became what it is out of `before`.
pub fn bulletins_of_post(post: &Post, before: Option<&Post>) -> Vec<Bulletin> {
    let known = before.map_or(0, |before| before.updates.len());
    // The page tells it first, and what is taken back at once is not told.
    let due = |at| after_seconds(at, limits::BULLETIN_AFTER_SECONDS);
    let bulletin = |news, at| Bulletin::new(news, post.page_id, About::Post(post.id), due(at), at);
    let news = post
        .updates
        .iter()
        .skip(known)
        .filter(|update| update.deliver_notifications);
    let mut all: Vec<Bulletin> = match post.withdrawn {
        None => news
            .map(|update| bulletin(News::Update(update.id), update.created_at))
            .collect(),
        Some(_) => Vec::new(),
    };
    let was_told = post.updates.iter().any(|update| update.deliver_notifications);
    if let Some(withdrawal) = &post.withdrawn
        && before.is_some_and(|before| before.withdrawn.is_none())
        && was_told
    {
        all.push(bulletin(News::Withdrawal(post.id), withdrawal.at));
    }
    all
}

/// What subscribers hear of a maintenance that became what it is out of `before`.
pub fn bulletins_of_maintenance(maintenance: &Maintenance, before: Option<&Maintenance>) -> Vec<Bulletin> {
    let known = before.map_or(0, |before| before.updates.len());
    let about = About::Maintenance(maintenance.id);
    let news = maintenance
        .updates
        .iter()
        .skip(known)
        .filter(|update| update.deliver_notifications);
    let mut all: Vec<Bulletin> = news
        .map(|update| {
            let due = after_seconds(update.created_at, limits::BULLETIN_AFTER_SECONDS);
            Bulletin::new(
                News::Update(update.id),
                maintenance.page_id,
                about,
                due,
                update.created_at,
            )
        })
        .collect();
    let reminder_at = maintenance.reminder_at();
    let moved = before.is_none_or(|before| before.reminder_at() != reminder_at);
    // One that would come before what it reminds of is none.
    let told_at = after_seconds(maintenance.updated_at, limits::BULLETIN_AFTER_SECONDS);
    if moved
        && maintenance.was_told()
        && maintenance.status == MaintenanceStatus::Scheduled
        && let Some(reminder_at) = reminder_at.filter(|at| *at > told_at)
    {
        let news = News::Reminder(maintenance.id);
        all.push(Bulletin::new(
            news,
            maintenance.page_id,
            about,
            reminder_at,
            maintenance.updated_at,
        ));
    }
    all
}

/// Whether a post still says what `news` tells of it: it was not taken back, and nothing was said since that replaces it.
pub fn is_news_of_post(news: News, post: &Post) -> bool {
    match news {
        News::Update(id) => {
            let told = post.updates.iter().rev().find(|update| update.deliver_notifications);
            post.withdrawn.is_none() && told.is_some_and(|update| update.id == id)
        }
        News::Withdrawal(id) => id == post.id && post.withdrawn.is_some(),
        News::Reminder(_) | News::Asked(_) => false,
    }
}

/// Whether a maintenance still says what `news` tells of it.
pub fn is_news_of_maintenance(news: News, maintenance: &Maintenance, now: Timestamp) -> bool {
    match news {
        News::Update(id) => {
            let mut told = maintenance.updates.iter().rev();
            told.find(|update| update.deliver_notifications)
                .is_some_and(|update| update.id == id)
        }
        News::Reminder(_) => {
            // One that was moved to later has another reminder.
            let soon = after_seconds(now, limits::REMINDER_SLACK_SECONDS);
            maintenance.status == MaintenanceStatus::Scheduled
                && now < maintenance.starts_at
                && maintenance.reminder_at().is_some_and(|at| at <= soon)
        }
        News::Withdrawal(_) | News::Asked(_) => false,
    }
}

/// Which notice: of which news, to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NoticeKey {
    /// The news.
    pub news: News,
    /// The subscriber.
    pub subscriber_id: SubscriberId,
}

impl NoticeKey {
    /// Its name for others: the same in every attempt.
    pub fn public_id(&self) -> String {
        format!("{}/{}", self.news, self.subscriber_id)
    }
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// It waits for its time.
    Waiting,
    /// A worker has it.
    Sending,
    /// Its provider took it.
    Sent,
    /// It failed for good.
    Failed,
    /// It is no longer wanted.
    Superseded,
    /// Workers took it again and again, and none said what came of it.
    Stuck,
}

/// One message to one subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Which.
    #[serde(flatten)]
    pub key: NoticeKey,
    /// The page.
    pub page_id: PageId,
    /// What it is about.
    pub about: About,
    /// How it goes.
    pub channel: SubscriberChannel,
    /// Where it stands. (`state` is a reserved word of the table's expressions.)
    #[serde(rename = "stands")]
    pub state: NoticeState,
    /// Why it failed or waits, in words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is to be sent, tried again, or taken from a worker that vanished; none once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Tries that were begun.
    pub attempts: u32,
    /// Tries that were answered with a failure.
    pub failures: u32,
    /// Claims whose outcome was never recorded.
    pub unrecorded: u32,
    /// The writer token of the worker that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
    /// When its provider took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
}

/// Seconds until the next try, after the first, second, … answered failure. News can wait longer than a page.
const RETRY_SECONDS: [i64; 4] = [15, 60, 300, 900];

impl Notice {
    /// A new one, due at once.
    pub fn new(key: NoticeKey, page_id: PageId, about: About, channel: SubscriberChannel, now: Timestamp) -> Self {
        Self {
            key,
            page_id,
            about,
            channel,
            state: NoticeState::Waiting,
            reason: None,
            created_at: now,
            due_at: Some(now),
            attempts: 0,
            failures: 0,
            unrecorded: 0,
            lease: None,
            sent_at: None,
        }
    }

    /// Whether it has waited so long that it is no news any more.
    pub fn is_old(&self, now: Timestamp) -> bool {
        now >= after_seconds(self.created_at, limits::NOTICE_FRESH_SECONDS)
    }

    /// When it is forgotten.
    pub fn expires_at(&self) -> Timestamp {
        after_seconds(self.created_at, limits::NOTICE_KEPT_SECONDS)
    }

    /// The row after a claimed try was answered. The lease ends with it.
    pub fn record(mut self, attempt: Attempt, now: Timestamp) -> Self {
        self.unrecorded = 0;
        self.lease = None;
        match attempt {
            Attempt::Sent { .. } => {
                self.sent_at = Some(now);
                self.end(NoticeState::Sent, None)
            }
            Attempt::Superseded => self.end(NoticeState::Superseded, None),
            Attempt::Permanent(reason) => {
                self.failures += 1;
                self.end(NoticeState::Failed, Some(reason))
            }
            Attempt::Transient(reason) => {
                self.failures += 1;
                match RETRY_SECONDS.get(self.failures as usize - 1) {
                    Some(seconds) => self.wait(after_seconds(now, *seconds), reason),
                    None => self.end(NoticeState::Failed, Some(reason)),
                }
            }
            // A provider that is throttled says nothing against the message: it waits for as long as it is news.
            Attempt::Throttled(after, reason) => {
                let again = now.saturating_add(after).unwrap_or(now).max(after_seconds(now, 1));
                self.wait(again, reason)
            }
        }
    }

    /// The row of a notice that workers keep taking without saying what came of it.
    pub fn stuck(self) -> Self {
        let reason = "five tries began and none reported what came of it";
        self.end(NoticeState::Stuck, Some(reason.into()))
    }

    fn wait(mut self, until: Timestamp, reason: String) -> Self {
        self.state = NoticeState::Waiting;
        self.due_at = Some(until);
        self.reason = Some(reason);
        self
    }

    fn end(mut self, state: NoticeState, reason: Option<String>) -> Self {
        self.state = state;
        self.reason = reason;
        self.due_at = None;
        self.lease = None;
        self
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use ulid::Ulid;

    use super::*;
    use crate::domain::status::page;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_770_000_000 + second).unwrap()
    }

    fn post(updates: &[(u128, bool)]) -> Post {
        let update = |(n, told): &(u128, bool)| {
            serde_json::json!({
                "id": UpdateId(Ulid(*n)), "status": "investigating", "body": "b", "at": at(*n as i64),
                "created_at": at(*n as i64), "by": {"type": "system", "name": "x"}, "deliver_notifications": told,
            })
        };
        serde_json::from_value(serde_json::json!({
            "id": PostId(Ulid(1)), "page_id": PageId(Ulid(1)), "title": "t", "status": "investigating",
            "updates": updates.iter().map(update).collect::<Vec<_>>(),
            "started_at": at(0), "created_at": at(0), "updated_at": at(0),
        }))
        .unwrap()
    }

    fn maintenance(starts: i64, updated: i64) -> Maintenance {
        serde_json::from_value(serde_json::json!({
            "id": MaintenanceId(Ulid(1)), "page_id": PageId(Ulid(1)), "title": "t", "status": "scheduled",
            "starts_at": at(starts), "ends_at": at(starts + 60), "automatic": true,
            "updates": [{"id": UpdateId(Ulid(5)), "status": "scheduled", "body": "b", "at": at(0), "created_at": at(0),
                "by": {"type": "system", "name": "x"}}],
            "created_at": at(0), "updated_at": at(updated),
        }))
        .unwrap()
    }

    fn news(bulletins: &[Bulletin]) -> Vec<News> {
        bulletins.iter().map(|bulletin| bulletin.news).collect()
    }

    #[test]
    fn news_reads_back_and_nothing_else_does() {
        let all = [
            News::Update(UpdateId(Ulid(5))),
            News::Reminder(MaintenanceId(Ulid(5))),
            News::Withdrawal(PostId(Ulid(5))),
            News::Asked(1_770_000_000_123),
        ];
        for one in all {
            assert_eq!(one.to_string().parse(), Ok(one));
        }
        for bad in [
            "",
            "ask_",
            "ask_1",
            "ask_+770000000123",
            "inc_00000000000000000000000005",
        ] {
            assert_eq!(bad.parse::<News>(), Err(NotNews), "{bad}");
        }
    }

    #[test]
    fn every_new_update_that_shall_be_told_is_told_and_no_other() {
        let first = post(&[(1, true)]);
        let second = post(&[(1, true), (2, false), (3, true)]);
        assert_eq!(
            news(&bulletins_of_post(&first, None)),
            [News::Update(UpdateId(Ulid(1)))]
        );
        let later = bulletins_of_post(&second, Some(&first));
        assert_eq!(news(&later), [News::Update(UpdateId(Ulid(3)))]);
        assert_eq!(later[0].due_at, Some(at(3 + limits::BULLETIN_AFTER_SECONDS)));
        assert_eq!(bulletins_of_post(&second, Some(&second)), []);
        assert!(is_news_of_post(News::Update(UpdateId(Ulid(3))), &second));
        assert!(
            !is_news_of_post(News::Update(UpdateId(Ulid(1))), &second),
            "a later one replaces it"
        );
    }

    #[test]
    fn taking_back_is_told_to_whom_it_was_told() {
        let withdrawn = |post: Post| Post {
            withdrawn: serde_json::from_value(serde_json::json!({"at": at(9), "by": {"type": "system", "name": "x"}}))
                .unwrap(),
            ..post
        };
        let told = post(&[(1, true)]);
        let back = withdrawn(told.clone());
        assert_eq!(
            news(&bulletins_of_post(&back, Some(&told))),
            [News::Withdrawal(told.id)]
        );
        assert_eq!(bulletins_of_post(&back, Some(&back)), [], "once");
        assert!(!is_news_of_post(News::Update(UpdateId(Ulid(1))), &back));
        assert!(is_news_of_post(News::Withdrawal(told.id), &back));
        let quiet = post(&[(1, false)]);
        assert_eq!(bulletins_of_post(&withdrawn(quiet.clone()), Some(&quiet)), []);
    }

    #[test]
    fn a_maintenance_reminds_an_hour_before_and_again_when_it_is_moved() {
        let hour = i64::from(limits::REMIND_MINUTES) * 60;
        let made = maintenance(7_200, 0);
        let bulletins = bulletins_of_maintenance(&made, None);
        assert_eq!(
            news(&bulletins),
            [News::Update(UpdateId(Ulid(5))), News::Reminder(made.id)]
        );
        assert_eq!(bulletins[1].due_at, Some(at(7_200 - hour)));
        assert_eq!(bulletins_of_maintenance(&made, Some(&made)), []);
        let moved = maintenance(20_000, 100);
        let bulletins = bulletins_of_maintenance(&moved, Some(&made));
        assert_eq!(
            (news(&bulletins), bulletins[0].due_at),
            (vec![News::Reminder(made.id)], Some(at(20_000 - hour)))
        );
        // One that begins sooner was just announced.
        assert_eq!(news(&bulletins_of_maintenance(&maintenance(1_800, 0), None)).len(), 1);
        let reminder = News::Reminder(made.id);
        assert!(is_news_of_maintenance(reminder, &made, at(7_200 - hour)));
        assert!(!is_news_of_maintenance(reminder, &made, at(7_200)), "it has begun");
        assert!(
            !is_news_of_maintenance(reminder, &moved, at(7_200 - hour)),
            "it was moved"
        );
    }

    #[test]
    fn a_maintenance_that_was_not_told_begins_and_ends_untold() {
        for told in [true, false] {
            let mut before = maintenance(7_200, 0);
            before.updates[0].deliver_notifications = told;
            let begun = before.advanced(page::Locale::En, UpdateId(Ulid(6)), at(7_200)).unwrap();
            let over = begun.advanced(page::Locale::En, UpdateId(Ulid(7)), at(7_260)).unwrap();
            for (before, after) in [(&before, &begun), (&begun, &over)] {
                let update = News::Update(after.updates.last().unwrap().id);
                let expected = if told { vec![update] } else { vec![] };
                assert_eq!(news(&bulletins_of_maintenance(after, Some(before))), expected);
            }
        }
    }

    #[test]
    fn a_notice_ends_or_waits() {
        let key = NoticeKey {
            news: News::Asked(1),
            subscriber_id: SubscriberId(Ulid(1)),
        };
        let new = Notice::new(
            key,
            PageId(Ulid(1)),
            About::Subscription,
            SubscriberChannel::Email,
            at(0),
        );
        let sent = new.clone().record(Attempt::Sent { provider_id: None }, at(1));
        assert_eq!(
            (sent.state, sent.due_at, sent.sent_at),
            (NoticeState::Sent, None, Some(at(1)))
        );
        let mut failing = new.clone();
        for seconds in RETRY_SECONDS {
            failing = failing.record(Attempt::Transient("no".into()), at(0));
            assert_eq!(
                (failing.state, failing.due_at),
                (NoticeState::Waiting, Some(at(seconds)))
            );
        }
        assert_eq!(
            failing.record(Attempt::Transient("no".into()), at(0)).state,
            NoticeState::Failed
        );
        let mut throttled = new.clone();
        for _ in 0..100 {
            let wait = Attempt::Throttled(SignedDuration::from_secs(2), "slowly".into());
            throttled = throttled.record(wait, at(5));
        }
        assert_eq!(
            (throttled.state, throttled.due_at, throttled.failures),
            (NoticeState::Waiting, Some(at(7)), 0)
        );
        assert!(!new.is_old(at(86_399)) && new.is_old(at(86_400)));
    }
}
