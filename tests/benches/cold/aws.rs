//! The services that functions talk to, on one port: a stand-in that answers by what a request's headers or path name. The
//! table is the local home's engine, in memory; everything else answers as if it had done what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_types::body::SdkBody;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use nightbell_local::engine::Table;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::process::serve;

const TABLE_NAME: &str = "nightbell-bench";
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub struct Aws {
    url: String,
    services: Services,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Services {
    table: SharedHttpConnector,
    unanswered: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Aws {
    pub async fn start() -> Self {
        let table = Table::memory().unwrap();
        shared::store::create_table(&table.client(), TABLE_NAME).await.unwrap();
        let components = RuntimeComponentsBuilder::for_tests().build().unwrap();
        let settings = HttpConnectorSettings::default();
        let services = Services {
            table: table.http_client().http_connector(&settings, &components),
            unanswered: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(services.clone());
        let server = serve(listener, router);
        Self { url, services, server }
    }

    /// What a function finds in its environment besides what Lambda itself puts there.
    pub fn environment(&self) -> Vec<(String, String)> {
        let url = &self.url;
        let variables = [
            ("AWS_ENDPOINT_URL", url.clone()),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ACCESS_KEY_ID", "bench".into()),
            ("AWS_SECRET_ACCESS_KEY", "bench".into()),
            ("PUBLIC_URL", "https://bell.example.com".into()),
            ("OBJECTS_URL", "https://objects.example.com".into()),
            ("TABLE_NAME", TABLE_NAME.into()),
            ("UPLOADS_BUCKET", "uploads".into()),
            ("UPLOADS_URL", "https://uploads.example.com/".into()),
            ("PUBLIC_BUCKET", "public".into()),
            ("ESCALATION_QUEUE_URL", format!("{url}/000000000000/escalation")),
            ("NOTIFICATION_QUEUE_URL", format!("{url}/000000000000/notification")),
            ("PUBLICATION_QUEUE_URL", format!("{url}/000000000000/publication")),
            ("NOTICE_QUEUE_URL", format!("{url}/000000000000/notice")),
            ("MASTER_KEY_SECRET_ARN", secret_arn("master-key")),
            ("SETUP_CODE_SECRET_ARN", secret_arn("setup-code")),
            ("EMAIL_FROM", "Nightbell <nightbell@example.com>".into()),
            ("SMS_TYPE", "Transactional".into()),
            ("METRICS_NAMESPACE", "Nightbell".into()),
        ];
        variables.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// What was asked for in vain, and how often.
    pub fn unanswered(&self) -> BTreeMap<String, u32> {
        self.services.lock().clone()
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Services {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, u32>> {
        self.unanswered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn table(&self, target: &str, body: Bytes) -> Response {
        let mut request = HttpRequest::new(SdkBody::from(body.to_vec()));
        request.headers_mut().insert("x-amz-target", target.to_owned());
        let answer = self.table.call(request).await.unwrap();
        let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
        let body = answer.body().bytes().unwrap_or_default().to_vec();
        (status, [("content-type", "application/x-amz-json-1.0")], body).into_response()
    }
}

async fn answer(State(services): State<Services>, headers: HeaderMap, uri: Uri, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let asked = target.unwrap_or(uri.path());
    // Services of the JSON protocols are told apart by the header, of the query protocol by a field of the body, of the
    // REST protocols by the path.
    match asked {
        _ if asked.starts_with("DynamoDB_20120810.") => services.table(asked, body).await,
        "secretsmanager.GetSecretValue" => ok(&secret(&body)),
        "AmazonSQS.SendMessage" => ok(&json!({ "MessageId": "bench", "MD5OfMessageBody": "" })),
        "AmazonSQS.SendMessageBatch" => ok(&taken_batch(&body)),
        _ => {
            *services.lock().entry(asked.to_owned()).or_default() += 1;
            (StatusCode::BAD_REQUEST, r#"{"__type":"UnknownOperationException"}"#).into_response()
        }
    }
}

fn ok(body: &Value) -> Response {
    ([("content-type", "application/x-amz-json-1.1")], body.to_string()).into_response()
}

fn secret_arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-abcdef")
}

/// A key's worth of digits, whichever secret is asked for.
fn secret(body: &[u8]) -> Value {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    json!({
        "ARN": asked["SecretId"],
        "Name": "master-key",
        "SecretString": KEY,
        "VersionId": "00000000-0000-4000-8000-000000000001",
        "VersionStages": ["AWSCURRENT"],
    })
}

fn taken_batch(body: &[u8]) -> Value {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let taken = asked["Entries"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| json!({ "Id": entry["Id"], "MessageId": "bench", "MD5OfMessageBody": "" }));
    json!({ "Successful": taken.collect::<Vec<_>>(), "Failed": [] })
}
