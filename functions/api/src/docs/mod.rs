//! `GET /api/v1/docs`: the description of the API as a page to read.
//!
//! It is made from the same document that programs read (`openapi/`), when it is first asked for. What is absent: scripts,
//! anything from elsewhere, and words about single operations, which are the handlers'.

mod operation;
mod sample;
mod shape;

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;
use shared::ctx::Ctx;
use shared::secret::sha256_hex;
use shared::web::{PROBLEM_CODES, tag_of, unless_known};

use crate::openapi::{METHODS, document};
use operation::Operation;
use shape::{Shape, shapes};

const STYLE: &str = include_str!("../../templates/docs/style.css");

/// Nothing but our own style, by its hash.
static CONTENT_SECURITY_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = HEXLOWER.decode(sha256_hex(STYLE).as_bytes()).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
        BASE64.encode(&hash)
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
});

const HEADERS: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-cache"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// The page and its tag.
static PAGE: LazyLock<(String, String)> = LazyLock::new(|| {
    let page = Page::of(&document()).render().unwrap_or_else(|error| {
        tracing::error!(%error, "the page of the API cannot be shown");
        String::new()
    });
    let tag = tag_of(&page);
    (page, tag)
});

/// The page. It is no part of the description that it shows.
pub fn routes() -> Router<Ctx> {
    Router::new().route("/api/v1/docs", get(show))
}

async fn show(headers: HeaderMap) -> Response {
    let (page, tag) = &*PAGE;
    let mut response = unless_known(tag, &headers, || Html(page.as_str()).into_response());
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.clone());
    response
}

#[derive(Debug, Template)]
#[template(path = "docs/page.html")]
struct Page {
    style: &'static str,
    version: String,
    sections: Vec<Section>,
    shapes: Vec<Shape>,
    problems: [(u16, &'static str, &'static str); PROBLEM_CODES.len()],
}

/// Operations on one kind of thing.
#[derive(Debug)]
struct Section {
    anchor: String,
    name: String,
    about: String,
    operations: Vec<Operation>,
}

impl Page {
    fn of(document: &Value) -> Self {
        let tags = document["tags"].as_array().into_iter().flatten();
        Self {
            style: STYLE,
            version: text(&document["info"]["version"]),
            sections: tags.map(|tag| Section::of(document, tag)).collect(),
            shapes: shapes(document),
            problems: PROBLEM_CODES,
        }
    }
}

impl Section {
    fn of(document: &Value, tag: &Value) -> Self {
        let name = text(&tag["name"]);
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for method in METHODS {
                let one = &item[method];
                if one["tags"][0] == tag["name"] {
                    operations.push(Operation::of(document, path, method, one));
                }
            }
        }
        Self {
            anchor: name.to_lowercase().replace(' ', "-"),
            about: text(&tag["description"]),
            name,
            operations,
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_shape_is_on_the_page_and_every_link_leads_somewhere() {
        let document = document();
        let (page, _) = &*PAGE;
        let mut count = 0;
        for (_, item) in document["paths"].as_object().unwrap() {
            for operation in METHODS.iter().filter_map(|method| item.get(method)) {
                count += 1;
                let id = operation["operationId"].as_str().unwrap();
                assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
            }
        }
        let (_, reference) = page.split_once("<article").unwrap();
        assert_eq!(reference.matches("<code>curl ").count(), count);
        for href in page
            .split("href=\"#")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            assert!(page.contains(&format!("id=\"{href}\"")), "{href} leads nowhere");
        }
        assert!(!page.contains("<script") && !page.contains("style=\""));
    }

    #[test]
    fn a_creation_shows_a_body_that_would_be_taken() {
        let (page, _) = &*PAGE;
        let curl = page.split("id=\"create_service\"").nth(1).unwrap();
        let curl = curl
            .split("<code>curl ")
            .nth(1)
            .unwrap()
            .split("</code>")
            .next()
            .unwrap();
        for part in [
            "-X POST",
            "/api/v1/services",
            "Authorization: Bearer $TOKEN",
            "Idempotency-Key",
            "policy_id",
        ] {
            assert!(curl.contains(part), "{part}: {curl}");
        }
    }
}
