//! What real clients sent, read; and what nobody ought to send, survived.

use std::borrow::Cow;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::domain::limits;
use shared::domain::signal::{Action, Digest, Severity, Signal};

use super::*;

macro_rules! captured {
    ($name:literal) => {
        body_of(include_str!(concat!(
            "../../../../tests/fixtures/captured/",
            $name,
            ".json"
        )))
    };
}

fn body_of(capture: &str) -> Vec<u8> {
    let capture: Value = serde_json::from_str(capture).unwrap();
    capture["body_raw"].as_str().unwrap().into()
}

/// A signal for a snapshot of this crate: its digests are the domain's business.
pub(super) fn shown(signal: Signal) -> Signal {
    Signal {
        digest: Digest("…".into()),
        timed_digest: Digest("…".into()),
        ..signal
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// When the captures were made.
fn then() -> Timestamp {
    at("2026-11-22T06:27:40Z")
}

fn group(body: &[u8]) -> Signal {
    alertmanager::read(body, then()).unwrap()
}

fn changed(body: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut json: Value = serde_json::from_slice(body).unwrap();
    change(&mut json);
    json.to_string().into_bytes()
}

#[test]
fn alertmanagers_captured_webhooks() {
    insta::assert_debug_snapshot!(
        "webhook_firing",
        shown(group(&captured!("alertmanager025_webhook_v4_firing")))
    );
    insta::assert_debug_snapshot!(
        "webhook_firing_partial",
        shown(group(&captured!("alertmanager025_webhook_v4_firing_partial")))
    );
    insta::assert_debug_snapshot!(
        "webhook_resolved",
        shown(group(&captured!("alertmanager025_webhook_v4_resolved")))
    );
    for (bearer, plain) in [
        (
            captured!("alertmanager025_webhook_v4_bearer_firing"),
            captured!("alertmanager025_webhook_v4_firing"),
        ),
        (
            captured!("alertmanager025_webhook_v4_bearer_firing_partial"),
            captured!("alertmanager025_webhook_v4_firing_partial"),
        ),
        (
            captured!("alertmanager025_webhook_v4_bearer_resolved"),
            captured!("alertmanager025_webhook_v4_resolved"),
        ),
    ] {
        assert_eq!(shown(group(&bearer)).action, shown(group(&plain)).action);
        assert_eq!(group(&bearer).group_key, group(&plain).group_key);
        assert_eq!(group(&bearer).digest, group(&plain).digest);
    }
}

#[test]
fn captured_pagerduty_events() {
    let read = |body: &[u8]| {
        let event = pagerduty::read(body, "fresh", then()).unwrap();
        assert_eq!(event.routing_key, "R0123456789ABCDEF0123456789ABCDE");
        (event.dedup_key, shown(event.signal))
    };
    insta::assert_debug_snapshot!(
        "pagerduty_alertmanager_trigger",
        read(&captured!("alertmanager025_pagerduty_v2_trigger"))
    );
    insta::assert_debug_snapshot!(
        "pagerduty_alertmanager_resolve",
        read(&captured!("alertmanager025_pagerduty_v2_resolve"))
    );
    insta::assert_debug_snapshot!("pagerduty_python_trigger", read(&captured!("py_pagerduty_trigger")));
    insta::assert_debug_snapshot!(
        "pagerduty_python_trigger_nokey",
        read(&captured!("py_pagerduty_trigger_nokey"))
    );
    insta::assert_debug_snapshot!("pagerduty_python_ack", read(&captured!("py_pagerduty_ack")));
    insta::assert_debug_snapshot!("pagerduty_python_resolve", read(&captured!("py_pagerduty_resolve")));
}

#[test]
fn a_resend_is_a_repeat_whatever_its_values_and_a_partial_resolve_is_a_change() {
    let body = captured!("alertmanager025_webhook_v4_firing");
    let firing = group(&body);
    let resent = group(&changed(&body, |json| {
        json["alerts"][0]["annotations"]["description"] = json!("api on web-1 has 9.9% errors");
        json["alerts"].as_array_mut().unwrap().swap(0, 1);
        json["notification_reason"] = json!("repeat interval elapsed");
        json["routeLabels"] = json!({"team": "a"});
    }));
    assert_eq!(resent.digest, firing.digest);
    assert_eq!(resent.timed_digest, firing.timed_digest);
    let partial = group(&captured!("alertmanager025_webhook_v4_firing_partial"));
    assert_eq!(
        (partial.action, &partial.group_key),
        (Action::Trigger, &firing.group_key)
    );
    assert_ne!(partial.digest, firing.digest);
}

/// In the capture a member's `startsAt` lies an hour ahead while it fires, and it ends before that: had the slot remembered
/// that start as its newest time, it would ignore the resolve as out of order.
#[test]
fn received_as_it_happened_the_captured_group_is_in_order() {
    let received = |body: &[u8], now: &str| alertmanager::read(body, at(now)).unwrap().event_at.unwrap();
    let firing = received(
        &captured!("alertmanager025_webhook_v4_firing"),
        "2026-11-22T06:27:29.45Z",
    );
    let partial = received(
        &captured!("alertmanager025_webhook_v4_firing_partial"),
        "2026-11-22T06:27:32.44Z",
    );
    let resolved = alertmanager::read(
        &captured!("alertmanager025_webhook_v4_resolved"),
        at("2026-11-22T06:27:38.45Z"),
    );
    assert_eq!(firing, at("2026-11-22T06:27:28.431883183Z"));
    assert!(firing <= partial, "{firing} {partial}");
    // Pushed with an end alone, so that a start an hour ahead cannot shut it out, however late it is read.
    assert_eq!(resolved.unwrap().event_at, None);
    let later = received(
        &captured!("alertmanager025_webhook_v4_firing_partial"),
        "2026-11-22T07:28:00Z",
    );
    assert_eq!(later, at("2026-11-22T07:27:31Z"));
}

#[test]
fn a_groups_severity_is_the_worst_of_what_fires() {
    let of = |alerts: &[(&str, &str)]| {
        let alerts: Vec<_> = alerts
            .iter()
            .map(|(status, word)| json!({"status": status, "labels": {"severity": word}}))
            .collect();
        group(
            json!({"groupKey": "g", "status": "firing", "alerts": alerts})
                .to_string()
                .as_bytes(),
        )
    };
    for (words, severity) in [
        (["critical", "page", "fatal", "Emergency"], Severity::Critical),
        (["error", "high", "major", "MAJOR"], Severity::Error),
        (["warning", "warn", "minor", "medium"], Severity::Warning),
        (["info", "low", "none", "debug"], Severity::Info),
    ] {
        for word in words {
            assert_eq!(of(&[("firing", word)]).severity, severity, "{word}");
            assert_eq!(of(&[("firing", word)]).content.remarks, Vec::<String>::new());
        }
    }
    assert_eq!(
        of(&[("firing", "info"), ("resolved", "critical"), ("firing", "warning")]).severity,
        Severity::Warning
    );
    let unknown = of(&[("firing", "sev1"), ("firing", "info"), ("firing", "sev1")]);
    assert_eq!(unknown.severity, Severity::Error);
    assert_eq!(
        unknown.content.remarks,
        ["The severity sev1 is not known and counts as error."]
    );
    assert_eq!(of(&[("firing", "")]).severity, Severity::Error);
    assert_eq!(of(&[("firing", "")]).content.remarks, Vec::<String>::new());
}

#[test]
fn a_group_that_calls_itself_firing_pages_whatever_is_in_it() {
    let read = |rest: Value| {
        let mut body = json!({"groupKey": "{}:{a=\"b\"}", "status": "firing"});
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        group(body.to_string().as_bytes())
    };
    let empty = read(json!({}));
    assert_eq!(
        (empty.action, empty.severity, empty.title.as_str()),
        (Action::Trigger, Severity::Error, "{}:{a=\"b\"}")
    );
    assert_eq!(empty.content.remarks.len(), 1);
    let common = read(json!({"alerts": [], "commonLabels": {"alertname": "Disk", "severity": "critical"}}));
    assert_eq!((common.severity, common.title.as_str()), (Severity::Critical, "Disk"));
    let over = read(json!({"alerts": [{"status": "resolved", "labels": {"severity": "warning"}}]}));
    assert_eq!((over.action, over.severity), (Action::Trigger, Severity::Warning));
    let nulls = read(
        json!({"alerts": null, "groupLabels": null, "commonLabels": null, "commonAnnotations": null,
        "externalURL": null, "truncatedAlerts": null, "receiver": null, "version": null}),
    );
    assert_eq!(nulls.title, empty.title);
    let without_status = read(json!({"alerts": [{"labels": {"alertname": "A"}}]}));
    assert!(without_status.content.alerts[0].firing);
}

#[test]
fn a_resolved_group_resolves_and_says_what_was_left_out() {
    let alerts = json!([{"status": "resolved", "labels": {}, "endsAt": "2026-11-22T06:00:00Z"}]);
    let body = json!({"groupKey": "g", "status": "resolved", "truncatedAlerts": 7, "alerts": alerts}).to_string();
    let read = group(body.as_bytes());
    assert_eq!((read.action, read.alert_count), (Action::Resolve, 8));
    assert_eq!(read.content.remarks.len(), 2, "{:?}", read.content.remarks);
    for odd in [json!(u64::MAX), json!(-1), json!("7"), json!(1.5)] {
        let body = json!({"groupKey": "g", "status": "firing", "truncatedAlerts": odd}).to_string();
        assert_eq!(group(body.as_bytes()).alert_count, 1);
    }
}

#[test]
fn a_title_is_found_or_made() {
    let title = |body: Value| group(body.to_string().as_bytes()).title;
    let alert = |status: &str, name: &str, summary: &str| json!({"status": status, "labels": {"alertname": name}, "annotations": {"summary": summary}});
    let base = json!({"groupKey": "g", "status": "firing", "groupLabels": {"alertname": "Disk", "cluster": "prod"}});
    let with = |alerts: Value, common: Value| {
        let mut body = base.clone();
        body["alerts"] = alerts;
        body["commonAnnotations"] = common;
        title(body)
    };
    let alerts = json!([alert("resolved", "Disk", "first"), alert("firing", "Disk", "second")]);
    assert_eq!(with(alerts.clone(), json!({"summary": "common"})), "common");
    assert_eq!(with(alerts, json!({})), "second");
    assert_eq!(
        with(json!([alert("firing", "Disk", "")]), json!({})),
        "Disk (cluster=prod)"
    );
    let several: Vec<_> = ["A", "B", "C", "D", "A", "E"]
        .iter()
        .map(|name| alert("firing", name, ""))
        .collect();
    let ungrouped = json!({"groupKey": "g", "status": "firing", "groupLabels": {"cluster": "prod"}, "alerts": several});
    assert_eq!(title(ungrouped), "A, B, C and 2 more (cluster=prod)");
    let ungrouped = json!({"groupKey": "g", "status": "firing", "groupLabels": {"alertname": "A"},
        "commonLabels": {"alertname": "A", "job": "x", "severity": "page"}});
    assert_eq!(title(ungrouped), "A (job=x)");
}

#[test]
fn a_group_is_refused_by_the_field() {
    let read = |body: Value| alertmanager::read(body.to_string().as_bytes(), then()).unwrap_err();
    let with = |alert: Value| read(json!({"groupKey": "g", "status": "firing", "alerts": [{"labels": {}}, alert]}));
    let names = |refused: Refused| refused.errors.into_iter().map(|error| error.field).collect::<Vec<_>>();
    assert_eq!(names(read(json!({}))), ["groupKey", "status"]);
    assert_eq!(names(read(json!({"groupKey": "", "status": "firing"}))), ["groupKey"]);
    assert_eq!(names(read(json!({"groupKey": 7, "status": "firing"}))), ["groupKey"]);
    let long = "x".repeat(limits::GROUP_KEY_BYTES_MAX + 1);
    assert_eq!(names(read(json!({"groupKey": long, "status": "firing"}))), ["groupKey"]);
    for status in [json!("ok"), json!("Firing"), json!(1), json!({})] {
        assert_eq!(names(read(json!({"groupKey": "g", "status": status}))), ["status"]);
        assert_eq!(names(with(json!({ "status": status }))), ["alerts[1].status"]);
    }
    for value in [json!(7), json!(null), json!([]), json!({}), json!(true)] {
        assert_eq!(
            names(with(json!({"labels": {"severity": value}}))),
            ["alerts[1].labels.severity"]
        );
    }
    assert_eq!(names(with(json!({"labels": []}))), ["alerts[1].labels"]);
    assert_eq!(names(with(json!({"fingerprint": 7}))), ["alerts[1].fingerprint"]);
    assert_eq!(names(with(json!(null))), ["alerts[1]"]);
    assert_eq!(
        names(read(json!({"groupKey": "g", "status": "firing", "alerts": {}}))),
        ["alerts"]
    );
    let twice = br#"{"groupKey":"g","groupKey":"h","status":"firing"}"#;
    assert!(
        alertmanager::read(twice, then())
            .unwrap_err()
            .message
            .contains("duplicate field `groupKey`")
    );
    assert_eq!(read(json!([])).code, Code::WrongShape);
}

#[test]
fn decoration_of_an_alert_is_dropped_with_a_remark() {
    let alert = json!({"status": "firing", "labels": {"alertname": "A"}, "annotations": {"a": 1, "b": null, "c": {}, "runbook_url": "see wiki"},
        "startsAt": "then", "endsAt": 5, "generatorURL": "prom/graph"});
    let body = json!({"groupKey": "g", "status": "firing", "alerts": [alert.clone(), alert], "externalURL": "am:9093"});
    let read = group(body.to_string().as_bytes());
    assert_eq!(
        (read.runbook_url.as_deref(), read.links.len(), read.event_at),
        (None, 0, None)
    );
    insta::assert_debug_snapshot!(read.content.remarks, @r#"
    [
        "The annotation {} is not a text and was dropped.",
        "The timestamp \"then\" could not be read and was dropped.",
        "The timestamp 5 could not be read and was dropped.",
        "The link prom/graph is not an http or https address and was dropped.",
        "2 more remarks like these are not listed.",
    ]
    "#);
    let without = |fingerprint: Value| {
        let alert = json!({"labels": {"b": "2", "a": "1"}, "fingerprint": fingerprint});
        let body = json!({"groupKey": "g", "status": "firing", "alerts": [alert]}).to_string();
        group(body.as_bytes()).content.alerts.remove(0).fingerprint
    };
    assert_eq!(without(json!(null)), without(json!("")));
    assert_eq!(without(json!(null)).len(), 16);
    assert_eq!(without(json!("f")), "f");
}

#[test]
fn ten_thousand_alerts_are_read() {
    let alert = |n: usize| {
        json!({"status": "firing", "labels": {"alertname": "A", "instance": format!("web-{n}"), "severity": format!("s{n}")},
            "annotations": {"summary": "s"}, "startsAt": "bad", "generatorURL": "bad"})
    };
    let alerts: Vec<_> = (0..10_000).map(alert).collect();
    let read = group(
        json!({"groupKey": "g", "status": "firing", "alerts": alerts})
            .to_string()
            .as_bytes(),
    );
    assert_eq!(read.alert_count, 10_000);
    assert!(read.content.alerts.len() <= limits::ALERTS_LISTED_MAX);
    assert!(
        read.content
            .remarks
            .iter()
            .any(|remark| remark.contains("counted but not listed"))
    );
}

/// Every reader, with nothing but whether it refused.
fn read_all(body: &[u8]) -> [Option<Refused>; 5] {
    [
        pagerduty::read(body, "fresh", then()).err(),
        pagerduty::read_change(body).err(),
        alertmanager::read(body, then()).err(),
        prometheus::read(body, then()).err(),
        generic::read(body, "fresh", then()).err(),
    ]
}

#[test]
fn what_cannot_be_read_is_refused_by_every_reader() {
    let deep = |open: &str, close: &str| [open.repeat(100_000), close.repeat(100_000)].concat().into_bytes();
    for (body, code) in [
        (Cow::from(&b""[..]), Code::NotJson),
        (Cow::from(&b"not json"[..]), Code::NotJson),
        (Cow::from(&b"{\"summary\": NaN}"[..]), Code::NotJson),
        (Cow::from(&b"{\"summary\": Infinity}"[..]), Code::NotJson),
        (Cow::from(&b"{\"summary\":\"\n\"}"[..]), Code::NotJson),
        (Cow::from(&b"{\"summary\":\"\\x\"}"[..]), Code::NotJson),
        (Cow::from(&b"\xff\xfe{\0}\0"[..]), Code::NotUtf8),
        (Cow::from(&b"\"\xed\xa0\x80\""[..]), Code::NotUtf8),
        (
            Cow::from("[".repeat(limits::BODY_BYTES_MAX).into_bytes()),
            Code::TooDeep,
        ),
        (Cow::from(deep("[", "]")), Code::TooDeep),
        (Cow::from(deep("{\"a\":", "}")), Code::TooDeep),
        (Cow::from(&b"7"[..]), Code::WrongShape),
        (Cow::from(&b"null"[..]), Code::WrongShape),
    ] {
        for refused in read_all(&body) {
            let refused = refused.unwrap();
            assert_eq!(refused.code, code, "{refused}");
            assert!(refused.code.is_unreadable() && refused.message.len() < 500);
        }
    }
}

#[test]
fn half_a_surrogate_pair_loses_no_page() {
    let body = br#"{"summary":"cut \ud83d","source":"\udce9"}"#;
    let read = generic::read(body, "fresh", then()).unwrap();
    assert_eq!(read.title, "cut \u{fffd}");
    let body = br#"{"groupKey":"g","status":"firing","alerts":[{"labels":{"alertname":"\ud800"}}]}"#;
    assert_eq!(group(body).title, "\u{fffd}");
}

/// JSON of any form, with the names that readers look for.
fn any_json() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "routing_key",
        "event_action",
        "dedup_key",
        "payload",
        "summary",
        "source",
        "severity",
        "timestamp",
        "component",
        "group",
        "class",
        "custom_details",
        "links",
        "images",
        "href",
        "src",
        "text",
        "alt",
        "client",
        "client_url",
        "groupKey",
        "status",
        "alerts",
        "labels",
        "annotations",
        "startsAt",
        "endsAt",
        "generatorURL",
        "fingerprint",
        "groupLabels",
        "commonLabels",
        "commonAnnotations",
        "externalURL",
        "truncatedAlerts",
        "alertname",
        "runbook_url",
        "occurred_at",
        "details",
        "receiver",
        "x",
    ]);
    let word = prop_oneof![
        prop::sample::select(vec![
            "R0123456789ABCDEF0123456789ABCDE",
            "trigger",
            "acknowledge",
            "resolve",
            "firing",
            "resolved",
            "critical",
            "info",
            "https://a.test/x",
            "http://a.test",
            "2026-11-22T06:00:00Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "-009999-01-01T00:00:00Z",
            "",
            " ",
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        4 => word,
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..12).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic_a_reader(body in prop::collection::vec(any::<u8>(), 0..512)) {
        read_all(&body);
    }

    #[test]
    fn no_text_panics_a_reader(body in r#"[\[\]{}",:\\ud8c0-9eE.+\-a-f é🔔]{0,200}"#) {
        read_all(body.as_bytes());
    }

    #[test]
    fn no_json_panics_a_reader_and_refusals_are_short(json in any_json()) {
        for refused in read_all(json.to_string().as_bytes()).into_iter().flatten() {
            prop_assert!(refused.errors.len() <= 20);
            prop_assert!(!refused.message.is_empty());
        }
    }

    #[test]
    fn nearly_right_events_keep_their_meaning(rest in any_json(), action in prop::sample::select(vec!["acknowledge", "resolve"])) {
        // Whatever decoration and payload come along, an acknowledge or resolve is taken.
        let body = json!({"routing_key": "x".repeat(32), "event_action": action, "dedup_key": "k", "payload": rest, "links": rest,
            "images": rest, "client": rest, "client_url": rest, "unknown": rest});
        prop_assert!(pagerduty::read(body.to_string().as_bytes(), "fresh", then()).is_ok());
        let body = json!({"groupKey": "k", "status": "firing", "commonLabels": rest, "groupLabels": rest, "externalURL": rest,
            "commonAnnotations": rest, "truncatedAlerts": rest, "notification_reason": rest, "alerts": [{"annotations": rest,
            "startsAt": rest, "endsAt": rest, "generatorURL": rest, "values": rest}]});
        let read = alertmanager::read(body.to_string().as_bytes(), then());
        prop_assert_eq!(read.map(|signal| signal.action), Ok(Action::Trigger));
    }
}
