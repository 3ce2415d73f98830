//! Outgoing webhooks: one signed POST to a URL somebody entered.
//!
//! The wire contract is modelled on PagerDuty's v3 webhooks and is ours to keep. Headers of every call:
//!
//! | header | value |
//! |---|---|
//! | `Content-Type` | `application/json` |
//! | `User-Agent` | `Nightbell/<version>` |
//! | `X-Nightbell-Webhook-Id` | the same for every attempt of one message: receivers drop what they have seen |
//! | `X-Nightbell-Timestamp` | seconds since 1970 of this attempt: receivers drop what is old |
//! | `X-Nightbell-Signature` | `v1=<hex>` for each signing secret, comma-separated; see [`signature`] |
//!
//! Any 2xx answer within 5 s is success. Three things are absent on purpose: redirects (a 302 turns POST into GET, which
//! loses the message while looking like success, and a redirect may lead inward), proxies from the environment (they
//! would resolve names where they are not checked), and connections kept open between calls (on Lambda they die while the
//! function is frozen, and every call has its address checked anew).

use std::{io, sync::Arc, time::Duration};

use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{
    Inward, Receipt, SendError, check_url, excerpt, find,
    resolver::{Lookup, OutwardResolver, Unresolved},
    retry_after, throttle,
};
use crate::secret::hmac_sha256;

/// How much of an answer is read for the reason of a failure, in bytes.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// The wait after a 429 that does not say how long, in seconds.
const THROTTLED_DEFAULT_SECONDS: i64 = 30;

/// Path segments at least this long, in bytes, are taken for secrets: an answer that repeats one is not shown.
const SECRET_SEGMENT_MIN_BYTES: usize = 8;

/// Posts webhooks. Cheap to clone; one serves all URLs.
#[derive(Debug, Clone)]
pub struct WebhookSender {
    client: reqwest::Client,
    inward: Inward,
    timeouts: WebhookTimeouts,
}

/// How long a receiver may take. Receivers that do long work answer first and work then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookTimeouts {
    /// For look-up, connection and TLS together; 3 s unless told.
    pub connect: Duration,
    /// For everything, the answer's body included; 5 s unless told, and less than
    /// [`SEND_TIMEOUT_SECONDS`](super::SEND_TIMEOUT_SECONDS).
    pub total: Duration,
}

/// The sender could not be built, which only a broken installation explains.
#[derive(Debug, thiserror::Error)]
#[error("the client for outgoing calls could not be set up")]
pub struct WebhookSetupError(#[source] pub(super) reqwest::Error);

impl WebhookSender {
    /// A sender that connects to public addresses, and to `inward` ones as told.
    pub fn new(inward: Inward) -> Result<Self, WebhookSetupError> {
        Self::with_timeouts(inward, WebhookTimeouts::default())
    }

    /// The same with timeouts of the caller's choosing.
    pub fn with_timeouts(inward: Inward, timeouts: WebhookTimeouts) -> Result<Self, WebhookSetupError> {
        let client = client(inward, timeouts, Lookup::System)
            .build()
            .map_err(WebhookSetupError)?;
        Ok(Self {
            client,
            inward,
            timeouts,
        })
    }

    /// Makes one attempt to post `body` (JSON) to `url`, signed with each of `secrets`; during a rotation there are two.
    /// Without any there is no signature header. `webhook_id` is visible ASCII and the same for every attempt.
    ///
    /// Errors: `Transient` for 408, 425, 5xx, timeouts and failures of look-up, connection or TLS (certificates get
    /// renewed); `Throttled` for 429, and for 503 with a `Retry-After`; `Permanent` for every other answer (a redirect and
    /// 410 Gone among them) and for a URL or an address that leads inward.
    pub async fn send(
        &self,
        url: &Url,
        secrets: &[Vec<u8>],
        webhook_id: &str,
        now: Timestamp,
        body: &[u8],
    ) -> Result<Receipt, SendError> {
        check_url(url, self.inward).map_err(|refused| SendError::Permanent(refused.to_string()))?;
        let headers = headers(secrets, webhook_id, now, body)
            .ok_or_else(|| SendError::Permanent("the webhook's id cannot be sent as a header".to_owned()))?;
        let request = self.client.post(url.clone()).headers(headers).body(body.to_vec());
        let response = request.send().await.map_err(|error| self.unanswered(&error))?;
        if response.status().is_success() {
            return Ok(Receipt { provider_id: None });
        }
        let status = response.status();
        let wait = wait_asked_for(response.headers(), now);
        let reason = reason(status, &read(response).await, url);
        Err(answered(status, wait, reason))
    }

    /// Reads an error that came instead of an answer. The text of `reqwest` is not used: it contains the URL.
    fn unanswered(&self, error: &reqwest::Error) -> SendError {
        if let Some(unresolved) = find::<Unresolved>(error) {
            return match unresolved {
                Unresolved::Inward(_) => SendError::Permanent(unresolved.to_string()),
                Unresolved::NotFound => SendError::Transient(unresolved.to_string()),
            };
        }
        SendError::Transient(excerpt(&if error.is_timeout() && error.is_connect() {
            format!(
                "the receiver could not be connected to within {:?}",
                self.timeouts.connect
            )
        } else if error.is_timeout() {
            format!("the receiver did not answer within {:?}", self.timeouts.total)
        } else if let Some(tls) = find::<rustls::Error>(error) {
            format!("no secure connection to the receiver: {tls}")
        } else if let Some(io) = find::<io::Error>(error) {
            format!("the connection to the receiver failed: {}", io.kind())
        } else if error.is_connect() {
            "the receiver could not be connected to".to_owned()
        } else {
            "the receiver's answer was cut short or is no HTTP".to_owned()
        }))
    }
}

impl Default for WebhookTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            total: Duration::from_secs(5),
        }
    }
}

/// The value of `X-Nightbell-Signature` for one secret: `v1=` and the HMAC-SHA256, in lower-case hexadecimal, of
/// `<timestamp>.<body>`, where the timestamp is the text of `X-Nightbell-Timestamp` and the body the raw bytes.
pub fn signature(secret: &[u8], timestamp_seconds: i64, body: &[u8]) -> String {
    let signed = [format!("{timestamp_seconds}.").as_bytes(), body].concat();
    format!("v1={}", HEXLOWER.encode(&hmac_sha256(secret, &signed)))
}

/// `None` if the id cannot be a header's value.
fn headers(secrets: &[Vec<u8>], webhook_id: &str, now: Timestamp, body: &[u8]) -> Option<HeaderMap> {
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| signature(secret, now.as_second(), body))
        .collect();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ID, HeaderValue::from_str(webhook_id).ok()?);
    headers.insert(TIMESTAMP, HeaderValue::from(now.as_second()));
    if !signatures.is_empty() {
        headers.insert(SIGNATURE, HeaderValue::try_from(signatures.join(",")).ok()?);
    }
    Some(headers)
}

const ID: HeaderName = HeaderName::from_static("x-nightbell-webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-nightbell-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("x-nightbell-signature");

fn wait_asked_for(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    retry_after::parse(headers.get(header::RETRY_AFTER)?.to_str().ok()?, now)
}

/// The beginning of an answer's body, as far as it comes: the status has already decided, this only explains.
async fn read(mut response: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = ANSWER_MAX_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == ANSWER_MAX_BYTES {
            break;
        }
    }
    body
}

fn reason(status: StatusCode, body: &[u8], url: &Url) -> String {
    if status.is_redirection() {
        return format!(
            "the receiver answered {} and redirects elsewhere; redirects are not followed, enter the final URL instead",
            status.as_u16()
        );
    }
    let body = String::from_utf8_lossy(body);
    // Many a webhook's URL is its password: an answer that repeats it must not put it in front of others.
    let secrets = url
        .path()
        .split('/')
        .filter(|segment| segment.len() >= SECRET_SEGMENT_MIN_BYTES)
        .chain(url.query());
    let shown = if secrets.into_iter().any(|secret| body.contains(secret)) {
        ""
    } else {
        &body
    };
    match excerpt(shown) {
        shown if shown.is_empty() => format!("the receiver answered {status}"),
        shown => excerpt(&format!("the receiver answered {status}: {shown}")),
    }
}

fn answered(status: StatusCode, wait: Option<SignedDuration>, reason: String) -> SendError {
    match (status.as_u16(), wait) {
        (429 | 503, Some(after)) => SendError::Throttled { after, reason },
        (429, None) => SendError::Throttled {
            after: throttle(THROTTLED_DEFAULT_SECONDS),
            reason,
        },
        (408 | 425 | 500..=599, _) => SendError::Transient(reason),
        _ => SendError::Permanent(reason),
    }
}

pub(super) fn client(inward: Inward, timeouts: WebhookTimeouts, lookup: Lookup) -> reqwest::ClientBuilder {
    // The client takes its cryptography from the process and panics without. An error says that it is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    #[expect(clippy::disallowed_methods, reason = "this is the client that the ban refers to")]
    reqwest::Client::builder()
        .use_rustls_tls()
        .dns_resolver(Arc::new(OutwardResolver { inward, lookup }))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.total)
        .user_agent(concat!("Nightbell/", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests;
