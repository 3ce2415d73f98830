//! All status pages, and how each stands.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use futures_util::future::try_join_all;
use shared::ctx::Ctx;
use shared::domain::status::{Component, Page, PublicationState};
use shared::store::{StoreError, Versioned};
use shared::web::PageQuery;

use super::standing::{self, Badge, Standing};
use crate::page::{Asked, Frame, Older, Refused, Section, Visitor, shown};

#[derive(Debug, Template)]
#[template(path = "status/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    older: Older,
    may_make: bool,
}

#[derive(Debug)]
struct Row {
    id: String,
    name: String,
    url: String,
    is_default: bool,
    /// None: there is nothing on it that could stand in any way.
    badge: Option<Badge>,
    posts: usize,
    maintenances: usize,
    /// Services of which somebody is asked whether the public is told.
    asks: usize,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    let request = query.page()?;
    let (found, components) =
        futures_util::try_join!(ctx.store.list::<Page>(&request), ctx.store.list_all::<Component>())?;
    let older = Older::of("/pages", query.after.as_deref(), found.next.as_deref());
    let rows = found.items.into_iter().map(|page| row(&ctx, page, &components));
    Ok(shown(&List {
        frame: Frame::new(Section::Status, &visitor),
        rows: try_join_all(rows).await?,
        older,
        may_make: visitor.may_make(),
    }))
}

async fn row(ctx: &Ctx, page: Versioned<Page>, components: &[Component]) -> Result<Row, StoreError> {
    let page = page.value;
    let ((posts, maintenances), publications) =
        futures_util::try_join!(standing::open(ctx, page.id), ctx.store.publications(page.id))?;
    let own: Vec<Component> = components
        .iter()
        .filter(|one| one.page_id == page.id)
        .cloned()
        .collect();
    let standing = Standing::of(&own, posts, maintenances);
    let asks = publications.iter().filter(|row| {
        let is_asked = matches!(row.value.state, PublicationState::Asked { .. });
        is_asked && !row.value.confirmed
    });
    Ok(Row {
        id: page.id.to_string(),
        url: ctx.page_url(&page),
        badge: own.iter().any(|one| !one.is_group).then(|| standing.rollup()),
        posts: standing.posts.len(),
        maintenances: standing.maintenances.len(),
        asks: asks.count(),
        is_default: page.is_default,
        name: page.name,
    })
}
