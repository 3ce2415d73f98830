//! The public side: from an alert to what everybody reads, by itself, by hand, under attack, and while all else is down.

mod afterwards;
mod archive;
mod leaks;
mod publishers;
mod removal;
mod uptime;

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::{Answer, Break, Moment, World};
use serde_json::{Value, json};
use shared::domain::id::{PageId, PostId};

/// A deployment with a page, two components in a group and one outside, and a service that affects one of them.
struct Public {
    world: World,
    page: String,
    api: String,
    shop: String,
}

const SUMMARY: &str = "/status/main/api/v2/summary.json";

impl Public {
    async fn new(publication: Value) -> Self {
        let mut world = World::new().await;
        let page = world
            .made("/api/v1/pages", json!({"name": "Acme", "slug": "main"}))
            .await;
        let group = json!({"page_id": page, "name": "Everything", "is_group": true, "position": 1});
        let group = world.made("/api/v1/components", group).await;
        let api = json!({"page_id": page, "name": "API", "group_id": group});
        let api = world.made("/api/v1/components", api).await;
        let shop = world
            .made(
                "/api/v1/components",
                json!({"page_id": page, "name": "Shop", "position": 2}),
            )
            .await;
        let service = format!("/api/v1/services/{}", world.cast.service);
        let affected = json!([{"component_id": api, "critical": "major_outage", "error": "partial_outage",
            "warning": "degraded_performance", "info": "operational"}]);
        let change = json!({"components": affected, "publication": publication});
        let changed = world.api(Method::PATCH, &service, Some(change)).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        world.drain().await;
        Self { world, page, api, shop }
    }

    async fn settled_at_once() -> Self {
        Self::new(json!({"mode": "auto", "settle_seconds": 0})).await
    }

    async fn json(&self, name: &str) -> Value {
        let answer = self.world.public(&format!("/status/main/api/v2/{name}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {answer:?}");
        answer.body
    }

    async fn state_of(&self, component: &str) -> String {
        let summary = self.json("summary.json").await;
        let all = summary["components"].as_array().unwrap();
        let one = all.iter().find(|one| one["id"] == component).unwrap();
        one["status"].as_str().unwrap().to_owned()
    }

    async fn indicator(&self) -> String {
        self.json("status.json").await["status"]["indicator"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The only post, as the API has it.
    async fn post(&self) -> Value {
        let listed = self.world.api(Method::GET, "/api/v1/posts", None).await;
        let items = listed.body["items"].as_array().unwrap().clone();
        assert_eq!(items.len(), 1, "{items:?}");
        items[0].clone()
    }

    async fn write(&mut self, method: Method, path: &str, body: Value) -> Answer {
        let answer = self.world.api(method, path, Some(body)).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        self.world.drain().await;
        answer
    }

    async fn remove(&mut self, path: &str) {
        let removed = self.world.api(Method::DELETE, path, None).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT, "{path}: {removed:?}");
        self.world.drain().await;
    }

    fn page_id(&self) -> PageId {
        self.page.parse().unwrap()
    }

    /// The tag of every document.
    async fn tags(&self) -> BTreeMap<String, String> {
        let bucket = self.world.of("status-publish-sweep").objects.public().clone();
        let mut all = BTreeMap::new();
        loop {
            let after = all.keys().next_back().cloned();
            let listed = bucket.list("status/", after.as_deref()).await.unwrap();
            if listed.is_empty() {
                return all;
            }
            all.extend(listed.into_iter().map(|one| (one.key, one.etag)));
        }
    }

    /// The sizes of what is not as it was then.
    async fn written_since(&self, before: &BTreeMap<String, String>) -> Vec<usize> {
        let bucket = self.world.of("status-publish-sweep").objects.public().clone();
        let mut sizes = Vec::new();
        for (key, tag) in self.tags().await {
            if before.get(&key) != Some(&tag) {
                sizes.push(bucket.get(&key, 10_000_000, None).await.unwrap().unwrap().bytes.len());
            }
        }
        sizes
    }

    /// Every document there is, by its path.
    async fn documents(&self) -> Vec<(String, String)> {
        let bucket = self.world.of("status-publish-sweep").objects.public().clone();
        let mut all = Vec::new();
        for listed in bucket.list("status/", None).await.unwrap() {
            let object = bucket.get(&listed.key, 10_000_000, None).await.unwrap().unwrap();
            all.push((listed.key, String::from_utf8(object.bytes.to_vec()).unwrap()));
        }
        assert!(all.len() >= 16, "{}", all.len());
        all
    }
}

#[tokio::test(start_paused = true)]
async fn an_alert_is_public_after_its_settling_time_and_over_when_it_is() {
    let mut public = Public::new(json!({"mode": "auto", "settle_seconds": 60})).await;
    assert_eq!(public.indicator().await, "none");
    let incident = public.world.trigger("db-1").await;
    public.world.live(SignedDuration::from_secs(59)).await;
    assert_eq!(public.indicator().await, "none", "it settles");
    public.world.live(SignedDuration::from_secs(1)).await;
    let summary = public.json("summary.json").await;
    assert_eq!(
        summary["status"],
        json!({"indicator": "critical", "description": "Major Service Outage"})
    );
    assert_eq!(public.state_of(&public.api).await, "major_outage");
    assert_eq!(public.state_of(&public.shop).await, "operational");
    assert_eq!(summary["incidents"][0]["status"], "investigating");
    assert_eq!(summary["incidents"][0]["name"], "Problems with API");
    let page = public.world.public("/status/main").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let html = page.body.as_str().unwrap();
    assert!(
        html.contains("Problems with API") && html.contains("One system is down"),
        "{html}"
    );

    let acknowledge = format!("/api/v1/incidents/{incident}/acknowledge");
    public.write(Method::POST, &acknowledge, json!({})).await;
    assert_eq!(
        public.json("incidents/unresolved.json").await["incidents"][0]["status"],
        "identified"
    );
    public
        .write(
            Method::POST,
            &format!("/api/v1/incidents/{incident}/resolve"),
            json!({}),
        )
        .await;
    let summary = public.json("summary.json").await;
    assert_eq!(
        (&summary["status"]["indicator"], &summary["incidents"]),
        (&json!("none"), &json!([]))
    );
    let over = public.json("incidents.json").await["incidents"][0].clone();
    assert_eq!(
        (&over["status"], &over["impact"]),
        (&json!("resolved"), &json!("critical"))
    );
    assert!(!over["resolved_at"].is_null());

    // Within ten minutes it is the same post.
    public.world.live(SignedDuration::from_mins(5)).await;
    public.world.trigger("db-2").await;
    public.world.live(SignedDuration::from_secs(61)).await;
    let again = public.json("incidents/unresolved.json").await["incidents"].clone();
    assert_eq!(again.as_array().unwrap().len(), 1);
    assert_eq!(again[0]["id"], over["id"]);
    let own = public
        .world
        .public(&format!("/status/main/incidents/{}", over["id"].as_str().unwrap()))
        .await;
    assert!(own.body.as_str().unwrap().contains("are back"));
}

#[tokio::test(start_paused = true)]
async fn ask_first_waits_for_a_responders_word() {
    let mut public = Public::new(json!({"mode": "ask", "settle_seconds": 0})).await;
    public.world.trigger("db-1").await;
    public.world.live(SignedDuration::from_mins(3)).await;
    assert_eq!(public.indicator().await, "none");
    let path = format!("/api/v1/pages/{}/publications", public.page);
    let waiting = public.world.api(Method::GET, &path, None).await;
    assert_eq!(waiting.body["items"][0]["state"], "asked", "{waiting:?}");
    let service = public.world.cast.service.to_string();
    let word = |answer: &str| json!({"service_id": service, "answer": answer});
    public.write(Method::POST, &path, word("dismiss")).await;
    public.world.live(SignedDuration::from_mins(3)).await;
    assert_eq!(public.indicator().await, "none");
    let answer = public.write(Method::POST, &path, word("publish")).await;
    assert_eq!(answer.body["service_id"], service.as_str());
    assert_eq!(public.indicator().await, "critical");
    let refused = public.world.api(Method::POST, &path, Some(word("dismiss"))).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::CONFLICT, &json!("is_public"))
    );
}

#[tokio::test(start_paused = true)]
async fn without_stream_and_hints_the_tick_of_the_minute_tells_it() {
    let mut public = Public::settled_at_once().await;
    public.world.trigger("db-1").await;
    public.world.lose_stream().await;
    public.world.tick_pages().await.unwrap();
    assert_eq!(public.indicator().await, "critical");
}

#[tokio::test(start_paused = true)]
async fn a_post_is_of_the_time_at_which_its_trouble_began() {
    let mut public = Public::new(json!({"mode": "auto", "settle_seconds": 60})).await;
    let incident = public.world.trigger("db-1").await;
    public.world.drain().await;
    // Whoever publishes it makes other ids meanwhile.
    public.world.pass(SignedDuration::from_secs(30));
    public.world.tick_pages().await.unwrap();
    public.world.live(SignedDuration::from_secs(31)).await;
    let id: PostId = public.post().await["id"].as_str().unwrap().parse().unwrap();
    let opened = public.world.incident(incident).await.created_at;
    // Its page stands in the month of its id.
    assert_eq!(id.0.timestamp_ms(), opened.as_millisecond().unsigned_abs());
}

/// However much was said: a post that has room for nothing more can be ended and taken back, by whoever ends it, and nothing else
/// on its page waits for it.
#[tokio::test(start_paused = true)]
async fn a_full_post_can_always_be_ended() {
    for (words, most) in [("é".repeat(4_000), 30), ("More.".to_owned(), 60)] {
        let mut public = Public::settled_at_once().await;
        let incident = public.world.trigger("db-1").await;
        public.world.drain().await;
        let path = format!("/api/v1/posts/{}", public.post().await["id"].as_str().unwrap());
        let updates = format!("{path}/updates");
        let more = json!({"body": words, "automatic": true, "deliver_notifications": false});
        let mut said = 0;
        let refused = loop {
            let answer = public.world.api(Method::POST, &updates, Some(more.clone())).await;
            if answer.status != StatusCode::OK {
                break answer;
            }
            said += 1;
            assert!(said < most, "it is never full");
            public.world.pass(SignedDuration::from_secs(1));
        };
        let message = refused.body["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("its end can still be said"), "{message}");
        public.world.drain().await;
        public
            .write(
                Method::POST,
                &format!("/api/v1/incidents/{incident}/resolve"),
                json!({}),
            )
            .await;
        assert_eq!(public.post().await["status"], "resolved", "by Nightbell");
        assert_eq!(public.indicator().await, "none");
        let over = json!({"body": "It is over, and we know why.", "status": "resolved"});
        public.write(Method::POST, &updates, over).await;
        public
            .write(
                Method::POST,
                &format!("{path}/withdraw"),
                json!({"reason": "x".repeat(500)}),
            )
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn with_the_table_gone_and_every_function_broken_everything_is_still_read() {
    let mut public = Public::settled_at_once().await;
    public.world.trigger("db-1").await;
    public.world.drain().await;
    public.world.wire.breaks(Moment::Always, Break::Lost);
    public.world.break_functions();
    for path in ["/sign-in", "/api/v1/incidents", "/healthz", "/status/main/subscribers"] {
        let answer = public.world.public(path).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
    let alert = public
        .world
        .signal(json!({"summary": "db-2", "dedup_key": "db-2"}))
        .await;
    assert_eq!(alert.status, StatusCode::INTERNAL_SERVER_ERROR);
    for path in [
        "/status/main",
        "/status/main/history",
        "/status/main/history/2026-03",
        "/status/main/history.atom",
        "/status/main/badge.svg",
        "/status/main/embed",
        SUMMARY,
    ] {
        let answer = public.world.public(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(
            answer.headers["cache-control"]
                .to_str()
                .unwrap()
                .contains("stale-if-error"),
            "{path}"
        );
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "{path}");
        assert!(answer.headers.contains_key("etag"), "{path}");
    }
    assert_eq!(public.indicator().await, "critical");
    let redirect = public.world.public("/status").await;
    assert_eq!(redirect.status, StatusCode::FOUND);
    assert_eq!(redirect.headers["location"], "http://nightbell.test/status/main");
    assert_eq!(public.world.public("/status/other").await.status, StatusCode::NOT_FOUND);
    public.world.wire.revive();
}

#[tokio::test(start_paused = true)]
async fn a_human_edit_wins_and_a_wrong_post_is_withdrawn_with_a_trace() {
    let mut public = Public::settled_at_once().await;
    let incident = public.world.trigger("db-1").await;
    public.world.drain().await;
    let id = public.post().await["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/posts/{id}");
    public
        .write(Method::PATCH, &path, json!({"title": "Checkout is slow"}))
        .await;
    let update = json!({"status": "monitoring", "body": "A fix is out.",
        "components": [{"component_id": public.api, "status": "degraded_performance"}]});
    public.write(Method::POST, &format!("{path}/updates"), update).await;
    assert_eq!(public.state_of(&public.api).await, "degraded_performance");
    let theirs = public.post().await;
    assert_eq!(theirs["updates"][1]["by"]["type"], "token");
    for deed in ["acknowledge", "resolve"] {
        public
            .write(Method::POST, &format!("/api/v1/incidents/{incident}/{deed}"), json!({}))
            .await;
        public.world.live(SignedDuration::from_mins(2)).await;
        assert_eq!(public.post().await, theirs, "{deed}");
    }
    let shown = public.json("incidents/unresolved.json").await["incidents"][0].clone();
    assert_eq!(
        (&shown["name"], &shown["status"]),
        (&json!("Checkout is slow"), &json!("monitoring"))
    );
    assert_eq!(shown["incident_updates"][0]["body"], "A fix is out.");

    public
        .write(
            Method::POST,
            &format!("{path}/withdraw"),
            json!({"reason": "It was a test."}),
        )
        .await;
    assert_eq!(public.indicator().await, "none");
    assert_eq!(public.json("incidents.json").await["incidents"], json!([]));
    let own = public.world.public(&format!("/status/main/incidents/{id}")).await;
    let own = own.body.as_str().unwrap();
    assert!(own.contains("was withdrawn") && own.contains("It was a test."), "{own}");
    let month = public.world.public("/status/main/history/2026-03").await;
    assert!(!month.body.as_str().unwrap().contains("Checkout is slow"));

    let late = json!({"body": "Really."});
    let late = public
        .world
        .api(Method::POST, &format!("{path}/updates"), Some(late))
        .await;
    assert_eq!(
        (late.status, late.body["code"].as_str()),
        (StatusCode::CONFLICT, Some("is_withdrawn")),
        "{late:?}"
    );

    public.remove(&path).await;
    let own = public.world.public(&format!("/status/main/incidents/{id}")).await;
    assert_eq!(own.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_maintenance_begins_and_ends_by_itself_and_hides_no_outage() {
    let mut public = Public::settled_at_once().await;
    let (start, end) = (
        public.world.now() + SignedDuration::from_mins(10),
        public.world.now() + SignedDuration::from_mins(40),
    );
    let work = json!({"page_id": public.page, "title": "Moving house", "body": "We move.", "starts_at": start.to_string(),
        "ends_at": end.to_string(), "component_ids": [public.api, public.shop]});
    public.write(Method::POST, "/api/v1/maintenances", work).await;
    let upcoming = public.json("scheduled-maintenances/upcoming.json").await["scheduled_maintenances"].clone();
    assert_eq!(
        (&upcoming[0]["status"], &upcoming[0]["impact"]),
        (&json!("scheduled"), &json!("maintenance"))
    );
    assert_eq!(public.indicator().await, "none");
    public.world.live(SignedDuration::from_mins(10)).await;
    assert_eq!(public.indicator().await, "maintenance");
    assert_eq!(
        public.json("scheduled-maintenances/active.json").await["scheduled_maintenances"][0]["name"],
        "Moving house"
    );
    public.world.trigger("db-1").await;
    public.world.drain().await;
    assert_eq!(public.state_of(&public.api).await, "major_outage");
    assert_eq!(public.state_of(&public.shop).await, "under_maintenance");
    public.world.live(SignedDuration::from_mins(31)).await;
    assert_eq!(public.state_of(&public.shop).await, "operational");
    assert_eq!(
        public.json("scheduled-maintenances.json").await["scheduled_maintenances"][0]["status"],
        "completed"
    );
}

#[tokio::test(start_paused = true)]
async fn the_json_has_statuspages_shapes() {
    let mut public = Public::settled_at_once().await;
    let work = json!({"page_id": public.page, "title": "Moving", "body": "We move.", "starts_at": "2026-03-02T00:00:00Z",
        "ends_at": "2026-03-02T01:00:00Z", "component_ids": [public.shop]});
    public.write(Method::POST, "/api/v1/maintenances", work).await;
    public.world.trigger("db-1").await;
    public.world.drain().await;
    let summary = public.json("summary.json").await;
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    let names = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<String>>();
    assert_eq!(
        fields(&summary),
        names("page components incidents scheduled_maintenances status")
    );
    assert_eq!(fields(&summary["page"]), names("id name url time_zone updated_at"));
    let component = "id name status created_at updated_at position description showcase start_date group_id page_id group \
        only_show_if_degraded";
    for one in summary["components"].as_array().unwrap() {
        let group = if one["group"] == true { " components" } else { "" };
        assert_eq!(fields(one), names(&format!("{component}{group}")));
        assert!(time_is_theirs(&one["updated_at"]));
    }
    let incident = "id name status created_at updated_at monitoring_at resolved_at impact shortlink started_at page_id \
        incident_updates components";
    let one = &summary["incidents"][0];
    assert_eq!(fields(one), names(incident));
    assert_eq!(fields(&one["components"][0]), names(component));
    let update = &one["incident_updates"][0];
    assert_eq!(
        fields(update),
        names(
            "id status body incident_id created_at updated_at display_at affected_components deliver_notifications \
            custom_tweet tweet_id"
        )
    );
    assert_eq!(
        fields(&update["affected_components"][0]),
        names("code name old_status new_status")
    );
    let work = &summary["scheduled_maintenances"][0];
    assert_eq!(
        fields(work),
        names(&format!("{incident} scheduled_for scheduled_until"))
    );
    assert!(time_is_theirs(&work["scheduled_for"]));
    assert_eq!(fields(&summary["status"]), names("indicator description"));
    assert_eq!(fields(&public.json("status.json").await), names("page status"));
    assert_eq!(fields(&public.json("components.json").await), names("page components"));
    assert_eq!(fields(&public.json("incidents.json").await), names("page incidents"));
    assert_eq!(
        fields(&public.json("incidents/unresolved.json").await),
        names("page incidents")
    );
    for name in [
        "scheduled-maintenances",
        "scheduled-maintenances/upcoming",
        "scheduled-maintenances/active",
    ] {
        assert_eq!(
            fields(&public.json(&format!("{name}.json")).await),
            names("page scheduled_maintenances")
        );
    }
}

/// `2026-11-22T06:00:00.000Z`
fn time_is_theirs(value: &Value) -> bool {
    let text = value.as_str().unwrap();
    text.len() == 24 && text.ends_with('Z') && text.as_bytes()[19] == b'.'
}

#[tokio::test(start_paused = true)]
async fn pages_components_posts_and_maintenances_are_made_changed_refused_and_removed() {
    let public = Public::settled_at_once().await;
    let world = &public.world;
    let second = json!({"name": "Beta", "slug": "beta", "is_default": true, "time_zone": "Europe/Berlin", "locale": "de",
            "domain": "beta.example.com"});
    let second = world.made("/api/v1/pages", second).await;
    let publications = format!("/api/v1/pages/{second}/publications");
    let first = world
        .api(Method::GET, &format!("/api/v1/pages/{}", public.page), None)
        .await;
    assert_eq!(first.body["is_default"], false, "there is one default page");
    for (path, body, field) in [
        ("/api/v1/pages", json!({"name": "x", "slug": "main"}), "slug"),
        ("/api/v1/pages", json!({"name": "x", "slug": "api"}), "slug"),
        ("/api/v1/pages", json!({"name": "x", "slug": "Up"}), "slug"),
        (
            "/api/v1/pages",
            json!({"name": "x", "slug": "ok", "time_zone": "Mars"}),
            "time_zone",
        ),
        (
            "/api/v1/pages",
            json!({"name": "x", "slug": "ok", "domain": "beta.example.com"}),
            "domain",
        ),
        (
            &publications,
            json!({"service_id": world.cast.service, "answer": "dismiss"}),
            "service_id",
        ),
        (
            "/api/v1/components",
            json!({"name": "x", "page_id": second, "group_id": public.api}),
            "group_id",
        ),
        (
            "/api/v1/components",
            json!({"name": "x", "page_id": PageId(ulid::Ulid::nil())}),
            "page_id",
        ),
        ("/api/v1/posts", json!({"page_id": public.page, "title": "x"}), "body"),
        (
            "/api/v1/posts",
            json!({"page_id": public.page, "title": "x", "body": "x", "automatic": true}),
            "automatic",
        ),
        (
            "/api/v1/posts",
            json!({"page_id": second, "title": "x", "body": "x",
            "components": [{"component_id": public.api, "status": "major_outage"}]}),
            "components[0].component_id",
        ),
        (
            "/api/v1/posts",
            json!({"page_id": public.page, "title": "x", "body": "x", "started_at": "2126-01-01T00:00:00Z"}),
            "started_at",
        ),
        (
            "/api/v1/maintenances",
            json!({"page_id": public.page, "title": "x", "body": "x",
            "starts_at": "2026-03-02T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"}),
            "ends_at",
        ),
    ] {
        let answer = world.api(Method::POST, path, Some(body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {field}: {answer:?}");
        assert_eq!(answer.body["errors"][0]["field"], field, "{answer:?}");
    }
    let service = format!("/api/v1/services/{}", world.cast.service);
    for (change, field) in [
        (
            json!({"components": [{"component_id": public.api, "critical": "under_maintenance"}]}),
            "components[0].critical",
        ),
        (
            json!({"components": [{"component_id": public.api}, {"component_id": public.api}]}),
            "components[1].component_id",
        ),
        (
            json!({"publication": {"mode": "auto", "settle_seconds": 3601}}),
            "publication.settle_seconds",
        ),
    ] {
        let answer = world.api(Method::PATCH, &service, Some(change)).await;
        assert_eq!(answer.body["errors"][0]["field"], field, "{answer:?}");
    }
    let used = world
        .api(Method::DELETE, &format!("/api/v1/components/{}", public.api), None)
        .await;
    assert_eq!(
        (used.status, used.body["code"].as_str()),
        (StatusCode::CONFLICT, Some("in_use"))
    );
    let used = world
        .api(Method::DELETE, &format!("/api/v1/pages/{}", public.page), None)
        .await;
    assert_eq!(used.status, StatusCode::CONFLICT);
    let told = json!({"page_id": public.page, "title": "Long ago", "body": "It was dark.", "status": "resolved",
        "started_at": "2025-12-24T18:00:00Z", "resolved_at": "2025-12-24T19:00:00Z"});
    let told = world.api(Method::POST, "/api/v1/posts", Some(told)).await;
    assert_eq!(told.status, StatusCode::CREATED, "{told:?}");
    assert_eq!(told.headers["etag"], "\"1\"");
    let path = format!("/api/v1/pages/{second}");
    let leads = world.api(Method::DELETE, &path, None).await;
    assert!(
        leads.body["detail"].as_str().unwrap().contains("/status"),
        "some page is the default one: {leads:?}"
    );
    let first = format!("/api/v1/pages/{}", public.page);
    let made_default = world
        .api(Method::PATCH, &first, Some(json!({"is_default": true})))
        .await;
    assert_eq!(made_default.status, StatusCode::OK, "{made_default:?}");
    let removed = world.api(Method::DELETE, &path, None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
}
