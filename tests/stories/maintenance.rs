//! What a maintenance does to the alerts of a service: nobody is woken by what was announced, and nothing is lost by it.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::people::{person, token};
use nightbell_tests::{Answer, Break, Browser, Moment, World};
use serde_json::{Value, json};
use shared::domain::id::IncidentId;
use shared::domain::people::Role;
use shared::domain::principal::Scope;

/// A deployment with a page, two components, and a service that affects the first of them.
struct Acme {
    world: World,
    page: String,
    api: String,
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

impl Acme {
    async fn new() -> Self {
        let mut world = World::new().await;
        let page = world
            .made("/api/v1/pages", json!({"name": "Acme", "slug": "main"}))
            .await;
        let api = json!({"page_id": page, "name": "API"});
        let api = world.made("/api/v1/components", api).await;
        let shop = json!({"page_id": page, "name": "Shop"});
        world.made("/api/v1/components", shop).await;
        world.drain().await;
        Self { world, page, api }
    }

    /// A maintenance from and until so many minutes from now, with what else is said of it.
    fn body(&self, from: i64, until: i64, more: Value) -> Value {
        let at = |after: i64| (self.world.now() + minutes(after)).to_string();
        let mut body = json!({"page_id": self.page, "title": "New disks", "body": "We change disks.",
            "starts_at": at(from), "ends_at": at(until), "service_ids": [self.world.cast.service], "alerts": "hold"});
        let all = body.as_object_mut().unwrap();
        all.extend(more.as_object().unwrap().clone());
        body
    }

    async fn planned(&mut self, from: i64, until: i64, more: Value) -> String {
        let body = self.body(from, until, more);
        let id = self.world.made("/api/v1/maintenances", body).await;
        self.world.drain().await;
        id
    }

    async fn change(&mut self, id: &str, change: Value) {
        let path = format!("/api/v1/maintenances/{id}");
        let answer = self.world.api(Method::PATCH, &path, Some(change)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        self.world.drain().await;
    }

    /// Says something more of it, and delivers what follows: no sweep and no clock is needed for it.
    async fn say(&mut self, id: &str, update: Value) -> Answer {
        let path = format!("/api/v1/maintenances/{id}/updates");
        let answer = self.world.api(Method::POST, &path, Some(update)).await;
        self.world.drain().await;
        answer
    }

    async fn trigger(&mut self, key: &str) -> IncidentId {
        let incident = self.world.trigger(key).await;
        self.world.drain().await;
        incident
    }

    /// Whom messages went to, in their order.
    async fn sent(&self) -> Vec<String> {
        self.world.outbox().await.into_iter().map(|one| one.to).collect()
    }

    async fn incident(&self, id: IncidentId) -> Value {
        let path = format!("/api/v1/incidents/{id}");
        self.world.api(Method::GET, &path, None).await.body
    }

    /// What its timeline says, oldest first.
    async fn timeline(&self, id: IncidentId) -> Vec<String> {
        let path = format!("/api/v1/incidents/{id}/timeline");
        let answer = self.world.api(Method::GET, &path, None).await;
        let items = answer.body["items"].as_array().unwrap();
        let texts = items.iter().rev().map(|one| one["text"].as_str().unwrap().to_owned());
        texts.collect()
    }

    async fn public(&self, name: &str) -> Value {
        self.world.public(&format!("/status/main/api/v2/{name}")).await.body
    }
}

const ANA: [&str; 2] = ["+15550100", "ana@example.com"];

#[tokio::test(start_paused = true)]
async fn nobody_is_woken_while_it_lasts_and_whoever_is_on_call_at_its_planned_end() {
    let mut acme = Acme::new().await;
    let id = acme.planned(10, 70, json!({})).await;
    acme.world.live(minutes(11)).await;
    let incident = acme.trigger("db").await;
    acme.world.live(minutes(58)).await;
    assert_eq!(acme.sent().await, [""; 0]);
    // It is there for everybody to see, and says what holds it.
    let listed = acme.world.api(Method::GET, "/api/v1/incidents?status=open", None).await;
    assert_eq!(listed.body["items"][0]["id"], incident.to_string());
    let held = acme.incident(incident).await;
    assert_eq!(
        (&held["status"], &held["unanswered"]),
        (&json!("triggered"), &json!(false))
    );
    assert_eq!(held["next_step_at"], Value::Null);
    assert_eq!(
        held["maintenance"],
        json!({"id": id, "title": "New disks", "alerts": "hold", "until": "2026-03-01T03:10:00Z"})
    );
    assert_eq!(
        acme.timeline(incident).await,
        [
            "Opened by an alert for Checkout.",
            "Held until 04:10 CET: nobody is paged while the maintenance \"New disks\" goes on."
        ]
    );
    acme.world.live(minutes(2)).await;
    assert_eq!(acme.sent().await, ANA);
    assert_eq!(acme.incident(incident).await["maintenance"], Value::Null);
    let timeline = acme.timeline(incident).await;
    assert_eq!(timeline[2], "The maintenance is over. Step 1 paged Ana.");
    acme.world.live(minutes(6)).await;
    assert_eq!(acme.sent().await.len(), 4, "and the policy goes on");
}

#[tokio::test(start_paused = true)]
async fn quiet_ones_go_by_quiet_ways_and_are_loud_again_after_it() {
    let mut acme = Acme::new().await;
    acme.planned(0, 4, json!({"alerts": "quiet"})).await;
    acme.world.live(minutes(1)).await;
    let incident = acme.trigger("db").await;
    assert_eq!(acme.sent().await, ["ana@example.com"]);
    let timeline = acme.timeline(incident).await;
    assert_eq!(
        timeline[1],
        "Step 1 paged Ana quietly, because of the maintenance \"New disks\"."
    );
    assert_eq!(acme.incident(incident).await["maintenance"]["alerts"], "quiet");
    acme.world.live(minutes(4)).await;
    assert_eq!(acme.sent().await[1..], ANA);
    // What is answered stays answered.
    let other = acme.planned(0, 4, json!({"alerts": "quiet"})).await;
    acme.world.live(minutes(1)).await;
    let answered = acme.trigger("disk").await;
    let path = format!("/api/v1/incidents/{answered}/acknowledge");
    acme.world.api(Method::POST, &path, Some(json!({}))).await;
    acme.say(&other, json!({"body": "Done.", "status": "completed"})).await;
    assert_eq!(acme.incident(answered).await["status"], "acknowledged");
}

#[tokio::test(start_paused = true)]
async fn an_early_end_wakes_at_once() {
    let mut acme = Acme::new().await;
    let id = acme.planned(0, 60, json!({})).await;
    acme.world.live(minutes(1)).await;
    let (first, second) = (acme.trigger("db").await, acme.trigger("disk").await);
    let over = acme.world.trigger("cache").await;
    let resolved = json!({"status": "resolve", "dedup_key": "cache"});
    assert_eq!(acme.world.signal(resolved).await.status, StatusCode::ACCEPTED);
    acme.world.drain().await;
    let verifying = acme
        .say(&id, json!({"body": "Done; we look.", "status": "verifying"}))
        .await;
    assert_eq!(verifying.body["status"], "verifying");
    assert_eq!(acme.sent().await, [""; 0], "while somebody looks it goes on");
    let completed = acme
        .say(&id, json!({"body": "All is well.", "status": "completed"}))
        .await;
    assert_eq!(completed.body["status"], "completed");
    assert_eq!(acme.sent().await, [ANA, ANA].concat());
    for incident in [first, second] {
        let timeline = acme.timeline(incident).await;
        assert_eq!(timeline[2], "The maintenance is over. Step 1 paged Ana.");
    }
    assert_eq!(acme.incident(over).await["status"], "resolved");
    // It is over for what comes, too.
    acme.trigger("cache").await;
    assert_eq!(acme.sent().await.len(), 6);
}

/// Whatever breaks while it is ended early, in the table or in the process: what it held pages all the same, within the five
/// minutes after which each looks by itself.
#[tokio::test(start_paused = true)]
async fn an_early_end_that_is_cut_off_at_any_write_wakes_all_the_same() {
    for how in [Break::Lost, Break::DiesBefore, Break::DiesAfter] {
        for nth in 1.. {
            let mut acme = Acme::new().await;
            let id = acme.planned(0, 60, json!({})).await;
            acme.world.live(minutes(1)).await;
            acme.trigger("db").await;
            acme.trigger("disk").await;
            assert_eq!(acme.sent().await, [""; 0]);
            acme.world.wire.breaks(Moment::Write(nth), how);
            let completed = json!({"body": "All is well.", "status": "completed"});
            let path = format!("/api/v1/maintenances/{id}/updates");
            let answer = acme.world.api(Method::POST, &path, Some(completed.clone())).await;
            let was_broken = acme.world.wire.revive() > 0;
            // Who was told that it failed says it again.
            if !answer.status.is_success() {
                acme.say(&id, completed).await;
            }
            acme.world.live(minutes(6)).await;
            // Whoever is asked after her is asked by then, too.
            let mut sent = acme.sent().await;
            sent.retain(|to| ANA.contains(&to.as_str()));
            sent.sort();
            let mut twice = [ANA, ANA].concat();
            twice.sort();
            assert_eq!(sent, twice, "{how:?} at write {nth}: {answer:?}");
            if !was_broken {
                assert!(nth > 2, "it writes the end, and wakes two");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_called_off_holds_nothing_and_says_so_to_everybody() {
    let mut acme = Acme::new().await;
    let early = acme.planned(30, 60, json!({"title": "Never begun"})).await;
    let id = acme.planned(0, 60, json!({})).await;
    acme.world.live(minutes(1)).await;
    acme.trigger("db").await;
    let wrong = acme
        .say(&id, json!({"body": "Off.", "cancelled": true, "status": "verifying"}))
        .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(wrong.body["errors"][0]["field"], "status");
    assert_eq!(acme.sent().await, [""; 0]);
    let off = acme.say(&id, json!({"body": "Not today.", "cancelled": true})).await;
    assert_eq!(
        (&off.body["status"], &off.body["cancelled_by"]["name"]),
        (&json!("completed"), &json!("Ana"))
    );
    assert_eq!(off.body["cancelled_at"], "2026-03-01T02:01:00Z");
    assert_eq!(acme.sent().await, ANA);
    let again = acme.say(&id, json!({"body": "Off.", "cancelled": true})).await;
    assert_eq!(again.body["errors"][0]["field"], "cancelled", "{again:?}");
    acme.say(&early, json!({"body": "Not today either.", "cancelled": true}))
        .await;
    for one in [&id, &early] {
        let own = acme.world.public(&format!("/status/main/incidents/{one}")).await;
        let html = own.body.as_str().unwrap();
        assert!(html.contains("Cancelled") && !html.contains("Completed"), "{html}");
    }
    // Statuspage knows no such status.
    let known = acme.public("scheduled-maintenances.json").await;
    assert_eq!(known["scheduled_maintenances"][0]["status"], "completed");
    // Words that come after it leave it called off; who opens it again takes that back.
    acme.world.live(minutes(1)).await;
    let later = acme.say(&id, json!({"body": "We say more."})).await;
    assert_ne!(later.body["cancelled_at"], Value::Null);
    let reopened = acme
        .say(&id, json!({"body": "It goes on.", "status": "in_progress"}))
        .await;
    assert_eq!(reopened.body["cancelled_at"], Value::Null);
    acme.trigger("disk").await;
    assert_eq!(acme.sent().await, ANA);
    // What was paged before it was opened again goes on being paged.
    acme.world.live(minutes(6)).await;
    assert_eq!(acme.sent().await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_removed_one_holds_nothing_either() {
    let mut acme = Acme::new().await;
    let id = acme.planned(0, 60, json!({})).await;
    acme.world.live(minutes(1)).await;
    acme.trigger("db").await;
    let path = format!("/api/v1/maintenances/{id}");
    assert_eq!(
        acme.world.api(Method::DELETE, &path, None).await.status,
        StatusCode::NO_CONTENT
    );
    acme.world.drain().await;
    assert_eq!(acme.sent().await, ANA);
    acme.trigger("disk").await;
    assert_eq!(acme.sent().await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_in_it_holds_from_then_on() {
    let mut acme = Acme::new().await;
    let id = acme.planned(0, 30, json!({})).await;
    acme.world.live(minutes(1)).await;
    let incident = acme.trigger("db").await;
    acme.world.live(minutes(20)).await;
    let longer = (acme.world.now() + minutes(60)).to_string();
    acme.change(&id, json!({"ends_at": longer})).await;
    acme.world.live(minutes(59)).await;
    assert_eq!(acme.sent().await, [""; 0], "extended");
    assert_eq!(acme.incident(incident).await["maintenance"]["until"], longer);
    acme.world.live(minutes(2)).await;
    assert_eq!(acme.sent().await, ANA);

    // A service that is taken out of it is not held by it any more.
    let id = acme.planned(0, 30, json!({})).await;
    acme.world.live(minutes(1)).await;
    acme.trigger("disk").await;
    assert_eq!(acme.sent().await, ANA);
    acme.change(&id, json!({"service_ids": [], "alerts": "page"})).await;
    assert_eq!(acme.sent().await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn of_two_that_overlap_the_other_goes_on_holding() {
    let mut acme = Acme::new().await;
    let long = acme.planned(0, 60, json!({"title": "Long"})).await;
    acme.planned(0, 30, json!({"title": "Short"})).await;
    acme.world.live(minutes(1)).await;
    let incident = acme.trigger("db").await;
    assert_eq!(acme.incident(incident).await["maintenance"]["title"], "Long");
    acme.say(&long, json!({"body": "Off.", "cancelled": true})).await;
    assert_eq!(acme.sent().await, [""; 0]);
    assert_eq!(acme.incident(incident).await["maintenance"]["title"], "Short");
    acme.world.live(minutes(30)).await;
    assert_eq!(acme.sent().await, ANA);
}

#[tokio::test(start_paused = true)]
async fn what_was_wrong_before_it_and_what_people_ask_for_pages_as_ever() {
    let mut acme = Acme::new().await;
    acme.planned(2, 60, json!({})).await;
    let older = acme.trigger("db").await;
    acme.world.live(minutes(6)).await;
    assert_eq!(
        acme.sent().await,
        ["+15550100", "ana@example.com", "+15550101", "ben@example.com"]
    );
    assert_eq!(acme.incident(older).await["maintenance"], Value::Null);
    let acknowledge = format!("/api/v1/incidents/{older}/acknowledge");
    acme.world.api(Method::POST, &acknowledge, Some(json!({}))).await;
    acme.world.drain().await;
    let before = acme.sent().await.len();
    // Held, until somebody wants somebody.
    let incident = acme.trigger("disk").await;
    assert_eq!(acme.sent().await.len(), before);
    let escalate = format!("/api/v1/incidents/{incident}/escalate");
    acme.world.api(Method::POST, &escalate, Some(json!({}))).await;
    acme.world.drain().await;
    assert_eq!(acme.sent().await[before..], ANA);
    // What a person opens is meant.
    let opened = json!({"title": "Help", "service_id": acme.world.cast.service});
    acme.world.made("/api/v1/incidents", opened).await;
    acme.world.drain().await;
    assert_eq!(acme.sent().await.len(), before + 4);
}

#[tokio::test(start_paused = true)]
async fn one_that_people_begin_holds_from_their_word_and_never_beyond_its_planned_end() {
    let mut acme = Acme::new().await;
    let id = acme.planned(0, 60, json!({"automatic": false})).await;
    acme.world.live(minutes(1)).await;
    acme.trigger("db").await;
    assert_eq!(acme.sent().await, ANA, "nobody has begun it");
    acme.world.live(minutes(1)).await;
    acme.say(&id, json!({"body": "We begin.", "status": "in_progress"}))
        .await;
    let disk = acme.trigger("disk").await;
    acme.world.live(minutes(3)).await;
    assert_eq!(acme.sent().await, ANA, "{:?}", acme.timeline(disk).await);
    acme.world.live(minutes(56)).await;
    let path = format!("/api/v1/maintenances/{id}");
    let forgotten = acme.world.api(Method::GET, &path, None).await;
    assert_eq!(forgotten.body["status"], "in_progress");
    // Four of the first, and its owners; what was held is paged though nobody ended the work.
    let sent = acme.world.outbox().await;
    let at_end = sent
        .iter()
        .filter(|one| one.at.to_string().as_str() >= "2026-03-01T03:00:00Z");
    assert_eq!(at_end.map(|one| one.to.as_str()).collect::<Vec<_>>(), ANA);
    let after = acme.trigger("cache").await;
    assert_eq!(acme.incident(after).await["maintenance"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn what_it_announced_is_not_told_to_the_public_as_trouble_too() {
    let mut acme = Acme::new().await;
    let service = format!("/api/v1/services/{}", acme.world.cast.service);
    let affected = json!({"components": [{"component_id": acme.api, "critical": "major_outage"}],
        "publication": {"mode": "auto", "settle_seconds": 0}});
    assert_eq!(
        acme.world.api(Method::PATCH, &service, Some(affected)).await.status,
        StatusCode::OK
    );
    let components = json!({"component_ids": [acme.api]});
    let id = acme.planned(0, 60, components).await;
    acme.world.live(minutes(1)).await;
    let incident = acme.trigger("db").await;
    acme.world.live(minutes(5)).await;
    assert_eq!(acme.public("status.json").await["status"]["indicator"], "maintenance");
    assert_eq!(acme.public("incidents.json").await["incidents"], json!([]));
    // When it is over and the trouble is not, the public hears of it.
    acme.say(&id, json!({"body": "Done.", "status": "completed"})).await;
    acme.world.live(minutes(1)).await;
    assert_eq!(acme.public("status.json").await["status"]["indicator"], "critical");
    let resolve = format!("/api/v1/incidents/{incident}/resolve");
    acme.world.api(Method::POST, &resolve, Some(json!({}))).await;
    acme.world.live(minutes(1)).await;
    assert_eq!(acme.public("status.json").await["status"]["indicator"], "none");

    // What somebody asked for during it is no part of it, and neither is a component that it does not name.
    acme.planned(0, 60, json!({"component_ids": [acme.api]})).await;
    acme.world.live(minutes(1)).await;
    let incident = acme.trigger("disk").await;
    assert_eq!(acme.public("status.json").await["status"]["indicator"], "maintenance");
    let escalate = format!("/api/v1/incidents/{incident}/escalate");
    acme.world.api(Method::POST, &escalate, Some(json!({}))).await;
    // At once: no tick is waited for.
    acme.world.drain().await;
    assert_eq!(acme.public("status.json").await["status"]["indicator"], "critical");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_it_is_named() {
    let mut acme = Acme::new().await;
    let nobody = "svc_01arz3ndektsv4rrffq69g5fav";
    let service = acme.world.cast.service.to_string();
    for (more, field, message) in [
        (json!({"alerts": "loud"}), "alerts", "unknown variant"),
        (
            json!({"service_ids": []}),
            "service_ids",
            "must name a service whose alerts are to be held or quiet",
        ),
        (
            json!({"service_ids": [nobody]}),
            "service_ids[0]",
            "there is no service svc_01arz3ndektsv4rrffq69g5fav",
        ),
        (json!({"service_ids": [service, service]}), "service_ids[1]", "twice"),
        (json!({"service_ids": vec![nobody; 21]}), "service_ids", "20"),
        (
            json!({"remind_minutes_before": 10_081}),
            "remind_minutes_before",
            "must be 0 to 10080",
        ),
        (
            json!({"cancelled_at": "2026-03-01T02:00:00Z"}),
            "cancelled_at",
            "unknown field",
        ),
    ] {
        let body = acme.body(10, 20, more);
        let answer = acme.world.api(Method::POST, "/api/v1/maintenances", Some(body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        let error = &answer.body["errors"][0];
        assert_eq!(error["field"], field, "{answer:?}");
        assert!(error["message"].as_str().unwrap().contains(message), "{answer:?}");
    }
    let kept = acme.world.api(Method::GET, "/api/v1/maintenances", None).await;
    assert_eq!(kept.body["items"], json!([]), "nothing is half-written");
    // A service that is removed later does not keep its maintenance from being changed or ended.
    let policy = acme.world.cast.policy.to_string();
    let other = json!({"name": "Other", "policy_id": policy});
    let other = acme.world.made("/api/v1/services", other).await;
    let id = acme.planned(10, 20, json!({"service_ids": [service, other]})).await;
    let path = format!("/api/v1/services/{other}");
    assert_eq!(
        acme.world.api(Method::DELETE, &path, None).await.status,
        StatusCode::NO_CONTENT
    );
    acme.change(&id, json!({"title": "Newer disks"})).await;
    let defaults = json!({"alerts": "page", "service_ids": []});
    let plain = acme.planned(10, 20, defaults).await;
    let read = acme
        .world
        .api(Method::GET, &format!("/api/v1/maintenances/{plain}"), None)
        .await;
    assert_eq!(
        (&read.body["alerts"], &read.body["remind_minutes_before"]),
        (&json!("page"), &json!(60))
    );
}

#[tokio::test(start_paused = true)]
async fn only_who_may_change_a_service_keeps_its_alerts_from_paging_and_every_responder_ends_that() {
    let mut acme = Acme::new().await;
    let ctx = &acme.world.ctx;
    let team = acme.world.made("/api/v1/teams", json!({"name": "Shop"})).await;
    let cleo = person(ctx, "Cleo", Role::Responder, "+15550200").await;
    let dora = person(ctx, "Dora", Role::Responder, "+15550201").await;
    let (path, joined) = (format!("/api/v1/users/{cleo}"), json!({"team_ids": [team]}));
    let answer = acme.world.api(Method::PATCH, &path, Some(joined)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let scopes = [Scope::Read, Scope::Respond, Scope::Configure];
    let (cleo, dora) = (&token(ctx, cleo, &scopes).await, &token(ctx, dora, &scopes).await);
    let service = json!({"name": "Shop", "policy_id": acme.world.cast.policy, "team_id": team});
    let service = acme.world.made("/api/v1/services", service).await;
    let body = acme.body(0, 60, json!({"service_ids": [service]}));
    let theirs = acme
        .world
        .api_as(dora, Method::POST, "/api/v1/maintenances", Some(body.clone()))
        .await;
    assert_eq!(theirs.status, StatusCode::FORBIDDEN, "{theirs:?}");
    let why = "Only who may change the service \"Shop\" may hold or quiet its alerts.";
    assert_eq!(theirs.body["detail"], why);
    let ours = acme
        .world
        .api_as(cleo, Method::POST, "/api/v1/maintenances", Some(body))
        .await;
    assert_eq!(ours.status, StatusCode::CREATED, "{ours:?}");
    let path = format!("/api/v1/maintenances/{}", ours.body["id"].as_str().unwrap());
    let longer = json!({"ends_at": (acme.world.now() + minutes(90)).to_string()});
    let answer = acme
        .world
        .api_as(dora, Method::PATCH, &path, Some(longer.clone()))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert_eq!(
        acme.world.api_as(cleo, Method::PATCH, &path, Some(longer)).await.status,
        StatusCode::OK
    );
    acme.world.live(minutes(1)).await;
    let updates = format!("{path}/updates");
    let words = json!({"body": "It goes well."});
    assert_eq!(
        acme.world
            .api_as(dora, Method::POST, &updates, Some(words))
            .await
            .status,
        StatusCode::OK
    );
    let off = json!({"body": "Off.", "cancelled": true});
    assert_eq!(
        acme.world.api_as(dora, Method::POST, &updates, Some(off)).await.status,
        StatusCode::OK
    );
    let again = json!({"body": "On.", "status": "in_progress"});
    let answer = acme.world.api_as(dora, Method::POST, &updates, Some(again)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn people_read_announce_and_end_one_in_the_browser() {
    let mut acme = Acme::new().await;
    let cy = person(&acme.world.ctx, "Cy", Role::Viewer, "+15550102").await;
    let mut viewer = Browser::signed_in(&acme.world, cy).await;
    let mut ben = Browser::signed_in(&acme.world, acme.world.cast.ben).await;
    let list = format!("/pages/{}/maintenances", acme.page);
    ben.get(&acme.world, &list).await;
    assert!(ben.page.contains("No maintenance was ever announced") && ben.page.contains("/maintenances/new"));
    viewer.get(&acme.world, &list).await;
    assert!(viewer.page.contains("No maintenance was ever announced") && !viewer.page.contains("/maintenances/new"));
    let new = format!("{list}/new");
    let mut ana = Browser::signed_in(&acme.world, acme.world.cast.ana).await;
    ana.get(&acme.world, &new).await;
    for field in [
        "starts_at",
        "ends_at",
        "automatic",
        "component_ids[]",
        "service_ids[]",
        "alerts",
        "remind_minutes_before",
    ] {
        assert!(ana.page.contains(&format!("name=\"{field}\"")), "{field}");
    }
    assert!(ana.page.contains("Times of Europe/Berlin."));
    // Whose alerts somebody may not change, they are not offered.
    ben.get(&acme.world, &new).await;
    assert!(ben.page.contains("name=\"component_ids[]\"") && !ben.page.contains("name=\"service_ids[]\""));
    let refused = viewer.get(&acme.world, &new).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let hostile = "<b>New</b> disks";
    let id = acme
        .planned(0, 60, json!({"title": hostile, "component_ids": [acme.api]}))
        .await;
    acme.world.live(minutes(1)).await;
    let incident = acme.trigger("db").await;
    let path = format!("/maintenances/{id}");
    ben.get(&acme.world, &list).await;
    assert!(
        ben.page.contains(&path) && ben.page.contains("In progress"),
        "{}",
        ben.page
    );
    assert!(ben.page.contains("alerts page nobody while it goes on") && !ben.page.contains(hostile));
    ben.get(&acme.world, &path).await;
    assert!(ben.page.contains("Call it off") && ben.page.contains("Checkout") && !ben.page.contains(hostile));
    assert!(
        ben.page.contains("value=\"2026-03-01T03:00\""),
        "the reader's own clock"
    );
    viewer.get(&acme.world, &path).await;
    assert!(viewer.page.contains("We change disks.") && !viewer.page.contains("data-api"));
    ben.get(&acme.world, &format!("/incidents/{incident}")).await;
    assert!(
        ben.page.contains("Held until") && ben.page.contains("04:00"),
        "{}",
        ben.page
    );
    acme.say(&id, json!({"body": "Not today.", "cancelled": true})).await;
    ben.get(&acme.world, &path).await;
    assert!(ben.page.contains("Cancelled") && !ben.page.contains("Call it off"));
    ben.get(&acme.world, &format!("/incidents/{incident}")).await;
    assert!(!ben.page.contains("<dt>Held until"), "{}", ben.page);
    let missing = ben
        .get(&acme.world, "/maintenances/mnt_01arz3ndektsv4rrffq69g5fav")
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}
