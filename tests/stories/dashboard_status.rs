//! Status pages in the browser: how each stands, what waits to become public, what is on it, how it looks and who hears.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::people::person;
use nightbell_tests::{Answer, Browser, World};
use serde_json::{Value, json};
use shared::domain::id::{PageId, SubscriberId};
use shared::domain::limits;
use shared::domain::people::Role;
use shared::subscribers;

const OK: StatusCode = StatusCode::OK;
const NO: StatusCode = StatusCode::FORBIDDEN;

/// A deployment with a status page, a group with a component, a component alone, and a service that affects the first.
struct Public {
    world: World,
    page: String,
    group: String,
    api: String,
    shop: String,
    browser: Browser,
}

impl Public {
    async fn new(publication: Value) -> Self {
        let mut world = World::new().await;
        let page = made(&world, "/api/v1/pages", json!({"name": "<b>Acme</b>", "slug": "main"})).await;
        let on = |fields: Value| {
            let mut body = json!({ "page_id": page });
            body.as_object_mut()
                .unwrap()
                .extend(fields.as_object().unwrap().clone());
            body
        };
        let components = "/api/v1/components";
        let group = made(&world, components, on(json!({"name": "Everything", "is_group": true}))).await;
        let api = made(
            &world,
            components,
            on(json!({"name": "API <1>", "group_id": group, "description": "For \"programs\""})),
        )
        .await;
        let shop = made(&world, components, on(json!({"name": "Shop", "position": 4}))).await;
        let change =
            json!({"components": [{"component_id": api, "warning": "operational"}], "publication": publication});
        let service = format!("/api/v1/services/{}", world.cast.service);
        let changed = world.api(Method::PATCH, &service, Some(change)).await;
        assert_eq!(changed.status, OK, "{changed:?}");
        world.drain().await;
        let browser = Browser::signed_in(&world, world.cast.ana).await;
        Self {
            world,
            page,
            group,
            api,
            shop,
            browser,
        }
    }

    fn path(&self, room: &str) -> String {
        format!("/pages/{}{room}", self.page)
    }

    /// What the owner sees there.
    async fn see(&mut self, room: &str) -> String {
        let path = self.path(room);
        let answer = self.browser.get(&self.world, &path).await;
        assert_eq!(answer.status, OK, "{path}: {}", self.browser.page);
        self.browser.page.clone()
    }

    /// Sends what a form of the page that the owner is on would send.
    async fn send(&mut self, method: Method, path: &str, body: Value) -> Answer {
        let (token, body) = (self.browser.form_token(), body.to_string());
        let asked = self.browser.api(&self.world, method, path, Some(&token), &body);
        let answer = asked.await;
        self.world.drain().await;
        answer
    }

    async fn subscribe(&self, address: &str, confirmed: bool) -> String {
        let body = json!({"channel": "email", "address": address, "confirmed": confirmed});
        made(&self.world, &format!("/api/v1/pages/{}/subscribers", self.page), body).await
    }
}

async fn made(world: &World, path: &str, body: Value) -> String {
    let answer = world.api(Method::POST, path, Some(body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.body["id"].as_str().unwrap().to_owned()
}

/// The text between these, of which there is one.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("{before} in {page}"));
    rest.split_once(after).unwrap().0
}

#[tokio::test(start_paused = true)]
async fn every_room_is_there_for_whom_it_is() {
    let mut public = Public::new(json!({"mode": "ask", "settle_seconds": 0})).await;
    public.world.trigger("db").await;
    public.world.live(SignedDuration::from_secs(1)).await;
    public.subscribe("reader@example.com", true).await;
    let world = &public.world;
    let people = [
        world.cast.ana,
        person(&world.ctx, "Di", Role::Admin, "+15550103").await,
        world.cast.ben,
        person(&world.ctx, "Cy", Role::Viewer, "+15550102").await,
    ];
    // Owner, admin, responder, viewer; whether there is a form for each.
    let all = [OK; 4];
    let admins = [true, true, false, false];
    let rooms = [
        ("/pages".to_owned(), all, [false; 4]),
        ("/pages/new".into(), [OK, OK, NO, NO], admins),
        (public.path(""), all, [true, true, true, false]),
        (public.path("/components"), all, admins),
        (public.path("/subscribers"), all, admins),
        (public.path("/settings"), all, admins),
    ];
    for (place, id) in people.into_iter().enumerate() {
        let mut browser = Browser::signed_in(world, id).await;
        for (path, expected, has_forms) in &rooms {
            let answer = browser.get(world, path).await;
            assert_eq!(answer.status, expected[place], "{path} for {place}");
            let page = &browser.page;
            let has = page.contains("data-api") || page.contains("data-steps");
            assert_eq!(has, has_forms[place], "{path} for {place}: {page}");
            assert!(!page.contains("<b>Acme"), "{path}");
            // Addresses are for those who look after the page.
            let reads = path.ends_with("/subscribers") && place < 2;
            assert_eq!(page.contains("reader@example.com"), reads, "{path} for {place}");
        }
    }
    let mut nobody = Browser::default();
    for (path, ..) in &rooms {
        let answer = nobody.get(world, path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
    }
    for room in ["", "/components", "/subscribers", "/settings"] {
        for id in ["pag_01arz3ndektsv4rrffq69g5fav", "x"] {
            let answer = public.browser.get(world, &format!("/pages/{id}{room}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}{room}");
        }
    }
    let answer = public.browser.get(world, &public.path("/subscribers?after=x")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_empty_says_what_to_do() {
    let world = World::new().await;
    let cy = person(&world.ctx, "Cy", Role::Viewer, "+15550102").await;
    let mut owner = Browser::signed_in(&world, world.cast.ana).await;
    let mut viewer = Browser::signed_in(&world, cy).await;
    owner.get(&world, "/pages").await;
    assert!(owner.page.contains("Make the first one"), "{}", owner.page);
    viewer.get(&world, "/pages").await;
    assert!(viewer.page.contains("An owner or an admin can make one"));
    owner.get(&world, "/pages/new").await;
    assert!(owner.page.contains("It is the first one"), "{}", owner.page);
    owner.get(&world, &format!("/services/{}", world.cast.service)).await;
    assert!(
        owner.page.contains("Make a status page with components"),
        "{}",
        owner.page
    );

    let page = made(&world, "/api/v1/pages", json!({"name": "Acme", "slug": "main"})).await;
    owner.get(&world, "/pages").await;
    assert!(owner.page.contains("No components yet"), "{}", owner.page);
    owner.get(&world, "/pages/new").await;
    assert!(owner.page.contains("Make it the default page"), "{}", owner.page);
    owner.get(&world, &format!("/pages/{page}")).await;
    assert!(owner.page.contains("Add components"), "{}", owner.page);
    assert!(!owner.page.contains("All systems operational"), "{}", owner.page);
    owner.get(&world, &format!("/pages/{page}/components")).await;
    assert!(owner.page.contains("Nothing is on this page yet"));
    for browser in [&mut owner, &mut viewer] {
        browser.get(&world, &format!("/pages/{page}/subscribers")).await;
        assert!(browser.page.contains("/status/main/subscribers"), "{}", browser.page);
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_to_become_public_is_answered_and_followed() {
    let mut public = Public::new(json!({"mode": "ask", "settle_seconds": 60})).await;
    let page = public.see("").await;
    assert!(page.contains("All systems operational") && !page.contains("From incidents to the public"));
    public.world.trigger("db").await;
    public.world.live(SignedDuration::from_secs(1)).await;
    let page = public.see("").await;
    assert!(
        page.contains(">settles<") && page.contains("Tell the public now"),
        "{page}"
    );
    assert!(page.contains("affects <span dir=\"auto\">API &#60;1&#62;"), "{page}");
    public.world.live(SignedDuration::from_secs(60)).await;
    let page = public.see("").await;
    assert!(
        page.contains(">asks<") && page.contains("it waits for a word"),
        "{page}"
    );
    assert!(
        page.contains("All systems operational"),
        "the public is not told: {page}"
    );
    public.browser.get(&public.world, "/pages").await;
    assert!(
        public.browser.page.contains("asks whether the public is told"),
        "{}",
        public.browser.page
    );

    // No, and then yes after all.
    public.see("").await;
    let path = format!("/api/v1/pages/{}/publications", public.page);
    let word = |public: &Public, answer: &str| json!({"service_id": public.world.cast.service, "answer": answer});
    let no = word(&public, "dismiss");
    assert_eq!(public.send(Method::POST, &path, no).await.status, OK);
    let page = public.see("").await;
    assert!(
        page.contains(">not told<") && page.contains("Tell the public now"),
        "{page}"
    );
    assert!(!page.contains("Do not tell"), "{page}");
    let yes = word(&public, "publish");
    assert_eq!(public.send(Method::POST, &path, yes).await.status, OK);
    public.world.live(SignedDuration::from_secs(1)).await;
    let page = public.see("").await;
    assert!(
        page.contains(">public<") && !page.contains("Tell the public now"),
        "{page}"
    );
    assert!(
        page.contains("One system is down") && page.contains("banner major_outage"),
        "{page}"
    );
    assert!(page.contains("href=\"/posts/pst_"), "{page}");
    public.browser.get(&public.world, "/pages").await;
    let list = &public.browser.page;
    assert!(
        list.contains("1 open post<") && list.contains("badge major_outage"),
        "{list}"
    );

    // The living part is known by its tag, and is another one when something happened.
    let part = public.path("?part=live");
    let tag = public.browser.get(&public.world, &part).await.headers["etag"].clone();
    let ask = |tag: &http::HeaderValue| {
        http::Request::get(&part)
            .header("cookie", cookies(&public.browser))
            .header("if-none-match", tag)
            .body(axum::body::Body::empty())
            .unwrap()
    };
    let (known, later) = (ask(&tag), ask(&tag));
    assert_eq!(public.world.ask(known).await.status, StatusCode::NOT_MODIFIED);
    public
        .world
        .signal(json!({ "dedup_key": "db", "status": "resolve" }))
        .await;
    public.world.live(SignedDuration::from_secs(1)).await;
    let answer = public.world.ask(later).await;
    assert_eq!(answer.status, OK);
    let part = answer.body.as_str().unwrap();
    assert!(
        part.contains("All systems operational") && !part.contains("<html"),
        "{part}"
    );
}

fn cookies(browser: &Browser) -> String {
    let pairs = browser.cookies.iter().map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("; ")
}

#[tokio::test(start_paused = true)]
async fn maintenance_is_shown_and_hides_no_outage() {
    let mut public = Public::new(json!({"mode": "auto", "settle_seconds": 0})).await;
    let at = |public: &Public, seconds: i64| (public.world.now() + SignedDuration::from_secs(seconds)).to_string();
    let body = json!({"page_id": public.page, "title": "New disks", "body": "Soon.", "component_ids": [public.shop],
        "starts_at": at(&public, 600), "ends_at": at(&public, 1200)});
    let maintenance = made(&public.world, "/api/v1/maintenances", body).await;
    let page = public.see("").await;
    assert!(page.contains(">to come<") && page.contains(&maintenance), "{page}");
    assert!(page.contains("All systems operational"), "{page}");
    public.world.live(SignedDuration::from_secs(601)).await;
    let page = public.see("").await;
    assert!(
        page.contains(">under way<") && page.contains("Maintenance under way"),
        "{page}"
    );
    public.world.trigger("db").await;
    public.world.live(SignedDuration::from_secs(1)).await;
    let page = public.see("").await;
    assert!(page.contains("banner major_outage"), "{page}");
    // What somebody holds by hand is said so.
    let held = json!({"held_status": "operational"});
    let path = format!("/api/v1/components/{}", public.api);
    assert_eq!(public.send(Method::PATCH, &path, held).await.status, OK);
    let page = public.see("").await;
    assert!(
        page.contains("Set by hand") && page.contains("banner under_maintenance"),
        "{page}"
    );
}

#[tokio::test]
async fn components_are_moved_by_what_their_buttons_send() {
    let mut public = Public::new(json!({"mode": "manual", "settle_seconds": 0})).await;
    for name in ["Mail", "Search"] {
        let body = json!({"page_id": public.page, "name": name, "position": 4});
        made(&public.world, "/api/v1/components", body).await;
    }
    let order = |page: &str| -> Vec<String> {
        let titles = page.split("<p class=\"title\" dir=\"auto\">").skip(1);
        titles.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    };
    let page = public.see("/components").await;
    assert_eq!(
        order(&page),
        ["Everything", "API &#60;1&#62;", "Shop", "Mail", "Search"]
    );
    // Three of these share a position at first; two changes are enough nevertheless.
    for expected in [
        ["Everything", "API &#60;1&#62;", "Mail", "Shop", "Search"],
        ["Everything", "API &#60;1&#62;", "Mail", "Search", "Shop"],
    ] {
        let page = public.see("/components").await;
        let button = format!("<button id=\"down-{}\"", public.shop);
        let before = page.split(&button).next().unwrap();
        let steps = before.rsplit("data-steps=\"").next().unwrap();
        let steps = steps.split('"').next().unwrap().replace("&#34;", "\"");
        let steps: Vec<Value> = serde_json::from_str(&steps).unwrap();
        assert_eq!(steps.len(), 2, "{steps:?}");
        for step in steps {
            let token = public.browser.form_token();
            let request = http::Request::patch(step["url"].as_str().unwrap())
                .header("content-type", "application/json")
                .header("x-csrf-token", token)
                .header("if-match", step["etag"].as_str().unwrap())
                .header("cookie", cookies(&public.browser));
            let request = request.body(step["body"].to_string().into()).unwrap();
            let answer = public.world.ask(request).await;
            assert_eq!(answer.status, OK, "{answer:?}");
        }
        let page = public.see("/components").await;
        assert_eq!(order(&page), expected);
    }
    let page = public.see("/components").await;
    // The last goes no further down; what is alone in its group goes nowhere.
    assert!(!page.contains(&format!("down-{}", public.shop)), "{page}");
    assert!(!page.contains(&format!("up-{}", public.api)) && !page.contains(&format!("up-{}", public.group)));
}

#[tokio::test]
async fn components_say_what_affects_them_and_where_the_page_is_shown() {
    let mut public = Public::new(json!({"mode": "manual", "settle_seconds": 0})).await;
    let page = public.see("/components").await;
    assert!(
        page.contains("critical: major outage, error: partial outage<"),
        "{page}"
    );
    assert!(page.contains("No service affects it"), "{page}");
    assert!(page.contains("For &#34;programs&#34;"), "{page}");
    for address in [
        "/api/v2/summary.json",
        "/history.atom",
        "/badge.svg",
        "/embed",
        "/subscribers",
    ] {
        assert!(page.contains(&format!("/status/main{address}")), "{address}: {page}");
    }
    // The snippet is HTML within HTML: what is pasted has the name as text.
    let frame = between(
        &page,
        "<textarea id=\"frame\" readonly rows=\"3\" spellcheck=\"false\">",
        "</textarea>",
    );
    let pasted = frame
        .replace("&#34;", "\"")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&");
    assert!(
        pasted.starts_with("<iframe src=\"") && pasted.contains("title=\"&lt;b&gt;Acme"),
        "{pasted}"
    );
    // What is in use is not deleted, and the answer says by what.
    let refused = public
        .send(Method::DELETE, &format!("/api/v1/components/{}", public.api), json!({}))
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains("the service \"Checkout\""),
        "{refused:?}"
    );

    // The service says the same, in its own room, to whoever looks.
    let cy = person(&public.world.ctx, "Cy", Role::Viewer, "+15550102").await;
    let mut viewer = Browser::signed_in(&public.world, cy).await;
    viewer
        .get(&public.world, &format!("/services/{}", public.world.cast.service))
        .await;
    assert!(
        viewer.page.contains("critical: major outage, error: partial outage<"),
        "{}",
        viewer.page
    );
    assert!(
        viewer.page.contains("only when somebody writes a post"),
        "{}",
        viewer.page
    );
    public
        .browser
        .get(&public.world, &format!("/services/{}", public.world.cast.service))
        .await;
    let page = &public.browser.page;
    assert!(page.contains("data-key=\"critical\"") && page.contains("name=\"publication.settle_seconds\""));
    let option = format!("<option value=\"{}\" selected>", public.api);
    assert_eq!(page.matches(&option).count(), 1, "{page}");
    assert!(
        !page.contains(&format!("<option value=\"{}\"", public.group)),
        "groups are affected by nothing"
    );
}

#[tokio::test]
async fn settings_show_what_is_chosen_and_what_is_wrong_at_its_field() {
    let mut public = Public::new(json!({"mode": "manual", "settle_seconds": 0})).await;
    let path = format!("/api/v1/pages/{}", public.page);
    public.see("/settings").await;
    let look = json!({"look": {"variables": {"--ink": "#999999", "--dark-ground": "#f5f6f8"}}});
    let refused = public.send(Method::PATCH, &path, look).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    let page = public.browser.page.clone();
    for error in refused.body["errors"].as_array().unwrap() {
        let field = error["field"].as_str().unwrap();
        assert!(page.contains(&format!("name=\"{field}\"")), "{field}: {error}");
    }
    let logo = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=";
    let look = json!({"look": {"accent": "#0a7d55", "logo": logo, "variables": {"--radius": "1rem", "--dark-card": "#101010"}},
        "domain": "status.example.com"});
    let changed = public.send(Method::PATCH, &path, look).await;
    assert_eq!(changed.status, OK, "{changed:?}");
    let answer = public.browser.get(&public.world, &public.path("/settings")).await;
    let page = &public.browser.page;
    for there in [
        "name=\"look.accent\" data-type=\"optional\" value=\"#0a7d55\"",
        "name=\"look.variables.--radius\" data-type=\"given\" value=\"1rem\"",
        "name=\"look.variables.--dark-card\" data-type=\"given\" value=\"#101010\"",
        "name=\"look.variables.--ground\" data-type=\"given\" value=\"\"",
        "https://status.example.com/status/main",
        "data-etag='\"2\"'",
    ] {
        assert!(page.contains(there), "{there}: {page}");
    }
    // This room alone shows a picture that is part of it.
    let policy = |answer: &Answer| answer.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy(&answer).contains("img-src 'self' data:"), "{}", policy(&answer));
    let other = public.browser.get(&public.world, &public.path("")).await;
    assert!(!policy(&other).contains("data:"), "{}", policy(&other));
    let refused = public.send(Method::DELETE, &path, json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
}

#[tokio::test]
async fn subscribers_are_counted_listed_and_marked() {
    let mut public = Public::new(json!({"mode": "manual", "settle_seconds": 0})).await;
    let failing = public.subscribe("gone@example.com", true).await;
    public.subscribe("a&b@example.com", false).await;
    for n in 0..55 {
        public.subscribe(&format!("reader{n}@example.com"), true).await;
    }
    let (page, id): (PageId, SubscriberId) = (public.page.parse().unwrap(), failing.parse().unwrap());
    let ctx = public.world.ctx.clone();
    let fails = async |times| {
        for _ in 0..times {
            let found = ctx.store.subscriber(page, id).await.unwrap().unwrap();
            subscribers::heard(&ctx, found, false, ctx.clock.now()).await.unwrap();
        }
    };
    let whole = async |public: &mut Public| {
        let mut all = public.see("/subscribers").await;
        let next = between(&all, "rel=\"next\"", ">").to_owned();
        assert_eq!(next, "");
        let query = between(&all, "/subscribers?after=", "\"").to_owned();
        all += &public.see(&format!("/subscribers?after={query}")).await;
        assert!(public.browser.page.contains("From the beginning") && !public.browser.page.contains("rel=\"next\""));
        all
    };
    fails(1).await;
    let all = whole(&mut public).await;
    assert_eq!(all.matches("aria-label=\"Remove ").count(), 57);
    assert!(all.contains("a&#38;b@example.com") && !all.contains("a&b@"), "{all}");
    assert!(
        all.contains("The last message failed for good") && all.contains("<dd>56</dd>"),
        "{all}"
    );
    assert!(all.contains("has not confirmed") && all.contains("told of everything"));
    fails(limits::SUBSCRIBER_FAILURES_MAX - 1).await;
    let all = whole(&mut public).await;
    assert!(all.contains("sent no more") && all.contains("<dd>55</dd>"), "{all}");

    // The link is for this browser: it carries nothing but its cookie.
    let answer = public
        .browser
        .get(&public.world, &format!("/api/v1/pages/{page}/subscribers.csv"))
        .await;
    assert_eq!(answer.status, OK);
    assert_eq!(answer.body.as_str().unwrap().lines().count(), 58);
    public.see("/subscribers").await;
    let path = format!("/api/v1/pages/{page}/subscribers/{failing}");
    assert_eq!(
        public.send(Method::DELETE, &path, json!({})).await.status,
        StatusCode::NO_CONTENT
    );
    assert!(!whole(&mut public).await.contains("gone@example.com"));
}

#[tokio::test(start_paused = true)]
async fn a_room_costs_the_table_little() {
    let mut public = Public::new(json!({"mode": "auto", "settle_seconds": 0})).await;
    public.world.trigger("db").await;
    public.world.live(SignedDuration::from_secs(1)).await;
    for n in 0..60 {
        public.subscribe(&format!("reader{n}@example.com"), true).await;
    }
    // Two of each are for finding out who asks. The others: what is named in the address, then each list and its rows.
    for (room, requests, round_trips) in [
        ("", 10, 4),
        ("/components", 10, 4),
        ("/subscribers", 13, 8),
        ("/settings", 4, 4),
    ] {
        public.see(room).await;
        public.world.wire.take_tally();
        public.see(room).await;
        let tally = public.world.wire.take_tally();
        println!("{room}: {} requests, {} round trips", tally.requests, tally.round_trips);
        assert!(tally.requests <= requests, "{room}: {tally:?}");
        assert!(tally.round_trips <= round_trips, "{room}: {tally:?}");
        assert_eq!(tally.writes, 0, "{room}");
    }
    public.world.wire.take_tally();
    public.browser.get(&public.world, "/pages").await;
    let tally = public.world.wire.take_tally();
    println!("list: {} requests, {} round trips", tally.requests, tally.round_trips);
    assert!(tally.requests <= 10 && tally.round_trips <= 4, "{tally:?}");
}
