//! Alertmanager's webhook, version 4: one post is a snapshot of one group, and becomes one signal.
//!
//! Contract: Alertmanager's source and captures of 0.25. The group's own `status` decides: `resolved` is said when all of
//! it is over, and a group that is partly over stays `firing` with resolved alerts inside. So a group that calls itself
//! firing is a trigger even if no alert in it is (the sender may have left the firing ones out, or is not Alertmanager):
//! rather wake somebody than drop it; a remark says so. Unknown fields are ignored, `version` included: what has a group key and
//! a status can be answered for.
//!
//! A firing snapshot is ordered by its newest `startsAt` *that has happened*: clients that push only an `endsAt` have it
//! copied into `startsAt`, where it lies ahead, and a slot that remembered it would ignore the resolve that comes first.
//! Their resolves, whose start equals their end, are not ordered at all: they are believed whenever they come.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use shared::domain::limits::{GROUP_KEY_BYTES_MAX, NAME_CHARS_MAX};
use shared::domain::signal::{Action, Alert, Draft, Link, Severity, Signal};
use shared::domain::text::cut_chars;

use super::labels::{self, ALERTNAME, Labels, RUNBOOK, SUMMARY, label};
use super::lenient::{self, Remarks};
use super::{FieldError, Refused, json as wire};

/// Names of alerts that a title lists when a group has several.
const NAMES_IN_TITLE_MAX: usize = 3;

/// Reads one snapshot of one group.
pub fn read(body: &[u8], now: Timestamp) -> Result<Signal, Refused> {
    let text = wire::text(body)?;
    let group: Group<'_> = wire::from_text(&text)?;
    group.into_draft(now).map(Signal::new)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group<'a> {
    group_key: Option<String>,
    status: Option<Status>,
    #[serde(borrow)]
    alerts: Option<Vec<Member<'a>>>,
    #[serde(borrow)]
    receiver: Option<&'a RawValue>,
    #[serde(borrow)]
    group_labels: Option<&'a RawValue>,
    #[serde(borrow)]
    common_labels: Option<&'a RawValue>,
    #[serde(borrow)]
    common_annotations: Option<&'a RawValue>,
    #[serde(borrow, rename = "externalURL")]
    external_url: Option<&'a RawValue>,
    #[serde(borrow)]
    truncated_alerts: Option<&'a RawValue>,
    #[serde(borrow, rename = "notification_reason")]
    notification_reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member<'a> {
    status: Option<Status>,
    labels: Option<Labels>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    starts_at: Option<&'a RawValue>,
    #[serde(borrow)]
    ends_at: Option<&'a RawValue>,
    #[serde(borrow, rename = "generatorURL")]
    generator_url: Option<&'a RawValue>,
    fingerprint: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
enum Status {
    Firing,
    Resolved,
}

impl TryFrom<String> for Status {
    type Error = String;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "firing" => Ok(Self::Firing),
            "resolved" => Ok(Self::Resolved),
            _ => Err("has to be firing or resolved".to_owned()),
        }
    }
}

impl Group<'_> {
    fn into_draft(self, now: Timestamp) -> Result<Draft, Refused> {
        let (group_key, status) = self.meaning()?;
        let mut remarks = Remarks::default();
        let alerts: Vec<Alert> = self
            .alerts
            .into_iter()
            .flatten()
            .map(|member| member.into_alert(status, &mut remarks))
            .collect();
        let left_out = self.truncated_alerts.map_or(0, |raw| left_out(raw, &mut remarks));
        remark_on_contradictions(status, &alerts, left_out, &mut remarks);
        let group_labels = lenient::texts(self.group_labels, "group label", &mut remarks);
        let common_labels = lenient::texts(self.common_labels, "common label", &mut remarks);
        let common_annotations = lenient::texts(self.common_annotations, "common annotation", &mut remarks);

        // The alert that speaks for the group where the group has nothing in common.
        let first = || alerts.iter().find(|alert| alert.firing).or(alerts.first());
        let runbook = label(&common_annotations, RUNBOOK).or_else(|| {
            let firing_first = alerts
                .iter()
                .filter(|alert| alert.firing)
                .chain(alerts.iter().filter(|alert| !alert.firing));
            firing_first
                .filter_map(|alert| label(&alert.annotations, RUNBOOK))
                .next()
        });
        let runbook = runbook.and_then(|url| lenient::checked_address(url, "runbook", &mut remarks));
        let summary = label(&common_annotations, SUMMARY)
            .or_else(|| first().and_then(|alert| label(&alert.annotations, SUMMARY)))
            .map_or_else(
                || title(&group_key, &group_labels, &common_labels, &alerts),
                str::to_owned,
            );
        let home = lenient::address(self.external_url, "link", &mut remarks);
        let source = first().and_then(|alert| alert.source_url.clone());
        let links = [(home, "Alertmanager"), (source, "Source")].into_iter();
        let links = links
            .filter_map(|(href, text)| {
                Some(Link {
                    href: href?,
                    text: text.to_owned(),
                })
            })
            .collect();
        let mut details = Map::new();
        for (name, raw) in [
            ("receiver", self.receiver),
            ("notification_reason", self.notification_reason),
        ] {
            if let Some(words) = lenient::words(raw, name, &mut remarks) {
                details.insert(name.to_owned(), Value::String(words));
            }
        }
        if !group_labels.is_empty() {
            details.insert("group_labels".to_owned(), json!(group_labels));
        }
        Ok(Draft {
            action: if status == Status::Firing {
                Action::Trigger
            } else {
                Action::Resolve
            },
            event_at: event_at(status, &alerts, now),
            summary,
            severity: severity(&alerts, &common_labels, &mut remarks),
            source: labels::source(&common_labels),
            component: labels::component(&common_labels),
            runbook_url: runbook,
            links,
            images: vec![],
            details: if details.is_empty() {
                Value::Null
            } else {
                Value::Object(details)
            },
            alerts,
            alerts_left_out: left_out,
            remarks: remarks.into_vec(),
            group_key,
        })
    }

    fn meaning(&self) -> Result<(String, Status), Refused> {
        let mut errors = Vec::new();
        let group_key = self.group_key.clone().unwrap_or_default();
        if group_key.trim().is_empty() {
            errors.push(FieldError::new("groupKey", "is required"));
        }
        if group_key.len() > GROUP_KEY_BYTES_MAX {
            errors.push(FieldError::new(
                "groupKey",
                format!("is longer than {GROUP_KEY_BYTES_MAX} bytes"),
            ));
        }
        if self.status.is_none() {
            errors.push(FieldError::new("status", "is required: firing or resolved"));
        }
        self.status
            .filter(|_| errors.is_empty())
            .map(|status| (group_key, status))
            .ok_or_else(|| Refused::invalid(errors))
    }
}

impl Member<'_> {
    fn into_alert(self, group: Status, remarks: &mut Remarks) -> Alert {
        let firing = self.status.unwrap_or(group) == Status::Firing;
        let labels = self.labels.unwrap_or_default();
        Alert {
            fingerprint: self
                .fingerprint
                .filter(|it| !it.is_empty())
                .unwrap_or_else(|| labels::fingerprint(&labels)),
            firing,
            annotations: lenient::texts(self.annotations, "annotation", remarks),
            starts_at: lenient::time(self.starts_at, remarks),
            // The end of what still fires is only when its sender would give up on it.
            ends_at: lenient::time(self.ends_at, remarks).filter(|_| !firing),
            source_url: lenient::address(self.generator_url, "link", remarks),
            labels,
        }
    }
}

fn left_out(raw: &RawValue, remarks: &mut Remarks) -> u64 {
    // Read as 32 bits: more would be no count of alerts, and sums of it could overflow.
    serde_json::from_str::<u32>(raw.get())
        .map(u64::from)
        .unwrap_or_else(|_| {
            remarks.add("The count of truncated alerts could not be read.".to_owned());
            0
        })
}

fn remark_on_contradictions(status: Status, alerts: &[Alert], left_out: u64, remarks: &mut Remarks) {
    let firing = alerts.iter().filter(|alert| alert.firing).count();
    match status {
        Status::Firing if firing == 0 => {
            remarks.add("The group is reported as firing, but none of the alerts sent with it is.".to_owned());
        }
        Status::Resolved if firing > 0 => {
            remarks.add(format!(
                "The group is reported as resolved, but {firing} of its alerts as firing."
            ));
        }
        // Alertmanager with `max_alerts` judges a group by the alerts it sends, not by those it leaves out.
        Status::Resolved if left_out > 0 => {
            remarks.add(format!(
                "The group is reported as resolved with {left_out} of its alerts left out."
            ));
        }
        _ => {}
    }
}

/// The worst of what fires; without any, the worst of what there is; without that, what the group has in common.
fn severity(alerts: &[Alert], common: &Labels, remarks: &mut Remarks) -> Severity {
    let mut worst = |firing: bool| {
        let among = alerts.iter().filter(|alert| alert.firing || !firing);
        among.map(|alert| labels::severity(&alert.labels, remarks)).max()
    };
    match worst(true).or_else(|| worst(false)) {
        Some(severity) => severity,
        None => labels::severity(common, remarks),
    }
}

fn event_at(status: Status, alerts: &[Alert], now: Timestamp) -> Option<Timestamp> {
    let times = alerts.iter().filter_map(|alert| match status {
        Status::Firing => alert.starts_at,
        // An end that equals its start was pushed without a start: beside starts, its order means nothing.
        Status::Resolved => alert.ends_at.filter(|end| alert.starts_at != Some(*end)),
    });
    times.filter(|at| lenient::has_happened(*at, now)).max()
}

/// A title for a group without a summary: its alert's name, or names, and what it was grouped by.
fn title(group_key: &str, group: &Labels, common: &Labels, alerts: &[Alert]) -> String {
    let name = label(group, ALERTNAME)
        .or(label(common, ALERTNAME))
        .map(str::to_owned)
        .or_else(|| names(alerts));
    let distinguishing = if group.keys().any(|name| name != ALERTNAME) {
        group
    } else {
        common
    };
    labels::title(
        &name.unwrap_or_else(|| cut_chars(group_key, NAME_CHARS_MAX)),
        distinguishing,
    )
}

fn names(alerts: &[Alert]) -> Option<String> {
    let any_firing = alerts.iter().any(|alert| alert.firing);
    let spoken_of = alerts.iter().filter(|alert| alert.firing == any_firing);
    let names: BTreeSet<&str> = spoken_of.filter_map(|alert| label(&alert.labels, ALERTNAME)).collect();
    let listed: Vec<&str> = names.iter().copied().take(NAMES_IN_TITLE_MAX).collect();
    let more = names.len() - listed.len();
    match (listed.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(listed.join(", ")),
        (false, more) => Some(format!("{} and {more} more", listed.join(", "))),
    }
}
