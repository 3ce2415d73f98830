//! What Prometheus' labels and annotations say, for both ways in which they arrive.

use std::collections::BTreeMap;
use std::fmt::Write;

use shared::domain::signal::Severity;
use shared::domain::text::cut_chars;
use shared::secret::sha256_hex;

use super::lenient::Remarks;

/// Label or annotation names with their values.
pub(super) type Labels = BTreeMap<String, String>;

/// The label that names an alert.
pub(super) const ALERTNAME: &str = "alertname";
/// The annotation that is one line about the alert.
pub(super) const SUMMARY: &str = "summary";
/// The annotation that says what to do about it.
pub(super) const RUNBOOK: &str = "runbook_url";

const SEVERITY: &str = "severity";
/// Labels that say what is affected, the first that is there.
const SOURCES: [&str; 4] = ["instance", "host", "node", "cluster"];
/// Labels that say which part of it.
const COMPONENTS: [&str; 3] = ["service", "component", "job"];
/// How much of a severity a remark quotes.
const QUOTE_CHARS_MAX: usize = 80;

/// A label that says something: an empty one is, to Prometheus, not there.
pub(super) fn label<'a>(labels: &'a Labels, name: &str) -> Option<&'a str> {
    labels
        .get(name)
        .map(String::as_str)
        .filter(|value| !value.trim().is_empty())
}

/// How bad the `severity` label says it is. Without it, or with a word nobody knows, it is an error: rather wake somebody.
pub(super) fn severity(labels: &Labels, remarks: &mut Remarks) -> Severity {
    let Some(word) = label(labels, SEVERITY) else {
        return Severity::Error;
    };
    match word.trim().to_ascii_lowercase().as_str() {
        "critical" | "page" | "fatal" | "emergency" => Severity::Critical,
        "error" | "high" | "major" => Severity::Error,
        "warning" | "warn" | "minor" | "medium" => Severity::Warning,
        "info" | "low" | "none" | "debug" | "notice" => Severity::Info,
        _ => {
            remarks.add(format!(
                "The severity {} is not known and counts as error.",
                cut_chars(word, QUOTE_CHARS_MAX)
            ));
            Severity::Error
        }
    }
}

/// What is affected.
pub(super) fn source(labels: &Labels) -> Option<String> {
    SOURCES.iter().find_map(|name| label(labels, name)).map(str::to_owned)
}

/// Which part of it.
pub(super) fn component(labels: &Labels) -> Option<String> {
    COMPONENTS
        .iter()
        .find_map(|name| label(labels, name))
        .map(str::to_owned)
}

/// A title out of labels, for alerts without a summary: `InstanceDown (instance=h1:9100, job=node)`.
pub(super) fn title(name: &str, labels: &Labels) -> String {
    let others = labels
        .iter()
        .filter(|(name, value)| *name != ALERTNAME && *name != SEVERITY && !value.is_empty());
    let others: Vec<String> = others.map(|(name, value)| format!("{name}={value}")).collect();
    if others.is_empty() {
        name.to_owned()
    } else {
        format!("{name} ({})", others.join(", "))
    }
}

/// A label set as Prometheus writes it: `{alertname="InstanceDown", instance="h1:9100"}`.
pub(super) fn written(labels: &Labels) -> String {
    let mut text = String::from("{");
    for (name, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
        if text.len() > 1 {
            text.push_str(", ");
        }
        // Both sides are quoted as Rust quotes them, so that no two label sets are written alike.
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let _ = if plain {
            write!(text, "{name}={value:?}")
        } else {
            write!(text, "{name:?}={value:?}")
        };
    }
    text.push('}');
    text
}

/// A name for an alert whose sender gave it none: its label set, hashed.
pub(super) fn fingerprint(labels: &Labels) -> String {
    sha256_hex(written(labels).as_bytes())[..16].to_owned()
}
