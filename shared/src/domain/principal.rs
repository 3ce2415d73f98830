//! Who asks, and what they may do. One type for session and token, one check for every route.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actor::{Actor, ActorKind};
use super::id::{TeamId, TokenId, UserId};
use super::people::{Role, User};

/// What a token may be used for. Every scope includes reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See everything its owner sees.
    Read,
    /// Act on incidents.
    Respond,
    /// Change services, integrations, policies, channels, contacts and rules.
    Configure,
    /// Change people, teams and tokens.
    Administer,
}

/// An API token. Its secret is kept hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub user_id: UserId,
    /// What it is for, in its owner's words.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// SHA-256 of its secret part, in hex.
    pub secret_hash: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working; none = never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl Token {
    /// Whether it acts for `user` at `now`: it is theirs, its time is not over, and they have not taken all of theirs back
    /// since.
    pub fn is_of(&self, user: &User, now: Timestamp) -> bool {
        let expired = self.expires_at.is_some_and(|at| at <= now);
        let taken_back = user.tokens_ended_at.is_some_and(|at| self.created_at < at);
        self.user_id == user.id && !expired && !taken_back
    }
}

/// Somebody who asks: a person's rights, cut by the scopes of the token they came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The person.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Their teams.
    pub team_ids: Vec<TeamId>,
    /// The token they came with; none for a person in a browser.
    pub token: Option<(TokenId, Vec<Scope>)>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To see.
    Read,
    /// To act on incidents.
    Respond,
    /// To change something that this team owns; none: something that no team owns.
    Configure(Option<TeamId>),
    /// To change a person's own settings: contacts, rules, tokens.
    SettingsOf(UserId),
    /// To change people and teams.
    Administer,
    /// To make or unmake an owner.
    Own,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The person's role does not allow it.
    #[error("your role does not allow this")]
    Role,
    /// The token's scopes do not allow it.
    #[error("this token's scopes do not allow this")]
    Scope,
    /// It belongs to a team they are not in: to them it does not exist as something to change.
    #[error("it belongs to another team")]
    OtherTeam,
}

impl Principal {
    /// The person `user`, with the token they came with.
    pub fn of(user: &User, token: Option<&Token>) -> Self {
        Self {
            user_id: user.id,
            name: user.name.clone(),
            role: user.role,
            team_ids: user.team_ids.clone(),
            token: token.map(|token| (token.id, token.scopes.clone())),
        }
    }

    /// Whether they may.
    ///
    /// # Errors
    /// The reason why not.
    pub fn may(&self, right: Right) -> Result<(), Refusal> {
        let (scope, by_role) = match right {
            Right::Read => (None, Ok(())),
            Right::Respond => (Some(Scope::Respond), self.at_least(Role::Responder)),
            Right::Configure(team) => (Some(Scope::Configure), self.owns(team)),
            Right::SettingsOf(user) if user == self.user_id => (Some(Scope::Configure), Ok(())),
            Right::SettingsOf(_) | Right::Administer => (Some(Scope::Administer), self.at_least(Role::Admin)),
            Right::Own => (Some(Scope::Administer), self.at_least(Role::Owner)),
        };
        by_role?;
        match (&self.token, scope) {
            (Some((_, scopes)), Some(scope)) if !scopes.contains(&scope) => Err(Refusal::Scope),
            _ => Ok(()),
        }
    }

    /// Who they are in the record of a change.
    pub fn actor(&self) -> Actor {
        // A person's token acts as that person: the record names both.
        let name = self.name.clone();
        match &self.token {
            Some((token, _)) => {
                let user_id = Some(self.user_id);
                Actor {
                    kind: ActorKind::Token,
                    id: Some(token.to_string()),
                    name,
                    user_id,
                }
            }
            None => Actor {
                kind: ActorKind::User,
                id: Some(self.user_id.to_string()),
                name,
                user_id: None,
            },
        }
    }

    fn at_least(&self, role: Role) -> Result<(), Refusal> {
        if self.role >= role { Ok(()) } else { Err(Refusal::Role) }
    }

    fn owns(&self, team: Option<TeamId>) -> Result<(), Refusal> {
        match (self.role, team) {
            (Role::Owner | Role::Admin, _) => Ok(()),
            (Role::Responder, Some(team)) if self.team_ids.contains(&team) => Ok(()),
            (Role::Responder, Some(_)) => Err(Refusal::OtherTeam),
            (Role::Responder, None) | (Role::Viewer, _) => Err(Refusal::Role),
        }
    }
}
