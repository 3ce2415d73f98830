//! Calls to a service that an operator names, an identity provider: our own client, with its timeouts, without
//! redirects, and to no address that leads inward.

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

#[cfg(test)]
mod tests {
    use super::super::test_server::{answer, listen};
    use super::*;

    fn get(url: &str) -> Request<Vec<u8>> {
        Request::get(url)
            .header("accept", "application/json")
            .body(Vec::new())
            .unwrap()
    }

    fn local() -> Fetcher {
        Fetcher::new(Inward::AllowLoopback).unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_given_back_whatever_it_is_and_wherever_it_points() {
        let (listener, url) = listen().await;
        for (status, header) in [
            ("200 OK", "x-a: b"),
            ("302 Found", "location: http://127.0.0.1:1/"),
            ("500 No", "a: b"),
        ] {
            let response = format!("HTTP/1.1 {status}\r\n{header}\r\ncontent-length: 2\r\n\r\n{{}}");
            let fetcher = local();
            let (answer, heard) = tokio::join!(fetcher.fetch(get(&url)), answer(&listener, response.as_bytes()));
            let answer = answer.unwrap();
            assert!(status.starts_with(answer.status().as_str()), "{status}");
            assert_eq!(answer.body(), b"{}");
            assert!(heard.head.contains("accept: application/json"), "{}", heard.head);
        }
    }

    #[tokio::test]
    async fn no_more_is_read_than_anybody_needs() {
        let (listener, url) = listen().await;
        let body = "x".repeat(ANSWER_MAX_BYTES + 1);
        let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let fetcher = local();
        let (answer, _) = tokio::join!(fetcher.fetch(get(&url)), answer(&listener, response.as_bytes()));
        assert!(matches!(answer, Err(FetchError::TooLong)), "{answer:?}");
    }

    #[tokio::test]
    async fn what_leads_inward_or_is_not_sealed_is_not_asked() {
        let refused = async |fetcher: &Fetcher, url: &str| match fetcher.fetch(get(url)).await {
            Err(FetchError::Refused(why)) => why,
            other => format!("{other:?}"),
        };
        let outward = Fetcher::new(Inward::Refuse).unwrap();
        for url in [
            "http://127.0.0.1:1/",
            "https://10.0.0.1/",
            "https://localhost/",
            "https://169.254.169.254/",
        ] {
            let why = refused(&outward, url).await;
            assert!(why.starts_with("the URL's host is"), "{url}: {why}");
        }
        // Neither is connected to: secrets go along.
        for fetcher in [&outward, &local()] {
            let why = refused(fetcher, "http://8.8.8.8/").await;
            assert_eq!(why, "the URL must begin with https://");
        }
    }
}
