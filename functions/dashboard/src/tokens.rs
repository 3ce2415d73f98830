//! API tokens in lists: one's own in the settings, others' on the page of a person.

use jiff::Timestamp;
use shared::accounts::tokens_of;
use shared::ctx::Ctx;
use shared::domain::people::User;
use shared::domain::principal::{Scope, Token};
use shared::store::{StoreError, Versioned};

use crate::page::{Moment, Zone};

#[derive(Debug)]
pub struct TokenRow {
    pub id: String,
    pub version: u64,
    pub name: String,
    pub scopes: String,
    pub until: Option<Moment>,
}

/// The tokens that act for this person.
pub async fn of(ctx: &Ctx, user: &User, now: Timestamp, zone: &Zone) -> Result<Vec<TokenRow>, StoreError> {
    let row = |found: Versioned<Token>| TokenRow {
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
    };
    Ok(tokens_of(ctx, user, now).await?.into_iter().map(row).collect())
}

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "read",
        Scope::Respond => "respond",
        Scope::Configure => "configure",
        Scope::Administer => "administer",
    }
}
