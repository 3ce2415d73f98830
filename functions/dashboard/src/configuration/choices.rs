//! What may be chosen in forms: teams, policies, people, channels.

use shared::ctx::Ctx;
use shared::domain::id::TeamId;
use shared::domain::people::{Channel, Team, User};
use shared::domain::policy::Policy;
use shared::domain::service::Service;
use shared::store::StoreError;

use crate::page::{Choice, Visitor, by_name};

/// Every team.
pub async fn teams(ctx: &Ctx, chosen: &[TeamId]) -> Result<Vec<Choice>, StoreError> {
    let all = ctx.store.list_all::<Team>().await?;
    let choice = |team: &Team| Choice::new(team.id, &team.name, chosen.contains(&team.id));
    Ok(by_name(all.iter().map(choice).collect()))
}

/// Teams to which this visitor may give something. The empty one is no team.
pub async fn owners(ctx: &Ctx, visitor: &Visitor, chosen: Option<TeamId>) -> Result<Vec<Choice>, StoreError> {
    let all = ctx.store.list_all::<Team>().await?;
    let may = all.iter().filter(|team| visitor.may_configure(Some(team.id)));
    let mut choices = by_name(
        may.map(|team| Choice::new(team.id, &team.name, chosen == Some(team.id)))
            .collect(),
    );
    if visitor.may_configure(None) {
        choices.insert(0, Choice::new("", "No team: admins only", chosen.is_none()));
    }
    Ok(choices)
}

/// Every policy.
pub async fn policies(ctx: &Ctx, chosen: &str) -> Result<Vec<Choice>, StoreError> {
    let all = ctx.store.list_all::<Policy>().await?;
    let choice = |policy: &Policy| Choice::new(policy.id, &policy.name, policy.id.to_string() == chosen);
    Ok(by_name(all.iter().map(choice).collect()))
}

/// Everybody.
pub async fn people(ctx: &Ctx) -> Result<Vec<Choice>, StoreError> {
    let all = ctx.store.list_all::<User>().await?;
    Ok(by_name(
        all.iter().map(|user| Choice::new(user.id, &user.name, false)).collect(),
    ))
}

/// Every channel.
pub async fn channels(ctx: &Ctx) -> Result<Vec<Choice>, StoreError> {
    let all = ctx.store.list_all::<Channel>().await?;
    let choice = |channel: &Channel| Choice::new(channel.id, &channel.name, false);
    Ok(by_name(all.iter().map(choice).collect()))
}

/// Services whose senders this visitor may change.
pub async fn services(ctx: &Ctx, visitor: &Visitor) -> Result<Vec<Choice>, StoreError> {
    let all = ctx.store.list_all::<Service>().await?;
    let may = all.iter().filter(|service| visitor.may_configure(service.team_id));
    Ok(by_name(
        may.map(|service| Choice::new(service.id, &service.name, false))
            .collect(),
    ))
}
