//! One incident, with everything that happened.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::actor::Actor;
use shared::domain::id::IncidentId;
use shared::domain::incident::Status;
use shared::domain::people::User;
use shared::domain::policy::Policy;
use shared::domain::signal::{Alert, Link};
use shared::domain::status::{Alerts, Postmortem};
use shared::incidents::{self, DeliveryView, EventView, FullView};
use shared::store::{PageRequest, Versioned};
use shared::web::{Id, PageQuery};

use super::public::{self, Public};
use super::taker;
use crate::page::{
    Asked, Choice, Frame, Living, Moment, People, Person, Refused, Section, Visitor, Zone, by_name, shown,
};
use crate::words;

/// Entries of the timeline and messages shown at first; the API has the rest.
const ENTRIES_MAX: usize = 100;
/// Labels that name an alert which has no summary.
const NAME_LABELS: [&str; 2] = ["alertname", "__name__"];

#[derive(Debug, Deserialize)]
pub struct Wanted {
    part: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "incidents/one.html")]
struct Page {
    frame: Frame,
    id: String,
    title: String,
    live: Living,
    can_answer: bool,
    is_over: bool,
    has_postmortem: bool,
    policies: Vec<Choice>,
    people: Vec<Choice>,
}

#[derive(Debug, Template)]
#[template(path = "incidents/one_live.html")]
struct Live {
    id: String,
    title: String,
    status: &'static str,
    standing: String,
    taker: Option<Person>,
    since_standing: Option<Moment>,
    severity: &'static str,
    urgency: &'static str,
    service: String,
    service_url: String,
    opened: Moment,
    last: Option<Moment>,
    signals: Option<u64>,
    snoozed_until: Option<Moment>,
    /// The title of the maintenance that keeps it from paging, or made its last pages quiet, and when that ends.
    maintenance: Option<(String, Moment)>,
    is_held: bool,
    next_step: Option<Moment>,
    step: u32,
    source: Option<String>,
    component: Option<String>,
    runbook: Option<String>,
    links: Vec<Link>,
    details: Vec<(String, String)>,
    alerts: Vec<AlertRow>,
    alerts_more: u64,
    remarks: Vec<String>,
    /// What each page that its service affects tells of it.
    public: Vec<Public>,
    timeline: Vec<Entry>,
    has_older: bool,
    messages: Vec<Message>,
    has_more_messages: bool,
    form_token: String,
    may_respond: bool,
    can_acknowledge: bool,
    can_unacknowledge: bool,
    can_resolve: bool,
}

#[derive(Debug)]
struct AlertRow {
    name: String,
    firing: bool,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    since: Option<Moment>,
    source_url: Option<String>,
}

#[derive(Debug)]
struct Entry {
    at: Moment,
    who: Person,
    text: String,
    note: Option<String>,
}

#[derive(Debug)]
struct Message {
    purpose: &'static str,
    who: Person,
    medium: &'static str,
    to: String,
    state: &'static str,
    reason: Option<String>,
    at: Moment,
    attempts: u32,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<IncidentId>, shared::web::Problem>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let Id(id) = id?;
    let entries = || PageQuery {
        limit: Some(ENTRIES_MAX),
        after: None,
    };
    // Three reads of several rows each make a large future.
    let (full, timeline, deliveries) = Box::pin(async {
        futures_util::try_join!(
            FullView::load(&ctx, id),
            incidents::timeline(&ctx, &visitor.who.principal, id, entries()),
            incidents::deliveries(&ctx, id, entries()),
        )
    })
    .await?;
    let told = deliveries.items.iter().filter_map(|one| one.user_id);
    let did = timeline.items.iter().filter_map(|event| event.actor.person());
    let have = taker(&full.incident).and_then(Actor::person);
    let zone = visitor.zone();
    let (people, public) = futures_util::try_join!(
        People::load(&ctx, told.chain(did).chain(have)),
        public::of(&ctx, &full.incident, &zone),
    )?;
    let is_over = full.incident.status == Status::Resolved;
    let (has_older, has_more_messages) = (timeline.next.is_some(), deliveries.next.is_some());
    let part = Live {
        timeline: timeline
            .items
            .into_iter()
            .map(|event| Entry::new(event, &people, &zone))
            .collect(),
        messages: deliveries
            .items
            .into_iter()
            .map(|delivery| Message::new(delivery, &people, &zone))
            .collect(),
        has_older,
        has_more_messages,
        taker: taker(&full.incident).map(|actor| people.actor(actor)),
        public,
        ..Live::of(full, &visitor, &zone)
    };
    let live = Living::new(format!("/incidents/{id}"), &part);
    if wanted.part.as_deref() == Some("live") {
        return Ok(live.alone(&headers));
    }
    let can_answer = part.can_resolve;
    let has_postmortem = is_over && ctx.store.load::<Postmortem>(id).await?.is_some();
    let (policies, people) = if can_answer {
        let first = PageRequest::first();
        futures_util::try_join!(ctx.store.list::<Policy>(&first), ctx.store.list::<User>(&first))
            .map(|(policies, people)| (policies.items, people.items))?
    } else {
        (Vec::new(), Vec::new())
    };
    let page = Page {
        frame: Frame::new(Section::Incidents, &visitor),
        id: part.id,
        title: part.title,
        live,
        can_answer,
        is_over,
        has_postmortem,
        policies: choices(&policies, |policy| Choice::new(policy.id, &policy.name, false)),
        people: choices(&people, |user| Choice::new(user.id, &user.name, false)),
    };
    Ok(shown(&page))
}

fn choices<T>(rows: &[Versioned<T>], choice: impl Fn(&T) -> Choice) -> Vec<Choice> {
    by_name(rows.iter().map(|row| choice(&row.value)).collect())
}

impl Live {
    fn of(full: FullView, visitor: &Visitor, zone: &Zone) -> Self {
        let incident = full.incident;
        let (me, may_respond) = (visitor.user.id.to_string(), visitor.may_respond());
        let is_open = incident.status != Status::Resolved;
        let moment = |at: Option<jiff::Timestamp>| at.map(|at| zone.moment(at));
        Self {
            status: words::status(incident.status),
            standing: words::standing(&incident, &me),
            taker: None,
            since_standing: moment(incident.resolved_at.or(incident.acknowledged_at)),
            severity: words::severity(incident.severity),
            urgency: match incident.urgency {
                shared::domain::service::Urgency::High => "wakes people",
                shared::domain::service::Urgency::Low => "can wait",
            },
            service_url: format!("/?status=all&service_id={}", incident.service_id),
            opened: zone.moment(incident.created_at),
            last: moment(incident.last_signal_at.filter(|at| *at > incident.created_at)),
            signals: incident.signal_count.filter(|count| *count > 1),
            snoozed_until: moment(incident.snoozed_until),
            is_held: incident
                .maintenance
                .as_ref()
                .is_some_and(|one| one.alerts == Alerts::Hold),
            maintenance: incident.maintenance.map(|one| (one.title, zone.moment(one.until))),
            next_step: moment(incident.next_step_at),
            step: incident.step,
            can_acknowledge: may_respond && incident.status == Status::Triggered,
            can_unacknowledge: may_respond && incident.status == Status::Acknowledged,
            can_resolve: may_respond && is_open,
            id: incident.id.to_string(),
            title: incident.title,
            service: incident.service_name,
            runbook: incident.runbook_url,
            links: incident.links.into_iter().map(with_text).collect(),
            source: full.source,
            component: full.component,
            details: lines(&full.details),
            alerts: full
                .alerts
                .into_iter()
                .map(|alert| AlertRow::new(alert, zone))
                .collect(),
            alerts_more: full.alerts_not_listed,
            remarks: full.remarks,
            public: Vec::new(),
            timeline: Vec::new(),
            has_older: false,
            messages: Vec::new(),
            has_more_messages: false,
            form_token: visitor.form_token.clone(),
            may_respond,
        }
    }
}

fn with_text(link: Link) -> Link {
    let text = if link.text.is_empty() {
        link.href.clone()
    } else {
        link.text
    };
    Link { text, ..link }
}

/// A sender's details as names and values; what is nested stays JSON.
fn lines(details: &serde_json::Value) -> Vec<(String, String)> {
    let Some(fields) = details.as_object() else {
        return Vec::new();
    };
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

impl AlertRow {
    fn new(alert: Alert, zone: &Zone) -> Self {
        let name = alert
            .annotations
            .get("summary")
            .or_else(|| NAME_LABELS.iter().find_map(|label| alert.labels.get(*label)))
            .cloned();
        Self {
            name: name.unwrap_or(alert.fingerprint),
            firing: alert.firing,
            labels: alert.labels.into_iter().collect(),
            annotations: alert
                .annotations
                .into_iter()
                .filter(|(name, _)| name != "summary")
                .collect(),
            since: alert.starts_at.map(|at| zone.moment(at)),
            source_url: alert.source_url,
        }
    }
}

impl Entry {
    fn new(event: EventView, people: &People, zone: &Zone) -> Self {
        let is_note = event.kind == "note";
        Self {
            at: zone.moment(event.at),
            who: people.actor(&event.actor),
            note: is_note.then(|| event.data["text"].as_str().unwrap_or_default().to_owned()),
            text: event.text,
        }
    }
}

impl Message {
    fn new(delivery: DeliveryView, people: &People, zone: &Zone) -> Self {
        let who = delivery.user_id.map_or_else(
            || Person::machine("Channel"),
            |id| people.get(id, "Somebody who is gone"),
        );
        Self {
            purpose: words::purpose(delivery.purpose),
            who,
            medium: words::medium(delivery.channel),
            to: delivery.to,
            state: words::delivery_state(delivery.state),
            reason: delivery.reason,
            at: zone.moment(delivery.sent_at.unwrap_or(delivery.due_at)),
            attempts: delivery.attempts,
        }
    }
}
