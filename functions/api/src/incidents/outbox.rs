//! The local home's outbox: what would have been sent, word for word.

use shared::ctx::Ctx;
use shared::store::OutboxMessage;
use shared::web::{Listed, PageQuery, Problem, page_request};

/// A page of the outbox, newest first.
///
/// # Errors
/// 404 where messages are really sent; 400 naming the parameter; when the table does not answer.
pub async fn page(ctx: &Ctx, query: PageQuery) -> Result<Listed<OutboxMessage>, Problem> {
    if !ctx.config.has_outbox {
        return Err(Problem::not_found());
    }
    let page = page_request(query.limit, query.after.as_deref())?;
    Ok(ctx.store.outbox(&page).await?.into())
}
