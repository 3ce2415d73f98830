//! One post: what was said, by whom and when; and everything that may be said or done next.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::PostId;
use shared::domain::limits;
use shared::domain::status::{Component, ComponentStatus, Page, Post, PostStatus, PublicationState, Update};
use shared::web::{Id, Problem};

use super::fields::{Effects, Fields, Wording, components_of, impacts};
use super::names;
use super::sharing::Sharing;
use crate::page::{Asked, Choice, Frame, Living, Moment, People, Person, Refused, Section, Visitor, Zone, load, shown};

#[derive(Debug, Deserialize)]
pub struct Wanted {
    part: Option<String>,
    /// `reopen`: it goes on after all.
    say: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "status/posts/one.html")]
struct One {
    frame: Frame,
    id: PostId,
    version: u64,
    page_id: String,
    page: String,
    title: String,
    live: Living,
    may_write: bool,
    may_delete: bool,
    is_open: bool,
    is_withdrawn: bool,
    is_automatic: bool,
    /// Whether Nightbell can go on with it.
    can_be_automatic: bool,
    /// Whether a service opened it, but what it told of is over.
    is_left: bool,
    was_told: bool,
    reopens: bool,
    has_room: bool,
    fields: Fields,
    last: Wording,
    impacts: Vec<Choice>,
    zone: String,
}

#[derive(Debug, Template)]
#[template(path = "status/posts/one_live.html")]
struct Live {
    id: PostId,
    version: u64,
    title: String,
    /// `open` or `resolved`: what may be done changes with it.
    state: &'static str,
    /// Where it stands, for a field of a form.
    stands: &'static str,
    class: &'static str,
    standing: &'static str,
    standing_since: Moment,
    impact: &'static str,
    is_impact_said: bool,
    from: Moment,
    until: Option<Moment>,
    components: Vec<(String, &'static str)>,
    is_open: bool,
    is_automatic: bool,
    by_service: bool,
    withdrawn: Option<Withdrawn>,
    updates: Vec<Said>,
    may_write: bool,
    sharing: Sharing,
}

#[derive(Debug)]
struct Withdrawn {
    at: Moment,
    who: Person,
    reason: Option<String>,
}

/// An update.
#[derive(Debug)]
struct Said {
    id: String,
    who: Person,
    status: &'static str,
    at: Moment,
    /// When it was written, where that is not the time it is of.
    written: Option<Moment>,
    body: String,
    changes: Vec<String>,
    was_told: bool,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<PostId>, Problem>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let found = load::<Post>(&ctx, id).await?;
    let (version, post) = (found.version, found.value);
    let writers = post.updates.iter().map(|update| &update.by);
    let writers = writers.chain(post.withdrawn.iter().map(|withdrawal| &withdrawal.by));
    let writers: Vec<_> = writers.filter_map(|by| by.person()).collect();
    let (page, components, publication, people) = futures_util::try_join!(
        ctx.store.load::<Page>(post.page_id),
        components_of(&ctx, post.page_id),
        async {
            match post.service_id {
                Some(service) => ctx.store.publication(post.page_id, service).await,
                None => Ok(None),
            }
        },
        People::load(&ctx, writers),
    )?;
    let page = page.ok_or_else(Refused::missing)?.value;
    let part = Live::of(
        &post,
        version,
        &components,
        &people,
        &visitor.zone(),
        &visitor,
        Sharing::of(&ctx, &page, &post),
    );
    let live = Living::new(format!("/posts/{}", post.id), &part);
    if wanted.part.as_deref() == Some("live") {
        return Ok(live.alone(&headers));
    }
    // Nightbell goes on with a post only for as long as what it told of is not over.
    let goes_on = publication.is_some_and(|row| {
        let is_going = |state| matches!(state, PublicationState::Open { .. } | PublicationState::Calming { .. });
        is_going(row.value.state) && row.value.post_id() == Some(post.id)
    });
    let reopens = wanted.say.as_deref() == Some("reopen") && !post.status.is_open();
    let status = if reopens {
        PostStatus::Investigating
    } else {
        post.status
    };
    let is_open = post.is_open();
    Ok(shown(&One {
        frame: Frame::new(Section::Status, &visitor),
        id: post.id,
        version,
        page_id: page.id.to_string(),
        live,
        may_write: visitor.may_respond(),
        may_delete: visitor.may_configure(page.team_id),
        is_open,
        is_withdrawn: post.withdrawn.is_some(),
        is_automatic: post.automatic,
        can_be_automatic: is_open && goes_on,
        is_left: is_open && post.service_id.is_some() && !goes_on,
        was_told: post.updates.iter().any(|update| update.deliver_notifications),
        reopens,
        has_room: post.updates.len() < limits::POST_UPDATES_MAX + limits::POST_END_UPDATES_MAX,
        fields: Fields {
            is_carried_over: !reopens,
            ..Fields::of(&page, &components, &carried_over(&post, reopens), status)
        },
        last: Wording {
            name: "The last words",
            status: status.as_str(),
            text: post
                .updates
                .last()
                .map_or_else(String::new, |update| update.body.clone()),
        },
        impacts: impacts(post.impact_override),
        zone: visitor.zone().name().to_owned(),
        page: page.name,
        title: post.title,
    }))
}

/// What a form begins with: what the post does to components, or, when it is opened again, what it did.
fn carried_over(post: &Post, reopens: bool) -> Effects {
    if !reopens || post.components.values().any(|status| status.is_trouble()) {
        return post.components.clone();
    }
    // Its end set them right: as they were before that.
    let ended = post.updates.iter().rev().find(|update| !update.status.is_open());
    let changes = ended.map_or(&[][..], |update| &update.components);
    changes
        .iter()
        .map(|change| (change.component_id, change.old_status))
        .collect()
}

impl Live {
    fn of(
        post: &Post,
        version: u64,
        components: &[Component],
        people: &People,
        zone: &Zone,
        visitor: &Visitor,
        sharing: Sharing,
    ) -> Self {
        let last = post.withdrawn.as_ref().map(|withdrawal| withdrawal.at);
        let last = last.or(post.updates.last().map(|update| update.at));
        Self {
            id: post.id,
            version,
            title: post.title.clone(),
            state: if post.is_open() { "open" } else { "resolved" },
            stands: post.status.as_str(),
            class: names::class(post),
            standing: names::standing(post),
            standing_since: zone.moment(last.unwrap_or(post.updated_at)),
            impact: names::impact(post.shown_impact()),
            is_impact_said: post.impact_override.is_some(),
            from: zone.moment(post.started_at),
            until: post.closed_at().map(|at| zone.moment(at)),
            components: post
                .components
                .iter()
                .map(|(id, status)| (name_of(components, *id), crate::words::component(*status)))
                .collect(),
            is_open: post.is_open(),
            is_automatic: post.automatic,
            by_service: post.service_id.is_some(),
            withdrawn: post.withdrawn.as_ref().map(|withdrawal| Withdrawn {
                at: zone.moment(withdrawal.at),
                who: people.actor(&withdrawal.by),
                reason: withdrawal.reason.clone(),
            }),
            updates: post
                .updates
                .iter()
                .rev()
                .map(|update| Said::new(update, components, people, zone))
                .collect(),
            may_write: visitor.may_respond(),
            sharing,
        }
    }
}

impl Said {
    fn new(update: &Update<PostStatus>, components: &[Component], people: &People, zone: &Zone) -> Self {
        let became = |status: ComponentStatus| crate::words::component(status).to_lowercase();
        let changed = update.components.iter().map(|change| {
            let name = name_of(components, change.component_id);
            format!("{name}: {} → {}", became(change.old_status), became(change.new_status))
        });
        let is_told_later = update.created_at.duration_since(update.at).as_secs() >= 60;
        Self {
            id: update.id.to_string(),
            who: people.actor(&update.by),
            status: names::status(update.status),
            at: zone.moment(update.at),
            written: is_told_later.then(|| zone.moment(update.created_at)),
            body: update.body.clone(),
            changes: changed.collect(),
            was_told: update.deliver_notifications,
        }
    }
}

fn name_of(components: &[Component], id: shared::domain::id::ComponentId) -> String {
    let known = components.iter().find(|one| one.id == id);
    known.map_or_else(|| "A component that is gone".to_owned(), |one| one.name.clone())
}
