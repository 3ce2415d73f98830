//! Prometheus' own push (`/api/v2/alerts`): an array of alerts, each of which is a group of its own, named by its label set.
//!
//! Contract: Prometheus' and Alertmanager's source. Prometheus pushes firing alerts again and again with an `endsAt` some
//! minutes ahead, and resolved ones with an `endsAt` in the past: whether that has passed at receipt is all there is to
//! tell them apart. Silence resolves nothing. A batch is read whole or refused whole.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::domain::limits::PUSHED_ALERTS_MAX;
use shared::domain::signal::{Action, Alert, Draft, Link, Signal};
use shared::domain::text::cut_chars;
use shared::secret::sha256_hex;

use super::labels::{self, ALERTNAME, Labels, RUNBOOK, SUMMARY, label};
use super::lenient::{self, Remarks};
use super::{Code, FieldError, Refused, json};

/// A label set up to this size is its own group key, readable; a larger one is hashed.
const READABLE_KEY_BYTES_MAX: usize = 255;
/// How much of its alert's name a hashed group key shows.
const NAME_IN_KEY_CHARS_MAX: usize = 100;

/// Reads one push: a signal for each label set. Of a label set that comes twice, the last counts.
pub fn read(body: &[u8], now: Timestamp) -> Result<Vec<Signal>, Refused> {
    let text = json::text(body)?;
    let alerts: Vec<Pushed<'_>> = json::from_text(&text)?;
    if alerts.len() > PUSHED_ALERTS_MAX {
        let message = format!(
            "The push holds {} alerts and at most {PUSHED_ALERTS_MAX} are taken at once: send smaller batches.",
            alerts.len()
        );
        return Err(Refused::new(Code::TooManyAlerts, message));
    }
    let nameless = alerts
        .iter()
        .enumerate()
        .filter(|(_, alert)| label(&alert.labels, ALERTNAME).is_none());
    let errors: Vec<_> = nameless
        .map(|(n, _)| FieldError::new(format!("[{n}].labels.{ALERTNAME}"), "is required"))
        .collect();
    if !errors.is_empty() {
        return Err(Refused::invalid(errors));
    }
    let last: HashMap<String, usize> = alerts
        .iter()
        .enumerate()
        .map(|(n, alert)| (group_key(&alert.labels), n))
        .collect();
    let mut kept: Vec<(usize, String)> = last.into_iter().map(|(key, n)| (n, key)).collect();
    kept.sort_unstable();
    let mut kept = kept.into_iter().peekable();
    let alerts = alerts.into_iter().enumerate().filter_map(|(n, alert)| {
        let (_, key) = kept.next_if(|(kept, _)| *kept == n)?;
        Some(Signal::new(alert.into_draft(key, now)))
    });
    Ok(alerts.collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pushed<'a> {
    #[serde(default)]
    labels: Labels,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    starts_at: Option<&'a RawValue>,
    #[serde(borrow)]
    ends_at: Option<&'a RawValue>,
    #[serde(borrow, rename = "generatorURL")]
    generator_url: Option<&'a RawValue>,
}

impl Pushed<'_> {
    fn into_draft(self, group_key: String, now: Timestamp) -> Draft {
        let mut remarks = Remarks::default();
        let labels = Labels::from_iter(self.labels.into_iter().filter(|(_, value)| !value.is_empty()));
        let annotations = lenient::texts(self.annotations, "annotation", &mut remarks);
        let starts_at = lenient::time(self.starts_at, &mut remarks);
        let ended_at = lenient::time(self.ends_at, &mut remarks).filter(|at| *at <= now);
        let source_url = lenient::address(self.generator_url, "link", &mut remarks);
        let runbook = label(&annotations, RUNBOOK);
        let runbook_url = runbook.and_then(|url| lenient::checked_address(url, "runbook", &mut remarks));
        let name = label(&labels, ALERTNAME).unwrap_or_default();
        Draft {
            action: if ended_at.is_some() {
                Action::Resolve
            } else {
                Action::Trigger
            },
            group_key,
            event_at: ended_at.or(starts_at.filter(|at| lenient::has_happened(*at, now))),
            summary: label(&annotations, SUMMARY).map_or_else(|| labels::title(name, &labels), str::to_owned),
            severity: labels::severity(&labels, &mut remarks),
            source: labels::source(&labels),
            component: labels::component(&labels),
            runbook_url,
            links: source_url
                .iter()
                .map(|href| Link {
                    href: href.clone(),
                    text: "Source".to_owned(),
                })
                .collect(),
            images: vec![],
            details: Value::Null,
            alerts: vec![Alert {
                fingerprint: labels::fingerprint(&labels),
                firing: ended_at.is_none(),
                labels,
                annotations,
                starts_at,
                ends_at: ended_at,
                source_url,
            }],
            alerts_left_out: 0,
            remarks: remarks.into_vec(),
        }
    }
}

/// The name of a label set: equal for equal sets, in whatever order their labels came, and for no others.
fn group_key(labels: &Labels) -> String {
    let written = labels::written(labels);
    if written.len() <= READABLE_KEY_BYTES_MAX {
        return written;
    }
    let name = cut_chars(label(labels, ALERTNAME).unwrap_or_default(), NAME_IN_KEY_CHARS_MAX);
    format!("{{{ALERTNAME}={name:?}, …}} sha256:{}", sha256_hex(written.as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::domain::signal::Severity;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    fn push(batch: Value) -> Result<Vec<Signal>, Refused> {
        read(batch.to_string().as_bytes(), now())
    }

    fn one(alert: Value) -> Signal {
        push(json!([alert])).unwrap().remove(0)
    }

    #[test]
    fn a_firing_alert_ends_ahead_and_a_resolved_one_has_ended() {
        let labels = json!({"alertname": "InstanceDown", "instance": "h1:9100", "job": "node", "severity": "page"});
        let at = |ends: Value| {
            one(
                json!({"labels": labels, "annotations": {"summary": "h1 down", "runbook_url": "https://r.test/1"},
                "startsAt": "2026-11-22T08:00:00.5Z", "endsAt": ends, "generatorURL": "http://prom.test/graph"}),
            )
        };
        let firing = at(json!("2026-11-22T09:04:00Z"));
        let digest_of_the_first = firing.digest.clone();
        insta::assert_debug_snapshot!(super::super::tests::shown(firing.clone()));
        for ends in [
            json!(null),
            json!("0001-01-01T00:00:00Z"),
            json!(""),
            json!("2026-11-22T09:08:00Z"),
        ] {
            let again = at(ends);
            assert_eq!((again.action, &again.digest), (Action::Trigger, &digest_of_the_first));
            assert_eq!(again.timed_digest, firing.timed_digest);
        }
        for ends in ["2026-11-22T09:00:00Z", "2026-11-22T08:59:00Z"] {
            let over = at(json!(ends));
            assert_eq!(over.action, Action::Resolve);
            assert_eq!(over.event_at, ends.parse().ok());
            assert_eq!(over.group_key, firing.group_key);
        }
        let unreadable = at(json!("soon"));
        assert_eq!(unreadable.action, Action::Trigger);
        assert_eq!(unreadable.content.remarks.len(), 1);
    }

    #[test]
    fn a_group_is_a_label_set_in_any_order_without_its_empty_labels() {
        let key = |labels: &str| {
            read(format!("[{{\"labels\":{labels}}}]").as_bytes(), now())
                .unwrap()
                .remove(0)
                .group_key
        };
        let base = key(r#"{"alertname":"A","b":"1","c":"2"}"#);
        assert_eq!(base, r#"{alertname="A", b="1", c="2"}"#);
        assert_eq!(key(r#"{"c":"2","b":"1","alertname":"A","d":""}"#), base);
        for other in [
            r#"{"alertname":"A","b":"1"}"#,
            r#"{"alertname":"A","b":"1\", c=\"2"}"#,
            r#"{"alertname":"A","b=\"1\", c":"2"}"#,
            r#"{"alertname":"a","b":"1","c":"2"}"#,
        ] {
            assert_ne!(key(other), base);
        }
        let long =
            |last: &str| key(&json!({"alertname": "A", "b": format!("{}{last}", "x".repeat(9_000))}).to_string());
        assert_ne!(long("1"), long("2"));
        assert_eq!(long("1"), long("1"));
        assert!(
            long("1").len() <= READABLE_KEY_BYTES_MAX + 255 && long("1").starts_with(r#"{alertname="A", …} sha256:"#)
        );
    }

    #[test]
    fn of_a_label_set_that_comes_twice_the_last_counts() {
        let alert = |name: &str, ends: &str| json!({"labels": {"alertname": name}, "endsAt": ends});
        let (ahead, past) = ("2026-11-22T10:00:00Z", "2026-11-22T08:00:00Z");
        let read = push(json!([
            alert("A", ahead),
            alert("B", past),
            alert("A", past),
            alert("C", ahead),
            alert("B", ahead)
        ]));
        let read: Vec<_> = read
            .unwrap()
            .into_iter()
            .map(|signal| (signal.title, signal.action))
            .collect();
        assert_eq!(
            read,
            [
                ("A".into(), Action::Resolve),
                ("C".into(), Action::Trigger),
                ("B".into(), Action::Trigger)
            ]
        );
    }

    #[test]
    fn a_batch_is_refused_whole_and_by_the_field() {
        let good = json!({"labels": {"alertname": "A"}});
        for (bad, field) in [
            (json!({"labels": {"instance": "h"}}), "[3].labels.alertname"),
            (json!({"labels": {"alertname": ""}}), "[3].labels.alertname"),
            (json!({}), "[3].labels.alertname"),
            (json!({"labels": {"alertname": 7}}), "[3].labels.alertname"),
            (json!({"labels": {"alertname": "A", "x": null}}), "[3].labels.x"),
            (json!({"labels": []}), "[3].labels"),
            (json!(null), "[3]"),
            (json!("x"), "[3]"),
        ] {
            let refused = push(json!([good, good, good, bad])).unwrap_err();
            assert_eq!(refused.code, Code::InvalidInput, "{bad}");
            assert_eq!(refused.errors[0].field, field, "{bad}");
        }
        for body in [json!({}), json!(null), json!("x")] {
            assert_eq!(push(body).unwrap_err().code, Code::WrongShape);
        }
        let nameless = push(Value::from(vec![json!({}); 500])).unwrap_err();
        assert_eq!(
            (nameless.errors.len(), nameless.message.as_str()),
            (20, "500 fields are missing or invalid.")
        );
    }

    #[test]
    fn as_many_as_the_limit_are_read_and_no_more() {
        let batch = |size: usize| {
            push(
                (0..size)
                    .map(|n| json!({"labels": {"alertname": format!("A{n}")}}))
                    .collect(),
            )
        };
        assert_eq!(batch(0).unwrap().len(), 0);
        assert_eq!(batch(PUSHED_ALERTS_MAX).unwrap().len(), PUSHED_ALERTS_MAX);
        let refused = batch(PUSHED_ALERTS_MAX + 1).unwrap_err();
        assert_eq!(refused.code, Code::TooManyAlerts);
        assert!(refused.message.contains("1001 alerts"), "{refused}");
    }

    #[test]
    fn without_a_summary_the_labels_make_the_title() {
        let read = one(
            json!({"labels": {"alertname": "Disk", "severity": "WARNING", "host": "db-7", "service": "billing"},
            "annotations": {"description": "x", "n": 7, "o": {}}, "status": {"state": "active"}}),
        );
        assert_eq!(read.title, "Disk (host=db-7, service=billing)");
        assert_eq!(read.severity, Severity::Warning);
        assert_eq!(read.content.source.as_deref(), Some("db-7"));
        assert_eq!(read.content.component.as_deref(), Some("billing"));
        assert_eq!(read.content.alerts[0].annotations["n"], "7");
        assert_eq!(read.content.remarks.len(), 1);
    }
}
