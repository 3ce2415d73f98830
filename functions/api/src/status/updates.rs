//! What posts and maintenances share: updates, titles, the components they name, and lists that are each of one page.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::actor::Actor;
use shared::domain::id::{ComponentId, PageId, UpdateId};
use shared::domain::limits;
use shared::domain::principal::Right;
use shared::domain::status::{Component, ComponentChange, ComponentStatus, Page, Post, Update};
use shared::domain::text::{cleaned, is_one_line};
use shared::store::{Entity, Versioned};
use shared::web::{PageQuery, Problem};
use utoipa::{IntoParams, ToSchema};

use crate::configuration::caller::Caller;
use crate::configuration::etag::{IfMatch, Tagged};
use crate::configuration::resource::{self, Plan};
use crate::configuration::validate::Faults;

/// How far behind the present something may be told that was not told then: five years.
const BACKFILL_SECONDS_MAX: i64 = 5 * 366 * 86_400;

/// Which posts or maintenances.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OnPageQuery {
    /// Only those of this page.
    #[serde(default)]
    page_id: Option<PageId>,
    /// Items at most.
    #[serde(default)]
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(default)]
    #[param(min_length = 1, max_length = 342, pattern = "^[A-Za-z0-9_-]+$")]
    after: Option<String>,
}

impl OnPageQuery {
    /// The status pages that are meant.
    pub async fn pages(&self, caller: &Caller) -> Result<Vec<PageId>, Problem> {
        match self.page_id {
            Some(id) => Ok(vec![id]),
            None => {
                let pages = caller.store().list_all::<Page>().await?;
                Ok(pages.into_iter().map(|page| page.id).collect())
            }
        }
    }

    /// The page of the list.
    pub fn page(self) -> PageQuery {
        PageQuery {
            limit: self.limit,
            after: self.after,
        }
    }
}

/// What something does to a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// Which component of the page; no group.
    pub component_id: ComponentId,
    /// What it is meanwhile.
    pub status: ComponentStatus,
}

/// An update as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpdateView<S> {
    id: UpdateId,
    status: S,
    body: String,
    at: Timestamp,
    created_at: Timestamp,
    by: Actor,
    components: Vec<ComponentChange>,
    deliver_notifications: bool,
}

impl<S> From<Update<S>> for UpdateView<S> {
    fn from(update: Update<S>) -> Self {
        Self {
            id: update.id,
            status: update.status,
            body: update.body,
            at: update.at,
            created_at: update.created_at,
            by: update.by,
            components: update.components,
            deliver_notifications: update.deliver_notifications,
        }
    }
}

/// An update's words, put right.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectUpdateBody {
    /// Its words, 1 to 4000 characters; those of a postmortem, which has four parts, 1 to 16200. Missing: they stay.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 16200, pattern = r"\S")]
    pub body: Option<String>,
}

/// What updates are added to.
pub trait Updated: Entity + Clone + PartialEq + Serialize {
    /// Where it stands.
    type Status: Copy;

    /// What was said of it, oldest first.
    fn updates(&mut self) -> &mut Vec<Update<Self::Status>>;

    /// Whether it is over: its end can be said where nothing else can.
    fn is_over(&self) -> bool;

    /// Notes that it changed.
    fn touch(&mut self, now: Timestamp);

    /// Characters that the words of an update may have that says that it stands so.
    fn words_max(_: Self::Status) -> usize {
        limits::UPDATE_CHARS_MAX
    }
}

/// Puts the words of an update right.
pub async fn correct<T: Updated, V: From<T>>(
    caller: &Caller,
    (id, update): &(String, String),
    if_match: &IfMatch,
    body: &CorrectUpdateBody,
) -> Result<Tagged<V>, Problem>
where
    T::Id: FromStr,
{
    caller.may(Right::Respond)?;
    let id: T::Id = id.parse().map_err(|_| Problem::not_found())?;
    let update_id: UpdateId = update.parse().map_err(|_| Problem::not_found())?;
    let after = resource::edit(caller, id, |before: Versioned<T>| async move {
        let mut next = before.value.clone();
        let update = next.updates().iter_mut().find(|update| update.id == update_id);
        let update = update.ok_or_else(Problem::not_found)?;
        if_match.check(before.version)?;
        let mut faults = Faults::default();
        if let Some(body) = &body.body {
            update.body = words_within(&mut faults, "body", body, T::words_max(update.status));
        }
        fits(&mut faults, (next.updates().len(), next.is_over()), &next);
        faults.none()?;
        if next != before.value {
            next.touch(caller.now());
        }
        Ok(Plan::over(before, next).called("corrected"))
    });
    let after = after.await?;
    Ok(Tagged {
        version: after.version,
        value: after.value.into(),
    })
}

/// For what is so unless it is said otherwise.
pub fn yes() -> bool {
    true
}

/// A title: one line.
pub fn title(faults: &mut Faults, text: &str) -> String {
    let title = text.trim();
    let max = limits::NAME_CHARS_MAX;
    if title.is_empty() || title.chars().count() > max {
        faults.add("title", format!("must have 1 to {max} characters"));
    } else if !is_one_line(title) {
        faults.add("title", "must be one line, without control characters");
    }
    title.to_owned()
}

/// The words of an update.
pub fn words(faults: &mut Faults, field: &str, text: &str) -> String {
    words_within(faults, field, text, limits::UPDATE_CHARS_MAX)
}

/// The words of an update that may have so many characters.
pub fn words_within(faults: &mut Faults, field: &str, text: &str, max: usize) -> String {
    let text = cleaned(text);
    let words = text.trim();
    if words.is_empty() || words.chars().count() > max {
        faults.add(field, format!("must have 1 to {max} characters"));
    }
    words.to_owned()
}

/// The time something is told to have happened at: not in the future, and not long forgotten.
pub fn told_time(faults: &mut Faults, field: &str, at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let Some(at) = at else { return now };
    if at > now {
        faults.add(field, "must not be in the future");
    } else if now.duration_since(at).as_secs() > BACKFILL_SECONDS_MAX {
        faults.add(field, "must be at most five years ago");
    }
    at
}

/// Components of a page that something names, each once; no groups. One that it named `before` may be gone meanwhile: that
/// keeps nobody from changing the rest.
pub async fn components_of(
    faults: &mut Faults,
    caller: &Caller,
    page: PageId,
    (ids, before): (&[ComponentId], &[ComponentId]),
    field: impl Fn(usize) -> String,
) -> Result<(), Problem> {
    named(faults, caller, page, (ids, before), field, |one| !one.is_group).await
}

/// Components and groups of a page that something names, each once.
pub async fn parts_of(
    faults: &mut Faults,
    caller: &Caller,
    page: PageId,
    ids: &[ComponentId],
    field: impl Fn(usize) -> String,
) -> Result<(), Problem> {
    named(faults, caller, page, (ids, &[]), field, |_| true).await
}

async fn named(
    faults: &mut Faults,
    caller: &Caller,
    page: PageId,
    (ids, before): (&[ComponentId], &[ComponentId]),
    field: impl Fn(usize) -> String,
    may_be: impl Fn(&Component) -> bool,
) -> Result<(), Problem> {
    faults.count("components", ids.len(), 0..=limits::AFFECTED_MAX);
    if ids.len() > limits::AFFECTED_MAX {
        return Ok(());
    }
    faults.no_doubles(ids.iter().copied(), &field);
    let mut wanted: Vec<ComponentId> = ids.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let found = caller.store().load_many::<Component>(wanted).await?;
    for (place, id) in ids.iter().enumerate() {
        let fits = |one: &&Component| one.id == *id && one.page_id == page && may_be(one);
        let is_gone = before.contains(id) && found.iter().all(|one| one.id != *id);
        if !is_gone && found.iter().find(fits).is_none() {
            faults.add(field(place), format!("there is no component {id} on this page"));
        }
    }
    Ok(())
}

/// Effects by component, checked, on a page or on what this post names already.
pub async fn effects(
    faults: &mut Faults,
    caller: &Caller,
    page: PageId,
    effects: &[Effect],
    before: Option<&Post>,
) -> Result<BTreeMap<ComponentId, ComponentStatus>, Problem> {
    let ids: Vec<ComponentId> = effects.iter().map(|one| one.component_id).collect();
    let field = |place: usize| format!("components[{place}].component_id");
    let before: Vec<ComponentId> = before.iter().flat_map(|post| post.components.keys().copied()).collect();
    components_of(faults, caller, page, (&ids, &before), field).await?;
    for (place, one) in effects.iter().enumerate() {
        if one.status == ComponentStatus::UnderMaintenance {
            let message = "cannot be \"under_maintenance\": make a maintenance instead";
            faults.add(format!("components[{place}].status"), message);
        }
    }
    Ok(effects.iter().map(|one| (one.component_id, one.status)).collect())
}

/// Whether a row still fits where it is kept. What is over has some room more: the end can always be said.
pub fn fits(faults: &mut Faults, (updates, is_over): (usize, bool), row: &impl Serialize) {
    let (mut updates_max, mut bytes_max) = (limits::POST_UPDATES_MAX, limits::POST_BYTES_MAX);
    if is_over {
        updates_max += limits::POST_END_UPDATES_MAX;
        bytes_max += limits::POST_END_BYTES_MAX;
    }
    let but = if is_over { "" } else { "; its end can still be said" };
    if updates > updates_max {
        faults.add(
            "body",
            format!("is one too many: there may be {updates_max} updates{but}"),
        );
    }
    let bytes = serde_json::to_vec(row).map_or(usize::MAX, |json| json.len());
    if bytes > bytes_max {
        faults.add(
            "body",
            format!("is too long: all updates together may have {bytes_max} bytes{but}"),
        );
    }
}
