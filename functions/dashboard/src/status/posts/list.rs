//! The posts of a page: those that are open first, then what is over.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::id::PageId;
use shared::domain::status::{Page, Post};
use shared::domain::text::{cut_chars, prose};
use shared::store::Versioned;
use shared::web::{Id, PageQuery, Problem};

use super::names;
use crate::page::{Asked, Frame, Moment, Older, People, Person, Refused, Section, Visitor, Zone, load, shown};
use crate::status::{Tab, Tabs};

/// Characters of the last words that a row shows.
const WORDS_CHARS_MAX: usize = 160;

#[derive(Debug, Template)]
#[template(path = "status/posts/list.html")]
struct List {
    frame: Frame,
    tabs: Tabs,
    id: PageId,
    name: String,
    open: Vec<Row>,
    closed: Vec<Row>,
    /// Whether it is the first page, which has the open ones.
    is_first: bool,
    older: Older,
    may_write: bool,
}

#[derive(Debug)]
struct Row {
    id: String,
    title: String,
    class: &'static str,
    standing: &'static str,
    impact: &'static str,
    from: Moment,
    until: Option<Moment>,
    is_automatic: bool,
    /// Who wrote last.
    who: Option<Person>,
    words: String,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<PageId>, Problem>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    let page = load::<Page>(&ctx, id).await?.value;
    let request = query.page()?;
    let is_first = query.after.is_none();
    let (open, closed) = futures_util::try_join!(
        async {
            if is_first {
                ctx.store.open_posts(page.id).await
            } else {
                Ok(Vec::new())
            }
        },
        ctx.store.closed_posts(page.id, &request),
    )?;
    let writers = open.iter().chain(&closed.items);
    let writers = writers.filter_map(|row| row.value.updates.last()?.by.person());
    let people = People::load(&ctx, writers).await?;
    let zone = visitor.zone();
    let rows = |posts: Vec<Versioned<Post>>| {
        let row = |post: Versioned<Post>| Row::new(post.value, &people, &zone);
        posts.into_iter().map(row).collect()
    };
    let path = format!("/pages/{}/posts", page.id);
    Ok(shown(&List {
        frame: Frame::new(Section::Status, &visitor),
        tabs: Tabs::new(&ctx, &page, Tab::Posts),
        id: page.id,
        name: page.name,
        older: Older::of(&path, query.after.as_deref(), closed.next.as_deref()),
        open: rows(open),
        closed: rows(closed.items),
        is_first,
        may_write: visitor.may_respond(),
    }))
}

impl Row {
    fn new(post: Post, people: &People, zone: &Zone) -> Self {
        let last = post.updates.last();
        Self {
            id: post.id.to_string(),
            class: names::class(&post),
            standing: names::standing(&post),
            impact: names::impact(post.shown_impact()),
            from: zone.moment(post.started_at),
            until: post.closed_at().map(|at| zone.moment(at)),
            is_automatic: post.automatic,
            who: last.filter(|_| !post.automatic).map(|update| people.actor(&update.by)),
            words: last.map_or_else(String::new, |update| cut_chars(&prose(&update.body), WORDS_CHARS_MAX)),
            title: post.title,
        }
    }
}
