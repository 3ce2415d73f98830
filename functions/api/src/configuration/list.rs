//! Lists of configuration.

use axum::Json;
use shared::domain::principal::Right;
use shared::store::{Page, PageRequest};
use shared::web::{Listed, Problem, page_request};

use super::caller::Caller;
use super::resource::Resource;

/// Rows that one request for a filtered list looks at, at the most; it then answers a short page with a cursor.
const LOOKED_AT_MAX: usize = 1_000;

/// A page of a kind, newest first.
pub async fn list<R: Resource>(caller: &Caller, page: Result<PageRequest, Problem>) -> Answer<R> {
    list_where::<R>(caller, page, |_| true).await
}

/// A page of those that `wanted` picks, newest first. It may be short and still have a cursor.
pub async fn list_where<R: Resource>(
    caller: &Caller,
    page: Result<PageRequest, Problem>,
    wanted: impl Fn(&R::Entity) -> bool + Send,
) -> Answer<R> {
    caller.may(Right::Read)?;
    let mut page = page?;
    let mut looked_at = 0;
    loop {
        let Page { mut items, next } = caller.store().list::<R::Entity>(&page).await?;
        looked_at += page.limit;
        items.retain(|row| wanted(&row.value));
        match next {
            Some(next) if items.is_empty() && looked_at < LOOKED_AT_MAX => {
                page = page_request(Some(page.limit), Some(&next))?
            }
            next => {
                let items = items.into_iter().map(|row| R::view(caller, row.value)).collect();
                return Ok(Json(Listed { items, next }));
            }
        }
    }
}

/// A list as it is answered.
pub type Answer<R> = Result<Json<Listed<<R as Resource>::View>>, Problem>;
