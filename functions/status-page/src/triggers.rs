//! The three ways in. Each finds the pages that its event is about, and calls [`publish`] for each.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use futures_util::{StreamExt, stream};
use lambda_runtime::Error;
use shared::ctx::Ctx;
use shared::domain::id::{IncidentId, PageId, PostId, ServiceId};
use shared::domain::service::Service;
use shared::domain::status::{Component, Page};
use shared::queue::{Hint, PageHint};
use shared::runtime::{AttributeValue, Swept};
use shared::store::{MaintenanceDue, PublicationDue, StoreError};

use crate::publish::{Hinted, PublishError, Published, publish};

/// What metrics call the due lists of publications and maintenances.
const LIST: &str = "publications";
/// Pages published at once in one invocation.
const AT_ONCE_MAX: usize = 4;

/// Woken by the table's stream: something was written that a page may tell of. A fast path only; the tick covers all of it.
///
/// # Errors
/// When a page could not be published: the stream's batch is tried again, in halves.
pub async fn handle_stream(event: StreamEvent, ctx: Ctx) -> Result<DynamoDbEventResponse, Error> {
    let mut told = Told::default();
    event.records.iter().for_each(|record| told.take_in(record));
    for (page, result) in publish_all(&ctx, told.pages(&ctx).await?).await {
        if let Err(error) = result {
            tracing::warn!(page_id = %page, %error, "a page was not published from the stream");
            return Err(error.into());
        }
    }
    Ok(DynamoDbEventResponse::default())
}

/// What records are about.
#[derive(Debug, Default)]
struct Told {
    pages: BTreeMap<PageId, Hinted>,
    services: BTreeMap<ServiceId, Vec<IncidentId>>,
}

impl Told {
    fn take_in(&mut self, record: &EventRecord) {
        let (new, old) = (&record.change.new_image, &record.change.old_image);
        let text = |name: &str| match new.get(name) {
            Some(AttributeValue::S(text)) => Some(text.as_str()),
            _ => None,
        };
        let same = |name: &str| new.get(name) == old.get(name);
        let page = |name: &str| text(name).and_then(|text| text.parse::<PageId>().ok());
        match text("kind_") {
            // Who is paged, and when next, is nothing that the public hears of. Whom a person asked for in spite of a
            // maintenance is: what that announced explains it no longer.
            Some("incident") if same("status") && same("severity") && same("pages_anyway") => {}
            Some("incident") => {
                if let (Some(service), Some(incident)) = (parsed(text("service_id")), parsed(text("id"))) {
                    self.services.entry(service).or_default().push(incident);
                }
            }
            Some("service") if same("components") && same("publication") => {}
            Some("service") => {
                if let Some(service) = parsed(text("id")) {
                    self.services.entry(service).or_default();
                }
            }
            // Without a due time it is published already.
            Some("post") if new.get("pk2").is_none() => {}
            Some("post") => {
                if let Some(page) = page("page_id") {
                    let posts = &mut self.pages.entry(page).or_default().posts;
                    posts.extend(parsed::<PostId>(text("id")));
                }
            }
            Some("page") => {
                if let Some(page) = page("id") {
                    self.pages.entry(page).or_default();
                }
            }
            // Our own writes say nothing new; a person's word does.
            Some("publication") if same("confirmed") && same("dismissed_at") => {}
            _ => {
                if let Some(page) = page("page_id") {
                    self.pages.entry(page).or_default();
                }
            }
        }
    }

    /// The pages, with what is known of them.
    async fn pages(self, ctx: &Ctx) -> Result<BTreeMap<PageId, Hinted>, StoreError> {
        let mut pages = self.pages;
        if self.services.is_empty() {
            return Ok(pages);
        }
        let services = ctx.store.load_many::<Service>(self.services.keys().copied()).await?;
        let affected = services.iter().flat_map(|one| one.components.iter());
        let ids: BTreeSet<_> = affected.map(|one| one.component_id).collect();
        let components = ctx.store.load_many::<Component>(ids).await?;
        for service in &services {
            for affected in &service.components {
                let Some(component) = components.iter().find(|one| one.id == affected.component_id) else {
                    continue;
                };
                let hinted = &mut pages.entry(component.page_id).or_default().incidents;
                hinted.extend(self.services.get(&service.id).into_iter().flatten());
            }
        }
        for hinted in pages.values_mut() {
            hinted.incidents.sort_unstable();
            hinted.incidents.dedup();
        }
        Ok(pages)
    }
}

fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

/// Woken by a hint: something on a page is due.
///
/// # Errors
/// Never as a whole: a message that fails is named in the answer and received again.
pub async fn handle_queue(event: SqsEvent, ctx: Ctx) -> Result<SqsBatchResponse, Error> {
    let mut response = SqsBatchResponse::default();
    let mut messages: BTreeMap<PageId, Vec<String>> = BTreeMap::new();
    for message in event.records {
        let id = message.message_id.unwrap_or_default();
        match serde_json::from_str::<Hint<PageHint>>(message.body.as_deref().unwrap_or("")) {
            Ok(hint) => messages.entry(hint.what.page_id).or_default().push(id),
            Err(error) => {
                // It fails until it ends in the dead-letter queue, where somebody can see it.
                tracing::warn!(%error, "a hint cannot be read");
                response.add_failure(id);
            }
        }
    }
    let pages = messages.keys().map(|page| (*page, Hinted::default())).collect();
    for (page, result) in publish_all(&ctx, pages).await {
        if let Err(error) = result {
            tracing::warn!(page_id = %page, %error, "a page was not published from a hint");
            for id in messages.remove(&page).into_iter().flatten() {
                response.add_failure(id);
            }
        }
    }
    Ok(response)
}

/// Woken every minute: publishes every page, whatever was lost. A page on which nothing changed costs a few reads.
///
/// # Errors
/// When the pages cannot be listed, or any could not be published; all were tried.
pub async fn handle_sweep(_: EventBridgeEvent<serde_json::Value>, ctx: Ctx) -> Result<Swept, Error> {
    let now = ctx.clock.now();
    // One after the other: each reads as many shards at once as there are connections.
    let publications = ctx.store.due::<PublicationDue>(now).await?;
    let maintenances = ctx.store.due::<MaintenanceDue>(now).await?;
    let pages = ctx.store.list_all::<Page>().await?;
    let due = publications
        .iter()
        .map(|due| due.at)
        .chain(maintenances.iter().map(|due| due.at));
    let worst = due.clone().min().map(|at| now.duration_since(at));
    let found = due.count();
    // What is due may be of a page that was removed: that is what is due.
    let pages = pages.into_iter().map(|page| page.id);
    let pages = pages.chain(publications.iter().map(|due| due.what.0));
    let pages = pages.map(|page| (page, Hinted::default())).collect();
    let results = publish_all(&ctx, pages).await;
    for (page, error) in results
        .iter()
        .filter_map(|(page, result)| Some((page, result.as_ref().err()?)))
    {
        tracing::warn!(page_id = %page, %error, "a page was not published by the tick");
    }
    Swept {
        found,
        hinted: 0,
        failed: results.iter().filter(|(_, result)| result.is_err()).count(),
        lateness_ms: worst.map(|worst| worst.as_millis() as i64),
    }
    .report(LIST)
}

async fn publish_all(ctx: &Ctx, pages: BTreeMap<PageId, Hinted>) -> Vec<(PageId, Result<Published, PublishError>)> {
    let all = stream::iter(pages).map(|(page, hinted)| async move { (page, publish(ctx, page, &hinted).await) });
    all.buffer_unordered(AT_ONCE_MAX).collect().await
}
