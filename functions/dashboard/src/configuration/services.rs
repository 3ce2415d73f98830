//! Services, and the integrations through which they hear of alerts.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::id::{IntegrationId, ServiceId};
use shared::domain::limits;
use shared::domain::policy::Policy;
use shared::domain::service::{Format, Integration, Service, UrgencyRule};
use shared::store::Versioned;
use shared::web::{Id, PageQuery, Problem};

use super::choices;
use crate::page::{Asked, Choice, Frame, Moment, Older, Refused, Section, Visitor, load, minutes, shown};

#[derive(Debug, Template)]
#[template(path = "configuration/services.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    older: Older,
    may_make: bool,
    has_policies: bool,
}

#[derive(Debug)]
struct Row {
    id: String,
    name: String,
    policy: String,
}

#[derive(Debug, Template)]
#[template(path = "configuration/service.html")]
struct One {
    frame: Frame,
    id: String,
    name: String,
    version: u64,
    may_change: bool,
    policy_id: String,
    policy: String,
    form: Form,
    integrations: Vec<Sender>,
    /// Where an integration may be moved to.
    services: Vec<Choice>,
    formats: [(&'static str, &'static str); 4],
}

#[derive(Debug, Template)]
#[template(path = "configuration/service_new.html")]
struct New {
    frame: Frame,
    name: String,
    form: Form,
}

/// What the form of a service offers.
#[derive(Debug)]
struct Form {
    policies: Vec<Choice>,
    teams: Vec<Choice>,
    urgency: UrgencyRule,
    ack_minutes: String,
    auto_resolve_minutes: String,
}

impl Form {
    fn urgencies(&self) -> [Choice; 3] {
        [
            (
                "by_severity",
                "By severity: critical and error wake people",
                UrgencyRule::BySeverity,
            ),
            ("high", "Always wake people", UrgencyRule::High),
            ("low", "Never wake people", UrgencyRule::Low),
        ]
        .map(|(id, name, rule)| Choice::new(id, name, rule == self.urgency))
    }
}

#[derive(Debug)]
struct Sender {
    id: String,
    version: u64,
    name: String,
    /// Its name in JSON.
    format_id: &'static str,
    format: &'static str,
    last_received: Option<Moment>,
    /// Where its sender posts to; `…` stands for the key.
    url: String,
    has_key_in_url: bool,
    previous_key_until: Option<Moment>,
}

pub async fn list(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    let page = ctx.store.list::<Service>(&query.page()?).await?;
    let older = Older::of("/services", query.after.as_deref(), page.next.as_deref());
    let services: Vec<Service> = page.items.into_iter().map(|row| row.value).collect();
    let policies = ctx.store.list_all::<Policy>().await?;
    let names: HashMap<_, _> = policies.into_iter().map(|policy| (policy.id, policy.name)).collect();
    let row = |service: Service| Row {
        id: service.id.to_string(),
        name: service.name,
        policy: names.get(&service.policy_id).cloned().unwrap_or_default(),
    };
    Ok(shown(&List {
        frame: Frame::new(Section::Services, &visitor),
        rows: services.into_iter().map(row).collect(),
        older,
        may_make: visitor.may_make(),
        has_policies: !names.is_empty(),
    }))
}

pub async fn new(visitor: Visitor, State(ctx): State<Ctx>) -> Result<Response, Refused> {
    visitor.must_make()?;
    Ok(shown(&New {
        frame: Frame::new(Section::Services, &visitor),
        name: String::new(),
        form: Form {
            policies: choices::policies(&ctx, "").await?,
            teams: choices::owners(&ctx, &visitor, None).await?,
            urgency: UrgencyRule::default(),
            ack_minutes: minutes(limits::ACK_TIMEOUT_SECONDS),
            auto_resolve_minutes: minutes(0),
        },
    }))
}

pub async fn one(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<ServiceId>, Problem>,
) -> Result<Response, Refused> {
    let found = load::<Service>(&ctx, id).await?;
    let service = found.value;
    let mut integrations = ctx.store.list_all_versioned::<Integration>().await?;
    integrations.retain(|row| row.value.service_id == service.id);
    let heard = ctx
        .store
        .last_received(integrations.iter().map(|row| row.value.id))
        .await?;
    let integrations = integrations
        .into_iter()
        .map(|row| sender(&ctx, &visitor, row, &heard))
        .collect();
    let policy_id = service.policy_id.to_string();
    let policies = choices::policies(&ctx, &policy_id).await?;
    let policy = policies.iter().find(|choice| choice.is_chosen);
    Ok(shown(&One {
        frame: Frame::new(Section::Services, &visitor),
        id: service.id.to_string(),
        version: found.version,
        may_change: visitor.may_configure(service.team_id),
        policy: policy.map_or_else(|| "a policy that is gone".to_owned(), |choice| choice.name.clone()),
        policy_id,
        form: Form {
            teams: choices::owners(&ctx, &visitor, service.team_id).await?,
            policies,
            urgency: service.urgency,
            ack_minutes: minutes(service.ack_timeout_seconds),
            auto_resolve_minutes: minutes(service.auto_resolve_seconds),
        },
        services: choices::services(&ctx, &visitor).await?,
        formats: FORMATS.map(|(_, id, name)| (id, name)),
        name: service.name,
        integrations,
    }))
}

/// What senders speak: its name in JSON, and for people.
const FORMATS: [(Format, &str, &str); 4] = [
    (Format::Alertmanager, "alertmanager", "Alertmanager webhook"),
    (
        Format::Prometheus,
        "prometheus",
        "Prometheus itself, without Alertmanager",
    ),
    (Format::Pagerduty, "pagerduty", "PagerDuty Events v2"),
    (Format::Generic, "generic", "Nightbell's own JSON"),
];

fn sender(
    ctx: &Ctx,
    visitor: &Visitor,
    found: Versioned<Integration>,
    heard: &HashMap<IntegrationId, Timestamp>,
) -> Sender {
    let Versioned {
        value: integration,
        version,
    } = found;
    let path = match integration.format {
        Format::Pagerduty => "/v2/enqueue",
        Format::Alertmanager | Format::Generic => "/hooks/…",
        Format::Prometheus => "/hooks/…/api/v2/alerts",
    };
    let previous = integration.previous_key.filter(|key| key.expires_at > visitor.now);
    let format = FORMATS.iter().find(|(format, ..)| *format == integration.format);
    let (format_id, format) = format.map_or(("", ""), |(_, id, name)| (*id, *name));
    Sender {
        id: integration.id.to_string(),
        version,
        name: integration.name,
        format_id,
        format,
        last_received: heard.get(&integration.id).map(|at| visitor.zone().moment(*at)),
        url: ctx.url(path),
        has_key_in_url: integration.format != Format::Pagerduty,
        previous_key_until: previous.map(|key| visitor.zone().moment(key.expires_at)),
    }
}
