//! The webhook of this news, in the shape of Statuspage's: whoever reads theirs reads this.

use serde_json::{Value, json};
use shared::domain::status::{News, PostStatus};

use super::facts::{Facts, Subject};
use super::message::Links;
use crate::documents::json;

/// Where the shape is described.
const DOCUMENTATION: &str = "https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/";

/// The body. A webhook that is not confirmed yet is told where to confirm, in `meta`.
pub fn body(facts: &Facts, news: News, links: &Links) -> Value {
    let mut meta = json!({ "unsubscribe": links.unsubscribe, "documentation": DOCUMENTATION });
    let Some(matter) = &facts.matter else {
        meta["confirm"] = json!(links.manage);
        return json!({ "meta": meta, "page": { "id": facts.page.id, "name": facts.page.name } });
    };
    let status = json::status(&matter.view);
    let page = json!({
        "id": facts.page.id,
        "status_indicator": status["indicator"],
        "status_description": status["description"],
    });
    let incident = match &matter.subject {
        Subject::Post(post, view) => {
            let mut incident = json::incident(&matter.view, view);
            // Views have the newest first.
            let told = view
                .updates
                .iter()
                .find(|update| update.status == PostStatus::Postmortem);
            incident["postmortem_body"] = json!(told.map(|update| &update.body));
            incident["postmortem_published_at"] = json!(told.map(|update| json::time(update.at)));
            incident["backfilled"] = json!(post.started_at < post.created_at && !view.status.is_open());
            incident["impact_override"] = json!(post.impact_override);
            for name in ["scheduled_for", "scheduled_until"] {
                incident[name] = Value::Null;
            }
            if matches!(news, News::Withdrawal(_)) {
                let reason = post.withdrawn.as_ref().and_then(|withdrawal| withdrawal.reason.clone());
                incident["withdrawn"] = json!({ "reason": reason });
            }
            incident
        }
        Subject::Maintenance(maintenance, view) => {
            let mut incident = json::maintenance(&matter.view, view);
            incident["postmortem_body"] = Value::Null;
            incident["postmortem_published_at"] = Value::Null;
            incident["backfilled"] = json!(false);
            incident["impact_override"] = Value::Null;
            incident["scheduled_remind_prior"] = json!(matches!(news, News::Reminder(_)));
            for name in ["scheduled_auto_in_progress", "scheduled_auto_completed"] {
                incident[name] = json!(maintenance.automatic);
            }
            incident
        }
    };
    json!({ "meta": meta, "page": page, "incident": incident })
}
