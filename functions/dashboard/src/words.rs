//! What things are called: in badges, lists and sentences of all pages.

use shared::domain::actor::Actor;
use shared::domain::delivery::DeliveryState;
use shared::domain::incident::Status;
use shared::domain::people::Medium;
use shared::domain::signal::Severity;
use shared::domain::status::{ComponentStatus, Locale, SubscriberChannel, words as public};
use shared::incidents::{IncidentView, Purpose};

/// A state's name, which is its class, too.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Triggered => "triggered",
        Status::Acknowledged => "acknowledged",
        Status::Resolved => "resolved",
    }
}

pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

pub fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Page => "Page",
        Purpose::TakenBy => "Who took it",
        Purpose::Over => "It is over",
        Purpose::Unanswered => "Nobody answered",
        Purpose::Stuck => "Handling it keeps failing",
        Purpose::Verification => "Verification",
    }
}

pub fn medium(medium: Medium) -> &'static str {
    match medium {
        Medium::Sms => "Text message",
        Medium::Voice => "Call",
        Medium::Email => "E-mail",
        Medium::Webhook => "Webhook",
        Medium::Topic => "Topic",
    }
}

pub fn delivery_state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Scheduled => "scheduled",
        DeliveryState::Sending => "sending",
        DeliveryState::Sent => "sent",
        DeliveryState::Failed => "failed",
        DeliveryState::Superseded => "superseded",
        DeliveryState::Stuck => "stuck",
    }
}

/// Who did something, where the reader is called "you".
pub fn actor(actor: &Actor, me: &str) -> String {
    let is_me = actor.id.as_deref() == Some(me) || actor.user_id.is_some_and(|id| id.to_string() == me);
    if is_me { "you".into() } else { actor.name.clone() }
}

/// Where an incident stands, in one sentence without its end.
pub fn standing(incident: &IncidentView, me: &str) -> String {
    let by = |who: &Option<Actor>| {
        who.as_ref()
            .map_or_else(String::new, |who| format!(" by {}", actor(who, me)))
    };
    match incident.status {
        Status::Triggered if incident.unanswered => "Nobody answered".into(),
        Status::Triggered if incident.snoozed_until.is_some() => "Snoozed".into(),
        Status::Triggered => "Triggered".into(),
        Status::Acknowledged if incident.snoozed_until.is_some() => format!("Snoozed{}", by(&incident.acknowledged_by)),
        Status::Acknowledged => format!("Taken{}", by(&incident.acknowledged_by)),
        Status::Resolved => format!("Resolved{}", by(&incident.resolved_by)),
    }
}

/// How a component of a status page does, in the words of the page.
pub fn component(status: ComponentStatus) -> &'static str {
    public::labels(Locale::En).component_status(status)
}

pub fn subscriber_channel(channel: SubscriberChannel) -> &'static str {
    match channel {
        SubscriberChannel::Email => "E-mail",
        SubscriberChannel::Sms => "Text message",
        SubscriberChannel::Webhook => "Webhook",
        SubscriberChannel::Slack => "Slack",
    }
}
