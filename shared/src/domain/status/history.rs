//! What was, per component: half-open intervals of everything that was not in order, and what days make of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::component::ComponentStatus;
use crate::domain::id::ComponentId;

/// A component was not in order from `start` until, but not at, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// Which.
    pub component_id: ComponentId,
    /// What it was; never operational.
    pub status: ComponentStatus,
    /// From.
    pub start: Timestamp,
    /// Until.
    pub end: Timestamp,
}

/// What a component is by itself, whatever posts say: under maintenance, or what a person set by hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// What.
    pub status: ComponentStatus,
    /// Whether a person set it: nothing else decides then.
    #[serde(default)]
    pub is_held: bool,
}

/// What a component is by itself now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// What.
    #[serde(flatten)]
    pub own: Own,
    /// Since when.
    pub since: Timestamp,
}

/// How the components of a page do and did: what posts said of them, each as it says it now, and what they were by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// What posts say, whenever they said it; of one component it may overlap.
    pub said: Vec<Interval>,
    /// What components are by themselves now. One that was always operational may be missing.
    pub now: BTreeMap<ComponentId, Since>,
    /// What they were, in the order in which it ended: under maintenance.
    pub past: Vec<Interval>,
    /// What people had set them to, operational included, in the order in which it ended.
    pub held: Vec<Interval>,
}

impl History {
    /// Remembers what components are by themselves from now on. Answers what came to an end.
    pub fn become_now(&mut self, own: &BTreeMap<ComponentId, Own>, now: Timestamp) -> Vec<Interval> {
        let mut ended = Vec::new();
        for (id, own) in own {
            let before = self.now.get(id).copied();
            let was = before.map(|since| since.own).unwrap_or_default();
            if was == *own {
                continue;
            }
            if let Some(since) = before.filter(|since| since.since < now) {
                let interval = Interval {
                    component_id: *id,
                    status: was.status,
                    start: since.since,
                    end: now,
                };
                if was.is_held {
                    self.held.push(interval);
                    ended.push(interval);
                } else if was.status != ComponentStatus::Operational {
                    self.past.push(interval);
                    ended.push(interval);
                }
            }
            self.now.insert(*id, Since { own: *own, since: now });
        }
        ended
    }

    /// Everything about one component that was or is not in order, as if it ended now: disjoint, in order. At every moment it
    /// is the worst that anybody says, and while a person had set it, that.
    pub fn of(&self, component: ComponentId, now: Timestamp) -> Vec<Interval> {
        let theirs = |one: &&Interval| one.component_id == component;
        let open = self.now.get(&component).filter(|one| one.since < now);
        let interval = |one: &Since| Interval {
            component_id: component,
            status: one.own.status,
            start: one.since,
            end: now,
        };
        let of_now = |is_held: bool| open.filter(|one| one.own.is_held == is_held).map(interval);
        let said = self.said.iter().chain(&self.past).filter(theirs).copied();
        let said = said.chain(of_now(false));
        let said: Vec<Interval> = said.filter(|one| one.status != ComponentStatus::Operational).collect();
        let mut all = disjoint(component, &said);
        for held in self.held.iter().filter(theirs).copied().chain(of_now(true)) {
            all = all.iter().flat_map(|one| without(one, &held)).collect();
            all.extend(Some(held).filter(|held| held.status != ComponentStatus::Operational));
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
