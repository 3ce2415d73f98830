//! People, the ways to reach them, and the places that many of them read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::avatar::Avatar;
use super::id::{ChannelId, ContactId, TeamId, UserId};
use super::service::Urgency;
use super::time::after_seconds;

/// What a person may do, before teams and token scopes cut it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, changes nothing but their own settings.
    Viewer,
    /// Answers incidents; changes what their teams own.
    Responder,
    /// Changes everything but owners.
    Admin,
    /// Changes everything, and hears when an incident went unanswered.
    Owner,
}

/// How a contact or a channel is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// A text message to a telephone number in E.164 form.
    Sms,
    /// A telephone call.
    Voice,
    /// An e-mail.
    Email,
    /// An HTTP POST to a URL, signed.
    Webhook,
    /// A topic of Amazon SNS, by its ARN: for channels, not for people.
    Topic,
}

impl Medium {
    /// Its name, as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Email => "email",
            Self::Webhook => "webhook",
            Self::Topic => "topic",
        }
    }

    /// Whether a message by this medium may come at night about something that needs no answer.
    pub fn is_quiet(self) -> bool {
        matches!(self, Self::Email | Self::Webhook | Self::Topic)
    }
}

/// One way to reach one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// How it is reached.
    pub kind: Medium,
    /// Telephone number in E.164 form, e-mail address or URL.
    pub address: String,
    /// When its owner showed that it reaches them. Only then is it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<jiff::Timestamp>,
    /// A verification that waits for its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
}

/// A verification under way. The code itself is derived from the master key and `sent_at`, and kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// When the code was asked for; the code works for ten minutes.
    pub sent_at: jiff::Timestamp,
    /// Wrong codes so far; after five it is over.
    pub wrong_codes: u32,
}

/// "After so long, use this contact."
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Seconds after the step begins.
    #[schema(maximum = 3_600, example = 120)]
    pub after_seconds: u32,
    /// Which contact.
    pub contact_id: ContactId,
}

/// A person's notification rules, per urgency. None for an urgency: every verified contact at once for high, e-mail
/// for low.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "high": [{ "after_seconds": 120, "contact_id": "con_01arz3ndektsv4rrffq69g5fav" }], "low": [] }))]
pub struct Rules {
    /// For incidents that wake people.
    #[serde(default)]
    #[schema(max_items = 8)]
    pub high: Vec<Rule>,
    /// For incidents that can wait.
    #[serde(default)]
    #[schema(max_items = 8)]
    pub low: Vec<Rule>,
}

/// A person. Contacts and rules live in the same row: a page needs all of it, in one read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What others call them.
    pub name: String,
    /// Where they sign in, lower case; unique.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// The teams they are in.
    #[serde(default)]
    pub team_ids: Vec<TeamId>,
    /// IANA time zone in which they are told times.
    pub time_zone: String,
    /// Language they are addressed in ("en").
    pub locale: String,
    /// Ways to reach them.
    #[serde(default)]
    pub contacts: Vec<Contact>,
    /// When which way is used.
    #[serde(default)]
    pub rules: Rules,
    /// Argon2id hash of their password (PHC string), if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// When they last signed out everywhere: sessions that began before have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_out_at: Option<jiff::Timestamp>,
    /// When they last took all their API tokens back: those that were made before have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_ended_at: Option<jiff::Timestamp>,
    /// Their picture.
    #[serde(default, skip_serializing_if = "Avatar::is_untouched")]
    pub avatar: Avatar,
    /// When they were added.
    pub created_at: jiff::Timestamp,
}

/// One message that a person's rules ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMessage<'a> {
    /// By which contact.
    pub contact: &'a Contact,
    /// Which rule asked: its place among the rules, or none where there are no rules.
    pub rule: Option<usize>,
    /// When.
    pub at: jiff::Timestamp,
}

impl User {
    /// The contact with this id.
    pub fn contact(&self, id: ContactId) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.id == id)
    }

    /// Contacts that may be used, in the person's order.
    pub fn verified_contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().filter(|contact| contact.verified_at.is_some())
    }

    /// The messages that a page of this urgency sends when its step begins at `now`. Empty: nobody to page.
    ///
    /// Rules that point only at contacts which cannot be used count as no rules: a page is never lost to a rule that
    /// was forgotten.
    pub fn page_messages(&self, urgency: Urgency, now: jiff::Timestamp) -> Vec<PlannedMessage<'_>> {
        let rules = match urgency {
            Urgency::High => &self.rules.high,
            Urgency::Low => &self.rules.low,
        };
        let by_rule: Vec<_> = rules
            .iter()
            .enumerate()
            .filter_map(|(place, rule)| {
                let contact = self
                    .contact(rule.contact_id)
                    .filter(|contact| contact.verified_at.is_some())?;
                Some(PlannedMessage {
                    contact,
                    rule: Some(place),
                    at: after_seconds(now, rule.after_seconds.into()),
                })
            })
            .collect();
        if !by_rule.is_empty() {
            return by_rule;
        }
        let at_once = |contact| PlannedMessage {
            contact,
            rule: None,
            at: now,
        };
        let all = || self.verified_contacts().map(at_once).collect::<Vec<_>>();
        match urgency {
            Urgency::High => all(),
            Urgency::Low => {
                let emails: Vec<_> = self
                    .verified_contacts()
                    .filter(|contact| contact.kind == Medium::Email)
                    .map(at_once)
                    .collect();
                if emails.is_empty() { all() } else { emails }
            }
        }
    }

    /// The quietest way to tell this person something that needs no answer; none when only their telephone is known.
    pub fn quiet_contact(&self) -> Option<&Contact> {
        let of = |kind| self.verified_contacts().find(|contact| contact.kind == kind);
        of(Medium::Webhook).or_else(|| of(Medium::Email))
    }

    /// The ways in which an owner hears that nobody answered: the loudest and an e-mail, at most two.
    pub fn alarm_contacts(&self) -> Vec<&Contact> {
        let mut chosen: Vec<&Contact> = Vec::new();
        for kind in [Medium::Sms, Medium::Email, Medium::Voice, Medium::Webhook] {
            chosen.extend(self.verified_contacts().find(|contact| contact.kind == kind));
        }
        chosen.truncate(super::limits::OWNER_NOTICES_MAX);
        chosen
    }
}

/// A place that many people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// The team that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// Its name, as people say it.
    pub name: String,
    /// How it is reached: for now a webhook.
    pub kind: Medium,
    /// Where: a URL.
    pub address: String,
    /// The signing key, sealed with the master key.
    pub sealed_secret: String,
    /// When it was added.
    pub created_at: jiff::Timestamp,
}

/// A group of people that owns services, policies and channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name, as people say it.
    pub name: String,
    /// When it was made.
    pub created_at: jiff::Timestamp,
}
