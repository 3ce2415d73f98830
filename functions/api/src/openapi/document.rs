//! The OpenAPI 3.1 document: what the handlers say of themselves, and what follows from their shape alike for all.
//!
//! Which problems an operation may answer, which headers it takes and which version it answers follow from its method,
//! its path and whether it needs credentials; so they are added here, once, instead of being repeated by each handler.

use serde_json::{Map, Value, json};
use shared::avatars::Descriptions;
use shared::web::{FORM_TOKEN_HEADER, FieldError, IDEMPOTENCY_KEY, Problem};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(title = "Nightbell", description = "On-call alerting."),
    components(schemas(Problem, FieldError))
)]
struct Base;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The document of these routes.
pub fn finished(routes: utoipa::openapi::OpenApi) -> Value {
    let mut base = Base::openapi();
    base.info.version = env!("CARGO_PKG_VERSION").to_owned();
    base.merge(routes);
    // Answered by a function of its own.
    base.merge(Descriptions::openapi());
    let mut document = serde_json::to_value(base).unwrap_or_default();
    document["security"] = json!([{ "bearer": [] }, { "session": [], "form_token": [] }]);
    document["components"]["securitySchemes"] = json!({
        "bearer": { "type": "http", "scheme": "bearer", "description": "An API token, for scripts." },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "nightbell",
            "description": "Signed in with a browser; over https its name begins with `__Host-`.",
        },
        "form_token": {
            "type": "apiKey", "in": "header", "name": FORM_TOKEN_HEADER,
            "description": "What the browser's page holds; asked for with the cookie, of requests that change something.",
        },
    });
    let mut partial = Map::new();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                complete(path, method, operation);
                if method == "patch" {
                    name_partial_body(operation, &mut partial);
                }
            }
        }
    }
    let schemas = &mut document["components"]["schemas"];
    for (name, whole) in partial {
        let mut schema = schemas[whole.as_str().unwrap_or_default()].clone();
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("required");
            // What a creation fills in, a change leaves as it is.
            for (_, property) in schema
                .get_mut("properties")
                .and_then(Value::as_object_mut)
                .into_iter()
                .flatten()
            {
                property.as_object_mut().and_then(|property| property.remove("default"));
            }
            schema.insert(
                "description".into(),
                "What is to change; what is left out stays as it is.".into(),
            );
        }
        schemas[name] = schema;
    }
    document
}

/// Adds the headers and the problems that follow from an operation's shape.
fn complete(path: &str, method: &str, operation: &mut Value) {
    // The document's format wants words for every answer; for one that went well, the operation's own will do.
    let summary = operation["summary"].clone();
    for (_, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if response["description"].as_str().is_none_or(str::is_empty) {
            response["description"] = summary.clone();
        }
    }
    let is_open = operation
        .get("security")
        .is_some_and(|security| *security == json!([{}]) || *security == json!([]));
    if is_open {
        return;
    }
    let is_creation = operation["responses"].get("201").is_some();
    let is_versioned = matches!(method, "patch" | "put" | "delete") || path.ends_with("/rotate");
    if is_creation {
        let words = "A name for this request, 1 to 255 characters. Sent again with it, it is answered as it was the first time.";
        add_header(operation, IDEMPOTENCY_KEY, words);
    }
    if is_versioned {
        add_header(
            operation,
            "If-Match",
            "The ETag of what was read; it is changed only while it is still that.",
        );
    }
    let has_id = path.contains('{');
    let writes = method != "get";
    let has_body = operation.get("requestBody").is_some();
    for (status, words, applies) in [
        ("400", "Input is wrong; `errors` names the fields.", true),
        ("401", "No credentials, or wrong ones.", true),
        ("403", "Known, but not allowed.", true),
        (
            "404",
            "There is no such thing, or none that the caller may change.",
            has_id,
        ),
        ("409", "In use, or in conflict with something.", writes),
        ("412", "It changed since it was read.", is_versioned),
        ("413", "The body is too large.", has_body),
        ("415", "The body is not JSON.", has_body),
        ("503", "Nothing was stored; try again in a moment.", true),
    ] {
        let responses = operation["responses"].as_object_mut();
        if let Some(responses) = responses.filter(|responses| applies && !responses.contains_key(status)) {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            let content = json!({ "application/problem+json": { "schema": schema } });
            responses.insert(status.to_owned(), json!({ "description": words, "content": content }));
        }
    }
}

fn add_header(operation: &mut Value, name: &str, words: &str) {
    let header = json!({ "name": name, "in": "header", "required": false, "description": words, "schema": { "type": "string" } });
    match operation["parameters"].as_array_mut() {
        Some(parameters) => parameters.push(header),
        None => operation["parameters"] = json!([header]),
    }
}

/// A change takes any part of the body of a creation: `ServiceBody` becomes `ServiceBodyChanges`, none of it required.
fn name_partial_body(operation: &mut Value, partial: &mut Map<String, Value>) {
    let reference = operation.pointer_mut("/requestBody/content/application~1json/schema/$ref");
    if let Some(Value::String(reference)) = reference
        && let Some((_, whole)) = reference.clone().rsplit_once('/')
    {
        let name = format!("{whole}Changes");
        partial.insert(name.clone(), whole.into());
        *reference = format!("#/components/schemas/{name}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn document() -> Value {
        finished(crate::openapi::routes().into_openapi())
    }

    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let paths = document["paths"].as_object().unwrap();
        let mut found = Vec::new();
        for (path, item) in paths {
            found.extend(
                METHODS
                    .iter()
                    .filter_map(|method| Some((format!("{method} {path}"), item.get(method)?))),
            );
        }
        found
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_a_summary_and_its_problems() {
        let document = document();
        assert_eq!(document["openapi"], "3.1.0");
        let mut names = BTreeSet::new();
        let operations = operations(&document);
        assert!(operations.len() > 40, "{}", operations.len());
        for (place, operation) in operations {
            let name = operation["operationId"].as_str().unwrap_or_default();
            assert!(!name.is_empty() && names.insert(name.to_owned()), "{place}: {name}");
            assert!(
                !operation["summary"].as_str().unwrap_or_default().is_empty(),
                "{place} has no summary"
            );
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(
                    !response["description"].as_str().unwrap_or_default().is_empty(),
                    "{place} {status}"
                );
            }
            if operation["security"].is_null() {
                assert!(operation["responses"]["401"].is_object(), "{place}");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut references = Vec::new();
        find_references(&document, &mut references);
        assert!(references.len() > 100);
        for reference in references {
            let target = document.pointer(reference.strip_prefix('#').unwrap());
            assert!(target.is_some_and(Value::is_object), "{reference}");
        }
    }

    fn find_references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| find_references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| find_references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn changes_require_nothing_and_creations_say_what_they_require() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        assert!(
            schemas["ServiceBody"]["required"]
                .as_array()
                .unwrap()
                .contains(&json!("policy_id"))
        );
        assert!(schemas["ServiceBodyChanges"].get("required").is_none());
        assert_eq!(schemas["ServiceBodyChanges"]["additionalProperties"], false);
        assert!(
            schemas["ServiceBodyChanges"]["properties"]["ack_timeout_seconds"]
                .get("default")
                .is_none()
        );
        let patch = &document["paths"]["/api/v1/services/{id}"]["patch"];
        let body = &patch["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(body["$ref"], "#/components/schemas/ServiceBodyChanges");
        assert!(patch["responses"]["412"].is_object());
    }

    #[test]
    fn what_is_open_to_all_says_so() {
        let document = document();
        assert_eq!(
            document["security"],
            json!([{ "bearer": [] }, { "session": [], "form_token": [] }])
        );
        for path in ["/healthz", "/api/v1/openapi.json"] {
            assert_eq!(document["paths"][path]["get"]["security"], json!([{}]), "{path}");
        }
    }
}
