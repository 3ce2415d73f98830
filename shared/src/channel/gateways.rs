//! Which provider carries which medium in this deployment.

use super::{EmailSender, SesSender, SmsSender, TopicSender, WebhookSender};
use crate::domain::people::Medium;

/// What carries one medium.
#[derive(Clone)]
pub enum Gateway {
    /// Kept in the table, where a person can read it: the local home.
    Outbox,
    /// A mail server.
    Smtp(EmailSender),
    /// Amazon SES.
    Ses(SesSender),
    /// Text messages of Amazon SNS.
    Sms(SmsSender),
    /// Topics of Amazon SNS.
    Topic(TopicSender),
    /// Signed HTTP POSTs.
    Webhook(WebhookSender),
}

/// The gateways of this deployment. A medium without one cannot be added as a contact.
#[derive(Clone, Default)]
pub struct Gateways {
    /// For text messages.
    pub sms: Option<Gateway>,
    /// For telephone calls.
    pub voice: Option<Gateway>,
    /// For e-mail.
    pub email: Option<Gateway>,
    /// For webhooks.
    pub webhook: Option<Gateway>,
    /// For topics.
    pub topic: Option<Gateway>,
}

impl Gateways {
    /// What carries this medium, if anything does.
    pub fn of(&self, medium: Medium) -> Option<&Gateway> {
        match medium {
            Medium::Sms => self.sms.as_ref(),
            Medium::Voice => self.voice.as_ref(),
            Medium::Email => self.email.as_ref(),
            Medium::Webhook => self.webhook.as_ref(),
            Medium::Topic => self.topic.as_ref(),
        }
    }
}
