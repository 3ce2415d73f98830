//! Signing in by a provider of OpenID Connect, which runs here: what it vouches for, and what is not taken from it.

use http::StatusCode;
use jiff::SignedDuration;
use nightbell_tests::browser::Browser;
use nightbell_tests::provider::{Provider, Says};
use nightbell_tests::world::{Answer, World};
use serde_json::{Value, json};
use shared::ctx::KeptSecret;

async fn world() -> (World, Provider) {
    let provider = Provider::start().await;
    let world = World::with_provider(provider.settings()).await;
    (world, provider)
}

/// Begins, and agrees at the provider: the path that the browser is led back to.
async fn agreed(world: &World, provider: &Provider, browser: &mut Browser, start: &str) -> String {
    let answer = browser.get(world, start).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    provider.agree(answer.headers["location"].to_str().unwrap())
}

/// The whole way, in a new browser.
async fn sign_in(world: &World, provider: &Provider) -> (Answer, Browser) {
    let mut browser = Browser::default();
    let back = agreed(world, provider, &mut browser, "/oidc/start").await;
    (browser.get(world, &back).await, browser)
}

fn claim(name: &'static str, value: Value) -> Says {
    Says {
        claims: [(name, value)].into(),
        ..Says::default()
    }
}

#[tokio::test]
async fn who_the_provider_vouches_for_is_signed_in_and_led_to_where_they_wanted() {
    let (world, provider) = world().await;
    let mut browser = Browser::default();
    browser.get(&world, "/sign-in?next=/?status=all").await;
    assert!(
        browser.page.contains("href=\"/oidc/start?next=%2F%3Fstatus%3Dall\""),
        "{}",
        browser.page
    );
    let back = agreed(&world, &provider, &mut browser, "/oidc/start?next=%2F%3Fstatus%3Dall").await;
    let begun = browser.cookies["nightbell-oidc"].clone();
    assert!(begun.starts_with("v1."), "sealed: {begun}");
    let done = browser.get(&world, &back).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    assert_eq!(done.headers["location"], "/?status=all");
    assert!(!browser.cookies.contains_key("nightbell-oidc"), "it is used up");
    assert!(browser.is_in(&world).await && browser.page.contains("Ana"));
    let audit = world
        .api(http::Method::GET, "/api/v1/audit?object=session&limit=1", None)
        .await;
    assert_eq!(audit.body["items"][0]["after"]["by"], "provider");

    // The address is compared as we keep it.
    provider.says(claim("email", json!("Ben@Example.COM")));
    let (done, mut browser) = sign_in(&world, &provider).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(browser.is_in(&world).await && browser.page.contains("Ben"));
}

#[tokio::test]
async fn our_secret_is_shown_as_the_provider_wants_it_and_only_the_right_one_does() {
    let (world, provider) = world().await;
    provider.says(Says {
        secret_in_form: true,
        ..Says::default()
    });
    assert_eq!(sign_in(&world, &provider).await.0.status, StatusCode::SEE_OTHER);

    let provider = Provider::start().await;
    let mut settings = provider.settings();
    settings.client_secret = KeptSecret::Known("nothing".into());
    let world = World::with_provider(settings).await;
    let (answer, mut browser) = sign_in(&world, &provider).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert!(!browser.is_in(&world).await);
}

#[tokio::test]
async fn what_cannot_be_trusted_signs_nobody_in_and_says_why() {
    let (world, provider) = world().await;
    let another_key = Says {
        with_another_key: true,
        ..Says::default()
    };
    for (says, words) in [
        (claim("nonce", json!("another")), "belongs to another sign-in"),
        (claim("nonce", Value::Null), "belongs to another sign-in"),
        (claim("exp", json!(1_772_330_399)), "is too old"),
        (claim("aud", json!("somebody else")), "is meant for somebody else"),
        (
            claim("aud", json!(["nightbell", "somebody else"])),
            "is meant for somebody else",
        ),
        (
            claim("iss", json!("https://id.example.com")),
            "comes from another provider",
        ),
        (another_key, "is not signed by it"),
        (claim("email_verified", json!(false)), "does not confirm that you own"),
        (claim("email_verified", Value::Null), "does not confirm that you own"),
        (claim("email", Value::Null), "does not confirm that you own"),
        (
            claim("email", json!("nobody@example.com")),
            "Nobody here has the e-mail address nobody@example.com",
        ),
    ] {
        let shown = format!("{says:?}");
        provider.says(says);
        let (answer, mut browser) = sign_in(&world, &provider).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{shown}");
        assert!(browser.page.contains(words), "{shown}: {}", browser.page);
        assert!(!browser.is_in(&world).await, "{shown}");
    }
    let people = world.api(http::Method::GET, "/api/v1/users", None).await;
    assert_eq!(people.body["items"].as_array().unwrap().len(), 2, "nobody was made");
    provider.says(Says::default());
    assert_eq!(sign_in(&world, &provider).await.0.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_answer_counts_once_in_the_browser_that_asked_and_for_ten_minutes() {
    let (world, provider) = world().await;
    let not_begun = async |browser: &mut Browser, back: &str| {
        let answer = browser.get(&world, back).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert!(
            browser.page.contains("was not begun in this browser"),
            "{}",
            browser.page
        );
        assert!(!browser.is_in(&world).await);
    };
    let mut browser = Browser::default();
    let back = agreed(&world, &provider, &mut browser, "/oidc/start").await;
    // Another browser has begun nothing, or something else.
    not_begun(&mut Browser::default(), &back).await;
    let mut other = Browser::default();
    let others = agreed(&world, &provider, &mut other, "/oidc/start").await;
    not_begun(&mut other, &back).await;
    not_begun(&mut browser, &others).await;
    let (path, state) = back.split_once("&state=").unwrap();
    for forged in [
        path.to_owned(),
        format!("{path}&state="),
        format!("{path}&state={}", state.replace('a', "b")),
    ] {
        if forged != back {
            not_begun(&mut browser, &forged).await;
        }
    }
    let mut altered = browser.cookies.clone();
    altered.insert("nightbell-oidc".into(), "v1.AAAA".into());
    let mut forger = Browser {
        cookies: altered,
        ..Browser::default()
    };
    not_begun(&mut forger, &back).await;

    // A code that is not the provider's, with the right state; then its own, once.
    let cookies = browser.cookies.clone();
    assert_eq!(browser.get(&world, &back).await.status, StatusCode::SEE_OTHER);
    let mut replaying = Browser::default();
    replaying.cookies.clone_from(&browser.cookies);
    replaying.cookies.remove("nightbell");
    not_begun(&mut replaying, &back).await;
    // Whoever kept the cookie is refused by the provider: it takes a code once.
    replaying.cookies = cookies;
    let refused = replaying.get(&world, &back).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        replaying.page.contains("does not know this sign-in"),
        "{}",
        replaying.page
    );
    assert!(!replaying.is_in(&world).await);

    let mut late = Browser::default();
    let back = agreed(&world, &provider, &mut late, "/oidc/start").await;
    world.pass(SignedDuration::from_mins(10));
    not_begun(&mut late, &back).await;
}

#[tokio::test]
async fn a_code_that_was_asked_for_with_another_secret_is_worth_nothing() {
    let (world, provider) = world().await;
    // Somebody has a code of Ana's, and puts it into a sign-in of their own.
    let mut anas = Browser::default();
    let of_ana = agreed(&world, &provider, &mut anas, "/oidc/start").await;
    let mut thief = Browser::default();
    let back = agreed(&world, &provider, &mut thief, "/oidc/start").await;
    let code = of_ana.split_once("code=").unwrap().1.split_once('&').unwrap().0;
    let own = back.split_once("code=").unwrap().1.split_once('&').unwrap().0;
    let answer = thief.get(&world, &back.replace(own, code)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!thief.is_in(&world).await);
}

#[tokio::test]
async fn a_provider_that_says_no_or_nothing_or_is_another_is_told_so() {
    let (world, mut provider) = world().await;
    let mut browser = Browser::default();
    let back = agreed(&world, &provider, &mut browser, "/oidc/start").await;
    let state = back.split_once("state=").unwrap().1;
    let answer = browser
        .get(
            &world,
            &format!("/oidc/callback?error=access_denied%3Cb%3E&state={state}"),
        )
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        browser.page.contains("did not sign you in (access_deniedb)"),
        "{}",
        browser.page
    );

    let back = agreed(&world, &provider, &mut browser, "/oidc/start").await;
    let answer = browser
        .get(&world, &format!("{back}&iss=https%3A%2F%2Fid.example.com"))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(browser.page.contains("comes from another provider"));

    let back = agreed(&world, &provider, &mut browser, "/oidc/start").await;
    provider.stop().await;
    for path in [back.as_str(), "/oidc/start"] {
        let answer = browser.get(&world, path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(
            browser.page.contains("does not answer as it should"),
            "{}",
            browser.page
        );
        assert!(browser.page.contains("name=\"password\""), "there is another way in");
    }
    assert!(!browser.is_in(&world).await);
}

#[tokio::test]
async fn the_provider_is_not_asked_without_end() {
    let (world, provider) = world().await;
    let mut browser = Browser::default();
    let back = agreed(&world, &provider, &mut browser, "/oidc/start").await;
    for _ in 1..60 {
        let answer = Browser::default().get(&world, "/oidc/start").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    for path in ["/oidc/start", back.as_str()] {
        let answer = browser.get(&world, path).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(answer.headers["retry-after"], "10");
    }
    // Who has to wait has not lost what they began.
    world.pass(SignedDuration::from_secs(10));
    assert_eq!(browser.get(&world, &back).await.status, StatusCode::SEE_OTHER);
    assert!(browser.is_in(&world).await);
}

#[tokio::test]
async fn a_provider_that_calls_itself_otherwise_is_not_asked_for_anybody() {
    let provider = Provider::start().await;
    let mut settings = provider.settings();
    settings.issuer = settings.issuer.replace("127.0.0.1", "localhost");
    let world = World::with_provider(settings).await;
    let mut browser = Browser::default();
    let answer = browser.get(&world, "/oidc/start").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
}

#[tokio::test]
async fn without_a_provider_there_is_nothing_of_it() {
    let world = World::new().await;
    let mut browser = Browser::default();
    browser.get(&world, "/sign-in").await;
    assert!(!browser.page.contains("oidc"), "{}", browser.page);
    for path in ["/oidc/start", "/oidc/callback?code=x&state=y"] {
        assert_eq!(browser.get(&world, path).await.status, StatusCode::NOT_FOUND);
    }
}
