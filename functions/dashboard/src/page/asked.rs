//! What an address asks for: the thing it names, and what stands behind its `?`.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use shared::ctx::Ctx;
use shared::store::{Entity, Versioned};
use shared::web::{Id, Problem};

use super::refused::Refused;

/// Query parameters of a page.
#[derive(Debug, Clone)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Ctx> for Asked<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Refused> {
        let query = Query::<T>::from_request_parts(parts, ctx).await;
        query
            .map(|Query(value)| Self(value))
            .map_err(|rejection| Refused::invalid(&rejection.body_text()))
    }
}

/// The row that an address names, or the page that says there is none.
pub async fn load<T: Entity>(ctx: &Ctx, id: Result<Id<T::Id>, Problem>) -> Result<Versioned<T>, Refused> {
    let Id(id) = id?;
    ctx.store.load::<T>(id).await?.ok_or_else(Refused::missing)
}
