//! The body of an outgoing webhook. Its shape is a contract with receivers:
//!
//! `{"id": "dlv_…", "type": "incident.page", "occurred_at": …, "data": {"incident": {…}, "subject", "text",
//! "acknowledge_url"}}`
//!
//! `id` is the same in every attempt, as is the header `X-Nightbell-Webhook-Id`.

use jiff::Timestamp;
use serde::Serialize;
use shared::domain::delivery::{Delivery, Part};
use shared::domain::id::{IncidentId, ServiceId};
use shared::domain::incident::{Announcement, Incident, Status};
use shared::domain::service::Urgency;
use shared::domain::signal::{Link, Severity};
use shared::domain::wording::Message;

#[derive(Serialize)]
struct Envelope<'a> {
    id: String,
    r#type: &'static str,
    occurred_at: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<Subject<'a>>,
    subject: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledge_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Subject<'a> {
    id: IncidentId,
    title: &'a str,
    status: Status,
    severity: Severity,
    urgency: Urgency,
    service_id: ServiceId,
    service_name: &'a str,
    created_at: Timestamp,
    links: &'a [Link],
    runbook_url: Option<&'a str>,
}

/// The JSON of one delivery.
pub fn body(
    delivery: &Delivery,
    incident: Option<&Incident>,
    message: &Message,
    acknowledge_url: Option<&str>,
) -> Vec<u8> {
    let envelope = Envelope {
        id: delivery.key.public_id(),
        r#type: kind(delivery.key.part),
        occurred_at: delivery.created_at,
        data: Data {
            incident: incident.map(|incident| Subject {
                id: incident.id,
                title: &incident.title,
                status: incident.status,
                severity: incident.severity,
                urgency: incident.urgency,
                service_id: incident.service_id,
                service_name: &incident.service_name,
                created_at: incident.created_at,
                links: &incident.links,
                runbook_url: incident.runbook_url.as_deref(),
            }),
            subject: &message.subject,
            text: &message.text,
            acknowledge_url,
        },
    };
    serde_json::to_vec(&envelope).unwrap_or_default()
}

fn kind(part: Part) -> &'static str {
    match part {
        Part::Rule(_) | Part::Page | Part::Fallback => "incident.page",
        Part::Notice(Announcement::TakenBy) => "incident.acknowledged",
        Part::Notice(Announcement::Over) => "incident.resolved",
        Part::Unanswered => "incident.unanswered",
        Part::Stuck => "incident.stuck",
        Part::Verification(_) => "contact.verification",
        Part::Account(..) => "account.link",
        Part::Test(_) => "test",
    }
}
