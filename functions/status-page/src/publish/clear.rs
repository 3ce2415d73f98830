//! A page that was removed: nothing of it stays public, and nothing of it is kept.

use futures_util::{StreamExt, TryStreamExt, stream};
use shared::ctx::Ctx;
use shared::domain::id::PageId;
use shared::domain::status::{Page, folder};
use shared::store::Gone;

use super::PublishError;
use crate::documents::{DEFAULT_KEY, LOST_KEY};

/// Requests to the bucket at once.
const AT_ONCE_MAX: usize = 8;

/// Removes the documents of a page that is not there, then all rows of it. Whoever is cut off leaves what says that it was
/// removed: the next goes on.
pub async fn clear(ctx: &Ctx, page: PageId) -> Result<(), PublishError> {
    let gone = ctx.store.gone(page).await?;
    let itself = gone.iter().find_map(|gone| match gone {
        Gone::Page { slug } => Some(slug),
        _ => None,
    });
    let Some(slug) = itself else {
        return Ok(ctx.store.forget_publisher(page).await?);
    };
    let public = ctx.objects.public();
    if ctx.store.list_all::<Page>().await?.iter().all(|page| !page.is_default) {
        public.delete(DEFAULT_KEY).await?;
        public.delete(LOST_KEY).await?;
    }
    let below = format!("{}/", folder(slug));
    loop {
        // What was deleted is not listed again.
        let some = public.list(&below, None).await?;
        if some.is_empty() {
            break;
        }
        let deletes = some.into_iter().map(|one| async move { public.delete(&one.key).await });
        stream::iter(deletes)
            .buffer_unordered(AT_ONCE_MAX)
            .try_collect::<()>()
            .await?;
    }
    ctx.store.forget_page(page, slug).await?;
    tracing::info!(page_id = %page, slug, "a page that was removed is not public any more");
    Ok(())
}
