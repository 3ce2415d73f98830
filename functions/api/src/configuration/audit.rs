//! The audit log: who changed which configuration, when, and how.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use shared::domain::actor::Actor;
use shared::domain::id::EventId;
use shared::domain::principal::Right;
use shared::store::AuditEntry;
use shared::web::{Listed, PageQuery, Params, Problem};
use utoipa::ToSchema;

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
    /// `created`, `updated` or `deleted`.
    action: String,
    /// The kind of thing.
    object: String,
    object_id: String,
    /// What it was, without secrets; null: it was made.
    before: Option<Value>,
    /// What it became, without secrets; null: it was removed.
    after: Option<Value>,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry {
            id,
            at,
            actor,
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
            action,
            object,
            object_id,
            before: read(before),
            after: read(after),
        }
    }
}

/// The audit log, newest first
#[utoipa::path(get, path = "/api/v1/audit", tag = "Audit", params(PageQuery),
    responses((status = 200, body = Listed<AuditView>)))]
async fn list_audit_log(caller: Caller, Params(query): Params<PageQuery>) -> Result<Json<Listed<AuditView>>, Problem> {
    caller.may(Right::Administer)?;
    let page = caller.store().audit_log(&query.page()?).await?;
    Ok(Json(page.map(AuditView::from).into()))
}
