//! TLS to AWS is opened while a function is initialised, not during its first request: the real binaries against a
//! listener that counts handshakes and a Runtime API that looks at the count when it is first polled.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use nightbell_local::triggers::{self, QueueName, Trigger};
use nightbell_tests::template::root;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use shared::config::Need;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_open_before_the_first_poll_and_the_first_request_opens_none() {
    for function in triggers::functions() {
        let certificate = Certificate::new(function.name);
        let (table, rest) = (Aws::listen(&certificate).await, Aws::listen(&certificate).await);
        let counters = [Arc::clone(&table.handshakes), Arc::clone(&rest.handshakes)];
        let mut runtime = Runtime::listen(counters, event(&function.trigger)).await;
        let mut command = command(function.name, function.needs, (&table, &rest), &certificate, &runtime);
        let mut process = command.spawn().unwrap();
        let at_poll = runtime.polled().await;
        let (answered, _) = runtime.answered().await;
        process.kill().unwrap();
        process.wait().unwrap();
        let name = function.name;
        println!(
            "{name}: handshakes with the table and with the rest before the first poll {at_poll:?}, after the first answer \
             {answered:?}; {} requests to the table",
            table.asked.load(Ordering::SeqCst)
        );
        let elsewhere = [
            Need::MasterKey,
            Need::EscalationQueue,
            Need::NotificationQueue,
            Need::PublicationQueue,
            Need::NoticeQueue,
            Need::PublicObjects,
        ];
        let needed = elsewhere.iter().filter(|need| function.needs.contains(need)).count();
        // Who tells browsers where to post does not speak to the bucket itself.
        let reads = function.needs.contains(&Need::Uploads) && !function.needs.contains(&Need::UploadsUrl);
        let needed = needed + usize::from(reads);
        assert!(
            at_poll[0] >= 1 && at_poll[1] == needed,
            "{name}: {at_poll:?}, not {needed}"
        );
        assert_eq!(answered, at_poll, "{name}: its first request opens nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_provider_does_not_keep_the_pages_from_starting() {
    let all = triggers::functions();
    let dashboard = all.iter().find(|function| function.name == "dashboard-http").unwrap();
    let certificate = Certificate::new("half-a-provider");
    let (table, rest) = (Aws::listen(&certificate).await, Aws::listen(&certificate).await);
    let counters = [Arc::clone(&table.handshakes), Arc::clone(&rest.handshakes)];
    let mut runtime = Runtime::listen(counters, request("/sign-in")).await;
    let mut command = command(dashboard.name, dashboard.needs, (&table, &rest), &certificate, &runtime);
    let mut process = command
        .env("OIDC_ISSUER", "https://id.example.com")
        .env("OIDC_CLIENT_ID", "bell")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (_, answer) = runtime.answered().await;
    process.kill().unwrap();
    let log = String::from_utf8(process.wait_with_output().unwrap().stdout).unwrap();
    let page = answer["body"].as_str().unwrap();
    assert!(
        page.contains("name=\"password\""),
        "by a password people get in: {page}"
    );
    assert!(!page.contains("/oidc/start"), "{page}");
    assert!(log.contains("the variable OIDC_CLIENT_SECRET_ARN is not set"), "{log}");
}

const INCIDENT: &str = "inc_01arz3ndektsv4rrffq69g5fav";
const PAGE: &str = "pag_01arz3ndektsv4rrffq69g5fav";

/// Something to do that reads the table.
fn event(trigger: &Trigger) -> Value {
    match trigger {
        Trigger::Http { paths, .. } => {
            let path = paths.iter().find(|path| path.starts_with("/healthz"));
            request(path.unwrap())
        }
        Trigger::Stream { .. } => json!({ "Records": [] }),
        Trigger::Queue { queue, .. } => {
            let hint = match queue {
                QueueName::Escalation => json!({ "incident_id": INCIDENT, "due": "2026-03-01T02:00:00Z" }),
                QueueName::Notification => json!({ "subject": INCIDENT, "due": "2026-03-01T02:00:00Z",
                    "message": "000000#0000#00#chn_01arz3ndektsv4rrffq69g5fav#-#page" }),
                QueueName::Notice => json!({ "news": "pst_01arz3ndektsv4rrffq69g5fav", "due": "2026-03-01T02:00:00Z" }),
                QueueName::Publication => json!({ "page_id": PAGE, "due": "2026-03-01T02:00:00Z" }),
            };
            json!({ "Records": [{ "messageId": "m", "body": hint.to_string(), "attributes": {}, "messageAttributes": {} }] })
        }
        Trigger::Object { prefix, .. } => json!({ "Records": [{ "eventVersion": "2.1", "eventSource": "aws:s3",
            "awsRegion": "eu-west-1", "eventTime": "2026-03-01T02:00:00Z", "eventName": "ObjectCreated:Post",
            "userIdentity": { "principalId": "A" }, "requestParameters": { "sourceIPAddress": "192.0.2.1" },
            "responseElements": {}, "s3": { "s3SchemaVersion": "1.0", "configurationId": "uploaded",
                "bucket": { "name": "uploads", "ownerIdentity": { "principalId": "A" }, "arn": "arn:aws:s3:::uploads" },
                "object": { "key": format!("{prefix}nobody"), "size": 1, "eTag": "x", "sequencer": "0" } } }] }),
        Trigger::Schedule { .. } => json!({ "version": "0", "id": "tick", "detail-type": "Scheduled Event",
            "source": "aws.scheduler", "account": "123456789012", "time": "2026-03-01T02:00:00Z", "region": "eu-west-1",
            "resources": [], "detail": "{}" }),
    }
}

fn request(path: &str) -> Value {
    json!({ "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": { "host": "bell.example.com" }, "isBase64Encoded": false,
        "requestContext": { "accountId": "123456789012", "apiId": "api", "domainName": "bell.example.com",
            "domainPrefix": "bell", "requestId": "r", "routeKey": "$default", "stage": "$default",
            "time": "01/Mar/2026:02:00:00 +0000", "timeEpoch": 1_772_330_400_000_u64,
            "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" } } })
}

fn command(
    name: &str,
    needs: &[Need],
    (table, rest): (&Aws, &Aws),
    certificate: &Certificate,
    runtime: &Runtime,
) -> Command {
    let variables = needs.iter().flat_map(|need| need.variables());
    let variables: HashMap<&str, &str> = variables.map(|name| (*name, value(name))).collect();
    let mut command = Command::new(binary(name));
    command
        .env_clear()
        .envs(variables)
        .envs([
            ("PUBLIC_URL", "https://bell.example.com"),
            ("OBJECTS_URL", "https://objects.example.com"),
            ("TABLE_NAME", "nightbell"),
            ("LOG_FILTER", "warn"),
        ])
        .envs([
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ])
        .envs([
            ("AWS_LAMBDA_FUNCTION_NAME", name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ])
        .env("AWS_ENDPOINT_URL", format!("https://localhost:{}", rest.port))
        .env("AWS_ENDPOINT_URL_DYNAMODB", format!("https://localhost:{}", table.port))
        .env("SSL_CERT_FILE", &certificate.path)
        .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{}", runtime.port))
        .stdout(Stdio::inherit());
    command
}

fn value(name: &str) -> &'static str {
    match name {
        "EMAIL_FROM" => "bell@example.com",
        "SMS_TYPE" => "Transactional",
        // No provider: what is optional opens nothing.
        "SMS_SENDER_ID" | "OIDC_ISSUER" | "OIDC_CLIENT_ID" | "OIDC_CLIENT_SECRET_ARN" => "",
        "UPLOADS_BUCKET" | "PUBLIC_BUCKET" => "bucket",
        name if name.ends_with("_URL") => "https://sqs.eu-west-1.amazonaws.com/123456789012/queue",
        _ => "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x",
    }
}

fn binary(name: &str) -> PathBuf {
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("debug");
    let binary = profile.join(name);
    assert!(
        binary.exists(),
        "{} is built: tests/run does it",
        root().join(&binary).display()
    );
    binary
}

/// A certificate for this machine, in a file that a process can be told to trust.
struct Certificate {
    path: PathBuf,
    config: Arc<rustls::ServerConfig>,
}

impl Certificate {
    fn new(name: &str) -> Self {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.pem", std::process::id()));
        std::fs::write(&path, own.cert.pem()).unwrap();
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key.into())
            .unwrap();
        Self {
            path,
            config: Arc::new(config),
        }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok();
    }
}

/// Services of AWS, over TLS.
struct Aws {
    port: u16,
    handshakes: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

impl Aws {
    async fn listen(certificate: &Certificate) -> Self {
        let acceptor = TlsAcceptor::from(Arc::clone(&certificate.config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (handshakes, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counters = (Arc::clone(&handshakes), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, (handshakes, asked)) = (acceptor.clone(), counters.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    handshakes.fetch_add(1, Ordering::SeqCst);
                    let answer = service_fn(move |request| {
                        asked.fetch_add(1, Ordering::SeqCst);
                        async move { Ok::<_, Infallible>(answer(&request)) }
                    });
                    let served =
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                    served.await.ok();
                });
            }
        });
        Self {
            port,
            handshakes,
            asked,
        }
    }
}

fn answer(request: &hyper::Request<hyper::body::Incoming>) -> hyper::Response<Full<bytes::Bytes>> {
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let body = match target {
        "secretsmanager.GetSecretValue" => json!({ "SecretString": "0123456789abcdef".repeat(4) }),
        _ => json!({}),
    };
    hyper::Response::new(Full::new(body.to_string().into()))
}

/// Lambda's Runtime API for one invocation.
struct Runtime {
    port: u16,
    polls: mpsc::UnboundedReceiver<[usize; 2]>,
    answers: mpsc::UnboundedReceiver<([usize; 2], Value)>,
}

#[derive(Clone)]
struct Told {
    handshakes: [Arc<AtomicUsize>; 2],
    event: Arc<str>,
    given: Arc<AtomicUsize>,
    polls: mpsc::UnboundedSender<[usize; 2]>,
    answers: mpsc::UnboundedSender<([usize; 2], Value)>,
}

impl Told {
    fn count(&self) -> [usize; 2] {
        [0, 1].map(|of: usize| self.handshakes[of].load(Ordering::SeqCst))
    }
}

impl Runtime {
    async fn listen(handshakes: [Arc<AtomicUsize>; 2], event: Value) -> Self {
        let (poll, polls) = mpsc::unbounded_channel();
        let (answer, answers) = mpsc::unbounded_channel();
        let told = Told {
            handshakes,
            event: event.to_string().into(),
            given: Arc::default(),
            polls: poll,
            answers: answer,
        };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .with_state(told);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, polls, answers }
    }

    async fn polled(&mut self) -> [usize; 2] {
        within(self.polls.recv()).await
    }

    async fn answered(&mut self) -> ([usize; 2], Value) {
        within(self.answers.recv()).await
    }
}

async fn within<T>(told: impl Future<Output = Option<T>>) -> T {
    let told = tokio::time::timeout(Duration::from_secs(20), told).await;
    told.expect("the function polls and answers").unwrap()
}

async fn next(State(told): State<Told>) -> Response {
    told.polls.send(told.count()).ok();
    if told.given.fetch_add(1, Ordering::SeqCst) > 0 {
        std::future::pending::<()>().await;
    }
    let deadline = jiff::Timestamp::now().as_millisecond() + 10_000;
    Response::builder()
        .header("lambda-runtime-aws-request-id", "r-1")
        .header("lambda-runtime-deadline-ms", deadline)
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:123456789012:function:f",
        )
        .body(Body::from(told.event.to_string()))
        .unwrap()
}

async fn answered(State(told): State<Told>, body: Body) -> &'static str {
    let body = to_bytes(body, 1_000_000).await.unwrap();
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    assert!(
        answer["statusCode"].is_null() || answer["statusCode"] == 200,
        "{answer}"
    );
    told.answers.send((told.count(), answer)).ok();
    "{}"
}
