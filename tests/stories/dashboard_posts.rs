//! What the public is told, by hand: the pages of posts, and the part of an incident's page that asks about it.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::people::person;
use nightbell_tests::{Browser, World};
use serde_json::{Value, json};
use shared::domain::id::IncidentId;
use shared::domain::people::Role;

/// A deployment with a status page, a component, and a service that affects it.
struct Public {
    world: World,
    page: String,
    api: String,
}

impl Public {
    async fn new(publication: Value) -> Self {
        let mut world = World::new().await;
        let page = world
            .made("/api/v1/pages", json!({"name": "Acme", "slug": "main"}))
            .await;
        let api = world
            .made("/api/v1/components", json!({"page_id": page, "name": "<b>API</b>"}))
            .await;
        let change = json!({"components": [{"component_id": api}], "publication": publication});
        let service = format!("/api/v1/services/{}", world.cast.service);
        let changed = world.api(Method::PATCH, &service, Some(change)).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        world.drain().await;
        Self { world, page, api }
    }

    async fn only_post(&self) -> Value {
        let listed = self.world.api(Method::GET, "/api/v1/posts", None).await;
        let items = listed.body["items"].as_array().unwrap().clone();
        assert_eq!(items.len(), 1, "{items:?}");
        items[0].clone()
    }

    async fn write(&mut self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.world.api(method, path, Some(body)).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        self.world.drain().await;
        answer.body
    }

    async fn tell(&mut self, browser: &mut Browser, incident: IncidentId, answer: &str) -> StatusCode {
        let (incident, page) = (incident.to_string(), self.page.clone());
        browser.get(&self.world, &format!("/incidents/{incident}")).await;
        let fields = [("incident", incident.as_str()), ("page", &page), ("answer", answer)];
        let status = browser.post(&self.world, "/incidents/tell", &fields).await.status;
        self.world.drain().await;
        status
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_answers_is_asked_and_their_word_is_done() {
    let mut public = Public::new(json!({"mode": "ask", "settle_seconds": 60})).await;
    let incident = public.world.trigger("db-1.internal").await;
    public.world.drain().await;
    let path = format!("/incidents/{incident}");
    let cy = person(&public.world.ctx, "Cy", Role::Viewer, "+15550102").await;
    let mut viewer = Browser::signed_in(&public.world, cy).await;
    let mut ben = Browser::signed_in(&public.world, public.world.cast.ben).await;

    ben.get(&public.world, &path).await;
    assert!(ben.page.contains("If it lasts, you are asked at"), "{}", ben.page);
    assert!(ben.page.contains("Tell the public now") && ben.page.contains("Do not tell"));
    public.world.live(SignedDuration::from_secs(61)).await;
    ben.get(&public.world, &format!("{path}?part=live")).await;
    ben.get(&public.world, &path).await;
    assert!(ben.page.contains("Shall it be told"), "{}", ben.page);
    assert!(ben.page.contains("&#60;b&#62;API") && !ben.page.contains("<b>API"));

    // The page itself says so, too, and so does the list of pages.
    let now = format!("/pages/{}", public.page);
    ben.get(&public.world, "/pages").await;
    assert!(ben.page.contains(&now) && ben.page.contains("asks whether the public is told"));
    ben.get(&public.world, &now).await;
    assert!(ben.page.contains("it waits for a word, since"), "{}", ben.page);
    assert!(ben.page.contains("Do not tell") && ben.page.contains("&#60;b&#62;API"));
    viewer.get(&public.world, &now).await;
    assert!(viewer.page.contains("it waits for a word, since") && !viewer.page.contains("data-api"));

    // Who only looks reads it, and has no say.
    viewer.get(&public.world, &path).await;
    assert!(viewer.page.contains("Shall it be told") && !viewer.page.contains("Do not tell"));
    assert_eq!(
        public.tell(&mut viewer, incident, "publish").await,
        StatusCode::FORBIDDEN
    );
    // Nor has a form of another site.
    let fields = [("incident", incident.to_string()), ("page", public.page.clone())];
    let fields = [
        ("incident", fields[0].1.as_str()),
        ("page", &fields[1].1),
        ("answer", "publish"),
    ];
    let forged = ben.post_as_is(&public.world, "/incidents/tell", &fields).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let none = public.world.api(Method::GET, "/api/v1/posts", None).await;
    assert_eq!(none.body["items"], json!([]));

    assert_eq!(public.tell(&mut ben, incident, "dismiss").await, StatusCode::SEE_OTHER);
    ben.get(&public.world, &path).await;
    assert!(ben.page.contains("Not told: somebody said no"), "{}", ben.page);
    assert_eq!(public.tell(&mut ben, incident, "publish").await, StatusCode::SEE_OTHER);
    let post = public.only_post().await;
    assert_eq!(post["title"], "Problems with <b>API</b>");
    ben.get(&public.world, &path).await;
    let link = format!(r#"href="/posts/{}""#, post["id"].as_str().unwrap());
    assert!(
        ben.page.contains(&link) && ben.page.contains("Investigating"),
        "{}",
        ben.page
    );
    ben.get(&public.world, &now).await;
    assert!(
        ben.page.contains(&link) && ben.page.contains("Major outage"),
        "{}",
        ben.page
    );
    assert!(!ben.page.contains("Do not tell"));
    // It is public: a no comes too late, and says what to do instead.
    assert_eq!(public.tell(&mut ben, incident, "dismiss").await, StatusCode::CONFLICT);

    let audit = public
        .world
        .api(Method::GET, "/api/v1/audit?object=publication", None)
        .await;
    let by: Vec<&Value> = audit.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["actor"]["name"])
        .collect();
    assert_eq!(by, ["Ben", "Ben"], "{audit:?}");
}

/// A service without components costs one read, beside what there was; its reads do not wait for one another.
#[tokio::test(start_paused = true)]
async fn an_incident_that_the_public_is_not_told_of_costs_one_read_more() {
    let mut public = Public::new(json!({"mode": "auto", "settle_seconds": 0})).await;
    let incident = public.world.trigger("db").await;
    public.world.drain().await;
    let mut ben = Browser::signed_in(&public.world, public.world.cast.ben).await;
    let path = format!("/incidents/{incident}?part=live");
    let cost = async |public: &Public, ben: &mut Browser| {
        public.world.wire.take_tally();
        let answer = ben.get(&public.world, &path).await;
        assert_eq!(answer.status, StatusCode::OK);
        (public.world.wire.take_tally(), answer.body.as_str().unwrap().to_owned())
    };
    let (told, html) = cost(&public, &mut ben).await;
    assert!(html.contains("What the public is told"), "{html}");
    let service = format!("/api/v1/services/{}", public.world.cast.service);
    public.write(Method::PATCH, &service, json!({"components": []})).await;
    let (untold, html) = cost(&public, &mut ben).await;
    assert!(!html.contains("What the public is told"), "{html}");
    println!("told: {told:?}; untold: {untold:?}");
    // Components, pages and publications, posts.
    assert_eq!(told.requests - untold.requests, 4);
    // Session and person, the incident with its timeline and messages, the people in them, and the service.
    assert!(untold.requests <= 13, "{untold:?}");
}

#[tokio::test(start_paused = true)]
async fn every_page_of_posts_is_there_for_whom_it_is() {
    let mut public = Public::new(json!({"mode": "auto", "settle_seconds": 0})).await;
    let mut ana = Browser::signed_in(&public.world, public.world.cast.ana).await;
    let list = format!("/pages/{}/posts", public.page);
    ana.get(&public.world, &list).await;
    assert!(ana.page.contains("never told of anything"), "{}", ana.page);
    ana.get(&public.world, list.trim_end_matches("/posts")).await;
    assert!(
        ana.page.contains("No post is open, and no maintenance is announced"),
        "{}",
        ana.page
    );
    public.world.trigger("db").await;
    public.world.drain().await;
    let post = public.only_post().await;
    let one = format!("/posts/{}", post["id"].as_str().unwrap());
    let update = format!("{one}/updates/{}", post["updates"][0]["id"].as_str().unwrap());
    let new = format!("{list}/new");
    let cy = person(&public.world.ctx, "Cy", Role::Viewer, "+15550102").await;
    let (ben, ok, no) = (public.world.cast.ben, StatusCode::OK, StatusCode::FORBIDDEN);
    for (who, may_write) in [(public.world.cast.ana, true), (ben, true), (cy, false)] {
        let mut browser = Browser::signed_in(&public.world, who).await;
        for (path, is_form) in [
            ("/pages", false),
            (list.trim_end_matches("/posts"), false),
            (&list, false),
            (&one, false),
            (&new, true),
            (&update, true),
        ] {
            let answer = browser.get(&public.world, path).await;
            let expected = if is_form && !may_write { no } else { ok };
            assert_eq!(answer.status, expected, "{path}");
        }
        browser.get(&public.world, &one).await;
        assert_eq!(browser.page.contains("data-api"), may_write, "{}", browser.page);
        let may_delete = who == public.world.cast.ana;
        assert_eq!(browser.page.contains("Delete the post"), may_delete);
        assert!(browser.page.contains("&#60;b&#62;API") && !browser.page.contains("<b>API"));
        browser.get(&public.world, &list).await;
        assert_eq!(browser.page.contains("Write a post"), may_write);
    }
    for (path, status) in [
        ("/pages/pag_01arz3ndektsv4rrffq69g5fav/posts", StatusCode::NOT_FOUND),
        ("/pages/x/posts/new", StatusCode::NOT_FOUND),
        ("/posts/pst_01arz3ndektsv4rrffq69g5fav", StatusCode::NOT_FOUND),
        (&format!("{one}/updates/x"), StatusCode::NOT_FOUND),
        (&format!("{list}?after=!!"), StatusCode::BAD_REQUEST),
        (&format!("{new}?incident_id=x"), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(ana.get(&public.world, path).await.status, status, "{path}");
    }
    let mut nobody = Browser::default();
    assert_eq!(nobody.get(&public.world, &one).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(start_paused = true)]
async fn a_post_is_taken_over_corrected_given_back_and_withdrawn() {
    let mut public = Public::new(json!({"mode": "auto", "settle_seconds": 0})).await;
    let incident = public.world.trigger("db").await;
    public.world.drain().await;
    let post = public.only_post().await;
    let id = post["id"].as_str().unwrap().to_owned();
    let (page, path) = (format!("/posts/{id}"), format!("/api/v1/posts/{id}"));
    let mut ben = Browser::signed_in(&public.world, public.world.cast.ben).await;
    ben.get(&public.world, &page).await;
    assert!(
        ben.page.contains("Nightbell writes this post by itself"),
        "{}",
        ben.page
    );
    assert!(ben.page.contains("Take it over"));

    // What was said is put right: the page says so, subscribers are not told again, and the audit log knows both.
    let first = post["updates"][0]["id"].as_str().unwrap().to_owned();
    let correct = format!("{path}/updates/{first}");
    let right = "The API answers slowly.";
    let after = public.write(Method::PATCH, &correct, json!({"body": right})).await;
    assert_eq!(
        (&after["updates"][0]["body"], &after["automatic"]),
        (&right.into(), &true.into())
    );
    let shown = public.world.public(&format!("/status/main/incidents/{id}")).await;
    assert!(shown.body.as_str().unwrap().contains(right));
    let audit = public.world.api(Method::GET, "/api/v1/audit?object=post", None).await;
    let entry = &audit.body["items"][0];
    assert_eq!(entry["action"], "corrected", "{entry}");
    // What is not named stays.
    let same = public.write(Method::PATCH, &correct, json!({})).await;
    assert_eq!(same, after);
    for wrong in [json!({"body": " "}), json!({"body": "x".repeat(4001)})] {
        let refused = public.world.api(Method::PATCH, &correct, Some(wrong)).await;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["field"]),
            (StatusCode::BAD_REQUEST, &"body".into())
        );
    }
    let other = format!("{path}/updates/upd_01arz3ndektsv4rrffq69g5fav");
    let missing = public
        .world
        .api(Method::PATCH, &other, Some(json!({"body": "x"})))
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);

    public.write(Method::PATCH, &path, json!({"automatic": false})).await;
    ben.get(&public.world, &page).await;
    assert!(ben.page.contains("Give it back to Nightbell"), "{}", ben.page);
    let acknowledge = format!("/api/v1/incidents/{incident}/acknowledge");
    public.write(Method::POST, &acknowledge, json!({})).await;
    assert_eq!(
        public.only_post().await["status"],
        "investigating",
        "a person's word stays"
    );
    public.write(Method::PATCH, &path, json!({"automatic": true})).await;
    public.world.live(SignedDuration::from_secs(61)).await;
    assert_eq!(public.only_post().await["status"], "identified", "it goes on");
    let said = json!({"body": "We restart it.", "status": "monitoring"});
    public.write(Method::POST, &format!("{path}/updates"), said).await;

    // What it told of ends; the post is a person's, and says so.
    let resolve = format!("/api/v1/incidents/{incident}/resolve");
    public.write(Method::POST, &resolve, json!({})).await;
    ben.get(&public.world, &page).await;
    assert!(ben.page.contains("nothing moves it by itself any more"), "{}", ben.page);
    let over = json!({"body": "It is over.", "status": "resolved", "components": []});
    public.write(Method::POST, &format!("{path}/updates"), over).await;
    ben.get(&public.world, &page).await;
    assert!(ben.page.contains(">Reopen it</a>"), "{}", ben.page);
    ben.get(&public.world, &format!("{page}?say=reopen")).await;
    assert!(
        ben.page.contains(r#"<option value="investigating" selected>"#),
        "{}",
        ben.page
    );
    assert!(
        ben.page.contains(r#"<option value="major_outage" selected>"#),
        "as it was before its end"
    );
    assert!(
        !ben.page.contains("data-if-changed"),
        "what was set right by the end is said again"
    );

    let reason = json!({"reason": "Our <i>monitoring</i> was wrong."});
    public.write(Method::POST, &format!("{path}/withdraw"), reason).await;
    ben.get(&public.world, &page).await;
    assert!(
        ben.page.contains("took it back") && ben.page.contains("&#60;i&#62;monitoring"),
        "{}",
        ben.page
    );
    assert!(!ben.page.contains("data-api"), "nothing more is to be said");
    ben.get(&public.world, &format!("/pages/{}/posts", public.page)).await;
    assert!(ben.page.contains(r#"class="row withdrawn""#), "{}", ben.page);
}

#[tokio::test(start_paused = true)]
async fn a_form_begun_from_an_incident_has_its_components_and_nothing_else_of_it() {
    let mut public = Public::new(json!({"mode": "manual", "settle_seconds": 0})).await;
    let event = json!({"dedup_key": "db-7.internal", "summary": "db-7.internal of customer Initech is down",
        "severity": "error", "source": "10.0.0.7"});
    public.world.signal(event).await;
    public.world.drain().await;
    let listed = public.world.api(Method::GET, "/api/v1/incidents", None).await;
    let incident = listed.body["items"][0]["id"].as_str().unwrap().to_owned();
    let mut ben = Browser::signed_in(&public.world, public.world.cast.ben).await;
    ben.get(&public.world, &format!("/incidents/{incident}")).await;
    let new = format!("/pages/{}/posts/new?incident_id={incident}", public.page);
    assert!(ben.page.contains(&new), "{}", ben.page);
    ben.get(&public.world, &new).await;
    let form = ben.page.clone();
    assert!(form.contains(r#"<option value="partial_outage" selected>"#), "{form}");
    assert!(
        form.contains("value=\"Problems with &#60;b&#62;API&#60;/b&#62;\""),
        "{form}"
    );
    for internal in ["Initech", "10.0.0.7", "db-7", "Checkout"] {
        assert!(!form.contains(internal), "{internal}: {form}");
    }
    // In the page's language, all of it.
    let path = format!("/api/v1/pages/{}", public.page);
    public.write(Method::PATCH, &path, json!({"locale": "de"})).await;
    ben.get(&public.world, &new).await;
    assert!(
        ben.page.contains("Störung: &#60;b&#62;API") && ben.page.contains("Ursache gefunden"),
        "{}",
        ben.page
    );

    // Over, it is told afterwards, with its times, and subscribers are left alone.
    public.world.pass(SignedDuration::from_mins(5));
    public
        .write(
            Method::POST,
            &format!("/api/v1/incidents/{incident}/resolve"),
            json!({}),
        )
        .await;
    ben.get(&public.world, &new).await;
    assert!(
        ben.page.contains("Backfill an incident") && ben.page.contains(r#"name="resolved_at" required"#),
        "{}",
        ben.page
    );
    assert!(ben.page.contains(r#"<option value="false" selected>"#));
    let _ = public.api;
}

#[tokio::test(start_paused = true)]
async fn the_list_has_what_goes_on_first_and_pages_what_is_over() {
    let mut public = Public::new(json!({"mode": "manual", "settle_seconds": 0})).await;
    let page = public.page.clone();
    let post =
        |title: String, status: &str| json!({"page_id": page, "title": title, "body": "Words.", "status": status});
    for n in 0..55 {
        public
            .world
            .made("/api/v1/posts", post(format!("Old {n:02}"), "resolved"))
            .await;
        public.world.pass(SignedDuration::from_mins(1));
    }
    let started = (public.world.now() - SignedDuration::from_hours(48)).to_string();
    let mut open = post("Going on".into(), "investigating");
    open["started_at"] = started.into();
    public.write(Method::POST, "/api/v1/posts", open).await;
    let mut ben = Browser::signed_in(&public.world, public.world.cast.ben).await;
    let list = format!("/pages/{page}/posts");
    public.world.wire.take_tally();
    ben.get(&public.world, &list).await;
    let cost = public.world.wire.take_tally();
    println!("{cost:?}");
    assert!(cost.requests <= 9, "{cost:?}");
    let place = |text: &str| ben.page.find(text).unwrap_or_else(|| panic!("{text}: {}", ben.page));
    assert!(
        place("Going on</a>") < place("Old 54"),
        "what goes on is first, however long ago it began"
    );
    assert!(!ben.page.contains("Old 04"));
    let next = ben
        .page
        .split("href=\"")
        .find(|rest| rest.starts_with(&format!("{list}?after=")))
        .unwrap();
    let next = next.split('"').next().unwrap().to_owned();
    ben.get(&public.world, &next).await;
    assert!(ben.page.contains("Old 04") && !ben.page.contains("Old 05") && !ben.page.contains("Going on</a>"));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_woken_is_asked_behind_the_link_in_their_message() {
    let mut public = Public::new(json!({"mode": "ask", "settle_seconds": 0})).await;
    let other = public
        .world
        .made("/api/v1/pages", json!({"name": "Other", "slug": "other"}))
        .await;
    public.world.trigger("db").await;
    public.world.drain().await;
    let sent = public.world.outbox().await;
    let body = &sent[0].body;
    let link = body[body.find("/i/").expect("a link")..]
        .split_whitespace()
        .next()
        .unwrap();
    let ask = async |public: &Public, body: Option<String>| {
        let request = match &body {
            Some(_) => http::Request::post(link).header("content-type", "application/x-www-form-urlencoded"),
            None => http::Request::get(link),
        };
        let request = request.body(body.unwrap_or_default().into()).unwrap();
        public.world.ask(request).await
    };
    let shown = ask(&public, None).await;
    let html = shown.body.as_str().unwrap();
    assert!(
        html.contains("Shall the public be told?") && html.contains("&#60;b&#62;API"),
        "{html}"
    );
    let none = public.world.api(Method::GET, "/api/v1/posts", None).await;
    assert_eq!(none.body["items"], json!([]), "a look says nothing");

    // A page that the incident does not affect is nobody's to say here.
    let elsewhere = ask(&public, Some(format!("action=publish&page={other}"))).await;
    assert_eq!(elsewhere.status, StatusCode::SEE_OTHER);
    let path = format!("/api/v1/pages/{other}/publications");
    let listed = public.world.api(Method::GET, &path, None).await;
    assert_eq!(listed.body["items"], json!([]));

    let publish = format!("action=publish&page={}", public.page);
    assert_eq!(ask(&public, Some(publish)).await.status, StatusCode::SEE_OTHER);
    public.world.drain().await;
    assert_eq!(public.only_post().await["title"], "Problems with <b>API</b>");
    // Asked once: what comes late changes nothing, and the page asks no more.
    let late = ask(&public, Some(format!("action=dismiss&page={}", public.page))).await;
    assert_eq!(late.status, StatusCode::SEE_OTHER);
    public.world.drain().await;
    assert_eq!(public.only_post().await["withdrawn"], Value::Null);
    let shown = ask(&public, None).await;
    assert!(!shown.body.as_str().unwrap().contains("Shall the public"), "{shown:?}");
}
