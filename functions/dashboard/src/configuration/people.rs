//! People: who may sign in, what they may do, how they are reached, and who takes their place when they leave.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::{TeamId, UserId};
use shared::domain::incident::Incident;
use shared::domain::people::{Contact, Medium, Role, Team, User};
use shared::domain::policy::Policy;
use shared::domain::principal::Right;
use shared::offboarding::{can_stand_in, uses_of};
use shared::store::Versioned;
use shared::web::{Id, PageQuery, Problem};

use super::choices;
use crate::page::{Asked, Choice, Frame, Older, Person, Refused, Section, Visitor, by_name, load, role_name, shown};
use crate::reach::Reach;
use crate::tokens::{self, TokenRow};
use crate::words;

#[derive(Debug, Template)]
#[template(path = "configuration/people.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    older: Older,
    may_administer: bool,
    roles: Vec<Choice>,
    teams: Vec<Choice>,
}

#[derive(Debug)]
struct Row {
    id: String,
    who: Person,
    email: String,
    role: &'static str,
    teams: String,
    is_reachable: bool,
}

#[derive(Debug, Template)]
#[template(path = "configuration/person.html")]
struct One {
    frame: Frame,
    id: String,
    version: u64,
    who: Person,
    email: String,
    role: &'static str,
    time_zone: String,
    team_names: String,
    contacts: Vec<(&'static str, bool)>,
    may_change: bool,
    may_remove_picture: bool,
    is_me: bool,
    /// Where nobody signed in yet, they can be invited.
    may_invite: bool,
    is_invited: bool,
    reach: Reach,
    tokens: Vec<TokenRow>,
    roles: Vec<Choice>,
    teams: Vec<Choice>,
}

/// The roles that this visitor may give.
fn roles(visitor: &Visitor, chosen: Role) -> Vec<Choice> {
    let each = [
        ("viewer", Role::Viewer),
        ("responder", Role::Responder),
        ("admin", Role::Admin),
        ("owner", Role::Owner),
    ];
    let may = |role: Role| role != Role::Owner || visitor.who.may(Right::Own).is_ok();
    each.into_iter()
        .filter(|(_, role)| may(*role))
        .map(|(id, role)| Choice::new(id, role_name(role), role == chosen))
        .collect()
}

fn named(ids: &[TeamId], names: &HashMap<TeamId, String>) -> String {
    let known: Vec<&str> = ids.iter().filter_map(|id| names.get(id)).map(String::as_str).collect();
    known.join(", ")
}

async fn team_names(ctx: &Ctx) -> Result<HashMap<TeamId, String>, Refused> {
    let all = ctx.store.list_all::<Team>().await?;
    Ok(all.into_iter().map(|team| (team.id, team.name)).collect())
}

pub async fn list(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    let page = ctx.store.list::<User>(&query.page()?).await?;
    let names = team_names(&ctx).await?;
    let row = |user: &User| Row {
        id: user.id.to_string(),
        who: Person::of(&ctx, user),
        email: user.email.clone(),
        role: role_name(user.role),
        teams: named(&user.team_ids, &names),
        is_reachable: user.verified_contacts().next().is_some(),
    };
    Ok(shown(&List {
        frame: Frame::new(Section::People, &visitor),
        rows: page.items.iter().map(|found| row(&found.value)).collect(),
        older: Older::of("/people", query.after.as_deref(), page.next.as_deref()),
        may_administer: visitor.may_administer(),
        roles: roles(&visitor, Role::Responder),
        teams: choices::teams(&ctx, &[]).await?,
    }))
}

pub async fn one(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<UserId>, Problem>,
    Asked(after): Asked<After>,
) -> Result<Response, Refused> {
    let found = load::<User>(&ctx, id).await?;
    let user = &found.value;
    let right = if user.role == Role::Owner {
        Right::Own
    } else {
        Right::Administer
    };
    let may_change = visitor.who.may(right).is_ok();
    let is_me = user.id == visitor.user.id;
    let tokens = if may_change && !is_me {
        tokens::of(&ctx, user, visitor.now, &visitor.zone()).await?
    } else {
        Vec::new()
    };
    let contact = |contact: &Contact| (words::medium(contact.kind), contact.verified_at.is_some());
    Ok(shown(&One {
        frame: Frame::new(Section::People, &visitor),
        id: user.id.to_string(),
        version: found.version,
        who: Person::of(&ctx, user),
        email: user.email.clone(),
        role: role_name(user.role),
        time_zone: user.time_zone.clone(),
        team_names: named(&user.team_ids, &team_names(&ctx).await?),
        contacts: user.contacts.iter().map(contact).collect(),
        may_invite: may_change && user.password_hash.is_none() && ctx.gateways.of(Medium::Email).is_some(),
        is_invited: after.done.is_some(),
        may_change,
        is_me,
        reach: Reach::of(&found, &ctx.gateways, false),
        tokens,
        may_remove_picture: visitor.who.may(Right::SettingsOf(user.id)).is_ok(),
        roles: roles(&visitor, user.role),
        teams: choices::teams(&ctx, &user.team_ids).await?,
    }))
}

/// What was just done.
#[derive(Debug, Deserialize)]
pub struct After {
    done: Option<Done>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Done {
    Invited,
}

#[derive(Debug, Template)]
#[template(path = "configuration/leave.html")]
struct Leave {
    frame: Frame,
    id: String,
    version: u64,
    who: Person,
    /// What they are needed for: its name, its address.
    policies: Vec<(String, String)>,
    incidents: Vec<(String, String)>,
    team_names: String,
    substitutes: Vec<Choice>,
}

/// What somebody is still needed for, and who takes their place.
pub async fn leave(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<UserId>, Problem>,
) -> Result<Response, Refused> {
    visitor.who.may(Right::Administer)?;
    let found = load::<User>(&ctx, id).await?;
    let user = &found.value;
    if user.role == Role::Owner {
        visitor.who.may(Right::Own)?;
    }
    let uses = uses_of(&ctx.store, user.id).await?;
    let policy = |one: &Versioned<Policy>| (one.value.name.clone(), format!("/policies/{}", one.value.id));
    let incident = |one: &Versioned<Incident>| (one.value.title.clone(), format!("/incidents/{}", one.value.id));
    let people = ctx.store.list_all::<User>().await?;
    let can = people
        .iter()
        .filter(|other| other.id != user.id && can_stand_in(other).is_ok());
    Ok(shown(&Leave {
        frame: Frame::new(Section::People, &visitor),
        id: user.id.to_string(),
        version: found.version,
        who: Person::of(&ctx, user),
        policies: uses.policies.iter().map(policy).collect(),
        incidents: uses.incidents.iter().map(incident).collect(),
        team_names: named(&user.team_ids, &team_names(&ctx).await?),
        substitutes: by_name(can.map(|other| Choice::new(other.id, &other.name, false)).collect()),
    }))
}
