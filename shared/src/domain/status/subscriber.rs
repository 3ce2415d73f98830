//! Subscribers: people and machines who asked to hear what a page tells.
//!
//! Whoever writes an address into a form need not be who reads there. So nobody hears anything before they said yes behind
//! the link, or with the code, that was sent to the address; and who asks is told the same whether the address was there or
//! not. What is absent: the address itself, which is sealed, and any list of who reads which page in clear.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::component::Component;
use crate::domain::id::{ComponentId, PageId, SubscriberId};
use crate::domain::limits;
use crate::domain::people::Medium;
use crate::domain::time::after_seconds;

/// How a subscriber hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriberChannel {
    /// E-mail.
    Email,
    /// Text messages.
    Sms,
    /// HTTP POSTs in the shape of Statuspage's.
    Webhook,
    /// A room of Slack, by an incoming webhook.
    Slack,
}

impl SubscriberChannel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Email, Self::Sms, Self::Webhook, Self::Slack];

    /// Its name, as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Webhook => "webhook",
            Self::Slack => "slack",
        }
    }

    /// What carries it.
    pub const fn medium(self) -> Medium {
        match self {
            Self::Email => Medium::Email,
            Self::Sms => Medium::Sms,
            Self::Webhook | Self::Slack => Medium::Webhook,
        }
    }

    /// Whether its messages are confirmed by a code that is typed, rather than by a link.
    pub const fn has_code(self) -> bool {
        matches!(self, Self::Sms)
    }
}

impl std::str::FromStr for SubscriberChannel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(())
    }
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriberState {
    /// Somebody asked for it; whoever reads at the address has not said yes.
    Pending,
    /// They hear.
    Active,
    /// So many messages in a row failed for good that no more are sent.
    Stopped,
}

impl SubscriberState {
    /// Its name, as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Stopped => "stopped",
        }
    }
}

/// How many subscribers a page has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubscriberCounts {
    /// Who hears.
    pub active: u32,
    /// Who was asked to confirm.
    pub pending: u32,
    /// Who is sent no more, since message after message failed for good.
    pub stopped: u32,
    /// Who hears by e-mail.
    pub email: u32,
    /// Who hears by text message.
    pub sms: u32,
    /// Who hears by webhook.
    pub webhook: u32,
    /// Who hears in Slack.
    pub slack: u32,
}

impl SubscriberCounts {
    /// Counts one more, if they are there at all.
    pub fn count(&mut self, subscriber: &Subscriber, now: Timestamp) {
        if !subscriber.is_live(now) {
            return;
        }
        match subscriber.state() {
            SubscriberState::Pending => self.pending += 1,
            SubscriberState::Stopped => self.stopped += 1,
            SubscriberState::Active => {
                self.active += 1;
                *match subscriber.channel {
                    SubscriberChannel::Email => &mut self.email,
                    SubscriberChannel::Sms => &mut self.sms,
                    SubscriberChannel::Webhook => &mut self.webhook,
                    SubscriberChannel::Slack => &mut self.slack,
                } += 1;
            }
        }
    }

    /// Who hears by this channel.
    pub fn by(&self, channel: SubscriberChannel) -> u32 {
        match channel {
            SubscriberChannel::Email => self.email,
            SubscriberChannel::Sms => self.sms,
            SubscriberChannel::Webhook => self.webhook,
            SubscriberChannel::Slack => self.slack,
        }
    }

    /// Everybody who is there.
    pub fn all(&self) -> u32 {
        self.active + self.pending + self.stopped
    }
}

/// A subscriber of a page. Their id follows from page, channel and address, so that nobody is there twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// Their id.
    pub id: SubscriberId,
    /// The page.
    pub page_id: PageId,
    /// How they hear.
    pub channel: SubscriberChannel,
    /// Where, sealed with the master key.
    pub sealed_address: String,
    /// What they want to hear of: these components, and those of these groups; none: everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub component_ids: Vec<ComponentId>,
    /// When this subscription was first asked for: the codes of its links are of this time, and end with it.
    pub since: Timestamp,
    /// When it was last asked for: the code of a text message is of this time.
    pub asked_at: Timestamp,
    /// When they said yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// Messages in a row that failed for good.
    #[serde(default)]
    pub failures: u32,
    /// When no more were sent for that reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
}

impl Subscriber {
    /// Where it stands.
    pub fn state(&self) -> SubscriberState {
        match (self.confirmed_at, self.stopped_at) {
            (None, _) => SubscriberState::Pending,
            (Some(_), None) => SubscriberState::Active,
            (Some(_), Some(_)) => SubscriberState::Stopped,
        }
    }

    /// When it is forgotten, if nobody says yes.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let pending = self.confirmed_at.is_none();
        pending.then(|| after_seconds(self.asked_at, limits::SUBSCRIPTION_CONFIRM_SECONDS))
    }

    /// Whether it is there at all: one that nobody confirmed in time is not.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at().is_none_or(|at| now < at)
    }

    /// What becomes of `before` when somebody asks for this. A stranger may ask for any address, so nothing changes for who
    /// is there already, but that they may be sent a new code.
    pub fn asked_over(self, before: Option<&Self>) -> Self {
        match before.filter(|before| before.is_live(self.asked_at)) {
            None => self,
            Some(before) if before.confirmed_at.is_some() => Self {
                asked_at: self.asked_at,
                ..before.clone()
            },
            Some(before) => Self {
                since: before.since,
                ..self
            },
        }
    }

    /// They said yes.
    pub fn confirmed(&self, now: Timestamp) -> Self {
        Self {
            confirmed_at: self.confirmed_at.or(Some(now)),
            stopped_at: None,
            failures: 0,
            ..self.clone()
        }
    }

    /// A message came through (`true`), or failed for good. None: there is nothing to remember.
    pub fn heard(&self, came_through: bool, now: Timestamp) -> Option<Self> {
        match came_through {
            true if self.failures == 0 => None,
            true => Some(Self {
                failures: 0,
                ..self.clone()
            }),
            false => {
                let failures = self.failures + 1;
                let too_many = failures >= limits::SUBSCRIBER_FAILURES_MAX;
                Some(Self {
                    failures,
                    stopped_at: self.stopped_at.or(too_many.then_some(now)),
                    ..self.clone()
                })
            }
        }
    }

    /// Whether something about these components of the page is for them. What names none is about the page as a whole; whoever
    /// chose only what is gone meanwhile hears everything, rather than nothing.
    pub fn wants(&self, affected: &[ComponentId], components: &[Component]) -> bool {
        let chosen = |id: &ComponentId| {
            let group = components.iter().find(|one| one.id == *id).and_then(|one| one.group_id);
            self.component_ids.contains(id) || group.is_some_and(|group| self.component_ids.contains(&group))
        };
        let is_there = |id: &ComponentId| components.iter().any(|one| one.id == *id);
        !self.component_ids.iter().any(is_there) || affected.is_empty() || affected.iter().any(chosen)
    }

    /// What the codes of its links are derived from, besides its id: a subscription that ended and began again has others.
    pub fn facts(&self) -> String {
        format!("{}\n{}", self.page_id, self.since.as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_770_000_000 + second).unwrap()
    }

    fn ada(asked: i64) -> Subscriber {
        Subscriber {
            id: SubscriberId(Ulid(7)),
            page_id: PageId(Ulid(1)),
            channel: SubscriberChannel::Email,
            sealed_address: "v1.x".into(),
            component_ids: Vec::new(),
            since: at(asked),
            asked_at: at(asked),
            confirmed_at: None,
            failures: 0,
            stopped_at: None,
        }
    }

    fn component(n: u128, group: Option<u128>) -> Component {
        let id = |n| ComponentId(Ulid(n));
        serde_json::from_value(serde_json::json!({
            "id": id(n), "page_id": PageId(Ulid(1)), "name": "x", "group_id": group.map(id),
            "created_at": at(0), "updated_at": at(0),
        }))
        .unwrap()
    }

    #[test]
    fn who_is_not_confirmed_in_two_days_was_never_there() {
        let pending = ada(0);
        assert_eq!(pending.state(), SubscriberState::Pending);
        assert!(pending.is_live(at(2 * 86_400 - 1)) && !pending.is_live(at(2 * 86_400)));
        let confirmed = pending.confirmed(at(10));
        assert_eq!(confirmed.state(), SubscriberState::Active);
        assert!(confirmed.is_live(at(1_000_000_000)));
        assert_eq!(confirmed.confirmed(at(20)), confirmed, "twice is once");
    }

    #[test]
    fn asking_again_changes_nothing_for_who_is_there() {
        let other = Subscriber {
            component_ids: vec![ComponentId(Ulid(3))],
            ..ada(50)
        };
        let confirmed = ada(0).confirmed(at(10));
        let asked = other.clone().asked_over(Some(&confirmed));
        assert_eq!(
            (asked.component_ids.len(), asked.since, asked.asked_at),
            (0, at(0), at(50))
        );
        assert_eq!(asked.state(), SubscriberState::Active);
        // Of who is not there yet the last word counts, and the link that was sent before works on.
        let asked = other.clone().asked_over(Some(&ada(0)));
        assert_eq!(
            (asked.component_ids.len(), asked.since, asked.asked_at),
            (1, at(0), at(50))
        );
        // What nobody confirmed in time begins anew, and so do its codes.
        let late = ada(3 * 86_400).asked_over(Some(&ada(0)));
        assert_ne!(late.facts(), ada(0).facts());
        assert_eq!(other.clone().asked_over(None), other);
    }

    #[test]
    fn five_failures_in_a_row_stop_and_saying_yes_begins_again() {
        let mut one = ada(0).confirmed(at(1));
        assert_eq!(one.heard(true, at(2)), None);
        for n in 1..=5 {
            assert_eq!(one.state(), SubscriberState::Active, "{n}");
            one = one.heard(false, at(n)).unwrap();
        }
        assert_eq!((one.state(), one.stopped_at), (SubscriberState::Stopped, Some(at(5))));
        assert_eq!(one.confirmed(at(9)).state(), SubscriberState::Active);
        let four = Subscriber {
            failures: 4,
            ..ada(0).confirmed(at(1))
        };
        assert_eq!(four.heard(true, at(2)).unwrap().failures, 0);
    }

    #[test]
    fn components_and_those_of_groups_are_chosen() {
        let id = |n| ComponentId(Ulid(n));
        let all = [
            component(1, None),
            component(2, Some(9)),
            component(3, None),
            component(9, None),
        ];
        let wants = |chosen: &[u128], affected: &[u128]| {
            let one = Subscriber {
                component_ids: chosen.iter().map(|n| id(*n)).collect(),
                ..ada(0)
            };
            one.wants(&affected.iter().map(|n| id(*n)).collect::<Vec<_>>(), &all)
        };
        assert!(wants(&[], &[1]) && wants(&[], &[]));
        assert!(wants(&[1], &[3, 1]) && !wants(&[1], &[2, 3]));
        assert!(
            wants(&[9], &[2]) && !wants(&[9], &[1]),
            "a group stands for what is in it"
        );
        assert!(wants(&[7], &[1]), "nothing of what was chosen is there any more");
        assert!(!wants(&[7, 1], &[3]), "some of it is");
        assert!(wants(&[1], &[]), "what names no component is about all");
    }
}
