//! Configuration in the browser: every page for every role, and what its forms are for.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::browser::PASSWORD;
use nightbell_tests::people::person;
use nightbell_tests::{Browser, World};
use serde_json::{Value, json};
use shared::domain::people::Role;

const OK: StatusCode = StatusCode::OK;
const NO: StatusCode = StatusCode::FORBIDDEN;

/// Sends what a form of the page would send.
async fn send(browser: &mut Browser, world: &World, method: Method, path: &str, body: &Value) -> Value {
    let token = browser.form_token();
    let answer = browser.api(world, method, path, Some(&token), &body.to_string()).await;
    assert!(answer.status.is_success(), "{path}: {answer:?}");
    answer.body
}

#[tokio::test]
async fn every_page_is_there_for_whom_it_is() {
    let mut world = World::new().await;
    let incident = world.trigger("disk").await;
    world.drain().await;
    let (service, policy, ana) = (world.cast.service, world.cast.policy, world.cast.ana);
    // Owner, admin, responder, viewer.
    let all = [OK; 4];
    let admins = [OK, OK, NO, NO];
    let pages = [
        ("/".to_owned(), all),
        (format!("/incidents/{incident}"), all),
        ("/on-call".into(), all),
        ("/services".into(), all),
        (format!("/services/{service}"), all),
        ("/services/new".into(), admins),
        ("/policies".into(), all),
        (format!("/policies/{policy}"), all),
        ("/policies/new".into(), admins),
        ("/people".into(), all),
        (format!("/people/{ana}"), all),
        ("/teams".into(), all),
        ("/channels".into(), all),
        ("/pages".into(), all),
        ("/more".into(), all),
        ("/settings".into(), all),
        ("/audit".into(), admins),
        ("/outbox".into(), admins),
        ("/insights".into(), all),
        (format!("/people/{ana}/leave"), [OK, NO, NO, NO]),
    ];
    let people = [
        ana,
        person(&world.ctx, "Di", Role::Admin, "+15550103").await,
        world.cast.ben,
        person(&world.ctx, "Cy", Role::Viewer, "+15550102").await,
    ];
    for (place, id) in people.into_iter().enumerate() {
        let mut browser = Browser::signed_in(&world, id).await;
        for (path, expected) in &pages {
            let answer = browser.get(&world, path).await;
            assert_eq!(answer.status, expected[place], "{path} for {place}: {}", browser.page);
            let is_shown = answer.status == OK;
            assert_eq!(browser.page.contains(r#"aria-label="Sections""#), is_shown, "{path}");
            // Forms that change what is shared are for those who may send them.
            if place >= 2 && path != "/settings" {
                assert!(!browser.page.contains("data-api"), "{path} for {place}");
            }
        }
        // Viewers look: they answer nothing, with a form that is their own.
        browser.get(&world, "/").await;
        let expected = if place == 3 { NO } else { StatusCode::SEE_OTHER };
        let id = incident.to_string();
        let answered = browser.post(&world, "/incidents/act", &[("acknowledge", &id)]).await;
        assert_eq!(answered.status, expected, "{place}: {answered:?}");
    }
    let mut nobody = Browser::default();
    for (path, _) in &pages {
        let answer = nobody.get(&world, path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        let to = answer.headers["location"].to_str().unwrap();
        assert!(to.starts_with("/sign-in"), "{path}: {to}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    for (path, status) in [
        ("/services/svc_01arz3ndektsv4rrffq69g5fav", StatusCode::NOT_FOUND),
        ("/services/x", StatusCode::NOT_FOUND),
        ("/policies/pol_01arz3ndektsv4rrffq69g5fav", StatusCode::NOT_FOUND),
        ("/people/usr_01arz3ndektsv4rrffq69g5fav", StatusCode::NOT_FOUND),
        ("/services?after=!!", StatusCode::BAD_REQUEST),
        ("/audit?limit=0", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(browser.get(&world, path).await.status, status, "{path}");
        assert!(browser.page.contains("To the incidents"), "{path}");
    }
}

#[tokio::test]
async fn a_policy_and_a_service_are_made_seen_and_escaped() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    browser.get(&world, "/policies/new").await;
    let (ana, ben) = (world.cast.ana, world.cast.ben);
    assert!(browser.page.contains(&format!(r#"<option value="{ben}""#)));
    let steps = json!([
        { "escalate_after_seconds": 90, "targets": [{ "user_id": ben }] },
        { "escalate_after_seconds": 300, "targets": [{ "user_id": ana }] },
    ]);
    let body = json!({ "name": "<b>Nights</b>", "steps": steps, "repeat": 2 });
    let policy = send(&mut browser, &world, Method::POST, "/api/v1/escalation-policies", &body).await;
    let policy = policy["id"].as_str().unwrap().to_owned();
    browser.get(&world, &format!("/policies/{policy}")).await;
    let page = &browser.page;
    assert!(
        page.contains("&#60;b&#62;Nights") && !page.contains("<b>Nights"),
        "{page}"
    );
    assert!(page.contains(r#"value="1.5""#), "minutes: {page}");
    assert!(page.contains("All of this 3 times"), "{page}");
    assert!(page.contains(r#"data-etag='"1"'"#), "{page}");
    let first = page.find("<strong dir=\"auto\">Ben</strong>").expect("Ben is paged");
    assert!(first < page.find("<strong dir=\"auto\">Ana</strong>").expect("Ana is paged"));

    let body = json!({ "name": "Shop \"1\"", "policy_id": policy, "urgency": "high" });
    let service = send(&mut browser, &world, Method::POST, "/api/v1/services", &body).await;
    let path = format!("/services/{}", service["id"].as_str().unwrap());
    browser.get(&world, &path).await;
    assert!(browser.page.contains("Nothing can report yet"));
    assert!(browser.page.contains("Shop &#34;1&#34;"));
    let body = json!({ "service_id": service["id"], "format": "prometheus", "name": "Prom" });
    let made = send(&mut browser, &world, Method::POST, "/api/v1/integrations", &body).await;
    browser.get(&world, &path).await;
    assert!(browser.page.contains("/hooks/…/api/v2/alerts"), "{}", browser.page);
    assert!(!browser.page.contains(made["key"].as_str().unwrap()), "told once");
    let rotate = format!("/api/v1/integrations/{}/rotate", made["id"].as_str().unwrap());
    send(
        &mut browser,
        &world,
        Method::POST,
        &rotate,
        &json!({ "keep_old_seconds": 3600 }),
    )
    .await;
    browser.get(&world, &path).await;
    assert!(browser.page.contains("The key before the last rotation works until"));
    browser.get(&world, "/on-call").await;
    assert!(browser.page.contains("Shop &#34;1&#34;") && browser.page.contains("Checkout"));
    browser.get(&world, "/audit").await;
    assert!(browser.page.contains("created") && browser.page.contains("&#60;b&#62;Nights"));
    assert!(!browser.page.contains("key_hash"));
}

#[tokio::test]
async fn lists_go_on() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    browser.get(&world, "/teams").await;
    assert!(browser.page.contains("No teams yet"));
    for name in ["One", "Two", "Three"] {
        send(
            &mut browser,
            &world,
            Method::POST,
            "/api/v1/teams",
            &json!({ "name": name }),
        )
        .await;
    }
    browser.get(&world, "/teams?limit=2").await;
    assert!(browser.page.contains("Three") && browser.page.contains("Two") && !browser.page.contains(">One<"));
    let older = browser
        .page
        .split_once(r#"<a href="/teams?after="#)
        .expect("a second page")
        .1;
    let older = format!("/teams?after={}", older.split('"').next().unwrap());
    browser.get(&world, &older).await;
    assert!(browser.page.contains(">One<") && browser.page.contains(">Newest<"));
}

#[tokio::test]
async fn sessions_are_ended_one_by_one_and_all_but_this() {
    let world = World::new().await;
    let ben = world.cast.ben;
    let mut here = Browser::signed_in(&world, ben).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(Browser::signed_in(&world, ben).await);
    }
    here.get(&world, "/settings").await;
    let one = here
        .page
        .split_once(r#"name="session" value=""#)
        .expect("another session")
        .1;
    let one = one.split('"').next().unwrap().to_owned();
    let mut cast = Browser::signed_in(&world, world.cast.ana).await;
    cast.get(&world, "/settings").await;
    let theirs = cast.post(&world, "/settings/sign-out", &[("session", &one)]).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND, "somebody else's");
    here.post(&world, "/settings/sign-out", &[("session", &one)]).await;
    here.get(&world, "/settings").await;
    assert_eq!(here.page.matches(r#"name="session" value=""#).count(), 2);
    // Another instant: sessions that began before it have ended.
    world.pass(SignedDuration::from_millis(1));
    here.post(&world, "/settings/sign-out", &[]).await;
    assert_eq!(here.get(&world, "/settings").await.status, OK);
    assert!(!here.page.contains(r#"name="session" value=""#));
    for mut other in others {
        assert_eq!(other.get(&world, "/settings").await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_ends_other_sessions() {
    const NEW: &str = "seven quiet otters hum";
    let world = World::new().await;
    let mut here = Browser::signed_in(&world, world.cast.ben).await;
    let mut other = Browser::signed_in(&world, world.cast.ben).await;
    here.get(&world, "/settings").await;
    let settings = here.page.clone();
    for (current, password, words) in [
        ("wrong", NEW, "not the password you have"),
        (PASSWORD, "12345678", "go back"),
    ] {
        here.page.clone_from(&settings);
        let fields = [("current", current), ("password", password)];
        let refused = here.post(&world, "/settings/password", &fields).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(here.page.contains(words), "{}", here.page);
    }
    assert_eq!(other.get(&world, "/").await.status, OK, "nothing was changed");
    world.pass(SignedDuration::from_millis(1));
    here.page.clone_from(&settings);
    let fields = [("current", PASSWORD), ("password", NEW)];
    let changed = here.post(&world, "/settings/password", &fields).await;
    assert_eq!(changed.headers["location"], "/settings?done=password", "{changed:?}");
    assert_eq!(here.get(&world, "/settings?done=password").await.status, OK);
    assert!(here.page.contains("Your password is changed"));
    assert_eq!(other.get(&world, "/").await.status, StatusCode::SEE_OTHER);
    let ben = world
        .ctx
        .store
        .load::<shared::domain::people::User>(world.cast.ben)
        .await;
    let email = ben.unwrap().unwrap().value.email;
    let mut again = Browser::default();
    assert_eq!(
        again.sign_in(&world, &email, PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(again.sign_in(&world, &email, NEW).await.status, StatusCode::SEE_OTHER);
}
