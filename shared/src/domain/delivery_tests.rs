//! One message and what comes of its tries.

use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use super::delivery::{Attempt, Delivery, DeliveryKey, DeliveryState, Part, Recipient, Subject};
use super::limits;
use super::people::Medium;
use super::time::after_seconds;

fn at(seconds: i64) -> Timestamp {
    after_seconds("2026-02-03T02:00:00Z".parse().unwrap(), seconds)
}

fn delivery() -> Delivery {
    let ulid = |number| Ulid::from_parts(1, number);
    let to = Recipient::Person(ulid(2).into(), ulid(3).into());
    let key = DeliveryKey {
        subject: Subject::Incident(ulid(1).into()),
        epoch: 0,
        cycle: 0,
        step: 0,
        to,
        part: Part::Page,
    };
    Delivery::new(key, Medium::Sms, "+491700000000".into(), ("en", "UTC"), at(0), at(0))
}

/// As the store claims it.
fn claimed(mut delivery: Delivery, now: Timestamp) -> Delivery {
    delivery.state = DeliveryState::Sending;
    delivery.attempts += 1;
    delivery.unrecorded += 1;
    delivery.lease = Some("lease".into());
    delivery.due_at = Some(after_seconds(now, limits::DELIVERY_LEASE_SECONDS));
    delivery
}

/// Tried when it is due and answered at once, as often as it is due.
fn tried(attempt: impl Fn() -> Attempt) -> (Delivery, Vec<i64>) {
    let (mut delivery, mut tries) = (delivery(), vec![]);
    while let Some(due) = delivery.due_at {
        tries.push(due.duration_since(at(0)).as_secs());
        delivery = claimed(delivery, due).record(attempt(), due);
        assert_eq!((delivery.unrecorded, delivery.lease.as_deref()), (0, None));
        assert!(tries.len() < 10_000, "no end");
    }
    (delivery, tries)
}

#[test]
fn what_came_of_one_try() {
    let why = || "why".to_owned();
    let table = [
        (
            Attempt::Sent {
                provider_id: Some("SM1".into()),
            },
            DeliveryState::Sent,
            None,
            (1, 0),
        ),
        (Attempt::Permanent(why()), DeliveryState::Failed, None, (1, 1)),
        (Attempt::Superseded, DeliveryState::Superseded, None, (0, 0)),
        (Attempt::Transient(why()), DeliveryState::Scheduled, Some(15), (1, 1)),
        // The claim is given back; never sooner than in a second.
        (
            Attempt::Throttled(SignedDuration::from_secs(90), why()),
            DeliveryState::Scheduled,
            Some(100),
            (0, 0),
        ),
        (
            Attempt::Throttled(SignedDuration::ZERO, why()),
            DeliveryState::Scheduled,
            Some(11),
            (0, 0),
        ),
        (
            Attempt::Throttled(SignedDuration::from_secs(-9), why()),
            DeliveryState::Scheduled,
            Some(11),
            (0, 0),
        ),
        // Up to half an hour after it was first due; then it is a failure like any other.
        (
            Attempt::Throttled(SignedDuration::from_secs(1790), why()),
            DeliveryState::Scheduled,
            Some(1800),
            (0, 0),
        ),
        (
            Attempt::Throttled(SignedDuration::from_secs(1791), why()),
            DeliveryState::Scheduled,
            Some(15),
            (1, 1),
        ),
        (
            Attempt::Throttled(SignedDuration::MAX, why()),
            DeliveryState::Scheduled,
            Some(15),
            (1, 1),
        ),
    ];
    for (attempt, state, due, (attempts, failures)) in table {
        let after = claimed(delivery(), at(10)).record(attempt.clone(), at(10));
        assert_eq!((after.state, after.due_at), (state, due.map(at)), "{attempt:?}");
        assert_eq!(
            (after.attempts, after.failures, after.unrecorded, after.lease),
            (attempts, failures, 0, None),
            "{attempt:?}"
        );
        assert_eq!(after.sent_at, (state == DeliveryState::Sent).then_some(at(10)));
        assert_eq!(after.first_due, at(0));
    }
}

#[test]
fn the_fifth_answered_failure_is_the_last() {
    let (failed, tries) = tried(|| Attempt::Transient("no answer".into()));
    assert_eq!(tries, [0, 5, 20, 65, 185]);
    assert_eq!(
        (failed.state, failed.attempts, failed.failures),
        (DeliveryState::Failed, 5, 5)
    );
    assert_eq!(failed.reason.as_deref(), Some("no answer"));
}

#[test]
fn a_provider_that_asks_for_patience_for_ever_fails() {
    let (failed, tries) = tried(|| Attempt::Throttled(SignedDuration::from_secs(60), "busy".into()));
    assert_eq!(
        (failed.state, failed.failures, failed.attempts),
        (DeliveryState::Failed, 5, 5)
    );
    // Every minute for half an hour, then at the pace of failures.
    assert_eq!(tries.len(), 31 + 4);
    assert_eq!(&tries[29..], [1740, 1800, 1805, 1820, 1865, 1985]);
}

#[test]
fn a_message_nobody_reports_on_is_stuck() {
    let stuck = claimed(delivery(), at(0)).stuck();
    assert_eq!(
        (stuck.state, stuck.due_at, stuck.lease),
        (DeliveryState::Stuck, None, None)
    );
    assert!(stuck.state.is_final_failure() && stuck.reason.is_some());
}
