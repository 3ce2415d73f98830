//! What is counted, by name. Each is an event of telemetry; on Lambda it becomes a line in CloudWatch's embedded metric
//! format, which costs no request, and at home it is not shown.
//!
//! | metric | unit | dimensions | what for |
//! |---|---|---|---|
//! | `Signals` | count | `outcome`: `created`, `merged`, `acknowledged`, `resolved`, `ignored`, `refused`, `deferred` | what senders bring; `deferred` were asked to come again |
//! | `TimeToFirstDelivery` | milliseconds | | from the incident's opening to a page that its provider took |
//! | `Deliveries` | count | `channel`; `outcome`: `sent`, `retried`, `throttled`, `failed`, `superseded`, `stuck` | what became of attempts |
//! | `SweepLateness` | milliseconds | `list` | how late the latest row was that a sweep found; 0 when none was |
//! | `StuckRows` | count | `list` | rows that keep failing for reasons of their own |
//! | `Publications` | count | `outcome`: `written`, `failed` | what became of status pages that changed |
//! | `Notices` | count | `channel`: `email`, `sms`, `webhook`, `slack`; `outcome` as of deliveries | what became of attempts to tell subscribers |
//! | `Alarms` | count | | whatever somebody must know of: the log line of the same moment says what |
//!
//! The alarms of `template.yaml` refer to these names; a test compares them.

use crate::telemetry::METRICS;

/// Names of all metrics.
pub const NAMES: [&str; 8] = [
    "Signals",
    "TimeToFirstDelivery",
    "Deliveries",
    "SweepLateness",
    "StuckRows",
    "Publications",
    "Notices",
    "Alarms",
];

/// A sender's signal was answered.
pub fn signal(outcome: &'static str) {
    tracing::info!(target: METRICS, metric = "Signals", unit = "Count", value = 1, outcome);
}

/// A provider took the page of an incident that was opened so long ago.
pub fn first_delivery(milliseconds: i64) {
    tracing::info!(target: METRICS, metric = "TimeToFirstDelivery", unit = "Milliseconds", value = milliseconds);
}

/// An attempt of a delivery ended.
pub fn delivery(channel: &'static str, outcome: &'static str) {
    tracing::info!(target: METRICS, metric = "Deliveries", unit = "Count", value = 1, channel, outcome);
}

/// A sweep of one list found its latest row so late.
pub fn swept(list: &'static str, lateness_milliseconds: i64) {
    tracing::info!(target: METRICS, metric = "SweepLateness", unit = "Milliseconds", value = lateness_milliseconds, list);
}

/// A row of one list is stuck.
pub fn stuck(list: &'static str) {
    tracing::info!(target: METRICS, metric = "StuckRows", unit = "Count", value = 1, list);
}

/// A status page changed, and was written or could not be.
pub fn publication(outcome: &'static str) {
    tracing::info!(target: METRICS, metric = "Publications", unit = "Count", value = 1, outcome);
}

/// An attempt to tell a subscriber ended.
pub fn notice(channel: &'static str, outcome: &'static str) {
    tracing::info!(target: METRICS, metric = "Notices", unit = "Count", value = 1, channel, outcome);
}

/// Somebody must know of what is logged at this moment.
pub fn alarm() {
    tracing::info!(target: METRICS, metric = "Alarms", unit = "Count", value = 1);
}
