//! Teams, which own things, and channels, which many people read.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::people::{Channel, Team, User};
use shared::store::Versioned;
use shared::web::PageQuery;

use super::choices;
use crate::page::{Asked, Choice, Frame, Older, Person, Refused, Section, Visitor, shown};
use crate::words;

#[derive(Debug, Template)]
#[template(path = "configuration/teams.html")]
struct Teams {
    frame: Frame,
    rows: Vec<TeamRow>,
    older: Older,
    may_administer: bool,
}

#[derive(Debug)]
struct TeamRow {
    id: String,
    version: u64,
    name: String,
    people: Vec<Person>,
}

#[derive(Debug, Template)]
#[template(path = "configuration/channels.html")]
struct Channels {
    frame: Frame,
    rows: Vec<ChannelRow>,
    older: Older,
    may_make: bool,
    teams: Vec<Choice>,
    has_topics: bool,
}

#[derive(Debug)]
struct ChannelRow {
    id: String,
    version: u64,
    name: String,
    kind: &'static str,
    address: String,
    /// Empty: no team.
    team_id: String,
    may_change: bool,
}

pub async fn teams(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    let page = ctx.store.list::<Team>(&query.page()?).await?;
    let mut people: HashMap<_, Vec<Person>> = HashMap::new();
    for user in ctx.store.list_all::<User>().await? {
        for team in &user.team_ids {
            people.entry(*team).or_default().push(Person::of(&ctx, &user));
        }
    }
    let row = |Versioned { value: team, version }: Versioned<Team>| TeamRow {
        id: team.id.to_string(),
        version,
        people: people.remove(&team.id).unwrap_or_default(),
        name: team.name,
    };
    Ok(shown(&Teams {
        frame: Frame::new(Section::More, &visitor),
        older: Older::of("/teams", query.after.as_deref(), page.next.as_deref()),
        rows: page.items.into_iter().map(row).collect(),
        may_administer: visitor.may_administer(),
    }))
}

pub async fn channels(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    let page = ctx.store.list::<Channel>(&query.page()?).await?;
    let row = |Versioned {
                   value: channel,
                   version,
               }: Versioned<Channel>| ChannelRow {
        id: channel.id.to_string(),
        version,
        may_change: visitor.may_configure(channel.team_id),
        team_id: channel.team_id.map(|id| id.to_string()).unwrap_or_default(),
        name: channel.name,
        kind: words::medium(channel.kind),
        address: channel.address,
    };
    Ok(shown(&Channels {
        frame: Frame::new(Section::More, &visitor),
        older: Older::of("/channels", query.after.as_deref(), page.next.as_deref()),
        rows: page.items.into_iter().map(row).collect(),
        may_make: visitor.may_make(),
        teams: choices::owners(&ctx, &visitor, None).await?,
        has_topics: ctx.gateways.topic.is_some(),
    }))
}
