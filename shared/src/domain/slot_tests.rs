//! What a signal means for its group: every row of the table, and the laws of what a slot remembers.

use jiff::Timestamp;
use proptest::prelude::*;
use ulid::Ulid;

use super::id::IncidentId;
use super::incident::Counts;
use super::limits;
use super::signal::{Action, Draft, Severity, Signal};
use super::slot::{Ignored, Slot, SlotClosed, Verdict, judge};
use super::time::after_seconds;

use Action::{Acknowledge, Resolve, Trigger};

fn at(seconds: i64) -> Timestamp {
    after_seconds("2026-02-03T02:00:00Z".parse().unwrap(), seconds)
}

fn inc(number: u128) -> IncidentId {
    Ulid::from_parts(1_770_000_000_000, number).into()
}

fn says(action: Action, summary: &str, event_at: Option<i64>) -> Signal {
    Signal::new(Draft {
        action,
        group_key: "disk".into(),
        event_at: event_at.map(at),
        summary: summary.into(),
        severity: Severity::Error,
        source: None,
        component: None,
        runbook_url: None,
        links: vec![],
        images: vec![],
        details: serde_json::Value::Null,
        alerts: vec![],
        alerts_left_out: 0,
        remarks: vec![],
    })
}

/// Open since +0 by "full" of event time +0, then "fuller" of +60, which came at +60.
fn open() -> Slot {
    Slot::opened(inc(1), &says(Trigger, "full", Some(0)), None, at(0))
        .took_in(&says(Trigger, "fuller", Some(60)), at(60))
}

fn closed(by_sender: bool) -> Slot {
    Slot {
        closed: Some(SlotClosed { at: at(100), by_sender }),
        ..open()
    }
}

const LATE: Verdict = Verdict::Ignored {
    why: Ignored::LateRetry,
    seen: None,
};
const NOTHING_OPEN: Verdict = Verdict::Ignored {
    why: Ignored::NothingOpen,
    seen: None,
};

fn stale(seen: Option<IncidentId>) -> Verdict {
    Verdict::Ignored {
        why: Ignored::OutOfOrder,
        seen,
    }
}

#[test]
fn what_a_signal_means_while_nothing_was_ever_open() {
    for event_at in [None, Some(0)] {
        assert_eq!(judge(None, &says(Trigger, "full", event_at), at(0)), Verdict::Open);
        assert_eq!(judge(None, &says(Acknowledge, "", event_at), at(0)), NOTHING_OPEN);
        assert_eq!(judge(None, &says(Resolve, "", event_at), at(0)), NOTHING_OPEN);
    }
}

#[test]
fn what_a_signal_means_while_its_group_is_open() {
    let table = [
        // The same again, whatever its time, unless that is older than what is known.
        (says(Trigger, "fuller", Some(60)), Verdict::Repeat(inc(1))),
        (says(Trigger, "fuller", Some(90)), Verdict::Repeat(inc(1))),
        (says(Trigger, "fuller", None), Verdict::Repeat(inc(1))),
        (says(Trigger, "full", Some(90)), Verdict::Changed(inc(1))),
        (says(Trigger, "full", Some(60)), Verdict::Changed(inc(1))),
        (says(Trigger, "full", None), Verdict::Changed(inc(1))),
        // A snapshot that was overtaken shows that the group is alive, and nothing more.
        (says(Trigger, "full", Some(0)), stale(Some(inc(1)))),
        (says(Trigger, "fuller", Some(59)), stale(Some(inc(1)))),
        (says(Acknowledge, "", None), Verdict::Acknowledge(inc(1))),
        (says(Acknowledge, "", Some(0)), Verdict::Acknowledge(inc(1))),
        (says(Resolve, "", None), Verdict::Resolve(inc(1))),
        (says(Resolve, "", Some(60)), Verdict::Resolve(inc(1))),
        (says(Resolve, "", Some(61)), Verdict::Resolve(inc(1))),
        // The resolve of the incident before this one.
        (says(Resolve, "", Some(59)), stale(None)),
    ];
    for (signal, verdict) in table {
        assert_eq!(
            judge(Some(&open()), &signal, at(1000)),
            verdict,
            "{:?} {} {:?}",
            signal.action,
            signal.title,
            signal.event_at
        );
    }
    // A sender without a clock has no order to be out of.
    let timeless = Slot::opened(inc(2), &says(Trigger, "full", None), None, at(0));
    assert_eq!(
        judge(Some(&timeless), &says(Resolve, "", Some(-9999)), at(1)),
        Verdict::Resolve(inc(2))
    );
    assert_eq!(
        judge(Some(&timeless), &says(Trigger, "full", Some(-9999)), at(1)),
        Verdict::Repeat(inc(2))
    );
}

#[test]
fn what_a_signal_means_after_the_senders_own_resolve() {
    let slot = closed(true);
    let table = [
        (says(Trigger, "fuller", Some(60)), 101, LATE),
        (says(Trigger, "full", Some(0)), 101, LATE),
        (says(Trigger, "fuller", Some(60)), 699, LATE),
        // Ten minutes are over.
        (says(Trigger, "fuller", Some(60)), 700, Verdict::Open),
        // It says another time, or none: it is another event.
        (says(Trigger, "fuller", Some(61)), 101, Verdict::Open),
        (says(Trigger, "fuller", None), 101, Verdict::Open),
        (says(Trigger, "fullest", Some(60)), 101, Verdict::Open),
        // Even an old one: it was never accepted.
        (says(Trigger, "full", Some(-60)), 101, Verdict::Open),
        (says(Acknowledge, "", Some(60)), 101, NOTHING_OPEN),
        (says(Resolve, "", Some(200)), 200, NOTHING_OPEN),
        (says(Resolve, "", None), 200, NOTHING_OPEN),
    ];
    for (signal, now, verdict) in table {
        assert_eq!(
            judge(Some(&slot), &signal, at(now)),
            verdict,
            "+{now} {:?} {} {:?}",
            signal.action,
            signal.title,
            signal.event_at
        );
    }
}

#[test]
fn after_a_close_by_hand_or_by_silence_every_trigger_opens() {
    for event_at in [None, Some(0), Some(60), Some(61)] {
        for summary in ["full", "fuller", "fullest"] {
            for now in [100, 101, 699, 700] {
                assert_eq!(
                    judge(Some(&closed(false)), &says(Trigger, summary, event_at), at(now)),
                    Verdict::Open
                );
            }
        }
    }
}

#[test]
fn the_next_incident_of_a_group_knows_nothing_of_the_one_before_but_its_counts() {
    let before = closed(true);
    let next = Slot::opened(inc(2), &says(Trigger, "again", Some(300)), Some(&before), at(301));
    assert_eq!(
        (next.closed, next.signal_count, next.newest_ms),
        (None, 1, Some(at(300).as_millisecond()))
    );
    assert_eq!(next.recent.len(), 1);
    assert_eq!(
        next.counts_of(inc(1)),
        Some(Counts {
            signal_count: 2,
            alert_count: 1,
            last_signal_at: at(60)
        })
    );
    assert_eq!(next.counts_of(inc(2)), Some(next.counts()));
    assert_eq!(next.counts_of(inc(3)), None);
    // The late resolve of the one before does not close it.
    assert_eq!(judge(Some(&next), &says(Resolve, "", Some(100)), at(302)), stale(None));
    assert_eq!(
        judge(Some(&next), &says(Trigger, "fuller", Some(60)), at(302)),
        stale(Some(inc(2)))
    );
}

#[test]
fn only_the_last_eight_events_are_recognised() {
    let mut slot = Slot::opened(inc(1), &says(Trigger, "event 0", Some(0)), None, at(0));
    for n in 1..=11 {
        slot = slot.took_in(&says(Trigger, &format!("event {n}"), Some(n)), at(n));
        assert_eq!(slot.recent.len(), (n as usize + 1).min(limits::SLOT_DIGESTS_MAX));
    }
    // The same event twice takes one place, the newest; an event without a time takes none.
    slot = slot
        .took_in(&says(Trigger, "event 5", Some(5)), at(12))
        .took_in(&says(Trigger, "event 5", None), at(13));
    assert_eq!(slot.recent.len(), 8);
    assert_eq!(
        slot.recent.last(),
        Some(&says(Trigger, "event 5", Some(5)).timed_digest)
    );
    assert_eq!((slot.signal_count, slot.newest_ms), (14, Some(at(11).as_millisecond())));
    slot.closed = Some(SlotClosed {
        at: at(20),
        by_sender: true,
    });
    for n in 0..=11 {
        let late = judge(Some(&slot), &says(Trigger, &format!("event {n}"), Some(n)), at(30)) == LATE;
        assert_eq!(late, n >= 4, "{n}");
    }
}

#[test]
fn digests_that_wait_to_be_trimmed_are_not_recognised() {
    // A repeat appends without reading, so between two trims there are more than eight.
    let digest = |n: i64| says(Trigger, "full", Some(n)).timed_digest;
    let closed = Some(SlotClosed {
        at: at(100),
        by_sender: true,
    });
    let slot = Slot {
        recent: (0..16).map(digest).collect(),
        closed,
        ..open()
    };
    for n in 0..16 {
        let late = judge(Some(&slot), &says(Trigger, "full", Some(n)), at(101)) == LATE;
        assert_eq!(late, n >= 8, "{n}");
    }
    let trimmed = Slot { closed: None, ..slot }.took_in(&says(Trigger, "full", Some(70)), at(70));
    assert_eq!(trimmed.recent.len(), 8);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn taking_in_never_forgets_what_is_newest(signals in proptest::collection::vec((0_u8..4, proptest::option::of(-50_i64..50), 0_i64..9), 0..30)) {
        let mut slot = Slot::opened(inc(1), &says(Trigger, "first", None), None, at(0));
        let (mut newest, mut now, mut count) = (None, 0, 1);
        for (summary, event_at, later) in signals {
            now += later - 2; // Clocks differ.
            let signal = says(Trigger, &summary.to_string(), event_at);
            let verdict = judge(Some(&slot), &signal, at(now));
            if event_at.is_some() && event_at < newest {
                prop_assert_eq!(verdict, stale(Some(inc(1))));
                continue;
            }
            let repeat = slot.digest == signal.digest;
            prop_assert_eq!(verdict, if repeat { Verdict::Repeat(inc(1)) } else { Verdict::Changed(inc(1)) });
            let seen = slot.last_signal_at;
            slot = slot.took_in(&signal, at(now));
            newest = newest.max(event_at);
            count += 1;
            prop_assert_eq!(slot.last_signal_at, seen.max(at(now)));
            prop_assert_eq!(slot.newest_ms, newest.map(|newest| at(newest).as_millisecond()));
            prop_assert_eq!((slot.signal_count, &slot.digest), (count, &signal.digest));
            prop_assert!(slot.recent.len() <= limits::SLOT_DIGESTS_MAX);
            prop_assert_eq!(event_at.is_some(), event_at.is_some() && slot.recent.last() == Some(&signal.timed_digest));
        }
    }
}
