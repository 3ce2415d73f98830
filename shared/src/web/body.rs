//! Reading ids, queries and bodies, with errors that name the field and the limit.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::str::FromStr;

use super::Problem;
use crate::domain::limits;

/// A JSON body of our own API: unknown fields are refused by name, if the type says so.
#[derive(Debug, Clone)]
pub struct JsonBody<T>(pub T);

/// Query parameters.
#[derive(Debug, Clone)]
pub struct Params<T>(pub T);

/// An id in the path; a malformed one is as missing as any other.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let is_json = content_type
            .and_then(|text| text.split(';').next())
            .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"));
        let body = Limited::new(request.into_body(), limits::BODY_BYTES_MAX)
            .collect()
            .await;
        let bytes = match body {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(Problem::too_large(limits::BODY_BYTES_MAX)),
            Err(_) => return Err(Problem::unreadable("The body ended before it was whole.")),
        };
        // An action that takes an optional body takes none at all, too.
        if bytes.is_empty() && !is_json {
            return from_json(b"{}").map(Self);
        }
        if !is_json {
            return Err(Problem::wrong_type());
        }
        from_json(&bytes).map(Self)
    }
}

/// Reads JSON into a type of ours, as [`JsonBody`] does.
///
/// # Errors
/// 400, naming the field.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            let message = inner.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            return Problem::invalid_field(field_of(&path, message), in_plain_words(message));
        }
        Problem::unreadable(format!("The body is not JSON: {inner}."))
    })?;
    reader
        .end()
        .map_err(|error| Problem::unreadable(format!("The body is not one JSON value: {error}.")))?;
    Ok(value)
}

/// The same message without the names of Rust's types.
fn in_plain_words(message: &str) -> String {
    [("u8", u64::from(u8::MAX)), ("u32", u32::MAX.into()), ("u64", u64::MAX)]
        .iter()
        .find_map(|(name, max)| {
            let start = message.strip_suffix(name)?.strip_suffix("expected ")?;
            Some(format!("{start}expected a whole number from 0 to {max}"))
        })
        .unwrap_or_else(|| message.to_owned())
}

/// The field an error is about: missing and unknown fields are named in the message, the others by their path.
fn field_of(path: &str, message: &str) -> String {
    let named = ["missing field `", "unknown field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split('`').next())
        .filter(|name| path != *name && !path.ends_with(&format!(".{name}")));
    match (path, named) {
        ("." | "?", Some(name)) => name.to_owned(),
        (path, Some(name)) => format!("{path}.{name}"),
        ("." | "?", None) => "body".to_owned(),
        (path, None) => path.to_owned(),
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(value)| Self(value)).map_err(|rejection| {
            let text = rejection.body_text();
            let text = text
                .rsplit("Failed to deserialize query string: ")
                .next()
                .unwrap_or(&text)
                .to_owned();
            match text.split_once(": ") {
                Some((field, message)) if !field.contains(' ') => Problem::invalid_field(field, message),
                _ => Problem::invalid_field(field_of(".", &text), text),
            }
        })
    }
}

impl<S: Send + Sync, T: FromStr + Send> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found())?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_out_of_range_is_told_its_range() {
        #[derive(Debug, serde::Deserialize)]
        struct Body {
            #[expect(dead_code, reason = "it is never read")]
            wait: u32,
        }
        let problem = from_json::<Body>(br#"{"wait": -1}"#).unwrap_err();
        let [error] = problem.errors.as_slice() else {
            panic!("one error: {problem:?}")
        };
        assert_eq!(error.field, "wait");
        assert_eq!(
            error.message,
            "invalid value: integer `-1`, expected a whole number from 0 to 4294967295"
        );
    }
}
