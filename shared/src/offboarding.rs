//! Somebody leaves: what they are still needed for, and putting somebody else in their place.
//!
//! Each thing is written by itself, over the version that was read, so that any number of things can be handed over; a
//! second run finds what the first one left. What is absent: removing the person, which comes after and is the API's.

use jiff::Timestamp;

use crate::ctx::Ctx;
use crate::domain::actor::Actor;
use crate::domain::id::{EventId, UserId};
use crate::domain::incident::Incident;
use crate::domain::people::{Role, User};
use crate::domain::policy::{Policy, Target};
use crate::domain::timeline::Event;
use crate::store::{Applied, Change, Entity, Extra, Store, StoreError, Versioned};
use crate::web::Problem;

/// How often a race for one thing may be lost before the caller is asked to try again.
const ROUNDS_MAX: u32 = 4;

/// What somebody is needed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uses {
    /// Policies that ask them.
    pub policies: Vec<Versioned<Policy>>,
    /// Open incidents that ask them by name, or that they have taken.
    pub incidents: Vec<Versioned<Incident>>,
}

impl Uses {
    /// Everything, in words.
    pub fn in_words(&self) -> Vec<String> {
        let policy =
            |found: &Versioned<Policy>| format!("the escalation policy \"{}\" ({})", found.value.name, found.value.id);
        let incident =
            |found: &Versioned<Incident>| format!("the open incident \"{}\" ({})", found.value.title, found.value.id);
        let policies = self.policies.iter().map(policy);
        policies.chain(self.incidents.iter().map(incident)).collect()
    }
}

/// What this person is needed for. Reads every policy and every open incident: people leave rarely.
///
/// # Errors
/// When the table does not answer, or a row cannot be read.
pub async fn uses_of(store: &Store, user: UserId) -> Result<Uses, StoreError> {
    let (mut policies, mut incidents) =
        futures_util::try_join!(store.list_all_versioned::<Policy>(), store.open_incidents())?;
    policies.retain(|found| found.value.asks(Target::User(user)));
    incidents.retain(|found| found.value.needs(user));
    Ok(Uses { policies, incidents })
}

/// Puts `to` in the place of `from` in all of `uses`. What changed meanwhile is read and decided again.
///
/// # Errors
/// 503 when others changed a thing faster each time, or the table does not answer; what is done stays done.
pub async fn hand_over(ctx: &Ctx, uses: Uses, from: UserId, to: UserId, change: &Change<'_>) -> Result<(), Problem> {
    for policy in uses.policies {
        hand_over_policy(ctx, policy, from, to, change).await?;
    }
    for incident in uses.incidents {
        hand_over_incident(ctx, incident, from, to, (change.by, change.at)).await?;
    }
    Ok(())
}

async fn hand_over_policy(
    ctx: &Ctx,
    mut found: Versioned<Policy>,
    from: UserId,
    to: UserId,
    change: &Change<'_>,
) -> Result<(), Problem> {
    let (from, target) = (Target::User(from), Target::User(to));
    for _ in 0..ROUNDS_MAX {
        if !found.value.asks(from) {
            return Ok(());
        }
        let after = found.value.with_substitute(from, target);
        let there = [Extra::Needs(User::PARTITION, to.to_string())];
        if ctx.store.replace(&found, &after, &there, change).await? == Applied::Done {
            return Ok(());
        }
        match ctx.store.load::<Policy>(found.value.id).await? {
            Some(again) => found = again,
            None => return Ok(()),
        }
    }
    Err(Problem::unavailable())
}

async fn hand_over_incident(
    ctx: &Ctx,
    mut found: Versioned<Incident>,
    from: UserId,
    to: UserId,
    (by, now): (&Actor, Timestamp),
) -> Result<(), Problem> {
    for _ in 0..ROUNDS_MAX {
        let Some(kind) = found.value.substitute(from, to, now) else {
            return Ok(());
        };
        let event = Event {
            id: EventId(ctx.random.ulid(now)),
            at: now,
            actor: by.clone(),
            kind,
        };
        let applied = ctx.store.apply(&found.value, found.version, (&[], &[]), Some(&event));
        if applied.await? == Applied::Done {
            return Ok(());
        }
        match ctx.store.incident(found.value.id).await? {
            Some(again) => found = again,
            None => return Ok(()),
        }
    }
    Err(Problem::unavailable())
}

/// Whether somebody can take another's place: they answer incidents, and can be reached.
///
/// # Errors
/// Why not, as it follows "this person".
pub fn can_stand_in(user: &User) -> Result<(), &'static str> {
    if user.role == Role::Viewer {
        return Err("is a viewer, who cannot answer incidents");
    }
    if user.verified_contacts().next().is_none() {
        return Err("cannot be reached yet: none of their contacts is verified");
    }
    Ok(())
}
