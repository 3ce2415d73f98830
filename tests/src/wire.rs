//! Between the SDK and the table: counts round trips and capacity, and injects what a network and a table can do.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::roles;

/// What is done to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The table says that it is throttled; nothing happened.
    Throttle,
    /// The table says that another transaction is in the way; nothing happened.
    Conflict,
    /// The request never arrived.
    Lost,
    /// It was done, and the answer never arrived.
    ReplyLost,
    /// The process died before the request left, and stays dead until it is revived.
    DiesBefore,
    /// The process died after the request was done, and stays dead until it is revived.
    DiesAfter,
    /// The table refuses the request itself.
    Refuse,
}

/// Which request is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The n-th write from now, from 1.
    Write(u32),
    /// Every request for so many from now.
    Next(u32),
    /// Every request from now on, until revived.
    Always,
    /// Every write whose JSON holds this text, until revived.
    Holding(&'static str),
}

/// A request that was stopped on its way, before it did anything.
#[derive(Debug, Clone)]
pub struct Held {
    arrived: Arc<Notify>,
    release: Arc<Notify>,
}

impl Held {
    /// Waits until the request has been stopped.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Lets it go on.
    pub fn release(&self) {
        self.release.notify_one();
    }
}

/// What was asked of the table.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Requests.
    pub requests: u32,
    /// Times somebody had to wait: requests under way together count once.
    pub round_trips: u32,
    /// Requests that write.
    pub writes: u32,
    /// Write capacity, as the table reports it (indexes included; reserved items of cancelled transactions not).
    pub write_units: f64,
    /// Read capacity.
    pub read_units: f64,
    in_flight: u32,
}

#[derive(Debug, Default)]
struct State {
    tally: Tally,
    breaks: Vec<(Moment, Break)>,
    hold: Option<(u32, Held)>,
    dead: bool,
    broken: u32,
    forbidden: Vec<String>,
}

/// The wire; clones are the same wire.
#[derive(Debug, Clone, Default)]
pub struct Wire(Arc<Mutex<State>>);

impl Wire {
    /// The client that goes through this wire to `inner`.
    pub fn over(&self, inner: SharedHttpClient) -> SharedHttpClient {
        self.over_by(inner, None)
    }

    /// The same for one function: what its role does not allow is remembered.
    pub fn over_as(&self, function: &'static str, inner: SharedHttpClient) -> SharedHttpClient {
        self.over_by(inner, Some(function))
    }

    /// What functions asked for that their roles do not allow.
    pub fn forbidden(&self) -> Vec<String> {
        self.lock().forbidden.clone()
    }

    fn over_by(&self, inner: SharedHttpClient, function: Option<&'static str>) -> SharedHttpClient {
        let components = RuntimeComponentsBuilder::for_tests()
            .build()
            .expect("a connector needs nothing");
        let connector = inner.http_connector(&HttpConnectorSettings::default(), &components);
        let connector = SharedHttpConnector::new(Tapped {
            wire: self.clone(),
            function,
            inner: connector,
        });
        http_client_fn(move |_, _| connector.clone())
    }

    /// Breaks requests.
    pub fn breaks(&self, moment: Moment, how: Break) {
        self.lock().breaks.push((moment, how));
    }

    /// Stops the n-th request from now, from 1, on its way.
    pub fn hold(&self, n: u32) -> Held {
        let held = Held {
            arrived: Arc::default(),
            release: Arc::default(),
        };
        self.lock().hold = Some((n, held.clone()));
        held
    }

    /// Whether a request was broken since the last revival. Reviving before that would call the break off.
    pub fn has_broken(&self) -> bool {
        self.lock().broken > 0
    }

    /// Forgets every break, and lets a dead process live again. Answers how many requests were broken.
    pub fn revive(&self) -> u32 {
        let mut state = self.lock();
        state.breaks.clear();
        state.dead = false;
        std::mem::take(&mut state.broken)
    }

    /// What was asked since the last time.
    pub fn take_tally(&self) -> Tally {
        std::mem::take(&mut self.lock().tally)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> Option<Held> {
        let mut state = self.lock();
        let (n, held) = state.hold.as_mut()?;
        *n -= 1;
        let held = (*n == 0).then(|| held.clone())?;
        state.hold = None;
        Some(held)
    }

    fn begin(&self, writes: bool, body: &str) -> Option<Break> {
        let mut state = self.lock();
        if state.dead {
            return Some(Break::DiesBefore);
        }
        let tally = &mut state.tally;
        tally.requests += 1;
        tally.writes += u32::from(writes);
        tally.round_trips += u32::from(tally.in_flight == 0);
        tally.in_flight += 1;
        let mut how = None;
        for (moment, broken) in &mut state.breaks {
            match moment {
                Moment::Write(n) if writes && *n > 0 => {
                    *n -= 1;
                    if *n == 0 {
                        how = Some(*broken);
                    }
                }
                Moment::Next(n) if *n > 0 => {
                    *n -= 1;
                    how = Some(*broken);
                }
                Moment::Always => how = Some(*broken),
                Moment::Holding(text) if writes && body.contains(*text) => how = Some(*broken),
                Moment::Write(_) | Moment::Next(_) | Moment::Holding(_) => {}
            }
        }
        state.broken += u32::from(how.is_some());
        state.dead = matches!(how, Some(Break::DiesBefore | Break::DiesAfter));
        how
    }

    fn end(&self, response: Option<&[u8]>) {
        let mut state = self.lock();
        state.tally.in_flight = state.tally.in_flight.saturating_sub(1);
        let Some(body) = response.and_then(|body| serde_json::from_slice::<Value>(body).ok()) else {
            return;
        };
        let consumed = match &body["ConsumedCapacity"] {
            Value::Array(tables) => tables.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        for table in consumed {
            let units = |name: &str| table[name].as_f64();
            let total = units("CapacityUnits").unwrap_or(0.0);
            state.tally.read_units += units("ReadCapacityUnits").unwrap_or(0.0);
            state.tally.write_units += units("WriteCapacityUnits").unwrap_or(total);
        }
    }
}

#[derive(Debug)]
struct Tapped {
    wire: Wire,
    function: Option<&'static str>,
    inner: SharedHttpConnector,
}

impl HttpConnector for Tapped {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        if let Some(function) = self.function {
            let forbidden = roles::forbidden(function, &target, request.body().bytes().unwrap_or_default());
            self.wire.lock().forbidden.extend(forbidden);
        }
        let writes = matches!(
            operation.as_str(),
            "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems"
        );
        if writes {
            let body = request.body().bytes().unwrap_or_default().to_vec();
            if let Ok(mut json) = serde_json::from_slice::<Value>(&body) {
                json["ReturnConsumedCapacity"] = json!("TOTAL");
                *request.body_mut() = SdkBody::from(json.to_string());
            }
        }
        let (wire, inner) = (self.wire.clone(), self.inner.clone());
        HttpConnectorFuture::new(async move {
            if let Some(held) = wire.held() {
                held.arrived.notify_one();
                held.release.notified().await;
            }
            let how = wire.begin(
                writes,
                std::str::from_utf8(request.body().bytes().unwrap_or_default()).unwrap_or(""),
            );
            // Requests that are sent together are under way together.
            tokio::task::yield_now().await;
            let answer = match how {
                Some(Break::Refuse) => Ok(refusal("ValidationException", &[])),
                Some(Break::Throttle) => Ok(refusal("ProvisionedThroughputExceededException", &[])),
                Some(Break::Conflict) if operation == "TransactWriteItems" => {
                    Ok(refusal("TransactionCanceledException", &["TransactionConflict"]))
                }
                Some(Break::Conflict) => Ok(refusal("TransactionConflictException", &[])),
                Some(Break::Lost | Break::DiesBefore) => Err(ConnectorError::timeout("the request was lost".into())),
                Some(Break::ReplyLost | Break::DiesAfter) => {
                    inner.call(request).await.ok();
                    Err(ConnectorError::timeout("the reply was lost".into()))
                }
                None => inner.call(request).await,
            };
            wire.end(
                answer
                    .as_ref()
                    .ok()
                    .and_then(|response: &HttpResponse| response.body().bytes()),
            );
            answer
        })
    }
}

fn refusal(code: &str, reasons: &[&str]) -> HttpResponse {
    let mut body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "injected" });
    if !reasons.is_empty() {
        body["CancellationReasons"] = reasons.iter().map(|code| json!({ "Code": code })).collect();
    }
    let status = 400.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    response
}
