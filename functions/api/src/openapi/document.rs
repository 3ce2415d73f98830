//! The OpenAPI 3.1 document: what the handlers say of themselves, and what follows from their shape alike for all.
//!
//! Which problems an operation may answer, which headers it takes and which version it answers follow from its method,
//! its path and whether it needs credentials; so they are added here, once, instead of being repeated by each handler.
//! What types cannot say of themselves is in `schemas.rs`.

use serde_json::{Value, json};
use shared::avatars::Descriptions;
use shared::web::{
    FORM_TOKEN_HEADER, FieldError, IDEMPOTENCY_KEY, IDEMPOTENT_REPLAY, PROBLEM_CODES, Problem, REQUESTS_A_MINUTE,
};
use utoipa::OpenApi;

use super::{follow_ups, problems, schemas};
use crate::configuration::IF_MATCH_PATTERN;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Nightbell",
        description = "On-call alerting: everything that a person or a script may do. `GET /api/v1/docs` is the same to read.\n\n\
            Times are RFC 3339 in UTC. Lists are `{\"items\": […], \"next\": \"<cursor>\" | null}`, newest first. What is wrong \
            with a request is told as `application/problem+json` (RFC 9457) with a stable `code`. A path that does not take \
            a method answers 405, with the methods that it takes in `Allow`."
    ),
    components(schemas(Problem, FieldError))
)]
struct Base;

/// What is left of a token's requests, in both forms.
const LIMITS: [&str; 5] = [
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "RateLimit-Policy",
    "RateLimit",
];
/// The methods of our paths.
pub const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The sections of the document in the order in which they are read, with what each is about.
const TAGS: [(&str, &str); 19] = [
    ("Incidents", "What people answer."),
    ("Insights", "How much broke, how soon it was taken, and whom it woke."),
    ("Services", "What breaks, and how urgent that is."),
    ("Integrations", "The senders of a service: a format and a key each."),
    (
        "Escalation policies",
        "Whom to ask, in which order, and for how long each.",
    ),
    ("Teams", "Who owns services, policies and channels."),
    ("Users", "The people."),
    (
        "Contacts",
        "The ways to reach a person. One is used once its owner has confirmed the code that came by it.",
    ),
    (
        "Notification rules",
        "By which contact a person hears, and how long after a step begins.",
    ),
    ("Channels", "Places that many people read."),
    (
        "Tokens",
        "What scripts act with, in a person's name and with no more rights than theirs.",
    ),
    ("Status pages", "What the public reads, and the components it shows."),
    ("Posts", "What the public is told of trouble."),
    (
        "Postmortems",
        "What was learned of an incident, written down and told to the public.",
    ),
    ("Maintenances", "What the public is told of planned work."),
    ("Subscribers", "Who is told of posts and maintenances."),
    ("Audit", "Who changed what, when and how."),
    ("Outbox", "At home only, where messages are kept instead of sent."),
    ("About", "The service itself."),
];

/// What conflicts (409) an operation knows, besides an `Idempotency-Key` that was used for something else.
const CONFLICTS: [(&str, &str, &[&str]); 18] = [
    ("delete", "/api/v1/services/{id}", &["in_use"]),
    ("delete", "/api/v1/escalation-policies/{id}", &["in_use"]),
    ("delete", "/api/v1/teams/{id}", &["in_use"]),
    ("delete", "/api/v1/channels/{id}", &["in_use"]),
    ("delete", "/api/v1/contacts/{id}", &["in_use"]),
    ("delete", "/api/v1/users/{id}", &["in_use", "last_owner", "yourself"]),
    ("post", "/api/v1/users", &["email_taken", "too_many_owners"]),
    (
        "patch",
        "/api/v1/users/{id}",
        &["email_taken", "last_owner", "too_many_owners"],
    ),
    ("post", "/api/v1/users/{id}/invitation", &["has_password", "no_email"]),
    ("post", "/api/v1/contacts", &["too_many_contacts"]),
    ("post", "/api/v1/contacts/{id}/test", &["not_verified"]),
    ("delete", "/api/v1/pages/{id}", &["in_use"]),
    ("delete", "/api/v1/components/{id}", &["in_use"]),
    (
        "post",
        "/api/v1/pages/{id}/publications",
        &["is_public", "nothing_to_tell"],
    ),
    ("post", "/api/v1/posts/{id}/updates", &["is_withdrawn"]),
    ("post", "/api/v1/incidents/{id}/postmortem", &["incident_open"]),
    (
        "post",
        "/api/v1/incidents/{id}/postmortem/publish",
        &["no_post", "post_open", "post_withdrawn", "unwritten", "no_room"],
    ),
    ("post", "/api/v1/setup/{code}", &["already_set_up", "email_taken"]),
];

/// What is neither made under a name nor kept in versions: a person's picture, of which the newest holds, and subscribers,
/// who are there once however often they are added.
const UNVERSIONED: [&str; 3] = [
    "/api/v1/users/{id}/avatar",
    "/api/v1/pages/{id}/subscribers",
    "/api/v1/pages/{id}/subscribers/{subscriber_id}",
];

/// Creations of what a team owns: another team is answered as missing.
const OWNED: [&str; 6] = [
    "/api/v1/services",
    "/api/v1/integrations",
    "/api/v1/escalation-policies",
    "/api/v1/channels",
    "/api/v1/pages",
    "/api/v1/components",
];

/// The document of these routes.
pub fn finished(routes: utoipa::openapi::OpenApi) -> Value {
    let mut base = Base::openapi();
    base.info.version = env!("CARGO_PKG_VERSION").to_owned();
    base.merge(routes);
    // Answered by a function of its own.
    base.merge(Descriptions::openapi());
    let mut document = serde_json::to_value(base).unwrap_or_default();
    document["tags"] = TAGS
        .iter()
        .map(|(name, words)| json!({ "name": name, "description": words }))
        .collect();
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
    document["components"]["headers"] = headers();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                complete(path, method, operation);
            }
        }
    }
    follow_ups::add(&mut document);
    schemas::finish(&mut document);
    problems::share(&mut document);
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
    let is_kept = !UNVERSIONED.contains(&path);
    let is_creation = !is_open && is_kept && operation["responses"].get("201").is_some();
    // Beside what changes or removes something that is kept in versions.
    let is_act_on_version = ["/rotate", "/postmortem/publish"].iter().any(|end| path.ends_with(end))
        || method == "post" && path.starts_with("/api/v1/posts/{id}/")
        || is_addition(path, method);
    let has_name = is_creation || is_addition(path, method);
    let is_versioned = is_kept && matches!(method, "patch" | "put" | "delete") || is_act_on_version;
    if has_name {
        let words = "A name for this request. Sent again with it in the next 24 hours, it is answered as it was the first time.";
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$",
            "examples": ["6a1f0c9e-order-4711"] });
        add_header(operation, IDEMPOTENCY_KEY, words, schema);
    }
    if is_versioned {
        add_header(
            operation,
            "If-Match",
            "The ETag of what was read; it is changed only while it is still that.",
            json!({ "type": "string", "format": "entity-tags", "minLength": 1, "pattern": IF_MATCH_PATTERN, "examples": ["\"3\""] }),
        );
    }
    if operation["responses"].get("304").is_some() {
        let words = "The ETag of what is known; 304 if it is still that.";
        add_header(operation, "If-None-Match", words, json!({ "type": "string" }));
    }
    add_answered_headers(path, method, operation, is_creation);
    let has_id = path.contains('{');
    let may_be_hidden = has_id || (method == "post" && OWNED.contains(&path));
    let has_body = operation.get("requestBody").is_some();
    let has_input = has_body || has_query_or_header(operation);
    let conflicts = conflicts(path, method, has_name);
    for (status, words, applies) in [
        ("400", "Input is wrong; `errors` names the fields.", has_input),
        ("401", "No credentials, or wrong ones.", !is_open),
        ("403", "Known, but not allowed.", !is_open),
        (
            "404",
            "There is no such thing, or none that the caller may change.",
            may_be_hidden,
        ),
        ("409", "In use, or in conflict with something.", !conflicts.is_empty()),
        ("412", "It changed since it was read.", is_versioned),
        ("413", "The body is too large.", has_body),
        ("415", "The body is not JSON.", has_body),
        (
            "429",
            "Too many requests; `Retry-After` says when to try again.",
            !is_open,
        ),
        ("503", "Nothing was stored; try again in a moment.", !is_open || has_id),
    ] {
        let responses = operation["responses"].as_object_mut();
        if let Some(responses) = responses.filter(|responses| applies && !responses.contains_key(status)) {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            let content = json!({ "application/problem+json": { "schema": schema } });
            responses.insert(status.to_owned(), json!({ "description": words, "content": content }));
        }
    }
    let is_set_up = path.contains("/setup/");
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        say_which_problems(status, &conflicts, is_set_up, response);
    }
    if !is_open {
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            tell_limits(status, response);
        }
    }
    may_be_left_out(operation);
}
/// The headers that answers have alike, by name.
fn headers() -> Value {
    let header = |words: String, kind: &str| json!({ "description": words, "schema": { "type": kind } });
    json!({
        "RateLimit-Limit": header(format!("Requests that this token, or this person in their browsers, may make at once, \
            and again after a minute: {REQUESTS_A_MINUTE}, counted by each of the servers for itself."), "integer"),
        "RateLimit-Remaining": header("How many of them are left.".into(), "integer"),
        "RateLimit-Reset": header("Seconds after which all of them are there again.".into(), "integer"),
        "RateLimit-Policy": header("The limit, as the draft for these headers has it: `\"requests\";q=<limit>;w=<seconds>`."
            .into(), "string"),
        "RateLimit": header("What is left of it: `\"requests\";r=<remaining>;t=<reset>`.".into(), "string"),
    })
}

/// Whoever showed good credentials is told what they may ask for still.
fn tell_limits(status: &str, response: &mut Value) {
    if status != "401" {
        for name in LIMITS {
            response["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
    }
}

fn conflicts(path: &str, method: &str, has_name: bool) -> Vec<&'static str> {
    let known = CONFLICTS.iter().find(|known| (known.0, known.1) == (method, path));
    let mut codes = known.map_or(Vec::new(), |known| known.2.to_vec());
    codes.extend(has_name.then_some("idempotency_key_reused"));
    codes
}

/// The codes of a problem with this status, and the headers that come with it.
fn say_which_problems(status: &str, conflicts: &[&str], is_set_up: bool, response: &mut Value) {
    let Some(schema) = response.pointer_mut("/content/application~1problem+json/schema") else {
        return;
    };
    let of_status =
        |known: &&(u16, &str, &str)| known.0.to_string() == status && (is_set_up || known.1 != "wrong_setup_code");
    let codes: Vec<&str> = match status {
        "409" => conflicts.to_vec(),
        _ => PROBLEM_CODES.iter().filter(of_status).map(|known| known.1).collect(),
    };
    let number: u16 = status.parse().unwrap_or_default();
    let narrowed = json!({ "properties": { "status": { "const": number }, "code": { "enum": codes } } });
    *schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, narrowed] });
    let header = match status {
        "401" => (
            "WWW-Authenticate",
            json!({ "type": "string", "const": "Bearer" }),
            "How to show who one is.",
        ),
        "429" | "503" => (
            "Retry-After",
            json!({ "type": "integer", "minimum": 1 }),
            "Seconds after which to try again.",
        ),
        _ => return,
    };
    answer_header(response, header.0, header.2, header.1, true);
}

/// A body that may be left out is none, rather than null.
fn may_be_left_out(operation: &mut Value) {
    let body = operation.pointer_mut("/requestBody/content/application~1json/schema");
    if let Some(body) = body
        && let Some(given) = body["oneOf"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one.get("$ref").is_some()))
    {
        *body = given.clone();
        operation["requestBody"]["required"] = false.into();
    }
}

/// `Location` and `ETag`, where they are answered.
fn add_answered_headers(path: &str, method: &str, operation: &mut Value, is_creation: bool) {
    let is_incident = path.starts_with("/api/v1/incidents") && !path.contains("/postmortem");
    let tag = match is_incident {
        true => json!({ "type": "string", "pattern": "^\"[0-9a-f]{32}\"$" }),
        false => json!({ "type": "string", "pattern": "^\"[0-9]+\"$", "examples": ["\"3\""] }),
    };
    if is_creation {
        let created = &mut operation["responses"]["201"];
        let uri = json!({ "type": "string", "format": "uri-reference" });
        answer_header(created, "Location", "Where it is.", uri, true);
        answer_header(created, "ETag", "Its version.", tag, true);
        may_be_replayed(created);
        return;
    }
    if is_addition(path, method) {
        may_be_replayed(&mut operation["responses"]["200"]);
    }
    let one = ["/{id}", "/me", "/notification-rules", "/postmortem"];
    let acts = [
        "/rotate",
        "/verify",
        "/confirm",
        "/updates",
        "/withdraw",
        "/postmortem",
        "/publish",
    ];
    let answers_version = match method {
        "get" => one.iter().any(|end| path.ends_with(end)),
        "patch" | "put" => true,
        "post" => acts.iter().any(|end| path.ends_with(end)),
        _ => false,
    };
    if answers_version {
        answer_header(&mut operation["responses"]["200"], "ETag", "Its version.", tag, true);
    }
}

/// Whether something is added to what is there: words, once under one name.
fn is_addition(path: &str, method: &str) -> bool {
    method == "post" && path.ends_with("/{id}/updates")
}

fn may_be_replayed(response: &mut Value) {
    let replay = json!({ "type": "string", "const": "true" });
    let words = "There when this answer was given before, to the same request.";
    answer_header(response, IDEMPOTENT_REPLAY, words, replay, false);
}

fn answer_header(response: &mut Value, name: &str, words: &str, schema: Value, is_required: bool) {
    response["headers"][name] = json!({ "description": words, "required": is_required, "schema": schema });
}

fn has_query_or_header(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array();
    parameters.is_some_and(|parameters| parameters.iter().any(|one| one["in"] != "path"))
}

fn add_header(operation: &mut Value, name: &str, words: &str, schema: Value) {
    let header = json!({ "name": name, "in": "header", "required": false, "description": words, "schema": schema });
    match operation["parameters"].as_array_mut() {
        Some(parameters) => parameters.push(header),
        None => operation["parameters"] = json!([header]),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::domain::limits;

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
                let response = match response["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
                    Some(path) => document.pointer(path).unwrap(),
                    None => response,
                };
                assert!(
                    !response["description"].as_str().unwrap_or_default().is_empty(),
                    "{place} {status}"
                );
            }
            if operation["security"].is_null() {
                assert!(operation["responses"]["401"].is_object(), "{place}");
                let headers = |status: &str| {
                    let response = &operation["responses"][status];
                    let path = response["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
                    path.map_or(response, |path| document.pointer(path).unwrap())["headers"].clone()
                };
                for name in LIMITS.iter().chain(&["Retry-After"]) {
                    assert!(headers("429")[name].is_object(), "{place}: {name}");
                    assert!(headers("401").get(name).is_none(), "{place}: {name}");
                }
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

    /// Attributes of types take numbers, not the names of limits: so they are compared here.
    #[test]
    fn limits_are_those_that_the_code_enforces() {
        let document = document();
        let name = limits::NAME_CHARS_MAX as u64;
        for (place, expected) in [
            ("ServiceBody/properties/name/maxLength", name),
            ("IntegrationBody/properties/name/maxLength", name),
            ("PolicyBody/properties/name/maxLength", name),
            ("TeamBody/properties/name/maxLength", name),
            ("UserBody/properties/name/maxLength", name),
            ("ChannelBody/properties/name/maxLength", name),
            ("TokenBody/properties/name/maxLength", name),
            ("SetupBody/properties/name/maxLength", name),
            ("NewLink/properties/text/maxLength", name),
            ("NewLink/properties/href/maxLength", limits::LINK_BYTES_MAX as u64),
            (
                "NewIncident/properties/runbook_url/maxLength",
                limits::LINK_BYTES_MAX as u64,
            ),
            (
                "NewIncident/properties/title/maxLength",
                limits::SUMMARY_CHARS_MAX as u64,
            ),
            ("NewIncident/properties/links/maxItems", limits::LINKS_MAX as u64),
            ("NoteBody/properties/text/maxLength", limits::NOTE_CHARS_MAX as u64),
            ("AnswerBody/properties/note/maxLength", limits::NOTE_CHARS_MAX as u64),
            (
                "ReassignBody/oneOf/1/properties/user_ids/maxItems",
                limits::STEP_TARGETS_MAX as u64,
            ),
            (
                "PolicyBody/properties/repeat/maximum",
                limits::POLICY_REPEATS_MAX.into(),
            ),
            ("PolicyBody/properties/steps/maxItems", limits::POLICY_STEPS_MAX as u64),
            ("StepBody/properties/targets/maxItems", limits::STEP_TARGETS_MAX as u64),
            (
                "StepBody/properties/escalate_after_seconds/maximum",
                limits::ESCALATE_AFTER_SECONDS_MAX.into(),
            ),
            (
                "ServiceBody/properties/ack_timeout_seconds/default",
                limits::ACK_TIMEOUT_SECONDS.into(),
            ),
            ("Rules/properties/high/maxItems", limits::RULES_MAX as u64),
            ("Rules/properties/low/maxItems", limits::RULES_MAX as u64),
            (
                "Rule/properties/after_seconds/maximum",
                limits::RULE_AFTER_SECONDS_MAX.into(),
            ),
        ] {
            let said = document
                .pointer(&format!("/components/schemas/{place}"))
                .and_then(Value::as_u64);
            assert_eq!(said, Some(expected), "{place}");
        }
        let page = &document["paths"]["/api/v1/teams"]["get"]["parameters"];
        assert_eq!(page[0]["schema"]["maximum"], limits::PAGE_ITEMS_MAX);
        assert_eq!(page[0]["schema"]["default"], limits::PAGE_ITEMS_DEFAULT);
    }

    #[test]
    fn what_is_read_has_every_field_and_the_name_of_the_thing() {
        let document = document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let service = &schemas["Service"];
        assert_eq!(
            service["required"].as_array().unwrap().len(),
            service["properties"].as_object().unwrap().len()
        );
        assert_eq!(
            schemas["ServiceList"]["properties"]["items"]["items"]["$ref"],
            "#/components/schemas/Service"
        );
        assert!(
            schemas
                .keys()
                .all(|name| !name.ends_with("View") && !name.contains('_')),
            "{:?}",
            schemas.keys()
        );
    }

    #[test]
    fn one_of_several_fields_and_lists_without_doubles_are_said() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        for (name, count) in [("TargetBody", 3), ("ReassignBody", 2)] {
            let alternatives = schemas[name]["oneOf"].as_array().unwrap();
            assert_eq!(alternatives.len(), count);
            assert!(alternatives.iter().all(|one| one["additionalProperties"] == false));
        }
        assert_eq!(schemas["TokenBody"]["properties"]["scopes"]["uniqueItems"], true);
        assert_eq!(
            schemas["ChannelBody"]["properties"]["kind"]["enum"],
            json!(["webhook", "topic"])
        );
    }

    #[test]
    fn what_was_made_is_linked_to_what_may_be_done_with_it() {
        let document = document();
        let links = &document["paths"]["/api/v1/integrations"]["post"]["responses"]["201"]["links"];
        for operation in [
            "get_integration",
            "change_integration",
            "rotate_integration_key",
            "test_integration",
        ] {
            assert_eq!(
                links[operation]["parameters"]["id"], "$response.body#/id",
                "{operation}"
            );
        }
    }

    #[test]
    fn every_conflict_is_one_of_a_real_operation_and_a_known_code() {
        let document = document();
        for (method, path, codes) in CONFLICTS {
            let answer = &document["paths"][path][method]["responses"]["409"];
            let said = answer.pointer("/content/application~1problem+json/schema/allOf/1/properties/code/enum");
            for code in codes {
                assert!(
                    said.unwrap().as_array().unwrap().contains(&json!(code)),
                    "{method} {path} {code}"
                );
                assert!(
                    PROBLEM_CODES.iter().any(|known| (known.0, known.1) == (409, code)),
                    "{code}"
                );
            }
        }
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
