//! Creations, and words that are added, that may be asked for twice: `Idempotency-Key`. The first answer is kept, sealed,
//! for a day, and given again to whoever asks for the same under the same key.
//!
//! A handler takes an [`IdempotencyKey`], names the creation with [`IdempotencyKey::of`], looks with [`Asked::recall`]
//! whether it was answered before, and writes what [`Asked::remember`] gives it in the transaction of the creation. Of
//! two equal requests at once, one loses that write, looks again and finds the answer of the other.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Authenticated, Problem};
use crate::ctx::Ctx;
use crate::domain::time::after_seconds;
use crate::secret::sha256_hex;
use crate::store::Once;

/// The header in which a client names its request.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The header that says that an answer was given before.
pub const IDEMPOTENT_REPLAY: &str = "Idempotent-Replay";

/// Longest key a client may choose.
const KEY_CHARS_MAX: usize = 255;
/// How long answers are kept.
const KEPT_SECONDS: i64 = 86_400;

/// The client's name for its request, if it chose one.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(Option<String>);

/// A creation that has a name.
#[derive(Debug, Clone)]
pub struct Asked {
    hash: String,
    request_hash: String,
}

/// The answer to a creation, or to what is added to something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// Where what was made is found; none: it is in what was there.
    #[serde(default)]
    pub location: Option<String>,
    /// Its version.
    pub etag: String,
    /// What it is, as JSON.
    pub body: serde_json::Value,
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else {
            return Ok(Self(None));
        };
        match value.to_str() {
            Ok(key) if (1..=KEY_CHARS_MAX).contains(&key.len()) && !key.contains('\t') => {
                Ok(Self(Some(key.to_owned())))
            }
            _ => Err(Problem::invalid_field(
                IDEMPOTENCY_KEY,
                format!("must be 1 to {KEY_CHARS_MAX} printable characters of ASCII"),
            )),
        }
    }
}

impl IdempotencyKey {
    /// This creation, if it has a name. Names are of one route, and of one person in a browser or one token: what was
    /// answered may be a secret, and a lesser token of the same person is not to be told it.
    pub fn of(&self, auth: &Authenticated, route: &str, body: &impl Serialize) -> Option<Asked> {
        let key = self.0.as_deref()?;
        let request = serde_json::to_string(body).ok()?;
        let token = auth
            .principal
            .token
            .as_ref()
            .map_or_else(String::new, |(id, _)| id.to_string());
        Some(Asked {
            hash: sha256_hex(format!("{}\n{token}\n{route}\n{key}", auth.principal.user_id)),
            request_hash: sha256_hex(request),
        })
    }
}

impl Asked {
    /// The answer that it was given before, if it was.
    ///
    /// # Errors
    /// 409, when the same name was given to something else.
    pub async fn recall(&self, ctx: &Ctx, now: Timestamp) -> Result<Option<Response>, Problem> {
        let Some(once) = ctx.store.answered_once(&self.hash, now).await? else {
            return Ok(None);
        };
        if once.request_hash != self.request_hash {
            let detail = format!("This {IDEMPOTENCY_KEY} was used for another request in the last 24 hours.");
            return Err(Problem::conflict("idempotency_key_reused", detail));
        }
        let opened = ctx.master().open(&self.purpose(), &once.sealed_answer);
        let created = opened
            .ok()
            .and_then(|json| serde_json::from_slice::<Created>(&json).ok());
        let Some(created) = created else {
            tracing::error!("a kept answer cannot be opened");
            return Err(Problem::internal());
        };
        let mut response = created.into_response();
        response
            .headers_mut()
            .insert(IDEMPOTENT_REPLAY, HeaderValue::from_static("true"));
        Ok(Some(response))
    }

    /// What is to be written together with the creation.
    pub fn remember(&self, ctx: &Ctx, answer: &Created, now: Timestamp) -> Once {
        let json = serde_json::to_vec(answer).unwrap_or_default();
        Once {
            hash: self.hash.clone(),
            request_hash: self.request_hash.clone(),
            sealed_answer: ctx.master().seal(&self.purpose(), &json, ctx.random.bytes()),
            expires_at: after_seconds(now, KEPT_SECONDS),
        }
    }

    fn purpose(&self) -> String {
        format!("once:{}", self.hash)
    }
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        let status = self.location.as_ref().map_or(StatusCode::OK, |_| StatusCode::CREATED);
        let mut response = (status, axum::Json(self.body)).into_response();
        for (name, text) in [(header::LOCATION, self.location), (header::ETAG, Some(self.etag))] {
            if let Some(Ok(value)) = text.map(HeaderValue::try_from) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn key(value: &[u8]) -> Result<IdempotencyKey, Problem> {
        let request = axum::http::Request::builder().header(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        IdempotencyKey::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn keys_have_1_to_255_characters() {
        assert_eq!(key(b"a").await.unwrap().0.as_deref(), Some("a"));
        assert!(key(&[b'x'; 255]).await.is_ok());
        for bad in [&b""[..], &[b'x'; 256], b"\xff", b"a\tb"] {
            assert_eq!(key(bad).await.unwrap_err().errors[0].field, IDEMPOTENCY_KEY);
        }
    }
}
