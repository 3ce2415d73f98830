//! One deployment, by hand.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use nightbell_local::engine::objects::{self, Created, CreatedEvents, Objects};
use nightbell_local::engine::{self, Start, StreamReader};
use nightbell_local::{front, pumps, triggers};
use serde_json::{Value, json};
use shared::channel::{Gateway, Gateways, Inward, WebhookSender};
use shared::clock::{Clock, ManualClock};
use shared::config::{Config, Need};
use shared::ctx::{Ctx, KeptSecret, Parts};
use shared::domain::actor::Actor;
use shared::domain::avatar::INCOMING;
use shared::domain::id::{IncidentId, PageId, PostId, UpdateId};
use shared::domain::incident::Incident;
use shared::object::{self, Bucket};
use shared::oidc::Oidc;
use shared::queue::{MemoryQueue, Queue, Queues};
use shared::runtime::Swept;
use shared::secret::{MasterKey, Random};
use shared::store::{OutboxMessage, PageRequest, PublicWrite, Store, UploadKey, create_table};
use tower::ServiceExt;
use ulid::Ulid;
use url::Url;

use crate::people::Cast;
use crate::wire::Wire;

/// When stories begin.
pub const DAWN: &str = "2026-03-01T02:00:00Z";
/// The code that makes the first owner.
pub const SETUP_CODE: &str = "correct-horse-battery-staple";
/// Where people reach it.
pub const BASE: &str = "http://nightbell.test";
const TABLE: &str = "nightbell-test";

/// A deployment whose clock, network and pumps are in the hands of a test.
pub struct World {
    /// A way in that no role holds back.
    pub ctx: Ctx,
    /// The time.
    pub clock: ManualClock,
    /// The way to the table.
    pub wire: Wire,
    /// Who is there.
    pub cast: Cast,
    /// The engine beneath.
    pub table: engine::Table,
    /// The buckets.
    pub objects: Objects,
    /// Hints to `escalation`.
    pub escalation_queue: MemoryQueue,
    /// Hints to `notification`.
    pub notification_queue: MemoryQueue,
    /// Hints to `status-publish`.
    pub publication_queue: MemoryQueue,
    /// Hints to `subscriber-notice`.
    pub notice_queue: MemoryQueue,
    contexts: HashMap<&'static str, Ctx>,
    stream: StreamReader,
    uploads: CreatedEvents,
    public_stream: StreamReader,
    front: Router,
}

/// One of the queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// `escalation`'s.
    Escalation,
    /// `notification`'s.
    Notification,
    /// `status-publish`'s.
    Publication,
    /// `subscriber-notice`'s.
    Notice,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body as JSON, or as a JSON string where it is none.
    pub body: Value,
}

#[derive(Debug)]
struct EngineClock(ManualClock);

impl engine::Clock for EngineClock {
    fn now_unix_secs(&self) -> u64 {
        self.0.now().as_second().max(0) as u64
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_millisecond() as f64 / 1000.0
    }
}

impl World {
    /// A fresh deployment at [`DAWN`].
    pub async fn new() -> Self {
        Self::with(None, true).await
    }

    /// The same, in which people may sign in by a provider.
    pub async fn with_provider(oidc: Oidc) -> Self {
        Self::with(Some(oidc), true).await
    }

    /// The same, which is not set up to send e-mail.
    pub async fn without_email() -> Self {
        Self::with(None, false).await
    }

    async fn with(oidc: Option<Oidc>, has_email: bool) -> Self {
        let clock = ManualClock::new(DAWN.parse().expect("a time"));
        let table = engine::Table::memory_with_clock(Arc::new(EngineClock(clock.clone()))).expect("an engine");
        create_table(&table.client(), TABLE).await.expect("a table");
        let wire = Wire::default();
        let (escalation_queue, notification_queue) = (MemoryQueue::default(), MemoryQueue::default());
        let (publication_queue, notice_queue) = (MemoryQueue::default(), MemoryQueue::default());
        let objects = Objects::memory("secret".into(), Clock::Manual(clock.clone()));
        let base: Url = BASE.parse().expect("a URL");
        let webhooks = WebhookSender::new(Inward::AllowLoopback).expect("a client");
        let random = Random::seeded(7);
        // One context a function, as on AWS each is a process of its own: the wire knows who asks, and nobody has what
        // it does not say it needs.
        let context = |client: SharedHttpClient, needs: Option<&[Need]>| -> Ctx {
            let has = |need| needs.is_none_or(|needs| needs.contains(&need));
            let queue = |need, queue: &MemoryQueue| match has(need) {
                true => Queue::Memory(queue.clone()),
                false => Queue::Absent,
            };
            let gateways = Gateways {
                sms: Some(Gateway::Outbox),
                voice: Some(Gateway::Outbox),
                email: has_email.then_some(Gateway::Outbox),
                webhook: Some(Gateway::Webhook(webhooks.clone())),
                topic: Some(Gateway::Outbox),
            };
            let bucket = |need, name| has(need).then(|| Bucket::new(objects.client(), name));
            Parts {
                objects: object::Objects {
                    uploads: bucket(Need::Uploads, objects::UPLOADS),
                    uploads_url: has(Need::UploadsUrl).then(|| front::uploads_url(&base)),
                    public: bucket(Need::PublicObjects, objects::PUBLIC),
                    identity: Some(objects.identity()),
                },
                config: Config {
                    public_url: base.clone(),
                    objects_url: base.clone(),
                    version: "test",
                    has_outbox: true,
                },
                store: Store::new(engine::client_over(client), TABLE, random.clone()),
                queues: Queues {
                    escalation: queue(Need::EscalationQueue, &escalation_queue),
                    notification: queue(Need::NotificationQueue, &notification_queue),
                    publication: queue(Need::PublicationQueue, &publication_queue),
                    notice: queue(Need::NoticeQueue, &notice_queue),
                },
                gateways: Some(gateways).filter(|_| has(Need::Gateways)).unwrap_or_default(),
                inward: Inward::AllowLoopback,
                clock: Clock::Manual(clock.clone()),
                random: random.clone(),
                master: has(Need::MasterKey).then(|| MasterKey::from_bytes([9; 32])),
                setup: has(Need::SetupCode).then(|| KeptSecret::Known(SETUP_CODE.into())),
                oidc: oidc.clone().filter(|_| has(Need::Oidc)),
            }
            .into()
        };
        let ctx = context(wire.over(table.http_client()), None);
        let all = triggers::functions();
        let contexts: HashMap<&'static str, Ctx> = all
            .iter()
            .map(|function| {
                let client = wire.over_as(function.name, table.http_client());
                (function.name, context(client, Some(function.needs)))
            })
            .collect();
        let stream = table.stream(TABLE, Start::TrimHorizon).expect("a stream");
        let kinds = public_kinds();
        let public_stream = table
            .stream(TABLE, Start::TrimHorizon)
            .expect("a stream")
            .only(move |record| {
                let kind = &record["dynamodb"]["NewImage"]["kind_"]["S"];
                record["eventName"] != "REMOVE" && kinds.contains(kind)
            });
        let cast = Cast::assemble(&ctx).await;
        let uploads = objects.created(objects::UPLOADS, INCOMING);
        let front = front::router(&all, |function| contexts[function.name].clone(), &objects, &base);
        let mut world = Self {
            ctx,
            clock,
            wire,
            cast,
            contexts,
            table,
            objects,
            escalation_queue,
            notification_queue,
            publication_queue,
            notice_queue,
            stream,
            uploads,
            public_stream,
            front,
        };
        world.drain().await;
        world.wire.take_tally();
        world
    }

    /// From now on every function that answers requests ends at once, as a broken build would. The others run when a test
    /// lets them.
    pub fn break_functions(&mut self) {
        let mut broken = triggers::functions();
        for function in &mut broken {
            if let triggers::Trigger::Http { router, .. } = &mut function.trigger {
                *router = || Router::new().fallback(async || -> StatusCode { panic!("a broken build") });
            }
        }
        let base = self.ctx.config.public_url.clone();
        let ctx = |function: &triggers::Function| self.contexts[function.name].clone();
        self.front = front::router(&broken, ctx, &self.objects, &base);
    }

    /// What this function is given.
    pub fn of(&self, function: &str) -> Ctx {
        self.contexts[function].clone()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Asks over HTTP, as anybody.
    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.front.clone().oneshot(request).await.expect("routers do not fail");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("bodies end").to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()),
        }
    }

    /// Posts a sender's JSON.
    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .body(body.into());
        self.ask(request.expect("a request")).await
    }

    /// Posts a generic event to the service's generic integration.
    pub async fn signal(&self, event: Value) -> Answer {
        self.post(&format!("/hooks/{}", self.cast.generic), event.to_string())
            .await
    }

    /// Triggers `dedup_key` and answers the incident.
    pub async fn trigger(&self, dedup_key: &str) -> IncidentId {
        let event = json!({ "summary": "disk full", "dedup_key": dedup_key, "severity": "critical" });
        let answer = self.signal(event).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        answer.body["incident_id"]
            .as_str()
            .expect("an incident")
            .parse()
            .expect("an id")
    }

    /// Asks the API with the owner's token.
    pub async fn api(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.api_as(&self.cast.token, method, path, body).await
    }

    /// Makes a thing by the API, and answers its id.
    pub async fn made(&self, path: &str, body: Value) -> String {
        let answer = self.api(Method::POST, path, Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.body["id"].as_str().expect("an id").to_owned()
    }

    /// So many posts that are over, each of half an hour in which this component was partly out, spread over the three years
    /// before the last forty days. Nobody is told, and nothing is published yet.
    pub async fn write_past_posts(&self, page: PageId, component: &str, total: u32) {
        for number in 0..total {
            let ago = SignedDuration::from_hours(24 * 40)
                + SignedDuration::from_hours(24 * 365 * 3) * number.cast_signed() / total.cast_signed();
            let began = self.now() - ago;
            let over = began + SignedDuration::from_mins(30);
            // Its month is that of its id.
            let id = Ulid::from_parts(
                began.as_millisecond().unsigned_abs(),
                page.0.random() ^ u128::from(number),
            );
            let update = json!({"id": UpdateId(id), "status": "resolved", "body": "It was so, and is no more.", "at": over,
                "created_at": over, "by": Actor::system(), "deliver_notifications": false,
                "components": [{"component_id": component, "old_status": "operational", "new_status": "partial_outage"}]});
            let post = json!({"id": PostId(id), "page_id": page, "title": "Then", "status": "resolved",
                "components": {(component): "partial_outage"},
                "updates": [update], "started_at": began, "resolved_at": over, "created_at": over, "updated_at": over});
            let post = serde_json::from_value(post).expect("a post");
            let write = vec![PublicWrite::Post(None, post)];
            self.ctx
                .store
                .write_public(write, self.now())
                .await
                .expect("it is written");
        }
    }

    /// Asks the API with this token.
    pub async fn api_as(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"));
        let request = match body {
            None => request.body(Body::empty()),
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string().into()),
        };
        self.ask(request.expect("a request")).await
    }

    /// The incident, as it is stored.
    pub async fn incident(&self, id: IncidentId) -> Incident {
        self.ctx
            .store
            .incident(id)
            .await
            .expect("the table answers")
            .expect("an incident")
            .value
    }

    /// Every message that went out, oldest first.
    pub async fn outbox(&self) -> Vec<OutboxMessage> {
        let mut page = self
            .ctx
            .store
            .outbox(&PageRequest::first())
            .await
            .expect("the table answers");
        assert!(page.next.is_none(), "more messages than a story should send");
        page.items.reverse();
        page.items
    }

    /// Every row that was ever written, as it was written: what somebody who reads the table could know. Not the
    /// messages of the outbox, which on AWS leave the house.
    pub async fn written(&self) -> Vec<String> {
        let mut stream = self.table.stream(TABLE, Start::TrimHorizon).expect("a stream");
        let mut rows = Vec::new();
        while let Some(event) = stream.try_next().await.expect("a stream") {
            let event = serde_json::to_value(&event).expect("JSON");
            for record in event["Records"].as_array().expect("records") {
                let row = &record["dynamodb"]["NewImage"];
                if row["kind_"]["S"] != "outbox" {
                    rows.push(row.to_string());
                }
            }
        }
        rows
    }

    /// Every row that is there, as JSON.
    ///
    /// # Panics
    /// When the stream cannot be read.
    pub async fn rows(&self) -> Vec<String> {
        let mut stream = self.table.stream(TABLE, Start::TrimHorizon).expect("a stream");
        let mut rows = BTreeMap::new();
        while let Some(event) = stream.try_next().await.expect("a stream") {
            let event = serde_json::to_value(&event).expect("JSON");
            for record in event["Records"].as_array().expect("records") {
                let key = record["dynamodb"]["Keys"].to_string();
                if record["eventName"] == "REMOVE" {
                    rows.remove(&key);
                } else {
                    rows.insert(key, record["dynamodb"]["NewImage"].to_string());
                }
            }
        }
        rows.into_values().collect()
    }

    /// Moves the clock, and nothing else.
    pub fn pass(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    /// Drains all work, moves the clock by minutes, sweeping at each, and drains all that follows.
    pub async fn live(&mut self, time: SignedDuration) {
        let end = self.now() + time;
        self.drain().await;
        while self.now() < end {
            let next_due = [
                self.escalation_queue.next_due(),
                self.notification_queue.next_due(),
                self.publication_queue.next_due(),
                self.notice_queue.next_due(),
            ];
            let step = SignedDuration::from_mins(1).min(self.now().duration_until(end));
            let tick = self.now() + step;
            let until = next_due
                .into_iter()
                .flatten()
                .filter(|due| *due > self.now())
                .fold(tick, Timestamp::min);
            self.clock.advance(self.now().duration_until(until));
            self.drain().await;
            if until == tick {
                for swept in self.sweep().await {
                    swept.expect("a sweep leaves nothing undone");
                }
                self.sweep_uploads().await.expect("a sweep leaves nothing undone");
                self.tick_pages().await.expect("every page is published");
                self.sweep_notices().await.expect("no notice is left");
                self.drain().await;
            }
        }
    }

    /// Delivers every table change and every message that is due, and what follows from them, until nothing is left.
    pub async fn drain(&mut self) {
        for _ in 0..1_000 {
            let worked = self.drain_uploads(1).await
                | self.drain_stream(1).await
                | self.drain_queue(Which::Escalation, 1).await
                | self.drain_queue(Which::Notification, 1).await
                | self.drain_public_stream().await
                | self.drain_queue(Which::Publication, 1).await
                | self.drain_queue(Which::Notice, 1).await;
            if !worked {
                return;
            }
        }
        panic!("work never ends");
    }

    /// Delivers every table change `times` over. A batch that fails is tried twice more, and then dropped.
    pub async fn drain_stream(&mut self, times: u32) -> bool {
        let mut worked = false;
        while let Some(event) = self.stream.try_next().await.expect("a stream") {
            worked = true;
            for _ in 0..times {
                for _ in 0..3 {
                    let event = through_json(&event);
                    if escalation::handle_stream(event, self.of("escalation-stream"))
                        .await
                        .is_ok()
                    {
                        break;
                    }
                }
            }
        }
        worked
    }

    /// Delivers every table change that pages may tell of to `status-publish`.
    pub async fn drain_public_stream(&mut self) -> bool {
        let mut worked = false;
        while let Some(event) = self.public_stream.try_next().await.expect("a stream") {
            worked = true;
            for _ in 0..3 {
                let event = through_json(&event);
                let ctx = self.of("status-publish-stream");
                if status_page::handle_stream(event, ctx).await.is_ok() {
                    break;
                }
            }
        }
        worked
    }

    /// Loses every table change that was not delivered yet.
    pub async fn lose_stream(&mut self) {
        while self.stream.try_next().await.expect("a stream").is_some() {}
        while self.public_stream.try_next().await.expect("a stream").is_some() {}
    }

    /// The minute's tick of `status-publish`.
    ///
    /// # Errors
    /// What the function would log.
    pub async fn tick_pages(&self) -> Result<Swept, String> {
        let ctx = self.of("status-publish-sweep");
        let swept = status_page::handle_sweep(self.tick(), ctx).await;
        swept.map_err(|error| error.to_string())
    }

    /// The minute's tick of `subscriber-notice`.
    ///
    /// # Errors
    /// What the function would log.
    pub async fn sweep_notices(&self) -> Result<Swept, String> {
        let ctx = self.of("subscriber-notice-sweep");
        let swept = status_page::handle_notice_sweep(self.tick(), ctx).await;
        swept.map_err(|error| error.to_string())
    }

    /// A public address, as its readers ask for it.
    pub async fn public(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).expect("a request"))
            .await
    }

    /// Delivers every message of a queue that is due, `times` over, in batches of ten. What fails is put back for 30 s.
    pub async fn drain_queue(&self, which: Which, times: u32) -> bool {
        let queue = match which {
            Which::Escalation => &self.escalation_queue,
            Which::Notification => &self.notification_queue,
            Which::Publication => &self.publication_queue,
            Which::Notice => &self.notice_queue,
        };
        let mut worked = false;
        loop {
            let batch = queue.receive(self.now(), 10);
            if batch.is_empty() {
                return worked;
            }
            worked = true;
            let mut failed = Vec::new();
            for _ in 0..times {
                let records = batch.iter().map(|message| {
                    json!({ "messageId": message.id.to_string(), "body": message.body, "attributes": {}, "messageAttributes": {} })
                });
                let event: SqsEvent =
                    serde_json::from_value(json!({ "Records": records.collect::<Vec<_>>() })).expect("an event");
                let response = match which {
                    Which::Escalation => escalation::handle_queue(event, self.of("escalation-queue")).await,
                    Which::Notification => notification::handle_queue(event, self.of("notification-queue")).await,
                    Which::Publication => status_page::handle_queue(event, self.of("status-publish-queue")).await,
                    Which::Notice => status_page::handle_notices(event, self.of("subscriber-notice-queue")).await,
                };
                let response = response.expect("queue handlers answer per message");
                failed = response
                    .batch_item_failures
                    .into_iter()
                    .map(|failure| failure.item_identifier)
                    .collect();
            }
            for message in batch {
                if failed.contains(&message.id.to_string()) && message.received < 5 {
                    queue.put_back(message, self.now() + SignedDuration::from_secs(30));
                }
            }
        }
    }

    /// Delivers every upload `times` over. One that fails is dropped: the sweep finds it.
    pub async fn drain_uploads(&mut self, times: u32) -> bool {
        let created = self.take_uploads();
        for one in &created {
            for _ in 0..times {
                self.deliver_upload(one).await.ok();
            }
        }
        !created.is_empty()
    }

    /// The uploads that were not delivered yet, for a test to deliver as it likes, or never.
    pub fn take_uploads(&mut self) -> Vec<Created> {
        std::iter::from_fn(|| self.uploads.try_next()).collect()
    }

    /// Delivers one upload.
    ///
    /// # Errors
    /// What the function would log.
    pub async fn deliver_upload(&self, created: &Created) -> Result<(), String> {
        let event = serde_json::from_value(pumps::object_event(created)).expect("an event");
        let handled = avatar_upload::handle_stored(event, self.of("avatar-finalise")).await;
        handled.map_err(|error| error.to_string())
    }

    /// The minute's tick, for the uploads.
    ///
    /// # Errors
    /// What the function would log.
    pub async fn sweep_uploads(&self) -> Result<Swept, String> {
        let swept = avatar_upload::handle_sweep(self.tick(), self.of("avatar-sweep")).await;
        swept.map_err(|error| error.to_string())
    }

    /// The minute's tick, for the sweeps of incidents and deliveries. Errors are what the functions would log.
    pub async fn sweep(&self) -> [Result<Swept, String>; 2] {
        let incidents = escalation::handle_sweep(self.tick(), self.of("escalation-sweep"))
            .await
            .map_err(|error| error.to_string());
        let deliveries = notification::handle_sweep(self.tick(), self.of("notification-sweep"))
            .await
            .map_err(|error| error.to_string());
        [incidents, deliveries]
    }

    fn tick(&self) -> EventBridgeEvent<Value> {
        serde_json::from_value(json!({
            "version": "0", "id": "tick", "detail-type": "Scheduled Event", "source": "aws.scheduler",
            "account": "123456789012", "time": self.now().to_string(), "region": "us-east-1",
            "resources": [], "detail": {}
        }))
        .expect("an event")
    }

    /// Panics if work is left that is due now.
    pub async fn assert_idle(&mut self) {
        self.drain().await;
        let due = self
            .ctx
            .store
            .due::<IncidentId>(self.now())
            .await
            .expect("the table answers");
        assert!(due.is_empty(), "incidents are left: {due:?}");
        let due = self
            .ctx
            .store
            .due::<shared::domain::delivery::DeliveryKey>(self.now())
            .await;
        let due = due.expect("the table answers");
        assert!(due.is_empty(), "deliveries are left: {due:?}");
        let due = self.ctx.store.due::<UploadKey>(self.now()).await;
        let due = due.expect("the table answers");
        assert!(due.is_empty(), "uploads are left: {due:?}");
    }
}

/// Whatever the story was about: no function asked for what its role does not allow.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(
                self.wire.forbidden(),
                Vec::<String>::new(),
                "template.yaml does not allow this"
            );
        }
    }
}

/// The kinds of rows whose writes wake `status-publish`, by its trigger.
fn public_kinds() -> Vec<Value> {
    let all = triggers::functions();
    let function = all.iter().find(|function| function.name == "status-publish-stream");
    let Some(triggers::Trigger::Stream { pattern, .. }) = function.map(|function| &function.trigger) else {
        panic!("status-publish is woken by the stream");
    };
    let pattern: Value = serde_json::from_str(pattern).expect("JSON");
    let kinds = &pattern["dynamodb"]["NewImage"]["kind_"]["S"];
    kinds.as_array().expect("kinds").clone()
}

/// An event as a Lambda gets it: through its JSON.
fn through_json<T: serde::Serialize + serde::de::DeserializeOwned>(event: &T) -> T {
    serde_json::from_value(serde_json::to_value(event).expect("JSON")).expect("the same event")
}
