//! Postmortems: from what is known of an incident to what the public reads of it.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::people::person;
use nightbell_tests::{Answer, Browser, World};
use serde_json::{Value, json};
use shared::domain::people::Role;

/// What no document for the public may hold.
const SECRET: &str = "hunter2-db7.internal";

/// An incident that was told to the public, was taken after five minutes, and is over.
struct Learned {
    world: World,
    incident: String,
    post: String,
    /// Where its postmortem is.
    path: String,
}

impl Learned {
    async fn new() -> Self {
        let mut world = World::new().await;
        let page = json!({"name": "Acme", "slug": "main", "time_zone": "Europe/Berlin"});
        let page = world.made("/api/v1/pages", page).await;
        let component = json!({"page_id": page, "name": "Shop"});
        let component = world.made("/api/v1/components", component).await;
        let change =
            json!({"components": [{"component_id": component}], "publication": {"mode": "auto", "settle_seconds": 60}});
        let service = format!("/api/v1/services/{}", world.cast.service);
        let changed = world.api(Method::PATCH, &service, Some(change)).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        let event = json!({"summary": format!("Disk full on {SECRET}"), "dedup_key": SECRET, "severity": "critical",
            "source": SECRET, "details": {"password": SECRET}});
        let answer = world.signal(event).await;
        let incident = answer.body["incident_id"].as_str().unwrap().to_owned();
        world.drain().await;
        world.live(SignedDuration::from_mins(5)).await;
        let posts = world.api(Method::GET, "/api/v1/posts", None).await;
        let mut learned = Self {
            post: posts.body["items"][0]["id"].as_str().unwrap().to_owned(),
            path: format!("/api/v1/incidents/{incident}/postmortem"),
            incident,
            world,
        };
        learned.act("acknowledge").await;
        learned
    }

    async fn act(&mut self, act: &str) {
        let path = format!("/api/v1/incidents/{}/{act}", self.incident);
        let note = json!({"note": format!("It was {SECRET}")});
        let answer = self.world.api(Method::POST, &path, Some(note)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        self.world.drain().await;
    }

    async fn over() -> Self {
        let mut learned = Self::new().await;
        learned.world.live(SignedDuration::from_mins(48)).await;
        learned.act("resolve").await;
        learned
    }

    async fn ask(&mut self, method: Method, end: &str, body: Option<Value>) -> Answer {
        let answer = self.world.api(method, &format!("{}{end}", self.path), body).await;
        self.world.drain().await;
        answer
    }

    async fn draft(&mut self) -> Value {
        let answer = self.ask(Method::POST, "", None).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body
    }

    async fn write(&mut self, words: Value) -> Value {
        let answer = self.ask(Method::PATCH, "", Some(words)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body
    }

    /// What a refusal is about.
    async fn refused(&mut self, end: &str) -> (StatusCode, String) {
        let answer = self.ask(Method::POST, end, None).await;
        (
            answer.status,
            answer.body["code"].as_str().unwrap_or_default().to_owned(),
        )
    }

    async fn public(&self, path: &str) -> Answer {
        let answer = self.world.public(&format!("/status/main/{path}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        answer
    }
}

fn whole() -> Value {
    json!({"causes": "A disk filled up with logs.", "next_steps": "- Logs are kept for a week.\n- A full disk is seen at 80 %."})
}

/// Steps that were not taken.
fn missing(postmortem: &Value) -> Vec<&str> {
    let steps = postmortem["checklist"].as_array().unwrap().iter();
    let missing = steps.filter(|step| step["at"].is_null());
    missing.map(|step| step["step"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_draft_tells_the_course_and_nothing_internal_and_becomes_public_by_a_word() {
    let mut learned = Learned::over().await;
    let drafted = learned.draft().await;
    let what_happened = drafted["what_happened"].as_str().unwrap();
    let lines: Vec<&str> = what_happened
        .lines()
        .filter_map(|line| line.split(": ").nth(1))
        .collect();
    let course = [
        "We noticed problems with Shop.",
        "We told you on this page.",
        "We were working on it.",
        "It was over.",
    ];
    assert_eq!(lines, course, "{what_happened}");
    assert!(what_happened.contains(" CE"), "on the page's clock: {what_happened}");
    assert_eq!(drafted["impact"], "It lasted 53 min.\n\n- Shop: not working");
    assert_eq!((&drafted["causes"], &drafted["next_steps"]), (&json!(""), &json!("")));
    assert_eq!(drafted["post_id"], learned.post);
    assert_eq!(missing(&drafted), ["written", "published"]);
    // Drafting again changes nothing.
    assert_eq!(learned.draft().await, drafted);
    assert_eq!(
        learned.refused("/publish").await,
        (StatusCode::CONFLICT, "unwritten".into())
    );

    let written = learned.write(whole()).await;
    assert_eq!(missing(&written), ["published"]);
    assert_eq!(
        written["what_happened"], drafted["what_happened"],
        "what was not named stays"
    );
    let nothing_yet = learned.public("api/v2/incidents.json").await;
    assert_eq!(nothing_yet.body["incidents"][0]["status"], "resolved");
    let published = learned
        .ask(Method::POST, "/publish", Some(json!({"deliver_notifications": false})))
        .await;
    assert_eq!(published.status, StatusCode::OK, "{published:?}");
    assert_eq!(missing(&published.body), [""; 0]);

    let incident = learned.public("api/v2/incidents.json").await.body["incidents"][0].clone();
    assert_eq!(incident["status"], "postmortem");
    let body = incident["incident_updates"][0]["body"].as_str().unwrap();
    for words in [
        "## What happened",
        "## Causes\n\nA disk filled up with logs.",
        "## What we do next",
    ] {
        assert!(body.contains(words), "{body}");
    }
    let page = learned.public(&format!("incidents/{}", learned.post)).await;
    let page = page.body.as_str().unwrap();
    assert!(
        page.contains("<h3 dir=\"auto\">Causes</h3>") && page.contains("<li>Logs are kept for a week.</li>"),
        "{page}"
    );
    for document in [
        "",
        "history.atom",
        "api/v2/incidents.json",
        &format!("incidents/{}", learned.post),
    ] {
        let text = learned.public(document).await.body.to_string();
        for secret in ["hunter2", "Ana", "Disk full", &learned.incident] {
            assert!(!text.contains(secret), "{document} tells {secret}");
        }
    }

    // Other words take the place of these; who looks at the list sees that it is public.
    learned.write(json!({"causes": "Logs, and nobody looked."})).await;
    let again = learned.ask(Method::POST, "/publish", None).await;
    assert_eq!(again.status, StatusCode::OK, "{again:?}");
    assert_eq!(again.body["published_at"], published.body["published_at"]);
    let incident = learned.public("api/v2/incidents.json").await.body["incidents"][0].clone();
    let updates = incident["incident_updates"].as_array().unwrap();
    let told: Vec<&Value> = updates
        .iter()
        .filter(|update| update["status"] == "postmortem")
        .collect();
    assert_eq!(told.len(), 1, "{updates:?}");
    assert!(told[0]["body"].as_str().unwrap().contains("Logs, and nobody looked."));
    assert_eq!(told[0]["deliver_notifications"], false);
    let listed = learned.world.api(Method::GET, "/api/v1/postmortems", None).await;
    assert_eq!(listed.body["items"][0]["published_at"], published.body["published_at"]);
    // Removed, it is still public.
    let removed = learned.ask(Method::DELETE, "", None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(learned.ask(Method::GET, "", None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        learned.public("api/v2/incidents.json").await.body["incidents"][0]["status"],
        "postmortem"
    );
    let audit = learned.world.api(Method::GET, "/api/v1/audit?limit=100", None).await;
    let did: Vec<String> = audit.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["action"].to_string())
        .collect();
    assert!(
        did.iter().any(|action| action.contains("postmortem_published")),
        "{did:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn days_after_it_a_draft_still_finds_its_post() {
    let mut learned = Learned::over().await;
    learned.world.live(SignedDuration::from_mins(15)).await;
    learned.world.pass(SignedDuration::from_hours(50));
    let drafted = learned.draft().await;
    assert_eq!(drafted["post_id"], learned.post);
    assert!(
        drafted["what_happened"].as_str().unwrap().contains("We told you"),
        "{drafted}"
    );
    learned.write(whole()).await;
    let published = learned.ask(Method::POST, "/publish", None).await;
    assert_eq!(published.status, StatusCode::OK, "{published:?}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_published_says_what_to_do() {
    let mut learned = Learned::new().await;
    let conflict = |code: &str| (StatusCode::CONFLICT, code.to_owned());
    assert_eq!(learned.refused("").await, conflict("incident_open"));
    assert_eq!(learned.refused("/publish").await.0, StatusCode::NOT_FOUND);
    learned.act("resolve").await;
    learned.draft().await;
    learned.write(whole()).await;

    let field = async |learned: &mut Learned, words: Value| {
        let answer = learned.ask(Method::PATCH, "", Some(words)).await;
        (
            answer.status,
            answer.body["errors"][0]["field"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let wrong = |name: &str| (StatusCode::BAD_REQUEST, name.to_owned());
    assert_eq!(
        field(&mut learned, json!({"impact": "x".repeat(4_001)})).await,
        wrong("impact")
    );
    assert_eq!(field(&mut learned, json!({"title": "x"})).await, wrong("title"));
    let none = "pst_01arz3ndektsv4rrffq69g5fav";
    assert_eq!(field(&mut learned, json!({"post_id": none})).await, wrong("post_id"));

    let post = learned.post.clone();
    learned.write(json!({"post_id": null})).await;
    assert_eq!(learned.refused("/publish").await, conflict("no_post"));
    learned.write(json!({"post_id": post})).await;
    let reopened = json!({"status": "investigating", "body": "It is back."});
    let path = format!("/api/v1/posts/{post}/updates");
    learned.world.api(Method::POST, &path, Some(reopened)).await;
    assert_eq!(learned.refused("/publish").await, conflict("post_open"));
    let path = format!("/api/v1/posts/{post}/withdraw");
    learned.world.api(Method::POST, &path, None).await;
    assert_eq!(learned.refused("/publish").await, conflict("post_withdrawn"));
    learned
        .world
        .api(Method::DELETE, &format!("/api/v1/posts/{post}"), None)
        .await;
    assert_eq!(learned.refused("/publish").await, conflict("no_post"));
    let read = learned.ask(Method::GET, "", None).await;
    assert_eq!(
        (read.status, &read.body["published_at"]),
        (StatusCode::OK, &Value::Null)
    );
}

#[tokio::test(start_paused = true)]
async fn a_postmortem_is_written_in_the_browser_by_whoever_answers() {
    let mut learned = Learned::new().await;
    let cy = person(&learned.world.ctx, "Cy", Role::Viewer, "+15550102").await;
    let mut viewer = Browser::signed_in(&learned.world, cy).await;
    let mut ben = Browser::signed_in(&learned.world, learned.world.cast.ben).await;
    let (page, incident) = (
        format!("/incidents/{}/postmortem", learned.incident),
        format!("/incidents/{}", learned.incident),
    );
    ben.get(&learned.world, &page).await;
    assert!(
        ben.page.contains("It goes on still") && !ben.page.contains("Draft it"),
        "{}",
        ben.page
    );
    ben.get(&learned.world, &incident).await;
    assert!(!ben.page.contains("Write a postmortem"));
    ben.get(&learned.world, "/postmortems").await;
    assert!(ben.page.contains("None is written yet"), "{}", ben.page);

    learned.act("resolve").await;
    ben.get(&learned.world, &incident).await;
    assert!(ben.page.contains("Write a postmortem"), "{}", ben.page);
    ben.get(&learned.world, &page).await;
    assert!(ben.page.contains("Draft it"), "{}", ben.page);
    viewer.get(&learned.world, &page).await;
    assert!(!viewer.page.contains("data-api"), "{}", viewer.page);

    learned.draft().await;
    ben.get(&learned.world, &page).await;
    for words in [
        "We noticed problems with Shop.",
        "Somebody took it",
        "5 min after the alert",
        "Not written yet: Causes, What we do next",
        "PATCH /api/v1/incidents/",
    ] {
        assert!(ben.page.contains(words), "{words}: {}", ben.page);
    }
    learned
        .write(json!({"causes": "</textarea><script>alert(1)</script>", "next_steps": "Nothing."}))
        .await;
    ben.get(&learned.world, &page).await;
    assert!(!ben.page.contains("<script>alert"), "{}", ben.page);
    assert!(
        ben.page.contains("/postmortem/publish") && ben.page.contains("Tell subscribers"),
        "{}",
        ben.page
    );
    viewer.get(&learned.world, &page).await;
    assert!(
        viewer.page.contains("We noticed problems") && !viewer.page.contains("data-api"),
        "{}",
        viewer.page
    );

    let published = learned.ask(Method::POST, "/publish", None).await;
    assert_eq!(published.status, StatusCode::OK, "{published:?}");
    ben.get(&learned.world, &page).await;
    let url = format!("http://nightbell.test/status/main/incidents/{}", learned.post);
    assert!(
        ben.page.contains(&url) && ben.page.contains("The public reads what is written here"),
        "{}",
        ben.page
    );
    learned.write(json!({"causes": "Logs."})).await;
    ben.get(&learned.world, &page).await;
    assert!(ben.page.contains("Publish the changes"), "{}", ben.page);
    ben.get(&learned.world, "/postmortems").await;
    assert!(ben.page.contains(&page) && ben.page.contains("Public"), "{}", ben.page);
    ben.get(&learned.world, &incident).await;
    assert!(ben.page.contains("Read the postmortem"), "{}", ben.page);

    // An incident that no page tells of says where it can be told.
    learned.write(json!({"post_id": null})).await;
    ben.get(&learned.world, &page).await;
    assert!(ben.page.contains("Backfill it on Acme"), "{}", ben.page);
}
