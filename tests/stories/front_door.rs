//! The front door under load and under attack: limits on requests, refused credentials, and what a forger tries.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::browser::{Browser, PASSWORD, give_password};
use nightbell_tests::people::token;
use nightbell_tests::world::{Answer, World};
use serde_json::{Value, json};
use shared::domain::people::Role;
use shared::domain::principal::Scope;
use shared::web::REQUESTS_A_MINUTE;

const ME: &str = "/api/v1/users/me";

async fn me(world: &World, token: &str) -> Answer {
    world.api_as(token, Method::GET, ME, None).await
}

fn header(answer: &Answer, name: &str) -> Option<String> {
    answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

/// Asks for as much as there is, and expects to be let in each time.
async fn use_up(world: &World, token: &str) {
    for _ in 0..REQUESTS_A_MINUTE {
        assert_eq!(me(world, token).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn who_runs_away_is_held_back_and_told_what_is_left() {
    let world = World::new().await;
    let token_of_ana = world.cast.token.clone();
    let first = me(&world, &token_of_ana).await;
    for (name, value) in [
        ("ratelimit-limit", "960"),
        ("ratelimit-remaining", "959"),
        ("ratelimit-reset", "1"),
        ("ratelimit-policy", "\"requests\";q=960;w=60"),
        ("ratelimit", "\"requests\";r=959;t=1"),
    ] {
        assert_eq!(header(&first, name).as_deref(), Some(value), "{name}");
    }
    // Whatever the answer is.
    let missing = world.api(Method::GET, "/api/v1/incidents/x", None).await;
    assert_eq!(
        (missing.status, header(&missing, "ratelimit-remaining").as_deref()),
        (StatusCode::NOT_FOUND, Some("958"))
    );
    let wrong = world
        .api(Method::POST, "/api/v1/teams", Some(json!({ "nmae": 1 })))
        .await;
    assert_eq!(header(&wrong, "ratelimit-remaining").as_deref(), Some("957"));
    for _ in 0..957 {
        assert_eq!(me(&world, &token_of_ana).await.status, StatusCode::OK);
    }
    world.wire.take_tally();
    let create = world
        .api(Method::POST, "/api/v1/teams", Some(json!({ "name": "Ops" })))
        .await;
    assert_eq!(create.status, StatusCode::TOO_MANY_REQUESTS, "{create:?}");
    assert_eq!(create.headers["content-type"], "application/problem+json");
    assert_eq!(create.body["code"], "too_many_requests");
    for (name, value) in [
        ("retry-after", "1"),
        ("ratelimit-remaining", "0"),
        ("ratelimit-limit", "960"),
    ] {
        assert_eq!(header(&create, name).as_deref(), Some(value), "{name}");
    }
    // Nobody else is: neither another token of hers, nor she in her browser, nor anybody at the pages.
    let other = token(&world.ctx, world.cast.ana, &[Scope::Read]).await;
    assert_eq!(me(&world, &other).await.status, StatusCode::OK);
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    assert!(browser.is_in(&world).await);
    let own = browser.api(&world, Method::GET, ME, None, "").await;
    assert_eq!(
        (own.status, header(&own, "ratelimit-remaining").as_deref()),
        (StatusCode::OK, Some("959"))
    );
    assert_eq!(me(&world, &token_of_ana).await.status, StatusCode::TOO_MANY_REQUESTS);
    world.pass(SignedDuration::from_secs(1));
    assert_eq!(me(&world, &token_of_ana).await.status, StatusCode::OK);
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(
        header(&me(&world, &token_of_ana).await, "ratelimit-remaining").as_deref(),
        Some("959")
    );
}

#[tokio::test]
async fn of_a_flood_at_once_no_more_are_let_through() {
    let world = World::new().await;
    let all = (0..REQUESTS_A_MINUTE + 40).map(|_| me(&world, &world.cast.token));
    let answers = futures_util::future::join_all(all).await;
    let of = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(of(StatusCode::OK), REQUESTS_A_MINUTE as usize);
    assert_eq!(of(StatusCode::TOO_MANY_REQUESTS), 40);
}

#[tokio::test]
async fn pages_open_however_often() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    for _ in 0..REQUESTS_A_MINUTE + 10 {
        assert_eq!(browser.get(&world, "/more").await.status, StatusCode::OK);
    }
    // And a page's own limit is hers alone: her scripts go on.
    for _ in 0..REQUESTS_A_MINUTE {
        assert_eq!(
            browser.api(&world, Method::GET, ME, None, "").await.status,
            StatusCode::OK
        );
    }
    let over = browser.api(&world, Method::GET, ME, None, "").await;
    assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(browser.is_in(&world).await);
    assert_eq!(me(&world, &world.cast.token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn bad_credentials_are_401_however_often_and_cost_the_table_little() {
    let world = World::new().await;
    let good = world.cast.token.clone();
    let guessed = format!("{}{}", &good[..good.len() - 32], "a".repeat(32));
    assert_eq!(me(&world, &guessed).await.status, StatusCode::UNAUTHORIZED);
    world.wire.take_tally();
    for _ in 0..REQUESTS_A_MINUTE + 100 {
        let answer = me(&world, &guessed).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert_eq!(header(&answer, "ratelimit-limit"), None);
    }
    let none = format!("{:?}", world.wire.take_tally());
    let nothing = format!("{:?}", world.wire.take_tally());
    assert_eq!(none, nothing, "the table is not asked again about the same");
    // Whoever is behind the same address with good ones is none the worse, and has lost nothing.
    let answer = me(&world, &good).await;
    assert_eq!(
        (answer.status, header(&answer, "ratelimit-remaining").as_deref()),
        (StatusCode::OK, Some("959"))
    );
    world.pass(SignedDuration::from_mins(1));
    world.wire.take_tally();
    assert_eq!(me(&world, &guessed).await.status, StatusCode::UNAUTHORIZED);
    assert_ne!(format!("{:?}", world.wire.take_tally()), nothing, "once a minute it is");
}

#[tokio::test]
async fn a_token_that_is_taken_back_is_out_at_once_and_stays_out() {
    let world = World::new().await;
    let text = token(&world.ctx, world.cast.ben, &[Scope::Read, Scope::Configure]).await;
    assert_eq!(me(&world, &text).await.body["name"], "Ben");
    let id = text.strip_prefix("nb_").unwrap().split_once('_').unwrap().0;
    let path = format!("/api/v1/tokens/tok_{id}");
    assert_eq!(
        world.api(Method::DELETE, &path, None).await.status,
        StatusCode::NO_CONTENT
    );
    for _ in 0..3 {
        assert_eq!(me(&world, &text).await.status, StatusCode::UNAUTHORIZED);
        world.pass(SignedDuration::from_mins(2));
    }
    // Another's token with one's own secret, and the other way about, are neither's.
    let bens = token(&world.ctx, world.cast.ben, &[Scope::Read]).await;
    let anas = &world.cast.token;
    let crossed = [
        format!("{}{}", &anas[..anas.len() - 32], &bens[bens.len() - 32..]),
        format!("{}{}", &bens[..bens.len() - 32], &anas[anas.len() - 32..]),
    ];
    for crossed in crossed {
        assert_eq!(me(&world, &crossed).await.status, StatusCode::UNAUTHORIZED);
    }
    // Nor does a token without the scope reach another's things.
    let path = format!("/api/v1/users/{}", world.cast.ana);
    let others = world.api_as(&bens, Method::DELETE, &path, None).await;
    assert_eq!(others.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing_and_a_bad_token_is_not_saved_by_a_good_cookie() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    let body = json!({ "name": "Ops" }).to_string();
    for token in [None, Some(""), Some("x")] {
        let answer = browser.api(&world, Method::POST, "/api/v1/teams", token, &body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token:?}");
    }
    let cookie = format!("nightbell={}", browser.cookies["nightbell"]);
    for authorization in ["Bearer nb_x", "Bearer", "Basic YTpi", "", "Bearer \t "] {
        let request = Request::get(ME)
            .header("cookie", &cookie)
            .header("authorization", authorization)
            .body(Body::empty());
        let answer = world.ask(request.unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{authorization:?}");
    }
    let teams = world.api(Method::GET, "/api/v1/teams", None).await;
    assert_eq!(teams.body["items"], json!([]));
}

#[tokio::test]
async fn huge_and_odd_headers_open_nothing_and_break_nothing() {
    let world = World::new().await;
    let huge = "x".repeat(200_000);
    let no_text = http::HeaderValue::from_bytes(b"Bearer nb_\xff\xfe").unwrap();
    let odd = [
        ("authorization", format!("Bearer {huge}").parse().unwrap()),
        ("authorization", no_text),
        ("cookie", format!("nightbell={huge}").parse().unwrap()),
        ("cookie", format!("nightbell=nbs_{huge}_{huge}").parse().unwrap()),
        ("cookie", "nightbell=a; ".repeat(20_000).parse().unwrap()),
        ("x-csrf-token", huge.parse().unwrap()),
    ];
    for (name, value) in odd {
        let request = Request::get(ME).header(name, value).body(Body::empty()).unwrap();
        let answer = world.ask(request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
    }
    let forwarded = Request::get(ME)
        .header("authorization", format!("Bearer {}", world.cast.token))
        .header("x-forwarded-for", huge)
        .body(Body::empty());
    assert_eq!(world.ask(forwarded.unwrap()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_forged_address_is_not_believed_and_no_way_around_a_limit() {
    let world = World::new().await;
    let email = give_password(&world, world.cast.ana).await;
    let mut browser = Browser {
        address: Some(([198, 51, 100, 7], 40_000).into()),
        ..Browser::default()
    };
    browser.get(&world, "/sign-in").await;
    let form = browser.form_token();
    let cookie = format!("nightbell-form={}", browser.cookies["nightbell-form"]);
    let guess = async |n: u32, password: &str| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("form_token", form.as_str()), ("email", &email), ("password", password)])
            .finish();
        let mut request = Request::post("/sign-in")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &cookie)
            .header("x-forwarded-for", format!("203.0.113.{n}"))
            .header("forwarded", format!("for=203.0.113.{n}"))
            .header("x-real-ip", format!("203.0.113.{n}"))
            .body(Body::from(body))
            .unwrap();
        let peer = std::net::SocketAddr::from(([198, 51, 100, 7], 40_000));
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        world.ask(request).await.status
    };
    for n in 0..10 {
        assert_eq!(guess(n, "guess").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(guess(99, PASSWORD).await, StatusCode::TOO_MANY_REQUESTS);
    let audit = world.api(Method::GET, "/api/v1/audit", None).await;
    assert!(!audit.body.to_string().contains("203.0.113."), "{audit:?}");
    assert_eq!(audit.body["items"][0]["address"], "198.51.100.7");
}

#[tokio::test]
async fn a_viewer_uses_up_nobody_elses_requests() {
    let world = World::new().await;
    let cy = nightbell_tests::people::person(&world.ctx, "Cy", Role::Viewer, "+15550102").await;
    let of_cy = token(&world.ctx, cy, &[Scope::Read]).await;
    use_up(&world, &of_cy).await;
    assert_eq!(me(&world, &of_cy).await.status, StatusCode::TOO_MANY_REQUESTS);
    // Who is held back learns nothing: not even whether it is there, or that the body is wrong.
    let asked = world.api_as(&of_cy, Method::POST, "/api/v1/users/x/invitation", Some(Value::Null));
    assert_eq!(asked.await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(me(&world, &world.cast.token).await.status, StatusCode::OK);
    let hook = format!("/hooks/{}", world.cast.generic);
    let alert = world.post(&hook, r#"{"summary":"disk"}"#).await;
    assert_eq!(alert.status, StatusCode::ACCEPTED, "alerts are not counted here");
}

#[tokio::test]
async fn who_has_a_network_of_addresses_has_the_tries_of_one() {
    let world = World::new().await;
    give_password(&world, world.cast.ana).await;
    let mut refused = 0;
    // One guess at each of many accounts, each from another address of one network.
    for n in 0..70_u16 {
        let address = std::net::Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 0, 0, n, 1);
        let mut browser = Browser {
            address: Some((address, 40_000).into()),
            ..Browser::default()
        };
        let answer = browser
            .sign_in(&world, &format!("somebody{n}@example.com"), "guess")
            .await;
        refused += u32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(refused, 10);
    let mut elsewhere = Browser {
        address: Some((std::net::Ipv6Addr::new(0x2001, 0xdb8, 1, 3, 0, 0, 0, 1), 40_000).into()),
        ..Browser::default()
    };
    let answer = elsewhere.sign_in(&world, "ana@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}
