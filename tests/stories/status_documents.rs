//! What people read of a status page, as bytes: how much it weighs, what it asks for, what it says, and what cannot break it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::SignedDuration;
use nightbell_tests::gallery::{Scene, scenes};
use shared::domain::status::{ComponentStatus, Locale, PostStatus};
use shared::secret::sha256;
use status_page::documents::Stamp;
use status_page::page;
use status_page::view::PageView;

/// What a page with a year of history and thirty components may weigh, compressed.
const PAGE_BYTES_MAX: usize = 30_000;

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn home(view: &PageView) -> String {
    text(page::home(view, Stamp::NONE))
}

fn named(name: &str) -> Scene {
    scenes().into_iter().find(|(known, _)| *known == name).unwrap().1
}

/// Every document of a scene that people read.
fn documents(scene: &Scene) -> Vec<(String, String)> {
    let view = scene.view();
    let posts: Vec<_> = (0..scene.posts.len()).map(|at| scene.post_view(at)).collect();
    let mut all = vec![
        ("home".to_owned(), home(&view)),
        ("history".into(), text(page::history(&view, Stamp::NONE))),
        ("month".into(), text(page::month(&view, "2026-11", &posts, Stamp::NONE))),
        ("embed".into(), text(page::embed(&view, Stamp::NONE))),
        ("lost".into(), text(page::lost(&view, Stamp::NONE))),
    ];
    for post in &posts {
        all.push((post.id.to_string(), text(page::incident(&view, post, Stamp::NONE))));
    }
    for one in &view.open_maintenances {
        all.push((one.id.to_string(), text(page::maintenance(&view, one, Stamp::NONE))));
    }
    all
}

fn gzipped(text: &str) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().len()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    let parts = text.split(start).skip(1);
    parts.map(|rest| rest.split_once(end).unwrap().0).collect()
}

/// The part of a document that is its own.
fn main_of(document: &str) -> String {
    between(document, "<main", "</main>").remove(0).to_owned()
}

#[test]
fn a_year_of_thirty_components_is_one_small_document() {
    let scene = Scene::many();
    let view = scene.view();
    let leaves = view.components.iter().filter(|one| !one.is_group);
    assert_eq!(leaves.clone().count(), 30);
    assert!(leaves.clone().all(|one| one.days.len() == 90));
    assert!(scene.posts.len() > 200 && scene.past.len() > 1_000);
    let home = home(&view);
    let weight = gzipped(&home);
    println!(
        "30 components, a year, 200 posts: {} bytes, {weight} compressed",
        home.len()
    );
    assert!(weight < PAGE_BYTES_MAX, "{weight}");
    for (name, document) in documents(&named("good")) {
        println!("{name}: {} bytes, {} compressed", document.len(), gzipped(&document));
    }
}

#[test]
fn a_document_asks_nobody_for_anything_and_allows_only_what_is_in_it() {
    for (scene, found) in scenes() {
        for (name, document) in documents(&found) {
            let at = format!("{scene}, {name}");
            let [policy] = between(
                &document,
                "<meta http-equiv=\"Content-Security-Policy\" content=\"",
                "\"",
            )[..] else {
                panic!("{at}: no policy, or two")
            };
            let policy = policy.replace("&#39;", "'");
            let hash = |text: &str| format!("'sha256-{}'", data_encoding::BASE64.encode(&sha256(text)));
            let (styles, scripts) = (
                between(&document, "<style>", "</style>"),
                between(&document, "<script>", "</script>"),
            );
            assert_eq!((styles.len(), scripts.len()), (1, usize::from(name != "lost")), "{at}");
            assert!(policy.contains(&format!("style-src {};", hash(styles[0]))), "{at}");
            for script in scripts {
                assert!(policy.contains(&format!("script-src {};", hash(script))), "{at}");
            }
            assert!(
                policy.starts_with("default-src 'none';") && !policy.contains("unsafe"),
                "{at}"
            );
            assert!(!styles[0].contains("url(") && !styles[0].contains("@import"), "{at}");
            // Whatever a browser fetches by itself is data; links are followed by people.
            for source in between(&document, "src=\"", "\"") {
                assert!(
                    source.starts_with("data:") || source.starts_with("&quot;") || source.contains("/embed"),
                    "{at}: {source}"
                );
            }
            let icons = between(&document, "<link rel=\"icon\"", ">");
            assert!(
                icons.len() == 1 && icons[0].contains("href=\"data:image/svg+xml,"),
                "{at}"
            );
            assert!(
                !document.contains("rel=\"stylesheet\"") && !document.contains(" style=\""),
                "{at}"
            );
            assert_eq!(document.matches("<main").count(), 1, "{at}");
            assert_eq!(main_of(&document).matches("<h1").count(), 1, "{at}");
        }
    }
}

#[test]
fn every_day_has_a_text_and_only_days_with_something_to_tell_are_stops() {
    let scene = Scene::many();
    let home = home(&scene.view());
    let bars = between(&home, "<ol class=\"days\"", "</ol>");
    assert_eq!(bars.len(), 30);
    let mut stops = 0;
    for bars in &bars {
        let days: Vec<&str> = bars.split("<li").skip(1).collect();
        assert_eq!(days.len(), 90);
        for day in days {
            let said = between(day, "<b>", "</b>")[0];
            let is_quiet = said.ends_with("no trouble") || said.ends_with("no data");
            assert!(said.contains(": "), "{said}");
            assert_eq!(day.contains("tabindex"), !is_quiet, "{day}");
            stops += usize::from(day.contains("tabindex"));
        }
    }
    assert!(stops > 100 && stops < 600, "{stops}");
}

#[test]
fn a_document_changes_when_something_happens_not_when_time_passes() {
    for (name, mut scene) in scenes() {
        let before = documents(&scene);
        scene.now += SignedDuration::from_secs(1);
        assert!(documents(&scene) == before, "{name}");
    }
}

#[test]
fn uptime_and_days_are_told_exactly() {
    let home = home(&named("good").view());
    // 5,640 s of 90 days less the twelve hours of today that are still to come, and degraded performance counts nothing.
    assert!(home.contains("<span>99.92% uptime</span>"), "{}", main_of(&home));
    let text = "9 Nov: Major outage 1 h 34 min · API refused connections";
    assert!(home.contains(text), "{}", main_of(&home));
    assert!(home.contains("31 Oct: Partial outage 50 min"));
    let ongoing = self::home(&named("major").view());
    assert!(ongoing.contains("12 Nov: Major outage, still going on · API is down"));
}

#[test]
fn groups_are_open_where_something_is_wrong() {
    let is_open = |name: &str| {
        let home = home(&named(name).view());
        let groups = between(&main_of(&home), "<details id=\"in-cmp_", ">")
            .into_iter()
            .map(|group| group.ends_with(" open"))
            .collect::<Vec<_>>();
        assert_eq!(groups.len(), 1);
        groups[0]
    };
    assert!(is_open("partial") && is_open("several"));
    assert!(!is_open("good") && !is_open("major"));
}

#[test]
fn what_is_shown_only_while_it_is_wrong_is_not_shown_otherwise() {
    let mut scene = named("good");
    scene.components[5].only_show_if_degraded = true;
    assert!(!home(&scene.view()).contains("<bdi>Documentation</bdi>"));
    scene.breaks(
        &[(5, ComponentStatus::PartialOutage)],
        "It is down",
        PostStatus::Identified,
    );
    assert!(home(&scene.view()).contains("<bdi>Documentation</bdi>"));
    for member in 1..4 {
        scene.components[member].only_show_if_degraded = true;
    }
    assert!(!home(&scene.view()).contains("<details id=\"in-"), "a group of nothing");
}

#[test]
fn what_is_empty_says_so() {
    let none = home(&named("none").view());
    assert!(
        none.contains("href=\"/status/main/subscribers\""),
        "whoever reads it finds where to subscribe"
    );
    assert!(
        !none.contains("All systems operational"),
        "nothing is watched, so nothing is known"
    );
    assert!(none.contains("Nothing is watched here yet") && none.contains("Nothing has been reported yet."));
    let mut scene = named("good");
    scene.posts.retain(|post| post.title.contains("never"));
    assert!(home(&scene.view()).contains("Nothing has been reported yet."));
    let mut scene = Scene::new(Locale::De);
    scene.post("Alt", 40 * 86_400, &[], &[(PostStatus::Resolved, "Vorbei.")]);
    assert!(home(&scene.view()).contains("Nichts in den letzten 14 Tagen."));
    let month = text(page::month(&scene.view(), "2026-11", &[], Stamp::NONE));
    assert!(month.contains("Im November 2026 wurde nichts gemeldet."));
}

/// Whatever components do: who reads of an incident that goes on is not told that all is well.
#[test]
fn an_open_incident_is_the_headline_when_everything_works() {
    let watched = home(&named("watched").view());
    assert!(
        watched.contains(">An incident is still open</h1>"),
        "{}",
        main_of(&watched)
    );
    assert!(!watched.contains("All systems operational"));
}

#[test]
fn a_page_speaks_one_language() {
    let documents = documents(&named("german"));
    for (name, document) in documents.into_iter().filter(|(name, _)| name != "lost") {
        assert!(document.contains("<html lang=\"de\">"), "{name}");
        let document = document.replace(between(&document, "<script>", "</script>")[0], "");
        for english in [
            "Operational",
            "Skip to",
            "Times are",
            "Components",
            "uptime",
            "Current",
            "trouble",
            "History",
        ] {
            assert!(!document.contains(english), "{name}: {english}");
        }
    }
    let home = home(&named("german").view());
    assert!(home.contains("9. Nov.: Ausgefallen 1 Std. 34 Min."));
    assert!(home.contains("99,92\u{a0}% verfügbar"));
    assert!(home.contains(">13. Nov., 12:00</time>"), "{}", main_of(&home));
}

/// It is shown at every host, of whatever page.
#[test]
fn what_is_shown_where_nothing_is_names_no_page_and_speaks_every_language() {
    for scene in ["branded", "german"] {
        let view = named(scene).view();
        let lost = text(page::lost(&view, Stamp::NONE));
        assert!(!lost.contains(&view.name), "{scene}: {lost}");
        for (locale, _) in Locale::EACH {
            let labels = shared::domain::status::words::labels(locale);
            let part = format!("<section lang=\"{}\">", labels.lang);
            assert!(lost.contains(&part) && lost.contains(labels.lost), "{scene}: {lost}");
        }
        assert!(lost.contains("href=\"/status\"") && lost.contains("noindex"), "{scene}");
    }
}

#[test]
fn nothing_that_people_wrote_becomes_markup() {
    let scene = Scene::hostile();
    for (name, document) in documents(&scene) {
        let lower = document.to_lowercase();
        for bad in [
            "<script>alert",
            "<img src=x",
            "</style><script",
            "<!-- ",
            "href=\"javascript",
            " onmouseover=\"",
        ] {
            assert!(!lower.contains(bad), "{name}: {bad}");
        }
        let title = between(&document, "<title>", "</title>")[0];
        assert!(!title.contains(['\u{202e}', '\u{2066}', '\n']), "{name}: {title:?}");
    }
    let badge = text(page::badge(&scene.view(), Stamp::NONE));
    assert!(!badge.contains("<script") && !badge.contains('\u{202e}'), "{badge}");
}

#[test]
fn addresses_are_those_of_the_page_s_own_host() {
    let scene = named("several");
    for (name, document) in documents(&scene) {
        let canonical = between(&document, "<link rel=\"canonical\" href=\"", "\"");
        assert!(
            canonical
                .iter()
                .all(|url| url.starts_with("http://status.example.com/status/main")),
            "{name}"
        );
        let shown = between(&document, "<meta property=\"og:url\" content=\"", "\"");
        assert!(
            shown
                .iter()
                .all(|url| url.starts_with("http://status.example.com/status/main")),
            "{name}"
        );
    }
    let home = home(&scene.view());
    assert!(
        home.contains("<a href=\"/status/main/incidents/pst_"),
        "links stay on the host that the page was read from"
    );
    assert!(home.contains("href=\"/status/main/history.atom\""));
}

#[test]
fn a_post_that_was_wrong_says_so_on_its_own_page() {
    let scene = Scene::hostile();
    let view = scene.view();
    let incident = text(page::incident(&view, &scene.post_view(1), Stamp::NONE));
    assert!(incident.contains("This post was wrong and was withdrawn."));
    assert!(!home(&view).contains(&scene.posts[1].id.to_string()));
}

#[test]
fn documents_as_they_are() {
    let scene = named("several");
    let view = scene.view();
    let main = main_of(&text(page::incident(&view, &scene.post_view(0), Stamp::NONE)));
    insta::assert_snapshot!("incident", main);
    insta::assert_snapshot!("embed", main_of(&text(page::embed(&view, Stamp::NONE))));
    insta::assert_snapshot!("badge", text(page::badge(&view, Stamp::NONE)));
}
