//! The audit log: who did what, when, from where; and that nobody rewrites it.

use std::net::SocketAddr;

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::browser::{Browser, PASSWORD, give_password};
use nightbell_tests::people::{person, token};
use nightbell_tests::world::World;
use serde_json::{Value, json};
use shared::domain::people::Role;
use shared::domain::principal::Scope;

const BETTER: &str = "a lantern over the harbour";
const HERE: &str = "198.51.100.7";

fn here() -> Browser {
    Browser {
        address: Some(SocketAddr::from(([198, 51, 100, 7], 40_000))),
        ..Browser::default()
    }
}

async fn entries(world: &World, query: &str) -> Vec<Value> {
    let answer = world.api(Method::GET, &format!("/api/v1/audit?{query}"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body["items"].as_array().unwrap().clone()
}

async fn newest(world: &World) -> Value {
    entries(world, "limit=1").await.remove(0)
}

/// What was done, by whom, and from where.
fn told(entry: &Value) -> (&str, &str, Option<&str>) {
    (
        entry["action"].as_str().unwrap(),
        entry["actor"]["name"].as_str().unwrap(),
        entry["address"].as_str(),
    )
}

#[tokio::test]
async fn whoever_comes_goes_and_changes_their_password_is_in_it_with_where_from() {
    let world = World::new().await;
    let email = give_password(&world, world.cast.ana).await;
    assert_eq!(
        told(&newest(&world).await),
        ("updated", "Nightbell", None),
        "no request made it"
    );

    let mut browser = here();
    assert_eq!(
        browser.sign_in(&world, &email, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
    let entry = newest(&world).await;
    assert_eq!(told(&entry), ("signed_in", "Ana", Some(HERE)));
    assert_eq!(
        (&entry["object"], &entry["after"]["by"]),
        (&"session".into(), &"password".into())
    );

    // By a token, from a place that nobody knows.
    world
        .api(Method::POST, "/api/v1/teams", Some(json!({ "name": "Ops" })))
        .await;
    let entry = newest(&world).await;
    assert_eq!(told(&entry), ("created", "Ana", None));
    assert_eq!(entry["actor"]["type"], "token");

    browser.get(&world, "/settings").await;
    let form = browser.form_token();
    let body = json!({ "name": "Web" }).to_string();
    browser
        .api(&world, Method::POST, "/api/v1/teams", Some(&form), &body)
        .await;
    assert_eq!(told(&newest(&world).await), ("created", "Ana", Some(HERE)));

    let fields = [("current", PASSWORD), ("password", BETTER)];
    let changed = browser.post(&world, "/settings/password", &fields).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{changed:?}");
    let two = entries(&world, "limit=2").await;
    assert_eq!(told(&two[1]), ("password_changed", "Ana", Some(HERE)));
    assert_eq!(two[0]["after"]["by"], "renewal");

    world.pass(SignedDuration::from_secs(1));
    browser.get(&world, "/settings").await;
    browser.post(&world, "/settings/sign-out", &[]).await;
    assert_eq!(
        told(&entries(&world, "limit=2").await[1]),
        ("signed_out_everywhere", "Ana", Some(HERE))
    );

    browser.get(&world, "/").await;
    browser.post(&world, "/sign-out", &[]).await;
    assert_eq!(told(&newest(&world).await), ("signed_out", "Ana", Some(HERE)));

    let all = Value::from(entries(&world, "limit=100").await).to_string();
    for secret in ["argon2", "nbs_", PASSWORD, BETTER, &world.cast.token] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_guesser_is_told_of_once_and_what_they_typed_is_not_kept() {
    let world = World::new().await;
    let email = give_password(&world, world.cast.ana).await;
    let refused = async || {
        let all = entries(&world, "object=user&limit=100").await;
        all.into_iter()
            .filter(|entry| entry["action"] == "sign_in_refused")
            .collect::<Vec<_>>()
    };
    for _ in 0..15 {
        here().sign_in(&world, &email, "guess").await;
    }
    let told_of = refused().await;
    assert_eq!(told_of.len(), 1, "{told_of:?}");
    assert_eq!(told(&told_of[0]), ("sign_in_refused", "Nightbell", Some(HERE)));
    assert_eq!(told_of[0]["object_id"], world.cast.ana.to_string());
    for _ in 0..3 {
        world.pass(SignedDuration::from_secs(30));
        for _ in 0..3 {
            here().sign_in(&world, &email, "guess").await;
        }
    }
    assert_eq!(refused().await.len(), 1, "it is the same attack");

    // Somebody types their password into the wrong field, again and again.
    for _ in 0..12 {
        here().sign_in(&world, "hunter2hunter2", "").await;
    }
    let told_of = refused().await;
    assert_eq!((told_of.len(), &told_of[0]["object_id"]), (2, &"".into()));
    assert!(!Value::from(told_of).to_string().contains("hunter2"));

    // One who goes on with ever other names fills no log.
    for n in 0..80 {
        here().sign_in(&world, &format!("nobody{n}@example.com"), "guess").await;
    }
    assert_eq!(refused().await.len(), 3, "one more: the address");
    world.pass(SignedDuration::from_mins(11));
    for _ in 0..15 {
        here().sign_in(&world, &email, "guess").await;
    }
    assert_eq!(refused().await.len(), 4, "and one when it begins anew");
}

#[tokio::test]
async fn links_keys_tests_and_contacts_are_in_it() {
    let mut world = World::new().await;
    let body = json!({ "name": "Dee", "email": "dee@example.com", "role": "responder" });
    let dee = world.api(Method::POST, "/api/v1/users", Some(body)).await;
    let dee = dee.body["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/users/{dee}/invitation");
    assert_eq!(world.api(Method::POST, &path, None).await.status, StatusCode::ACCEPTED);
    let entry = newest(&world).await;
    assert_eq!(
        (told(&entry).0, &entry["object_id"]),
        ("link_sent", &dee.clone().into())
    );
    assert_eq!(
        entry["after"],
        json!({ "purpose": "invitation", "email": "dee@example.com" })
    );
    world.drain().await;
    let message = world.outbox().await.pop().unwrap();
    let link = message
        .body
        .split_whitespace()
        .find(|word| word.contains("/nba_"))
        .unwrap();
    let link = link.strip_prefix("http://nightbell.test").unwrap().to_owned();
    let done = here().choose(&world, &link, BETTER).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let two = entries(&world, "limit=2").await;
    assert_eq!(told(&two[1]), ("invitation_accepted", "Dee", Some(HERE)));
    assert_eq!((told(&two[0]).0, &two[0]["after"]["by"]), ("signed_in", &"link".into()));

    let integrations = world.api(Method::GET, "/api/v1/integrations", None).await;
    let id = integrations.body["items"][0]["id"].as_str().unwrap().to_owned();
    let rotate = format!("/api/v1/integrations/{id}/rotate");
    let rotated = world.api(Method::POST, &rotate, Some(json!({}))).await;
    assert_eq!(rotated.status, StatusCode::OK, "{rotated:?}");
    let entry = newest(&world).await;
    assert_eq!(told(&entry).0, "key_rotated");
    assert!(!entry.to_string().contains(rotated.body["key"].as_str().unwrap()));
    assert!(!entry.to_string().contains("key_hash"), "{entry}");
    let test = world
        .api(Method::POST, &format!("/api/v1/integrations/{id}/test"), None)
        .await;
    let entry = newest(&world).await;
    assert_eq!((told(&entry).0, &entry["object_id"]), ("test_alert_sent", &id.into()));
    assert_eq!(entry["after"]["incident_id"], test.body["incident_id"]);

    let body = json!({ "user_id": dee, "kind": "sms", "address": "+15550199" });
    let contact = world.api(Method::POST, "/api/v1/contacts", Some(body)).await;
    let path = format!("/api/v1/contacts/{}", contact.body["id"].as_str().unwrap());
    world.api(Method::POST, &format!("{path}/verify"), None).await;
    assert_eq!(told(&newest(&world).await).0, "contact_code_sent");
    world.drain().await;
    let sent = world.outbox().await;
    let code = sent
        .iter()
        .filter(|message| message.to == "+15550199")
        .find_map(|message| {
            message
                .body
                .split(|c: char| !c.is_ascii_digit())
                .find(|digits| digits.len() == 6)
        })
        .unwrap()
        .to_owned();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for (code, action) in [(wrong, "contact_code_wrong"), (&code, "contact_verified")] {
        let body = json!({ "code": code });
        world.api(Method::POST, &format!("{path}/confirm"), Some(body)).await;
        let entry = newest(&world).await;
        assert_eq!(told(&entry).0, action);
        assert!(!entry.to_string().contains(code), "{entry}");
    }
}

#[tokio::test]
async fn it_is_asked_for_by_person_and_by_kind_page_by_page() {
    let world = World::new().await;
    let di = person(&world.ctx, "Di", Role::Admin, "+15550103").await;
    let all = [Scope::Read, Scope::Configure, Scope::Administer];
    let of_di = token(&world.ctx, di, &all).await;
    for n in 0..130 {
        let body = json!({ "name": format!("Team {n}") });
        let who = if n % 65 == 0 { &of_di } else { &world.cast.token };
        let made = world.api_as(who, Method::POST, "/api/v1/teams", Some(body)).await;
        assert_eq!(made.status, StatusCode::CREATED);
    }
    let by_di = entries(&world, &format!("user_id={di}")).await;
    let names: Vec<_> = by_di
        .iter()
        .map(|entry| entry["after"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["Team 65", "Team 0"],
        "her token's deeds are hers, however far back"
    );
    assert!(entries(&world, "object=session").await.is_empty());
    assert!(entries(&world, "object=nothing_of_the_kind").await.is_empty());

    // Page by page it is whole, nothing twice.
    let (mut found, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let path = format!("/api/v1/audit?object=team&limit=50{after}");
        let page = world.api(Method::GET, &path, None).await.body;
        let items = page["items"].as_array().unwrap();
        found.extend(
            items
                .iter()
                .map(|entry| entry["after"]["name"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let expected: Vec<_> = (0..130).rev().map(|n| format!("Team {n}")).collect();
    assert_eq!((found, pages), (expected, 3));

    for (query, field) in [
        ("user_id=x", "user_id"),
        ("object=", "object"),
        ("object=Team", "object"),
        ("object=a%20b", "object"),
        ("actor=x", "actor"),
        ("after=!", "after"),
    ] {
        let answer = world.api(Method::GET, &format!("/api/v1/audit?{query}"), None).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.body["errors"][0]["field"], field, "{query}: {answer:?}");
    }
}

#[tokio::test]
async fn nobody_changes_or_removes_an_entry() {
    let world = World::new().await;
    let entry = newest(&world).await;
    let id = entry["id"].as_str().unwrap();
    let before = entries(&world, "limit=100").await;
    for path in ["/api/v1/audit".to_owned(), format!("/api/v1/audit/{id}")] {
        for method in [Method::DELETE, Method::PATCH, Method::PUT, Method::POST] {
            let answer = world.api(method.clone(), &path, Some(json!({}))).await;
            assert!(
                matches!(answer.status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_FOUND),
                "{method} {path}: {answer:?}"
            );
        }
    }
    assert_eq!(entries(&world, "limit=100").await, before);
}

#[tokio::test]
async fn the_page_shows_only_what_changed_and_escapes_what_it_shows() {
    let world = World::new().await;
    let mut browser = here();
    let email = give_password(&world, world.cast.ana).await;
    browser.sign_in(&world, &email, PASSWORD).await;
    let team = world
        .api(Method::POST, "/api/v1/teams", Some(json!({ "name": "Ops" })))
        .await;
    let path = format!("/api/v1/teams/{}", team.body["id"].as_str().unwrap());
    let renamed = json!({ "name": "<script>alert(1)</script>" });
    assert_eq!(
        world.api(Method::PATCH, &path, Some(renamed)).await.status,
        StatusCode::OK
    );

    browser.get(&world, "/audit").await;
    let page = browser.page.clone();
    assert!(page.contains("changed the team"), "{page}");
    assert!(
        page.contains("<del>Ops</del>") && !page.contains("<script>alert"),
        "{page}"
    );
    assert!(
        page.contains(&format!("From {HERE}.")) && page.contains("(by a token)"),
        "{page}"
    );
    let changed = page
        .split("changed the team")
        .nth(1)
        .unwrap()
        .split("</details>")
        .next()
        .unwrap();
    assert!(
        !changed.contains("created at"),
        "what is the same is not told: {changed}"
    );

    browser.get(&world, "/audit?object=session").await;
    assert!(browser.page.contains("signed in") && !browser.page.contains("changed the team"));
    assert!(
        browser.page.contains(r#"<option value="session" selected>"#),
        "{}",
        browser.page
    );
    let ben = world.cast.ben;
    browser.get(&world, &format!("/audit?user_id={ben}&object=")).await;
    assert!(browser.page.contains("No entry fits"), "{}", browser.page);
    browser.get(&world, "/audit?object=&user_id=&limit=2").await;
    let older = browser
        .page
        .split("/audit?after=")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(
        browser.get(&world, &format!("/audit?after={older}")).await.status,
        StatusCode::OK
    );
    browser.get(&world, "/audit?object=service&limit=1").await;
    for bad in ["/audit?user_id=x", "/audit?object=%3Cb%3E"] {
        assert_eq!(browser.get(&world, bad).await.status, StatusCode::BAD_REQUEST, "{bad}");
        assert!(!browser.page.contains("<b>"), "{}", browser.page);
    }
}
