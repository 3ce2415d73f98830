//! What is still to be done before anybody can be woken: shown to those who can do it, where there is nothing else to show.

use shared::ctx::Ctx;
use shared::domain::policy::Policy;
use shared::domain::principal::Right;
use shared::domain::service::{Integration, Service};
use shared::store::{Entity, IncidentFilter, PageRequest, StoreError};

use crate::page::Visitor;

/// One thing to do.
#[derive(Debug)]
pub struct Step {
    pub words: &'static str,
    pub url: &'static str,
    pub is_done: bool,
}

/// The steps of setting up, done ones among them; none when all are done, or when this visitor cannot do them.
pub async fn first_steps(ctx: &Ctx, visitor: &Visitor) -> Result<Vec<Step>, StoreError> {
    if visitor.who.may(Right::Configure(None)).is_err() {
        return Ok(Vec::new());
    }
    let (first, any) = (one(), IncidentFilter::default());
    // Several queries at once make a large future.
    let (has_policy, has_service, has_integration, incidents) = Box::pin(async {
        futures_util::try_join!(
            is_any::<Policy>(ctx),
            is_any::<Service>(ctx),
            is_any::<Integration>(ctx),
            ctx.store.incidents(&any, &first),
        )
    })
    .await?;
    let steps = [
        (
            "Show that a contact reaches you",
            "/settings",
            visitor.user.verified_contacts().next().is_some(),
        ),
        ("Say who is asked, and in which order", "/policies", has_policy),
        ("Name what may break", "/services", has_service),
        ("Add what reports it, and point it here", "/services", has_integration),
        ("Send a first alert", "/services", !incidents.items.is_empty()),
    ];
    if steps.iter().all(|(.., is_done)| *is_done) {
        return Ok(Vec::new());
    }
    let steps = steps.map(|(words, url, is_done)| Step { words, url, is_done });
    Ok(steps.into())
}

async fn is_any<T: Entity>(ctx: &Ctx) -> Result<bool, StoreError> {
    Ok(!ctx.store.list::<T>(&one()).await?.items.is_empty())
}

fn one() -> PageRequest {
    let mut page = PageRequest::first();
    page.limit = 1;
    page
}
