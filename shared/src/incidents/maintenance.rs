//! What a maintenance kept from paging is looked at again at once when it ends early, or is changed.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use crate::ctx::Ctx;
use crate::domain::id::MaintenanceId;
use crate::domain::incident::Incident;
use crate::domain::status::Work;
use crate::store::{Applied, StoreError, Versioned};

/// How many incidents are written at a time.
const AT_ONCE: usize = 8;
/// How often a race for one may be lost.
const ROUNDS_MAX: u32 = 3;

/// Wakes the incidents that this work kept from paging. They look by themselves every few minutes and at its end, so what
/// fails here is late, not lost, and no error of whoever ended the work.
pub async fn look_again(ctx: &Ctx, gone: Vec<Work>, now: Timestamp) {
    let Some(id) = gone.first().map(|work| work.maintenance_id) else {
        return;
    };
    let open = match ctx.store.open_incidents().await {
        Ok(open) => open,
        Err(error) => return tracing::warn!(maintenance_id = %id, %error, "what it held looks by itself"),
    };
    let kept = |found: &Versioned<Incident>| {
        found
            .value
            .maintenance
            .as_ref()
            .is_some_and(|one| one.maintenance_id == id)
    };
    let kept = stream::iter(open.into_iter().filter(kept));
    kept.for_each_concurrent(AT_ONCE, |found| async move {
        let incident_id = found.value.id;
        if let Err(error) = wake(ctx, found, id, now).await {
            tracing::warn!(%incident_id, maintenance_id = %id, %error, "it looks by itself");
        }
    })
    .await;
}

async fn wake(
    ctx: &Ctx,
    mut found: Versioned<Incident>,
    maintenance: MaintenanceId,
    now: Timestamp,
) -> Result<(), StoreError> {
    for _ in 0..ROUNDS_MAX {
        if !found.value.look_at_maintenance(maintenance, now) {
            return Ok(());
        }
        let applied = ctx.store.apply(&found.value, found.version, (&[], &[]), None).await?;
        if applied == Applied::Done {
            return Ok(());
        }
        match ctx.store.incident(found.value.id).await? {
            Some(again) => found = again,
            None => return Ok(()),
        }
    }
    Err(StoreError::Changed)
}
