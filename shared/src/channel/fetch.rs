//! Calls to a service that an operator names, an identity provider: our own client, with its timeouts, without redirects,
//! and to no address that leads inward.

use http::{Request, Response};
use url::Url;

use super::resolver::Lookup;
use super::webhook::client;
use super::{Inward, WebhookSetupError, WebhookTimeouts, check_url};

/// The longest answer that is read, in bytes.
const ANSWER_MAX_BYTES: usize = 256 * 1024;

/// Asks over HTTP. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: reqwest::Client,
    inward: Inward,
}

/// Why there is no answer. For the log: it may name what was asked, never what was sent.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It may not be called.
    #[error("{0}")]
    Refused(String),
    /// Nobody answers, or not as HTTP has it.
    #[error("no answer")]
    Unanswered(#[source] reqwest::Error),
    /// It answers more than anybody reads.
    #[error("the answer is longer than {ANSWER_MAX_BYTES} bytes")]
    TooLong,
}

impl Fetcher {
    /// A client that connects to public addresses, and to `inward` ones as told.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(inward: Inward) -> Result<Self, WebhookSetupError> {
        let client = client(inward, WebhookTimeouts::default(), Lookup::System).build();
        let client = client.map_err(WebhookSetupError)?;
        Ok(Self { client, inward })
    }

    /// Asks once, whatever the answer's status. Secrets go along, so what is not this machine is asked over TLS only.
    ///
    /// # Errors
    /// When there is no answer, or the URL is none that may be called.
    pub async fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        let refused = |why: &dyn std::fmt::Display| FetchError::Refused(why.to_string());
        let (parts, body) = request.into_parts();
        let url: Url = parts
            .uri
            .to_string()
            .parse()
            .map_err(|error: url::ParseError| refused(&error))?;
        check_url(&url, self.inward).map_err(|error| refused(&error))?;
        let is_outward = check_url(&url, Inward::Refuse).is_ok();
        if url.scheme() != "https" && is_outward {
            return Err(refused(&"the URL must begin with https://"));
        }
        let asked = self.client.request(parts.method, url).headers(parts.headers).body(body);
        let mut answer = asked.send().await.map_err(FetchError::Unanswered)?;
        let mut read = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(FetchError::Unanswered)? {
            if read.len() + chunk.len() > ANSWER_MAX_BYTES {
                return Err(FetchError::TooLong);
            }
            read.extend_from_slice(&chunk);
        }
        let mut response = Response::new(read);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}
