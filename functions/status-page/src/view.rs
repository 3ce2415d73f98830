//! What the public sees of a page, as one value: made once a publication out of base rows, and all that documents are made
//! of. Whoever changes how a page looks changes the documents; whoever changes what it knows changes this.
//!
//! Absent on purpose: anything internal. There are no incidents, services, people or authors here.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use shared::domain::id::{ComponentId, MaintenanceId, PageId, PostId, UpdateId};
use shared::domain::limits;
use shared::domain::status::{
    Component, ComponentStatus, Day, History, Impact, Locale, Look, Maintenance, MaintenanceStatus, Page, Post,
    PostStatus, Statuses, Update, days, rollup,
};

/// A page at a moment.
#[derive(Debug, Clone)]
pub struct PageView {
    /// Its id.
    pub id: PageId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// The language in which it speaks by itself.
    pub locale: Locale,
    /// The zone's name.
    pub time_zone: String,
    /// The zone.
    pub zone: TimeZone,
    /// Its address, without a final slash.
    pub url: String,
    /// How it looks.
    pub look: Look,
    /// The day on its clock.
    pub today: Date,
    /// The worst of its components.
    pub status: ComponentStatus,
    /// Its components in their order, groups included, each group before what is in it.
    pub components: Vec<ComponentView>,
    /// Posts about what goes on, newest first.
    pub open_posts: Vec<PostView>,
    /// The newest posts, open ones included, newest first; none that was withdrawn.
    pub recent_posts: Vec<PostView>,
    /// The newest posts that were taken back: what read of them before is told.
    pub withdrawn_posts: Vec<PostView>,
    /// Maintenances that go on or come, the next first.
    pub open_maintenances: Vec<MaintenanceView>,
    /// The newest maintenances, open ones included, newest first.
    pub recent_maintenances: Vec<MaintenanceView>,
    /// The months of its history, `2026-11`, newest first; from when it was made or its first post began.
    pub months: Vec<String>,
}

/// A component, or a group.
#[derive(Debug, Clone)]
pub struct ComponentView {
    /// Its id.
    pub id: ComponentId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// How it does.
    pub status: ComponentStatus,
    /// Where it stands on the page, from 1.
    pub position: usize,
    /// Whether it is a group.
    pub is_group: bool,
    /// What is in it, if it is one.
    pub members: Vec<ComponentId>,
    /// The group it is in.
    pub group_id: Option<ComponentId>,
    /// Whether it is shown only while it is not in order.
    pub only_show_if_degraded: bool,
    /// The day that somebody said it begins with.
    pub start_date: Option<Date>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first day of which it is known how it did, if that is one of `days` and not the first of them.
    pub known_since: Option<Date>,
    /// When it last changed: what it is, or how it does.
    pub updated_at: Timestamp,
    /// Its last days, today last; none of a group.
    pub days: Vec<Day>,
    /// Uptime over these days, in hundredths of a percent.
    pub uptime: Option<i64>,
}

/// A post.
#[derive(Debug, Clone)]
pub struct PostView {
    /// Its id.
    pub id: PostId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: PostStatus,
    /// How bad it is, or was.
    pub impact: Impact,
    /// Its address.
    pub url: String,
    /// When what it tells of began.
    pub started_at: Timestamp,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// When it was watched.
    pub monitoring_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Every component that it ever affected.
    pub components: Vec<ComponentId>,
    /// Its updates, newest first.
    pub updates: Vec<UpdateView<PostStatus>>,
    /// Set when it was taken back.
    pub withdrawn: Option<WithdrawnView>,
}

/// That a post was taken back.
#[derive(Debug, Clone)]
pub struct WithdrawnView {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
}

/// An update of a post or a maintenance.
#[derive(Debug, Clone)]
pub struct UpdateView<S> {
    /// Its id.
    pub id: UpdateId,
    /// Where the post stood from here on.
    pub status: S,
    /// Its words.
    pub body: String,
    /// The time it is of.
    pub at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
    /// What it did to components.
    pub components: Vec<ChangeView>,
    /// Whether subscribers were told.
    pub deliver_notifications: bool,
}

/// What an update did to a component.
#[derive(Debug, Clone)]
pub struct ChangeView {
    /// Which.
    pub id: ComponentId,
    /// Its name.
    pub name: String,
    /// What it was.
    pub old_status: ComponentStatus,
    /// What it became.
    pub new_status: ComponentStatus,
}

/// A maintenance.
#[derive(Debug, Clone)]
pub struct MaintenanceView {
    /// Its id.
    pub id: MaintenanceId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: MaintenanceStatus,
    /// Its address.
    pub url: String,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// When it was over.
    pub completed_at: Option<Timestamp>,
    /// Whether it was called off.
    pub is_cancelled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What is under maintenance.
    pub components: Vec<ComponentId>,
    /// Its updates, newest first.
    pub updates: Vec<UpdateView<MaintenanceStatus>>,
}

/// What a view is made of.
pub struct Sources<'a> {
    /// The page.
    pub page: &'a Page,
    /// Its address, without a final slash.
    pub url: String,
    /// Its components, in any order.
    pub components: &'a [Component],
    /// How they do.
    pub statuses: &'a Statuses,
    /// How they did.
    pub history: &'a History,
    /// Posts, newest first: all that are open, and the newest of the others.
    pub posts: &'a [Post],
    /// Maintenances, newest first: all that are open, and the newest of the others.
    pub maintenances: &'a [Maintenance],
    /// When its history begins.
    pub since: Timestamp,
    /// The time.
    pub now: Timestamp,
}

/// Posts and maintenances that lists show.
const RECENT_MAX: usize = 50;

impl PageView {
    /// The page as these say that it is.
    pub fn new(sources: &Sources<'_>) -> Self {
        let page = sources.page;
        let zone = page.zone();
        let posts = sources.posts.iter();
        let posts = posts.map(|post| PostView::new(post, sources.components, &sources.url));
        let (posts, withdrawn): (Vec<PostView>, Vec<PostView>) = posts.partition(|post| post.withdrawn.is_none());
        let maintenances: Vec<MaintenanceView> = sources
            .maintenances
            .iter()
            .map(|one| MaintenanceView::new(one, &sources.url))
            .collect();
        let mut open_maintenances: Vec<MaintenanceView> = maintenances
            .iter()
            .filter(|one| one.status != MaintenanceStatus::Completed)
            .cloned()
            .collect();
        open_maintenances.sort_by_key(|one| (one.starts_at, one.id));
        Self {
            id: page.id,
            slug: page.slug.clone(),
            name: page.name.clone(),
            description: page.description.clone(),
            locale: page.locale,
            time_zone: page.time_zone.clone(),
            url: sources.url.clone(),
            look: page.look.clone(),
            today: sources.now.to_zoned(zone.clone()).date(),
            status: rollup(sources.statuses),
            components: components(sources, &zone),
            open_posts: posts.iter().filter(|post| post.status.is_open()).cloned().collect(),
            recent_posts: posts.into_iter().take(RECENT_MAX).collect(),
            withdrawn_posts: withdrawn.into_iter().take(RECENT_MAX).collect(),
            open_maintenances,
            recent_maintenances: maintenances.into_iter().take(RECENT_MAX).collect(),
            months: months(sources.since, sources.now, &zone),
            zone,
        }
    }

    /// A component by its id.
    pub fn component(&self, id: ComponentId) -> Option<&ComponentView> {
        self.components.iter().find(|one| one.id == id)
    }
}

impl PostView {
    /// The post, on a page of this address.
    pub fn new(post: &Post, components: &[Component], page_url: &str) -> Self {
        let mut affected: Vec<ComponentId> = post.components.keys().copied().collect();
        affected.retain(|id| components.iter().any(|one| one.id == *id));
        Self {
            id: post.id,
            title: post.title.clone(),
            status: post.status,
            impact: post.shown_impact(),
            url: format!("{page_url}/incidents/{}", post.id),
            started_at: post.started_at,
            resolved_at: post.resolved_at,
            monitoring_at: post.monitoring_at(),
            created_at: post.created_at,
            updated_at: post.updated_at,
            components: affected,
            updates: updates(&post.updates, components),
            withdrawn: post.withdrawn.as_ref().map(|withdrawal| WithdrawnView {
                at: withdrawal.at,
                reason: withdrawal.reason.clone(),
            }),
        }
    }
}

impl MaintenanceView {
    /// Where it stands among what is over: one that was called off before it began, at the time it was called off.
    pub fn ended_from(&self) -> Timestamp {
        self.completed_at.map_or(self.starts_at, |at| at.min(self.starts_at))
    }

    /// The maintenance, on a page of this address.
    pub fn new(maintenance: &Maintenance, page_url: &str) -> Self {
        Self {
            id: maintenance.id,
            title: maintenance.title.clone(),
            status: maintenance.status,
            url: format!("{page_url}/incidents/{}", maintenance.id),
            starts_at: maintenance.starts_at,
            ends_at: maintenance.ends_at,
            completed_at: maintenance.completed_at,
            is_cancelled: maintenance.cancelled.is_some(),
            created_at: maintenance.created_at,
            updated_at: maintenance.updated_at,
            components: maintenance.component_ids.clone(),
            updates: updates(&maintenance.updates, &[]),
        }
    }
}

fn updates<S: Copy>(updates: &[Update<S>], components: &[Component]) -> Vec<UpdateView<S>> {
    let change = |change: &shared::domain::status::ComponentChange| {
        let component = components.iter().find(|one| one.id == change.component_id)?;
        Some(ChangeView {
            id: component.id,
            name: component.name.clone(),
            old_status: change.old_status,
            new_status: change.new_status,
        })
    };
    let mut all: Vec<UpdateView<S>> = updates
        .iter()
        .map(|update| UpdateView {
            id: update.id,
            status: update.status,
            body: update.body.clone(),
            at: update.at,
            created_at: update.created_at,
            components: update.components.iter().filter_map(change).collect(),
            deliver_notifications: update.deliver_notifications,
        })
        .collect();
    all.reverse();
    all
}

/// Months that the history links to: ten years.
const MONTHS_MAX: usize = 120;

fn months(since: Timestamp, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let first = since.to_zoned(zone.clone()).date().first_of_month();
    let mut month = now.to_zoned(zone.clone()).date().first_of_month();
    let mut months = Vec::new();
    while month >= first && months.len() < MONTHS_MAX {
        months.push(month.strftime("%Y-%m").to_string());
        let Ok(before) = month.yesterday() else { break };
        month = before.first_of_month();
    }
    months
}

/// In their order: by position, each group followed by what is in it.
fn components(sources: &Sources<'_>, zone: &TimeZone) -> Vec<ComponentView> {
    let mut sorted: Vec<&Component> = sources.components.iter().collect();
    sorted.sort_by_key(|one| (one.position, one.id));
    let is_group = |id| sorted.iter().any(|one| one.is_group && one.id == id);
    let mut ordered: Vec<&Component> = Vec::new();
    for one in sorted
        .iter()
        .filter(|one| one.group_id.is_none_or(|group| !is_group(group)))
    {
        ordered.push(one);
        ordered.extend(
            sorted
                .iter()
                .filter(|member| one.is_group && member.group_id == Some(one.id)),
        );
    }
    let view = |(place, component): (usize, &&Component)| {
        let intervals = sources.history.of(component.id);
        let days = if component.is_group {
            Vec::new()
        } else {
            // What was told of a time before it was added here is known, and so is what came after.
            let told = intervals.iter().map(|one| one.start).min();
            let dated = component
                .start_date
                .and_then(|date| Some(date.to_zoned(zone.clone()).ok()?.timestamp()));
            let known = [told, dated]
                .into_iter()
                .flatten()
                .fold(component.created_at, Timestamp::min);
            days(&intervals, known, zone, limits::HISTORY_DAYS, sources.now)
        };
        let known_since = days.iter().find(|day| day.worst.is_some()).map(|day| day.date);
        let known_since = known_since.filter(|date| days.first().is_some_and(|first| first.date < *date));
        // What goes on began, what is over ended.
        let last = intervals.last();
        let since = last.map(|one| if one.end < sources.now { one.end } else { one.start });
        let members = ordered.iter().filter(|one| one.group_id == Some(component.id));
        ComponentView {
            id: component.id,
            name: component.name.clone(),
            description: component.description.clone(),
            status: sources.statuses.get(&component.id).copied().unwrap_or_default(),
            position: place + 1,
            is_group: component.is_group,
            members: members.filter(|_| component.is_group).map(|one| one.id).collect(),
            group_id: component.group_id.filter(|group| is_group(*group)),
            only_show_if_degraded: component.only_show_if_degraded,
            created_at: component.created_at,
            known_since,
            start_date: component.start_date,
            updated_at: component.updated_at.max(since.unwrap_or(component.updated_at)),
            uptime: Day::uptime_ppm_of(&days).map(|ppm| ppm / 100),
            days,
        }
    };
    ordered.iter().enumerate().map(view).collect()
}
