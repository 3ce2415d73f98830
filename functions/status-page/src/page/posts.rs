//! Posts and maintenances, as documents show them: alike, for a reader asks the same of both.

use jiff::Timestamp;
use shared::domain::id::{ComponentId, UpdateId};
use shared::domain::status::{ComponentStatus, Impact, words};

use super::frame::{Frame, Moment, class, isolated};
use super::text::{Block, blocks};
use crate::view::{ChangeView, MaintenanceView, PostView};

/// Updates that a list shows of one post; the rest are on its own page.
const UPDATES_SHOWN_MAX: usize = 4;

/// A post or a maintenance.
pub struct Item {
    pub id: String,
    /// On this host.
    pub href: String,
    pub title: String,
    /// The class of its colour; `n`: none.
    pub class: &'static str,
    /// Where it stands.
    pub status: &'static str,
    /// How bad it is, for a post.
    pub impact: Option<&'static str>,
    /// What it affects.
    pub affects: Option<String>,
    pub from: Moment,
    pub until: Option<Moment>,
    /// How long it took, once it is over.
    pub took: Option<String>,
    pub updates: Vec<Said>,
    /// Updates that are not shown here.
    pub more: Option<String>,
    /// Taken back: when and why.
    pub withdrawn: Option<(Moment, Option<String>)>,
}

/// An update.
pub struct Said {
    pub id: String,
    pub status: &'static str,
    pub at: Moment,
    pub blocks: Vec<Block>,
    /// What it did to components.
    pub changes: Vec<String>,
}

impl Item {
    /// A post.
    pub fn post(frame: &Frame<'_>, post: &PostView) -> Self {
        let labels = frame.labels;
        let is_over = !post.status.is_open() || post.withdrawn.is_some();
        let over_at = post
            .resolved_at
            .or(post.withdrawn.as_ref().map(|withdrawn| withdrawn.at));
        let updates = post.updates.iter().map(|update| {
            let status = labels.post_status(update.status);
            Said::of(frame, update.id, status, update.at, &update.body, &update.components)
        });
        Self {
            id: post.id.to_string(),
            href: format!("{}/incidents/{}", frame.root, post.id),
            title: post.title.clone(),
            class: match post.impact {
                _ if post.withdrawn.is_some() => "n",
                Impact::None => "n",
                Impact::Minor => class(ComponentStatus::DegradedPerformance),
                Impact::Major => class(ComponentStatus::PartialOutage),
                Impact::Critical => class(ComponentStatus::MajorOutage),
            },
            status: match post.withdrawn {
                Some(_) => labels.withdrawn_status,
                None => labels.post_status(post.status),
            },
            impact: post.withdrawn.is_none().then(|| labels.impact(post.impact)),
            affects: affects(frame, &post.components, is_over),
            from: frame.moment(post.started_at),
            until: over_at.map(|at| frame.moment(at)),
            took: took(frame, post.started_at, post.resolved_at),
            updates: updates.collect(),
            more: None,
            withdrawn: post.withdrawn.as_ref().map(|withdrawn| {
                let reason = withdrawn.reason.clone();
                (frame.moment(withdrawn.at), reason)
            }),
        }
    }

    /// A maintenance.
    pub fn maintenance(frame: &Frame<'_>, one: &MaintenanceView) -> Self {
        let labels = frame.labels;
        let updates = one.updates.iter().map(|update| {
            let status = labels.maintenance_status(update.status, one.is_cancelled);
            Said::of(frame, update.id, status, update.at, &update.body, &update.components)
        });
        Self {
            id: one.id.to_string(),
            href: format!("{}/incidents/{}", frame.root, one.id),
            title: one.title.clone(),
            class: class(ComponentStatus::UnderMaintenance),
            status: labels.maintenance_status(one.status, one.is_cancelled),
            impact: None,
            affects: affects(frame, &one.components, one.completed_at.is_some()),
            from: frame.moment(one.starts_at),
            // What was called off before it began keeps the times that it would have had.
            until: Some(frame.moment(one.completed_at.filter(|at| *at > one.starts_at).unwrap_or(one.ends_at))),
            took: None,
            updates: updates.collect(),
            more: None,
            withdrawn: None,
        }
    }

    /// As a list shows it: its newest updates.
    pub fn newest(mut self, frame: &Frame<'_>) -> Self {
        let more = self.updates.len().saturating_sub(UPDATES_SHOWN_MAX);
        self.updates.truncate(UPDATES_SHOWN_MAX);
        self.more = (more > 0).then(|| frame.labels.counted(frame.labels.more_updates, more));
        self
    }
}

impl Said {
    fn of(
        frame: &Frame<'_>,
        id: UpdateId,
        status: &'static str,
        at: Timestamp,
        body: &str,
        changes: &[ChangeView],
    ) -> Self {
        let changed = |change: &ChangeView| {
            let status = frame.labels.component_status(change.new_status);
            let gaps = [("name", isolated(&change.name)), ("status", status.to_owned())];
            let gaps = gaps.each_ref().map(|(gap, value)| (*gap, value.as_str()));
            words::filled(frame.labels.became, &gaps)
        };
        Self {
            id: id.to_string(),
            status,
            at: frame.moment(at),
            blocks: blocks(body),
            changes: changes.iter().map(changed).collect(),
        }
    }
}

fn affects(frame: &Frame<'_>, ids: &[ComponentId], is_over: bool) -> Option<String> {
    let names = frame.names(ids);
    let phrase = if is_over {
        frame.labels.affected
    } else {
        frame.labels.affects
    };
    (!names.is_empty()).then(|| frame.filled(phrase, "names", &names))
}

fn took(frame: &Frame<'_>, from: Timestamp, until: Option<Timestamp>) -> Option<String> {
    let ms = until?.as_millisecond() - from.as_millisecond();
    (ms >= 0).then(|| frame.labels.duration(ms))
}
