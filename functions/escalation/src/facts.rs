//! Reads what a decision needs: what is nearly always needed in one go, the rest when it is asked for.

use futures_util::future::{self, BoxFuture};
use futures_util::{FutureExt, TryFutureExt};
use shared::ctx::Ctx;
use shared::domain::delivery::Subject;
use shared::domain::escalation::{Facts, Need};
use shared::domain::id::{ChannelId, PolicyId, UserId};
use shared::domain::incident::{Incident, Route};
use shared::domain::people::{Channel, User};
use shared::domain::policy::Policy;
use shared::domain::service::Service;
use shared::domain::status::Work;
use shared::store::StoreError;
use shared::store::keys::Key;

/// What the next decision about `incident` most likely needs: read all at once, so that a step costs one round trip
/// here.
pub fn likely(incident: &Incident) -> Vec<Need> {
    if incident.announce.is_some() {
        return vec![Need::AllRows];
    }
    let policy = match &incident.route {
        Route::Policy(policy) => *policy,
        Route::People { then, .. } => *then,
    };
    let mut needs = vec![Need::Service, Need::Works, Need::Policy(policy), Need::StepRows];
    needs.extend(incident.likely.iter().map(|user| Need::User(*user)));
    if let Route::People { users, .. } = &incident.route {
        needs.extend(users.iter().map(|user| Need::User(*user)));
    }
    needs
}

/// Reads all of `needs` at once.
pub async fn read(ctx: &Ctx, incident: &Incident, facts: &mut Facts, needs: &[Need]) -> Result<(), StoreError> {
    let mut users: Vec<UserId> = Vec::new();
    let mut channels: Vec<ChannelId> = Vec::new();
    let mut reads: Vec<BoxFuture<'_, Result<Read, StoreError>>> = Vec::new();
    for need in needs {
        match need {
            Need::User(user) => users.push(*user),
            Need::Channel(channel) => channels.push(*channel),
            // Nobody is on call in a schedule until there are schedules.
            Need::Schedule(schedule) => drop(facts.on_call.0.insert(*schedule, Vec::new())),
            other => reads.push(one(ctx, incident, *other).boxed()),
        }
    }
    users.sort_unstable();
    users.dedup();
    channels.sort_unstable();
    channels.dedup();
    if !users.is_empty() {
        reads.push(ctx.store.load_many::<User>(users.clone()).map_ok(Read::Users).boxed());
    }
    if !channels.is_empty() {
        reads.push(
            ctx.store
                .load_many::<Channel>(channels.clone())
                .map_ok(Read::Channels)
                .boxed(),
        );
    }
    for read in future::try_join_all(reads).await? {
        read.into_facts(facts);
    }
    for user in users {
        facts.users.entry(user).or_insert(None);
    }
    for channel in channels {
        facts.channels.entry(channel).or_insert(None);
    }
    Ok(())
}

enum Read {
    Service(Option<Service>),
    Works(Vec<Work>),
    Policy(PolicyId, Option<Policy>),
    StepRows(Vec<shared::domain::delivery::Delivery>),
    AllRows(Vec<shared::domain::delivery::Delivery>),
    Slot(Option<shared::domain::slot::Slot>),
    Owners(Vec<User>),
    Users(Vec<User>),
    Channels(Vec<Channel>),
}

async fn one(ctx: &Ctx, incident: &Incident, need: Need) -> Result<Read, StoreError> {
    let store = &ctx.store;
    Ok(match need {
        Need::Service => Read::Service(store.load::<Service>(incident.service_id).await?.map(|row| row.value)),
        Need::Works => Read::Works(store.works_on(incident.service_id).await?),
        Need::Policy(id) => Read::Policy(id, store.load::<Policy>(id).await?.map(|row| row.value)),
        Need::StepRows => {
            let step = (incident.epoch, incident.cycle, incident.step);
            Read::StepRows(store.step_deliveries(incident.id, step).await?)
        }
        Need::AllRows => Read::AllRows(store.all_deliveries(Subject::Incident(incident.id)).await?),
        Need::Slot => Read::Slot(store.slot(&Key::slot_of(incident)).await?.map(|row| row.value)),
        Need::Owners => Read::Owners(store.owners().await?),
        Need::User(_) | Need::Channel(_) | Need::Schedule(_) => Read::Users(Vec::new()),
    })
}

impl Read {
    fn into_facts(self, facts: &mut Facts) {
        match self {
            Self::Service(service) => facts.service = Some(service),
            Self::Works(works) => facts.works = Some(works),
            Self::Policy(id, policy) => {
                facts.policies.insert(id, policy);
            }
            Self::StepRows(rows) => facts.step_rows = Some(rows),
            Self::AllRows(rows) => facts.all_rows = Some(rows),
            Self::Slot(slot) => facts.slot = Some(slot),
            Self::Owners(owners) => facts.owners = Some(owners),
            Self::Users(users) => facts.users.extend(users.into_iter().map(|user| (user.id, Some(user)))),
            Self::Channels(channels) => {
                facts
                    .channels
                    .extend(channels.into_iter().map(|channel| (channel.id, Some(channel))));
            }
        }
    }
}
