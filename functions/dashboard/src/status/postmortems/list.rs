//! All postmortems, those of the newest incidents first.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::status::Postmortem;
use shared::web::PageQuery;

use crate::page::{Asked, Frame, Moment, Older, People, Person, Refused, Section, Visitor, shown};

#[derive(Debug, Template)]
#[template(path = "status/postmortems/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    older: Older,
}

#[derive(Debug)]
struct Row {
    id: String,
    title: String,
    who: Person,
    written: Moment,
    /// When it became public.
    published: Option<Moment>,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    let found = ctx.store.list::<Postmortem>(&query.page()?).await?;
    let all: Vec<Postmortem> = found.items.into_iter().map(|row| row.value).collect();
    let writers = all.iter().filter_map(|one| one.updated_by.person());
    let (posts, people) = futures_util::try_join!(
        ctx.store.posts_by_id(all.iter().filter_map(|one| one.post_id)),
        People::load(&ctx, writers),
    )?;
    let zone = visitor.zone();
    let row = |one: Postmortem| {
        let post = posts.iter().find(|post| Some(post.value.id) == one.post_id);
        let published = post.and_then(|post| one.published(&post.value));
        Row {
            id: one.incident_id.to_string(),
            who: people.actor(&one.updated_by),
            written: zone.moment(one.updated_at),
            published: published.map(|update| zone.moment(update.at)),
            title: one.title,
        }
    };
    Ok(shown(&List {
        frame: Frame::new(Section::Insights, &visitor),
        older: Older::of("/postmortems", query.after.as_deref(), found.next.as_deref()),
        rows: all.into_iter().map(row).collect(),
    }))
}
