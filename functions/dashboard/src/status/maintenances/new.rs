//! A maintenance that is about to be announced.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::id::PageId;
use shared::domain::principal::Right;
use shared::domain::status::Page;
use shared::web::{Id, Problem};

use super::fields::Fields;
use crate::page::{Frame, Refused, Section, Visitor, load, shown};
use crate::status::{Tab, Tabs};

#[derive(Debug, Template)]
#[template(path = "status/maintenances/new.html")]
struct New {
    frame: Frame,
    tabs: Tabs,
    id: PageId,
    fields: Fields,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<PageId>, Problem>,
) -> Result<Response, Refused> {
    visitor.who.may(Right::Respond)?;
    let page = load::<Page>(&ctx, id).await?.value;
    Ok(shown(&New {
        frame: Frame::new(Section::Status, &visitor),
        tabs: Tabs::new(&ctx, &page, Tab::Maintenances),
        id: page.id,
        fields: Fields::load(&ctx, page.id, None, &visitor, &visitor.zone()).await?,
    }))
}
