//! Getting into an account without its password: forgotten passwords, invitations, and browsers that are known.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::browser::{Browser, PASSWORD, give_password};
use nightbell_tests::people::{person, token};
use nightbell_tests::world::{Answer, World};
use serde_json::json;
use shared::domain::id::UserId;
use shared::domain::people::{Role, User};
use shared::domain::principal::Scope;
use shared::store::Versioned;

const BETTER: &str = "a lantern over the harbour";

async fn user(world: &World, id: UserId) -> Versioned<User> {
    world.ctx.store.load::<User>(id).await.unwrap().unwrap()
}

/// Asks for a new password in a browser of its own.
async fn forgot(world: &World, email: &str) -> (Answer, Browser) {
    let mut browser = Browser::default();
    browser.get(world, "/password/forgot").await;
    let answer = browser.post(world, "/password/forgot", &[("email", email)]).await;
    (answer, browser)
}

/// The path of the link in the newest message, and to whom it went.
async fn newest_link(world: &mut World) -> (String, String) {
    world.drain().await;
    let message = world.outbox().await.pop().expect("a message");
    let host = "http://nightbell.test";
    let link = message.body.split_whitespace().rfind(|word| word.contains("/nba_"));
    let path = link
        .and_then(|link| link.strip_prefix(host))
        .expect("a link")
        .to_owned();
    (path, message.to)
}

async fn invite(world: &World, id: UserId) -> Answer {
    world
        .api(Method::POST, &format!("/api/v1/users/{id}/invitation"), None)
        .await
}

async fn added(world: &World, name: &str) -> UserId {
    let body = json!({ "name": name, "email": format!("{name}@example.com"), "role": "responder" });
    let answer = world.api(Method::POST, "/api/v1/users", Some(body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.body["id"].as_str().unwrap().parse().unwrap()
}

/// Nothing opens: the page says so, and sending the form changes nothing.
async fn opens_nothing(world: &World, link: &str) {
    let mut browser = Browser::default();
    assert_eq!(browser.get(world, link).await.status, StatusCode::NOT_FOUND, "{link}");
    assert!(browser.page.contains("This link does not work"), "{}", browser.page);
    // With a good form of another page.
    browser.get(world, "/sign-in").await;
    let sent = browser.post(world, link, &[("password", BETTER)]).await;
    assert_eq!(sent.status, StatusCode::NOT_FOUND, "{link}");
    assert!(!browser.is_in(world).await);
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_by_the_link_in_an_e_mail() {
    let mut world = World::new().await;
    let mut elsewhere = Browser::signed_in(&world, world.cast.ana).await;
    world.pass(SignedDuration::from_secs(1));
    elsewhere.get(&world, "/").await;
    let mut browser = Browser::default();
    browser.get(&world, "/sign-in").await;
    assert!(browser.page.contains("href=\"/password/forgot\""));
    let (answer, page) = forgot(&world, " Ana@Example.com ").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        page.page.contains("If ana@example.com has an account here"),
        "{}",
        page.page
    );
    let (link, to) = newest_link(&mut world).await;
    assert_eq!(to, "ana@example.com");
    assert!(link.starts_with("/password/reset/nba_"), "{link}");

    // Mail programs look at links, some more than once.
    let before = user(&world, world.cast.ana).await;
    for _ in 0..3 {
        let looked = browser.get(&world, &link).await;
        assert_eq!(looked.status, StatusCode::OK);
        assert_eq!(looked.headers["cache-control"], "no-store");
    }
    assert_eq!(user(&world, world.cast.ana).await, before, "looking changes nothing");
    assert!(elsewhere.is_in(&world).await);

    let refused = browser.post(&world, &link, &[("password", "ana@example.com")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        browser.page.contains("The password is too easily guessed"),
        "{}",
        browser.page
    );
    assert_eq!(user(&world, world.cast.ana).await, before);

    let done = browser.post(&world, &link, &[("password", BETTER)]).await;
    assert_eq!(
        (done.status, &done.headers["location"]),
        (StatusCode::SEE_OTHER, &"/".parse().unwrap())
    );
    assert!(browser.is_in(&world).await && browser.page.contains("Ana"));
    assert!(!elsewhere.is_in(&world).await, "all other sessions have ended");
    opens_nothing(&world, &link).await;
    assert_eq!(
        Browser::default()
            .sign_in(&world, "ana@example.com", PASSWORD)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        Browser::default()
            .sign_in(&world, "ana@example.com", BETTER)
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    let audit = world.api(Method::GET, "/api/v1/audit?object=user&limit=1", None).await;
    let entry = &audit.body["items"][0];
    assert_eq!(
        (&entry["action"], &entry["actor"]["name"]),
        (&"password_reset".into(), &"Ana".into())
    );
    assert!(!entry.to_string().contains("argon2"), "{entry}");
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let mut world = World::new().await;
    give_password(&world, world.cast.ana).await;
    // Somebody asked from here before: the first of an address is counted in one round trip less.
    forgot(&world, "other@example.com").await;
    let mut pages = Vec::new();
    let mut calls = Vec::new();
    // Ben has no password; nobody is nobody.
    for email in ["ana@example.com", "ben@example.com", "nobody@example.com"] {
        let mut browser = Browser::default();
        browser.get(&world, "/password/forgot").await;
        world.wire.take_tally();
        let answer = browser.post(&world, "/password/forgot", &[("email", email)]).await;
        assert_eq!(answer.status, StatusCode::OK);
        calls.push(format!("{:?}", world.wire.take_tally()));
        pages.push(browser.page.replace(email, ""));
        assert!(browser.cookies.keys().all(|name| name == "nightbell-form"));
    }
    assert!(pages[0] == pages[1] && pages[0] == pages[2]);
    assert!(calls[0] == calls[1] && calls[0] == calls[2], "the same work: {calls:?}");
    world.assert_idle().await;
    let mut sent: Vec<String> = world.outbox().await.into_iter().map(|message| message.to).collect();
    sent.sort();
    assert_eq!(sent, ["ana@example.com", "ben@example.com"]);
    // What was written for nobody does not stay, nor does the rest of it.
    let rows = world.written().await;
    let asked: Vec<_> = rows
        .iter()
        .filter(|row| row.contains("\"ACC#usr_") || row.contains("\"DLV#usr_"))
        .collect();
    assert!(
        asked.len() >= 8 && asked.iter().all(|row| row.contains("expires_ttl")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn how_often_a_mailbox_is_written_to_is_limited_and_so_is_who_asks() {
    let mut world = World::new().await;
    for email in ["ana@example.com", "nobody@example.com"] {
        for _ in 0..5 {
            assert_eq!(forgot(&world, email).await.0.status, StatusCode::OK);
        }
        let (refused, page) = forgot(&world, email).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{email}");
        assert_eq!(refused.headers["retry-after"], "600");
        assert!(page.page.contains("Try again in 10 minutes"));
    }
    // Asked for at the same time, or one after the other before it was sent: only the newest goes out.
    world.drain().await;
    assert_eq!(world.outbox().await.len(), 1);
    world.pass(SignedDuration::from_secs(600));
    assert_eq!(forgot(&world, "ana@example.com").await.0.status, StatusCode::OK);

    let mut asked = 0;
    let refused = loop {
        let (answer, _) = forgot(&world, &format!("somebody{asked}@example.com")).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        asked += 1;
    };
    assert_eq!((refused.status, asked), (StatusCode::TOO_MANY_REQUESTS, 17));
}

#[tokio::test]
async fn a_link_ends_with_its_hour_with_a_newer_one_and_with_any_other_change_of_password_or_address() {
    let mut world = World::new().await;
    let ana = world.cast.ana;
    let ask = async |world: &mut World| {
        world.pass(SignedDuration::from_mins(11));
        assert_eq!(forgot(world, "ana@example.com").await.0.status, StatusCode::OK);
        newest_link(world).await.0
    };
    let first = ask(&mut world).await;
    world.pass(SignedDuration::from_secs(3_599));
    assert_eq!(Browser::default().get(&world, &first).await.status, StatusCode::OK);
    world.pass(SignedDuration::from_secs(1));
    opens_nothing(&world, &first).await;

    let older = ask(&mut world).await;
    let newer = ask(&mut world).await;
    opens_nothing(&world, &older).await;
    assert_eq!(Browser::default().get(&world, &newer).await.status, StatusCode::OK);

    give_password(&world, ana).await;
    opens_nothing(&world, &newer).await;

    let before_the_move = ask(&mut world).await;
    let path = format!("/api/v1/users/{ana}");
    let moved = world
        .api(Method::PATCH, &path, Some(json!({ "email": "ana@example.org" })))
        .await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    opens_nothing(&world, &before_the_move).await;
}

#[tokio::test]
async fn a_link_that_waits_is_not_sent_to_an_address_that_was_given_up() {
    let mut world = World::new().await;
    let cy = person(&world.ctx, "Cy", Role::Viewer, "+15550102").await;
    world.drain().await;
    forgot(&world, "cy@example.com").await;
    let path = format!("/api/v1/users/{cy}");
    world
        .api(Method::PATCH, &path, Some(json!({ "email": "cy@example.org" })))
        .await;
    world.assert_idle().await;
    assert!(world.outbox().await.is_empty());

    world.pass(SignedDuration::from_secs(1));
    forgot(&world, "cy@example.org").await;
    let (link, _) = newest_link(&mut world).await;
    assert_eq!(
        world.api(Method::DELETE, &path, None).await.status,
        StatusCode::NO_CONTENT
    );
    opens_nothing(&world, &link).await;
    world.pass(SignedDuration::from_secs(1));
    forgot(&world, "cy@example.org").await;
    world.assert_idle().await;
    assert_eq!(world.outbox().await.len(), 1);
}

#[tokio::test]
async fn a_forged_link_opens_nothing_nor_does_another_persons_or_one_for_something_else() {
    let mut world = World::new().await;
    forgot(&world, "ana@example.com").await;
    let (link, _) = newest_link(&mut world).await;
    let code = link.strip_prefix("/password/reset/").unwrap();
    let (secret, others) = (&code[code.len() - 32..], world.cast.ben.to_string());
    let of_ben = format!("nba_{}_{secret}", others.strip_prefix("usr_").unwrap());
    let guessed = format!("{}{}", &code[..code.len() - 32], "a".repeat(32));
    for forged in [
        format!("/invitations/{code}"),
        format!("/password/reset/{of_ben}"),
        format!("/password/reset/{guessed}"),
        format!("/password/reset/{}", code.to_uppercase()),
        "/password/reset/x".to_owned(),
        format!("/password/reset/{}", code.replace("nba_", "nbs_")),
    ] {
        opens_nothing(&world, &forged).await;
    }
    // No other site can send the form: not without its cookie, and not with somebody else's form.
    let mut browser = Browser::default();
    browser.get(&world, &link).await;
    let mut victim = Browser {
        page: browser.page.clone(),
        ..Browser::default()
    };
    assert_eq!(
        victim.post(&world, &link, &[("password", BETTER)]).await.status,
        StatusCode::FORBIDDEN
    );
    let mut victim = Browser {
        page: browser.page.clone(),
        ..Browser::default()
    };
    victim.cookies.insert("nightbell-form".into(), "x".into());
    assert_eq!(
        victim.post(&world, &link, &[("password", BETTER)]).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(user(&world, world.cast.ana).await.value.password_hash, None);
    assert_eq!(
        browser.choose(&world, &link, BETTER).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_does() {
    let mut world = World::new().await;
    forgot(&world, "ana@example.com").await;
    let (link, _) = newest_link(&mut world).await;
    let mut browsers = [(); 4].map(|()| Browser::default());
    for browser in &mut browsers {
        browser.get(&world, &link).await;
    }
    let choose = browsers.iter_mut().enumerate().map(async |(n, browser)| {
        let password = format!("{BETTER} number {n}");
        browser.post(&world, &link, &[("password", &password)]).await.status
    });
    let answers = futures_util::future::join_all(choose).await;
    let done = answers
        .iter()
        .filter(|status| **status == StatusCode::SEE_OTHER)
        .count();
    assert_eq!(done, 1, "{answers:?}");
    assert!(answers.iter().all(|s| matches!(s.as_u16(), 303 | 404)), "{answers:?}");
}

#[tokio::test]
async fn no_row_holds_the_code_of_a_link() {
    let mut world = World::new().await;
    forgot(&world, "ana@example.com").await;
    let (reset, _) = newest_link(&mut world).await;
    let dee = added(&world, "dee").await;
    assert_eq!(invite(&world, dee).await.status, StatusCode::ACCEPTED);
    let (invitation, _) = newest_link(&mut world).await;
    let rows = world.written().await;
    assert!(rows.iter().any(|row| row.contains("\"RESET\"")), "links are among them");
    assert!(rows.iter().any(|row| row.contains("\"INVITATION\"")));
    for link in [reset, invitation] {
        let secret = &link[link.len() - 32..];
        let holds = rows.iter().find(|row| row.contains(secret));
        assert_eq!(holds, None);
    }
}

#[tokio::test]
async fn somebody_who_is_invited_chooses_a_password_and_is_in() {
    let mut world = World::new().await;
    let dee = added(&world, "dee").await;
    let answer = invite(&world, dee).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(
        answer.body,
        json!({ "email": "dee@example.com", "expires_at": "2026-03-08T02:00:00Z" })
    );
    let (first, to) = newest_link(&mut world).await;
    assert_eq!(to, "dee@example.com");
    assert!(first.starts_with("/invitations/nba_"), "{first}");
    let too_soon = invite(&world, dee).await;
    assert_eq!(too_soon.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(too_soon.headers["retry-after"], "60");

    // It can be sent again; then the older one ends.
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(invite(&world, dee).await.status, StatusCode::ACCEPTED);
    let (link, _) = newest_link(&mut world).await;
    opens_nothing(&world, &first).await;
    world.pass(SignedDuration::from_hours(7 * 24 - 1));
    let mut browser = Browser::default();
    browser.get(&world, &link).await;
    assert!(browser.page.contains("Welcome, dee"), "{}", browser.page);
    assert_eq!(
        browser.choose(&world, &link, BETTER).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(browser.is_in(&world).await && browser.page.contains("dee"));
    opens_nothing(&world, &link).await;

    let refused = invite(&world, dee).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::CONFLICT, &"has_password".into())
    );
}

#[tokio::test]
async fn an_invitation_ends_with_its_week_and_with_its_person() {
    let mut world = World::new().await;
    let (dee, eve) = (added(&world, "dee").await, added(&world, "eve").await);
    invite(&world, dee).await;
    let (of_dee, _) = newest_link(&mut world).await;
    invite(&world, eve).await;
    let (of_eve, _) = newest_link(&mut world).await;
    let gone = world.api(Method::DELETE, &format!("/api/v1/users/{eve}"), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    opens_nothing(&world, &of_eve).await;
    world.pass(SignedDuration::from_hours(7 * 24));
    opens_nothing(&world, &of_dee).await;
    assert_eq!(invite(&world, eve).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn admins_invite_and_only_owners_invite_owners() {
    let world = World::new().await;
    let adi = person(&world.ctx, "Adi", Role::Admin, "+15550103").await;
    let all = [Scope::Read, Scope::Respond, Scope::Configure, Scope::Administer];
    let of_adi = token(&world.ctx, adi, &all).await;
    let of_ben = token(&world.ctx, world.cast.ben, &all).await;
    let dee = added(&world, "dee").await;
    let asked = async |token: &str, id: UserId| {
        let path = format!("/api/v1/users/{id}/invitation");
        world.api_as(token, Method::POST, &path, None).await.status
    };
    assert_eq!(asked(&of_ben, dee).await, StatusCode::FORBIDDEN);
    assert_eq!(asked("nb_x", dee).await, StatusCode::UNAUTHORIZED);
    assert_eq!(asked(&of_adi, world.cast.ana).await, StatusCode::FORBIDDEN);
    assert_eq!(asked(&of_adi, dee).await, StatusCode::ACCEPTED);
    assert_eq!(asked(&world.cast.token, world.cast.ana).await, StatusCode::ACCEPTED);
}

/// A browser at an address of its own.
fn at(n: u8) -> Browser {
    Browser {
        address: Some(([198, 51, 100, n], 40_000).into()),
        ..Browser::default()
    }
}

#[tokio::test]
async fn who_floods_an_account_from_everywhere_does_not_lock_its_owners_browser_out() {
    let world = World::new().await;
    let email = give_password(&world, world.cast.ana).await;
    let of_ben = give_password(&world, world.cast.ben).await;
    let mut own = at(1);
    assert_eq!(
        own.sign_in(&world, &email, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(own.cookies["nightbell-known"].len() > 40);
    own.get(&world, "/").await;
    own.post(&world, "/sign-out", &[]).await;
    let mut bens = at(2);
    assert_eq!(
        bens.sign_in(&world, &of_ben, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
    bens.get(&world, "/").await;
    bens.post(&world, "/sign-out", &[]).await;

    for n in 10..16 {
        for _ in 0..10 {
            at(n).sign_in(&world, &email, "guess").await;
        }
    }
    let others = at(99).sign_in(&world, &email, PASSWORD).await;
    assert_eq!(
        others.status,
        StatusCode::TOO_MANY_REQUESTS,
        "the account is under attack"
    );
    let known = bens.sign_in(&world, &email, PASSWORD).await;
    assert_eq!(
        known.status,
        StatusCode::TOO_MANY_REQUESTS,
        "known, but to somebody else"
    );
    let mut forger = at(98);
    let mark = own.cookies["nightbell-known"].split_once('-').unwrap().0.to_owned();
    for forged in [format!("{mark}-{}", "0".repeat(32)), mark, String::new()] {
        forger.cookies.insert("nightbell-known".into(), forged);
        assert_eq!(
            forger.sign_in(&world, &email, PASSWORD).await.status,
            StatusCode::TOO_MANY_REQUESTS
        );
    }
    let before = own.cookies["nightbell-known"].clone();
    assert_eq!(
        own.sign_in(&world, &email, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(own.cookies["nightbell-known"], before, "it stays the same browser");

    // It is no key: whoever steals it has ten guesses.
    let mut thief = at(97);
    thief.cookies.insert("nightbell-known".into(), before);
    let mut guesses = 0;
    while thief.sign_in(&world, &email, "guess").await.status == StatusCode::UNAUTHORIZED {
        guesses += 1;
    }
    assert!((8..=10).contains(&guesses), "{guesses}");
    assert!(!thief.is_in(&world).await);
}

#[tokio::test]
async fn where_no_email_can_be_sent_nobody_is_told_to_wait_for_one() {
    let world = World::without_email().await;
    let email = give_password(&world, world.cast.ana).await;
    let mut browser = Browser::default();
    browser.get(&world, "/password/forgot").await;
    assert!(browser.page.contains("not set up to send e-mail"), "{}", browser.page);
    let asked = browser.post(&world, "/password/forgot", &[("email", &email)]).await;
    assert_eq!(asked.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(browser.page.contains("Ask whoever runs it"), "{}", browser.page);
}

/// Whether a token lets somebody in.
async fn works(world: &World, token: &str) -> bool {
    let me = world.api_as(token, Method::GET, "/api/v1/users/me", None).await;
    me.status == StatusCode::OK
}

#[tokio::test]
async fn a_new_password_leaves_tokens_and_says_so_and_takes_them_back_if_asked_to() {
    let mut world = World::new().await;
    let of_ana = world.cast.token.clone();
    let of_ben = token(&world.ctx, world.cast.ben, &[Scope::Read]).await;
    forgot(&world, "ana@example.com").await;
    let (link, _) = newest_link(&mut world).await;
    let mut browser = Browser::default();
    browser.get(&world, &link).await;
    assert!(
        browser.page.contains("Take back my API token, too") && browser.page.contains("goes on working"),
        "{}",
        browser.page
    );
    world.pass(SignedDuration::from_secs(1));
    browser.post(&world, &link, &[("password", BETTER)]).await;
    assert!(browser.is_in(&world).await);
    assert!(works(&world, &of_ana).await, "scripts do not fall silent by themselves");

    world.pass(SignedDuration::from_mins(11));
    forgot(&world, "ana@example.com").await;
    let (link, _) = newest_link(&mut world).await;
    browser.get(&world, &link).await;
    let fields = [("password", "another lantern by the sea"), ("with_tokens", "on")];
    let done = browser.post(&world, &link, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    assert!(!works(&world, &of_ana).await);
    assert!(works(&world, &of_ben).await, "another's are another's");
    browser.get(&world, "/settings").await;
    assert!(browser.page.contains("None. A token lets a script"), "{}", browser.page);
    assert!(!browser.page.contains("with_tokens"), "there is nothing to take back");
    let form = browser.form_token();
    let tokens = browser.api(&world, Method::GET, "/api/v1/tokens", None, "").await;
    let ids: Vec<_> = tokens.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["user_id"])
        .collect();
    assert_eq!(ids, [&json!(world.cast.ben)]);
    let audit = browser
        .api(&world, Method::GET, "/api/v1/audit?object=token&limit=1", None, "")
        .await;
    assert_eq!(audit.body["items"][0]["action"], "deleted");

    // One that is made afterwards works.
    world.pass(SignedDuration::from_secs(1));
    let body = json!({ "name": "new", "scopes": ["read"] }).to_string();
    let made = browser
        .api(&world, Method::POST, "/api/v1/tokens", Some(&form), &body)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert!(works(&world, made.body["token"].as_str().unwrap()).await);
}

#[tokio::test]
async fn tokens_go_with_all_sessions_or_an_old_password_if_asked_to() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world, world.cast.ana).await;
    let mut other = Browser::default();
    other.sign_in(&world, "ana@example.com", PASSWORD).await;
    world.pass(SignedDuration::from_secs(1));
    browser.get(&world, "/settings").await;
    assert_eq!(browser.page.matches("name=\"with_tokens\"").count(), 2);
    browser.post(&world, "/settings/sign-out", &[]).await;
    assert!(!other.is_in(&world).await && works(&world, &world.cast.token).await);
    browser.get(&world, "/settings").await;
    browser
        .post(&world, "/settings/sign-out", &[("with_tokens", "on")])
        .await;
    assert!(browser.is_in(&world).await && !works(&world, &world.cast.token).await);

    world.pass(SignedDuration::from_secs(1));
    let newer = token(&world.ctx, world.cast.ana, &[Scope::Read]).await;
    world.pass(SignedDuration::from_secs(1));
    assert!(works(&world, &newer).await);
    browser.get(&world, "/settings").await;
    let wrong = [("current", "guess"), ("password", BETTER), ("with_tokens", "on")];
    browser.post(&world, "/settings/password", &wrong).await;
    assert!(works(&world, &newer).await, "only who knows the password ends anything");
    browser.get(&world, "/settings").await;
    let right = [("current", PASSWORD), ("password", BETTER), ("with_tokens", "on")];
    let done = browser.post(&world, "/settings/password", &right).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    assert!(!works(&world, &newer).await);
}
