//! An incident as callers see it. Rows are not shown as they are: what is 0-based, derived or counted elsewhere is put
//! into the words of the contract here.

use crate::ctx::Ctx;
use crate::domain::actor::Actor;
use crate::domain::id::{IncidentId, IntegrationId, MaintenanceId, ServiceId};
use crate::domain::incident::{Incident, Mark, Progress, Status, UnderMaintenance};
use crate::domain::service::Urgency;
use crate::domain::signal::{Alert, Content, Image, Link, Severity};
use crate::domain::status::Alerts;
use crate::web::{Problem, tag_of, unless_known};
use axum::Json;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Incident)]
pub struct IncidentView {
    /// Its id.
    pub id: IncidentId,
    /// One line about what is wrong.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// How loudly it asks.
    pub urgency: Urgency,
    /// How bad it is.
    pub severity: Severity,
    /// The service that broke.
    pub service_id: ServiceId,
    /// The service's name when it broke.
    pub service_name: String,
    /// The integration it came through; null when a person opened it.
    pub integration_id: Option<IntegrationId>,
    /// The group of alerts it is about. Within one integration, one group has one open incident.
    pub group_key: String,
    /// Alerts in the group, listed or not; null once nobody knows any more.
    pub alert_count: Option<u64>,
    /// Signals it took in, repeats included; null once nobody knows any more.
    pub signal_count: Option<u64>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When the last signal came.
    pub last_signal_at: Option<Timestamp>,
    /// When it was taken, while it is taken or was taken when it ended.
    pub acknowledged_at: Option<Timestamp>,
    /// By whom.
    pub acknowledged_by: Option<Actor>,
    /// When it ended.
    pub resolved_at: Option<Timestamp>,
    /// By whom or what.
    pub resolved_by: Option<Actor>,
    /// Whether its policy ran out without an answer.
    pub unanswered: bool,
    /// Until when nobody is paged.
    pub snoozed_until: Option<Timestamp>,
    /// The maintenance because of which nobody is paged (`hold`), or which made its last pages quiet (`quiet`).
    pub maintenance: Option<MaintenanceView>,
    /// The step of its policy that was paged last, or is paged now, from 1.
    pub step: u32,
    /// When the next step is paged unless somebody answers.
    pub next_step_at: Option<Timestamp>,
    /// Addresses worth a look.
    pub links: Vec<Link>,
    /// What to do about it.
    pub runbook_url: Option<String>,
}

/// A maintenance, as an incident shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = IncidentMaintenance)]
pub struct MaintenanceView {
    /// Which.
    pub id: MaintenanceId,
    /// Its title.
    pub title: String,
    /// What it does to pages.
    pub alerts: Alerts,
    /// When it ends, unless somebody says so earlier.
    pub until: Timestamp,
}

impl From<UnderMaintenance> for MaintenanceView {
    fn from(under: UnderMaintenance) -> Self {
        Self {
            id: under.maintenance_id,
            title: under.title,
            alerts: under.alerts,
            until: under.until,
        }
    }
}

/// An incident with all that is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = IncidentInFull)]
pub struct FullView {
    /// The incident.
    #[serde(flatten)]
    pub incident: IncidentView,
    /// What is affected: a host, a cluster.
    pub source: Option<String>,
    /// Which part of it.
    pub component: Option<String>,
    /// The alerts of the group by its last snapshot, firing ones first; empty where the sender knows no groups.
    pub alerts: Vec<Alert>,
    /// Alerts of the group that are counted but not listed.
    pub alerts_not_listed: u64,
    /// The sender's free-form details; `{"truncated": "…"}` when they were too large.
    #[schema(value_type = Option<Object>)]
    pub details: serde_json::Value,
    /// Pictures.
    pub images: Vec<Image>,
    /// What was dropped or cut on the way in.
    pub remarks: Vec<String>,
}

impl From<Incident> for IncidentView {
    fn from(incident: Incident) -> Self {
        let (unanswered, next_step_at) = (incident.is_unanswered(), incident.next_step_at());
        let is_triggered = incident.status == Status::Triggered;
        let maintenance = incident.maintenance.filter(|_| is_triggered).map(MaintenanceView::from);
        let (acknowledged_at, acknowledged_by) = parts(incident.acknowledged);
        let (resolved_at, resolved_by) = parts(incident.resolved);
        Self {
            id: incident.id,
            title: incident.title,
            status: incident.status,
            urgency: incident.urgency,
            severity: incident.severity,
            service_id: incident.service_id,
            service_name: incident.service_name,
            integration_id: incident.integration_id,
            group_key: incident.group_key,
            // Senders without groups list no alerts: their incident is one alert.
            alert_count: incident.counts.map(|counts| counts.alert_count.max(1)),
            signal_count: incident.counts.map(|counts| counts.signal_count),
            created_at: incident.created_at,
            last_signal_at: incident.counts.map(|counts| counts.last_signal_at),
            acknowledged_at,
            acknowledged_by,
            resolved_at,
            resolved_by,
            unanswered,
            snoozed_until: incident.snoozed_until,
            maintenance,
            // A policy that ran out stands behind its last step.
            step: match incident.progress {
                Progress::Unanswered { .. } => incident.step.max(1),
                Progress::Page(_) | Progress::Next(_) | Progress::Waiting(_) => incident.step + 1,
            },
            next_step_at,
            links: incident.links,
            runbook_url: incident.runbook_url,
        }
    }
}

fn parts(mark: Option<Mark>) -> (Option<Timestamp>, Option<Actor>) {
    mark.map(|mark| (mark.at, mark.by)).unzip()
}

impl FullView {
    /// The view of an incident, its counts filled in, and of what it shows.
    pub fn new(incident: Incident, content: Content) -> Self {
        Self {
            incident: incident.into(),
            source: content.source,
            component: content.component,
            alerts: content.alerts,
            alerts_not_listed: content.alerts_not_listed,
            details: content.details,
            images: content.images,
            remarks: content.remarks,
        }
    }

    /// The incident as it is now.
    ///
    /// # Errors
    /// 404, or when the table does not answer.
    pub async fn load(ctx: &Ctx, id: IncidentId) -> Result<Self, Problem> {
        let (incident, content) = ctx.store.incident_in_full(id).await?.ok_or_else(Problem::not_found)?;
        Ok(Self::new(incident, content))
    }

    /// The answer with this incident just acted upon, whose row is known: counts and what it shows are read.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn of(ctx: &Ctx, incident: Incident) -> Result<Self, Problem> {
        let content = ctx.store.content(incident.id);
        let (mut counted, content) = futures_util::try_join!(ctx.store.with_counts(vec![incident]), content)?;
        let incident = counted.pop().ok_or_else(Problem::not_found)?;
        Ok(Self::new(incident, content))
    }

    /// The tag of all of it.
    pub fn etag(&self) -> String {
        tag_of(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The answer to a read, with an `ETag` over all of it (counts and alerts change without the incident's version);
    /// 304 where the caller has it already.
    pub fn answer(&self, request: &HeaderMap) -> Response {
        unless_known(&self.etag(), request, || Json(self).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::incident;
    use super::*;
    use crate::domain::incident::{Act, Counts};
    use crate::domain::timeline::Resolution;
    use axum::http::{HeaderValue, StatusCode, header};

    fn view(incident: Incident) -> serde_json::Value {
        serde_json::to_value(FullView::new(incident, Content::default())).unwrap()
    }

    #[test]
    fn the_fields_are_those_of_the_contract() {
        let view = view(incident());
        let documented = [
            "id",
            "title",
            "status",
            "urgency",
            "severity",
            "service_id",
            "service_name",
            "integration_id",
            "group_key",
            "alert_count",
            "signal_count",
            "created_at",
            "last_signal_at",
            "acknowledged_at",
            "acknowledged_by",
            "resolved_at",
            "resolved_by",
            "unanswered",
            "snoozed_until",
            "maintenance",
            "step",
            "next_step_at",
            "links",
            "runbook_url",
            "alerts",
            "details",
        ];
        for field in documented {
            assert!(view.get(field).is_some(), "{field}");
        }
        assert_eq!(view["created_at"], "2026-02-03T02:12:00Z");
        assert_eq!(view["step"], 1);
        assert_eq!(view["acknowledged_by"], serde_json::Value::Null);
    }

    #[test]
    fn who_answered_is_an_actor() {
        let mut incident = incident();
        let ana = Actor {
            kind: crate::domain::actor::ActorKind::User,
            id: Some("usr_1".into()),
            name: "Ana".into(),
            user_id: None,
        };
        incident.act(Act::Acknowledge, &ana, incident.created_at).unwrap();
        incident
            .close(Resolution::ByHand, &Actor::system(), None, incident.created_at)
            .unwrap();
        let view = view(incident);
        assert_eq!(
            view["acknowledged_by"],
            serde_json::json!({"type": "user", "id": "usr_1", "name": "Ana"})
        );
        assert_eq!(view["resolved_by"]["type"], "system");
        assert_eq!(view["status"], "resolved");
    }

    #[test]
    fn a_sender_without_groups_has_one_alert_and_steps_count_from_one() {
        let mut incident = incident();
        let last_signal_at = incident.created_at;
        incident.counts = Some(Counts {
            signal_count: 7,
            alert_count: 0,
            last_signal_at,
        });
        incident.step = 2;
        assert_eq!(IncidentView::from(incident.clone()).step, 3);
        // Ran out of three steps: the cursor stands behind the third.
        incident.step = 3;
        incident.progress = Progress::Unanswered {
            since: last_signal_at,
            look_at: last_signal_at,
        };
        let view = IncidentView::from(incident);
        assert_eq!(
            (view.step, view.alert_count, view.signal_count, view.unanswered),
            (3, Some(1), Some(7), true)
        );
    }

    #[test]
    fn a_read_that_is_known_already_is_not_sent_again() {
        let full = FullView::new(incident(), Content::default());
        let first = full.answer(&HeaderMap::new());
        let tag = first.headers()[header::ETAG].clone();
        let mut again = HeaderMap::new();
        again.insert(
            header::IF_NONE_MATCH,
            HeaderValue::from_str(&format!("\"x\", W/{}", tag.to_str().unwrap())).unwrap(),
        );
        assert_eq!(full.answer(&again).status(), StatusCode::NOT_MODIFIED);
        let mut counted = incident();
        counted.counts = Some(Counts {
            signal_count: 2,
            alert_count: 1,
            last_signal_at: counted.created_at,
        });
        assert_eq!(
            FullView::new(counted, Content::default()).answer(&again).status(),
            StatusCode::OK
        );
    }
}
