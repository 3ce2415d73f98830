//! An incident opened by a person: no sender, no group, a slot of its own. From there on it is like any other.
//!
//! With an `Idempotency-Key` the answer is remembered in the same transaction. The slot could not tell: it is the
//! service's, so the same key with another service would find another slot, and its tombstone forgets.

use crate::ctx::Ctx;
use crate::domain::actor::Actor;
use crate::domain::id::{IncidentId, ServiceId, SignalId};
use crate::domain::incident::Incident;
use crate::domain::limits;
use crate::domain::service::Service;
use crate::domain::signal::{Action, Content, Draft, Link, Severity, Signal, is_link};
use crate::domain::slot::Slot;
use crate::domain::text::is_blank;
use crate::store::keys::Key;
use crate::store::{Applied, Opened};
use crate::web::{Authenticated, Created, FieldError, IdempotencyKey, Problem};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::FullView;

/// Where incidents are opened, and found below.
const PATH: &str = "/api/v1/incidents";

/// What somebody saw break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncident {
    /// The service that broke.
    service_id: ServiceId,
    /// One line about what is wrong.
    #[schema(min_length = 1, max_length = 1024, pattern = r"\S", example = "Checkout is slow")]
    title: String,
    /// How bad it is.
    #[serde(default = "error")]
    #[schema(default = "error")]
    severity: Severity,
    /// Whatever helps: an object of at most 8 KB.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    details: serde_json::Value,
    /// Addresses worth a look.
    #[serde(default)]
    #[schema(max_items = 10)]
    links: Vec<NewLink>,
    /// What to do about it: an http or https URL.
    #[serde(default)]
    #[schema(
        format = "iri",
        max_length = 2048,
        pattern = r"^https?://",
        example = "https://run.example.com/checkout"
    )]
    runbook_url: Option<String>,
}

/// An address with words for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// An http or https URL.
    #[schema(
        format = "iri",
        max_length = 2048,
        pattern = r"^https?://",
        example = "https://graphs.example.com/checkout"
    )]
    href: String,
    /// What it leads to.
    #[serde(default)]
    #[schema(max_length = 128, example = "Latency")]
    text: String,
}

fn error() -> Severity {
    Severity::Error
}

/// Opens the incident, or gives the answer again that this request was given before.
///
/// # Errors
/// 400 naming the field; 409 when the key was used for something else; 503 when the table does not answer.
pub async fn open(
    ctx: &Ctx,
    who: &Authenticated,
    key: &IdempotencyKey,
    wanted: NewIncident,
) -> Result<Response, Problem> {
    wanted.check()?;
    let asked = key.of(who, PATH, &wanted);
    if let Some(asked) = &asked
        && let Some(answer) = asked.recall(ctx, who.now).await?
    {
        return Ok(answer);
    }
    let service = ctx.store.load::<Service>(wanted.service_id).await?;
    let service = service
        .ok_or_else(|| Problem::invalid_field("service_id", "there is no such service"))?
        .value;
    let (incident, slot, content) = wanted.incident(ctx, &service, who.principal.actor(), who.now);
    let created = answer(&incident, &slot, &content)?;
    let slot_key = Key::slot_of(&incident);
    let is_open = match &asked {
        None => ctx.store.open_incident(slot_key, &slot, &incident, &content).await? == Opened::Opened,
        Some(asked) => {
            let once = asked.remember(ctx, &created, who.now);
            ctx.store
                .open_incident_once(slot_key, &slot, &incident, &content, once)
                .await?
                == Applied::Done
        }
    };
    match (is_open, asked) {
        (true, _) => Ok(created.into_response()),
        // The same request was a moment earlier, on another connection.
        (false, Some(asked)) => asked.recall(ctx, who.now).await?.ok_or_else(Problem::unavailable),
        (false, None) => Err(Problem::unavailable()),
    }
}

fn answer(incident: &Incident, slot: &Slot, content: &Content) -> Result<Created, Problem> {
    let shown = Incident {
        counts: Some(slot.counts()),
        ..incident.clone()
    };
    let view = FullView::new(shown, content.clone());
    let body = serde_json::to_value(&view).map_err(|error| {
        tracing::error!(%error, "an incident cannot be shown");
        Problem::internal()
    })?;
    Ok(Created {
        location: Some(format!("{PATH}/{}", incident.id)),
        etag: view.etag(),
        body,
    })
}

impl NewIncident {
    /// Everything that is wrong, at once. Senders' alerts are cut to fit; people can be told.
    fn check(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        let mut wrong = |field: String, message: String| errors.push(FieldError { field, message });
        if is_blank(&self.title) || self.title.chars().count() > limits::SUMMARY_CHARS_MAX {
            wrong(
                "title".into(),
                format!(
                    "must have 1 to {} characters, not all of them blank",
                    limits::SUMMARY_CHARS_MAX
                ),
            );
        }
        if !self.details.is_null() && !self.details.is_object() {
            wrong("details".into(), "must be an object".into());
        } else if self.details.to_string().len() > limits::DETAILS_BYTES_MAX {
            wrong(
                "details".into(),
                format!("must have at most {} bytes of JSON", limits::DETAILS_BYTES_MAX),
            );
        }
        if self.links.len() > limits::LINKS_MAX {
            wrong("links".into(), format!("must be at most {}", limits::LINKS_MAX));
        }
        let url = format!(
            "must be an http or https URL of at most {} bytes",
            limits::LINK_BYTES_MAX
        );
        for (place, link) in self.links.iter().enumerate().take(limits::LINKS_MAX) {
            if !is_link(&link.href) {
                wrong(format!("links[{place}].href"), url.clone());
            }
            if link.text.chars().count() > limits::NAME_CHARS_MAX {
                wrong(
                    format!("links[{place}].text"),
                    format!("must have at most {} characters", limits::NAME_CHARS_MAX),
                );
            }
        }
        if self.runbook_url.as_ref().is_some_and(|text| !is_link(text)) {
            wrong("runbook_url".into(), url);
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(errors))
        }
    }

    fn incident(self, ctx: &Ctx, service: &Service, by: Actor, now: Timestamp) -> (Incident, Slot, Content) {
        let id = IncidentId(ctx.random.ulid(now));
        let signal = Signal::new(Draft {
            action: Action::Trigger,
            // No two people mean the same thing by opening one: each is a group of its own.
            group_key: format!("manual:{id}"),
            event_at: None,
            summary: self.title,
            severity: self.severity,
            source: None,
            component: None,
            runbook_url: self.runbook_url,
            links: self
                .links
                .into_iter()
                .map(|link| Link {
                    href: link.href,
                    text: link.text,
                })
                .collect(),
            images: Vec::new(),
            details: self.details,
            alerts: Vec::new(),
            alerts_left_out: 0,
            remarks: Vec::new(),
        });
        let ids = (id, SignalId(ctx.random.ulid(now)));
        let mut incident = Incident::open(ids, service, None, &signal, None, now);
        incident.opened_by = Some(by);
        let slot = Slot::opened(id, &signal, None, now);
        (incident, slot, signal.content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(json: serde_json::Value) -> NewIncident {
        let mut whole = serde_json::json!({"service_id": "svc_01arz3ndektsv4rrffq69g5fav", "title": "Shop is slow"});
        whole.as_object_mut().unwrap().extend(json.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn a_title_is_enough() {
        let least = wanted(serde_json::json!({}));
        assert_eq!((least.check(), least.severity), (Ok(()), Severity::Error));
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let links = serde_json::json!([{"href": "https://ok.example/"}, {"href": "javascript:alert(1)", "text": "x".repeat(200)}]);
        let wrong =
            serde_json::json!({"title": " ", "details": ["no"], "links": links, "runbook_url": "file:///etc/passwd"});
        let problem = wanted(wrong).check().unwrap_err();
        let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            ["title", "details", "links[1].href", "links[1].text", "runbook_url"]
        );
        let large = wanted(serde_json::json!({"details": {"log": "x".repeat(8_192)}, "title": "x".repeat(1_025)}));
        assert_eq!(large.check().unwrap_err().errors.len(), 2);
    }
}
