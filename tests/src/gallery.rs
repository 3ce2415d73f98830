//! Status pages in every state that readers meet: what the public sees, made of rows by hand. For tests that read or look
//! at documents.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use shared::domain::actor::Actor;
use shared::domain::id::{ComponentId, MaintenanceId, PageId, PostId, UpdateId};
use shared::domain::status::{
    Component, ComponentChange, ComponentStatus, History, Impact, Interval, Locale, Look, Maintenance,
    MaintenanceStatus, Page, Post, PostStatus, Update, Withdrawal, statuses,
};
use status_page::view::{PageView, PostView, Sources};
use ulid::Ulid;

const DAY: i64 = 86_400;
const PAGE: PageId = PageId(Ulid(1));

/// A page, and what is on it.
pub struct Scene {
    /// The page.
    pub page: Page,
    /// What is on it.
    pub components: Vec<Component>,
    /// Newest first.
    pub posts: Vec<Post>,
    /// Newest first.
    pub maintenances: Vec<Maintenance>,
    /// What was.
    pub past: Vec<Interval>,
    /// The time: a Thursday at noon in Berlin.
    pub now: Timestamp,
}

/// Every state by its name.
pub fn scenes() -> Vec<(&'static str, Scene)> {
    let mut none = Scene::new(Locale::En);
    none.components.clear();
    none.past.clear();
    let mut fresh = Scene::new(Locale::En);
    fresh.past.clear();
    let mut german = Scene::new(Locale::De).with_past();
    german.breaks(
        &[(3, ComponentStatus::PartialOutage)],
        "Störung: Suche",
        PostStatus::Identified,
    );
    german.plan(1, MaintenanceStatus::Scheduled);
    let mut degraded = Scene::new(Locale::En).with_past();
    degraded.breaks(
        &[(4, ComponentStatus::DegradedPerformance)],
        "API answers slowly",
        PostStatus::Monitoring,
    );
    let mut partial = Scene::new(Locale::En).with_past();
    partial.breaks(
        &[(2, ComponentStatus::PartialOutage)],
        "Checkout fails for some cards",
        PostStatus::Identified,
    );
    let mut major = Scene::new(Locale::En).with_past();
    major.breaks(
        &[(4, ComponentStatus::MajorOutage)],
        "API is down",
        PostStatus::Investigating,
    );
    let mut watched = Scene::new(Locale::En).with_past();
    watched.breaks(
        &[(4, ComponentStatus::Operational)],
        "API answered slowly",
        PostStatus::Monitoring,
    );
    let mut maintenance = Scene::new(Locale::En).with_past();
    maintenance.plan(0, MaintenanceStatus::InProgress);
    maintenance.plan(3, MaintenanceStatus::Scheduled);
    let mut several = Scene::new(Locale::En).with_past();
    several.breaks(
        &[(4, ComponentStatus::MajorOutage)],
        "API is down",
        PostStatus::Identified,
    );
    several.breaks(
        &[
            (1, ComponentStatus::DegradedPerformance),
            (3, ComponentStatus::PartialOutage),
        ],
        "Shop is slow, search finds too little",
        PostStatus::Monitoring,
    );
    several.plan(0, MaintenanceStatus::InProgress);
    several.plan(5, MaintenanceStatus::Scheduled);
    vec![
        ("good", Scene::new(Locale::En).with_past()),
        ("degraded", degraded),
        ("partial", partial),
        ("major", major),
        ("watched", watched),
        ("maintenance", maintenance),
        ("several", several),
        ("many", Scene::many()),
        ("none", none),
        ("fresh", fresh),
        ("german", german),
        ("branded", Scene::branded()),
        ("hostile", Scene::hostile()),
    ]
}

impl Scene {
    /// A shop's page, a year old, on which all is well and nothing ever was.
    pub fn new(locale: Locale) -> Self {
        let now: Timestamp = "2026-11-12T11:00:00Z".parse().expect("it is a time");
        let page = Page {
            id: PAGE,
            team_id: None,
            slug: "main".into(),
            name: "Acme".into(),
            description: None,
            time_zone: "Europe/Berlin".into(),
            locale,
            is_default: true,
            domain: None,
            look: Look::default(),
            created_at: now - SignedDuration::from_secs(365 * DAY),
        };
        let mut scene = Self {
            page,
            components: Vec::new(),
            posts: Vec::new(),
            maintenances: Vec::new(),
            past: Vec::new(),
            now,
        };
        let names = match locale {
            Locale::En => ["Website", "Shop", "Checkout", "Search", "API", "Documentation"],
            Locale::De => ["Website", "Laden", "Kasse", "Suche", "API", "Dokumentation"],
        };
        for name in names {
            scene.component(name);
        }
        scene.components[0].is_group = true;
        for member in 1..4 {
            scene.components[member].group_id = Some(scene.components[0].id);
        }
        scene.components[4].description = Some("REST and webhooks, in all regions".into());
        scene
    }

    /// What the public sees of it.
    pub fn view(&self) -> PageView {
        let all = statuses(&self.components, &self.posts, &self.maintenances);
        let posts = self
            .posts
            .iter()
            .flat_map(|post| [post.said(), post.goes_on(self.now)].concat());
        let maintenances = self.maintenances.iter();
        let maintenances = maintenances.flat_map(|one| [one.said(), one.goes_on(self.now)].concat());
        let said = self.past.iter().copied().chain(posts).chain(maintenances);
        PageView::new(&Sources {
            page: &self.page,
            url: format!("http://status.example.com/status/{}", self.page.slug),
            components: &self.components,
            statuses: &all,
            history: &History {
                said: said.collect(),
                held: Vec::new(),
            },
            posts: &self.posts,
            maintenances: &self.maintenances,
            since: self.page.created_at,
            now: self.now,
        })
    }

    /// A post as the public sees it.
    pub fn post_view(&self, index: usize) -> PostView {
        PostView::new(&self.posts[index], &self.components, &self.view().url)
    }

    /// Adds a component.
    pub fn component(&mut self, name: &str) {
        let number = self.components.len() as u128;
        self.components.push(Component {
            id: ComponentId(Ulid::from_parts(1, number)),
            page_id: PAGE,
            name: name.into(),
            description: None,
            is_group: false,
            group_id: None,
            position: number as u32,
            only_show_if_degraded: false,
            held_status: None,
            held_since: None,
            holds: Vec::new(),
            start_date: None,
            created_at: self.page.created_at,
            updated_at: self.page.created_at,
        });
    }

    /// So long ago.
    fn ago(&self, seconds: i64) -> Timestamp {
        self.now - SignedDuration::from_secs(seconds)
    }

    /// Something was wrong with a component, so many seconds ago, for so long.
    pub fn was(&mut self, component: usize, status: ComponentStatus, ago: i64, seconds: i64) {
        self.past.push(Interval {
            component_id: self.components[component].id,
            status,
            start: self.ago(ago),
            end: self.ago(ago - seconds),
        });
    }

    /// A post about something that began so many seconds ago, moved through these statuses every quarter of an hour.
    pub fn post(&mut self, title: &str, ago: i64, broken: &[(usize, ComponentStatus)], moves: &[(PostStatus, &str)]) {
        let start = self.ago(ago);
        let number = self.posts.len() as u128;
        let id = PostId(Ulid::from_parts(start.as_millisecond().unsigned_abs(), number));
        let mut post = Post {
            id,
            page_id: PAGE,
            service_id: None,
            title: title.into(),
            status: PostStatus::Investigating,
            impact: Impact::None,
            impact_override: None,
            components: BTreeMap::new(),
            components_by_hand: false,
            automatic: false,
            updates: Vec::new(),
            moves: Vec::new(),
            started_at: start,
            resolved_at: None,
            withdrawn: None,
            created_at: start,
            updated_at: start,
        };
        for (place, (status, body)) in moves.iter().enumerate() {
            let at = start + SignedDuration::from_mins(15 * place as i64);
            let change = |(component, new_status): &(usize, ComponentStatus)| {
                let old_status = ComponentStatus::Operational;
                let (old_status, new_status) = match place {
                    0 => (old_status, *new_status),
                    _ => (*new_status, old_status),
                };
                ComponentChange {
                    component_id: self.components[*component].id,
                    old_status,
                    new_status,
                }
            };
            let is_told = place == 0 || !status.is_open() && place + 1 == moves.len();
            post.add(Update {
                deliver_notifications: true,
                id: UpdateId(Ulid::from_parts(
                    at.as_millisecond().unsigned_abs(),
                    number * 100 + place as u128,
                )),
                status: *status,
                body: (*body).into(),
                at,
                created_at: at,
                by: Actor::system(),
                components: broken.iter().filter(|_| is_told).map(change).collect(),
            });
        }
        self.posts.push(post);
        self.posts.sort_by_key(|post| std::cmp::Reverse(post.id));
    }

    /// Something is wrong now, since 34 minutes, and stands there.
    pub fn breaks(&mut self, broken: &[(usize, ComponentStatus)], title: &str, until: PostStatus) {
        let moves = [
            (PostStatus::Investigating, "We see errors and are looking into them."),
            (
                PostStatus::Identified,
                "A change of this morning was at fault; we are taking it back. Details: https://example.com/changes/7.",
            ),
            (
                PostStatus::Monitoring,
                "It is taken back.\n\nWe watch whether all is well.",
            ),
        ];
        let moves: Vec<_> = moves.into_iter().take_while(|(status, _)| *status <= until).collect();
        self.post(title, 34 * 60, broken, &moves);
    }

    /// A maintenance of the last component: that goes on since half an hour, or comes in so many days.
    pub fn plan(&mut self, days: i64, status: MaintenanceStatus) {
        let starts_at = self.now + SignedDuration::from_secs(if days == 0 { -1800 } else { days * DAY });
        let number = self.maintenances.len() as u128 + 1;
        let told = self.ago(3 * DAY);
        let update = |place: u128, status, body: &str, at| Update {
            deliver_notifications: true,
            id: UpdateId(Ulid::from_parts(7, number * 10 + place)),
            status,
            body: body.into(),
            at,
            created_at: at,
            by: Actor::system(),
            components: Vec::new(),
        };
        let words = "We move the documentation to larger machines. It may be read only for a while.";
        let mut updates = vec![update(0, MaintenanceStatus::Scheduled, words, told)];
        if status != MaintenanceStatus::Scheduled {
            updates.push(update(1, status, "The announced work has begun.", starts_at));
        }
        self.maintenances.push(Maintenance {
            id: MaintenanceId(Ulid::from_parts(starts_at.as_millisecond().unsigned_abs(), number)),
            page_id: PAGE,
            title: "Larger machines for the documentation".into(),
            status,
            starts_at,
            ends_at: starts_at + SignedDuration::from_hours(2),
            automatic: true,
            component_ids: self.components.last().map(|one| one.id).into_iter().collect(),
            service_ids: Vec::new(),
            alerts: Default::default(),
            remind_minutes_before: 60,
            cancelled: None,
            updates,
            completed_at: None,
            created_at: told,
            updated_at: told,
        });
    }

    /// With a quarter in which this and that happened.
    pub fn with_past(mut self) -> Self {
        self.was(4, ComponentStatus::MajorOutage, 3 * DAY, 5_640);
        self.was(4, ComponentStatus::DegradedPerformance, 40 * DAY, 9_000);
        self.was(1, ComponentStatus::PartialOutage, 12 * DAY, 3_000);
        self.was(2, ComponentStatus::DegradedPerformance, 61 * DAY, 30 * 3_600);
        self.was(5, ComponentStatus::UnderMaintenance, 20 * DAY, 7_200);
        let learned = "## What happened\nA certificate ended, and what renews it had been silent for a month.\n\n## What we do next\n- the silence itself wakes somebody\n- certificates are listed on a screen";
        self.post(
            "API refused connections",
            3 * DAY,
            &[(4, ComponentStatus::MajorOutage)],
            &[
                (
                    PostStatus::Investigating,
                    "We see problems with API (not working) and are looking into them.",
                ),
                (PostStatus::Identified, "We are working on the problems with API."),
                (PostStatus::Resolved, "The problems with API are over."),
                (PostStatus::Postmortem, learned),
            ],
        );
        self.post(
            "Shop answered slowly",
            12 * DAY,
            &[(1, ComponentStatus::PartialOutage)],
            &[
                (PostStatus::Investigating, "We are looking into it."),
                (PostStatus::Resolved, "It is over."),
            ],
        );
        self
    }

    /// Thirty components in five groups, a year of troubles, and 200 posts: more than lists show.
    pub fn many() -> Self {
        let mut scene = Self::new(Locale::En);
        scene.components.clear();
        for group in 0..5 {
            scene.component(&format!(
                "Region {}",
                ["Frankfurt", "Dublin", "Virginia", "Oregon", "Tokyo"][group]
            ));
            let id = scene.components.last().map(|one| one.id);
            let at = scene.components.len() - 1;
            scene.components[at].is_group = true;
            for name in ["Gateway", "Database", "Queue", "Search", "Storage", "Console"] {
                scene.component(name);
                let at = scene.components.len() - 1;
                scene.components[at].group_id = id;
            }
        }
        let kinds = [
            ComponentStatus::DegradedPerformance,
            ComponentStatus::PartialOutage,
            ComponentStatus::MajorOutage,
            ComponentStatus::UnderMaintenance,
        ];
        let leaves: Vec<usize> = (0..scene.components.len())
            .filter(|at| !scene.components[*at].is_group)
            .collect();
        for (number, leaf) in leaves.iter().enumerate() {
            // A trouble every ninth day or so, for every component of its own.
            for trouble in 0..40_usize {
                let day = (trouble * 9 + number * 5 + trouble * number % 7) as i64 % 365;
                let seconds = 600 + (trouble * 977 + number * 431) as i64 % 9_000;
                scene.was(
                    *leaf,
                    kinds[(trouble + number) % kinds.len()],
                    day * DAY + 20_000,
                    seconds,
                );
            }
        }
        for number in 0..200_i64 {
            let leaf = leaves[number as usize % leaves.len()];
            scene.post(
                &format!("Queue of orders grows faster than it is worked on, case {number}"),
                (number + 1) * DAY / 2,
                &[(leaf, ComponentStatus::PartialOutage)],
                &[
                    (
                        PostStatus::Investigating,
                        "We are looking into why orders are late in this region.",
                    ),
                    (PostStatus::Resolved, "Orders are worked on as fast as they come again."),
                ],
            );
        }
        scene.breaks(
            &[(1, ComponentStatus::MajorOutage)],
            "Gateway in Frankfurt is down",
            PostStatus::Monitoring,
        );
        scene
    }

    /// With colours, a logo and a style of its owner's.
    pub fn branded() -> Self {
        let mut scene = Self::new(Locale::En).with_past();
        scene.page.description =
            Some("How the services of Acme do. For help write to https://example.com/help.".into());
        let logo = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0naHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmcnIHZpZXdCb3g9JzAgMCA2MCAyMCc+PHBhdGggZD0nTTAgMjBMMTAgMGwxMCAyMHonIGZpbGw9JyNmZmQxMDAnLz48cGF0aCBkPSdNMjQgNGgzMHY0SDI0ek0yNCAxMmgyMHY0SDI0eicgZmlsbD0nIzIyMicvPjwvc3ZnPg==";
        let variables = [
            ("--width", "64rem"),
            ("--radius", "0rem"),
            ("--font", "Georgia, serif"),
            ("--ground", "#fffdf5"),
            ("--dark-ground", "#1a1400"),
        ];
        scene.page.look = Look {
            accent: Some("#ffd100".into()),
            logo: Some(logo.into()),
            dark_logo: None,
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        };
        assert_eq!(scene.page.look.faults(), []);
        scene
    }

    /// With names and words that somebody chose to do harm.
    pub fn hostile() -> Self {
        let mut scene = Self::new(Locale::En);
        let script = "</title></style><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
        scene.page.name = format!("\u{202e}Acme\u{2066} {script}");
        scene.page.description = Some(format!("{script} \u{202e}{{zone}} --> <!-- &lt;"));
        scene.components[1].name = "W".repeat(200);
        scene.components[2].name = "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{202e}\u{202e}abc".into();
        scene.components[3].name = script.into();
        scene.components[0].name = format!("{{names}} {script}");
        scene.components[4].description = Some("\u{645}\u{631}\u{62d}\u{628}\u{627} ".repeat(40));
        scene.was(3, ComponentStatus::MajorOutage, 2 * DAY, 4_000);
        scene.breaks(
            &[(3, ComponentStatus::MajorOutage), (1, ComponentStatus::PartialOutage)],
            script,
            PostStatus::Identified,
        );
        let words = format!(
            "{script}\n\njavascript:alert(3) https://example.com/\"onmouseover=\"alert(4) {}",
            "x".repeat(400)
        );
        scene.post(
            &format!("\u{202e}{}", "long ".repeat(40)),
            2 * DAY,
            &[(3, ComponentStatus::MajorOutage)],
            &[(PostStatus::Investigating, &words), (PostStatus::Resolved, script)],
        );
        scene.posts[1].withdrawn = Some(Withdrawal {
            at: scene.now,
            by: Actor::system(),
            reason: Some(script.into()),
        });
        scene
    }
}
