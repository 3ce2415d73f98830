//! What was, per component: half-open intervals of everything that was not in order, and what days make of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::component::ComponentStatus;
use crate::domain::id::ComponentId;

/// A component was of some status, as a rule not in order, from `start` until, but not at, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// Which.
    pub component_id: ComponentId,
    /// What it was.
    pub status: ComponentStatus,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub end: Timestamp,
}

/// How the components of a page do and did, as posts, maintenances and people say it now; whatever goes on is as if it ended
/// now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// What posts and maintenances say, whenever they said it; of one component it may overlap.
    pub said: Vec<Interval>,
    /// What people had set components to by hand, operational included; of one component it does not overlap.
    pub held: Vec<Interval>,
}

impl History {
    /// Everything about one component that was or is not in order: disjoint, in order. At every moment it is the worst that
    /// anybody says, and while a person had set it, that.
    pub fn of(&self, component: ComponentId) -> Vec<Interval> {
        let theirs = |one: &&Interval| one.component_id == component;
        let said: Vec<Interval> = self.said.iter().filter(theirs).copied().collect();
        let mut all = disjoint(component, &said);
        for held in self.held.iter().filter(theirs) {
            all = all.iter().flat_map(|one| without(one, held)).collect();
            all.extend(Some(*held).filter(|held| held.status != ComponentStatus::Operational));
        }
        all.sort_by_key(|one| one.start);
        all
    }
}

/// What is left of an interval outside another.
fn without(one: &Interval, other: &Interval) -> impl Iterator<Item = Interval> + use<> {
    let before = Interval {
        end: one.end.min(other.start),
        ..*one
    };
    let after = Interval {
        start: one.start.max(other.end),
        ..*one
    };
    [before, after].into_iter().filter(|one| one.start < one.end)
}

/// The same as intervals of which no two overlap: at every moment, the worst that any says.
fn disjoint(component_id: ComponentId, intervals: &[Interval]) -> Vec<Interval> {
    // At each instant, how many intervals of each status begin and end.
    let mut changes: BTreeMap<Timestamp, Vec<(ComponentStatus, isize)>> = BTreeMap::new();
    for one in intervals.iter().filter(|one| one.start < one.end) {
        changes.entry(one.start).or_default().push((one.status, 1));
        changes.entry(one.end).or_default().push((one.status, -1));
    }
    let mut running: BTreeMap<ComponentStatus, isize> = BTreeMap::new();
    let mut all: Vec<Interval> = Vec::new();
    let mut open: Option<(ComponentStatus, Timestamp)> = None;
    for (at, changed) in changes {
        for (status, count) in changed {
            *running.entry(status).or_default() += count;
        }
        let worst = running.iter().rev().find(|(_, count)| **count > 0);
        let worst = worst.map(|(status, _)| *status);
        if open.map(|(status, _)| status) == worst {
            continue;
        }
        all.extend(open.map(|(status, start)| Interval {
            component_id,
            status,
            start,
            end: at,
        }));
        open = worst.map(|status| (status, at));
    }
    all
}

/// One day of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Which, in the page's zone.
    pub date: Date,
    /// The worst it did; none: it did not exist yet.
    pub worst: Option<ComponentStatus>,
    /// How much of the day it existed, in milliseconds: a day may have 23 or 25 hours, and today ends now.
    pub counted_ms: i64,
    /// Of that, in degraded performance.
    pub degraded_ms: i64,
    /// Of that, in partial outage.
    pub partial_ms: i64,
    /// Of that, in major outage.
    pub major_ms: i64,
}

/// How much of a partial outage counts as down, in percent: as on Statuspage.
const PARTIAL_PERCENT: i64 = 30;

impl Day {
    /// Uptime in millionths: a major outage counts whole, a partial one for 30 %, slowness and maintenance not at all.
    /// None: there is nothing to count.
    pub fn uptime_ppm(&self) -> Option<i64> {
        uptime_ppm(std::slice::from_ref(self))
    }

    /// Uptime of several days in millionths, weighted by their lengths.
    pub fn uptime_ppm_of(days: &[Self]) -> Option<i64> {
        uptime_ppm(days)
    }
}

fn uptime_ppm(days: &[Day]) -> Option<i64> {
    let counted: i64 = days.iter().map(|day| day.counted_ms).sum();
    let down_percent: i64 = days
        .iter()
        .map(|day| day.major_ms * 100 + day.partial_ms * PARTIAL_PERCENT)
        .sum();
    // Rounded down: what was down for a moment was not up all the time.
    (counted > 0).then(|| {
        let up = i128::from(counted) * 100 - i128::from(down_percent);
        (up * 10_000 / i128::from(counted)) as i64
    })
}

/// The last `count` days in `zone`, today last, of a component that exists since `born` and of which `intervals` (disjoint,
/// in any order) were not in order.
pub fn days(intervals: &[Interval], born: Timestamp, zone: &TimeZone, count: usize, now: Timestamp) -> Vec<Day> {
    let mut date = now.to_zoned(zone.clone()).date();
    let mut days = Vec::with_capacity(count);
    for _ in 0..count {
        let (Some(start), Some(next)) = (
            start_of(date, zone),
            date.tomorrow().ok().and_then(|d| start_of(d, zone)),
        ) else {
            break;
        };
        days.push(day(date, start.max(born), next.min(now), intervals));
        let Ok(before) = date.yesterday() else { break };
        date = before;
    }
    days.reverse();
    days
}

/// The first instant of a day: where midnight does not exist, the first after the gap.
fn start_of(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    Some(date.to_zoned(zone.clone()).ok()?.start_of_day().ok()?.timestamp())
}

fn day(date: Date, start: Timestamp, end: Timestamp, intervals: &[Interval]) -> Day {
    let mut day = Day {
        date,
        worst: None,
        counted_ms: milliseconds(start, end),
        degraded_ms: 0,
        partial_ms: 0,
        major_ms: 0,
    };
    if day.counted_ms == 0 {
        return day;
    }
    let mut worst = ComponentStatus::Operational;
    for one in intervals {
        let ms = milliseconds(one.start.max(start), one.end.min(end));
        if ms == 0 {
            continue;
        }
        worst = worst.max(one.status);
        match one.status {
            ComponentStatus::Operational | ComponentStatus::UnderMaintenance => {}
            ComponentStatus::DegradedPerformance => day.degraded_ms += ms,
            ComponentStatus::PartialOutage => day.partial_ms += ms,
            ComponentStatus::MajorOutage => day.major_ms += ms,
        }
    }
    day.worst = Some(worst);
    day
}

fn milliseconds(start: Timestamp, end: Timestamp) -> i64 {
    (end.as_millisecond() - start.as_millisecond()).max(0)
}
