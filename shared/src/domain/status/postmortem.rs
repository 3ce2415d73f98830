//! Postmortems: what was learned of an incident, written down, and told to those who read of it.
//!
//! A draft says what the public may know anyway: times, and components by their public names. Whoever writes it adds the
//! rest, and it becomes public only by their word, as the last update of the incident's post. What is absent: the incident's
//! title, alerts and notes; nothing of them has a type that fits ([`Course`], [`PublicName`]).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::component::{ComponentStatus, PublicName};
use super::post::{Post, PostStatus, Update};
use super::words::Words;
use crate::domain::actor::Actor;
use crate::domain::id::{IncidentId, PostId, UpdateId};
use crate::domain::wording::wall;

/// A part of a postmortem, in the order in which it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What happened, and when.
    WhatHappened,
    /// Whom it hurt, and how.
    Impact,
    /// Why it happened.
    Causes,
    /// What is done so that it does not happen again.
    NextSteps,
}

impl Part {
    /// Each.
    pub const EACH: [Self; 4] = [Self::WhatHappened, Self::Impact, Self::Causes, Self::NextSteps];

    /// Its name, as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhatHappened => "what_happened",
            Self::Impact => "impact",
            Self::Causes => "causes",
            Self::NextSteps => "next_steps",
        }
    }
}

/// What the parts say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// What happened, and when.
    #[serde(default)]
    pub what_happened: String,
    /// Whom it hurt, and how.
    #[serde(default)]
    pub impact: String,
    /// Why it happened.
    #[serde(default)]
    pub causes: String,
    /// What is done so that it does not happen again.
    #[serde(default)]
    pub next_steps: String,
}

impl Parts {
    /// The words of one.
    pub fn get(&self, part: Part) -> &str {
        match part {
            Part::WhatHappened => &self.what_happened,
            Part::Impact => &self.impact,
            Part::Causes => &self.causes,
            Part::NextSteps => &self.next_steps,
        }
    }

    /// Those that nobody has written yet.
    pub fn unwritten(&self) -> Vec<Part> {
        let is_unwritten = |part: &Part| self.get(*part).trim().is_empty();
        Part::EACH.into_iter().filter(is_unwritten).collect()
    }

    /// All of them under their headings, as an update says them.
    pub fn composed(&self, words: &dyn Words) -> String {
        let part = |part: Part| format!("## {}\n\n{}", words.heading(part), self.get(part).trim());
        Part::EACH.map(part).join("\n\n")
    }
}

/// A postmortem. An incident has at most one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postmortem {
    /// The incident it is of, whose id is its own.
    pub incident_id: IncidentId,
    /// The incident's title, for lists; never shown to the public.
    pub title: String,
    /// The post that it is published in; none: there is none, or none was chosen yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_id: Option<PostId>,
    /// What it says.
    #[serde(flatten)]
    pub parts: Parts,
    /// The id of the update that publishes it: publishing it again changes the words of that one.
    pub update_id: UpdateId,
    /// When it was drafted.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Actor,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: Actor,
}

/// Why a postmortem cannot be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpublishable {
    /// The post still tells of something that goes on.
    #[error("the post is not resolved yet")]
    IsOpen,
    /// The post was taken back.
    #[error("the post was withdrawn")]
    IsWithdrawn,
    /// Nobody has written these parts.
    #[error("some parts are not written yet")]
    Unwritten(Vec<Part>),
}

impl Postmortem {
    /// The update that publishes it, if it is in this post.
    pub fn published<'a>(&self, post: &'a Post) -> Option<&'a Update<PostStatus>> {
        post.updates.iter().find(|update| update.id == self.update_id)
    }

    /// The post with this in it. Whoever publishes it again changes the words that are there, and nobody is told again.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn publish(
        &self,
        post: &Post,
        words: &dyn Words,
        by: &Actor,
        deliver_notifications: bool,
        now: Timestamp,
    ) -> Result<Post, Unpublishable> {
        if post.withdrawn.is_some() {
            return Err(Unpublishable::IsWithdrawn);
        }
        if post.status.is_open() {
            return Err(Unpublishable::IsOpen);
        }
        let unwritten = self.parts.unwritten();
        if !unwritten.is_empty() {
            return Err(Unpublishable::Unwritten(unwritten));
        }
        let body = self.parts.composed(words);
        let mut next = post.clone();
        match next.updates.iter_mut().find(|update| update.id == self.update_id) {
            Some(update) if update.body == body => {}
            Some(update) => {
                update.body = body;
                next.updated_at = now;
            }
            None => {
                // A person's words: the post is theirs from here on.
                next.automatic = false;
                next.add(Update {
                    id: self.update_id,
                    status: PostStatus::Postmortem,
                    body,
                    at: now,
                    created_at: now,
                    by: by.clone(),
                    components: Vec::new(),
                    deliver_notifications,
                });
            }
        }
        Ok(next)
    }
}

/// How an incident went, in times alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// When the alert came, or a person opened it.
    pub opened_at: Timestamp,
    /// When somebody was first paged.
    pub paged_at: Option<Timestamp>,
    /// When a person first took it.
    pub acknowledged_at: Option<Timestamp>,
    /// When the public was first told.
    pub told_at: Option<Timestamp>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// When the public was told that.
    pub told_over_at: Option<Timestamp>,
}

impl Course {
    /// The same with what its post tells of when the public was told. What was said before it was opened was of another
    /// incident of the same post, and told the public of this one, too, if nothing was said since.
    pub fn told_in(self, post: &Post) -> Self {
        let mut since = post.updates.iter().filter(|update| update.created_at >= self.opened_at);
        let over = since.clone().find(|update| !update.status.is_open());
        let first = since.next().or(post.updates.first());
        Self {
            told_at: first.map(|update| update.created_at),
            told_over_at: over.map(|update| update.created_at),
            ..self
        }
    }
}

/// A step of the way from the alert to the published postmortem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The alert came.
    Opened,
    /// Somebody was paged.
    Paged,
    /// Somebody took it.
    Acknowledged,
    /// The public was told.
    Told,
    /// It was over.
    Resolved,
    /// The public was told that it was over.
    ToldOver,
    /// Every part of the postmortem is written.
    Written,
    /// The postmortem is public.
    Published,
}

/// The way from the alert to the published postmortem, and when each of its steps was taken; none: not yet, or never.
/// `published_at` is when the postmortem became public.
pub fn checklist(
    course: &Course,
    postmortem: &Postmortem,
    published_at: Option<Timestamp>,
) -> [(Step, Option<Timestamp>); 8] {
    let is_written = postmortem.parts.unwritten().is_empty();
    [
        (Step::Opened, Some(course.opened_at)),
        (Step::Paged, course.paged_at),
        (Step::Acknowledged, course.acknowledged_at),
        (Step::Told, course.told_at),
        (Step::Resolved, course.resolved_at),
        (Step::ToldOver, course.told_over_at),
        (Step::Written, is_written.then_some(postmortem.updated_at)),
        (Step::Published, published_at),
    ]
}

/// What a postmortem begins with: the course of things, and what was affected. Causes and next steps are for people to find.
pub fn draft(
    course: &Course,
    affected: &[(PublicName<'_>, ComponentStatus)],
    words: &dyn Words,
    zone: &TimeZone,
) -> Parts {
    let names: Vec<PublicName<'_>> = affected.iter().map(|(name, _)| *name).collect();
    let said = words.course();
    let mut lines = vec![(course.opened_at, words.about(said.opened, &names))];
    let further = [
        (course.told_at.filter(|at| *at >= course.opened_at), said.told),
        (course.acknowledged_at, said.acknowledged),
        (course.resolved_at, said.resolved),
    ];
    lines.extend(
        further
            .into_iter()
            .filter_map(|(at, text)| Some((at?, text.to_owned()))),
    );
    lines.sort_by_key(|(at, _)| *at);
    let begun = wall::date(course.opened_at, zone);
    let line = |(place, (at, text)): (usize, &(Timestamp, String))| {
        let date = wall::date(*at, zone);
        let date = if place == 0 || date != begun {
            format!("{date}, ")
        } else {
            String::new()
        };
        format!("- {date}{}: {text}", wall::clock(*at, zone))
    };
    let what_happened: Vec<String> = lines.iter().enumerate().map(line).collect();
    let mut impact: Vec<String> = affected
        .iter()
        .map(|(name, status)| format!("- {name}: {}", words.how(*status)))
        .collect();
    if let Some(until) = course.resolved_at {
        let milliseconds = until.as_millisecond() - course.opened_at.as_millisecond();
        impact.insert(0, format!("{}\n", words.lasted(milliseconds)));
    }
    Parts {
        what_happened: what_happened.join("\n"),
        impact: impact.join("\n").trim_end().to_owned(),
        ..Parts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::component::Component;
    use super::super::page::Locale;
    use super::super::words;
    use super::*;
    use crate::domain::actor::ActorKind;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn course() -> Course {
        Course {
            opened_at: at("2026-03-28T22:58:00Z"),
            paged_at: Some(at("2026-03-28T22:58:01Z")),
            acknowledged_at: Some(at("2026-03-28T23:03:30Z")),
            told_at: Some(at("2026-03-28T22:59:00Z")),
            resolved_at: Some(at("2026-03-29T01:05:00Z")),
            told_over_at: Some(at("2026-03-29T01:05:02Z")),
        }
    }

    fn component(name: &str) -> Component {
        serde_json::from_value(serde_json::json!({
            "id": "cmp_01arz3ndektsv4rrffq69g5fav", "page_id": "pag_01arz3ndektsv4rrffq69g5fav", "name": name,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
        }))
        .unwrap()
    }

    fn post() -> Post {
        serde_json::from_value(serde_json::json!({
            "id": "pst_01arz3ndektsv4rrffq69g5fav", "page_id": "pag_01arz3ndektsv4rrffq69g5fav", "title": "Problems",
            "status": "resolved", "automatic": true, "started_at": "2026-03-28T22:58:00Z",
            "resolved_at": "2026-03-29T01:05:00Z", "created_at": "2026-03-28T22:59:00Z", "updated_at": "2026-03-29T01:05:02Z",
            "updates": [
                {"id": "upd_01arz3ndektsv4rrffq69g5fa1", "status": "investigating", "body": "Looking.", "by": {"type": "system", "name": "Nightbell"},
                 "at": "2026-03-28T22:59:00Z", "created_at": "2026-03-28T22:59:00Z"},
                {"id": "upd_01arz3ndektsv4rrffq69g5fa2", "status": "resolved", "body": "Over.", "by": {"type": "system", "name": "Nightbell"},
                 "at": "2026-03-29T01:05:00Z", "created_at": "2026-03-29T01:05:02Z"}
            ]
        }))
        .unwrap()
    }

    fn ana() -> Actor {
        Actor {
            kind: ActorKind::User,
            id: Some("usr_01arz3ndektsv4rrffq69g5fav".into()),
            name: "Ana".into(),
            user_id: None,
        }
    }

    fn postmortem(parts: Parts) -> Postmortem {
        Postmortem {
            incident_id: "inc_01arz3ndektsv4rrffq69g5fav".parse().unwrap(),
            title: "db-1 is on fire".into(),
            post_id: Some(post().id),
            parts,
            update_id: "upd_01arz3ndektsv4rrffq69g5fa9".parse().unwrap(),
            created_at: at("2026-03-30T08:00:00Z"),
            created_by: ana(),
            updated_at: at("2026-03-30T09:00:00Z"),
            updated_by: ana(),
        }
    }

    fn whole() -> Parts {
        Parts {
            what_happened: "A disk filled up.\n".into(),
            impact: "Nobody could buy.".into(),
            causes: "Logs.".into(),
            next_steps: "- Rotate them".into(),
        }
    }

    #[test]
    fn a_draft_tells_times_on_the_pages_clock_and_public_names() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let (shop, search) = (component("Shop"), component("Search"));
        let affected = [
            (shop.public_name(), ComponentStatus::MajorOutage),
            (search.public_name(), ComponentStatus::DegradedPerformance),
        ];
        let english = draft(&course(), &affected, words::of(Locale::En), &zone);
        insta::assert_snapshot!(english.composed(words::of(Locale::En)), @r"
        ## What happened

        - 2026-03-28, 23:58 CET: We noticed problems with Shop and Search.
        - 23:59 CET: We told you on this page.
        - 2026-03-29, 00:03 CET: We were working on it.
        - 2026-03-29, 03:05 CEST: It was over.

        ## Impact

        It lasted 2 h 7 min.

        - Shop: not working
        - Search: slow or not always working

        ## Causes



        ## What we do next
        ");
        let german = draft(&course(), &affected, words::of(Locale::De), &zone);
        insta::assert_snapshot!(german.composed(words::of(Locale::De)), @r"
        ## Was geschehen ist

        - 2026-03-28, 23:58 CET: Wir haben eine Störung bemerkt. Betroffen: Shop und Search.
        - 23:59 CET: Wir haben auf dieser Seite davon berichtet.
        - 2026-03-29, 00:03 CET: Wir haben daran gearbeitet.
        - 2026-03-29, 03:05 CEST: Die Störung war vorbei.

        ## Auswirkungen

        Dauer: 2 Std. 7 Min.

        - Shop: ausgefallen
        - Search: langsam oder nicht immer verfügbar

        ## Ursachen



        ## Was wir tun
        ");
        let never_told = Course {
            told_at: None,
            acknowledged_at: None,
            ..course()
        };
        let bare = draft(&never_told, &[], words::of(Locale::En), &TimeZone::UTC);
        assert_eq!(
            bare.what_happened,
            "- 2026-03-28, 22:58 UTC: We noticed problems with one of our systems.\n- 2026-03-29, 01:05 UTC: It was over."
        );
        assert_eq!(bare.impact, "It lasted 2 h 7 min.");
    }

    #[test]
    fn it_is_published_once_and_then_put_right() {
        let words = words::of(Locale::En);
        let now = at("2026-03-30T10:00:00Z");
        let mut written = postmortem(whole());
        let first = written.publish(&post(), words, &ana(), true, now).unwrap();
        assert_eq!(
            (first.status, first.automatic, first.updates.len()),
            (PostStatus::Postmortem, false, 3)
        );
        assert_eq!(first.resolved_at, post().resolved_at, "it was over when it was over");
        let update = written.published(&first).unwrap();
        assert!(update.deliver_notifications);
        assert!(
            update
                .body
                .starts_with("## What happened\n\nA disk filled up.\n\n## Impact"),
            "{}",
            update.body
        );
        // The same again changes nothing; other words replace these, and tell nobody.
        assert_eq!(
            written
                .publish(&first, words, &ana(), true, at("2026-03-31T00:00:00Z"))
                .unwrap(),
            first
        );
        written.parts.causes = "Logs of a single service.".into();
        let second = written
            .publish(&first, words, &ana(), true, at("2026-03-31T00:00:00Z"))
            .unwrap();
        assert_eq!(second.updates.len(), 3);
        assert!(written.published(&second).unwrap().body.contains("single service"));
        assert_eq!(super::super::bulletins_of_post(&second, Some(&first)), []);
        assert_eq!(super::super::bulletins_of_post(&first, Some(&post())).len(), 1);
    }

    #[test]
    fn what_goes_on_or_was_wrong_or_is_half_written_is_not_published() {
        let words = words::of(Locale::En);
        let now = at("2026-03-30T10:00:00Z");
        let refused =
            |parts: Parts, post: &Post| postmortem(parts).publish(post, words, &ana(), true, now).unwrap_err();
        let mut open = post();
        open.status = PostStatus::Monitoring;
        assert_eq!(refused(whole(), &open), Unpublishable::IsOpen);
        let mut withdrawn = post();
        withdrawn.withdrawn = Some(super::super::Withdrawal {
            at: now,
            by: ana(),
            reason: None,
        });
        assert_eq!(refused(whole(), &withdrawn), Unpublishable::IsWithdrawn);
        let half = Parts {
            causes: " \n".into(),
            next_steps: String::new(),
            ..whole()
        };
        assert_eq!(
            refused(half, &post()),
            Unpublishable::Unwritten(vec![Part::Causes, Part::NextSteps])
        );
    }

    #[test]
    fn the_checklist_goes_from_the_alert_to_the_publication() {
        let told = Course {
            told_at: None,
            told_over_at: None,
            ..course()
        };
        let told = told.told_in(&post());
        assert_eq!(
            (told.told_at, told.told_over_at),
            (course().told_at, course().told_over_at)
        );
        // A later incident of the same post.
        let later = Course {
            opened_at: at("2026-03-29T01:00:00Z"),
            ..told
        };
        let later = later.told_in(&post());
        assert_eq!(
            (later.told_at, later.told_over_at),
            (Some(at("2026-03-29T01:05:02Z")), course().told_over_at)
        );
        let last = Course {
            opened_at: at("2026-03-29T02:00:00Z"),
            ..told
        };
        let last = last.told_in(&post());
        assert_eq!((last.told_at, last.told_over_at), (course().told_at, None));
        let drafted = draft(&last, &[], words::of(Locale::En), &TimeZone::UTC).what_happened;
        assert!(!drafted.contains("We told you"), "{drafted}");
        let steps = checklist(&told, &postmortem(Parts::default()), None);
        let missing: Vec<Step> = steps
            .iter()
            .filter(|(_, at)| at.is_none())
            .map(|(step, _)| *step)
            .collect();
        assert_eq!(missing, [Step::Written, Step::Published]);
        let published_at = Some(at("2026-03-30T10:00:00Z"));
        let steps = checklist(&told, &postmortem(whole()), published_at);
        assert_eq!(
            steps[6..],
            [
                (Step::Written, Some(at("2026-03-30T09:00:00Z"))),
                (Step::Published, published_at)
            ]
        );
    }
}
