//! What was, per component: half-open intervals of everything that was not in order, and what days make of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::component::ComponentStatus;
use super::statuses::Statuses;
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

/// How a component does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// How.
    pub status: ComponentStatus,
    /// Since when.
    pub since: Timestamp,
}

/// How the components of a page do and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Before, as people told it only when it was over; it may overlap the rest.
    pub told: Vec<Interval>,
    /// Now. A component that was always operational may be missing.
    pub now: BTreeMap<ComponentId, Since>,
    /// Before, in the order in which it ended; only what was not in order.
    pub past: Vec<Interval>,
}

impl History {
    /// Remembers that components do as `statuses` says from now on. Of a component that breaks, or is in order again, `since`
    /// says when it did, should that be published only now: after the settling time, or because somebody tells it late. It is
    /// given the component's last change, and believed back to that. Answers what came to an end.
    pub fn become_now(
        &mut self,
        statuses: &Statuses,
        since: impl Fn(ComponentId, Timestamp) -> Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<Interval> {
        let mut ended = Vec::new();
        for (id, status) in statuses {
            let before = self.now.get(id).copied();
            let was = before.map_or(ComponentStatus::Operational, |since| since.status);
            if was == *status {
                continue;
            }
            let earliest = before.map_or(Timestamp::MIN, |since| since.since);
            let turns = was.is_trouble() != status.is_trouble();
            let told = turns.then(|| since(*id, earliest)).flatten();
            let since = told.unwrap_or(now).min(now).max(earliest);
            if was != ComponentStatus::Operational && since > earliest {
                ended.push(Interval {
                    component_id: *id,
                    status: was,
                    start: earliest,
                    end: since,
                });
            }
            self.now.insert(*id, Since { status: *status, since });
        }
        self.past.extend(&ended);
        ended
    }

    /// Everything about one component that was or is not in order, as if it ended now.
    pub fn of(&self, component: ComponentId, now: Timestamp) -> Vec<Interval> {
        let past = self.past.iter().filter(|one| one.component_id == component).copied();
        let open = self
            .now
            .get(&component)
            .filter(|one| one.since < now)
            .map(|one| Interval {
                component_id: component,
                status: one.status,
                start: one.since,
                end: now,
            });
        let open = open.filter(|one| one.status != ComponentStatus::Operational);
        let known = past.chain(open);
        let told = self.told.iter().filter(|one| one.component_id == component).copied();
        let told: Vec<Interval> = told.collect();
        if told.is_empty() {
            return known.collect();
        }
        disjoint(component, &known.chain(told).collect::<Vec<_>>())
    }
}

impl History {
    /// Takes back what posts said that were wrong: what they alone said was not so. `others` is what all other posts said
    /// meanwhile, each as if it ended now. Answers every interval that was there before or is now, and not both.
    pub fn take_back(&mut self, wrong: &[Interval], others: &[Interval], now: Timestamp) -> Vec<Interval> {
        let mut changed = Vec::new();
        let mut ids: Vec<ComponentId> = wrong.iter().map(|one| one.component_id).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let of = |all: &[Interval]| {
                all.iter()
                    .filter(|one| one.component_id == id)
                    .copied()
                    .collect::<Vec<_>>()
            };
            // As one: only where it was matters.
            let windows = of(wrong).into_iter().map(|one| Interval {
                status: ComponentStatus::MajorOutage,
                ..one
            });
            let windows = disjoint(id, &windows.collect::<Vec<_>>());
            let others = disjoint(id, &of(others));
            // What goes on goes on by what others say, unless nothing but a person's hand holds it there.
            if let Some(since) = self.now.get_mut(&id).filter(|since| since.status.is_trouble())
                && let Some(window) = windows
                    .iter()
                    .find(|one| one.start <= since.since && since.since <= one.end)
                && let Some(last) = others.last().filter(|one| one.end == now && one.status == since.status)
            {
                since.since = last.start.max(window.start);
            }
            let (mut theirs, rest): (Vec<_>, Vec<_>) = self.past.drain(..).partition(|one| one.component_id == id);
            let before = theirs.clone();
            for window in &windows {
                theirs = theirs.iter().flat_map(|one| without(one, window)).collect();
                theirs.extend(others.iter().filter_map(|one| within(one, window)).filter(|one| {
                    let goes_on = self.now.get(&id).filter(|since| since.status.is_trouble());
                    goes_on.is_none_or(|since| one.end <= since.since)
                }));
            }
            changed.extend(before.iter().filter(|one| !theirs.contains(one)));
            changed.extend(theirs.iter().filter(|one| !before.contains(one)));
            self.past = rest;
            self.past.extend(theirs);
        }
        self.past.sort_by_key(|one| (one.end, one.start, one.component_id));
        changed
    }
}

/// What is left of trouble outside a window; maintenance stays.
fn without(one: &Interval, window: &Interval) -> Vec<Interval> {
    if !one.status.is_trouble() || one.end <= window.start || window.end <= one.start {
        return vec![*one];
    }
    let (before, after) = (
        Interval {
            end: window.start,
            ..*one
        },
        Interval {
            start: window.end,
            ..*one
        },
    );
    [before, after].into_iter().filter(|one| one.start < one.end).collect()
}

fn within(one: &Interval, window: &Interval) -> Option<Interval> {
    let (start, end) = (one.start.max(window.start), one.end.min(window.end));
    (start < end).then_some(Interval { start, end, ..*one })
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
