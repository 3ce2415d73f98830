//! The postmortem of an incident: what is written, what is missing until it is public, and how the incident went.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::id::{IncidentId, PageId, PostId};
use shared::domain::incident::{Incident, Status};
use shared::domain::limits;
use shared::domain::status::postmortem::{Part, Step};
use shared::domain::status::{Locale, Page, Post, Postmortem, words};
use shared::domain::text::{cut_chars, plain};
use shared::store::{PageRequest, StoreError, Versioned};
use shared::web::{Id, Problem};
use shared::{postmortems, publications};

use crate::page::{Choice, Frame, Moment, People, Person, Refused, Section, Visitor, Zone, shown};
use crate::status::posts::names;

/// Characters of a post's title among those that may be chosen.
const TITLE_CHARS_MAX: usize = 60;
/// Posts of a page that may be chosen: the newest.
const POSTS_MAX: usize = 30;

#[derive(Debug, Template)]
#[template(path = "status/postmortems/one.html")]
struct One {
    frame: Frame,
    id: IncidentId,
    title: String,
    is_over: bool,
    written: Option<Written>,
}

/// There is one.
#[derive(Debug)]
struct Written {
    version: u64,
    who: Person,
    at: Moment,
    parts: Vec<PartField>,
    posts: Vec<Choice>,
    post: Option<Told>,
    /// Pages on which the incident could be told of, where it is not.
    pages: Vec<(PageId, String)>,
    /// Headings of parts that nobody has written.
    unwritten: Vec<&'static str>,
    published: Option<Published>,
    steps: Vec<StepRow>,
}

#[derive(Debug)]
struct PartField {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    text: String,
    rows: usize,
}

/// The post that it is published in.
#[derive(Debug)]
struct Told {
    id: PostId,
    title: String,
    is_open: bool,
    is_withdrawn: bool,
}

#[derive(Debug)]
struct Published {
    at: Moment,
    url: String,
    /// Whether the public reads what is written here.
    is_current: bool,
}

#[derive(Debug)]
struct StepRow {
    words: &'static str,
    at: Option<Moment>,
    /// How long after the alert.
    after: Option<String>,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<IncidentId>, Problem>,
) -> Result<Response, Refused> {
    let Id(id) = id?;
    let (incident, found) = futures_util::try_join!(ctx.store.incident(id), ctx.store.load::<Postmortem>(id))?;
    let incident = incident.ok_or_else(Refused::missing)?.value;
    let written = match found {
        Some(found) => Some(Box::pin(written(&ctx, &visitor, &incident, found)).await?),
        None => None,
    };
    Ok(shown(&One {
        frame: Frame::new(Section::Incidents, &visitor),
        id,
        is_over: incident.status == Status::Resolved,
        title: incident.title,
        written,
    }))
}

async fn written(
    ctx: &Ctx,
    visitor: &Visitor,
    incident: &Incident,
    found: Versioned<Postmortem>,
) -> Result<Written, StoreError> {
    let Versioned { version, value: one } = found;
    let (post, people, told, pages) = futures_util::try_join!(
        postmortems::post(ctx, &one),
        People::load(ctx, one.updated_by.person()),
        publications::told(ctx, incident.into()),
        ctx.store.list_all::<Page>(),
    )?;
    let ids: Vec<PageId> = pages.iter().map(|page| page.id).collect();
    let mut newest = PageRequest::first();
    newest.limit = POSTS_MAX;
    let (posts, steps) = futures_util::try_join!(
        ctx.store.posts(&ids, &newest),
        postmortems::steps(ctx, incident, &one, post.as_ref()),
    )?;
    let zone = visitor.zone();
    let page_of = |post: &Post| pages.iter().find(|page| page.id == post.page_id);
    let published = post.as_ref().and_then(|post| {
        let (update, page) = (one.published(post)?, page_of(post)?);
        Some(Published {
            at: zone.moment(update.at),
            url: format!("{}/incidents/{}", ctx.page_url(page), post.id),
            is_current: update.body == one.parts.composed(words::of(page.locale)),
        })
    });
    let posts = posts.items.into_iter().map(|row| row.value);
    let chosen = post.iter().cloned();
    let mut choices: Vec<Post> = posts
        .filter(|other| Some(other.id) != one.post_id)
        .chain(chosen)
        .collect();
    choices.sort_by_key(|post| std::cmp::Reverse(post.id));
    let choice = |choice: Post| {
        let name = format!(
            "{} ({}, {})",
            cut_chars(&plain(&choice.title), TITLE_CHARS_MAX),
            zone.moment(choice.started_at).short,
            names::standing(&choice)
        );
        Choice::new(choice.id, &name, Some(choice.id) == one.post_id)
    };
    Ok(Written {
        version,
        who: people.actor(&one.updated_by),
        at: zone.moment(one.updated_at),
        parts: Part::EACH.map(|part| field(part, one.parts.get(part))).into(),
        posts: choices.into_iter().map(choice).collect(),
        pages: told.into_iter().map(|one| (one.page.id, one.page.name)).collect(),
        unwritten: one
            .parts
            .unwritten()
            .into_iter()
            .map(|part| words::of(Locale::En).heading(part))
            .collect(),
        published,
        post: post.map(|post| Told {
            id: post.id,
            is_open: post.status.is_open(),
            is_withdrawn: post.withdrawn.is_some(),
            title: post.title,
        }),
        steps: steps
            .into_iter()
            .map(|step| StepRow::new(step, incident.created_at, &zone))
            .collect(),
    })
}

fn field(part: Part, text: &str) -> PartField {
    let hint = match part {
        Part::WhatHappened => {
            "Drafted from the times that are known. Say it so that somebody who was not there understands it."
        }
        Part::Impact => "Who noticed it, and what could they not do? How many of them?",
        Part::Causes => "Why was it possible, and why was it not seen earlier? Causes, not culprits.",
        Part::NextSteps => "What is done so that it does not happen again, or is over sooner, and by when?",
    };
    PartField {
        name: part.as_str(),
        label: words::of(Locale::En).heading(part),
        hint,
        rows: text.lines().count().clamp(4, 16) + 1,
        text: text.to_owned(),
    }
}

impl StepRow {
    fn new((step, at): (Step, Option<Timestamp>), opened_at: Timestamp, zone: &Zone) -> Self {
        let after = at.filter(|_| step != Step::Opened).map(|at| after(opened_at, at));
        Self {
            words: match step {
                Step::Opened => "The alert came",
                Step::Paged => "Somebody was paged",
                Step::Acknowledged => "Somebody took it",
                Step::Told => "The public was told",
                Step::Resolved => "It was over",
                Step::ToldOver => "The public was told that it was over",
                Step::Written => "All four parts are written",
                Step::Published => "The postmortem is public",
            },
            at: at.map(|at| zone.moment(at)),
            after,
        }
    }
}

/// How long after the alert: in the largest unit that has at least two.
fn after(from: Timestamp, at: Timestamp) -> String {
    let seconds = at.duration_since(from).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s after the alert"),
        120..7_200 => format!("{} min after the alert", seconds / 60),
        7_200..172_800 => format!("{} h after the alert", seconds / 3_600),
        _ => format!("{} days after the alert", seconds / 86_400),
    }
}
