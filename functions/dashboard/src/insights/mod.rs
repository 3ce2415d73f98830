//! What the last days were like, as pictures: each has a table with the same figures.

mod charts;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::{ServiceId, TeamId};
use shared::domain::insights::{Insights, NoisyAlert, NoisyService, days_ago};
use shared::domain::people::Team;
use shared::domain::service::Service;
use shared::insights::{InsightsQuery, insights};

use crate::page::{Asked, Choice, Frame, Refused, Section, Visitor, by_name, shown};
use charts::{Chart, lasting};

pub fn routes() -> Router<Ctx> {
    Router::new().route("/insights", get(show))
}

/// The periods there are, in days with today.
const PERIODS: [i64; 3] = [7, 30, 90];

#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(default = "days")]
    days: i64,
    #[serde(default, deserialize_with = "chosen")]
    service_id: Option<ServiceId>,
    #[serde(default, deserialize_with = "chosen")]
    team_id: Option<TeamId>,
}

fn days() -> i64 {
    PERIODS[1]
}

/// An empty one of a form is none.
fn chosen<'de, T: std::str::FromStr<Err: std::fmt::Display>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[derive(Debug, Template)]
#[template(path = "insights/insights.html")]
struct Page {
    frame: Frame,
    periods: Vec<Choice>,
    services: Vec<Choice>,
    teams: Vec<Choice>,
    is_filtered: bool,
    counted: Counted,
}

/// What was counted, as it is shown.
#[derive(Debug)]
struct Counted {
    is_complete: bool,
    time_zone: String,
    incidents: u64,
    pages: u64,
    night_pages: u64,
    acknowledge: Option<(String, String)>,
    resolve: Option<(String, String)>,
    by_day: Chart,
    to_acknowledge: Chart,
    to_resolve: Chart,
    by_hour: Chart,
    noisy_services: Vec<Rank>,
    noisy_alerts: Vec<Rank>,
}

/// A line of a ranking.
#[derive(Debug)]
struct Rank {
    name: String,
    /// Whose it is, where that is not the name.
    of: Option<String>,
    url: String,
    incidents: u64,
    pages: u64,
    /// Of a hundred: how long its bar is beside the longest.
    share: u64,
}

async fn show(visitor: Visitor, State(ctx): State<Ctx>, Asked(wanted): Asked<Wanted>) -> Result<Response, Refused> {
    if !PERIODS.contains(&wanted.days) {
        return Err(Refused::invalid("The days must be 7, 30 or 90."));
    }
    let query = InsightsQuery {
        from: Some(days_ago(wanted.days - 1, &visitor.user.time_zone, visitor.now)),
        until: Some(visitor.now),
        service_id: wanted.service_id,
        team_id: wanted.team_id,
        time_zone: None,
    };
    let (services, teams) = futures_util::try_join!(ctx.store.list_all::<Service>(), ctx.store.list_all::<Team>())?;
    let found = insights(&ctx, &query, visitor.user.id, visitor.now).await?;
    let service = |one: &Service| Choice::new(one.id, &one.name, wanted.service_id == Some(one.id));
    let team = |one: &Team| Choice::new(one.id, &one.name, wanted.team_id == Some(one.id));
    let period = |days: i64| Choice::new(days, &format!("{days} days"), days == wanted.days);
    Ok(shown(&Page {
        frame: Frame::new(Section::Insights, &visitor),
        periods: PERIODS.into_iter().map(period).collect(),
        services: by_name(services.iter().map(service).collect()),
        teams: by_name(teams.iter().map(team).collect()),
        is_filtered: wanted.service_id.is_some() || wanted.team_id.is_some(),
        counted: Counted::new(found),
    }))
}

impl Counted {
    fn new(found: Insights) -> Self {
        let times = |times: Option<shared::domain::insights::Times>| {
            times.map(|times| (lasting(times.median_seconds), lasting(times.p90_seconds)))
        };
        Self {
            is_complete: found.is_complete,
            incidents: found.incidents,
            pages: found.pages,
            night_pages: found.night_pages,
            acknowledge: times(found.acknowledge),
            resolve: times(found.resolve),
            by_day: charts::by_day(&found.days),
            to_acknowledge: charts::times("Time to acknowledge", &found.times, |times| times.acknowledge),
            to_resolve: charts::times("Time to resolve", &found.times, |times| times.resolve),
            by_hour: charts::by_hour(&found.hours),
            noisy_services: services(found.services),
            noisy_alerts: alerts(found.alerts),
            time_zone: found.time_zone,
        }
    }
}

fn services(noisy: Vec<NoisyService>) -> Vec<Rank> {
    let most = noisy.first().map_or(1, |one| one.incidents);
    let rank = |one: NoisyService| Rank {
        url: format!("/?status=all&service_id={}", one.service_id),
        share: one.incidents * 100 / most.max(1),
        incidents: one.incidents,
        pages: one.pages,
        name: one.name,
        of: None,
    };
    noisy.into_iter().map(rank).collect()
}

fn alerts(noisy: Vec<NoisyAlert>) -> Vec<Rank> {
    let most = noisy.first().map_or(1, |one| one.incidents);
    let rank = |one: NoisyAlert| Rank {
        url: format!(
            "/?status=all&service_id={}&q={}",
            one.service_id,
            // A search takes no longer words.
            utf8_percent_encode(&one.title.chars().take(256).collect::<String>(), NON_ALPHANUMERIC)
        ),
        share: one.incidents * 100 / most.max(1),
        incidents: one.incidents,
        pages: one.pages,
        name: one.title,
        of: Some(one.service_name),
    };
    noisy.into_iter().map(rank).collect()
}
