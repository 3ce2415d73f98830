//! The page of one's own settings.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::people::User;
use shared::domain::session::Session;

use crate::page::{Asked, Frame, Moment, Refused, Section, Visitor, Zone, shown, zones};
use crate::reach::Reach;
use crate::tokens::{self, TokenRow};

#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// What was just done.
    done: Option<Done>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Done {
    Password,
    SignedOut,
    Theme,
}

#[derive(Debug, Template)]
#[template(path = "settings/settings.html")]
struct Page {
    frame: Frame,
    done: Option<&'static str>,
    id: String,
    version: u64,
    name: String,
    time_zone: String,
    zones: Vec<String>,
    reach: Reach,
    tokens: Vec<TokenRow>,
    token_count: usize,
    sessions: Vec<SessionRow>,
    has_password: bool,
    has_other_sessions: bool,
}

#[derive(Debug)]
struct SessionRow {
    id: String,
    agent: String,
    address: String,
    since: Moment,
    is_this: bool,
}

pub async fn show(visitor: Visitor, State(ctx): State<Ctx>, Asked(wanted): Asked<Wanted>) -> Result<Response, Refused> {
    let found = ctx.store.load::<User>(visitor.user.id).await?;
    let found = found.ok_or_else(Refused::missing)?;
    let (user, zone) = (&found.value, visitor.zone());
    let sessions = ctx.store.sessions_of(user.id).await?;
    let sessions: Vec<SessionRow> = sessions
        .into_iter()
        .filter(|session| session.is_of(user, visitor.now))
        .map(|session| session_row(session, &visitor, &zone))
        .collect();
    let tokens = tokens::of(&ctx, user, visitor.now, &zone).await?;
    Ok(shown(&Page {
        frame: Frame::new(Section::Settings, &visitor),
        done: wanted.done.map(|done| match done {
            Done::Password => "Your password is changed, and you are signed out everywhere else.",
            Done::SignedOut => "Signed out there.",
            Done::Theme => "This browser keeps to it.",
        }),
        id: user.id.to_string(),
        version: found.version,
        name: user.name.clone(),
        time_zone: user.time_zone.clone(),
        zones: zones(),
        reach: Reach::of(&found, &ctx.gateways, true),
        token_count: tokens.len(),
        tokens,
        has_password: user.password_hash.is_some(),
        has_other_sessions: sessions.iter().any(|session| !session.is_this),
        sessions,
    }))
}

fn session_row(session: Session, visitor: &Visitor, zone: &Zone) -> SessionRow {
    SessionRow {
        id: session.id.to_string(),
        since: zone.moment(session.created_at),
        is_this: session.id == visitor.session.id,
        agent: session.agent,
        address: session.address,
    }
}
