//! The audit log: who did what, when, from where, and what it changed.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::domain::actor::Actor;
use shared::domain::id::{EventId, UserId};
use shared::domain::principal::Right;
use shared::store::{AuditEntry, AuditFilter};
use shared::web::{Listed, Params, Problem, page_request};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;

pub fn routes() -> Routes {
    Routes::default().routes(routes!(list_audit_log))
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
struct AuditView {
    id: EventId,
    at: Timestamp,
    actor: Actor,
    /// The network address that it was asked for from; null: no request made it, or nobody knows.
    address: Option<String>,
    /// `created`, `updated`, `deleted`, or what says more: `signed_in`, `signed_out`, `sign_in_refused`, `password_reset`, …
    action: String,
    /// The kind of thing: `service`, `user`, `session`, …
    object: String,
    /// Its id; empty where it has none.
    object_id: String,
    /// What it was, without secrets; null: it was made, or nothing was changed.
    before: Option<Value>,
    /// What it became, without secrets; null: it was removed. Where nothing was changed, what else is to be known.
    after: Option<Value>,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry {
            id,
            at,
            actor,
            address,
            action,
            object,
            object_id,
            before,
            after,
        } = entry;
        let read = |json: Option<String>| json.and_then(|json| serde_json::from_str(&json).ok());
        Self {
            id,
            at,
            actor,
            address,
            action,
            object,
            object_id,
            before: read(before),
            after: read(after),
        }
    }
}

/// Which entries, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// Only what this person did, in a browser or by a token.
    user_id: Option<UserId>,
    /// Only what happened to this kind of thing: `service`, `user`, `session`, …
    #[param(pattern = "^[a-z_]{1,64}$")]
    object: Option<String>,
    /// Items at most: 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<usize>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// The audit log, newest first
///
/// Entries are never changed and never removed. A page of some of them may be short and still have a `next`.
#[utoipa::path(get, path = "/api/v1/audit", tag = "Audit", params(AuditQuery),
    responses((status = 200, body = Listed<AuditView>)))]
async fn list_audit_log(caller: Caller, Params(query): Params<AuditQuery>) -> Result<Json<Listed<AuditView>>, Problem> {
    caller.may(Right::Administer)?;
    let page = page_request(query.limit, query.after.as_deref())?;
    let filter = AuditFilter::new(query.user_id, query.object).map_err(|why| Problem::invalid_field("object", why))?;
    let page = caller.store().audit_log(&page, &filter).await?;
    Ok(Json(page.map(AuditView::from).into()))
}
