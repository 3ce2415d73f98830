//! What bars and uptime count: the times in which something was wrong, by whatever way that became known, and no others.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Public;

impl Public {
    /// A page that has been there for hours.
    async fn of_this_morning(settle_seconds: u32) -> Self {
        let mut public = Self::new(json!({"mode": "auto", "settle_seconds": settle_seconds})).await;
        public.minutes(180).await;
        public
    }

    async fn minutes(&mut self, minutes: i64) {
        self.world.live(SignedDuration::from_mins(minutes)).await;
    }

    /// What the bars of a component say of today.
    async fn today(&self) -> String {
        let page = self.world.public("/status/main").await;
        let page = page.body.as_str().unwrap();
        let api = &page[page.find("API, last").expect("its bars")..];
        let start = api.find(">1 Mar: ").expect("today") + ">1 Mar: ".len();
        let text = &api[start..start + api[start..].find('<').unwrap()];
        text.split(" · ").next().unwrap().to_owned()
    }

    async fn broken(&mut self, post: Value) -> String {
        let mut body = json!({"page_id": self.page, "title": "It is down", "body": "We look.",
            "components": [{"component_id": self.api, "status": "major_outage"}]});
        body.as_object_mut().unwrap().extend(post.as_object().unwrap().clone());
        let made = self.write(Method::POST, "/api/v1/posts", body).await;
        format!("/api/v1/posts/{}", made.body["id"].as_str().unwrap())
    }

    async fn say(&mut self, post: &str, update: Value) {
        let mut body = json!({"body": "So it is."});
        body.as_object_mut()
            .unwrap()
            .extend(update.as_object().unwrap().clone());
        self.write(Method::POST, &format!("{post}/updates"), body).await;
    }

    fn ago(&self, minutes: i64) -> String {
        (self.world.now() - SignedDuration::from_mins(minutes)).to_string()
    }
}

/// An alert that comes back continues its post, and the calm between is no outage.
#[tokio::test(start_paused = true)]
async fn calm_between_two_alerts_is_no_outage() {
    let mut public = Public::of_this_morning(60).await;
    for (key, total) in [("db-1", "Major outage 5 min"), ("db-2", "Major outage 10 min")] {
        let incident = public.world.trigger(key).await;
        public.minutes(5).await;
        let resolve = format!("/api/v1/incidents/{incident}/resolve");
        public.write(Method::POST, &resolve, json!({})).await;
        assert_eq!(public.today().await, total);
        public.minutes(3).await;
    }
    let post = public.post().await;
    assert_eq!(post["updates"].as_array().unwrap().len(), 4, "one post");
    let withdraw = format!("/api/v1/posts/{}/withdraw", post["id"].as_str().unwrap());
    public.write(Method::POST, &withdraw, json!({})).await;
    assert_eq!(public.today().await, "no trouble");
}

#[tokio::test(start_paused = true)]
async fn a_post_that_is_opened_again_counts_from_then_on() {
    let mut public = Public::of_this_morning(0).await;
    let again =
        json!({"status": "investigating", "components": [{"component_id": public.api, "status": "major_outage"}]});
    let over = json!({"status": "resolved"});
    let post = public.broken(json!({})).await;
    public.minutes(10).await;
    public.say(&post, over.clone()).await;
    public.minutes(60).await;
    public.say(&post, again.clone()).await;
    public.minutes(5).await;
    public.say(&post, over.clone()).await;
    assert_eq!(public.today().await, "Major outage 15 min");
    // The same of one that was told afterwards.
    let (start, end) = (public.ago(180), public.ago(160));
    let told = json!({"status": "resolved", "started_at": start, "resolved_at": end});
    let told = public.broken(told).await;
    assert_eq!(public.today().await, "Major outage 35 min");
    public.say(&told, again).await;
    public.minutes(5).await;
    public.say(&told, over).await;
    assert_eq!(public.today().await, "Major outage 40 min");
    public.remove(&told).await;
    assert_eq!(public.today().await, "Major outage 15 min");
    public.remove(&post).await;
    assert_eq!(public.today().await, "no trouble");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_told_late_was_when_it_was() {
    let mut public = Public::of_this_morning(0).await;
    let post = public.broken(json!({"started_at": public.ago(20)})).await;
    public.minutes(60).await;
    let end = json!({"status": "resolved", "at": public.ago(50)});
    public.say(&post, end).await;
    assert_eq!(public.today().await, "Major outage 30 min");
}

/// What was wrong in what the public was told did not happen; what others said meanwhile did.
#[tokio::test(start_paused = true)]
async fn what_is_taken_back_did_not_happen() {
    for is_withdrawn in [true, false] {
        let mut public = Public::of_this_morning(0).await;
        let wrong = public.broken(json!({"started_at": public.ago(20)})).await;
        public.minutes(30).await;
        let slow = json!({"components": [{"component_id": public.api, "status": "degraded_performance"}]});
        let slow = public.broken(slow).await;
        public.minutes(30).await;
        if is_withdrawn {
            let withdraw = format!("{wrong}/withdraw");
            public.write(Method::POST, &withdraw, json!({})).await;
        } else {
            public.remove(&wrong).await;
        }
        assert_eq!(public.today().await, "Degraded performance, still going on");
        public.minutes(30).await;
        public.say(&slow, json!({"status": "resolved"})).await;
        assert_eq!(public.today().await, "Degraded performance 1 h");
        // Once more is no other.
        public.world.tick_pages().await.unwrap();
        assert_eq!(public.today().await, "Degraded performance 1 h");
    }
}

/// What became of components without a word is known as well.
#[tokio::test(start_paused = true)]
async fn what_others_said_is_what_they_said_until_they_did_not() {
    let mut public = Public::of_this_morning(0).await;
    let is = |status: &str| json!({"components": [{"component_id": public.api, "status": status}]});
    let (major, degraded, well) = (is("major_outage"), is("degraded_performance"), is("operational"));
    let first = public.broken(json!({})).await;
    public.minutes(4).await;
    public.write(Method::PATCH, &first, well).await;
    public.minutes(10).await;
    assert_eq!(public.today().await, "Major outage 4 min");
    let second = public.broken(degraded.clone()).await;
    public.minutes(20).await;
    public
        .write(Method::POST, &format!("{second}/withdraw"), json!({}))
        .await;
    assert_eq!(public.today().await, "Major outage 4 min");
    // By a change alone, and taken back.
    let third = public.broken(json!({"components": []})).await;
    public.write(Method::PATCH, &third, degraded.clone()).await;
    public.minutes(5).await;
    assert_eq!(
        public.today().await,
        "Degraded performance, still going on, Major outage 4 min"
    );
    // Two at once, of which the worse is wrong; the other gets as bad.
    let wrong = public.broken(json!({})).await;
    public.minutes(10).await;
    public.say(&third, major).await;
    public.minutes(10).await;
    public.remove(&wrong).await;
    public.minutes(1).await;
    public.say(&third, json!({"status": "resolved"})).await;
    // Four minutes of the first, eleven of the third; and before that its five and ten.
    assert_eq!(public.today().await, "Major outage 15 min, Degraded performance 15 min");
    public
        .write(Method::POST, &format!("{third}/withdraw"), json!({}))
        .await;
    assert_eq!(public.today().await, "Major outage 4 min");
}

/// Announced work does not change what is told late, and what was told of the past stays when its post goes on.
#[tokio::test(start_paused = true)]
async fn what_is_told_late_is_believed_beside_maintenance_too() {
    let mut public = Public::of_this_morning(0).await;
    let post = public.broken(json!({"started_at": public.ago(60)})).await;
    let at = |minutes: i64| (public.world.now() + SignedDuration::from_mins(minutes)).to_string();
    let work = json!({"page_id": public.page, "title": "Disks", "body": "We change disks.", "starts_at": at(1),
        "ends_at": at(20), "component_ids": [public.api]});
    public.write(Method::POST, "/api/v1/maintenances", work).await;
    public.minutes(10).await;
    let end = json!({"status": "resolved", "at": public.ago(40)});
    public.say(&post, end).await;
    public.minutes(30).await;
    assert_eq!(public.today().await, "Major outage 30 min");
    let (start, end) = (public.ago(200), public.ago(190));
    let told = json!({"status": "resolved", "started_at": start, "resolved_at": end});
    let told = public.broken(told).await;
    let well = json!([{"component_id": public.api, "status": "operational"}]);
    public
        .say(&told, json!({"status": "postmortem", "components": well}))
        .await;
    assert_eq!(public.today().await, "Major outage 40 min");
}

/// A post that a person opens again for Nightbell to go on with ends with its incidents.
#[tokio::test(start_paused = true)]
async fn a_post_that_is_given_back_ends_by_itself() {
    let mut public = Public::of_this_morning(0).await;
    let incident = public.world.trigger("db-1").await;
    public.minutes(5).await;
    let post = format!("/api/v1/posts/{}", public.post().await["id"].as_str().unwrap());
    public.say(&post, json!({"status": "resolved"})).await;
    public.minutes(5).await;
    let again = json!({"status": "investigating", "automatic": true,
        "components": [{"component_id": public.api, "status": "major_outage"}]});
    public.say(&post, again).await;
    public.minutes(5).await;
    assert_eq!(public.indicator().await, "critical");
    let resolve = format!("/api/v1/incidents/{incident}/resolve");
    public.write(Method::POST, &resolve, json!({})).await;
    public.minutes(11).await;
    assert_eq!(public.post().await["status"], "resolved");
    assert_eq!(public.today().await, "Major outage 10 min");
}

/// What named a component that is gone can be changed all the same.
#[tokio::test(start_paused = true)]
async fn what_names_a_component_that_is_gone_can_be_changed() {
    let mut public = Public::of_this_morning(0).await;
    let both = json!([{"component_id": public.api, "status": "partial_outage"},
        {"component_id": public.shop, "status": "partial_outage"}]);
    let post = public.broken(json!({"components": both})).await;
    let at = |minutes: i64| (public.world.now() + SignedDuration::from_mins(minutes)).to_string();
    let work = json!({"page_id": public.page, "title": "Disks", "body": "We change disks.", "starts_at": at(60),
        "ends_at": at(120), "component_ids": [public.shop]});
    let later = at(150);
    let work = format!(
        "/api/v1/maintenances/{}",
        public.world.made("/api/v1/maintenances", work).await
    );
    public.remove(&format!("/api/v1/components/{}", public.shop)).await;
    let renamed = public.write(Method::PATCH, &post, json!({"title": "Slow"})).await;
    assert_eq!(renamed.body["title"], "Slow");
    assert_eq!(public.state_of(&public.api).await, "partial_outage");
    let moved = public.write(Method::PATCH, &work, json!({"ends_at": later})).await;
    assert_eq!(moved.status, StatusCode::OK);
    // One that was never on the page is none.
    let strange = json!({"component_ids": [shared::domain::id::ComponentId(ulid::Ulid::nil())]});
    let strange = public.world.api(Method::PATCH, &work, Some(strange)).await;
    assert_eq!(strange.body["errors"][0]["field"], "component_ids[0]", "{strange:?}");
}

/// What is told of a time of which something is known already is believed as well, and goes with whoever told it.
#[tokio::test(start_paused = true)]
async fn what_is_told_of_a_time_with_a_history_counts_beside_it() {
    let mut public = Public::of_this_morning(0).await;
    let slow = json!({"components": [{"component_id": public.api, "status": "degraded_performance"}]});
    let seen = public.broken(slow).await;
    public.minutes(3).await;
    public.say(&seen, json!({"status": "resolved"})).await;
    public.minutes(2).await;
    let told = public.broken(json!({"started_at": public.ago(30)})).await;
    public.minutes(10).await;
    assert_eq!(public.today().await, "Major outage, still going on");
    public
        .say(&told, json!({"status": "resolved", "at": public.ago(20)}))
        .await;
    // Half an hour before it was told, until ten minutes before that; then what was seen.
    assert_eq!(public.today().await, "Major outage 20 min, Degraded performance 3 min");
    public.remove(&told).await;
    assert_eq!(public.today().await, "Degraded performance 3 min");
    public.remove(&seen).await;
    assert_eq!(public.today().await, "no trouble");
}

/// Between two kinds of trouble, too, what is told late was when it was.
#[tokio::test(start_paused = true)]
async fn what_gets_better_late_was_better_when_it_was() {
    let mut public = Public::of_this_morning(0).await;
    let post = public.broken(json!({})).await;
    public.minutes(20).await;
    let better = json!([{"component_id": public.api, "status": "degraded_performance"}]);
    public
        .say(&post, json!({"components": better, "at": public.ago(15)}))
        .await;
    public.minutes(5).await;
    public.say(&post, json!({"status": "resolved"})).await;
    assert_eq!(public.today().await, "Major outage 5 min, Degraded performance 20 min");
}

/// While a person has set a component, it is that and was that, whatever posts say and whatever becomes of them.
#[tokio::test(start_paused = true)]
async fn what_a_person_set_is_what_it_was() {
    let mut public = Public::of_this_morning(0).await;
    let component = format!("/api/v1/components/{}", public.api);
    let post = public.broken(json!({})).await;
    public.minutes(10).await;
    public
        .write(Method::PATCH, &component, json!({"held_status": "operational"}))
        .await;
    public.minutes(10).await;
    assert_eq!(public.today().await, "Major outage 10 min");
    public
        .write(Method::PATCH, &component, json!({"held_status": "partial_outage"}))
        .await;
    public.minutes(7).await;
    public
        .write(Method::PATCH, &component, json!({"held_status": null}))
        .await;
    public.minutes(5).await;
    public.say(&post, json!({"status": "resolved"})).await;
    assert_eq!(public.today().await, "Major outage 15 min, Partial outage 7 min");
    public.write(Method::POST, &format!("{post}/withdraw"), json!({})).await;
    assert_eq!(public.today().await, "Partial outage 7 min");
}

/// It was so from when somebody set it until somebody took that back, whether or not anything was published meanwhile.
#[tokio::test(start_paused = true)]
async fn what_a_person_set_and_took_back_unseen_was_so_all_the_same() {
    let mut public = Public::of_this_morning(0).await;
    let component = format!("/api/v1/components/{}", public.api);
    for status in [json!("major_outage"), json!("degraded_performance"), json!(null)] {
        let held = json!({"held_status": status});
        let answer = public.world.api(Method::PATCH, &component, Some(held)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        public.world.pass(SignedDuration::from_mins(4));
    }
    public.minutes(1).await;
    assert_eq!(public.today().await, "Major outage 4 min, Degraded performance 4 min");
}

/// A post that a person gives back follows its incidents again, its components included; what they said of these stays until
/// then, and when it is opened again it begins with what is so then.
#[tokio::test(start_paused = true)]
async fn a_post_that_is_given_back_follows_its_incidents() {
    let mut public = Public::of_this_morning(0).await;
    let slow = public
        .world
        .signal(json!({"summary": "slow", "dedup_key": "slow", "severity": "warning"}))
        .await;
    assert_eq!(slow.status, StatusCode::ACCEPTED);
    public.minutes(1).await;
    assert_eq!(public.state_of(&public.api).await, "degraded_performance");
    let post = format!("/api/v1/posts/{}", public.post().await["id"].as_str().unwrap());
    public.say(&post, json!({"components": []})).await;
    public.minutes(1).await;
    assert_eq!(public.state_of(&public.api).await, "operational", "a person's word");
    public.say(&post, json!({"automatic": true})).await;
    public.minutes(1).await;
    assert_eq!(
        public.state_of(&public.api).await,
        "degraded_performance",
        "Nightbell's again"
    );
    // By a change without words, too; and what they say while they give it back stays for as long as it goes on.
    public.say(&post, json!({"components": []})).await;
    public.write(Method::PATCH, &post, json!({"automatic": true})).await;
    public.minutes(1).await;
    assert_eq!(public.state_of(&public.api).await, "degraded_performance");
    let partly = json!([{"component_id": public.api, "status": "partial_outage"}]);
    public
        .say(&post, json!({"automatic": true, "components": partly}))
        .await;
    let worse = public.world.trigger("db").await;
    public.minutes(1).await;
    assert_eq!(public.state_of(&public.api).await, "partial_outage");
    let slow = slow.body["incident_id"].as_str().unwrap().to_owned();
    for incident in [slow, worse.to_string()] {
        let resolve = format!("/api/v1/incidents/{incident}/resolve");
        public.write(Method::POST, &resolve, json!({})).await;
    }
    public.minutes(1).await;
    assert_eq!(public.post().await["status"], "resolved");
    public.world.trigger("db").await;
    public.minutes(1).await;
    assert_eq!(public.post().await["status"], "investigating");
    assert_eq!(public.state_of(&public.api).await, "major_outage");
}

/// Updates are in the order of their times: what was said last is what holds.
#[tokio::test(start_paused = true)]
async fn nothing_is_said_of_a_time_before_the_last_update() {
    let mut public = Public::of_this_morning(0).await;
    let post = public.broken(json!({"started_at": public.ago(60)})).await;
    public
        .say(&post, json!({"status": "resolved", "at": public.ago(30)}))
        .await;
    let early = json!({"body": "We know why.", "status": "identified", "at": public.ago(31)});
    let answer = public
        .world
        .api(Method::POST, &format!("{post}/updates"), Some(early))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.body["errors"][0]["field"], "at");
    let message = answer.body["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains(&public.ago(30)), "{message}");
    assert_eq!(public.post().await["status"], "resolved");
}

/// Whoever moves here brings the past along: a component is known since what is told of it, or since the day that somebody
/// says, and until then there is no data.
#[tokio::test(start_paused = true)]
async fn a_component_may_be_known_for_longer_than_it_is_here() {
    let mut public = Public::of_this_morning(0).await;
    let day = SignedDuration::from_hours(24);
    let at = |hours: i64| (public.world.now() - SignedDuration::from_hours(hours)).to_string();
    let told = json!({"page_id": public.page, "title": "It was down", "body": "It was.", "status": "resolved",
        "started_at": at(7 * 24), "resolved_at": at(7 * 24 - 6),
        "components": [{"component_id": public.api, "status": "major_outage"}]});
    public.write(Method::POST, "/api/v1/posts", told).await;
    let bars = async |public: &Public, name: &str| {
        let page = public.world.public("/status/main").await;
        let page = page.body.as_str().unwrap();
        let start = page.find(&format!("{name}, last 90 days")).expect("its bars");
        let end = start + page[start..].find("Today").expect("their end");
        page[start..end].to_owned()
    };
    let api = bars(&public, "API").await;
    assert_eq!(api.matches("no data").count(), 82, "{api}");
    assert!(api.contains("22 Feb: Major outage 6 h"), "{api}");
    assert!(api.contains("% uptime since 22 Feb"), "{api}");
    let shop = bars(&public, "Shop").await;
    assert_eq!(shop.matches("no data").count(), 89, "{shop}");
    assert!(shop.contains("100% uptime since 1 Mar"), "{shop}");
    let path = format!("/api/v1/components/{}", public.shop);
    let year_ago = (public.world.now() - day * 365)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let changed = public
        .write(Method::PATCH, &path, json!({"start_date": year_ago.to_string()}))
        .await;
    assert_eq!(changed.body["start_date"], year_ago.to_string());
    let shop = bars(&public, "Shop").await;
    assert!(!shop.contains("no data") && shop.contains("100% uptime<"), "{shop}");
    let summary = public.json("summary.json").await;
    let all = summary["components"].as_array().unwrap();
    let shop = all.iter().find(|one| one["id"] == public.shop).unwrap();
    assert_eq!(shop["start_date"], year_ago.to_string());
    for wrong in ["2026-03-03", "2019-01-01", "yesterday"] {
        let answer = public
            .world
            .api(Method::PATCH, &path, Some(json!({"start_date": wrong})))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert_eq!(answer.body["errors"][0]["field"], "start_date", "{answer:?}");
    }
}

/// Many who say something at once are all heard.
#[tokio::test(start_paused = true)]
async fn updates_at_the_same_time_are_all_taken() {
    let mut public = Public::settled_at_once().await;
    let post = public.broken(json!({})).await;
    let path = format!("{post}/updates");
    let say = async |number: usize| {
        let body = json!({"body": format!("Word {number}."), "deliver_notifications": false});
        public.world.api(Method::POST, &path, Some(body)).await.status
    };
    let all = futures_util::future::join_all((0..12).map(say)).await;
    assert!(all.iter().all(|status| *status == StatusCode::OK), "{all:?}");
    assert_eq!(public.post().await["updates"].as_array().unwrap().len(), 13);
}
