//! Reading ids, queries and bodies, with errors that name the field and the limit.

use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Path, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Unexpected, Visitor};
use serde_json::Value;

use super::Problem;
use crate::domain::limits;

/// A JSON body of our own API: unknown fields are refused by name, if the type says so.
///
/// As `Option<JsonBody<T>>` it may be left out: no bytes at all, whatever the content type says.
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

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = <Self as OptionalFromRequest<S>>::from_request(request, state).await?;
        body.ok_or_else(|| Problem::unreadable("The body is empty: it must be JSON."))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Problem> {
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
        if bytes.is_empty() {
            return Ok(None);
        }
        if !is_json {
            return Err(Problem::wrong_type());
        }
        from_json(&bytes).map(|body| Some(Self(body)))
    }
}

/// Reads JSON into a type of ours, as [`JsonBody`] does.
///
/// # Errors
/// 400, naming the field.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Problem::unreadable(format!("The body is not JSON: {error}.")))?;
    from_value(value)
}

/// The same of JSON that was read already.
///
/// # Errors
/// 400, naming the field.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(ByName(value)).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        let field = field_of(&path, &message);
        let words = time_words(&field, &message).unwrap_or_else(|| in_plain_words(&message));
        Problem::invalid_field(field, words)
    })
}

/// A field that may be left out, but is not null: `#[serde(default, deserialize_with = "given")]`.
///
/// # Errors
/// When what was given is no `T`.
pub fn given<'de, T: serde::Deserialize<'de>, D: Deserializer<'de>>(given: D) -> Result<Option<T>, D::Error> {
    T::deserialize(given).map(Some)
}

/// Up to here a floating point number tells whole numbers apart: 2^53.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// JSON in which what has fields is an object: serde would also take a list of their values in the order of the type's
/// declaration, which is no contract of ours.
struct ByName(Value);

impl ByName {
    /// `60.0` as `60`: JSON knows one kind of number, and some languages write all of them with a point.
    fn whole(self) -> Self {
        match self.0.as_f64() {
            Some(number) if self.0.is_f64() && number.fract() == 0.0 && (0.0..=WHOLE_MAX).contains(&number) =>
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is whole, and in range"
                )]
                Self((number as u64).into())
            }
            _ => self,
        }
    }
}

impl<'de> IntoDeserializer<'de, serde_json::Error> for ByName {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for ByName {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(items) => SeqDeserializer::new(items.into_iter().map(ByName)).deserialize_any(visitor),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, ByName(value)));
                MapDeserializer::new(fields).deserialize_any(visitor)
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &"an object")),
            _ => self.deserialize_any(visitor),
        }
    }

    /// Nothing is no object without fields.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Null => Err(de::Error::invalid_type(Unexpected::Unit, &"an object")),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.whole().deserialize_any(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.whole().deserialize_any(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.whole().deserialize_any(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.whole().deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u16 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct identifier ignored_any
    }
}

/// What serde says by itself; other messages are of whoever read a text.
const OF_SERDE: [&str; 5] = ["invalid ", "missing ", "unknown ", "duplicate ", "data did not match"];

/// What a text should have been that is no time or no day. (Which fields are: `at`, `…_at` and `…_date`, everywhere.)
fn time_words(field: &str, message: &str) -> Option<String> {
    let name = field.rsplit('.').next().unwrap_or(field);
    let is_time = name == "at" || name.ends_with("_at");
    let wanted = match () {
        () if OF_SERDE.iter().any(|start| message.starts_with(start)) => return None,
        () if is_time => "a time with its zone, as \"2026-03-01T02:00:00Z\"",
        () if name.ends_with("_date") => "a day, as \"2026-03-01\"",
        () => return None,
    };
    Some(format!("must be {wanted}"))
}

/// The same message without the names of Rust's types.
fn in_plain_words(message: &str) -> String {
    if let Some((start, _)) = message.split_once("expected struct ") {
        return format!("{start}expected an object");
    }
    [("u8", u64::from(u8::MAX)), ("u32", u32::MAX.into()), ("u64", u64::MAX)]
        .iter()
        .find_map(|(name, max)| {
            let start = message.strip_suffix(name)?.strip_suffix("expected ")?;
            Some(format!("{start}expected a whole number from 0 to {max}"))
        })
        .unwrap_or_else(|| message.to_owned())
}

/// The field an error is about: missing, unknown and repeated fields are named in the message, the others by their path.
fn field_of(path: &str, message: &str) -> String {
    let named = ["missing field `", "unknown field `", "duplicate field `"]
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

    #[test]
    fn what_is_no_time_is_told_what_one_looks_like() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "they are never read")]
        struct Body {
            starts_at: Option<jiff::Timestamp>,
            start_date: Option<jiff::civil::Date>,
        }
        for (body, message) in [
            (
                r#"{"starts_at": "x"}"#,
                "must be a time with its zone, as \"2026-03-01T02:00:00Z\"",
            ),
            (
                r#"{"start_date": "2026-11-20T00:00:00Z"}"#,
                "must be a day, as \"2026-03-01\"",
            ),
            (r#"{"start_date": "2026-02-30"}"#, "must be a day, as \"2026-03-01\""),
        ] {
            let problem = from_json::<Body>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.errors[0].message, message, "{body}");
        }
        let number = from_json::<Body>(br#"{"starts_at": 3}"#).unwrap_err();
        assert!(number.errors[0].message.starts_with("invalid type"), "{number:?}");
    }

    #[test]
    fn what_has_fields_is_an_object_at_every_depth() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Inner {
            wait: Option<u32>,
        }
        #[derive(Debug, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            #[serde(default)]
            inner: Vec<Inner>,
        }
        let read = |text: &str| from_json::<Body>(text.as_bytes()).map_err(|problem| problem.errors[0].field.clone());
        let inner = |wait| Inner { wait };
        assert_eq!(
            read(r#"{"inner": [{"wait": 3}, {}, {"wait": null}]}"#),
            Ok(Body {
                inner: vec![inner(Some(3)), inner(None), inner(None)]
            })
        );
        assert_eq!(
            read(r#"{"inner": [{"wait": 60.0}]}"#),
            Ok(Body {
                inner: vec![inner(Some(60))]
            })
        );
        for (listed, field) in [
            ("[]", "body"),
            (r#"{"inner": [{"wait": 0.5}]}"#, "inner[0].wait"),
            (r#"{"inner": [{"wait": -1.0}]}"#, "inner[0].wait"),
            (r#"{"inner": [{"wait": 1e300}]}"#, "inner[0].wait"),
            ("[[]]", "body"),
            (r#"{"inner": [[3]]}"#, "inner[0]"),
            (r#"{"inner": [{"wait": "3"}]}"#, "inner[0].wait"),
            (r#"{"inner": [{"wat": 3}]}"#, "inner[0].wat"),
            ("null", "body"),
        ] {
            assert_eq!(read(listed), Err(field.into()), "{listed}");
        }
        for unreadable in ["", "{", "{} {}", "{\"inner\": }"] {
            let problem = from_json::<Body>(unreadable.as_bytes()).unwrap_err();
            assert_eq!((problem.status, problem.code), (400, "unreadable_body"), "{unreadable}");
        }
    }

    #[test]
    fn nothing_is_no_object() {
        let read =
            |text: &str| from_json::<serde_json::Map<String, Value>>(text.as_bytes()).map_err(|problem| problem.status);
        assert_eq!(read("{}"), Ok(serde_json::Map::new()));
        assert_eq!(read("null"), Err(400));
        assert_eq!(read("[]"), Err(400));
    }

    #[tokio::test]
    async fn only_a_body_that_may_be_left_out_may_be_empty() {
        #[derive(Debug, Default, serde::Deserialize)]
        struct Body {}
        let request = |content_type: Option<&str>, body: &'static str| {
            let mut request = Request::builder();
            if let Some(content_type) = content_type {
                request = request.header(header::CONTENT_TYPE, content_type);
            }
            request.body(axum::body::Body::from(body)).unwrap()
        };
        let json = Some("application/json; charset=utf-8");
        for (content_type, body, required, optional) in [
            (None, "", Err(400), Ok(false)),
            (json, "", Err(400), Ok(false)),
            (json, "{}", Ok(()), Ok(true)),
            (None, "{}", Err(415), Err(415)),
            (Some("text/plain"), "{}", Err(415), Err(415)),
            (json, "{", Err(400), Err(400)),
        ] {
            let read = <JsonBody<Body> as FromRequest<()>>::from_request(request(content_type, body), &()).await;
            let read = read.map(|_| ()).map_err(|problem| problem.status);
            assert_eq!(read, required, "{content_type:?} {body}");
            let read =
                <JsonBody<Body> as OptionalFromRequest<()>>::from_request(request(content_type, body), &()).await;
            let read = read.map(|body| body.is_some()).map_err(|problem| problem.status);
            assert_eq!(read, optional, "{content_type:?} {body}");
        }
    }
}
