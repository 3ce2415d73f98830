//! Forms of signed-in people: who sent it, that it came from a page of ours, and what it says.

use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::ctx::Ctx;
use shared::secret::equal;

use super::refused::Refused;
use super::visitor::Visitor;

/// A form that a page of ours sent for somebody who is signed in.
#[derive(Debug)]
pub struct Posted<T> {
    pub visitor: Visitor,
    pub form: T,
}

/// The hidden field of every form.
#[derive(Debug, Deserialize)]
struct Proof {
    #[serde(default)]
    form_token: String,
}

impl<T: DeserializeOwned> FromRequest<Ctx> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, ctx: &Ctx) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, ctx).await?;
        let expected = visitor.form_token.clone();
        let form = read_form(parts, body, ctx, &expected)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self { visitor, form })
    }
}

/// Reads a form that carries `expected` as its token.
pub async fn read_form<T: DeserializeOwned>(
    parts: Parts,
    body: axum::body::Body,
    ctx: &Ctx,
    expected: &str,
) -> Result<T, Refused> {
    let request = Request::from_parts(parts, body);
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, ctx)
        .await
        .map_err(|rejection| Refused::unreadable(rejection.status(), &rejection.body_text()))?;
    let Proof { form_token } = from_fields(&fields)?;
    if !equal(form_token.as_bytes(), expected.as_bytes()) {
        return Err(Refused::not_ours());
    }
    from_fields(&fields)
}

/// By way of JSON: a name that occurs several times is a list, one that ends in `[]` always is.
fn from_fields<T: DeserializeOwned>(fields: &[(String, String)]) -> Result<T, Refused> {
    let mut object = serde_json::Map::new();
    for (name, value) in fields {
        match name.strip_suffix("[]") {
            Some(name) => {
                let list = object.entry(name).or_insert_with(|| serde_json::json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(value.as_str().into());
                }
            }
            None => _ = object.insert(name.clone(), value.as_str().into()),
        }
    }
    serde_json::from_value(object.into()).map_err(|error| Refused::invalid(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_named_as_lists() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Wanted {
            #[serde(default)]
            ids: Vec<String>,
            #[serde(default)]
            action: String,
        }
        let fields = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        let read = from_fields::<Wanted>(&fields(&[
            ("ids[]", "a"),
            ("ids[]", "b"),
            ("action", "x"),
            ("other", ""),
        ]));
        assert_eq!(
            read.unwrap(),
            Wanted {
                ids: vec!["a".into(), "b".into()],
                action: "x".into()
            }
        );
        assert_eq!(from_fields::<Wanted>(&[]).unwrap().ids, Vec::<String>::new());
    }
}
