//! Statuspage's read API, version 2, in its exact shapes: widgets and exporters that read Statuspage read these. Ids are ours.

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::domain::id::ComponentId;
use shared::domain::status::{ComponentStatus, MaintenanceStatus};

use super::Stamp;
use crate::view::{ChangeView, ComponentView, MaintenanceView, PageView, PostView, UpdateView};

/// The document of this name below `api/v2/`.
pub fn document(view: &PageView, stamp: Stamp, name: &str) -> Vec<u8> {
    let page = page(view, stamp);
    let document = match name {
        "summary.json" => json!({
            "page": page,
            "components": view.components.iter().map(|one| component(view, one)).collect::<Value>(),
            "incidents": view.open_posts.iter().map(|post| incident(view, post)).collect::<Value>(),
            "scheduled_maintenances": view.open_maintenances.iter().map(|one| maintenance(view, one)).collect::<Value>(),
            "status": status(view),
        }),
        "status.json" => json!({ "page": page, "status": status(view) }),
        "components.json" => json!({
            "page": page,
            "components": view.components.iter().map(|one| component(view, one)).collect::<Value>(),
        }),
        "incidents.json" => json!({
            "page": page,
            "incidents": view.recent_posts.iter().map(|post| incident(view, post)).collect::<Value>(),
        }),
        "incidents/unresolved.json" => json!({
            "page": page,
            "incidents": view.open_posts.iter().map(|post| incident(view, post)).collect::<Value>(),
        }),
        "scheduled-maintenances.json" => maintenances(view, &page, &view.recent_maintenances, |_| true),
        "scheduled-maintenances/upcoming.json" => maintenances(view, &page, &view.open_maintenances, |status| {
            status == MaintenanceStatus::Scheduled
        }),
        _ => maintenances(view, &page, &view.open_maintenances, |status| {
            matches!(status, MaintenanceStatus::InProgress | MaintenanceStatus::Verifying)
        }),
    };
    let mut text = document.to_string();
    text.push('\n');
    text.into_bytes()
}

fn page(view: &PageView, stamp: Stamp) -> Value {
    json!({
        "id": view.id,
        "name": view.name,
        "url": view.url,
        "time_zone": zone_name(&view.time_zone),
        "updated_at": time(stamp.at),
    })
}

/// Statuspage calls UTC by its longer name.
fn zone_name(name: &str) -> &str {
    if name == "UTC" { "Etc/UTC" } else { name }
}

/// The indicator and its words, as Statuspage has them.
pub fn status(view: &PageView) -> Value {
    let (indicator, description) = match view.status {
        ComponentStatus::Operational => ("none", "All Systems Operational"),
        ComponentStatus::UnderMaintenance => ("maintenance", "Service Under Maintenance"),
        ComponentStatus::DegradedPerformance => ("minor", "Partially Degraded Service"),
        ComponentStatus::PartialOutage => ("major", "Partial System Outage"),
        ComponentStatus::MajorOutage => ("critical", "Major Service Outage"),
    };
    json!({ "indicator": indicator, "description": description })
}

fn component(view: &PageView, one: &ComponentView) -> Value {
    let mut value = json!({
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "position": one.position,
        "description": one.description,
        "showcase": false,
        "start_date": one.start_date,
        "group_id": one.group_id,
        "page_id": view.id,
        "group": one.is_group,
        "only_show_if_degraded": one.only_show_if_degraded,
    });
    if one.is_group {
        value["components"] = json!(one.members);
    }
    value
}

/// A post, as Statuspage has it.
pub fn incident(view: &PageView, post: &PostView) -> Value {
    json!({
        "id": post.id,
        "name": post.title,
        "status": post.status,
        "created_at": time(post.created_at),
        "updated_at": time(post.updated_at),
        "monitoring_at": post.monitoring_at.map(time),
        "resolved_at": post.resolved_at.map(time),
        "impact": post.impact,
        "shortlink": post.url,
        "started_at": time(post.started_at),
        "page_id": view.id,
        "incident_updates": updates(&post.id, &post.updates),
        "components": components(view, &post.components),
    })
}

fn maintenances(
    view: &PageView,
    page: &Value,
    all: &[MaintenanceView],
    wanted: impl Fn(MaintenanceStatus) -> bool,
) -> Value {
    let shown = all.iter().filter(|one| wanted(one.status));
    json!({
        "page": page,
        "scheduled_maintenances": shown.map(|one| maintenance(view, one)).collect::<Value>(),
    })
}

/// A maintenance, as Statuspage has it.
pub fn maintenance(view: &PageView, one: &MaintenanceView) -> Value {
    json!({
        "id": one.id,
        "name": one.title,
        "status": one.status,
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "monitoring_at": null,
        "resolved_at": one.completed_at.map(time),
        "impact": "maintenance",
        "shortlink": one.url,
        "started_at": time(one.starts_at),
        "page_id": view.id,
        "incident_updates": updates(&one.id, &one.updates),
        "components": components(view, &one.components),
        "scheduled_for": time(one.starts_at),
        "scheduled_until": time(one.ends_at),
    })
}

fn components(view: &PageView, ids: &[ComponentId]) -> Value {
    let known = ids.iter().filter_map(|id| view.component(*id));
    known.map(|one| component(view, one)).collect()
}

fn updates<S: serde::Serialize>(id: &impl serde::Serialize, updates: &[UpdateView<S>]) -> Value {
    let one = |update: &UpdateView<S>| {
        let affected: Value = update.components.iter().map(affected).collect();
        json!({
            "id": update.id,
            "status": update.status,
            "body": update.body,
            "incident_id": id,
            "created_at": time(update.created_at),
            "updated_at": time(update.created_at),
            "display_at": time(update.at),
            "affected_components": if update.components.is_empty() { Value::Null } else { affected },
            "deliver_notifications": update.deliver_notifications,
            "custom_tweet": null,
            "tweet_id": null,
        })
    };
    updates.iter().map(one).collect()
}

fn affected(change: &ChangeView) -> Value {
    json!({
        "code": change.id,
        "name": change.name,
        "old_status": change.old_status,
        "new_status": change.new_status,
    })
}

/// As Statuspage writes times: UTC, to the millisecond.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
