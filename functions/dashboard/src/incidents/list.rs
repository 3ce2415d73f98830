//! The list.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::ServiceId;
use shared::domain::incident::Status;
use shared::incidents::{IncidentView, ListQuery, Shown, list};

use super::first_steps::{Step, first_steps};
use super::taker;
use crate::page::{Asked, Frame, Living, Moment, People, Person, Refused, Section, Visitor, shown};
use crate::words;

/// Incidents on one page: few enough for a telephone.
const PAGE_ITEMS: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    status: Tab,
    #[serde(default)]
    q: String,
    #[serde(default, deserialize_with = "empty_is_none")]
    service_id: Option<ServiceId>,
    after: Option<String>,
    part: Option<String>,
}

fn empty_is_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<ServiceId>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// Which states are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tab {
    #[default]
    Open,
    Resolved,
    All,
}

impl Tab {
    const EACH: [Self; 3] = [Self::Open, Self::Resolved, Self::All];

    fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::All => "all",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Resolved => "Resolved",
            Self::All => "All",
        }
    }
}

#[derive(Debug, Template)]
#[template(path = "incidents/list.html")]
struct Page {
    frame: Frame,
    tabs: Vec<TabLink>,
    q: String,
    service_id: String,
    status: &'static str,
    live: Living,
}

#[derive(Debug)]
struct TabLink {
    url: String,
    label: &'static str,
    is_current: bool,
}

#[derive(Debug, Template)]
#[template(path = "incidents/list_live.html")]
struct Live {
    rows: Vec<Row>,
    older: Option<String>,
    newest: Option<String>,
    /// Where the form leads back to.
    here: String,
    form_token: String,
    may_respond: bool,
    /// Something was searched for.
    is_filtered: bool,
    is_open_tab: bool,
    triggered: usize,
    steps: Vec<Step>,
    can_answer_any: bool,
}

#[derive(Debug)]
struct Row {
    id: String,
    title: String,
    status: &'static str,
    standing: String,
    severity: &'static str,
    is_low: bool,
    service: String,
    service_url: String,
    since: Moment,
    last: Option<Moment>,
    signals: u64,
    taker: Option<Person>,
    can_acknowledge: bool,
    can_resolve: bool,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let status = match wanted.status {
        Tab::Open => Some(Shown::Open),
        Tab::Resolved => Some(Shown::Resolved),
        Tab::All => None,
    };
    let query = ListQuery {
        status,
        service_id: wanted.service_id,
        team_id: None,
        q: Some(wanted.q.trim().to_owned()),
        limit: Some(PAGE_ITEMS),
        after: wanted.after.clone(),
    };
    let found = list(&ctx, query).await?;
    let takers = found.items.iter().filter_map(|incident| taker(incident)?.person());
    let people = People::load(&ctx, takers).await?;
    let zone = visitor.zone();
    let me = visitor.user.id.to_string();
    let row = |incident: IncidentView| Row {
        status: words::status(incident.status),
        standing: words::standing(&incident, &me),
        severity: words::severity(incident.severity),
        is_low: incident.urgency == shared::domain::service::Urgency::Low,
        service_url: wanted.url(wanted.status, Some(incident.service_id), None),
        since: zone.moment(incident.created_at),
        last: incident
            .last_signal_at
            .filter(|at| *at > incident.created_at)
            .map(|at| zone.moment(at)),
        signals: incident.signal_count.unwrap_or(1),
        taker: taker(&incident).map(|actor| people.actor(actor)),
        can_acknowledge: incident.status == Status::Triggered,
        can_resolve: incident.status != Status::Resolved,
        id: incident.id.to_string(),
        title: incident.title,
        service: incident.service_name,
    };
    let rows: Vec<Row> = found.items.into_iter().map(row).collect();
    // Where incidents are shown, nobody needs to be told how to get one.
    let steps = if rows.is_empty() && wanted.is_plain() {
        first_steps(&ctx, &visitor).await?
    } else {
        Vec::new()
    };
    let part = Live {
        steps,
        triggered: rows.iter().filter(|row| row.can_acknowledge).count(),
        can_answer_any: visitor.may_respond() && rows.iter().any(|row| row.can_resolve),
        rows,
        older: found
            .next
            .map(|after| wanted.url(wanted.status, wanted.service_id, Some(&after))),
        newest: wanted
            .after
            .is_some()
            .then(|| wanted.url(wanted.status, wanted.service_id, None)),
        here: wanted.url(wanted.status, wanted.service_id, wanted.after.as_deref()),
        form_token: visitor.form_token.clone(),
        may_respond: visitor.may_respond(),
        is_filtered: !wanted.q.trim().is_empty() || wanted.service_id.is_some(),
        is_open_tab: wanted.status == Tab::Open,
    };
    let live = Living::new(part.here.clone(), &part);
    if wanted.part.as_deref() == Some("live") {
        return Ok(live.alone(&headers));
    }
    let tab = |tab: Tab| TabLink {
        url: wanted.url(tab, wanted.service_id, None),
        label: tab.label(),
        is_current: tab == wanted.status,
    };
    let page = Page {
        frame: Frame::new(Section::Incidents, &visitor),
        tabs: Tab::EACH.into_iter().map(tab).collect(),
        q: wanted.q.trim().to_owned(),
        service_id: wanted.service_id.map(|id| id.to_string()).unwrap_or_default(),
        status: wanted.status.name(),
        live,
    };
    Ok(shown(&page))
}

impl Wanted {
    /// Whether it asks for what is open, and nothing more.
    fn is_plain(&self) -> bool {
        self.status == Tab::Open && self.q.trim().is_empty() && self.service_id.is_none() && self.after.is_none()
    }

    /// The same question, with another answer's part of it.
    fn url(&self, tab: Tab, service: Option<ServiceId>, after: Option<&str>) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut url = format!("/?status={}", tab.name());
        let q = self.q.trim();
        if !q.is_empty() {
            url += &format!("&q={}", encoded(q));
        }
        if let Some(service) = service {
            url += &format!("&service_id={service}");
        }
        if let Some(after) = after {
            url += &format!("&after={}", encoded(after));
        }
        url
    }
}
