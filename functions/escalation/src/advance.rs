//! One incident, one step further: load, decide, write in one transaction, nudge the queues.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::actor::Actor;
use shared::domain::delivery::Delivery;
use shared::domain::escalation::{Decision, Facts, Plan, back_off, decide};
use shared::domain::id::{EventId, IncidentId};
use shared::domain::incident::Incident;
use shared::domain::limits;
use shared::domain::slot::Slot;
use shared::domain::timeline::{Event, EventKind, Resolution};
use shared::metrics;
use shared::queue::{DeliveryHint, Hint, IncidentHint};
use shared::secret::LinkCode;
use shared::store::{Applied, ClosedBy, StoreError, Versioned};

use crate::facts;

/// How often a version may be lost before the message fails (and is received again).
const ROUNDS_MAX: u32 = 3;
/// How often a decision may ask for more facts. It asks for all it knows it needs, so this is never reached.
const ASKS_MAX: u32 = 8;

/// What metrics call the due list of incidents.
pub const LIST: &str = "incidents";

/// What came of advancing an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advanced {
    /// A plan was written; the incident is due again then.
    Planned(Option<Timestamp>),
    /// Nothing is due until then. None: it waits for nothing, or it does not exist.
    Waits(Option<Timestamp>),
}

/// Does what is due about an incident. Idempotent: calling it again finds nothing due.
///
/// # Errors
/// When the table does not answer, or the incident kept changing. A failure that the row itself causes, a panic
/// included, is written down (it waits longer each time, and in the end the owners are told) before it is returned.
pub async fn advance(ctx: &Ctx, id: IncidentId, now: Timestamp) -> Result<Advanced, StoreError> {
    let result = match AssertUnwindSafe(rounds(ctx, id, now)).catch_unwind().await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Refused("deciding what to do panicked".into())),
    };
    if let Err(error) = &result
        && !error.is_tables_own()
    {
        strike(ctx, id, error, now).await?;
    }
    result
}

async fn rounds(ctx: &Ctx, id: IncidentId, now: Timestamp) -> Result<Advanced, StoreError> {
    for _ in 0..ROUNDS_MAX {
        let Some(incident) = ctx.store.incident(id).await? else {
            return Ok(Advanced::Waits(None));
        };
        if let Some(advanced) = once(ctx, &incident, now).await? {
            return Ok(advanced);
        }
    }
    Err(StoreError::Changed)
}

/// One round. None: the incident changed meanwhile.
async fn once(ctx: &Ctx, incident: &Versioned<Incident>, now: Timestamp) -> Result<Option<Advanced>, StoreError> {
    let due = incident.value.due();
    if due.is_none_or(|due| due > now) {
        return Ok(Some(Advanced::Waits(due)));
    }
    let mut known = Facts::default();
    facts::read(ctx, &incident.value, &mut known, &facts::likely(&incident.value)).await?;
    for _ in 0..ASKS_MAX {
        match decide(&incident.value, &known, now) {
            Decision::Need(needs) => facts::read(ctx, &incident.value, &mut known, &needs).await?,
            Decision::Wait => return Ok(Some(Advanced::Waits(incident.value.due()))),
            Decision::Plan(plan) => return write(ctx, incident.version, *plan, now).await,
            Decision::CloseBySilence(slot) => return close(ctx, incident, &slot, now).await,
        }
    }
    Err(StoreError::Refused("a decision kept asking for facts".into()))
}

/// Writes a plan and nudges the queues. None: the incident changed meanwhile.
async fn write(ctx: &Ctx, version: u64, mut plan: Plan, now: Timestamp) -> Result<Option<Advanced>, StoreError> {
    for delivery in &mut plan.deliveries {
        delivery.link_hash = has_link(delivery).then(|| link(ctx, delivery).storage_hash());
    }
    let event = plan.event.take().map(|kind| event(ctx, kind, now));
    let written = (plan.deliveries.as_slice(), plan.hasten.as_slice());
    if ctx
        .store
        .apply(&plan.incident, version, written, event.as_ref())
        .await?
        == Applied::Changed
    {
        return Ok(None);
    }
    let span =
        tracing::info_span!("plan", correlation_id = %plan.incident.correlation_id, incident_id = %plan.incident.id);
    if let Some(alarm) = plan.alarm {
        tracing::error!(parent: &span, alarm, "somebody must know of this");
        metrics::alarm();
    }
    tracing::info!(parent: &span, deliveries = plan.deliveries.len(), hastened = plan.hasten.len(), "plan written");
    let due = plan.incident.due();
    hint(
        ctx,
        plan.incident.id,
        due,
        plan.deliveries.iter().chain(&plan.hasten),
        now,
    )
    .await;
    Ok(Some(Advanced::Planned(due)))
}

async fn hint<'a>(
    ctx: &Ctx,
    id: IncidentId,
    due: Option<Timestamp>,
    deliveries: impl Iterator<Item = &'a Delivery>,
    now: Timestamp,
) {
    let deliveries = deliveries.filter_map(|delivery| {
        Some(Hint {
            what: DeliveryHint::from(&delivery.key),
            due: delivery.due_at?,
        })
    });
    ctx.queues.notification.hint(deliveries, now).await;
    let incident = due.map(|due| Hint {
        what: IncidentHint { incident_id: id },
        due,
    });
    ctx.queues.escalation.hint(incident, now).await;
}

/// Closes an incident whose sender fell silent, if it still is.
async fn close(
    ctx: &Ctx,
    incident: &Versioned<Incident>,
    slot: &Slot,
    now: Timestamp,
) -> Result<Option<Advanced>, StoreError> {
    let mut next = incident.value.clone();
    let Some(kind) = next.close(Resolution::BySilence, &Actor::system(), Some(slot.counts()), now) else {
        return Ok(None);
    };
    let by = ClosedBy::Silence(slot.last_signal_at);
    match ctx
        .store
        .close_incident(&next, incident.version, by, &event(ctx, kind, now))
        .await?
    {
        Applied::Done => Ok(Some(Advanced::Planned(next.due()))),
        Applied::Changed => Ok(None),
    }
}

/// Writes down that an incident's own row fails, unless it changed meanwhile.
async fn strike(ctx: &Ctx, id: IncidentId, error: &StoreError, now: Timestamp) -> Result<(), StoreError> {
    tracing::error!(incident_id = %id, %error, "handling an incident failed");
    let incident = match ctx.store.incident(id).await {
        Ok(Some(incident)) => incident,
        Ok(None) => return Ok(()),
        // Not even its backoff can be written into a row that cannot be read: its place in the due list can.
        Err(error) if !error.is_tables_own() => {
            let strikes = ctx.store.postpone(id, now).await?;
            if strikes == limits::STRIKES_MAX {
                metrics::stuck(LIST);
                tracing::error!(incident_id = %id, %error, alarm = "an incident cannot be read", "somebody must look");
            }
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if incident.value.due().is_none_or(|due| due > now) {
        return Ok(());
    }
    let owners = ctx.store.owners().await?;
    if incident.value.backoff.map_or(0, |backoff| backoff.strikes) + 1 == limits::STRIKES_MAX {
        metrics::stuck(LIST);
    }
    let plan = back_off(&incident.value, &owners, &error.to_string(), now);
    write(ctx, incident.version, plan, now).await.map(drop)
}

fn event(ctx: &Ctx, kind: EventKind, now: Timestamp) -> Event {
    Event {
        id: EventId(ctx.random.ulid(now)),
        at: now,
        actor: Actor::system(),
        kind,
    }
}

/// Only a person's page can be answered by its link.
fn has_link(delivery: &Delivery) -> bool {
    use shared::domain::delivery::{Part, Recipient};
    let asks = delivery.key.part.is_page() || matches!(delivery.key.part, Part::Unanswered | Part::Stuck);
    asks && matches!(delivery.key.to, Recipient::Person(..))
}

fn link(ctx: &Ctx, delivery: &Delivery) -> LinkCode {
    LinkCode::derive(ctx.master(), &delivery.key.public_id())
}
