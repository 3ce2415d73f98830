//! What forms of posts offer: statuses, the components of the page, and wordings to start from.

use std::collections::BTreeMap;

use shared::ctx::Ctx;
use shared::domain::id::{ComponentId, PageId};
use shared::domain::status::{Component, ComponentStatus, Impact, Locale, Page, PostStatus, words};
use shared::store::StoreError;

use super::names;
use crate::page::Choice;

/// Components that are shown at once; of more, those that are not affected are a tap away.
const SHOWN_MAX: usize = 6;

/// What a component may be said to be; nothing: it works.
const TROUBLE: [ComponentStatus; 3] = [
    ComponentStatus::DegradedPerformance,
    ComponentStatus::PartialOutage,
    ComponentStatus::MajorOutage,
];

/// The parts of a form that writes into a post.
#[derive(Debug)]
pub struct Fields {
    pub statuses: Vec<Choice>,
    /// Components that are affected, or all of few.
    pub shown: Vec<Field>,
    pub rest: Vec<Field>,
    pub wordings: Vec<Wording>,
    /// Whether components are as they were, and are said again only where somebody changes them.
    pub is_carried_over: bool,
    /// How the page's language names several: for the script that fills names in.
    pub language: &'static str,
    pub unnamed: &'static str,
    pub more: &'static str,
    /// The title to start from, with a gap for names.
    pub title: &'static str,
}

/// One component.
#[derive(Debug)]
pub struct Field {
    pub id: ComponentId,
    pub name: String,
    /// The group it is in.
    pub group: Option<String>,
    pub statuses: Vec<Choice>,
}

/// A wording to start from.
#[derive(Debug)]
pub struct Wording {
    pub name: &'static str,
    pub status: &'static str,
    pub text: String,
}

/// What a post does to components.
pub type Effects = BTreeMap<ComponentId, ComponentStatus>;

impl Fields {
    /// Of a post on `page` that stands at `status` and does this to `components`.
    pub fn of(page: &Page, components: &[Component], effects: &Effects, status: PostStatus) -> Self {
        let words = words::of(page.locale);
        let fields = fields(components, effects);
        let is_long = fields.len() > SHOWN_MAX;
        let (shown, rest) = fields
            .into_iter()
            .partition(|(_, is_affected)| *is_affected || !is_long);
        let only = |fields: Vec<(Field, bool)>| fields.into_iter().map(|(field, _)| field).collect();
        let (unnamed, more) = words.unnamed();
        Self {
            statuses: statuses(status),
            is_carried_over: false,
            shown: only(shown),
            rest: only(rest),
            wordings: words.ready().iter().map(Wording::of).collect(),
            language: language(page.locale),
            unnamed,
            more,
            title: words.title_of_names(),
        }
    }

    /// Whether there is any component.
    pub fn has_components(&self) -> bool {
        !self.shown.is_empty() || !self.rest.is_empty()
    }
}

impl Wording {
    fn of(ready: &words::Ready) -> Self {
        Self {
            name: ready.name,
            status: ready.status.as_str(),
            text: ready.text.to_owned(),
        }
    }
}

/// Where a post may stand. One with a postmortem may stay so.
fn statuses(chosen: PostStatus) -> Vec<Choice> {
    let postmortem = Some(PostStatus::Postmortem).filter(|one| *one == chosen);
    let all = names::STATUSES.into_iter().chain(postmortem);
    all.map(|one| Choice::new(one.as_str(), names::status(one), one == chosen))
        .collect()
}

/// The language in which a script lists names. British English has no comma before its last "and", as our own words.
fn language(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "en-GB",
        Locale::De => "de-DE",
    }
}

/// Fields in the order of the page, and whether each is affected.
fn fields(components: &[Component], effects: &Effects) -> Vec<(Field, bool)> {
    let group = |one: &Component| components.iter().find(|group| Some(group.id) == one.group_id);
    let mut leaves: Vec<&Component> = components.iter().filter(|one| !one.is_group).collect();
    leaves.sort_by_key(|one| {
        let outer = group(one).unwrap_or(one);
        (outer.position, outer.id, one.position, one.id)
    });
    let field = |one: &Component| {
        let status = effects.get(&one.id).copied().unwrap_or_default();
        // Not that it works: others may say that it does not.
        let works = Choice::new("", "Not affected", false);
        let trouble = TROUBLE.map(|one| Choice::new(one.as_str(), crate::words::component(one), one == status));
        let field = Field {
            id: one.id,
            name: one.name.clone(),
            group: group(one).map(|group| group.name.clone()),
            statuses: [works].into_iter().chain(trouble).collect(),
        };
        (field, status.is_trouble())
    };
    leaves.into_iter().map(field).collect()
}

/// How bad it is said to be: as bad as its components, or as somebody says.
pub fn impacts(chosen: Option<Impact>) -> Vec<Choice> {
    let by_components = Choice::new("", "As bad as its components ever were", chosen.is_none());
    let said = names::IMPACTS.map(|one| Choice::new(one.as_str(), names::impact(one), chosen == Some(one)));
    [by_components].into_iter().chain(said).collect()
}

/// The components of a page, in no order.
pub async fn components_of(ctx: &Ctx, page: PageId) -> Result<Vec<Component>, StoreError> {
    let mut all = ctx.store.list_all::<Component>().await?;
    all.retain(|one| one.page_id == page);
    Ok(all)
}
