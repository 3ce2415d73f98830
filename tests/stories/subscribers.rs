//! Subscribers of a status page: how they come, hear and go, and that nobody is found out, flooded or told twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, Method, Request, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::{Answer, Break, Moment, Which, World};
use serde_json::{Value, json};
use shared::channel::signature;
use shared::domain::id::PageId;
use shared::domain::status::{NoticeKey, Page, SubscriberChannel};
use shared::store::{BulletinDue, Change, OutboxMessage, PageRequest};
use shared::subscribers::{self, Wish};

const FORM: &str = "/status/main/subscribers";

/// A deployment with a page of two components.
struct Public {
    world: World,
    page: String,
    api: String,
    shop: String,
}

impl Public {
    async fn new() -> Self {
        Self::named("Acme").await
    }

    async fn named(name: &str) -> Self {
        let mut world = World::new().await;
        let page = world.made("/api/v1/pages", json!({"name": name, "slug": "main"})).await;
        let part = |name: &str| json!({"page_id": page, "name": name});
        let api = world.made("/api/v1/components", part("API")).await;
        let shop = world.made("/api/v1/components", part("Shop")).await;
        world.drain().await;
        Self { world, page, api, shop }
    }

    fn page_id(&self) -> PageId {
        self.page.parse().unwrap()
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.into());
        self.world.ask(request.unwrap()).await
    }

    async fn ask(&mut self, channel: &str, address: &str) -> Answer {
        let answer = self.form(FORM, &[("channel", channel), ("address", address)]).await;
        self.world.drain().await;
        answer
    }

    /// The messages to this address, oldest first.
    async fn to(&self, address: &str) -> Vec<OutboxMessage> {
        let mut all = outbox(&self.world).await;
        all.retain(|message| message.to == address);
        all
    }

    /// The path of the last link to a subscription that was sent to this address.
    async fn link(&self, address: &str) -> String {
        let body = self.to(address).await.pop().expect("a message").body;
        let start = body.find("/status/main/subscribers/nbu_").expect("a link");
        let link = body[start..].split_whitespace().next().unwrap();
        link.trim_end_matches("/unsubscribe").to_owned()
    }

    /// Subscribes by e-mail and confirms; answers the path of the link.
    async fn subscribed(&mut self, address: &str) -> String {
        assert_eq!(self.ask("email", address).await.status, StatusCode::ACCEPTED);
        let link = self.link(address).await;
        let answer = self.form(&format!("{link}/confirm"), &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        link
    }

    /// Writes a post and lets half a minute pass.
    async fn tell(&mut self, title: &str, components: &[&str]) -> String {
        let effects: Vec<Value> = components
            .iter()
            .map(|id| json!({"component_id": id, "status": "partial_outage"}))
            .collect();
        let body = json!({"page_id": self.page, "title": title, "body": "We look into it.", "components": effects});
        let id = self.world.made("/api/v1/posts", body).await;
        self.world.live(SignedDuration::from_secs(30)).await;
        id
    }

    async fn state(&self, id: &str) -> Option<String> {
        let path = format!("/api/v1/pages/{}/subscribers", self.page);
        let listed = self.world.api(Method::GET, &path, None).await;
        let items = listed.body["items"].as_array().unwrap().clone();
        let one = items.into_iter().find(|one| one["address"] == id)?;
        Some(one["state"].as_str().unwrap().to_owned())
    }

    /// Subscribers who are confirmed, by way of the edge itself.
    async fn many(&self, count: usize) {
        let ctx = &self.world.ctx;
        let page = ctx.store.load::<Page>(self.page_id()).await.unwrap().unwrap().value;
        let by = shared::domain::actor::Actor::system();
        let change = Change::new(&by, self.world.now());
        for n in 0..count {
            let wish = Wish {
                channel: SubscriberChannel::Email,
                address: format!("reader{n}@example.com"),
                component_ids: Vec::new(),
            };
            subscribers::add(ctx, &page, wish, true, &change).await.unwrap();
        }
    }
}

/// Every message, oldest first, however many.
async fn outbox(world: &World) -> Vec<OutboxMessage> {
    let mut all = Vec::new();
    let mut page = PageRequest::first();
    loop {
        let found = world.ctx.store.outbox(&page).await.unwrap();
        all.extend(found.items);
        let Some(next) = found.next else { break };
        page = PageRequest::new(100, Some(&next)).unwrap();
    }
    all.reverse();
    all
}

fn text(answer: &Answer) -> &str {
    answer.body.as_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn by_email_looking_confirms_nothing_and_one_click_ends_it() {
    let mut public = Public::new().await;
    let form = public.world.public(FORM).await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(
        text(&form).contains("name=\"address\"") && text(&form).contains(&public.api),
        "{form:?}"
    );
    let policy = form.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );

    assert_eq!(
        public.ask("email", " Ada@Example.com ").await.status,
        StatusCode::ACCEPTED
    );
    let sent = public.to("ada@example.com").await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].subject.as_deref(), Some("Confirm: updates of Acme"));
    let link = public.link("ada@example.com").await;
    for _ in 0..2 {
        let shown = public.world.public(&link).await;
        assert_eq!(shown.status, StatusCode::OK);
        assert!(text(&shown).contains("ada@example.com") && text(&shown).contains("/confirm"));
        assert_eq!(shown.headers["referrer-policy"], "no-referrer");
        assert_eq!(shown.headers["cache-control"], "no-store");
    }
    assert_eq!(public.state("ada@example.com").await.as_deref(), Some("pending"));
    public.tell("Before", &[]).await;
    assert_eq!(
        public.to("ada@example.com").await.len(),
        1,
        "who did not say yes hears nothing"
    );

    let confirm = public.form(&format!("{link}/confirm"), &[]).await;
    assert_eq!(confirm.status, StatusCode::SEE_OTHER);
    let shown = public.world.public(confirm.headers["location"].to_str().unwrap()).await;
    assert!(text(&shown).contains("You are subscribed."), "{shown:?}");
    let again = public.form(&format!("{link}/confirm"), &[]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "twice is once");

    public.tell("Trouble", &[&public.api.clone()]).await;
    let sent = public.to("ada@example.com").await;
    assert_eq!(sent.len(), 2, "{sent:#?}");
    assert_eq!(sent[1].subject.as_deref(), Some("[Acme] Trouble: Investigating"));
    let body = &sent[1].body;
    assert!(
        body.contains("We look into it.") && body.contains("Affected: API (Partial outage)"),
        "{body}"
    );
    assert!(
        body.contains(&format!("{link}/unsubscribe")) && body.contains("/status/main/incidents/pst_"),
        "{body}"
    );

    let asked = public.world.public(&format!("{link}/unsubscribe")).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert_eq!(
        public.state("ada@example.com").await.as_deref(),
        Some("active"),
        "looking ends nothing"
    );
    for told in ["You are unsubscribed", "You are not subscribed"] {
        let ended = public
            .form(&format!("{link}/unsubscribe"), &[("List-Unsubscribe", "One-Click")])
            .await;
        assert_eq!(ended.status, StatusCode::OK, "mail programs ask again");
        assert!(text(&ended).contains(told));
    }
    assert_eq!(public.state("ada@example.com").await, None);
    public.tell("After", &[]).await;
    assert_eq!(public.to("ada@example.com").await.len(), 2);
    // Nothing of the address is in any row: not in clear, and not as a hash that anybody could make.
    let hash = shared::secret::sha256_hex("ada@example.com");
    for row in public.world.written().await {
        assert!(!row.contains("ada@example.com") && !row.contains(&hash), "{row}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_of_chosen_components() {
    let mut public = Public::new().await;
    let (api, shop) = (public.api.clone(), public.shop.clone());
    let link = public.subscribed("ada@example.com").await;
    let chosen = public.form(&link, &[("component_ids", &shop)]).await;
    assert_eq!(chosen.status, StatusCode::SEE_OTHER, "{chosen:?}");
    public.tell("Of the API", &[&api]).await;
    assert_eq!(public.to("ada@example.com").await.len(), 1);
    public.tell("Of the shop", &[&shop]).await;
    public.tell("Of all", &[]).await;
    let sent = public.to("ada@example.com").await;
    let subjects: Vec<_> = sent[1..].iter().filter_map(|one| one.subject.as_deref()).collect();
    assert_eq!(
        subjects,
        ["[Acme] Of the shop: Investigating", "[Acme] Of all: Investigating"]
    );
    let other = public
        .world
        .made("/api/v1/pages", json!({"name": "Other", "slug": "other"}))
        .await;
    let theirs = public
        .world
        .made("/api/v1/components", json!({"page_id": other, "name": "X"}))
        .await;
    let refused = public.form(&link, &[("component_ids", &theirs)]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "another page's component");
}

#[tokio::test(start_paused = true)]
async fn by_text_message_with_a_code_of_fifteen_minutes_and_five_guesses() {
    let mut public = Public::new().await;
    let phone = "+4930123456";
    let asked = public.ask("sms", "0049 30 123456").await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    assert!(text(&asked).contains("one-time-code"), "{asked:?}");
    let code_of = |message: &OutboxMessage| message.body[..6].to_owned();
    let first = code_of(&public.to(phone).await[0]);
    let path = format!("{FORM}/confirm");
    let typed = async |public: &Public, code: &str| public.form(&path, &[("address", phone), ("code", code)]).await;
    let wrong = if first == "000000" { "000001" } else { "000000" };
    assert_eq!(typed(&public, wrong).await.status, StatusCode::BAD_REQUEST);
    public.world.pass(SignedDuration::from_mins(16));
    assert_eq!(
        typed(&public, &first).await.status,
        StatusCode::BAD_REQUEST,
        "its time is over"
    );
    public.ask("sms", phone).await;
    let second = code_of(&public.to(phone).await[1]);
    assert_ne!(first, second);
    assert_eq!(
        typed(&public, &first).await.status,
        StatusCode::BAD_REQUEST,
        "the code before"
    );
    let right = typed(&public, &format!(" {} {} ", &second[..3], &second[3..])).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{right:?}");
    let manage = public.world.public(right.headers["location"].to_str().unwrap()).await;
    assert!(text(&manage).contains(phone), "{manage:?}");
    public.tell("Trouble", &[]).await;
    let sent = public.to(phone).await;
    assert_eq!(sent.len(), 3);
    assert!(
        sent[2].body.starts_with("[Acme] Trouble: Investigating\nhttp"),
        "{}",
        sent[2].body
    );
    // Whoever reads it there has a way out there.
    let (_, way_out) = sent[2].body.rsplit_once("\nUnsubscribe: ").unwrap();
    let link = way_out.strip_prefix("http://nightbell.test").unwrap();
    public.form(link, &[]).await;
    public.tell("More", &[]).await;
    assert_eq!(public.to(phone).await.len(), 3);
    // Guessing ends soon, right or wrong, and says the same where nobody asked.
    for address in [phone, "+4930999999"] {
        let mut last = StatusCode::OK;
        for _ in 0..6 {
            last = public
                .form(&path, &[("address", address), ("code", "123456")])
                .await
                .status;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "{address}");
    }
}

#[derive(Clone, Default)]
struct Receiver {
    heard: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answer: Arc<Mutex<u16>>,
}

impl Receiver {
    async fn listen(&self) -> String {
        *self.answer.lock().unwrap() = 200;
        let app = Router::new().route("/hook", post(Self::hear)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    async fn hear(State(receiver): State<Self>, headers: HeaderMap, body: String) -> StatusCode {
        receiver.heard.lock().unwrap().push((headers, body));
        StatusCode::from_u16(*receiver.answer.lock().unwrap()).unwrap()
    }

    fn heard(&self) -> Vec<(HeaderMap, Value)> {
        let heard = self.heard.lock().unwrap();
        heard
            .iter()
            .map(|(headers, body)| (headers.clone(), serde_json::from_str(body).unwrap()))
            .collect()
    }
}

#[tokio::test]
async fn webhooks_are_confirmed_signed_and_shaped_as_statuspages() {
    let mut public = Public::new().await;
    let receiver = Receiver::default();
    let url = receiver.listen().await;
    assert_eq!(public.ask("webhook", &url).await.status, StatusCode::ACCEPTED);
    let (_, asked) = receiver.heard().remove(0);
    let confirm = asked["meta"]["confirm"].as_str().unwrap();
    let link = confirm.strip_prefix("http://nightbell.test").unwrap().to_owned();
    assert_eq!(asked["incident"], Value::Null);
    public.form(&format!("{link}/confirm"), &[]).await;
    let shown = public.world.public(&link).await;
    assert!(!text(&shown).contains(&url), "a URL may be a secret");
    let secret = text(&shown)
        .split("<code>")
        .nth(1)
        .unwrap()
        .split("</code>")
        .next()
        .unwrap();

    let api = public.api.clone();
    let post = public.tell("Trouble", &[&api]).await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 2, "{heard:#?}");
    let (headers, body) = &heard[1];
    assert_eq!(body["page"]["id"], public.page);
    assert_eq!(body["page"]["status_indicator"], "major");
    assert_eq!(body["page"]["status_description"], "Partial System Outage");
    let incident = &body["incident"];
    assert_eq!(
        (&incident["id"], &incident["status"]),
        (&json!(post), &json!("investigating"))
    );
    assert_eq!(incident["incident_updates"][0]["body"], "We look into it.");
    assert_eq!(incident["incident_updates"][0]["deliver_notifications"], true);
    for name in [
        "backfilled",
        "impact_override",
        "postmortem_body",
        "postmortem_published_at",
        "scheduled_for",
    ] {
        assert!(incident.get(name).is_some(), "{name}");
    }
    assert!(body["meta"]["unsubscribe"].as_str().unwrap().ends_with("/unsubscribe"));
    let raw = receiver.heard.lock().unwrap()[1].1.clone();
    let at: i64 = headers["x-nightbell-timestamp"].to_str().unwrap().parse().unwrap();
    assert_eq!(
        headers["x-nightbell-signature"].to_str().unwrap(),
        signature(secret.as_bytes(), at, raw.as_bytes())
    );

    let learned = json!({"status": "postmortem", "body": "## Causes\n\nLogs.", "components": []});
    let path = format!("/api/v1/posts/{post}/updates");
    let said = public.world.api(Method::POST, &path, Some(learned)).await;
    assert_eq!(said.status, StatusCode::OK, "{said:?}");
    public.world.live(SignedDuration::from_secs(30)).await;
    let (_, body) = receiver.heard().remove(2);
    assert_eq!(body["incident"]["postmortem_body"], "## Causes\n\nLogs.");
    let published_at = &body["incident"]["incident_updates"][0]["display_at"];
    assert_eq!(body["incident"]["postmortem_published_at"], *published_at);

    // One that answers no is told no more after five messages in a row; saying yes again begins again.
    *receiver.answer.lock().unwrap() = 404;
    for n in 0..7 {
        public.tell(&format!("No {n}"), &[]).await;
    }
    assert_eq!(receiver.heard().len(), 3 + 5);
    assert_eq!(public.state(&url).await.as_deref(), Some("stopped"));
    assert!(text(&public.world.public(&link).await).contains("Begin again"));
    *receiver.answer.lock().unwrap() = 200;
    public.form(&format!("{link}/confirm"), &[]).await;
    public.tell("Again", &[]).await;
    assert_eq!(receiver.heard().len(), 3 + 5 + 1);
}

#[tokio::test]
async fn slack_is_told_in_its_own_words() {
    let mut public = Public::named("A<b>&C").await;
    let receiver = Receiver::default();
    let url = receiver.listen().await;
    assert_eq!(public.ask("slack", &url).await.status, StatusCode::ACCEPTED);
    let (headers, asked) = receiver.heard().remove(0);
    assert!(!headers.contains_key("x-nightbell-signature"));
    let asked = asked["text"].as_str().unwrap();
    assert!(asked.contains("A&lt;b&gt;&amp;C"), "{asked}");
    let start = asked.find("/status/main/subscribers/").unwrap();
    let link = asked[start..].split_whitespace().next().unwrap().to_owned();
    public.form(&format!("{link}/confirm"), &[]).await;
    public.tell("<!channel> @here", &[]).await;
    let told = receiver.heard()[1].1.clone();
    let head = told["blocks"][0]["text"]["text"].as_str().unwrap();
    assert!(head.contains("|&lt;!channel&gt; @here>"), "{head}");
    assert!(!told.to_string().contains("<!channel>"));
}

#[tokio::test(start_paused = true)]
async fn addresses_that_are_none_or_lead_inward_are_refused() {
    let public = Public::new().await;
    for (channel, address) in [
        ("email", "ada"),
        ("email", "ada@example.com\r\nbcc: all@example.com"),
        ("email", "ada@example.com, eve@example.com"),
        ("sms", "12345"),
        ("webhook", "http://169.254.169.254/latest/meta-data/"),
        ("webhook", "http://10.0.0.1/"),
        ("webhook", "http://[fd00::1]/"),
        ("webhook", "http://metadata.google.internal/"),
        ("webhook", "https://u:p@example.com/"),
        ("webhook", "file:///etc/passwd"),
        ("slack", "https://example.com/services/T0/B0/x"),
        ("pigeon", "x"),
    ] {
        let answer = public.form(FORM, &[("channel", channel), ("address", address)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{channel} {address}");
        assert!(text(&answer).contains("role=\"alert\""), "{answer:?}");
        if channel != "pigeon" {
            let body = json!({"channel": channel, "address": address}).to_string();
            let answer = public.world.post(FORM, body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
            assert_eq!(answer.body["errors"][0]["field"], "address", "{answer:?}");
        }
    }
    let unknown = public
        .world
        .post(FORM, r#"{"channel":"email","address":"a@example.com","role":"owner"}"#)
        .await;
    assert_eq!(unknown.body["errors"][0]["field"], "role", "{unknown:?}");
    for (content_type, body, status) in [
        ("application/xml", "<a/>".to_owned(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (
            "application/json",
            format!("{{\"address\": \"{}\"}}", "x".repeat(20_000)),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (
            "application/x-www-form-urlencoded",
            format!("address={}", "x".repeat(20_000)),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
    ] {
        let request = Request::post(FORM)
            .header("content-type", content_type)
            .body(body.into());
        let answer = public.world.ask(request.unwrap()).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{answer:?}");
    }
    let script = "\"><script>alert(1)</script>";
    let answer = public.form(FORM, &[("channel", "email"), ("address", script)]).await;
    assert!(!text(&answer).contains("<script>"), "{answer:?}");
    assert_eq!(
        public.form("/status/nowhere/subscribers", &[]).await.status,
        StatusCode::NOT_FOUND
    );
    assert!(outbox(&public.world).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn asking_tells_nobody_who_is_there() {
    let mut public = Public::new().await;
    public.subscribed("there@example.com").await;
    public.ask("email", "asked@example.com").await;
    let mut seen = Vec::new();
    for address in ["there@example.com", "asked@example.com", "nobody@example.com"] {
        for as_json in [false, true] {
            public.world.pass(SignedDuration::from_mins(60));
            public.world.wire.take_tally();
            let mut answer = if as_json {
                let body = json!({"channel": "email", "address": address}).to_string();
                public.world.post(FORM, body).await
            } else {
                public.form(FORM, &[("channel", "email"), ("address", address)]).await
            };
            let tally = public.world.wire.take_tally();
            public.world.drain().await;
            answer.headers.remove("date");
            seen.push((as_json, answer, tally.requests, tally.round_trips, tally.writes));
        }
        // Everybody is sent a message, whatever it says.
        let sent = public.to(address).await.len();
        assert!(sent >= 2, "{address}: {sent}");
    }
    for as_json in [false, true] {
        let of: Vec<_> = seen.iter().filter(|one| one.0 == as_json).collect();
        assert_eq!(of[0], of[1]);
        assert_eq!(of[0], of[2]);
    }
    let told = public.to("there@example.com").await.pop().unwrap();
    assert_eq!(told.subject.as_deref(), Some("Your subscription to Acme"));
    // Asking by a stranger changed nothing.
    assert_eq!(public.state("there@example.com").await.as_deref(), Some("active"));
}

#[tokio::test(start_paused = true)]
async fn nobodys_mailbox_is_filled_through_us() {
    let mut public = Public::new().await;
    for n in 0..10 {
        assert_eq!(
            public.ask("email", "ada@example.com").await.status,
            StatusCode::ACCEPTED,
            "{n}"
        );
        public.world.pass(SignedDuration::from_secs(5));
    }
    assert_eq!(public.to("ada@example.com").await.len(), 3);
    let mut refused = None;
    for n in 0..60 {
        let answer = public.ask("email", &format!("a{n}@example.com")).await;
        if answer.status != StatusCode::ACCEPTED {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("from one place, so many at once");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key("retry-after"));
}

#[tokio::test(start_paused = true)]
async fn forged_expired_replayed_and_other_pages_links_do_nothing() {
    let mut public = Public::new().await;
    let world = &public.world;
    world
        .made("/api/v1/pages", json!({"name": "Other", "slug": "other"}))
        .await;
    let link = public.subscribed("ada@example.com").await;
    let code = link.rsplit('/').next().unwrap().to_owned();
    let last = if code.ends_with('a') { "b" } else { "a" };
    let forged = format!("{FORM}/{}{last}", &code[..code.len() - 1]);
    for wrong in [
        forged.as_str(),
        "/status/main/subscribers/nbu_x",
        "/status/main/subscribers/%00",
        "/status/main/subscribers/%ff",
    ] {
        for path in [wrong.to_owned(), format!("{wrong}/unsubscribe")] {
            assert_eq!(public.world.public(&path).await.status, StatusCode::NOT_FOUND, "{path}");
            let posted = public.form(&path, &[]).await;
            assert_eq!(posted.status, StatusCode::NOT_FOUND, "{path}: {posted:?}");
        }
    }
    let other = public
        .form(&format!("/status/other/subscribers/{code}/unsubscribe"), &[])
        .await;
    assert_eq!(other.status, StatusCode::OK, "nothing is subscribed there");
    assert_eq!(public.state("ada@example.com").await.as_deref(), Some("active"));

    // A subscription that ended and began again has another link.
    public.form(&format!("{link}/unsubscribe"), &[]).await;
    public.world.pass(SignedDuration::from_hours(1));
    let next = public.subscribed("ada@example.com").await;
    assert_ne!(next, link);
    assert_eq!(
        public.form(&format!("{link}/unsubscribe"), &[]).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(public.state("ada@example.com").await.as_deref(), Some("active"));

    // Who does not confirm in two days is forgotten, with the address.
    public.world.pass(SignedDuration::from_hours(1));
    public.ask("email", "late@example.com").await;
    let late = public.link("late@example.com").await;
    public.world.pass(SignedDuration::from_hours(48));
    let confirmed = public.form(&format!("{late}/confirm"), &[]).await;
    assert!(text(&confirmed).contains("You are not subscribed"), "{confirmed:?}");
    assert_eq!(public.state("late@example.com").await, None);
    // Guessing links ends soon.
    let mut statuses = Vec::new();
    for _ in 0..80 {
        statuses.push(public.world.public(&forged).await.status);
    }
    assert_eq!(statuses.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
}

#[tokio::test(start_paused = true)]
async fn what_is_told_once_is_not_told_again_and_what_is_over_is_not_told() {
    let mut public = Public::new().await;
    public.subscribed("ada@example.com").await;
    let post = public.tell("Trouble", &[]).await;
    let updates = format!("/api/v1/posts/{post}/updates");
    let update = |status: &str, told: bool| json!({"status": status, "body": status, "deliver_notifications": told});
    let subjects = async |public: &Public| -> Vec<String> {
        let sent = public.to("ada@example.com").await;
        sent[1..].iter().filter_map(|one| one.subject.clone()).collect()
    };
    // Quietly; then two in one breath, of which the last is told, with the others in it.
    public
        .world
        .api(Method::POST, &updates, Some(update("identified", false)))
        .await;
    public.world.live(SignedDuration::from_secs(60)).await;
    assert_eq!(subjects(&public).await, ["[Acme] Trouble: Investigating"]);
    public
        .world
        .api(Method::POST, &updates, Some(update("monitoring", true)))
        .await;
    public.world.pass(SignedDuration::from_secs(2));
    public
        .world
        .api(Method::POST, &updates, Some(update("resolved", true)))
        .await;
    public.world.live(SignedDuration::from_mins(3)).await;
    assert_eq!(subjects(&public).await.len(), 2, "{:?}", subjects(&public).await);
    let last = public.to("ada@example.com").await.pop().unwrap();
    assert_eq!(last.subject.as_deref(), Some("[Acme] Trouble: Resolved"));
    assert!(
        last.body.contains("Before that:") && last.body.contains("Monitoring"),
        "{}",
        last.body
    );

    // One that is taken back before it was told is not told; one that was told is taken back.
    let wrong = json!({"page_id": public.page, "title": "Wrong", "body": "x"});
    let wrong = public.world.made("/api/v1/posts", wrong).await;
    public
        .world
        .api(
            Method::POST,
            &format!("/api/v1/posts/{post}/withdraw"),
            Some(json!({"reason": "A test."})),
        )
        .await;
    let deleted = public
        .world
        .api(Method::GET, &format!("/api/v1/posts/{wrong}"), None)
        .await;
    let request = Request::delete(format!("/api/v1/posts/{wrong}"))
        .header("authorization", format!("Bearer {}", public.world.cast.token))
        .header("if-match", deleted.headers["etag"].clone())
        .body(axum::body::Body::empty());
    assert_eq!(public.world.ask(request.unwrap()).await.status, StatusCode::NO_CONTENT);
    public.world.live(SignedDuration::from_mins(2)).await;
    let last = public.to("ada@example.com").await.pop().unwrap();
    assert_eq!(last.subject.as_deref(), Some("[Acme] Withdrawn: Trouble"));
    assert!(last.body.contains("A test."), "{}", last.body);
    assert_eq!(subjects(&public).await.len(), 3);
    // What is told afterwards of something that is over is not news.
    let old = json!({"page_id": public.page, "title": "Long ago", "body": "x", "status": "resolved",
        "started_at": "2026-02-01T00:00:00Z", "resolved_at": "2026-02-01T01:00:00Z"});
    public.world.made("/api/v1/posts", old).await;
    public.world.live(SignedDuration::from_mins(2)).await;
    assert_eq!(subjects(&public).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_maintenance_is_announced_reminded_of_and_told_as_it_goes() {
    let mut public = Public::new().await;
    public.subscribed("ada@example.com").await;
    let at = |minutes: i64| (public.world.now() + SignedDuration::from_mins(minutes)).to_string();
    let body = json!({"page_id": public.page, "title": "Disks", "body": "We change disks.",
        "starts_at": at(180), "ends_at": at(240), "component_ids": [public.shop]});
    let moved = json!({"starts_at": at(200), "ends_at": at(260)});
    let id = public.world.made("/api/v1/maintenances", body).await;
    public.world.live(SignedDuration::from_mins(10)).await;
    let path = format!("/api/v1/maintenances/{id}");
    let changed = public.world.api(Method::PATCH, &path, Some(moved)).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    let count = async |public: &Public| public.to("ada@example.com").await.len() - 1;
    public.world.live(SignedDuration::from_mins(125)).await;
    assert_eq!(count(&public).await, 1, "the reminder moved with it");
    public.world.live(SignedDuration::from_mins(10)).await;
    let sent = public.to("ada@example.com").await;
    assert_eq!(sent.last().unwrap().subject.as_deref(), Some("[Acme] Reminder: Disks"));
    assert!(
        sent[1]
            .body
            .contains("From 1 Mar 2026, 05:00 UTC until 1 Mar 2026, 06:00 UTC"),
        "{}",
        sent[1].body
    );
    public.world.live(SignedDuration::from_mins(130)).await;
    let subjects: Vec<_> = public.to("ada@example.com").await[1..]
        .iter()
        .filter_map(|one| one.subject.clone())
        .collect();
    assert_eq!(
        subjects,
        [
            "[Acme] Disks: Scheduled",
            "[Acme] Reminder: Disks",
            "[Acme] Disks: In progress",
            "[Acme] Disks: Completed"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_reminder_comes_when_it_is_asked_for_or_not_at_all() {
    let mut public = Public::new().await;
    public.subscribed("ada@example.com").await;
    let at = |minutes: i64| (public.world.now() + SignedDuration::from_mins(minutes)).to_string();
    for (title, before) in [("Soon", 15), ("Unasked", 0)] {
        let body = json!({"page_id": public.page, "title": title, "body": "We change disks.", "starts_at": at(120),
            "ends_at": at(180), "remind_minutes_before": before});
        public.world.made("/api/v1/maintenances", body).await;
    }
    let reminders = async |public: &Public| {
        let sent = public.to("ada@example.com").await.into_iter();
        let subjects = sent.filter_map(|one| one.subject);
        subjects
            .filter(|subject| subject.contains("Reminder"))
            .collect::<Vec<_>>()
    };
    public.world.live(SignedDuration::from_mins(104)).await;
    assert_eq!(reminders(&public).await, [""; 0], "not before its time");
    public.world.live(SignedDuration::from_mins(3)).await;
    assert_eq!(reminders(&public).await, ["[Acme] Reminder: Soon"]);
    public.world.live(SignedDuration::from_mins(90)).await;
    assert_eq!(reminders(&public).await, ["[Acme] Reminder: Soon"]);
}

#[tokio::test(start_paused = true)]
async fn what_nightbell_publishes_by_itself_is_told_too_in_the_pages_language() {
    let mut public = Public::new().await;
    let page = format!("/api/v1/pages/{}", public.page);
    let german = public
        .world
        .api(Method::PATCH, &page, Some(json!({"locale": "de"})))
        .await;
    assert_eq!(german.status, StatusCode::OK, "{german:?}");
    public.subscribed("ada@example.com").await;
    assert_eq!(
        public.to("ada@example.com").await[0].subject.as_deref(),
        Some("Bitte bestätigen: Neues von Acme")
    );
    let service = format!("/api/v1/services/{}", public.world.cast.service);
    let change =
        json!({"components": [{"component_id": public.api}], "publication": {"mode": "auto", "settle_seconds": 0}});
    assert_eq!(
        public.world.api(Method::PATCH, &service, Some(change)).await.status,
        StatusCode::OK
    );
    public.world.trigger("db").await;
    public.world.live(SignedDuration::from_secs(20)).await;
    let sent = public.to("ada@example.com").await;
    assert_eq!(sent.len(), 2, "within seconds, without a sweep: {sent:#?}");
    assert_eq!(sent[1].subject.as_deref(), Some("[Acme] Störung: API: In Untersuchung"));
    assert!(sent[1].body.contains("Abbestellen: http"), "{}", sent[1].body);
    assert!(
        !sent[1].body.contains("disk full"),
        "nothing internal: {}",
        sent[1].body
    );
}

#[tokio::test(start_paused = true)]
async fn those_who_look_after_a_page_list_add_remove_and_export() {
    let mut public = Public::new().await;
    public.subscribed("ada@example.com").await;
    let path = format!("/api/v1/pages/{}/subscribers", public.page);
    let body =
        json!({"channel": "email", "address": "=Cmd@example.com", "confirmed": true, "component_ids": [public.api]});
    let added = public.world.api(Method::POST, &path, Some(body)).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    assert_eq!(
        (&added.body["state"], &added.body["address"]),
        (&json!("active"), &json!("=cmd@example.com"))
    );
    let asked = json!({"channel": "sms", "address": "+4930123456"});
    assert_eq!(
        public.world.api(Method::POST, &path, Some(asked)).await.body["state"],
        "pending"
    );
    public.world.drain().await;
    assert_eq!(public.to("+4930123456").await.len(), 1);
    for bad in [
        json!({"channel": "email", "address": "x"}),
        json!({"channel": "email", "address": "a@example.com", "component_ids": ["cmp_01arz3ndektsv4rrffq69g5fav"]}),
    ] {
        assert_eq!(
            public.world.api(Method::POST, &path, Some(bad)).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    // Page by page, each once.
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let listed = public
            .world
            .api(Method::GET, &format!("{path}?limit=1{after}"), None)
            .await;
        assert_eq!(listed.status, StatusCode::OK, "{listed:?}");
        ids.extend(
            listed.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["id"].clone()),
        );
        let Some(next) = listed.body["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(ids.len(), 3);
    let counts = public
        .world
        .api(
            Method::GET,
            &format!("/api/v1/pages/{}/subscriber-counts", public.page),
            None,
        )
        .await;
    assert_eq!(counts.body["active"], 2);
    assert_eq!(counts.body["pending"], 1);
    let csv = public
        .world
        .api(
            Method::GET,
            &format!("/api/v1/pages/{}/subscribers.csv", public.page),
            None,
        )
        .await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(text(&csv).lines().count(), 4, "{csv:?}");
    assert!(text(&csv).contains(",\"'=cmd@example.com\",active,"), "{csv:?}");
    let bad = public.world.api(Method::GET, &format!("{path}?after=x"), None).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);

    let removed = format!("{path}/{}", added.body["id"].as_str().unwrap());
    assert_eq!(
        public.world.api(Method::DELETE, &removed, None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        public.world.api(Method::DELETE, &removed, None).await.status,
        StatusCode::NOT_FOUND
    );
    public.tell("Trouble", &[]).await;
    assert!(public.to("=cmd@example.com").await.is_empty());
    let request = Request::get(&path).body(axum::body::Body::empty()).unwrap();
    assert_eq!(public.world.ask(request).await.status, StatusCode::UNAUTHORIZED);
}

/// Everybody is told of one post, whatever breaks; the queue of whoever died is empty. Answers how many requests broke.
async fn a_telling(public: &mut Public, post: Value) -> u32 {
    let mut broken = 0;
    for _ in 0..5 {
        let answer = public
            .world
            .api(Method::POST, "/api/v1/posts", Some(post.clone()))
            .await;
        if answer.status == StatusCode::CREATED {
            break;
        }
        broken += revive(public);
        // Whoever wrote it looks whether it is there before they write it again.
        let listed = public.world.api(Method::GET, "/api/v1/posts", None).await;
        if !listed.body["items"].as_array().unwrap().is_empty() {
            break;
        }
    }
    for _ in 0..6 {
        // By the queue for half a minute, then by the sweep.
        for _ in 0..3 {
            public.world.drain().await;
            broken += revive(public);
            public.world.pass(SignedDuration::from_secs(20));
        }
        let _outcome = public.world.sweep_notices().await;
        public.world.drain().await;
        broken += revive(public);
    }
    broken
}

fn revive(public: &Public) -> u32 {
    if !public.world.wire.has_broken() {
        return 0;
    }
    public.world.notice_queue.clear();
    public.world.publication_queue.clear();
    public.world.wire.revive()
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_write_of_a_fan_out_leaves_nobody_out_and_tells_nobody_twice_but_who_was_under_way() {
    const READERS: usize = 35;
    /// Messages of one batch are under way together.
    const UNDER_WAY_MAX: usize = 10;
    for (how, exactly_once) in [
        (Break::ReplyLost, true),
        (Break::Lost, true),
        (Break::Throttle, true),
        (Break::DiesBefore, false),
        (Break::DiesAfter, false),
    ] {
        // Every write of the beginning, and some of the long run of equal ones.
        for n in (1..18).chain([25, 40, 55, 70]) {
            let mut public = Public::new().await;
            public.many(READERS).await;
            public.world.drain().await;
            public.world.wire.breaks(Moment::Write(n), how);
            let post = json!({"page_id": public.page, "title": "Trouble", "body": "x"});
            let broken = a_telling(&mut public, post).await;
            assert!(broken > 0, "{how:?} at write {n} broke nothing");
            let mut told: BTreeMap<String, usize> = BTreeMap::new();
            for message in outbox(&public.world).await {
                *told.entry(message.to).or_default() += 1;
            }
            assert_eq!(told.len(), READERS, "{how:?} at write {n}: everybody is told");
            let again: usize = told.values().map(|times| times - 1).sum();
            let allowed = if exactly_once { 0 } else { UNDER_WAY_MAX };
            assert!(again <= allowed, "{how:?} at write {n}: {again} were told twice");
            let now = public.world.now();
            assert!(public.world.ctx.store.due::<NoticeKey>(now).await.unwrap().is_empty());
            assert!(public.world.ctx.store.due::<BulletinDue>(now).await.unwrap().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_any_queue_the_sweep_tells_everybody_and_three_times_is_once() {
    let public = Public::new().await;
    public.many(60).await;
    let post = json!({"page_id": public.page, "title": "Trouble", "body": "x"});
    public.world.made("/api/v1/posts", post).await;
    for _ in 0..4 {
        public.world.notice_queue.clear();
        public.world.pass(SignedDuration::from_mins(1));
        for _ in 0..3 {
            public.world.sweep_notices().await.unwrap();
        }
    }
    assert_eq!(outbox(&public.world).await.len(), 60);
    let post = json!({"page_id": public.page, "title": "More", "body": "x"});
    public.world.made("/api/v1/posts", post).await;
    for _ in 0..20 {
        public.world.pass(SignedDuration::from_secs(1));
        public.world.drain_queue(Which::Notice, 3).await;
    }
    assert_eq!(outbox(&public.world).await.len(), 120);
}

/// The clock of the machine: what is measured here is work, not waiting.
fn timed() -> Instant {
    Instant::now()
}

/// How long it takes from an alert to the first text message, by the machine's clock.
async fn first_page(world: &mut World, key: &str) -> std::time::Duration {
    let began = timed();
    world.trigger(key).await;
    world.drain_stream(1).await;
    world.drain_queue(Which::Escalation, 1).await;
    world.drain_queue(Which::Notification, 1).await;
    let took = began.elapsed();
    let all = world.ctx.store.outbox(&PageRequest::first()).await.unwrap().items;
    assert!(
        all.iter()
            .any(|message| message.incident_id.is_some() && message.to == "+15550100")
    );
    took
}

#[tokio::test]
async fn thousands_of_subscribers_delay_no_page() {
    // As many as somebody asks for: 10,000 take a minute and a half of a slow machine.
    let readers = std::env::var("NIGHTBELL_TEST_READERS")
        .ok()
        .and_then(|n| n.parse().ok());
    let readers: usize = readers.unwrap_or(2_000);
    let mut public = Public::new().await;
    public.many(readers).await;
    public.world.drain().await;
    let alone = first_page(&mut public.world, "alone").await;
    let post = json!({"page_id": public.page, "title": "Trouble", "body": "x"});
    public.world.made("/api/v1/posts", post).await;
    public.world.pass(SignedDuration::from_secs(11));
    // Some seconds of the fan-out: notices are written at their pace, and sent, while there is an alert.
    for _ in 0..3 {
        public.world.drain_queue(Which::Notice, 1).await;
        public.world.pass(SignedDuration::from_secs(1));
    }
    let told = public.to("reader0@example.com").await.len();
    let waiting = public.world.notice_queue.next_due().is_some();
    assert!(waiting, "the fan-out goes on: {told}");
    // The functions' own filters let nothing of it through: on AWS, and in the local home.
    public.world.drain_stream(1).await;
    public.world.wire.take_tally();
    let beside = first_page(&mut public.world, "beside").await;
    let tally = public.world.wire.take_tally();
    println!("first page alone {alone:?}, beside {readers} notices {beside:?}, {tally:?}");
    // What the page costs does not know of the notices: no due list, queue or index of theirs is read.
    assert!(tally.requests < 60, "{tally:?}");
    let began = timed();
    let mut seconds = 0;
    while public.world.notice_queue.next_due().is_some() {
        public.world.drain_queue(Which::Notice, 1).await;
        public.world.pass(SignedDuration::from_secs(1));
        seconds += 1;
        assert!(seconds < 120, "10,000 notices take a minute");
    }
    let sent = outbox(&public.world).await;
    let told = sent.iter().filter(|message| message.incident_id.is_none()).count();
    println!(
        "{told} told in {} s of the clock, {:?} of the machine",
        seconds + 3,
        began.elapsed()
    );
    assert_eq!(told, readers);
}
