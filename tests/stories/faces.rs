//! Faces on pages, and the page of one's own picture without scripts.

use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use nightbell_tests::people::person;
use nightbell_tests::{Answer, Browser, World, form};
use shared::domain::people::Role;

const JPEG: &[u8] = include_bytes!("../fixtures/pictures/progressive.jpg");
const PAGE: &str = "/settings/picture";

/// Whose forms the bucket takes: it judges them by the machine's clock.
async fn world() -> World {
    let world = World::new().await;
    let machine = Timestamp::try_from(std::time::SystemTime::now()).unwrap();
    world.pass(world.now().duration_until(machine));
    world
}

/// Sends this file by the form for S3 that the page shows.
async fn send(world: &World, page: &str, file: &[u8]) -> Answer {
    let part = |text: &str, from: &str| {
        text.split_once(from)
            .map(|(_, rest)| rest.split('"').next().unwrap().to_owned())
    };
    let action = part(page, r#"enctype="multipart/form-data" action=""#).expect("a form for S3");
    let fields: Vec<(String, String)> = page
        .split(r#"<input type="hidden""#)
        .skip(1)
        .map(|input| (part(input, r#"name=""#).unwrap(), part(input, r#"value=""#).unwrap()))
        .collect();
    let (content_type, body) = form::form(&fields, file);
    let path = action.strip_prefix("http://nightbell.test").expect("a URL of ours");
    let request = Request::post(path)
        .header("content-type", content_type)
        .header("content-length", body.len())
        .header("host", "nightbell.test")
        .header("origin", "null")
        .body(body.into())
        .unwrap();
    world.ask(request).await
}

/// Opens the page, asks for a form, sends the file, and answers where S3 leads to.
async fn upload(world: &World, browser: &mut Browser, file: &[u8]) -> String {
    browser.get(world, PAGE).await;
    let begun = browser.post(world, PAGE, &[("act", "begin")]).await;
    assert_eq!(begun.status, StatusCode::OK, "{begun:?}");
    let sent = send(world, &browser.page, file).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");
    let back = sent.headers["location"].to_str().unwrap();
    back.strip_prefix("http://nightbell.test")
        .expect("back to us")
        .to_owned()
}

#[tokio::test(start_paused = true)]
async fn without_scripts_a_form_posts_to_s3_and_leads_back() {
    let mut world = world().await;
    let mut nobody = Browser::default();
    let led = nobody.get(&world, PAGE).await;
    assert_eq!(led.headers["location"], "/sign-in?next=%2Fsettings%2Fpicture");
    let mut ben = Browser::signed_in(&world, world.cast.ben).await;
    ben.get(&world, PAGE).await;
    assert!(
        ben.page.contains("Send a picture") && !ben.page.contains("Remove it"),
        "{}",
        ben.page
    );

    let forged = ben
        .post_as_is(&world, PAGE, &[("form_token", "x"), ("act", "begin")])
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert!(!ben.page.contains("multipart"), "{}", ben.page);

    let back = upload(&world, &mut ben, JPEG).await;
    assert!(back.starts_with("/settings/picture?sent"), "{back}");
    let shown = ben.get(&world, &back).await;
    assert!(
        ben.page.contains("being prepared") && ben.page.contains(r#"http-equiv="refresh""#),
        "{}",
        ben.page
    );
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://nightbell.test;"), "{policy}");
    assert!(
        policy.contains("img-src http://nightbell.test;") && !policy.contains("script"),
        "{policy}"
    );
    assert_eq!(shown.headers["cache-control"], "no-store");
    world.drain().await;
    ben.get(&world, &back).await;
    assert!(
        ben.page.contains("This is how others see you.") && ben.page.contains("<img "),
        "{}",
        ben.page
    );
    assert!(!ben.page.contains("http-equiv=\"refresh\""));

    let removed = ben.post(&world, PAGE, &[("act", "remove")]).await;
    assert_eq!(removed.headers["location"], PAGE);
    ben.get(&world, PAGE).await;
    assert!(!ben.page.contains("<img "), "{}", ben.page);

    let back = upload(&world, &mut ben, b"<html><script>alert(1)</script></html>").await;
    world.drain().await;
    ben.get(&world, &back).await;
    assert!(
        ben.page.contains("This is not a JPEG, PNG, WebP or GIF picture"),
        "{}",
        ben.page
    );
    assert!(!ben.page.contains("<img "));
}

#[tokio::test(start_paused = true)]
async fn forms_run_out_and_the_page_says_when_there_is_another() {
    let world = world().await;
    let mut ben = Browser::signed_in(&world, world.cast.ben).await;
    ben.get(&world, PAGE).await;
    for n in 0..30 {
        let begun = ben.post(&world, PAGE, &[("act", "begin")]).await;
        assert_eq!(begun.status, StatusCode::OK, "{n}");
        ben.get(&world, PAGE).await;
    }
    let refused = ben.post(&world, PAGE, &[("act", "begin")]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key("retry-after"));
    assert!(
        ben.page.contains("Try again in") && !ben.page.contains("multipart"),
        "{}",
        ben.page
    );
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_seen_wherever_its_person_is() {
    let mut world = world().await;
    let incident = world.trigger("disk").await.to_string();
    world.drain().await;
    let ana = world.cast.ana;
    let mut browser = Browser::signed_in(&world, ana).await;
    browser.get(&world, "/").await;
    let initials = format!(r#"data-face="{ana}" data-px="36" aria-hidden="true">A</span>"#);
    assert!(browser.page.contains(&initials), "{}", browser.page);
    browser
        .post(&world, "/incidents/act", &[("acknowledge", &incident)])
        .await;
    upload(&world, &mut browser, JPEG).await;
    world.drain().await;
    let face = format!(
        r#"data-face="{ana}" data-px="28" aria-hidden="true">A<img src="http://nightbell.test/pictures/{ana}/"#
    );
    for path in ["/".to_owned(), format!("/incidents/{incident}"), "/audit".into()] {
        browser.get(&world, &path).await;
        assert!(browser.page.contains(&face), "{path}: {}", browser.page);
    }
    let listed = face.replace("28", "36");
    for path in ["/people", "/on-call", "/settings"] {
        browser.get(&world, path).await;
        assert!(browser.page.contains(&listed), "{path}: {}", browser.page);
    }

    // Taken away by an admin, and by nobody else.
    let person_page = format!("/people/{ana}");
    let avatar = format!("/api/v1/users/{ana}/avatar");
    let offer = format!(r#"data-api="DELETE {avatar}""#);
    let mut ben = Browser::signed_in(&world, world.cast.ben).await;
    ben.get(&world, &person_page).await;
    assert!(
        ben.page.contains(&format!("/pictures/{ana}/")) && !ben.page.contains(&offer),
        "{}",
        ben.page
    );
    let token = ben.form_token();
    let refused = ben.api(&world, Method::DELETE, &avatar, Some(&token), "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let admin = person(&world.ctx, "Di", Role::Admin, "+15550103").await;
    let mut admin = Browser::signed_in(&world, admin).await;
    admin.get(&world, &person_page).await;
    assert!(admin.page.contains(&offer), "{}", admin.page);
    let token = admin.form_token();
    let removed = admin.api(&world, Method::DELETE, &avatar, Some(&token), "").await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    admin.get(&world, &person_page).await;
    assert!(!admin.page.contains(&format!("/pictures/{ana}/")) && !admin.page.contains(&offer));
}
