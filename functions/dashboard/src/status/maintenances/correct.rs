//! The words of an update of a maintenance, put right.

use axum::extract::{Path, State};
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::id::{MaintenanceId, UpdateId};
use shared::domain::limits;
use shared::domain::principal::Right;
use shared::domain::status::Maintenance;

use super::names;
use crate::page::{Refused, Visitor};
use crate::status::correct::{Whole, correct};

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Path((maintenance, update)): Path<(String, String)>,
) -> Result<Response, Refused> {
    visitor.who.may(Right::Respond)?;
    let id: MaintenanceId = maintenance.parse().map_err(|_| Refused::missing())?;
    let update_id: UpdateId = update.parse().map_err(|_| Refused::missing())?;
    let found = ctx.store.load::<Maintenance>(id).await?.ok_or_else(Refused::missing)?;
    let update = found.value.updates.iter().find(|update| update.id == update_id);
    let update = update.ok_or_else(Refused::missing)?;
    let whole = Whole {
        path: format!("/maintenances/{id}"),
        version: found.version,
        title: &found.value.title,
    };
    let status = names::status_of(&found.value, update.status);
    Ok(correct(&visitor, whole, update, status, limits::UPDATE_CHARS_MAX))
}
