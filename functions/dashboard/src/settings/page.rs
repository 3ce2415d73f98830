//! The page of one's own settings.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use shared::channel::Gateways;
use shared::ctx::Ctx;
use shared::domain::people::{Contact, Medium, Rule, User};
use shared::domain::principal::{Scope, Token};
use shared::domain::session::Session;
use shared::store::Versioned;

use crate::page::{Asked, Frame, Moment, Refused, Section, Visitor, Zone, minutes, shown};
use crate::words;

/// Ways to reach people, as a form offers them.
const MEDIA: [Medium; 4] = [Medium::Sms, Medium::Voice, Medium::Email, Medium::Webhook];

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
    contacts: Vec<ContactRow>,
    media: Vec<(&'static str, &'static str)>,
    rules: [RuleList; 2],
    token_rows: Vec<TokenRow>,
    tokens: usize,
    sessions: Vec<SessionRow>,
    has_password: bool,
    has_other_sessions: bool,
}

#[derive(Debug)]
struct ContactRow {
    id: String,
    name: String,
    is_verified: bool,
    is_waiting: bool,
}

/// The rules of one urgency.
#[derive(Debug)]
struct RuleList {
    urgency: &'static str,
    heading: &'static str,
    rules: Vec<RuleRow>,
    /// What a rule is when it is added.
    blank: RuleRow,
}

#[derive(Debug)]
struct RuleRow {
    minutes: String,
    contact_id: String,
}

#[derive(Debug)]
struct TokenRow {
    id: String,
    version: u64,
    name: String,
    scopes: String,
    until: Option<Moment>,
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
    let mut tokens = ctx.store.list_all_versioned::<Token>().await?;
    tokens.retain(|token| token.value.user_id == user.id);
    Ok(shown(&Page {
        frame: Frame::new(Section::Settings, &visitor),
        done: wanted.done.map(|done| match done {
            Done::Password => "Your password is changed, and you are signed out everywhere else.",
            Done::SignedOut => "Signed out there.",
        }),
        id: user.id.to_string(),
        version: found.version,
        name: user.name.clone(),
        time_zone: user.time_zone.clone(),
        zones: jiff::tz::db().available().map(|name| name.to_string()).collect(),
        contacts: user.contacts.iter().map(contact_row).collect(),
        media: media(&ctx.gateways),
        rules: [
            rule_list("high", "When something is urgent", &user.rules.high),
            rule_list("low", "When it can wait", &user.rules.low),
        ],
        tokens: tokens
            .iter()
            .filter(|token| token.value.is_of(user, visitor.now))
            .count(),
        token_rows: tokens.into_iter().map(|token| token_row(token, &zone)).collect(),
        has_password: user.password_hash.is_some(),
        has_other_sessions: sessions.iter().any(|session| !session.is_this),
        sessions,
    }))
}

/// The media that this deployment can send by.
fn media(gateways: &Gateways) -> Vec<(&'static str, &'static str)> {
    let can = MEDIA.into_iter().filter(|medium| gateways.of(*medium).is_some());
    can.map(|medium| (medium.as_str(), words::medium(medium))).collect()
}

fn contact_row(contact: &Contact) -> ContactRow {
    ContactRow {
        id: contact.id.to_string(),
        name: format!("{} to {}", words::medium(contact.kind), contact.address),
        is_verified: contact.verified_at.is_some(),
        is_waiting: contact.verification.is_some(),
    }
}

fn rule_list(urgency: &'static str, heading: &'static str, rules: &[Rule]) -> RuleList {
    let row = |rule: &Rule| RuleRow {
        minutes: minutes(rule.after_seconds),
        contact_id: rule.contact_id.to_string(),
    };
    RuleList {
        urgency,
        heading,
        rules: rules.iter().map(row).collect(),
        blank: RuleRow {
            minutes: minutes(0),
            contact_id: String::new(),
        },
    }
}

fn token_row(found: Versioned<Token>, zone: &Zone) -> TokenRow {
    TokenRow {
        id: found.value.id.to_string(),
        version: found.version,
        scopes: found
            .value
            .scopes
            .iter()
            .map(|scope| scope_name(*scope))
            .collect::<Vec<_>>()
            .join(", "),
        until: found.value.expires_at.map(|at| zone.moment(at)),
        name: found.value.name,
    }
}

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "read",
        Scope::Respond => "respond",
        Scope::Configure => "configure",
        Scope::Administer => "administer",
    }
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
