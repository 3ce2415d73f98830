//! Our own simple JSON, for scripts. Contract: `POST /hooks/{key}` of the HTTP surface.
//!
//! It is our own API: unknown and repeated fields are refused by name, since a misspelt `dedup_key` would quietly open an
//! incident with every call. Only the time and the links are lenient, as with every sender. `null` is the same as absent.

use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::domain::limits::DEDUP_KEY_CHARS_MAX;
use shared::domain::signal::{Action, Draft, Severity, Signal};

use super::json::{self, Object, Text};
use super::lenient::{self, Remarks};
use super::{FieldError, Refused};

const FIELDS: [&str; 9] = [
    "summary",
    "status",
    "dedup_key",
    "severity",
    "source",
    "component",
    "occurred_at",
    "details",
    "links",
];
const LINK_FIELDS: [&str; 2] = ["href", "text"];

/// Reads one event. A trigger without a deduplication key is a group of its own, named `fresh_key`; the key to answer is
/// the signal's `group_key`.
pub fn read(body: &[u8], fresh_key: &str, now: Timestamp) -> Result<Signal, Refused> {
    let text = json::text(body)?;
    let event: Object<'_> = json::from_text(&text)?;
    let mut errors = Errors::default();
    errors.of_names(&event, &FIELDS, "");
    let action = errors.word(&event, "status", Action::Trigger, &ACTIONS);
    let severity = errors.word(&event, "severity", Severity::Error, &SEVERITIES);
    let [summary, dedup_key, source, component] =
        ["summary", "dedup_key", "source", "component"].map(|name| errors.filled(&event, name));
    match action {
        Action::Trigger if !errors.has("summary") && summary.is_none() => errors.add("summary", "is required"),
        Action::Acknowledge | Action::Resolve if !errors.has("dedup_key") && dedup_key.is_none() => {
            errors.add("dedup_key", "is required to acknowledge or resolve");
        }
        _ => {}
    }
    if dedup_key
        .as_ref()
        .is_some_and(|key| key.chars().count() > DEDUP_KEY_CHARS_MAX)
    {
        errors.add("dedup_key", format!("is longer than {DEDUP_KEY_CHARS_MAX} characters"));
    }
    if event.get("details").is_some_and(|raw| !raw.get().starts_with('{')) {
        errors.add("details", "has to be an object");
    }
    errors.of_links(event.get("links"));
    errors.into_result()?;

    let mut remarks = Remarks::default();
    let details = event
        .get("details")
        .map(|raw| match lenient::value(raw, "details", &mut remarks) {
            Value::String(text) => serde_json::json!({ "details": text }),
            object => object,
        });
    Ok(Signal::new(Draft {
        action,
        group_key: dedup_key.unwrap_or_else(|| fresh_key.to_owned()),
        event_at: lenient::event_time(event.get("occurred_at"), now, &mut remarks),
        summary: summary.unwrap_or_default(),
        severity,
        source,
        component,
        runbook_url: None,
        links: lenient::links(event.get("links"), &mut remarks),
        images: vec![],
        details: details.unwrap_or_default(),
        alerts: vec![],
        alerts_left_out: 0,
        remarks: remarks.into_vec(),
    }))
}

const ACTIONS: [(&str, Action); 3] = [
    ("trigger", Action::Trigger),
    ("acknowledge", Action::Acknowledge),
    ("resolve", Action::Resolve),
];

const SEVERITIES: [(&str, Severity); 4] = [
    ("critical", Severity::Critical),
    ("error", Severity::Error),
    ("warning", Severity::Warning),
    ("info", Severity::Info),
];

/// The faults found so far.
#[derive(Default)]
struct Errors(Vec<FieldError>);

impl Errors {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    fn has(&self, field: &str) -> bool {
        self.0.iter().any(|error| error.field == field)
    }

    /// One of some words, or what is meant without one.
    fn word<T: Copy>(&mut self, event: &Object<'_>, name: &str, absent: T, words: &[(&str, T)]) -> T {
        let known = match event.text(name) {
            Text::Absent => return absent,
            Text::Is(word) => words
                .iter()
                .find(|(known, _)| *known == word)
                .map(|(_, meaning)| *meaning),
            Text::IsNot => None,
        };
        known.unwrap_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.add(name, format!("has to be one of {}", words.join(", ")));
            absent
        })
    }

    /// A text that may be absent, but not empty.
    fn filled(&mut self, event: &Object<'_>, name: &str) -> Option<String> {
        match event.text(name) {
            Text::Absent => return None,
            Text::Is(text) if !text.trim().is_empty() => return Some(text),
            Text::Is(_) => self.add(name, "is empty"),
            Text::IsNot => self.add(name, "has to be a string"),
        }
        None
    }

    fn of_names(&mut self, object: &Object<'_>, known: &[&str], path: &str) {
        for name in object.names().filter(|name| !known.contains(name)) {
            self.add(
                format!("{path}{name}"),
                format!("is not known here; known are {}", known.join(", ")),
            );
        }
        for name in object.repeated() {
            self.add(format!("{path}{name}"), "is given more than once");
        }
    }

    fn of_links(&mut self, raw: Option<&RawValue>) {
        let Some(raw) = raw else { return };
        let Ok(links) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
            return self.add("links", "has to be a list");
        };
        for (n, link) in links.into_iter().enumerate() {
            let Some(link) = Object::of(link) else {
                self.add(format!("links[{n}]"), "has to be an object");
                continue;
            };
            self.of_names(&link, &LINK_FIELDS, &format!("links[{n}]."));
            match link.text("href") {
                Text::Is(_) => {}
                Text::Absent => self.add(format!("links[{n}].href"), "is required"),
                Text::IsNot => self.add(format!("links[{n}].href"), "has to be a string"),
            }
            if link.text("text") == Text::IsNot {
                self.add(format!("links[{n}].text"), "has to be a string");
            }
        }
    }

    fn into_result(self) -> Result<(), Refused> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Refused::invalid(self.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::domain::limits::SUMMARY_CHARS_MAX;

    use super::*;
    use crate::format::Code;

    fn event(fields: Value) -> Result<Signal, Refused> {
        read(
            fields.to_string().as_bytes(),
            "fresh",
            "2026-11-22T09:00:00Z".parse().unwrap(),
        )
    }

    /// The fields at fault.
    fn faults(fields: Value) -> Vec<(String, String)> {
        let refused = event(fields).unwrap_err();
        assert_eq!(refused.code, Code::InvalidInput);
        refused
            .errors
            .into_iter()
            .map(|error| (error.field, error.message))
            .collect()
    }

    fn fault(fields: Value) -> String {
        let faults = faults(fields);
        assert_eq!(faults.len(), 1, "{faults:?}");
        format!("{} {}", faults[0].0, faults[0].1)
    }

    #[test]
    fn a_summary_is_enough() {
        let read = event(json!({"summary": "disk full"})).unwrap();
        assert_eq!((read.action, read.severity), (Action::Trigger, Severity::Error));
        assert_eq!((read.title.as_str(), read.group_key.as_str()), ("disk full", "fresh"));
        assert!(read.content.details.is_null() && read.content.remarks.is_empty());
        assert_eq!(
            event(json!({"summary": "disk full", "severity": null, "links": null, "details": null})).unwrap(),
            read
        );
    }

    #[test]
    fn all_of_it_is_read() {
        let read = event(
            json!({"summary": "disk full", "status": "trigger", "dedup_key": "db-7/disk", "severity": "critical",
            "source": "db-7", "component": "postgres", "occurred_at": "2026-11-22T06:00:00+0000", "details": {"free": "1%"},
            "links": [{"href": "https://r.test", "text": "Runbook"}, {"href": "ftp://r.test"}]}),
        );
        insta::assert_debug_snapshot!(super::super::tests::shown(read.unwrap()));
    }

    #[test]
    fn what_is_missing_wrong_or_empty_is_named() {
        assert_eq!(fault(json!({})), "summary is required");
        assert_eq!(fault(json!({"summary": null})), "summary is required");
        for name in ["summary", "dedup_key", "source", "component"] {
            for (value, message) in [
                (json!(" "), "is empty"),
                (json!(7), "has to be a string"),
                (json!([]), "has to be a string"),
            ] {
                let mut fields = json!({"summary": "s"});
                fields[name] = value;
                assert_eq!(fault(fields), format!("{name} {message}"));
            }
        }
        for value in [json!("bad"), json!(""), json!("Critical"), json!(1), json!({})] {
            let message = "severity has to be one of critical, error, warning, info";
            assert_eq!(fault(json!({"summary": "s", "severity": value})), message);
            let message = "status has to be one of trigger, acknowledge, resolve";
            assert_eq!(fault(json!({"summary": "s", "status": value})), message);
        }
        for value in [json!("x"), json!([]), json!(1), json!(true)] {
            assert_eq!(
                fault(json!({"summary": "s", "details": value})),
                "details has to be an object"
            );
        }
        assert_eq!(
            fault(json!({"summary": "s", "dedup_key": "é".repeat(513)})),
            "dedup_key is longer than 512 characters"
        );
        assert!(event(json!({"summary": "s", "dedup_key": "é".repeat(512)})).is_ok());
        assert_eq!(event(json!([])).unwrap_err().code, Code::WrongShape);
    }

    #[test]
    fn unknown_and_repeated_fields_are_refused_by_name_all_at_once() {
        let faults =
            faults(json!({"sumary": "s", "dedupkey": "k", "links": [{"href": "https://r.test", "title": "x"}]}));
        let names: Vec<_> = faults.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(names, ["dedupkey", "sumary", "summary", "links[0].title"]);
        let refused = read(br#"{"summary":"a","summary":"b"}"#, "fresh", Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(refused.errors, [FieldError::new("summary", "is given more than once")]);
    }

    #[test]
    fn acknowledge_and_resolve_need_a_key_and_nothing_else() {
        for (status, action) in [("acknowledge", Action::Acknowledge), ("resolve", Action::Resolve)] {
            assert_eq!(
                fault(json!({"status": status})),
                "dedup_key is required to acknowledge or resolve"
            );
            assert_eq!(fault(json!({"status": status, "dedup_key": ""})), "dedup_key is empty");
            let read = event(json!({"status": status, "dedup_key": "k"})).unwrap();
            assert_eq!(
                (read.action, read.group_key.as_str(), read.title.as_str()),
                (action, "k", "")
            );
        }
    }

    #[test]
    fn links_are_a_list_of_objects_and_other_addresses_are_dropped() {
        for (links, message) in [
            (json!({}), "links has to be a list"),
            (json!(["https://r.test"]), "links[0] has to be an object"),
            (json!([{"href": "https://r.test"}, {}]), "links[1].href is required"),
            (json!([{"href": 7}]), "links[0].href has to be a string"),
            (
                json!([{"href": "https://r.test", "text": 7}]),
                "links[0].text has to be a string",
            ),
        ] {
            assert_eq!(fault(json!({"summary": "s", "links": links})), message);
        }
        let read = event(json!({"summary": "s", "links": [{"href": "javascript:alert(1)"}, {"href": ""}]})).unwrap();
        assert!(read.links.is_empty());
        assert_eq!(read.content.remarks.len(), 2);
    }

    #[test]
    fn a_long_summary_is_cut_and_an_unreadable_time_dropped() {
        let read = event(json!({"summary": "x".repeat(2_000), "occurred_at": 1_795_328_849})).unwrap();
        assert_eq!(read.title.chars().count(), SUMMARY_CHARS_MAX);
        assert_eq!((read.event_at, read.content.remarks.len()), (None, 2));
        let huge = br#"{"summary":"s","details":{"n":1e999}}"#;
        let read = super::read(huge, "fresh", Timestamp::UNIX_EPOCH).unwrap();
        assert!(read.content.details.is_object());
    }
}
