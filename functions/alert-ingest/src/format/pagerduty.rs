//! PagerDuty's Events API v2: alert events (`/v2/enqueue`) and change events (`/v2/change/enqueue`).
//!
//! Contract: PagerDuty's public documentation and OpenAPI description, and captures of Alertmanager 0.25 and of the Python
//! client. Error texts are those PagerDuty answers with, as far as they are known in public, since clients show them to
//! people; they are whole sentences for `errors[]`. An acknowledge or resolve is never refused for its payload: Alertmanager
//! sends a full one, most others none. Two rules of ours are milder: a summary over 1,024 characters is cut, not refused, and
//! of a field given twice the last counts.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use shared::domain::limits;
use shared::domain::signal::{Action, Draft, Link, Severity, Signal};
use shared::domain::text::cut_chars;

use super::json::{self, Object, Text};
use super::lenient::{self, Remarks};
use super::{Code, FieldError, Refused};

/// Characters of an integration key.
const ROUTING_KEY_CHARS: usize = 32;
/// Characters of a deduplication key, on this route.
const DEDUP_KEY_CHARS_MAX: usize = 255;

/// An alert event.
#[derive(Clone, PartialEq)]
pub struct Event {
    /// The key of the integration it is for: a secret.
    pub routing_key: String,
    /// The deduplication key that the sender gave; none on a trigger that opens an incident of its own. What is to be
    /// answered either way is the signal's `group_key`.
    pub dedup_key: Option<String>,
    /// What it says.
    pub signal: Signal,
}

/// A change event: something to know when reading a timeline, which pages nobody.
#[derive(Clone, PartialEq)]
pub struct Change {
    /// The key of the integration it is for: a secret.
    pub routing_key: String,
    /// One line about what was changed, at most [`SUMMARY_CHARS_MAX`](limits::SUMMARY_CHARS_MAX) characters.
    pub summary: String,
    /// What was changed, if it says.
    pub source: Option<String>,
    /// When, by the sender's clock, if it says.
    pub changed_at: Option<Timestamp>,
    /// Addresses worth a look, at most [`LINKS_MAX`](limits::LINKS_MAX).
    pub links: Vec<Link>,
}

/// Reads an alert event. A trigger without a deduplication key is a group of its own, named `fresh_key`.
pub fn read(body: &[u8], fresh_key: &str, now: Timestamp) -> Result<Event, Refused> {
    let text = json::text(body)?;
    let event: Object<'_> = json::from_text(&text)?;
    let routing_key = routing_key(&event)?;
    let mut errors = Vec::new();
    let action = action(&event, &mut errors);
    let dedup_key = dedup_key(&event, action, &mut errors);
    let payload = event.get("payload").and_then(Object::of);
    let mut in_payload = Vec::new();
    let meaning = Meaning::read(payload.as_ref(), &mut in_payload);
    if action == Some(Action::Trigger) {
        errors.append(&mut in_payload);
    }
    // Without an action there is an error; naming one spares an impossible branch.
    let action = action
        .filter(|_| errors.is_empty())
        .ok_or_else(|| Refused::invalid(errors))?;
    let payload = payload.unwrap_or_default();
    let mut remarks = Remarks::default();
    let signal = Signal::new(Draft {
        action,
        group_key: dedup_key.clone().unwrap_or_else(|| fresh_key.to_owned()),
        event_at: lenient::event_time(payload.get("timestamp"), now, &mut remarks),
        summary: meaning.summary,
        severity: meaning.severity,
        source: meaning.source,
        component: lenient::words(payload.get("component"), "component", &mut remarks),
        runbook_url: None,
        links: links(&event, &mut remarks),
        images: lenient::images(event.get("images"), &mut remarks),
        details: details(&event, &payload, &mut remarks),
        // One event is no group of labelled alerts: its times are new with each repeat.
        alerts: vec![],
        alerts_left_out: 0,
        remarks: remarks.into_vec(),
    });
    Ok(Event {
        routing_key,
        dedup_key,
        signal,
    })
}

/// Reads a change event.
pub fn read_change(body: &[u8]) -> Result<Change, Refused> {
    let text = json::text(body)?;
    let event: Object<'_> = json::from_text(&text)?;
    let routing_key = routing_key(&event)?;
    let Some(payload) = event.get("payload").and_then(Object::of) else {
        return Err(Refused::field("payload", missing("payload")));
    };
    let mut errors = Vec::new();
    let Some(summary) = required(&payload, "summary", &mut errors) else {
        return Err(Refused::invalid(errors));
    };
    let mut remarks = Remarks::default();
    let mut links = lenient::links(event.get("links"), &mut remarks);
    links.truncate(limits::LINKS_MAX);
    let source = lenient::words(payload.get("source"), "source", &mut remarks);
    Ok(Change {
        routing_key,
        summary: cut_chars(summary.trim(), limits::SUMMARY_CHARS_MAX),
        source: source.map(|source| cut_chars(&source, limits::SUMMARY_CHARS_MAX)),
        changed_at: lenient::time(payload.get("timestamp"), &mut remarks),
        links,
    })
}

fn routing_key(event: &Object<'_>) -> Result<String, Refused> {
    match event.text("routing_key") {
        Text::Is(key) if key.chars().count() == ROUTING_KEY_CHARS => Ok(key),
        // Said alone: who holds no key is told nothing of the rest.
        _ => {
            let errors = vec![FieldError::new("routing_key", "Invalid routing key")];
            Err(Refused {
                errors,
                ..Refused::new(Code::InvalidRoutingKey, "The routing key is invalid.")
            })
        }
    }
}

fn action(event: &Object<'_>, errors: &mut Vec<FieldError>) -> Option<Action> {
    let problem = match event.text("event_action") {
        Text::Is(word) if word == "trigger" => return Some(Action::Trigger),
        Text::Is(word) if word == "acknowledge" => return Some(Action::Acknowledge),
        Text::Is(word) if word == "resolve" => return Some(Action::Resolve),
        Text::Absent => missing("event_action"),
        Text::Is(_) | Text::IsNot => {
            "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')".to_owned()
        }
    };
    errors.push(FieldError::new("event_action", problem));
    None
}

fn dedup_key(event: &Object<'_>, action: Option<Action>, errors: &mut Vec<FieldError>) -> Option<String> {
    let problem = match event.text("dedup_key") {
        Text::Is(key) if key.chars().count() > DEDUP_KEY_CHARS_MAX => {
            format!("'dedup_key' is too long (maximum is {DEDUP_KEY_CHARS_MAX} characters)")
        }
        Text::Is(key) if !key.trim().is_empty() => return Some(key),
        Text::Is(_) | Text::Absent if matches!(action, None | Some(Action::Trigger)) => return None,
        Text::Is(_) | Text::Absent => missing("dedup_key"),
        Text::IsNot => "'dedup_key' must be a string".to_owned(),
    };
    errors.push(FieldError::new("dedup_key", problem));
    None
}

/// What a payload has to say on a trigger, and may on anything else.
struct Meaning {
    summary: String,
    source: Option<String>,
    severity: Severity,
}

impl Meaning {
    /// All that can be read, and what is wrong with the rest: on anything but a trigger that does not matter.
    fn read(payload: Option<&Object<'_>>, errors: &mut Vec<FieldError>) -> Self {
        let Some(payload) = payload else {
            errors.push(FieldError::new("payload", missing("payload")));
            return Self {
                summary: String::new(),
                source: None,
                severity: Severity::Info,
            };
        };
        Self {
            summary: required(payload, "summary", errors).unwrap_or_default(),
            source: required(payload, "source", errors),
            severity: severity(payload, errors).unwrap_or(Severity::Info),
        }
    }
}

fn severity(payload: &Object<'_>, errors: &mut Vec<FieldError>) -> Option<Severity> {
    let problem = match payload.text("severity") {
        Text::Is(word) if word == "critical" => return Some(Severity::Critical),
        Text::Is(word) if word == "error" => return Some(Severity::Error),
        Text::Is(word) if word == "warning" => return Some(Severity::Warning),
        Text::Is(word) if word == "info" => return Some(Severity::Info),
        Text::Absent => missing("payload.severity"),
        Text::Is(word) if word.trim().is_empty() => missing("payload.severity"),
        Text::Is(_) | Text::IsNot => {
            "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
                .to_owned()
        }
    };
    errors.push(FieldError::new("payload.severity", problem));
    None
}

/// A text of the payload that may not be missing or blank.
fn required(payload: &Object<'_>, name: &str, errors: &mut Vec<FieldError>) -> Option<String> {
    let path = format!("payload.{name}");
    let problem = match payload.text(name) {
        Text::Is(text) if !text.trim().is_empty() => return Some(text),
        Text::Is(_) | Text::Absent => missing(&path),
        Text::IsNot => format!("'{path}' must be a string"),
    };
    errors.push(FieldError::new(path, problem));
    None
}

fn missing(path: &str) -> String {
    format!("'{path}' is missing or blank")
}

/// The sender's own page first, then its links.
fn links(event: &Object<'_>, remarks: &mut Remarks) -> Vec<Link> {
    let client = lenient::address(event.get("client_url"), "client_url", remarks).map(|href| {
        let text = lenient::words(event.get("client"), "client", remarks).unwrap_or_default();
        Link {
            href,
            text: cut_chars(&text, limits::NAME_CHARS_MAX),
        }
    });
    client
        .into_iter()
        .chain(lenient::links(event.get("links"), remarks))
        .collect()
}

/// The custom details, with the fields that have no place of their own beside them.
fn details(event: &Object<'_>, payload: &Object<'_>, remarks: &mut Remarks) -> Value {
    let custom = payload
        .get("custom_details")
        .map(|raw| lenient::value(raw, "details", remarks));
    let mut details = match custom {
        Some(Value::Object(fields)) => fields,
        Some(other) => Map::from_iter([("custom_details".to_owned(), other)]),
        None => Map::new(),
    };
    let client = event.get("client").filter(|_| event.get("client_url").is_none());
    for (name, raw) in [
        ("group", payload.get("group")),
        ("class", payload.get("class")),
        ("client", client),
    ] {
        if let Some(words) = lenient::words(raw, name, remarks) {
            details.entry(name).or_insert(Value::String(words));
        }
    }
    if details.is_empty() {
        Value::Null
    } else {
        Value::Object(details)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("dedup_key", &self.dedup_key)
            .field("signal", &self.signal)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("summary", &self.summary)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "R0123456789ABCDEF0123456789ABCDE";

    fn event(fields: Value) -> Result<Event, Refused> {
        let mut event = json!({"routing_key": KEY, "event_action": "trigger"});
        let fields = fields.as_object().unwrap().clone();
        event.as_object_mut().unwrap().extend(fields);
        read(
            event.to_string().as_bytes(),
            "fresh",
            "2026-11-22T09:00:00Z".parse().unwrap(),
        )
    }

    fn trigger(payload: Value) -> Result<Event, Refused> {
        let mut full = json!({"summary": "disk full", "source": "db-7", "severity": "critical"});
        full.as_object_mut()
            .unwrap()
            .extend(payload.as_object().unwrap().clone());
        event(json!({ "payload": full }))
    }

    fn texts(refused: Result<Event, Refused>) -> Vec<String> {
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, Code::InvalidInput);
        refused.errors.into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn a_routing_key_that_can_be_none_is_refused_in_the_vendors_words_and_alone() {
        for key in [
            json!(null),
            json!(7),
            json!(""),
            json!("short"),
            json!("x".repeat(33)),
            json!({}),
        ] {
            let refused = event(json!({"routing_key": key, "event_action": "explode"})).unwrap_err();
            assert_eq!(refused.code, Code::InvalidRoutingKey);
            assert_eq!(refused.errors, [FieldError::new("routing_key", "Invalid routing key")]);
        }
    }

    #[test]
    fn a_trigger_is_refused_for_each_thing_it_lacks_in_the_vendors_words() {
        assert_eq!(texts(event(json!({}))), ["'payload' is missing or blank"]);
        assert_eq!(texts(event(json!({"payload": []}))), ["'payload' is missing or blank"]);
        insta::assert_debug_snapshot!(texts(event(json!({"payload": {}, "dedup_key": "k".repeat(256)}))), @r#"
        [
            "'dedup_key' is too long (maximum is 255 characters)",
            "'payload.summary' is missing or blank",
            "'payload.source' is missing or blank",
            "'payload.severity' is missing or blank",
        ]
        "#);
        insta::assert_debug_snapshot!(texts(trigger(json!({"summary": " ", "source": 7, "severity": "Critical"}))), @r#"
        [
            "'payload.summary' is missing or blank",
            "'payload.source' must be a string",
            "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
        ]
        "#);
        for severity in [json!(1), json!(["critical"]), json!(true)] {
            assert!(texts(trigger(json!({ "severity": severity })))[0].starts_with("'payload.severity' is invalid"));
        }
    }

    #[test]
    fn a_wrong_action_or_dedup_key_is_refused() {
        assert_eq!(
            texts(event(json!({"event_action": null}))),
            ["'event_action' is missing or blank"]
        );
        for action in [json!("close"), json!("Trigger"), json!(1)] {
            assert!(texts(event(json!({ "event_action": action })))[0].starts_with("'event_action' is invalid"));
        }
        for action in ["acknowledge", "resolve"] {
            for key in [json!(null), json!(""), json!("  ")] {
                let refused = event(json!({"event_action": action, "dedup_key": key}));
                assert_eq!(texts(refused), ["'dedup_key' is missing or blank"]);
            }
            let refused = event(json!({"event_action": action, "dedup_key": 7}));
            assert_eq!(texts(refused), ["'dedup_key' must be a string"]);
        }
    }

    #[test]
    fn an_acknowledge_or_resolve_is_never_refused_for_its_payload() {
        let payloads = [
            json!(null),
            json!(7),
            json!([]),
            json!("x"),
            json!({}),
            json!({"severity": 1, "summary": {}, "timestamp": []}),
        ];
        for action in ["acknowledge", "resolve"] {
            for payload in &payloads {
                let read =
                    event(json!({"event_action": action, "dedup_key": "k", "payload": payload, "links": 7})).unwrap();
                assert_eq!(read.signal.group_key, "k");
                assert_eq!(read.signal.title, "");
            }
        }
    }

    #[test]
    fn a_trigger_without_dedup_key_is_a_group_of_its_own() {
        let read = trigger(json!({})).unwrap();
        assert_eq!(read.dedup_key, None);
        assert_eq!(read.signal.group_key, "fresh");
        assert!(!read.signal.times_are_stable);
    }

    #[test]
    fn a_long_summary_is_cut_and_long_keys_count_characters() {
        let read = trigger(json!({"summary": "é".repeat(2_000)})).unwrap();
        assert_eq!(read.signal.title.chars().count(), limits::SUMMARY_CHARS_MAX);
        assert_eq!(read.signal.content.remarks.len(), 1);
        let key = "é".repeat(255);
        let read = event(json!({"event_action": "resolve", "dedup_key": key})).unwrap();
        assert_eq!(read.signal.group_key, key);
    }

    #[test]
    fn decoration_of_any_kind_is_kept_or_dropped_and_never_refused() {
        let odd = [
            json!(null),
            json!(7),
            json!(true),
            json!("x"),
            json!([1, [2]]),
            json!({"a": {"b": null}}),
        ];
        for value in &odd {
            let payload = json!({"timestamp": value, "component": value, "group": value, "class": value, "custom_details": value,
                "summary": "s", "source": "s", "severity": "info"});
            let read = event(
                json!({"payload": payload, "links": value, "images": value, "client": value, "client_url": value}),
            );
            let content = read.unwrap().signal.content;
            assert!(content.details.is_null() || content.details.is_object());
        }
        let read = trigger(json!({"custom_details": [1], "group": "prod", "class": 7})).unwrap();
        assert_eq!(
            read.signal.content.details,
            json!({"custom_details": [1], "group": "prod", "class": "7"})
        );
        let read = trigger(json!({"custom_details": {"group": "mine", "load": 0.75}, "group": "prod"})).unwrap();
        assert_eq!(read.signal.content.details, json!({"group": "mine", "load": 0.75}));
    }

    #[test]
    fn numbers_beyond_every_range_lose_no_page() {
        let body = format!(
            r#"{{"routing_key":"{KEY}","event_action":"trigger","x":1e999,"payload":{{"summary":"s","source":"s","severity":"info",
            "custom_details":{{"load":1e999,"n":{}}}}}}}"#,
            "9".repeat(400)
        );
        let read = read(body.as_bytes(), "fresh", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(read.signal.content.remarks.len(), 1);
        assert!(
            read.signal.content.details["custom_details"]
                .as_str()
                .unwrap()
                .contains("1e999")
        );
    }

    #[test]
    fn times_order_events_unless_they_lie_ahead() {
        let at = |timestamp: &str| trigger(json!({ "timestamp": timestamp })).unwrap().signal;
        assert_eq!(
            at("2026-11-22T06:00:00.000+0000").event_at,
            "2026-11-22T06:00:00Z".parse().ok()
        );
        let ahead = at("2026-11-22T10:00:00Z");
        assert_eq!(ahead.event_at, None);
        assert_eq!(
            ahead.content.remarks,
            ["The timestamp 2026-11-22T10:00:00Z lies in the future and was dropped."]
        );
        assert_eq!(at("sometime").event_at, None);
    }

    #[test]
    fn neither_debug_form_shows_the_key() {
        let debug = format!("{:?}", trigger(json!({})).unwrap());
        assert!(!debug.contains(KEY));
        let change =
            json!({"routing_key": KEY, "payload": {"summary": "Deployed", "timestamp": "2026-11-22T06:00:00+0000"}});
        let change = read_change(change.to_string().as_bytes()).unwrap();
        assert!(!format!("{change:?}").contains(KEY));
        assert_eq!(
            (change.summary.as_str(), change.routing_key.as_str()),
            ("Deployed", KEY)
        );
        assert!(change.changed_at.is_some());
    }

    #[test]
    fn a_change_needs_a_summary_and_nothing_else() {
        for payload in [
            json!(null),
            json!({}),
            json!({"summary": ""}),
            json!({"summary": 1}),
            json!([]),
        ] {
            let body = json!({"routing_key": KEY, "payload": payload}).to_string();
            assert_eq!(read_change(body.as_bytes()).unwrap_err().code, Code::InvalidInput);
        }
        let body = json!({"routing_key": "x", "payload": {"summary": "s"}}).to_string();
        assert_eq!(read_change(body.as_bytes()).unwrap_err().code, Code::InvalidRoutingKey);
    }
}
