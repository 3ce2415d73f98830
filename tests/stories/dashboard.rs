//! Incidents in the browser.

use http::{Request, StatusCode};
use nightbell_tests::people::person;
use nightbell_tests::{Browser, World};
use serde_json::json;
use shared::domain::id::IncidentId;
use shared::domain::incident::Status;
use shared::domain::people::Role;

async fn world() -> (World, Browser, IncidentId) {
    let mut world = World::new().await;
    let id = world.trigger("disk").await;
    world.drain().await;
    let browser = Browser::signed_in(&world, world.cast.ben).await;
    (world, browser, id)
}

#[tokio::test]
async fn the_list_shows_what_is_open_and_one_tap_answers_it() {
    let (mut world, mut browser, id) = world().await;
    let id = id.to_string();
    browser.get(&world, "/").await;
    for words in ["disk full", "Checkout", "critical", "Triggered", ">Acknowledge<"] {
        assert!(browser.page.contains(words), "{words}: {}", browser.page);
    }
    let taken = browser
        .post(
            &world,
            "/incidents/act",
            &[("acknowledge", &id), ("back", "/?status=open")],
        )
        .await;
    assert_eq!(taken.headers["location"], "/?status=open", "{taken:?}");
    browser.get(&world, "/?status=open").await;
    assert!(browser.page.contains("Taken by you"), "{}", browser.page);
    assert!(!browser.page.contains(">Acknowledge<"));
    world.drain().await;
    let incident = world.incident(id.parse().unwrap()).await;
    assert_eq!(incident.acknowledged.unwrap().by.name, "Ben");

    browser.post(&world, "/incidents/act", &[("resolve", &id)]).await;
    browser.get(&world, "/").await;
    assert!(browser.page.contains("All quiet"), "{}", browser.page);
    browser.get(&world, "/?status=resolved").await;
    assert!(browser.page.contains("Resolved by you"), "{}", browser.page);
}

#[tokio::test]
async fn many_are_answered_at_once() {
    let (world, mut browser, first) = world().await;
    let second = world.trigger("memory").await;
    browser.get(&world, "/").await;
    let (a, b) = (first.to_string(), second.to_string());
    let fields = [("ids[]", a.as_str()), ("ids[]", b.as_str()), ("action", "resolve")];
    let done = browser.post(&world, "/incidents/act", &fields).await;
    assert_eq!(done.headers["location"], "/");
    for id in [first, second] {
        assert_eq!(world.incident(id).await.status, Status::Resolved);
    }
    let none = browser.post(&world, "/incidents/act", &[("action", "resolve")]).await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
    assert!(browser.page.contains("Tick 1 to 100 incidents first"));
}

#[tokio::test]
async fn one_incident_tells_everything_and_takes_every_answer() {
    let (mut world, mut browser, id) = world().await;
    let path = format!("/incidents/{id}");
    let one = id.to_string();
    browser.get(&world, &path).await;
    // The owner was paged at once, by text message and e-mail.
    for words in [
        "What happened",
        "Who was told",
        "Ana",
        "Text message to",
        "Page",
        "sent",
        "Everybody",
        "Next step",
    ] {
        assert!(browser.page.contains(words), "{words}: {}", browser.page);
    }
    assert!(!browser.page.contains("+15550100"), "numbers are masked");
    for (fields, words) in [
        (vec![("action", "acknowledge")], "Taken by you"),
        (
            vec![("action", "note"), ("note", "Looks like <b>logs</b>")],
            "Looks like &#60;b&#62;logs&#60;/b&#62;",
        ),
        (vec![("action", "unacknowledge")], "Triggered"),
        (vec![("action", "snooze"), ("how_long", "1h")], "Snoozed"),
        (vec![("action", "escalate")], "Triggered"),
        (vec![("action", "reassign"), ("to", &world.cast.ana.to_string())], "Ana"),
        (vec![("action", "resolve"), ("note", "Rotated")], "Resolved by you"),
    ] {
        let mut all = vec![("one", one.as_str())];
        all.extend(&fields);
        let done = browser.post(&world, "/incidents/act", &all).await;
        assert_eq!(
            (done.status, done.headers["location"].to_str().unwrap()),
            (StatusCode::SEE_OTHER, &*path),
            "{fields:?}"
        );
        world.drain().await;
        browser.get(&world, &path).await;
        assert!(browser.page.contains(words), "{words}: {}", browser.page);
    }
    assert!(!browser.page.contains("More to do"), "it is over");
    let wrong = [("one", one.as_str()), ("action", "snooze"), ("how_long", "ever")];
    assert_eq!(
        browser.post(&world, "/incidents/act", &wrong).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn the_living_part_is_sent_when_it_changed() {
    let (mut world, mut browser, id) = world().await;
    for path in ["/?status=open".to_owned(), format!("/incidents/{id}")] {
        let separator = if path.contains('?') { '&' } else { '?' };
        let url = format!("{path}{separator}part=live");
        let first = browser.get(&world, &url).await;
        assert!(!first.body.as_str().unwrap().contains("<html"));
        let tag = first.headers["etag"].to_str().unwrap().to_owned();
        // The page names what it was rendered with, so that nothing that changed before the first question is missed.
        let whole = browser.get(&world, &path).await;
        let named = format!("data-tag=\"{}\"", tag.replace('"', "&#34;"));
        assert!(whole.body.as_str().unwrap().contains(&named), "{named}");
        let cookie = format!("nightbell={}", browser.cookies["nightbell"]);
        let again = |tag: &str| {
            Request::get(&url)
                .header("cookie", &cookie)
                .header("if-none-match", tag)
                .body(axum::body::Body::empty())
                .unwrap()
        };
        assert_eq!(world.ask(again(&tag)).await.status, StatusCode::NOT_MODIFIED);
        world
            .signal(json!({ "summary": "disk full", "dedup_key": "disk", "severity": "critical" }))
            .await;
        world.drain().await;
        assert_eq!(
            world.ask(again(&tag)).await.status,
            StatusCode::OK,
            "a repeat is counted"
        );
    }
}

#[tokio::test]
async fn a_viewer_looks_and_touches_nothing() {
    let (world, _, id) = world().await;
    let cy = person(&world.ctx, "Cy", Role::Viewer, "+15550102").await;
    let mut browser = Browser::signed_in(&world, cy).await;
    let one = id.to_string();
    for path in ["/".to_owned(), format!("/incidents/{id}")] {
        browser.get(&world, &path).await;
        assert!(browser.page.contains("disk full"));
        for word in [">Acknowledge<", ">Resolve<", "Add the note"] {
            assert!(!browser.page.contains(word), "{path}: {word}");
        }
    }
    for action in [
        "acknowledge",
        "resolve",
        "note",
        "escalate",
        "snooze",
        "reassign",
        "unacknowledge",
    ] {
        let fields = [("one", one.as_str()), ("action", action), ("note", "x")];
        assert_eq!(
            browser.post(&world, "/incidents/act", &fields).await.status,
            StatusCode::FORBIDDEN,
            "{action}"
        );
    }
    assert_eq!(world.incident(id).await.status, Status::Triggered);
}

#[tokio::test]
async fn what_senders_write_stays_text() {
    let mut world = World::new().await;
    let event = json!({
        "summary": "<script>alert(1)</script>", "dedup_key": "x", "severity": "critical", "source": "\"><img src=x>",
        "details": { "<i>k</i>": "<b>v</b>" },
        "links": [{ "href": "javascript:alert(1)", "text": "bad" }, { "href": "https://example.com/?a=\"b", "text": "<u>good</u>" }],
    });
    let id = world.signal(event).await.body["incident_id"]
        .as_str()
        .unwrap()
        .to_owned();
    world.drain().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    for path in ["/".to_owned(), format!("/incidents/{id}")] {
        browser.get(&world, &path).await;
        assert!(browser.page.contains("&#60;script&#62;alert(1)"), "{}", browser.page);
        for raw in [
            "<script>alert",
            "<img src=x",
            "<i>k",
            "<b>v",
            "href=\"javascript:",
            "<u>good",
        ] {
            assert!(!browser.page.contains(raw), "{path}: {raw}");
        }
    }
}

#[tokio::test]
async fn search_pages_and_empty_answers_say_what_they_are() {
    let (world, mut browser, _) = world().await;
    for n in 0..55 {
        world.trigger(&format!("many-{n}")).await;
    }
    browser.get(&world, "/?status=all&q=disk").await;
    let older = browser
        .page
        .split(r#"<a href=""#)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(url, _)| url);
    let older = older
        .filter(|url| url.contains("after="))
        .last()
        .expect("a second page")
        .replace("&#38;", "&");
    assert_eq!(browser.page.matches(r#"<li class="row"#).count(), 50);
    browser.get(&world, &older).await;
    assert_eq!(browser.page.matches(r#"<li class="row"#).count(), 6, "{older}");
    assert!(browser.page.contains(">Newest<"));
    browser.get(&world, "/?q=nothing+like+this").await;
    assert!(browser.page.contains("Nothing found"));
    for (path, status) in [
        ("/?after=!!", StatusCode::BAD_REQUEST),
        ("/?service_id=x", StatusCode::BAD_REQUEST),
        ("/incidents/inc_x", StatusCode::NOT_FOUND),
        ("/incidents/inc_01arz3ndektsv4rrffq69g5fav", StatusCode::NOT_FOUND),
        ("/nowhere", StatusCode::NOT_FOUND),
        ("/incidents/act", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        assert_eq!(browser.get(&world, path).await.status, status, "{path}");
        assert!(browser.page.contains("To the incidents"), "{path}: {}", browser.page);
    }
}

#[tokio::test]
async fn what_is_to_be_done_first_is_listed_until_it_is_done() {
    let world = World::new().await;
    let mut owner = Browser::signed_in(&world, world.cast.ana).await;
    owner.get(&world, "/").await;
    for words in [
        "First steps",
        r#"<span class="badge resolved">done</span> <span>Show that a contact reaches you"#,
        r#"<a href="/services">Send a first alert</a>"#,
    ] {
        assert!(owner.page.contains(words), "{words}: {}", owner.page);
    }
    let mut responder = Browser::signed_in(&world, world.cast.ben).await;
    responder.get(&world, "/").await;
    assert!(
        responder.page.contains("All quiet"),
        "it is not for him to do: {}",
        responder.page
    );

    let id = world.trigger("disk").await.to_string();
    owner.get(&world, "/").await;
    assert!(owner.page.contains("disk full"));
    owner.post(&world, "/incidents/act", &[("resolve", &id)]).await;
    owner.get(&world, "/").await;
    assert!(owner.page.contains("All quiet"), "{}", owner.page);
}

/// The page that everybody begins with weighs the same, and takes as many reads, however much has happened before.
#[tokio::test]
async fn the_list_is_as_light_with_many_as_with_few() {
    let world = World::new().await;
    for n in 0..160 {
        let key = format!("many-{n}");
        world.trigger(&key).await;
        if n % 2 == 0 {
            world.signal(json!({ "dedup_key": key, "status": "resolve" })).await;
        }
    }
    let mut browser = Browser::signed_in(&world, world.cast.ben).await;
    for path in ["/", "/?status=resolved", "/?status=all"] {
        world.wire.take_tally();
        browser.get(&world, path).await;
        let tally = world.wire.take_tally();
        println!("{path}: {} bytes, {tally:?}", browser.page.len());
        assert_eq!(browser.page.matches(r#"<li class="row"#).count(), 50);
        assert!(browser.page.len() <= 64 * 1024, "{path}: {} bytes", browser.page.len());
        // Session, person, a query a list and shard, the incidents, their slots.
        assert!(tally.requests <= 12, "{path}: {tally:?}");
    }
}
