//! Who gets in, and who does not.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::browser::{PASSWORD, give_password};
use nightbell_tests::people::person;
use nightbell_tests::{Browser, World};
use shared::domain::people::Role;

#[tokio::test]
async fn somebody_signs_in_and_is_led_to_where_they_were_going() {
    let world = World::new().await;
    let email = give_password(&world, world.cast.ana).await;
    let mut browser = Browser::default();

    let away = browser.get(&world, "/?status=all&q=disk").await;
    assert_eq!(away.status, StatusCode::SEE_OTHER);
    let sign_in = away.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(sign_in, "/sign-in?next=%2F%3Fstatus%3Dall%26q%3Ddisk");
    let form = browser.get(&world, &sign_in).await;
    assert_eq!(form.status, StatusCode::OK);
    assert_eq!(form.headers["cache-control"], "no-store");
    assert!(
        form.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none';")
    );
    assert!(
        browser.page.contains(r#"name="next" value="/?status=all&#38;q=disk""#),
        "{}",
        browser.page
    );

    // However they write their address.
    let address = format!(" {} ", email.to_uppercase());
    let fields = [
        ("email", address.as_str()),
        ("password", PASSWORD),
        ("next", "/?status=all&q=disk"),
    ];
    let done = browser.post(&world, "/sign-in", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    assert_eq!(done.headers["location"], "/?status=all&q=disk");
    let cookie = done.headers["set-cookie"].to_str().unwrap();
    for attribute in [
        "nightbell=nbs_",
        "HttpOnly",
        "SameSite=Lax",
        "Path=/",
        "Max-Age=2592000",
    ] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let page = browser.get(&world, "/?status=all&q=disk").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(browser.page.contains("Ana"));
    assert_eq!(browser.get(&world, "/sign-in").await.headers["location"], "/");

    let out = browser.post(&world, "/sign-out", &[]).await;
    assert_eq!(
        (out.status, out.headers["location"].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/sign-in")
    );
    assert!(!browser.cookies.contains_key("nightbell"));
    assert_eq!(browser.get(&world, "/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_ends_when_it_is_signed_out_of_or_its_time_is_over() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    let cookies = browser.cookies.clone();
    browser.get(&world, "/").await;
    browser.post(&world, "/sign-out", &[]).await;
    // The cookie of before opens nothing any more.
    browser.cookies.clone_from(&cookies);
    assert_eq!(browser.get(&world, "/").await.status, StatusCode::SEE_OTHER);

    let mut browser = Browser::signed_in(&world, world.cast.ben).await;
    world.pass(SignedDuration::from_hours(30 * 24 - 1));
    assert_eq!(browser.get(&world, "/").await.status, StatusCode::OK);
    world.pass(SignedDuration::from_hours(2));
    assert_eq!(browser.get(&world, "/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_forged_cookie_opens_nothing() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    let good = browser.cookies["nightbell"].clone();
    let other_secret = format!("{}{}", &good[..good.len() - 32], "a".repeat(32));
    for bad in [other_secret.as_str(), "", "nbs_", "x", &good.replace("nbs_", "nb_")] {
        browser.cookies.insert("nightbell".into(), bad.into());
        assert_eq!(browser.get(&world, "/").await.status, StatusCode::SEE_OTHER, "{bad}");
        let api = browser.api(&world, Method::GET, "/api/v1/incidents", None, "").await;
        assert_eq!(api.status, StatusCode::UNAUTHORIZED, "{bad}");
    }
    browser.cookies.insert("nightbell".into(), good);
    assert_eq!(browser.get(&world, "/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_address_and_a_wrong_password_read_the_same() {
    let world = World::new().await;
    let email = give_password(&world, world.cast.ana).await;
    let mut pages = Vec::new();
    // Ben has no password.
    for (email, password) in [
        (email.as_str(), "something else"),
        ("ben@example.com", PASSWORD),
        ("nobody@example.com", PASSWORD),
    ] {
        let mut browser = Browser::default();
        let answer = browser.sign_in(&world, email, password).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(!browser.cookies.contains_key("nightbell"));
        let token = browser.form_token();
        pages.push(browser.page.replace(&token, "").replace(email, ""));
    }
    assert!(pages[0].contains("do not belong together"), "{}", pages[0]);
    assert_eq!(pages[0], pages[1]);
    assert_eq!(pages[0], pages[2]);
}

#[tokio::test]
async fn who_guesses_waits_and_nobody_else_does() {
    let world = World::new().await;
    let email = give_password(&world, world.cast.ana).await;
    let mut browser = Browser::default();
    for _ in 0..10 {
        assert_eq!(
            browser.sign_in(&world, &email, "guess").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let refused = browser.sign_in(&world, &email, PASSWORD).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "the right one, too");
    assert_eq!(refused.headers["retry-after"], "60");
    assert!(browser.page.contains("Try again in a minute"), "{}", browser.page);
    let other = give_password(&world, world.cast.ben).await;
    assert_eq!(
        browser.sign_in(&world, &other, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );

    world.pass(SignedDuration::from_secs(59));
    let mut browser = Browser::default();
    assert_eq!(
        browser.sign_in(&world, &email, PASSWORD).await.headers["retry-after"],
        "1"
    );
    world.pass(SignedDuration::from_secs(1));
    assert_eq!(
        browser.sign_in(&world, &email, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
    // Who knew it after all begins anew.
    let mut browser = Browser::default();
    assert_eq!(
        browser.sign_in(&world, &email, "guess").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn guesses_at_once_are_counted_each() {
    let world = World::new().await;
    let email = give_password(&world, world.cast.ana).await;
    let guess = || async {
        let mut browser = Browser::default();
        browser.sign_in(&world, &email, "guess").await.status
    };
    let answers = futures_util::future::join_all((0..14).map(|_| guess())).await;
    let let_through = answers
        .iter()
        .filter(|status| **status == StatusCode::UNAUTHORIZED)
        .count();
    assert_eq!(let_through, 10, "{answers:?}");
}

#[tokio::test]
async fn no_other_site_can_send_a_form_for_somebody() {
    let mut world = World::new().await;
    let id = world.trigger("disk").await;
    world.drain().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    browser.get(&world, "/").await;
    let own = browser.form_token();
    let act = [("action", "resolve"), ("one", &id.to_string())];
    // A browser sends its cookie along whoever wrote the form; what it cannot know is the token.
    let mut elsewhere = Browser::signed_in(&world, world.cast.ben).await;
    elsewhere.get(&world, "/").await;
    let others = elsewhere.form_token();
    for token in ["", "x", &others] {
        let fields = [act[0], act[1], ("form_token", token)];
        let answer = browser.post_as_is(&world, "/incidents/act", &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token}");
        let answer = browser.post_as_is(&world, "/sign-out", &[("form_token", token)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token}");
        let path = format!("/api/v1/incidents/{id}/resolve");
        let answer = browser.api(&world, Method::POST, &path, Some(token), "{}").await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (StatusCode::FORBIDDEN, &"form_token_missing".into())
        );
    }
    assert!(world.incident(id).await.resolved.is_none());
    let path = format!("/api/v1/incidents/{id}/acknowledge");
    let answer = browser.api(&world, Method::POST, &path, Some(&own), "{}").await;
    assert_eq!(
        (answer.status, &answer.body["acknowledged_by"]["name"]),
        (StatusCode::OK, &"Ana".into())
    );
    assert_eq!(answer.body["acknowledged_by"]["type"], "user");

    // Nor sign somebody in as somebody else: the form is tied to its browser by a cookie.
    let email = give_password(&world, world.cast.ben).await;
    let mut fresh = Browser::default();
    fresh.get(&world, "/sign-in").await;
    let mut victim = Browser::default();
    victim.get(&world, "/sign-in").await;
    victim.page.clone_from(&fresh.page);
    let fields = [("email", email.as_str()), ("password", PASSWORD)];
    assert_eq!(
        victim.post(&world, "/sign-in", &fields).await.status,
        StatusCode::FORBIDDEN
    );
    victim.cookies.clear();
    assert_eq!(
        victim.post(&world, "/sign-in", &fields).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let world = World::new().await;
    let email = give_password(&world, world.cast.ana).await;
    for next in ["//evil.example/", "https://evil.example/", "/\\evil.example"] {
        let mut browser = Browser::default();
        browser.get(&world, "/sign-in").await;
        let fields = [("email", email.as_str()), ("password", PASSWORD), ("next", next)];
        assert_eq!(
            browser.post(&world, "/sign-in", &fields).await.headers["location"],
            "/",
            "{next}"
        );
    }
}

#[tokio::test]
async fn a_changed_role_counts_at_once_and_who_is_deleted_is_out() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ben).await;
    assert_eq!(browser.get(&world, "/").await.status, StatusCode::OK);
    let path = format!("/api/v1/users/{}", world.cast.ben);
    let viewer = serde_json::json!({ "role": "viewer" });
    assert_eq!(
        world.api(Method::PATCH, &path, Some(viewer)).await.status,
        StatusCode::OK
    );
    browser.get(&world, "/").await;
    let answer = browser.post(&world, "/incidents/act", &[("action", "resolve")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);

    let cy = person(&world.ctx, "Cy", Role::Viewer, "+15550102").await;
    let mut browser = Browser::signed_in(&world, cy).await;
    assert_eq!(browser.get(&world, "/").await.status, StatusCode::OK);
    let gone = world.api(Method::DELETE, &format!("/api/v1/users/{cy}"), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{gone:?}");
    assert_eq!(browser.get(&world, "/").await.status, StatusCode::SEE_OTHER);
}
