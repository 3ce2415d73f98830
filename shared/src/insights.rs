//! What a period was like, counted when somebody asks: for the page with the charts, and for scripts.
//!
//! Nothing is kept ready. Days are somebody's own, periods and teams are chosen, and medians cannot be added up; so the
//! period's incidents are read, the newest [`limits::INSIGHTS_INCIDENTS_MAX`] at the most, a hundred a request. A row that every
//! close had to add to would stand in the way of closing in just the minutes in which much closes.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::ctx::Ctx;
use crate::domain::id::{ServiceId, TeamId, UserId};
use crate::domain::insights::{Counting, Insights, days_ago};
use crate::domain::limits;
use crate::domain::people::User;
use crate::domain::time::after_seconds;
use crate::store::{Rate, Tried};
use crate::web::Problem;

/// How often one person may ask: each answer may read as many rows as a day of pages.
const ASKING: Rate = Rate {
    at_once: 20,
    interval_seconds: 3,
};

/// Days of a period that nobody chose, today included.
const DAYS: i64 = 30;

/// Which period, and whose incidents.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct InsightsQuery {
    /// The beginning; unless told, that of the day 29 days before the end's.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// The end, at most 92 days later; now unless told.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Only incidents of this service.
    #[serde(default)]
    pub service_id: Option<ServiceId>,
    /// Only incidents of this team.
    #[serde(default)]
    pub team_id: Option<TeamId>,
    /// IANA time zone of days and hours; one's own unless told.
    #[serde(default)]
    #[param(format = "iana-time-zone", example = "Europe/London")]
    pub time_zone: Option<String>,
}

/// Counts the period's incidents, for this person.
///
/// # Errors
/// 400 naming the parameter; 429 for whoever asks too often; when the table does not answer.
pub async fn insights(ctx: &Ctx, query: &InsightsQuery, asker: UserId, now: Timestamp) -> Result<Insights, Problem> {
    let zone = match &query.time_zone {
        Some(name) if TimeZone::get(name).is_ok() => name.clone(),
        Some(_) => {
            return Err(Problem::invalid_field(
                "time_zone",
                "is no IANA time zone, such as Europe/Berlin",
            ));
        }
        None => ctx
            .store
            .load::<User>(asker)
            .await?
            .map(|user| user.value.time_zone)
            .unwrap_or_default(),
    };
    let period = period(query, &zone, now)?;
    if let Tried::WaitSeconds(seconds) = ctx.store.attempt(&format!("insights/{asker}"), ASKING, now).await? {
        return Err(Problem::too_many(seconds));
    }
    let mut counting = Counting::new(period, &zone);
    let count = |incident: crate::domain::incident::Incident| {
        let is_of_service = query.service_id.is_none_or(|service| incident.service_id == service);
        let is_of_team = query.team_id.is_none_or(|team| incident.team_id == Some(team));
        if is_of_service && is_of_team {
            counting.add(&incident);
        }
    };
    let is_complete = ctx
        .store
        .incidents_opened(period, limits::INSIGHTS_INCIDENTS_MAX, count)
        .await?;
    Ok(counting.finish(is_complete))
}

fn period(query: &InsightsQuery, zone: &str, now: Timestamp) -> Result<(Timestamp, Timestamp), Problem> {
    let until = query.until.unwrap_or(now);
    let from = query.from.unwrap_or_else(|| days_ago(DAYS - 1, zone, until));
    if from >= until {
        return Err(Problem::invalid_field("from", "must be before until"));
    }
    if after_seconds(from, limits::INSIGHTS_DAYS_MAX * 86_400) < until {
        let message = format!("must be at most {} days before until", limits::INSIGHTS_DAYS_MAX);
        return Err(Problem::invalid_field("from", message));
    }
    if from < Timestamp::UNIX_EPOCH {
        return Err(Problem::invalid_field("from", "must not be before 1970"));
    }
    Ok((from, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_have_a_beginning_an_end_and_a_limit() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-04-01T12:00:00Z");
        let read = |from: Option<&str>, until: Option<&str>| {
            let query = InsightsQuery {
                from: from.map(at),
                until: until.map(at),
                ..InsightsQuery::default()
            };
            period(&query, "UTC", now).map_err(|problem| problem.errors[0].field.clone())
        };
        assert_eq!(read(None, None), Ok((at("2026-03-03T00:00:00Z"), now)));
        assert!(read(Some("2025-12-30T12:00:00Z"), None).is_ok());
        for (from, until) in [
            (Some("2025-12-30T11:59:59Z"), None),
            (Some("2026-04-01T12:00:00Z"), None),
            (Some("2026-04-02T00:00:00Z"), Some("2026-04-01T00:00:00Z")),
            (Some("1969-12-31T00:00:00Z"), Some("1970-01-02T00:00:00Z")),
        ] {
            assert_eq!(read(from, until), Err("from".to_owned()), "{from:?} {until:?}");
        }
    }
}
