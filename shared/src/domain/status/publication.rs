//! How one service's incidents become public on one page.
//!
//! The public hears of trouble, not of incidents: all open incidents of a service are one publication with one post. It
//! settles first; it moves its post forward, never back; trouble that comes back soon continues the same post; and from the
//! moment a person writes into the post it is theirs. [`decide_publication`] is the whole of it, and pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::component::{Component, ComponentStatus, PublicName};
use super::page::Page;
use super::post::{Impact, Post, PostStatus, Update};
use super::words::{self, Words};
use crate::domain::actor::Actor;
use crate::domain::id::{ComponentId, IncidentId, PageId, PostId, ServiceId, UpdateId};
use crate::domain::incident::{Incident, Status};
use crate::domain::limits;
use crate::domain::signal::Severity;
use crate::domain::time::{after_seconds, earliest};

/// What a service's incidents do to one component, by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Affected {
    /// Which component.
    pub component_id: ComponentId,
    /// What a critical incident makes of it.
    #[serde(default = "major")]
    pub critical: ComponentStatus,
    /// What an error makes of it.
    #[serde(default = "partial")]
    pub error: ComponentStatus,
    /// What a warning makes of it.
    #[serde(default = "degraded")]
    pub warning: ComponentStatus,
    /// What an information makes of it.
    #[serde(default)]
    pub info: ComponentStatus,
}

fn major() -> ComponentStatus {
    ComponentStatus::MajorOutage
}

fn partial() -> ComponentStatus {
    ComponentStatus::PartialOutage
}

fn degraded() -> ComponentStatus {
    ComponentStatus::DegradedPerformance
}

impl Affected {
    /// What an incident of this severity makes of the component.
    pub fn status(&self, severity: Severity) -> ComponentStatus {
        match severity {
            Severity::Critical => self.critical,
            Severity::Error => self.error,
            Severity::Warning => self.warning,
            Severity::Info => self.info,
        }
    }
}

/// What an incident of this severity does to components, as a service says: harm alone, and of several statuses the worst.
pub fn effects<'a>(
    affected: impl IntoIterator<Item = &'a Affected>,
    severity: Severity,
) -> BTreeMap<ComponentId, ComponentStatus> {
    let mut effects = BTreeMap::new();
    for one in affected {
        let status = one.status(severity);
        if status.is_trouble() {
            let worst = effects.entry(one.component_id).or_insert(status);
            *worst = status.max(*worst);
        }
    }
    effects
}

/// Who says that an incident becomes public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicationMode {
    /// Nobody: it does.
    #[default]
    Auto,
    /// Whoever answers it is asked first.
    Ask,
    /// Somebody who writes a post.
    Manual,
}

/// How a service's incidents become public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationRule {
    /// Who says so.
    #[serde(default)]
    pub mode: PublicationMode,
    /// How long an incident must last first; 0: not at all.
    #[serde(default = "settle_seconds")]
    #[schema(maximum = 3600)]
    pub settle_seconds: u32,
}

fn settle_seconds() -> u32 {
    limits::SETTLE_SECONDS
}

impl Default for PublicationRule {
    fn default() -> Self {
        Self {
            mode: PublicationMode::default(),
            settle_seconds: limits::SETTLE_SECONDS,
        }
    }
}

/// An open incident, as far as the public is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// Which.
    pub id: IncidentId,
    /// How bad it is.
    pub severity: Severity,
    /// Whether somebody has taken it.
    pub is_taken: bool,
    /// When it was opened.
    pub since: Timestamp,
    /// Whether announced work may explain it: unless a person opened it, or asked others to look at it.
    pub yields: bool,
}

impl Trouble {
    /// Of an incident, unless it is over.
    pub fn of(incident: &Incident) -> Option<Self> {
        incident.is_open().then_some(Self {
            id: incident.id,
            severity: incident.severity,
            is_taken: incident.status == Status::Acknowledged,
            since: incident.created_at,
            yields: incident.yields_to_maintenance(),
        })
    }
}

/// Where a publication stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PublicationState {
    /// It becomes public when this has passed.
    Settling {
        /// When.
        until: Timestamp,
    },
    /// Somebody is asked whether it shall become public.
    Asked {
        /// Since when.
        since: Timestamp,
    },
    /// It is public.
    Open {
        /// Its post.
        post_id: PostId,
    },
    /// It is over, but came back so often that its post waits for calm before it says so.
    Calming {
        /// Its post.
        post_id: PostId,
        /// Until when.
        until: Timestamp,
    },
    /// It is over; trouble that comes back soon continues its post.
    Over {
        /// Its post.
        post_id: PostId,
        /// Since when.
        at: Timestamp,
    },
    /// A person ended its post, took it back or said no, while incidents went on: only later ones count.
    Dismissed {
        /// When.
        at: Timestamp,
    },
}

/// One service's publication on one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The page.
    pub page_id: PageId,
    /// The service.
    pub service_id: ServiceId,
    /// Where it stands.
    #[serde(flatten)]
    pub state: PublicationState,
    /// When it changes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Whether a person said that it shall become public.
    #[serde(default)]
    pub confirmed: bool,
    /// How often its trouble ended so far.
    #[serde(default)]
    pub endings: u32,
    /// Incidents after which a person said no: those until then do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<Timestamp>,
    /// The incidents that were open when it was last looked at (some of them, if there are many).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incident_ids: Vec<IncidentId>,
}

/// Incidents that a publication remembers by id.
const REMEMBERED_MAX: usize = 100;

impl Publication {
    /// This publication, or a new one, after a person said that it shall become public at once, or that it shall not. None:
    /// it is public already, and its post is what there is to change.
    pub fn answered(
        before: Option<&Self>,
        (page_id, service_id): (PageId, ServiceId),
        publish: bool,
        now: Timestamp,
    ) -> Option<Self> {
        let is_public = |state: &PublicationState| {
            matches!(state, PublicationState::Open { .. } | PublicationState::Calming { .. })
        };
        if before.is_some_and(|before| is_public(&before.state)) {
            return None;
        }
        let state = if publish {
            PublicationState::Asked { since: now }
        } else {
            PublicationState::Dismissed { at: now }
        };
        Some(Self {
            page_id,
            service_id,
            state,
            due_at: publish.then_some(now),
            confirmed: publish,
            endings: 0,
            dismissed_at: before.and_then(|before| before.dismissed_at).filter(|_| !publish),
            incident_ids: before.map(|before| before.incident_ids.clone()).unwrap_or_default(),
        })
    }

    /// This publication, or a new one, once somebody has given a post back that is open: whatever was said before, its
    /// incidents are told in it until they end.
    pub fn given_back(before: Option<&Self>, post: &Post, service_id: ServiceId) -> Self {
        Self {
            page_id: post.page_id,
            service_id,
            state: PublicationState::Open { post_id: post.id },
            due_at: None,
            confirmed: before.is_some_and(|before| before.confirmed),
            endings: before.map_or(0, |before| before.endings),
            dismissed_at: None,
            incident_ids: before.map(|before| before.incident_ids.clone()).unwrap_or_default(),
        }
    }

    /// Whether it is told in this post now.
    pub fn is_of(&self, post: PostId) -> bool {
        match self.state {
            PublicationState::Open { post_id } | PublicationState::Calming { post_id, .. } => post_id == post,
            _ => false,
        }
    }

    /// Its post, if it has or had one.
    pub fn post_id(&self) -> Option<PostId> {
        match self.state {
            PublicationState::Open { post_id }
            | PublicationState::Calming { post_id, .. }
            | PublicationState::Over { post_id, .. } => Some(post_id),
            _ => None,
        }
    }
}

/// What a decision is made of.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The page.
    pub page: &'a Page,
    /// Its components.
    pub components: &'a [Component],
    /// The service.
    pub service_id: ServiceId,
    /// How its incidents become public.
    pub rule: PublicationRule,
    /// What they do to components; those of other pages do not count.
    pub affected: &'a [Affected],
    /// Its open incidents.
    pub troubles: &'a [Trouble],
    /// Components under a maintenance that holds the service's alerts, and since when: what was announced is not told again
    /// as trouble.
    pub announced: &'a [(ComponentId, Timestamp)],
    /// The publication as it stands.
    pub publication: Option<&'a Publication>,
    /// Its post, if it has one and it is there.
    pub post: Option<&'a Post>,
    /// The id of a post, should one be opened.
    pub new_post: PostId,
    /// The id of an update, should one be written.
    pub new_update: UpdateId,
    /// The time.
    pub now: Timestamp,
}

/// What becomes of a publication and its post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The publication; none: there is none, or it is to be forgotten.
    pub publication: Option<Publication>,
    /// The post, if it is new or changes.
    pub post: Option<Post>,
}

/// What becomes of one service's publication on one page. Deciding again at the same time, with what was decided, changes
/// nothing.
pub fn decide_publication(facts: &Facts<'_>) -> Decision {
    let before = facts.publication;
    let dismissed_at = facts.dismissed_at();
    let counted: Vec<Trouble> = facts
        .troubles
        .iter()
        .filter(|trouble| dismissed_at.is_none_or(|at| trouble.since > at))
        .copied()
        .collect();
    let scene = Scene::of(facts, &counted);
    let mut next = match before.map(|publication| publication.state) {
        // A person ended it: what it was is over, and what comes later begins anew.
        Some(PublicationState::Open { .. } | PublicationState::Calming { .. })
            if facts.post.is_none_or(|post| !post.is_open()) =>
        {
            scene.anew(facts)
        }
        Some(PublicationState::Open { post_id }) => scene.open(facts, post_id),
        Some(PublicationState::Calming { post_id, until }) => scene.calming(facts, post_id, until),
        Some(PublicationState::Over { post_id, at }) => scene.over(facts, post_id, at),
        Some(
            PublicationState::Settling { .. } | PublicationState::Asked { .. } | PublicationState::Dismissed { .. },
        )
        | None => scene.anew(facts),
    };
    // What a person said no to is remembered for as long as it goes on.
    let goes_on = |at: &Timestamp| facts.troubles.iter().any(|trouble| trouble.since <= *at);
    let dismissed_at = dismissed_at.filter(goes_on);
    match (&mut next.publication, dismissed_at) {
        (Some(publication), at) => publication.dismissed_at = at,
        (None, Some(at)) => next.publication = Some(facts.row(PublicationState::Dismissed { at }, None)),
        (None, None) => {}
    }
    if let Some(publication) = &mut next.publication {
        publication.dismissed_at = dismissed_at;
        publication.incident_ids = facts.troubles.iter().map(|one| one.id).take(REMEMBERED_MAX).collect();
        publication.incident_ids.sort_unstable();
    }
    next
}

/// What the incidents that count make of the page.
struct Scene {
    wanted: BTreeMap<ComponentId, ComponentStatus>,
    since: Option<Timestamp>,
    is_taken: bool,
}

impl Scene {
    fn of(facts: &Facts<'_>, troubles: &[Trouble]) -> Self {
        let mut wanted = BTreeMap::new();
        let on_page = |id| facts.components.iter().any(|one| one.id == id && !one.is_group);
        // Who said that the public be told has said more than any announcement.
        let confirmed = facts.publication.is_some_and(|publication| publication.confirmed);
        let mut harmful = Vec::new();
        for trouble in troubles {
            let explains = |since| trouble.yields && !confirmed && since <= trouble.since;
            let announced = |id| facts.announced.iter().any(|one| one.0 == id && explains(one.1));
            let affected = facts.affected.iter().filter(|one| on_page(one.component_id));
            let harm = effects(affected.filter(|one| !announced(one.component_id)), trouble.severity);
            if !harm.is_empty() {
                harmful.push(trouble);
            }
            for (id, status) in harm {
                let worst = wanted.entry(id).or_insert(status);
                *worst = status.max(*worst);
            }
        }
        Self {
            wanted,
            since: harmful.iter().map(|trouble| trouble.since).min(),
            is_taken: harmful.iter().all(|trouble| trouble.is_taken),
        }
    }

    /// Nothing is public yet.
    fn anew(&self, facts: &Facts<'_>) -> Decision {
        let none = Decision {
            publication: None,
            post: None,
        };
        let Some(since) = self.since else { return none };
        let confirmed = facts
            .publication
            .is_some_and(|publication| publication.confirmed && publication.post_id().is_none());
        let row = |state, due_at| Publication {
            confirmed,
            ..facts.row(state, due_at)
        };
        let until = facts.settled(since);
        match facts.rule.mode {
            PublicationMode::Manual if !confirmed => none,
            _ if until > facts.now && !confirmed => Decision {
                publication: Some(row(PublicationState::Settling { until }, Some(until))),
                post: None,
            },
            PublicationMode::Ask if !confirmed => {
                let since = match facts.publication.map(|publication| publication.state) {
                    Some(PublicationState::Asked { since }) => since,
                    _ => facts.now,
                };
                Decision {
                    publication: Some(row(PublicationState::Asked { since }, None)),
                    post: None,
                }
            }
            _ => {
                let post = self.new_post(facts, since);
                Decision {
                    publication: Some(row(PublicationState::Open { post_id: post.id }, None)),
                    post: Some(post),
                }
            }
        }
    }

    /// It is public, and so is its post.
    fn open(&self, facts: &Facts<'_>, post_id: PostId) -> Decision {
        if self.since.is_none() {
            return self.end(facts, post_id, None);
        }
        Decision {
            publication: Some(facts.same(PublicationState::Open { post_id }, None)),
            post: facts.post.and_then(|post| self.moved(facts, post)),
        }
    }

    fn calming(&self, facts: &Facts<'_>, post_id: PostId, until: Timestamp) -> Decision {
        match self.since {
            None => self.end(facts, post_id, Some(until)),
            // It never said that it was over: it just goes on.
            Some(since) if facts.settled(since) <= facts.now => self.open(facts, post_id),
            Some(since) => Decision {
                publication: Some(facts.same(PublicationState::Calming { post_id, until }, Some(facts.settled(since)))),
                post: None,
            },
        }
    }

    fn over(&self, facts: &Facts<'_>, post_id: PostId, at: Timestamp) -> Decision {
        let soon = after_seconds(at, limits::REOPEN_SECONDS);
        let is_ours = facts
            .post
            .is_some_and(|post| post.withdrawn.is_none() && (post.automatic || post.is_open()));
        match self.since {
            Some(since) if since <= soon && is_ours => {
                let settled = facts.settled(since);
                if settled > facts.now {
                    let state = PublicationState::Over { post_id, at };
                    return Decision {
                        publication: Some(facts.same(state, Some(settled))),
                        post: None,
                    };
                }
                Decision {
                    publication: Some(facts.same(PublicationState::Open { post_id }, None)),
                    post: facts.post.and_then(|post| self.reopened(facts, post)),
                }
            }
            Some(_) => self.anew(facts),
            None if soon <= facts.now => Decision {
                publication: None,
                post: None,
            },
            None => Decision {
                publication: Some(facts.same(PublicationState::Over { post_id, at }, Some(soon))),
                post: None,
            },
        }
    }

    /// The trouble is over. A post that came back often first waits for calm.
    fn end(&self, facts: &Facts<'_>, post_id: PostId, calm_at: Option<Timestamp>) -> Decision {
        let endings = facts.publication.map_or(0, |publication| publication.endings);
        let Some(post) = facts.post else {
            return Decision {
                publication: None,
                post: None,
            };
        };
        let calm_at = match calm_at {
            None if endings >= limits::PROMPT_ENDINGS_MAX => Some(after_seconds(facts.now, limits::REOPEN_SECONDS)),
            waits => waits,
        };
        if let Some(until) = calm_at.filter(|until| *until > facts.now) {
            let eased = (post.automatic && !post.components_by_hand)
                .then(|| self.eased(facts, post))
                .flatten();
            return Decision {
                publication: Some(facts.same(PublicationState::Calming { post_id, until }, Some(until))),
                post: eased,
            };
        }
        let over = PublicationState::Over { post_id, at: facts.now };
        let soon = after_seconds(facts.now, limits::REOPEN_SECONDS);
        let publication = Publication {
            endings: endings + 1,
            ..facts.same(over, Some(soon))
        };
        let post = post.automatic.then(|| {
            let names = facts.names(post.components.keys());
            let components = if post.components_by_hand {
                Vec::new()
            } else {
                post.changes_to(&BTreeMap::new())
            };
            let mut next = post.clone();
            next.add(Update {
                components,
                ..facts.update(PostStatus::Resolved, facts.words().resolved(&names))
            });
            next
        });
        Decision {
            publication: Some(publication),
            post,
        }
    }

    fn new_post(&self, facts: &Facts<'_>, since: Timestamp) -> Post {
        let names = facts.names(self.wanted.keys());
        let mut post = Post {
            id: facts.new_post,
            page_id: facts.page.id,
            service_id: Some(facts.service_id),
            title: facts.words().title(&names),
            status: PostStatus::Investigating,
            impact: Impact::None,
            impact_override: None,
            components: BTreeMap::new(),
            components_by_hand: false,
            automatic: true,
            updates: Vec::new(),
            moves: Vec::new(),
            started_at: since,
            resolved_at: None,
            withdrawn: None,
            created_at: facts.now,
            updated_at: facts.now,
        };
        let (status, body) = self.first_words(facts, &names);
        let components = post.changes_to(&self.wanted);
        post.add(Update {
            components,
            ..facts.update(status, body)
        });
        post
    }

    fn first_words(&self, facts: &Facts<'_>, names: &[PublicName<'_>]) -> (PostStatus, String) {
        if self.is_taken {
            (PostStatus::Identified, facts.words().identified(names))
        } else {
            (
                PostStatus::Investigating,
                facts.words().investigating(names, self.worst()),
            )
        }
    }

    /// The post as open incidents move it, unless it is a person's, or nothing is new.
    fn moved(&self, facts: &Facts<'_>, post: &Post) -> Option<Post> {
        if !post.automatic {
            return None;
        }
        let components = if post.components_by_hand {
            Vec::new()
        } else {
            post.changes_to(&self.wanted)
        };
        let is_worse = components
            .iter()
            .any(|change| Impact::from(change.new_status) > post.impact);
        let is_taken = self.is_taken && post.status < PostStatus::Identified;
        let names = facts.names(self.wanted.keys());
        let status = if is_taken { PostStatus::Identified } else { post.status };
        let words = match (is_worse, is_taken) {
            (true, _) => facts.words().worse(&names, self.worst()),
            (false, true) => facts.words().identified(&names),
            (false, false) => return self.eased(facts, post).filter(|_| !components.is_empty()),
        };
        let mut next = post.clone();
        if post.updates.len() < limits::AUTOMATIC_UPDATES_MAX {
            next.add(Update {
                components,
                ..facts.update(status, words)
            });
        } else {
            next.status = status;
            next.updated_at = facts.now;
            next.move_components(&components, facts.now);
        }
        Some(next)
    }

    /// The post with its components as they do now, without a word.
    fn eased(&self, facts: &Facts<'_>, post: &Post) -> Option<Post> {
        let changes = post.changes_to(&self.wanted);
        if changes.is_empty() {
            return None;
        }
        let mut next = post.clone();
        next.move_components(&changes, facts.now);
        Some(next)
    }

    fn reopened(&self, facts: &Facts<'_>, post: &Post) -> Option<Post> {
        if post.is_open() {
            return self.moved(facts, post);
        }
        let names = facts.names(self.wanted.keys());
        let endings = facts.publication.map_or(0, |publication| publication.endings);
        let (status, body) = if self.is_taken {
            (PostStatus::Identified, facts.words().identified(&names))
        } else if endings >= limits::PROMPT_ENDINGS_MAX {
            // Nothing more is said until it is calm, while its components go on as they do.
            (PostStatus::Investigating, facts.words().comes_and_goes(&names))
        } else {
            (PostStatus::Investigating, facts.words().back(&names))
        };
        let mut next = post.clone();
        // What a person said of components was of what is over.
        next.components_by_hand = false;
        let components = next.changes_to(&self.wanted);
        // It came back when it did, not when that had lasted long enough to be told.
        let settling = after_seconds(facts.now, -i64::from(facts.rule.settle_seconds));
        let since = self.since.unwrap_or(facts.now).max(settling);
        let after = post.updates.last().map_or(since, |last| last.at.max(since));
        next.add(Update {
            components,
            at: after.min(facts.now),
            ..facts.update(status, body)
        });
        Some(next)
    }

    fn worst(&self) -> ComponentStatus {
        self.wanted.values().max().copied().unwrap_or_default()
    }
}

impl Facts<'_> {
    fn words(&self) -> &'static dyn Words {
        words::of(self.page.locale)
    }

    fn settled(&self, since: Timestamp) -> Timestamp {
        after_seconds(since, self.rule.settle_seconds.into())
    }

    /// When a person said no last: the incidents until then do not count.
    fn dismissed_at(&self) -> Option<Timestamp> {
        let publication = self.publication?;
        let by_state = match publication.state {
            PublicationState::Dismissed { at } => Some(at),
            PublicationState::Open { .. } | PublicationState::Calming { .. } => match self.post {
                None => Some(self.now),
                Some(post) if !post.is_open() => Some(post.closed_at().unwrap_or(self.now)),
                Some(_) => None,
            },
            PublicationState::Over { .. } => self.post.and_then(|post| Some(post.withdrawn.as_ref()?.at)),
            PublicationState::Settling { .. } | PublicationState::Asked { .. } => None,
        };
        publication.dismissed_at.max(by_state)
    }

    /// A publication in this state that has nothing behind it.
    fn row(&self, state: PublicationState, due_at: Option<Timestamp>) -> Publication {
        Publication {
            page_id: self.page.id,
            service_id: self.service_id,
            state,
            due_at,
            confirmed: false,
            endings: 0,
            dismissed_at: None,
            incident_ids: Vec::new(),
        }
    }

    /// The publication in another state.
    fn same(&self, state: PublicationState, due_at: Option<Timestamp>) -> Publication {
        match self.publication {
            Some(publication) => Publication {
                state,
                due_at,
                ..publication.clone()
            },
            None => self.row(state, due_at),
        }
    }

    fn update(&self, status: PostStatus, body: String) -> Update<PostStatus> {
        Update {
            id: self.new_update,
            status,
            body,
            at: self.now,
            created_at: self.now,
            by: Actor::system(),
            components: Vec::new(),
            deliver_notifications: true,
        }
    }

    /// The public names of these components, in the order of the page.
    fn names<'a>(&self, ids: impl Iterator<Item = &'a ComponentId>) -> Vec<PublicName<'_>> {
        let ids: Vec<ComponentId> = ids.copied().collect();
        let mut known: Vec<&Component> = self.components.iter().filter(|one| ids.contains(&one.id)).collect();
        known.sort_by_key(|one| (one.position, one.id));
        known.into_iter().map(Component::public_name).collect()
    }
}

/// When the next of these changes by itself.
pub fn next_due<'a>(publications: impl IntoIterator<Item = &'a Publication>) -> Option<Timestamp> {
    publications
        .into_iter()
        .fold(None, |due, publication| earliest(due, publication.due_at))
}
