//! Who asks, and everything it takes to answer them: the first thing every handler takes.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::actor::Actor;
use shared::domain::principal::{Principal, Right};
use shared::store::{Change, Store};
use shared::web::{Authenticated, Problem};
use ulid::Ulid;

/// Somebody with valid credentials, in front of the table.
pub struct Caller {
    pub ctx: Ctx,
    pub auth: Authenticated,
    actor: Actor,
}

impl FromRequestParts<Ctx> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Problem> {
        let auth = Authenticated::from_request_parts(parts, ctx).await?;
        let actor = auth.principal.actor();
        Ok(Self {
            ctx: ctx.clone(),
            auth,
            actor,
        })
    }
}

impl Caller {
    /// Whether they may: 403, or 404 where it is another team's.
    pub fn may(&self, right: Right) -> Result<(), Problem> {
        self.auth.may(right)
    }

    /// Whether they may do all of this.
    pub fn may_all(&self, rights: impl IntoIterator<Item = Right>) -> Result<(), Problem> {
        rights.into_iter().try_for_each(|right| self.may(right))
    }

    pub fn principal(&self) -> &Principal {
        &self.auth.principal
    }

    pub fn now(&self) -> Timestamp {
        self.auth.now
    }

    pub fn store(&self) -> &Store {
        &self.ctx.store
    }

    /// Who changes what, and from where, for the audit log.
    pub fn change(&self) -> Change<'_> {
        Change::new(&self.actor, self.now()).from(&self.auth.address)
    }

    /// The id and birth of something new.
    pub fn new_born<T: From<Ulid>>(&self) -> (T, Timestamp) {
        (self.new_id(), self.now())
    }

    /// A new id.
    pub fn new_id<T: From<Ulid>>(&self) -> T {
        self.ctx.random.ulid(self.now()).into()
    }
}
