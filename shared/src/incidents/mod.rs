//! Incidents, as people and scripts see and answer them, whatever they came by: the API, a page, the link in a message.
//!
//! Its actors: `view` is what callers see; [`act()`] is the one way in which anybody answers an incident; `open` opens one
//! by hand; `list`, `timeline` and `deliveries` tell what there is, what happened, and who was asked how; `maintenance` wakes
//! what one kept from paging. What is absent: paging. An act leaves the incident's row due now, and the table's stream wakes `escalation`; nothing here writes a
//! delivery or sends a hint.

mod act;
mod deliveries;
mod list;
mod maintenance;
mod open;
mod timeline;
mod view;

pub use act::{AnswerBody, Deed, NewRoute, NoBody, Note, NoteBody, ReassignBody, SnoozeBody, act, add_note};
pub use deliveries::{DeliveryView, Purpose, masked, page as deliveries};
pub use list::{ListQuery, Shown, list};
pub use maintenance::look_again;
pub use open::{NewIncident, NewLink, open};
pub use timeline::{EventView, page as timeline};
pub use view::{FullView, IncidentView};

#[cfg(test)]
pub(crate) mod tests {
    //! What the tests of this folder begin with.

    use crate::domain::actor::{Actor, ActorKind};
    use crate::domain::incident::Incident;

    /// A new, critical incident of the service Checkout.
    pub(crate) fn incident() -> Incident {
        serde_json::from_value(serde_json::json!({
            "id": "inc_01kgge8y7g000000000000001a",
            "correlation_id": "sig_01kgge8y7g000000000000001b",
            "service_id": "svc_01arz3ndektsv4rrffq69g5fav",
            "service_name": "Checkout",
            "integration_id": "int_01arz3ndektsv4rrffq69g5fav",
            "group_key": "disk",
            "title": "Disk full on db-1",
            "severity": "critical",
            "peak_severity": "critical",
            "urgency": "high",
            "created_at": "2026-02-03T02:12:00Z",
            "status": "triggered",
            "epoch": 0,
            "cycle": 0,
            "step": 0,
            "progress": {"page": "opened"},
            "route": {"policy": "pol_01arz3ndektsv4rrffq69g5fav"},
            "timeouts": {"ack_seconds": 1800, "auto_resolve_seconds": 0},
            "wake_at": "2026-02-03T02:12:00Z"
        }))
        .unwrap()
    }

    /// Somebody who answers.
    pub(crate) fn ana() -> Actor {
        Actor {
            kind: ActorKind::User,
            id: Some("usr_01arz3ndektsv4rrffq69g5fav".into()),
            name: "Ana".into(),
            user_id: None,
        }
    }
}
