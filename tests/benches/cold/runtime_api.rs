//! Lambda, as one process of a function sees it: the Runtime API on a port of its own, which hands out one event and says when
//! it was asked for and answered. The contract: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::process::{Running, serve};

const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000001";

/// Longest wait for anything that a function should do.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024;

/// What one start of a function came to. Times are since just before its process was made.
pub struct Started {
    /// Until it asked for work: it is initialised.
    pub poll: Duration,
    /// Until it answered its first event.
    pub answered: Duration,
    pub answer: Answer,
    /// Resident memory when it asked for work again.
    pub resident_kb: u64,
}

pub enum Answer {
    Response(String),
    Error(String),
}

/// Starts the function once, wakes it with `event`, and ends it.
pub async fn start(program: &Path, name: &str, event: &str, environment: &[(String, String)]) -> Started {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, mut told) = mpsc::unbounded_channel();
    let lambda = Arc::new(Lambda {
        event: event.to_owned(),
        handed_out: AtomicBool::new(false),
        sender,
    });
    let router = Router::new().fallback(asked).with_state(lambda);
    let server = serve(listener, router);

    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(environment.iter().cloned())
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
        .env("_HANDLER", "bootstrap")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let begun = Instant::now();
    let process = Running::start(&mut command);
    let started = follow(&mut told, begun, process.0.id()).await;
    drop(process);
    server.abort();
    started.unwrap_or_else(|| {
        panic!(
            "{name} did not poll, answer and poll again within {} s",
            PATIENCE.as_secs()
        )
    })
}

async fn follow(told: &mut UnboundedReceiver<(Instant, Told)>, begun: Instant, pid: u32) -> Option<Started> {
    let mut next = async || tokio::time::timeout(PATIENCE, told.recv()).await.ok()?;
    let (poll, answered, answer) = match next().await? {
        (polled, Told::Polled) => {
            let (at, Told::Answered(answer)) = next().await? else {
                return None;
            };
            (polled - begun, at - begun, answer)
        }
        // It could not be initialised.
        (at, Told::Answered(answer)) => (at - begun, at - begun, answer),
    };
    if matches!(answer, Answer::Response(_)) {
        next().await?;
    }
    Some(Started {
        poll,
        answered,
        answer,
        resident_kb: resident_kb(pid),
    })
}

struct Lambda {
    event: String,
    handed_out: AtomicBool,
    sender: UnboundedSender<(Instant, Told)>,
}

enum Told {
    Polled,
    Answered(Answer),
}

impl Lambda {
    fn tell(&self, told: Told) {
        // Nobody listens any more: the start is over.
        self.sender.send((Instant::now(), told)).ok();
    }
}

async fn asked(State(lambda): State<Arc<Lambda>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if path.ends_with("/runtime/invocation/next") {
        lambda.tell(Told::Polled);
        if lambda.handed_out.swap(true, Ordering::SeqCst) {
            // Nothing more comes: it waits until it is ended.
            std::future::pending::<()>().await;
        }
        let deadline = Timestamp::now() + SignedDuration::from_secs(25);
        let headers = [
            ("lambda-runtime-aws-request-id", REQUEST_ID.to_owned()),
            ("lambda-runtime-deadline-ms", deadline.as_millisecond().to_string()),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:000000000000:function:bench".to_owned(),
            ),
            (
                "lambda-runtime-trace-id",
                "Root=1-65a0c0de-000000000000000000000001;Sampled=0".to_owned(),
            ),
            ("content-type", "application/json".to_owned()),
        ];
        return (headers, lambda.event.clone()).into_response();
    }
    let body = axum::body::to_bytes(request.into_body(), ANSWER_BYTES_MAX).await;
    let text = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
    lambda.tell(Told::Answered(if path.ends_with("/response") {
        Answer::Response(text)
    } else {
        Answer::Error(format!("{path}: {text}"))
    }));
    StatusCode::ACCEPTED.into_response()
}

fn resident_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
