//! One normalised event from a sender, whatever it spoke.
//!
//! A signal is a *snapshot* of its group. Readers of wire formats (in `alert-ingest`) fill a [`Draft`]; [`Signal::new`]
//! computes the digests over all of it, and only then cuts what is too large to keep.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits;
use super::text::cut_chars;

/// How bad it is, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Will break if nobody looks.
    Warning,
    /// Something is broken.
    Error,
    /// People are hurt by it now.
    Critical,
}

impl Severity {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// What the sender says about its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is wrong (still).
    Trigger,
    /// Somebody at the sender's side has taken it.
    Acknowledge,
    /// All of it is right again.
    Resolve,
}

/// An address with words for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// An http or https URL.
    pub href: String,
    /// What it leads to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A picture of what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Image {
    /// An https URL of the picture.
    pub src: String,
    /// Where a click on it leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// What it shows, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}

/// One thing that is wrong. Display data inside an incident, replaced by each snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// The sender's name for it.
    pub fingerprint: String,
    /// Whether it is wrong still.
    pub firing: bool,
    /// Labels: what it is.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Annotations: what to read about it.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// Until when, once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Where the sender shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
}

/// What a reader of a wire format found, before digests and cuts.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What the sender says.
    pub action: Action,
    /// Which group it speaks of. Within one integration, one group is one incident at a time.
    pub group_key: String,
    /// When it happened by the sender's clock, if it says (firing: newest start; resolved: newest end).
    pub event_at: Option<Timestamp>,
    /// One line about what is wrong. Empty for acknowledge and resolve where the sender says nothing.
    pub summary: String,
    /// How bad it is: for a group, the worst of its firing alerts.
    pub severity: Severity,
    /// What is affected: a host, a cluster.
    pub source: Option<String>,
    /// Which part of it.
    pub component: Option<String>,
    /// What to do about it, if the sender says.
    pub runbook_url: Option<String>,
    /// Addresses worth a look.
    pub links: Vec<Link>,
    /// Pictures.
    pub images: Vec<Image>,
    /// The sender's free-form details (a JSON object or null).
    pub details: serde_json::Value,
    /// The alerts of the group, all of them.
    pub alerts: Vec<Alert>,
    /// Alerts that the sender itself left out.
    pub alerts_left_out: u64,
    /// What the reader dropped or changed, in words for people.
    pub remarks: Vec<String>,
}

/// One normalised event from a sender, within every limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// What the sender says.
    pub action: Action,
    /// Which group it speaks of.
    pub group_key: String,
    /// When it happened by the sender's clock, if it says.
    pub event_at: Option<Timestamp>,
    /// One line about what is wrong.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// What to do about it.
    pub runbook_url: Option<String>,
    /// Addresses worth a look.
    pub links: Vec<Link>,
    /// How many alerts the group has, listed or not.
    pub alert_count: u64,
    /// What is shown beside the incident.
    pub content: Content,
    /// Digest of what it says, leaving out times, values and details: equal for a repeat.
    pub digest: Digest,
    /// Digest of what it says with the sender's times: equal only for a retry of the very same event.
    pub timed_digest: Digest,
    /// Whether a repeat of the same state carries the same times (Alertmanager's groups), or a new one each time.
    pub times_are_stable: bool,
}

/// What is shown beside an incident and replaced by each snapshot: a row of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// What is affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Which part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// The sender's details, or `{"truncated": "<the first bytes of the JSON>"}` when they were over the limit.
    #[serde(default)]
    pub details: serde_json::Value,
    /// The alerts, as many as are kept.
    #[serde(default)]
    pub alerts: Vec<Alert>,
    /// Alerts of the group that are not in `alerts`.
    #[serde(default)]
    pub alerts_not_listed: u64,
    /// What was dropped or cut on the way in, in words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// Half of a SHA-256, in hex: 32 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub String);

/// Feeds fields into a digest so that no two different sequences of fields look alike.
struct Fields(Context);

impl Fields {
    fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
        self
    }

    fn number(&mut self, number: u64) -> &mut Self {
        self.0.update(&number.to_be_bytes());
        self
    }

    fn time(&mut self, at: Option<Timestamp>) -> &mut Self {
        let nanoseconds = at.map_or(i128::MIN, Timestamp::as_nanosecond);
        self.0.update(&nanoseconds.to_be_bytes());
        self
    }

    fn digest(&self) -> Digest {
        let hash = self.0.clone().finish();
        Digest(data_encoding::HEXLOWER.encode(&hash.as_ref()[..16]))
    }
}

impl Signal {
    /// The signal of a draft: digests first, over all of it, then the cuts.
    pub fn new(draft: Draft) -> Self {
        let (digest, timed_digest) = digests(&draft);
        let Draft { mut remarks, .. } = draft;
        let title = cut_chars(draft.summary.trim(), limits::SUMMARY_CHARS_MAX);
        if title.len() < draft.summary.trim().len() {
            remarks.push(format!(
                "The summary was longer than {} characters and was cut.",
                limits::SUMMARY_CHARS_MAX
            ));
        }
        let details = cut_details(draft.details, &mut remarks);
        let links = cut_list(draft.links, limits::LINKS_MAX, "links", &mut remarks);
        let images = cut_list(draft.images, limits::LINKS_MAX, "images", &mut remarks);
        let times_are_stable = !draft.alerts.is_empty();
        let in_group = draft.alerts.len() as u64 + draft.alerts_left_out;
        // Senders without groups speak of one alert.
        let alert_count = in_group.max(1);
        let alerts = cut_alerts(draft.alerts);
        let alerts_not_listed = in_group - alerts.len() as u64;
        if alerts_not_listed > 0 {
            remarks.push(format!(
                "{alerts_not_listed} of {alert_count} alerts are counted but not listed."
            ));
        }
        remarks.truncate(limits::REMARKS_MAX);
        Self {
            action: draft.action,
            group_key: draft.group_key,
            event_at: draft.event_at,
            title,
            severity: draft.severity,
            runbook_url: draft.runbook_url.filter(|url| is_link(url)),
            links,
            alert_count,
            times_are_stable,
            content: Content {
                source: draft.source.map(|text| cut_chars(&text, limits::SUMMARY_CHARS_MAX)),
                component: draft.component.map(|text| cut_chars(&text, limits::SUMMARY_CHARS_MAX)),
                images,
                details,
                alerts,
                alerts_not_listed,
                remarks,
            },
            digest,
            timed_digest,
        }
    }
}

fn digests(draft: &Draft) -> (Digest, Digest) {
    let mut said = Fields::new();
    said.number(draft.action as u64)
        .text(&draft.summary)
        .text(draft.severity.as_str());
    said.text(draft.source.as_deref().unwrap_or(""))
        .text(draft.component.as_deref().unwrap_or(""));
    said.text(draft.runbook_url.as_deref().unwrap_or(""))
        .number(draft.alerts_left_out);
    said.number(draft.links.len() as u64);
    for link in &draft.links {
        said.text(&link.href).text(&link.text);
    }
    // Senders list a group in no particular order.
    let mut alerts: Vec<&Alert> = draft.alerts.iter().collect();
    alerts.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
    said.number(alerts.len() as u64);
    for alert in &alerts {
        said.text(&alert.fingerprint)
            .number(alert.firing.into())
            .number(alert.labels.len() as u64);
        for (name, value) in &alert.labels {
            said.text(name).text(value);
        }
    }
    let digest = said.digest();
    said.time(draft.event_at);
    for alert in &alerts {
        // While firing, an end time is only when the sender would give up on it: it moves with every push.
        said.time(alert.starts_at).time(alert.ends_at.filter(|_| !alert.firing));
    }
    (digest, said.digest())
}

/// Whether a text is an address that a browser may be sent to.
pub fn is_link(text: &str) -> bool {
    text.len() <= limits::LINK_BYTES_MAX
        && url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn cut_details(details: serde_json::Value, remarks: &mut Vec<String>) -> serde_json::Value {
    let text = details.to_string();
    if text.len() <= limits::DETAILS_BYTES_MAX {
        return details;
    }
    remarks.push(format!(
        "The details were larger than {} bytes and were cut.",
        limits::DETAILS_BYTES_MAX
    ));
    let mut end = limits::DETAILS_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    serde_json::json!({ "truncated": text[..end] })
}

fn cut_list<T>(mut list: Vec<T>, max: usize, what: &str, remarks: &mut Vec<String>) -> Vec<T> {
    if list.len() > max {
        remarks.push(format!("{} of {} {what} are kept.", max, list.len()));
        list.truncate(max);
    }
    list
}

/// As many alerts as are listed, firing ones first, within the size of their row.
fn cut_alerts(mut alerts: Vec<Alert>) -> Vec<Alert> {
    alerts.sort_by_key(|alert| !alert.firing);
    alerts.truncate(limits::ALERTS_LISTED_MAX);
    let mut bytes = 0;
    let kept = alerts.iter().take_while(|alert| {
        let texts = alert
            .labels
            .iter()
            .chain(&alert.annotations)
            .map(|(name, value)| name.len() + value.len() + 6);
        bytes +=
            texts.sum::<usize>() + alert.fingerprint.len() + alert.source_url.as_ref().map_or(0, String::len) + 160;
        bytes <= limits::ALERTS_ROW_BYTES_MAX
    });
    let kept = kept.count();
    alerts.truncate(kept);
    alerts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            action: Action::Trigger,
            group_key: "g".into(),
            event_at: None,
            summary: "disk full".into(),
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
        }
    }

    fn alert(fingerprint: &str, starts_at: &str) -> Alert {
        Alert {
            fingerprint: fingerprint.into(),
            firing: true,
            labels: BTreeMap::from([("alertname".into(), "Disk".into())]),
            annotations: BTreeMap::new(),
            starts_at: starts_at.parse().ok(),
            ends_at: None,
            source_url: None,
        }
    }

    #[test]
    fn a_repeat_has_the_same_digest_whatever_its_times_values_details_and_order() {
        let first = Draft {
            alerts: vec![alert("a", "2026-01-01T00:00:00Z"), alert("b", "2026-01-01T00:00:00Z")],
            event_at: "2026-01-01T00:00:00Z".parse().ok(),
            ..draft()
        };
        let mut second = first.clone();
        second.alerts.reverse();
        second.alerts[0].starts_at = "2026-01-02T00:00:00Z".parse().ok();
        second.alerts[0].annotations.insert("value".into(), "7.2%".into());
        second.details = serde_json::json!({"free": 1});
        let (first, second) = (Signal::new(first), Signal::new(second));
        assert_eq!(first.digest, second.digest);
        assert_ne!(first.timed_digest, second.timed_digest);
    }

    #[test]
    fn another_member_label_severity_or_summary_is_another_digest() {
        let base = Draft {
            alerts: vec![alert("a", "2026-01-01T00:00:00Z")],
            ..draft()
        };
        let mut resolved = base.clone();
        resolved.alerts[0].firing = false;
        let mut relabelled = base.clone();
        relabelled.alerts[0].labels.insert("job".into(), "api".into());
        let more = Draft {
            alerts: vec![alert("a", "2026-01-01T00:00:00Z"), alert("b", "2026-01-01T00:00:00Z")],
            ..draft()
        };
        let changed = [
            resolved,
            relabelled,
            more,
            Draft {
                severity: Severity::Critical,
                ..base.clone()
            },
            Draft {
                summary: "disk nearly full".into(),
                ..base.clone()
            },
        ];
        let base = Signal::new(base).digest;
        for other in changed {
            assert_ne!(Signal::new(other).digest, base);
        }
    }

    #[test]
    fn digests_are_made_before_the_cuts_and_cuts_are_stated() {
        let many = |last: &str| {
            let mut alerts: Vec<_> = (0..10_000)
                .map(|n| alert(&format!("f{n}"), "2026-01-01T00:00:00Z"))
                .collect();
            alerts.push(alert(last, "2026-01-01T00:00:00Z"));
            Signal::new(Draft {
                alerts,
                summary: "x".repeat(3000),
                details: "y".repeat(20_000).into(),
                ..draft()
            })
        };
        let (one, other) = (many("last"), many("other"));
        assert_ne!(one.digest, other.digest);
        assert_eq!(one.title.chars().count(), limits::SUMMARY_CHARS_MAX);
        assert!(one.title.ends_with('…'));
        assert_eq!(one.alert_count, 10_001);
        assert_eq!(one.content.alerts.len() as u64 + one.content.alerts_not_listed, 10_001);
        assert!(one.content.alerts.len() <= limits::ALERTS_LISTED_MAX);
        assert_eq!(one.content.remarks.len(), 3, "{:?}", one.content.remarks);
        assert!(
            serde_json::to_vec(&one.content).unwrap().len()
                < limits::ALERTS_ROW_BYTES_MAX + 3 * limits::DETAILS_BYTES_MAX
        );
    }
}
