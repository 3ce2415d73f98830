//! What types cannot say of themselves: the bodies of changes, "exactly one of these", "no two alike", and which fields
//! an answer always has.

use serde_json::{Map, Value, json};
use shared::web::PROBLEM_CODES;

use super::document::METHODS;

/// One line that is not blank, without control characters: what `Faults::name` takes.
const NAME_PATTERN: &str = concat!(
    r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]*",
    r"[^\s\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]",
    r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]*$"
);

/// Bodies of which exactly one field is given.
const ONE_OF: [&str; 2] = ["TargetBody", "ReassignBody"];

/// Lists without doubles.
const WITHOUT_DOUBLES: [(&str, &str); 5] = [
    ("TokenBody", "scopes"),
    ("UserBody", "team_ids"),
    ("StepBody", "targets"),
    ("Rules", "high"),
    ("Rules", "low"),
];

/// Fields that take only some words of their type: the others are for others.
const WORDS: [(&str, &str, &[&str]); 7] = [
    ("ChannelBody", "kind", &["webhook", "topic"]),
    ("ContactBody", "kind", &["sms", "voice", "email", "webhook"]),
    ("Affected", "critical", &BY_TROUBLE),
    ("Affected", "error", &BY_TROUBLE),
    ("Affected", "warning", &BY_TROUBLE),
    ("Affected", "info", &BY_TROUBLE),
    ("Effect", "status", &BY_TROUBLE),
];

/// What trouble makes of a component; only a maintenance makes it `under_maintenance`.
const BY_TROUBLE: [&str; 4] = ["operational", "degraded_performance", "partial_outage", "major_outage"];

/// What is read, but not with every field each time.
const WITH_GAPS: [&str; 6] = ["Actor", "Alert", "FieldError", "Image", "Link", "Problem"];

/// The field of an answer that tells a secret this once, where there is one.
const TOLD_ONCE: &str = "signing_secret";

/// Finishes the schemas of a document whose operations are complete.
pub fn finish(document: &mut Value) {
    let partial = name_partial_bodies(document);
    let written = written(document);
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else {
        return;
    };
    for (name, schema) in schemas.iter_mut() {
        if written.contains(name) {
            name_lines(schema);
        } else if !WITH_GAPS.contains(&name.as_str()) {
            require_all(schema);
        }
    }
    for (name, list) in WITHOUT_DOUBLES {
        schemas[name]["properties"][list]["uniqueItems"] = true.into();
    }
    for (name, field, words) in WORDS {
        let taken = &mut schemas[name]["properties"][field];
        *taken = json!({ "type": "string", "enum": words, "description": taken["description"] });
    }
    for name in ONE_OF {
        one_of(&mut schemas[name]);
    }
    schemas["Problem"]["properties"]["code"]["enum"] = PROBLEM_CODES.iter().map(|known| known.1).collect();
    for (name, whole) in partial {
        let changes = changes(&schemas[whole.as_str().unwrap_or_default()]);
        schemas.insert(name, changes);
    }
    name_as_read(document);
}

/// Types are named by what they are for (`ServiceView`, `Listed<ServiceView>`), the description by what is read
/// (`Service`, `ServiceList`); `UpdateView<PostStatus>` is a `PostUpdate`.
fn name_as_read(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else {
        return;
    };
    let item = |name: &str| name.strip_suffix("View").unwrap_or(name).to_owned();
    let renamed = |name: &str| match name.split_once('_') {
        Some(("Listed", listed)) => format!("{}List", item(listed)),
        Some(("UpdateView", status)) => format!("{}Update", status.strip_suffix("Status").unwrap_or(status)),
        _ => item(name),
    };
    for (name, schema) in schemas.iter_mut() {
        if let Some(listed) = name.strip_prefix("Listed_") {
            schema["properties"]["items"]["items"] = json!({ "$ref": format!("#/components/schemas/{listed}") });
        }
    }
    *schemas = std::mem::take(schemas)
        .into_iter()
        .map(|(name, schema)| (renamed(&name), schema))
        .collect();
    rename_references(document, &renamed);
}

fn rename_references(value: &mut Value, renamed: &impl Fn(&str) -> String) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(reference) if name == "$ref" => {
                        if let Some(name) = reference.strip_prefix("#/components/schemas/") {
                            *reference = format!("#/components/schemas/{}", renamed(name));
                        }
                    }
                    other => rename_references(other, renamed),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_references(item, renamed)),
        _ => {}
    }
}

/// A change takes any part of the body of a creation: `ServiceBody` becomes `ServiceBodyChanges`. Answers which became what.
fn name_partial_bodies(document: &mut Value) -> Map<String, Value> {
    let mut partial = Map::new();
    for (_, item) in document["paths"].as_object_mut().into_iter().flatten() {
        let reference = item.pointer_mut("/patch/requestBody/content/application~1json/schema/$ref");
        if let Some(Value::String(reference)) = reference
            && let Some((_, whole)) = reference.clone().rsplit_once('/')
        {
            let name = format!("{whole}Changes");
            partial.insert(name.clone(), whole.into());
            *reference = format!("#/components/schemas/{name}");
        }
    }
    partial
}

/// The body of a creation, none of it required. What a creation fills in, a change leaves as it is.
fn changes(whole: &Value) -> Value {
    let mut schema = whole.clone();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (_, property) in properties.into_iter().flatten() {
            property.as_object_mut().and_then(|property| property.remove("default"));
        }
        schema.insert(
            "description".into(),
            "What is to change; what is left out stays as it is.".into(),
        );
    }
    schema
}

/// The schemas that bodies of requests are made of.
fn written(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (_, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let body = &item[method]["requestBody"];
            add_referred(document, body, &mut found);
        }
    }
    found.extend(
        found
            .iter()
            .filter_map(|name| name.strip_suffix("Changes"))
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    );
    found
}

fn add_referred(document: &Value, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = fields
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|text| text.rsplit('/').next())
                && !found.iter().any(|known| known == name)
            {
                found.push(name.to_owned());
                add_referred(document, &document["components"]["schemas"][name], found);
            }
            fields.values().for_each(|value| add_referred(document, value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| add_referred(document, item, found)),
        _ => {}
    }
}

fn name_lines(schema: &mut Value) {
    for place in ["/properties/name", "/properties/title"] {
        // Of a title that may have several lines the pattern is said already.
        if let Some(name) = schema.pointer_mut(place).filter(|line| line.get("pattern").is_none()) {
            name["pattern"] = NAME_PATTERN.into();
        }
    }
}

/// Every field of what is read is there, if only as null.
fn require_all(schema: &mut Value) {
    let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
    parts.into_iter().flatten().for_each(require_all);
    let properties = schema["properties"].as_object();
    let names: Vec<Value> = properties
        .into_iter()
        .flat_map(Map::keys)
        .filter(|name| *name != TOLD_ONCE)
        .map(|name| name.clone().into())
        .collect();
    if !names.is_empty() {
        schema["required"] = names.into();
    }
}

/// An object of which exactly one field is given.
fn one_of(schema: &mut Value) {
    let Some(fields) = schema["properties"].as_object() else {
        return;
    };
    let alone = |(name, property): (&String, &Value)| {
        let mut properties = Map::new();
        properties.insert(name.clone(), property.clone());
        json!({ "type": "object", "properties": properties, "required": [name], "additionalProperties": false })
    };
    let alternatives: Vec<Value> = fields.iter().map(alone).collect();
    let mut whole = json!({ "oneOf": alternatives });
    for kept in ["description", "example"] {
        if let Some(value) = schema.get(kept) {
            whole[kept] = value.clone();
        }
    }
    *schema = whole;
}
