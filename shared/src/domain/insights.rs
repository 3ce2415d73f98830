//! What a period was like: how much broke, how fast it was taken and ended, and whom it woke when.
//!
//! [`Counting`] is given one incident after another, in any order, and says at the end what they come to. Days and hours
//! are those of one time zone. What is absent: pages of incidents that were opened before the period.

use std::collections::HashMap;
use std::hash::Hash;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use utoipa::ToSchema;

use super::actor::ActorKind;
use super::id::ServiceId;
use super::incident::{Incident, PAGED_QUARTER_SECONDS};
use super::signal::Severity;

/// Days up to which times are told day by day; of longer periods, week by week.
const DAILY_MAX: usize = 31;
/// Services, and alerts, that are named: the noisiest.
const NAMED_MAX: usize = 10;
/// The hours in which people sleep: 22 to 7.
const NIGHT: [usize; 9] = [22, 23, 0, 1, 2, 3, 4, 5, 6];

/// A period, and what happened in it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Insights {
    /// The beginning of the period.
    pub from: Timestamp,
    /// Its end, which is no part of it.
    pub until: Timestamp,
    /// The IANA time zone of its days and hours.
    pub time_zone: String,
    /// Whether every incident of the period was counted; else the newest 10,000 were.
    pub is_complete: bool,
    /// Incidents that were opened.
    pub incidents: u64,
    /// From their opening until a person or a script first took them, or, where none did, resolved them.
    pub acknowledge: Option<Times>,
    /// From their opening to their end, whoever or whatever ended them.
    pub resolve: Option<Times>,
    /// How often their steps asked a person or a place.
    pub pages: u64,
    /// How many of these pages came at night, from 22 to 7.
    pub night_pages: u64,
    /// Every day of the period.
    pub days: Vec<Day>,
    /// The same times day by day, or, of periods of more than 31 days, week by week.
    pub times: Vec<TimesFrom>,
    /// Pages by the hour of the day, from 0 to 23.
    #[schema(min_items = 24, max_items = 24)]
    pub hours: Vec<u64>,
    /// The services with the most incidents, at most 10.
    pub services: Vec<NoisyService>,
    /// The titles with the most incidents, at most 10.
    pub alerts: Vec<NoisyAlert>,
}

/// How long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Times {
    /// How many there were.
    pub count: u64,
    /// Half took no longer.
    pub median_seconds: u64,
    /// Nine in ten took no longer.
    pub p90_seconds: u64,
}

/// One day: incidents opened, by how bad they ever were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Day {
    /// Which.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// Critical ones.
    pub critical: u64,
    /// Errors.
    pub error: u64,
    /// Warnings.
    pub warning: u64,
    /// What was only told.
    pub info: u64,
}

impl Day {
    /// All of the day's incidents.
    pub fn total(&self) -> u64 {
        self.critical + self.error + self.warning + self.info
    }
}

/// The times of incidents opened on one day, or in the week that begins with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimesFrom {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// Until they were taken; null: none was.
    pub acknowledge: Option<Times>,
    /// Until they ended; null: none has.
    pub resolve: Option<Times>,
}

/// A service, by its incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoisyService {
    /// Which.
    pub service_id: ServiceId,
    /// Its name at the time of one of them.
    pub name: String,
    /// Its incidents.
    pub incidents: u64,
    /// Their pages.
    pub pages: u64,
}

/// Incidents of one service that say the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoisyAlert {
    /// What they say.
    pub title: String,
    /// Whose they are.
    pub service_id: ServiceId,
    /// Its name at the time of one of them.
    pub service_name: String,
    /// How many there were.
    pub incidents: u64,
    /// Their pages.
    pub pages: u64,
}

#[derive(Debug, Default, Clone)]
struct Durations {
    acknowledge: Vec<u64>,
    resolve: Vec<u64>,
}

/// The counting of one period.
#[derive(Debug)]
pub struct Counting {
    from: Timestamp,
    until: Timestamp,
    zone: TimeZone,
    time_zone: String,
    days: Vec<Day>,
    times: Vec<Durations>,
    hours: [u64; 24],
    services: HashMap<ServiceId, NoisyService>,
    alerts: HashMap<(ServiceId, String), NoisyAlert>,
}

impl Counting {
    /// Nothing yet, of the period `[from, until)` in the zone of this IANA name; UTC when there is none such.
    pub fn new((from, until): (Timestamp, Timestamp), time_zone: &str) -> Self {
        let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
        let last = until - 1.nanosecond();
        let (first, last) = (date(from, &zone), date(last, &zone));
        let day = |date| Day {
            date,
            critical: 0,
            error: 0,
            warning: 0,
            info: 0,
        };
        let days: Vec<Day> = first
            .series(1.day())
            .take_while(|date| *date <= last)
            .map(day)
            .collect();
        let times = vec![Durations::default(); days.len().div_ceil(step(days.len()))];
        Self {
            from,
            until,
            time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            zone,
            days,
            times,
            hours: [0; 24],
            services: HashMap::new(),
            alerts: HashMap::new(),
        }
    }

    /// Counts an incident, if it was opened in the period.
    pub fn add(&mut self, incident: &Incident) {
        let at = incident.created_at;
        let place = self.place(date(at, &self.zone)).filter(|_| self.holds(at));
        let Some(place) = place else { return };
        let step = step(self.days.len());
        let (Some(day), Some(times)) = (self.days.get_mut(place), self.times.get_mut(place / step)) else {
            return;
        };
        match incident.peak_severity {
            Severity::Critical => day.critical += 1,
            Severity::Error => day.error += 1,
            Severity::Warning => day.warning += 1,
            Severity::Info => day.info += 1,
        }
        let since = |end: Timestamp| u64::try_from(at.duration_until(end).as_secs()).unwrap_or(0);
        let by_hand = incident
            .resolved
            .as_ref()
            .filter(|mark| matches!(mark.by.kind, ActorKind::User | ActorKind::Token));
        times.acknowledge.extend(
            incident
                .first_acknowledged_at
                .or(by_hand.map(|mark| mark.at))
                .map(since),
        );
        times
            .resolve
            .extend(incident.resolved.as_ref().map(|mark| since(mark.at)));
        let pages = self.count_pages(&incident.pages);
        let service = self
            .services
            .entry(incident.service_id)
            .or_insert_with(|| NoisyService {
                service_id: incident.service_id,
                name: incident.service_name.clone(),
                incidents: 0,
                pages: 0,
            });
        service.incidents += 1;
        service.pages += pages;
        let key = (incident.service_id, incident.title.clone());
        let alert = self.alerts.entry(key).or_insert_with(|| NoisyAlert {
            title: incident.title.clone(),
            service_id: incident.service_id,
            service_name: incident.service_name.clone(),
            incidents: 0,
            pages: 0,
        });
        alert.incidents += 1;
        alert.pages += pages;
    }

    /// What it came to. `is_complete`: whether every incident of the period was added.
    pub fn finish(self, is_complete: bool) -> Insights {
        let step = step(self.days.len());
        let all = |of: fn(&Durations) -> &Vec<u64>| summed(self.times.iter().flat_map(of).copied().collect());
        let dates = self.days.iter().step_by(step).map(|day| day.date);
        let times = dates.zip(&self.times).map(|(date, times)| TimesFrom {
            date,
            acknowledge: summed(times.acknowledge.clone()),
            resolve: summed(times.resolve.clone()),
        });
        Insights {
            from: self.from,
            until: self.until,
            time_zone: self.time_zone,
            is_complete,
            incidents: self.days.iter().map(Day::total).sum(),
            acknowledge: all(|times| &times.acknowledge),
            resolve: all(|times| &times.resolve),
            pages: self.hours.iter().sum(),
            night_pages: NIGHT.iter().filter_map(|hour| self.hours.get(*hour)).sum(),
            times: times.collect(),
            hours: self.hours.to_vec(),
            services: noisiest(self.services, |one| (one.incidents, one.pages), |one| &one.name),
            alerts: noisiest(self.alerts, |one| (one.incidents, one.pages), |one| &one.title),
            days: self.days,
        }
    }

    fn count_pages(&mut self, pages: &[(i64, u32)]) -> u64 {
        let mut counted = 0;
        for (quarter, asked) in pages {
            let Ok(at) = Timestamp::from_second(quarter.saturating_mul(PAGED_QUARTER_SECONDS)) else {
                continue;
            };
            // The quarter in which the period begins or ends belongs to it.
            let hour = at.to_zoned(self.zone.clone()).hour();
            if at < self.until
                && let Some(count) = usize::try_from(hour).ok().and_then(|hour| self.hours.get_mut(hour))
            {
                *count += u64::from(*asked);
                counted += u64::from(*asked);
            }
        }
        counted
    }

    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    fn place(&self, date: Date) -> Option<usize> {
        self.days.binary_search_by_key(&date, |day| day.date).ok()
    }
}

/// Whether people sleep in this hour of the day.
pub fn is_night(hour: usize) -> bool {
    NIGHT.contains(&hour)
}

/// The beginning of the day that is `days` before today, in the zone of this IANA name: a period of whole days begins with it.
pub fn days_ago(days: i64, time_zone: &str, now: Timestamp) -> Timestamp {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(zone).start_of_day();
    let first = today.and_then(|today| today.checked_sub(days.days()));
    first.map_or(now, |first| first.timestamp())
}

fn date(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

/// Days of one entry of the times.
fn step(days: usize) -> usize {
    if days <= DAILY_MAX { 1 } else { 7 }
}

/// By the nearest rank: times that there were, not ones between.
fn summed(mut seconds: Vec<u64>) -> Option<Times> {
    seconds.sort_unstable();
    let rank = |of_ten: usize| {
        seconds
            .get((seconds.len() * of_ten).div_ceil(10).saturating_sub(1))
            .copied()
    };
    Some(Times {
        count: seconds.len() as u64,
        median_seconds: rank(5)?,
        p90_seconds: rank(9)?,
    })
}

fn noisiest<K: Hash + Eq, T>(
    all: HashMap<K, T>,
    noise: impl Fn(&T) -> (u64, u64),
    name: impl Fn(&T) -> &str,
) -> Vec<T> {
    let mut all: Vec<T> = all.into_values().collect();
    all.sort_by(|a, b| noise(b).cmp(&noise(a)).then_with(|| name(a).cmp(name(b))));
    all.truncate(NAMED_MAX);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::actor::Actor;
    use crate::domain::incident::{Mark, Status};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn opened(when: &str) -> Incident {
        Incident {
            created_at: at(when),
            ..crate::incidents::tests::incident()
        }
    }

    fn count(incidents: &[Incident], from: &str, until: &str, zone: &str) -> Insights {
        let mut counting = Counting::new((at(from), at(until)), zone);
        incidents.iter().for_each(|incident| counting.add(incident));
        counting.finish(true)
    }

    #[test]
    fn days_and_hours_are_those_of_the_zone() {
        let mut late = opened("2026-03-01T23:30:00Z");
        late.count_pages(2, at("2026-03-01T23:30:10Z"));
        late.count_pages(1, at("2026-03-01T23:40:00Z"));
        assert_eq!(late.pages.len(), 1, "one quarter of an hour");
        let of = |zone| {
            let all = count(&[late.clone()], "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z", zone);
            let days: Vec<_> = all
                .days
                .iter()
                .map(|day| (day.date.to_string(), day.critical))
                .collect();
            (days, all.hours.iter().position(|pages| *pages == 3), all.night_pages)
        };
        let day = |text: &str, count| (text.to_owned(), count);
        assert_eq!(
            of("UTC"),
            (vec![day("2026-03-01", 1), day("2026-03-02", 0)], Some(23), 3)
        );
        let (days, hour, night) = of("America/New_York");
        assert_eq!((days[1].clone(), hour, night), (day("2026-03-01", 1), Some(18), 0));
        let (days, hour, night) = of("Asia/Kathmandu");
        assert_eq!((days[1].clone(), hour, night), (day("2026-03-02", 1), Some(5), 3));
    }

    #[test]
    fn times_are_ranks_and_count_what_people_did() {
        let mut all: Vec<Incident> = (1..=10)
            .map(|n| {
                let mut one = opened("2026-03-01T12:00:00Z");
                one.first_acknowledged_at = Some(at("2026-03-01T12:00:00Z") + n.minutes());
                one
            })
            .collect();
        let ended = |by: Actor| {
            let mut one = opened("2026-03-01T12:00:00Z");
            one.status = Status::Resolved;
            one.resolved = Some(Mark {
                at: at("2026-03-01T13:00:00Z"),
                by,
            });
            one
        };
        all.push(ended(crate::incidents::tests::ana()));
        // Silence ends incidents, and takes none.
        all.push(ended(Actor::system()));
        let counted = count(&all, "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "UTC");
        let times = |count, median_seconds, p90_seconds| {
            Some(Times {
                count,
                median_seconds,
                p90_seconds,
            })
        };
        assert_eq!(counted.acknowledge, times(11, 360, 600));
        assert_eq!(counted.resolve, times(2, 3_600, 3_600));
        assert_eq!(counted.times[0].acknowledge, counted.acknowledge);
        assert_eq!((counted.incidents, counted.services[0].incidents), (12, 12));
    }

    #[test]
    fn long_periods_are_told_by_weeks_and_hold_only_what_was_opened_in_them() {
        let all = [
            opened("2025-12-31T23:59:59Z"),
            opened("2026-01-01T00:00:00Z"),
            opened("2026-03-31T23:59:59Z"),
            opened("2026-04-01T00:00:00Z"),
        ];
        let counted = count(&all, "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z", "UTC");
        assert_eq!(
            (counted.days.len(), counted.times.len(), counted.incidents),
            (90, 13, 2)
        );
        assert_eq!(counted.times[12].date.to_string(), "2026-03-26");
        let none = count(&[], "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "UTC");
        assert_eq!((none.incidents, none.acknowledge, none.hours.len()), (0, None, 24));
    }

    #[test]
    fn a_period_of_days_begins_at_midnight_over_there() {
        let now = at("2026-04-01T12:00:00Z");
        assert_eq!(
            days_ago(6, "Europe/Berlin", now),
            at("2026-03-25T23:00:00Z"),
            "winter time"
        );
        assert_eq!(days_ago(0, "Europe/Berlin", now), at("2026-03-31T22:00:00Z"));
    }
}
