//! The one list of triggers: which function is woken by what. `template.yaml` says the same to AWS, and a test compares
//! the two. A function is called as Lambda calls it: its event as JSON in, its answer as JSON out.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lambda_runtime::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::config::Need;
use shared::ctx::Ctx;
use shared::domain::avatar::INCOMING;
use shared::queue::{Queue, Queues};

/// One Lambda.
#[derive(Clone)]
pub struct Function {
    /// Its name: that of its binary.
    pub name: &'static str,
    /// What it needs besides the table.
    pub needs: &'static [Need],
    /// What wakes it.
    pub trigger: Trigger,
}

/// What wakes a function.
#[derive(Clone)]
pub enum Trigger {
    /// Requests whose path begins with one of these, in which `{…}` stands for one segment, as in the HTTP API's routes; the
    /// longest of all functions' prefixes decides.
    Http {
        /// The prefixes.
        paths: &'static [&'static str],
        /// What answers.
        router: fn() -> Router<Ctx>,
    },
    /// Changes of the table that match this pattern, in AWS's own syntax of event filters.
    Stream {
        /// The pattern, JSON.
        pattern: &'static str,
        /// What is called, with `DynamoDBEvent`.
        handler: Handler,
    },
    /// Messages of a queue.
    Queue {
        /// Which.
        queue: QueueName,
        /// Batches (of at most [`crate::pumps::BATCH_MESSAGES`]) that may be worked on at once.
        at_once: usize,
        /// What is called, with `SQSEvent`.
        handler: Handler,
    },
    /// Objects that are written to the bucket of uploads.
    Object {
        /// What their keys begin with.
        prefix: &'static str,
        /// What is called, with `S3Event`.
        handler: Handler,
    },
    /// Ticks.
    Schedule {
        /// How far apart.
        every: Duration,
        /// What is called, with a scheduled event of EventBridge.
        handler: Handler,
    },
}

/// A handler as Lambda sees it: JSON in, JSON out.
pub type Handler = Arc<dyn Fn(String, Ctx) -> BoxFuture<'static, Result<String, Error>> + Send + Sync>;

/// A queue by which functions wake one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueName {
    /// Incidents that are due.
    Escalation,
    /// Messages that are due.
    Notification,
    /// Status pages on which something is due.
    Publication,
    /// News for subscribers of status pages.
    Notice,
}

impl QueueName {
    /// Its name, as the last part of its ARN.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Escalation => "escalation",
            Self::Notification => "notification",
            Self::Publication => "publication",
            Self::Notice => "notice",
        }
    }

    /// The queue itself.
    pub fn of(self, queues: &Queues) -> &Queue {
        match self {
            Self::Escalation => &queues.escalation,
            Self::Notification => &queues.notification,
            Self::Publication => &queues.publication,
            Self::Notice => &queues.notice,
        }
    }
}

/// Writes of incidents. Removals are not among them, so neither is what TTL cleans.
const INCIDENT_WRITTEN: &str =
    r#"{"eventName":["INSERT","MODIFY"],"dynamodb":{"NewImage":{"kind_":{"S":["incident"]}}}}"#;

/// Writes of whatever a status page may tell of; that something was removed is a write, too.
const PUBLIC_WRITTEN: &str = r#"{"eventName":["INSERT","MODIFY"],"dynamodb":{"NewImage":{"kind_":{"S":["incident","service","page","component","post","maintenance","publication","gone"]}}}}"#;

const MINUTE: Duration = Duration::from_secs(60);

/// Every function and what wakes it.
#[must_use]
pub fn functions() -> Vec<Function> {
    let function = |name, needs, trigger| Function { name, needs, trigger };
    vec![
        function(
            "alert-ingest-http",
            alert_ingest::NEEDS,
            Trigger::Http {
                paths: &["/v2/", "/hooks/", "/healthz/alert-ingest"],
                router: alert_ingest::router,
            },
        ),
        function(
            "avatar-upload-http",
            avatar_upload::ROUTES_NEED,
            Trigger::Http {
                paths: &[
                    "/api/v1/users/{id}/avatar",
                    "/settings/picture",
                    "/healthz/avatar-upload",
                ],
                router: avatar_upload::router,
            },
        ),
        function(
            "avatar-finalise",
            avatar_upload::FINALISE_NEEDS,
            Trigger::Object {
                prefix: INCOMING,
                handler: handler(avatar_upload::handle_stored),
            },
        ),
        function(
            "avatar-sweep",
            avatar_upload::FINALISE_NEEDS,
            Trigger::Schedule {
                every: MINUTE,
                handler: handler(avatar_upload::handle_sweep),
            },
        ),
        function(
            "api-http",
            api::NEEDS,
            Trigger::Http {
                paths: &["/api/", "/i/", "/healthz", "/healthz/api"],
                router: api::router,
            },
        ),
        function(
            "dashboard-http",
            dashboard::NEEDS,
            Trigger::Http {
                paths: &["/", "/healthz/dashboard"],
                router: dashboard::router,
            },
        ),
        function(
            "escalation-stream",
            escalation::NEEDS,
            Trigger::Stream {
                pattern: INCIDENT_WRITTEN,
                handler: handler(escalation::handle_stream),
            },
        ),
        function(
            "escalation-queue",
            escalation::NEEDS,
            Trigger::Queue {
                queue: QueueName::Escalation,
                at_once: 8,
                handler: handler(escalation::handle_queue),
            },
        ),
        function(
            "escalation-sweep",
            escalation::NEEDS,
            Trigger::Schedule {
                every: MINUTE,
                handler: handler(escalation::handle_sweep),
            },
        ),
        function(
            "notification-queue",
            notification::NEEDS,
            Trigger::Queue {
                queue: QueueName::Notification,
                // A receiver that hangs holds its batch for up to ten seconds: the others must find a place meanwhile.
                at_once: 32,
                handler: handler(notification::handle_queue),
            },
        ),
        function(
            "notification-sweep",
            notification::NEEDS,
            Trigger::Schedule {
                every: MINUTE,
                handler: handler(notification::handle_sweep),
            },
        ),
        function(
            "status-page-http",
            status_page::SUBSCRIBER_NEEDS,
            Trigger::Http {
                paths: &[
                    "/status/{page}/subscribers",
                    "/status/{page}/subscribers/",
                    "/healthz/status-page",
                ],
                router: status_page::router,
            },
        ),
        function(
            "status-publish-stream",
            status_page::NEEDS,
            Trigger::Stream {
                pattern: PUBLIC_WRITTEN,
                handler: handler(status_page::handle_stream),
            },
        ),
        function(
            "status-publish-queue",
            status_page::NEEDS,
            Trigger::Queue {
                queue: QueueName::Publication,
                at_once: 2,
                handler: handler(status_page::handle_queue),
            },
        ),
        function(
            "status-publish-sweep",
            status_page::NEEDS,
            Trigger::Schedule {
                every: MINUTE,
                handler: handler(status_page::handle_sweep),
            },
        ),
        function(
            "subscriber-notice-queue",
            status_page::SUBSCRIBER_NEEDS,
            Trigger::Queue {
                queue: QueueName::Notice,
                // So few that 10,000 notices leave the table, and this machine, to those who wake people.
                at_once: 2,
                handler: handler(status_page::handle_notices),
            },
        ),
        function(
            "subscriber-notice-sweep",
            status_page::SUBSCRIBER_NEEDS,
            Trigger::Schedule {
                every: MINUTE,
                handler: handler(status_page::handle_notice_sweep),
            },
        ),
    ]
}

/// Makes a handler of the real event types what Lambda makes of it.
pub fn handler<E, A, F>(handle: impl Fn(E, Ctx) -> F + Send + Sync + 'static) -> Handler
where
    E: DeserializeOwned,
    A: Serialize,
    F: Future<Output = Result<A, Error>> + Send + 'static,
{
    Arc::new(move |event, ctx| {
        let event = match serde_json::from_str(&event) {
            Ok(event) => event,
            Err(error) => return std::future::ready(Err(error.into())).boxed(),
        };
        handle(event, ctx)
            .map(|answer| Ok(serde_json::to_string(&answer?)?))
            .boxed()
    })
}
