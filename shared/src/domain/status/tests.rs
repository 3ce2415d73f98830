//! Stories and laws of the public side.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::domain::actor::Actor;
use crate::domain::id::{ComponentId, IncidentId, PageId, PostId, ServiceId, UpdateId};
use crate::domain::signal::Severity;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn dawn() -> Timestamp {
    at("2026-03-01T02:00:00Z")
}

fn after(seconds: i64) -> Timestamp {
    dawn() + SignedDuration::from_secs(seconds)
}

fn component(number: u128, name: &str) -> Component {
    Component {
        id: ComponentId(Ulid::from_parts(1, number)),
        page_id: PageId(Ulid::from_parts(1, 1)),
        name: name.into(),
        description: None,
        is_group: false,
        group_id: None,
        position: 0,
        only_show_if_degraded: false,
        held_status: None,
        held_since: None,
        holds: Vec::new(),
        start_date: None,
        created_at: dawn(),
        updated_at: dawn(),
    }
}

/// One service on one page, whose clock and incidents are moved by hand.
struct Stage {
    page: Page,
    components: Vec<Component>,
    rule: PublicationRule,
    affected: Vec<Affected>,
    troubles: Vec<Trouble>,
    announced: Vec<(ComponentId, Timestamp)>,
    publication: Option<Publication>,
    posts: BTreeMap<PostId, Post>,
    now: Timestamp,
    ids: u128,
}

impl Stage {
    fn new(mode: PublicationMode, settle_seconds: u32) -> Self {
        let components = vec![component(1, "API"), component(2, "Shop")];
        Self {
            page: Page {
                id: PageId(Ulid::from_parts(1, 1)),
                team_id: None,
                slug: "main".into(),
                name: "Acme".into(),
                description: None,
                time_zone: "UTC".into(),
                locale: Locale::En,
                is_default: true,
                domain: None,
                look: Look::default(),
                created_at: dawn(),
            },
            rule: PublicationRule { mode, settle_seconds },
            affected: vec![Affected {
                component_id: components[0].id,
                critical: ComponentStatus::MajorOutage,
                error: ComponentStatus::PartialOutage,
                warning: ComponentStatus::DegradedPerformance,
                info: ComponentStatus::Operational,
            }],
            components,
            troubles: Vec::new(),
            announced: Vec::new(),
            publication: None,
            posts: BTreeMap::new(),
            now: dawn(),
            ids: 0,
        }
    }

    fn breaks(&mut self, number: u128, severity: Severity) {
        self.ends(number);
        self.troubles.push(Trouble {
            id: IncidentId(Ulid::from_parts(1, number)),
            severity,
            is_taken: false,
            since: self.now,
            yields: true,
        });
    }

    fn taken(&mut self) {
        self.troubles.iter_mut().for_each(|trouble| trouble.is_taken = true);
    }

    fn ends(&mut self, number: u128) {
        self.troubles
            .retain(|trouble| trouble.id != IncidentId(Ulid::from_parts(1, number)));
    }

    fn decide(&mut self) -> Decision {
        self.ids += 1;
        let post = self.publication.as_ref().and_then(Publication::post_id);
        decide_publication(&Facts {
            page: &self.page,
            components: &self.components,
            service_id: ServiceId(Ulid::from_parts(1, 1)),
            rule: self.rule,
            affected: &self.affected,
            troubles: &self.troubles,
            announced: &self.announced,
            publication: self.publication.as_ref(),
            post: post.and_then(|id| self.posts.get(&id)),
            new_post: PostId(Ulid::from_parts(2, self.ids)),
            new_update: UpdateId(Ulid::from_parts(2, self.ids)),
            now: self.now,
        })
    }

    /// Looks once at `seconds` after dawn.
    fn look(&mut self, seconds: i64) {
        self.now = after(seconds);
        let decision = self.decide();
        self.publication = decision.publication;
        if let Some(post) = decision.post {
            self.posts.insert(post.id, post);
        }
        let again = self.decide();
        assert_eq!(again.publication, self.publication, "deciding twice is deciding once");
        assert_eq!(again.post, None, "deciding twice is deciding once");
    }

    fn post(&self) -> &Post {
        self.posts.values().next_back().expect("a post")
    }

    fn status(&self) -> ComponentStatus {
        let posts: Vec<Post> = self.posts.values().cloned().collect();
        rollup(&statuses(&self.components, &posts, &[]))
    }

    fn said(&self) -> Vec<PostStatus> {
        self.post().updates.iter().map(|update| update.status).collect()
    }

    /// A person writes into the post.
    fn by_hand(&mut self, status: PostStatus, body: &str) {
        let id = self.post().id;
        let now = self.now;
        let post = self.posts.get_mut(&id).unwrap();
        post.automatic = false;
        post.add(Update {
            id: UpdateId(Ulid::from_parts(3, 1)),
            status,
            body: body.into(),
            at: now,
            created_at: now,
            by: Actor::system(),
            components: Vec::new(),
            deliver_notifications: true,
        });
    }
}

#[test]
fn an_incident_settles_opens_moves_and_ends() {
    let mut stage = Stage::new(PublicationMode::Auto, 60);
    stage.breaks(1, Severity::Critical);
    stage.look(0);
    assert_eq!(stage.publication.as_ref().unwrap().due_at, Some(after(60)));
    stage.look(59);
    assert!(stage.posts.is_empty());
    stage.look(60);
    assert_eq!(
        (stage.said(), stage.status()),
        (vec![PostStatus::Investigating], ComponentStatus::MajorOutage)
    );
    let post = stage.post();
    assert_eq!(
        (post.title.as_str(), post.impact, post.started_at),
        ("Problems with API", Impact::Critical, dawn())
    );
    stage.taken();
    stage.look(90);
    stage.ends(1);
    stage.look(300);
    let said = [PostStatus::Investigating, PostStatus::Identified, PostStatus::Resolved];
    assert_eq!(
        (stage.said(), stage.status()),
        (said.to_vec(), ComponentStatus::Operational)
    );
    assert_eq!(stage.post().resolved_at, Some(after(300)));
    stage.look(899);
    assert!(stage.publication.is_some());
    stage.look(900);
    assert_eq!(stage.publication, None);
}

#[test]
fn what_ends_before_it_settled_is_never_told_and_information_neither() {
    let mut stage = Stage::new(PublicationMode::Auto, 60);
    stage.breaks(1, Severity::Critical);
    stage.look(0);
    stage.ends(1);
    stage.look(30);
    assert_eq!((stage.publication.clone(), stage.posts.len()), (None, 0));
    stage.breaks(2, Severity::Info);
    stage.look(1_000);
    assert_eq!((stage.publication.clone(), stage.posts.len()), (None, 0));
    let mut prompt = Stage::new(PublicationMode::Auto, 0);
    prompt.breaks(1, Severity::Warning);
    prompt.look(0);
    assert_eq!(prompt.status(), ComponentStatus::DegradedPerformance);
}

#[test]
fn trouble_that_comes_back_within_ten_minutes_continues_its_post_and_later_opens_another() {
    let mut stage = Stage::new(PublicationMode::Auto, 0);
    stage.breaks(1, Severity::Error);
    stage.look(0);
    stage.ends(1);
    stage.look(100);
    stage.now = after(700);
    stage.breaks(2, Severity::Error);
    stage.look(700);
    assert_eq!(stage.posts.len(), 1);
    assert_eq!(stage.post().status, PostStatus::Investigating);
    stage.ends(2);
    stage.look(800);
    stage.now = after(1_401);
    stage.breaks(3, Severity::Error);
    stage.look(1_401);
    assert_eq!(stage.posts.len(), 2);
}

#[test]
fn what_flaps_waits_for_calm_before_it_says_once_more_that_it_is_over() {
    let mut stage = Stage::new(PublicationMode::Auto, 0);
    for turn in 0..20 {
        stage.now = after(turn * 200);
        stage.breaks(1, Severity::Critical);
        stage.look(turn * 200);
        assert_eq!(stage.status(), ComponentStatus::MajorOutage);
        stage.ends(1);
        stage.look(turn * 200 + 100);
        assert_eq!(
            stage.status(),
            ComponentStatus::Operational,
            "components tell the truth at once"
        );
    }
    assert_eq!(stage.posts.len(), 1);
    assert_eq!(stage.post().status, PostStatus::Investigating, "it waits");
    let last = &stage.post().updates.last().unwrap().body;
    assert!(
        last.contains("come and go"),
        "true while it is there, and while it is not: {last}"
    );
    assert!(stage.post().updates.len() <= 8, "{:?}", stage.said());
    stage.look(19 * 200 + 100 + 600);
    assert_eq!(stage.post().status, PostStatus::Resolved);
}

#[test]
fn it_gets_worse_with_a_word_and_better_without_one_and_never_goes_back() {
    let mut stage = Stage::new(PublicationMode::Auto, 0);
    stage.breaks(1, Severity::Warning);
    stage.look(0);
    stage.taken();
    stage.look(10);
    stage.now = after(20);
    stage.breaks(2, Severity::Critical);
    stage.look(20);
    assert_eq!(
        stage.post().status,
        PostStatus::Identified,
        "a new incident does not take that back"
    );
    assert!(stage.post().updates.last().unwrap().body.contains("worse"));
    stage.ends(2);
    stage.look(30);
    assert_eq!(
        (stage.said().len(), stage.status()),
        (3, ComponentStatus::DegradedPerformance)
    );
    assert_eq!(stage.post().impact, Impact::Critical, "as bad as it ever was");
}

#[test]
fn ask_waits_for_a_person_and_manual_for_ever() {
    let mut stage = Stage::new(PublicationMode::Ask, 60);
    stage.breaks(1, Severity::Critical);
    stage.look(0);
    stage.look(60);
    assert!(matches!(
        stage.publication.as_ref().unwrap().state,
        PublicationState::Asked { .. }
    ));
    assert_eq!(stage.status(), ComponentStatus::Operational);
    let answered = |stage: &Stage, publish| {
        let whose = (stage.page.id, ServiceId(Ulid::from_parts(1, 1)));
        Publication::answered(stage.publication.as_ref(), whose, publish, stage.now)
    };
    let no = answered(&stage, false);
    let yes = answered(&stage, true);
    stage.publication = no;
    for seconds in [70, 700] {
        stage.look(seconds);
        assert_eq!(stage.status(), ComponentStatus::Operational, "it was dismissed");
    }
    stage.publication = yes;
    stage.look(800);
    assert_eq!(stage.status(), ComponentStatus::MajorOutage);
    assert_eq!(
        answered(&stage, false),
        None,
        "it is public, and its post is what there is to change"
    );
    let mut manual = Stage::new(PublicationMode::Manual, 60);
    manual.breaks(1, Severity::Critical);
    manual.look(0);
    assert_eq!((manual.publication.clone(), manual.posts.len()), (None, 0));
    manual.publication = answered(&manual, true);
    manual.look(1);
    assert_eq!(
        manual.status(),
        ComponentStatus::MajorOutage,
        "a person's word needs no settling"
    );
}

#[test]
fn a_post_that_a_person_wrote_into_is_theirs() {
    let mut stage = Stage::new(PublicationMode::Auto, 0);
    stage.breaks(1, Severity::Critical);
    stage.look(0);
    stage.by_hand(PostStatus::Monitoring, "A fix is out.");
    let theirs = stage.post().clone();
    stage.taken();
    stage.look(10);
    stage.ends(1);
    stage.look(20);
    assert_eq!(stage.post(), &theirs);
    stage.now = after(30);
    stage.breaks(2, Severity::Error);
    stage.look(30);
    assert_eq!(
        (stage.post(), stage.posts.len()),
        (&theirs, 1),
        "still open: what comes back is in it"
    );
}

#[test]
fn a_person_who_ends_or_withdraws_a_post_is_not_contradicted_by_the_same_incidents() {
    for withdraw in [false, true] {
        let mut stage = Stage::new(PublicationMode::Auto, 0);
        stage.breaks(1, Severity::Critical);
        stage.look(0);
        stage.now = after(10);
        if withdraw {
            let id = stage.post().id;
            let withdrawal = Withdrawal {
                at: stage.now,
                by: Actor::system(),
                reason: None,
            };
            stage.posts.get_mut(&id).unwrap().withdrawn = Some(withdrawal);
        } else {
            stage.by_hand(PostStatus::Resolved, "It is over.");
        }
        let theirs = stage.post().clone();
        for seconds in [11, 100, 5_000] {
            stage.look(seconds);
        }
        assert_eq!(
            (stage.post(), stage.posts.len(), stage.status()),
            (&theirs, 1, ComponentStatus::Operational)
        );
        stage.now = after(5_001);
        stage.breaks(2, Severity::Error);
        stage.look(5_001);
        assert_eq!(
            (stage.posts.len(), stage.status()),
            (2, ComponentStatus::PartialOutage),
            "a later one is news"
        );
        stage.ends(1);
        stage.ends(2);
        stage.look(5_100);
        stage.look(9_000);
        assert_eq!(stage.publication, None);
    }
}

#[test]
fn maintenance_never_hides_an_outage_and_what_is_held_holds() {
    let mut components = vec![component(1, "API"), component(2, "Shop"), component(3, "All")];
    components[2].is_group = true;
    components[0].group_id = Some(components[2].id);
    let ids: Vec<ComponentId> = components.iter().map(|one| one.id).collect();
    let maintenance = Maintenance {
        id: Ulid::from_parts(1, 1).into(),
        page_id: components[0].page_id,
        title: "Move".into(),
        status: MaintenanceStatus::InProgress,
        starts_at: dawn(),
        ends_at: after(600),
        automatic: true,
        component_ids: ids[..2].to_vec(),
        service_ids: Vec::new(),
        alerts: Default::default(),
        remind_minutes_before: 60,
        cancelled: None,
        updates: Vec::new(),
        completed_at: None,
        created_at: dawn(),
        updated_at: dawn(),
    };
    let mut stage = Stage::new(PublicationMode::Auto, 0);
    stage.breaks(1, Severity::Warning);
    stage.look(0);
    let posts = [stage.post().clone()];
    let all = statuses(&components, &posts, std::slice::from_ref(&maintenance));
    assert_eq!(all[&ids[0]], ComponentStatus::DegradedPerformance);
    assert_eq!(all[&ids[1]], ComponentStatus::UnderMaintenance);
    assert_eq!(
        all[&ids[2]],
        ComponentStatus::DegradedPerformance,
        "a group does as its worst"
    );
    components[0].held_status = Some(ComponentStatus::Operational);
    let all = statuses(&components, &posts, std::slice::from_ref(&maintenance));
    assert_eq!(
        (all[&ids[0]], rollup(&all)),
        (ComponentStatus::Operational, ComponentStatus::UnderMaintenance)
    );
    let begun = Maintenance {
        status: MaintenanceStatus::Scheduled,
        ..maintenance
    };
    let id = UpdateId(Ulid::from_parts(1, 1));
    assert_eq!(begun.advanced(Locale::En, id, after(-1)), None);
    let on = begun.advanced(Locale::De, id, after(1)).unwrap();
    assert_eq!(on.status, MaintenanceStatus::InProgress);
    assert_eq!(
        on.advanced(Locale::De, id, after(600)).unwrap().completed_at,
        Some(after(600))
    );
    assert_eq!(
        begun.advanced(Locale::En, id, after(900)).unwrap().status,
        MaintenanceStatus::Completed
    );
}

/// However often something came and went within one post, what it says of it is off by moments at most.
#[test]
fn what_came_and_went_too_often_is_remembered_but_for_moments() {
    let mut stage = Stage::new(PublicationMode::Auto, 0);
    stage.breaks(1, Severity::Critical);
    stage.look(0);
    let mut post = stage.posts.values().next().unwrap().clone();
    let id = *post.components.keys().next().unwrap();
    let (mut now, mut wrong) = (0, 0);
    let mut status = ComponentStatus::MajorOutage;
    for turn in 0..500_i64 {
        let lasts = if turn / 2 % 2 == 0 { 600 } else { 1 };
        now += lasts;
        if status == ComponentStatus::MajorOutage {
            wrong += lasts;
        }
        let next = match status {
            ComponentStatus::MajorOutage => ComponentStatus::Operational,
            _ => ComponentStatus::MajorOutage,
        };
        let change = ComponentChange {
            component_id: id,
            old_status: status,
            new_status: next,
        };
        post.move_components(&[change], after(now));
        status = next;
    }
    let said = post.said().into_iter().chain(post.goes_on(after(now)));
    let said: i64 = said.map(|one| one.end.duration_since(one.start).as_secs()).sum();
    assert!(post.moves.len() <= 300 && (said - wrong).abs() <= 500, "{said} {wrong}");
}

#[test]
fn days_have_23_24_and_25_hours() {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let id = component(1, "API").id;
    let hour = 3_600_000;
    // Clocks go forward on the 29th of March 2026 and back on the 25th of October.
    for (now, hours) in [
        ("2026-03-30T12:00:00Z", 23),
        ("2026-10-26T12:00:00Z", 25),
        ("2026-06-02T12:00:00Z", 24),
    ] {
        let now = at(now);
        let days = days(&[], at("2026-01-01T00:00:00Z"), &zone, 3, now);
        assert_eq!(days[1].counted_ms, hours * hour);
        let midnight = days[1].date.to_zoned(zone.clone()).unwrap().timestamp();
        let whole = Interval {
            component_id: id,
            status: ComponentStatus::MajorOutage,
            start: midnight,
            end: midnight + SignedDuration::from_hours(hours),
        };
        let days = super::days(&[whole], at("2026-01-01T00:00:00Z"), &zone, 3, now);
        assert_eq!(
            days.iter().map(Day::uptime_ppm).collect::<Vec<_>>(),
            [Some(1_000_000), Some(0), Some(1_000_000)]
        );
        assert_eq!(days[0].worst, Some(ComponentStatus::Operational));
    }
    // A zone whose midnight does not exist once a year (Beirut, 29 March 2026): the day begins after the gap.
    let beirut = jiff::tz::TimeZone::get("Asia/Beirut").unwrap();
    let days = days(&[], at("2026-01-01T00:00:00Z"), &beirut, 3, at("2026-03-30T12:00:00Z"));
    assert_eq!(days[1].counted_ms, 23 * hour);
    // Before it was made there is nothing to tell.
    let young = super::days(&[], at("2026-03-30T00:00:00Z"), &zone, 3, at("2026-03-30T12:00:00Z"));
    assert_eq!((young[0].worst, young[0].uptime_ppm()), (None, None));
}

proptest! {
    /// However incidents come and go and whenever anybody looks: nothing internal can be told, the post only moves forward
    /// between reopenings, deciding twice is deciding once (asserted in `look`), and in the end all is told to be over.
    #[test]
    fn no_order_of_incidents_leaves_the_page_lying(
        settle in prop::sample::select(vec![0_u32, 60, 300]),
        steps in prop::collection::vec((0_u8..5, 1_u128..4, 1_i64..400), 1..60),
    ) {
        let mut stage = Stage::new(PublicationMode::Auto, settle);
        let mut now = 0;
        for (deed, number, wait) in steps {
            stage.now = after(now);
            match deed {
                0 => stage.breaks(number, Severity::Critical),
                1 => stage.breaks(number, Severity::Warning),
                2 => stage.taken(),
                _ => stage.ends(number),
            }
            stage.look(now);
            // As the sweep would: at its due time at the latest.
            let due = stage.publication.as_ref().and_then(|publication| publication.due_at);
            if let Some(due) = due.filter(|due| *due < after(now + wait)) {
                let due = due.duration_since(dawn()).as_secs();
                prop_assert!(due > now, "what is due is done");
                stage.look(due);
            }
            let worst = stage.troubles.iter().map(|one| stage.affected[0].status(one.severity)).max();
            prop_assert!(stage.status() <= worst.unwrap_or_default(), "never worse than it is");
            let is_long = |one: &Trouble| stage.now.duration_since(one.since).as_secs() >= i64::from(settle);
            let long: Vec<Trouble> = stage.troubles.iter().copied().filter(is_long).collect();
            if !long.is_empty() {
                prop_assert_eq!(stage.status(), worst.unwrap_or_default(), "what lasts is told");
            }
            now += wait;
        }
        stage.troubles.clear();
        for seconds in [0, 600, 1_200] {
            stage.look(now + seconds);
        }
        prop_assert_eq!(stage.publication.clone(), None);
        prop_assert_eq!(stage.status(), ComponentStatus::Operational);
        prop_assert!(stage.posts.values().all(|post| !post.is_open()));
    }

    /// Intervals are disjoint, in order, and never operational; days add up to the time there was.
    #[test]
    fn histories_are_half_open_intervals(changes in prop::collection::vec((0_usize..5, 0_i64..100_000), 1..80)) {
        let mut one = component(1, "API");
        let (id, mut now) = (one.id, dawn());
        for (status, wait) in changes {
            one.hold([None, Some(ComponentStatus::ALL[status])][usize::from(status != 1)], now);
            now += SignedDuration::from_secs(wait);
        }
        let held = one.holds.iter().copied().chain(one.is_held(now));
        let history = History { held: held.collect(), said: Vec::new() };
        let all = history.of(id);
        for pair in all.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
        }
        for one in &all {
            prop_assert!(one.start < one.end && one.status != ComponentStatus::Operational);
        }
        let days = days(&all, dawn(), &jiff::tz::TimeZone::UTC, 120, now);
        let counted: i64 = days.iter().map(|day| day.counted_ms).sum();
        prop_assert_eq!(counted, now.as_millisecond() - dawn().as_millisecond());
        let major = all.iter().filter(|one| one.status == ComponentStatus::MajorOutage);
        let major: i64 = major.map(|one| one.end.as_millisecond() - one.start.as_millisecond()).sum();
        prop_assert_eq!(days.iter().map(|day| day.major_ms).sum::<i64>(), major);
    }

    /// At every moment a component was as bad as the worst that anybody says, and it is said once; while a person had set it,
    /// it was that.
    #[test]
    fn what_is_said_overlaps_and_what_was_set_is_above_it(
        own in prop::collection::vec((0_usize..5, 1_i64..20, 0_i64..10, any::<bool>()), 0..6),
        said in prop::collection::vec((1_usize..5, 0_i64..100, 1_i64..40), 0..6),
    ) {
        let id = component(1, "API").id;
        let interval = |status: usize, start: i64, length: i64| Interval {
            component_id: id,
            status: ComponentStatus::ALL[status],
            start: after(start),
            end: after(start + length),
        };
        let mut history = History::default();
        let mut from = 0;
        for (status, length, wait, is_held) in own {
            let kept = if is_held { &mut history.held } else { &mut history.said };
            kept.extend((is_held || status > 0).then(|| interval(status, from, length)));
            from += length + wait;
        }
        history.said.extend(said.into_iter().map(|(status, start, length)| interval(status, start, length)));
        let all = history.of(id);
        for pair in all.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start, "{pair:?}");
        }
        for second in 0..200 {
            let is_then = |one: &&Interval| one.start <= after(second) && after(second) < one.end;
            let worst = history.said.iter().filter(is_then).map(|one| one.status).max();
            let held = history.held.iter().find(is_then).map(|one| one.status);
            let expected = held.or(worst).filter(|status| *status != ComponentStatus::Operational);
            prop_assert_eq!(all.iter().find(is_then).map(|one| one.status), expected);
        }
    }
}
