//! What a value looks like, in words: its type, its limits, and the fields it has.

use serde_json::{Value, json};

use super::text;

/// How deep the fields of a body are shown in their place.
const DEPTH_MAX: usize = 4;
/// Longest pattern that tells a reader something.
const PATTERN_CHARS_MAX: usize = 12;

/// An object that answers are made of.
#[derive(Debug)]
pub struct Shape {
    pub name: String,
    pub about: String,
    pub fields: Vec<Field>,
}

/// A parameter, a header, or a field of a body or an answer.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
    pub limits: String,
    pub about: String,
    pub is_required: bool,
}

/// The type of a value in words, and the shape it refers to, if it does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kind {
    pub words: String,
    pub shape: Option<String>,
}

impl From<&str> for Kind {
    fn from(words: &str) -> Self {
        Self {
            words: words.to_owned(),
            shape: None,
        }
    }
}

/// The shapes that answers refer to, and what is sent, where it is not told field by field; by name.
pub fn shapes(document: &Value) -> Vec<Shape> {
    let mut wanted: Vec<String> = Vec::new();
    for (_, item) in document["paths"].as_object().into_iter().flatten() {
        for (_, operation) in item.as_object().into_iter().flatten() {
            for (_, response) in operation["responses"].as_object().into_iter().flatten() {
                add_shapes(document, response, &mut wanted);
            }
            let sent = &operation["requestBody"]["content"]["application/json"]["schema"];
            for name in fields(document, sent, "", 0)
                .into_iter()
                .filter_map(|field| field.kind.shape)
            {
                let named = json!({ "$ref": format!("#/components/schemas/{name}") });
                add_shapes(document, &named, &mut wanted);
            }
        }
    }
    add_shapes(document, &document["components"]["responses"], &mut wanted);
    wanted.sort();
    let shape = |name: String| {
        let schema = &document["components"]["schemas"][&name];
        Shape {
            about: text(&schema["description"]),
            fields: fields(document, schema, "", 0),
            name,
        }
    };
    wanted.into_iter().map(shape).collect()
}

fn add_shapes(document: &Value, value: &Value, wanted: &mut Vec<String>) {
    match value {
        Value::Object(parts) => {
            if let Some(name) = reference(value) {
                let schema = &document["components"]["schemas"][name];
                if is_shape(schema) && !wanted.iter().any(|known| known == name) {
                    wanted.push(name.to_owned());
                    add_shapes(document, schema, wanted);
                }
            }
            parts.values().for_each(|part| add_shapes(document, part, wanted));
        }
        Value::Array(parts) => parts.iter().for_each(|part| add_shapes(document, part, wanted)),
        _ => {}
    }
}

/// The name of the schema that this one refers to.
pub fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// What a reference leads to.
pub fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        Some(path) => document.pointer(path).unwrap_or(schema),
        None => schema,
    }
}

fn is_shape(schema: &Value) -> bool {
    schema["properties"].is_object() || schema["allOf"].is_array() || schema["oneOf"].is_array()
}

/// The one thing that may also be null.
fn not_null(schema: &Value) -> Option<&Value> {
    let all = schema["oneOf"].as_array()?;
    let has_null = all.iter().any(|one| one["type"] == "null");
    all.iter().find(|one| one["type"] != "null").filter(|_| has_null)
}

/// The fields of an object, those of objects inside it behind the names that lead there.
pub fn fields(document: &Value, schema: &Value, before: &str, depth: usize) -> Vec<Field> {
    let schema = resolved(document, schema);
    let mut found = Vec::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(fields(document, part, before, depth));
    }
    for part in schema["oneOf"].as_array().into_iter().flatten() {
        found.extend(fields(document, part, before, depth).into_iter().map(|field| Field {
            is_required: false,
            limits: joined([field.limits.clone(), "exactly one of these".to_owned()]),
            ..field
        }));
    }
    let required = schema["required"].as_array();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = required.is_some_and(|all| all.iter().any(|one| one == name));
        let field = Field::of(document, &format!("{before}{name}"), property, is_required);
        let inner = inside(document, property);
        let name = field.name.clone();
        found.push(field);
        if let Some((inner, mark)) = inner.filter(|_| depth < DEPTH_MAX && !before.is_empty() || depth == 0) {
            found.extend(fields(document, inner, &format!("{name}{mark}."), depth + 1));
        }
    }
    found
}

/// The object in a property or in its list, which has no name that answers know.
fn inside<'a>(document: &'a Value, property: &'a Value) -> Option<(&'a Value, &'static str)> {
    let (schema, mark) = match property["items"].is_object() {
        true => (&property["items"], "[]"),
        false => (property, ""),
    };
    let named = reference(schema)?;
    let is_written = named.ends_with("Body") || ["NewLink", "Rule"].contains(&named);
    is_written.then(|| (resolved(document, schema), mark))
}

impl Field {
    pub fn of(document: &Value, name: &str, schema: &Value, is_required: bool) -> Self {
        let inner = not_null(schema).unwrap_or(schema);
        let about = [schema, inner, resolved(document, inner)]
            .into_iter()
            .map(|one| text(&one["description"]))
            .find(|about| !about.is_empty());
        // What is shown field by field needs no other name.
        let kind = match inside(document, schema) {
            Some((_, "")) => "object".into(),
            Some(_) => "list of objects".into(),
            None => kind(document, schema),
        };
        Self {
            name: name.to_owned(),
            kind,
            limits: limits(document, schema),
            about: about.unwrap_or_default(),
            is_required,
        }
    }
}

/// The type of a value in words.
pub fn kind(document: &Value, schema: &Value) -> Kind {
    if let Some(inner) = not_null(schema) {
        let inner = kind(document, inner);
        return Kind {
            words: format!("{} or null", inner.words),
            ..inner
        };
    }
    if let Some(name) = reference(schema) {
        let target = resolved(document, schema);
        if is_shape(target) {
            return Kind {
                words: name.to_owned(),
                shape: Some(name.to_owned()),
            };
        }
        return kind(document, target);
    }
    if schema["items"].is_object() {
        let item = kind(document, &schema["items"]);
        return Kind {
            words: format!("list of {}", item.words),
            ..item
        };
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let plain = |name: &str| match name {
        "string" if schema["format"] == "date-time" => "time".to_owned(),
        "string" if is_id(schema) => {
            let example = text(&schema["examples"][0]);
            format!("id {}_…", example.split('_').next().unwrap_or_default())
        }
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    };
    let words: Vec<String> = types.into_iter().map(plain).collect();
    Kind {
        words: match words.is_empty() {
            true => "anything".to_owned(),
            false => words.join(" or "),
        },
        shape: None,
    }
}

fn is_id(schema: &Value) -> bool {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    pattern.ends_with("{25}$")
}

/// What a value must be within.
fn limits(document: &Value, schema: &Value) -> String {
    let schema = resolved(document, not_null(schema).unwrap_or(schema));
    let range = |least: &str, most: &str, unit: &str| match (schema[least].as_u64(), schema[most].as_u64()) {
        (Some(least), Some(most)) => format!("{least} to {most}{unit}"),
        (None, Some(most)) => format!("at most {most}{unit}"),
        (Some(least), None) if least > 1 => format!("at least {least}{unit}"),
        _ => String::new(),
    };
    let one_of = schema["enum"].as_array().map_or_else(String::new, |all| {
        let words: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
        format!("one of {}", words.join(", "))
    });
    let pattern = schema["pattern"]
        .as_str()
        .filter(|pattern| !is_id(schema) && pattern.chars().count() <= PATTERN_CHARS_MAX && *pattern != r"\S");
    let default = match &schema["default"] {
        Value::Null => String::new(),
        Value::String(text) => format!("{text} unless told"),
        other => format!("{other} unless told"),
    };
    joined([
        one_of,
        range("minLength", "maxLength", " characters"),
        range("minimum", "maximum", ""),
        range("minItems", "maxItems", " items"),
        schema["uniqueItems"]
            .as_bool()
            .map_or_else(String::new, |_| "no two alike".to_owned()),
        pattern.map_or_else(String::new, |pattern| format!("as {pattern}")),
        default,
    ])
}

fn joined(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn types_and_limits_are_said_in_words() {
        let document = json!({ "components": { "schemas": {
            "ServiceId": { "type": "string", "pattern": "^svc_[0-7][0-9a-hjkmnp-tv-z]{25}$", "examples": ["svc_0"] },
            "Role": { "type": "string", "enum": ["viewer", "owner"] },
            "Team": { "type": "object", "properties": { "name": { "type": "string" } } },
        }}});
        let at = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let said = |schema: Value| (kind(&document, &schema).words, limits(&document, &schema));
        let is = |words: &str, limits: &str| (words.to_owned(), limits.to_owned());
        assert_eq!(said(at("ServiceId")), is("id svc_…", ""));
        assert_eq!(said(at("Role")), is("text", "one of viewer, owner"));
        assert_eq!(said(at("Team")), is("Team", ""));
        assert_eq!(
            said(json!({ "oneOf": [at("ServiceId"), { "type": "null" }] })),
            is("id svc_… or null", "")
        );
        assert_eq!(
            said(json!({ "type": "array", "items": at("Role"), "minItems": 1, "maxItems": 4, "uniqueItems": true })),
            is("list of text", "1 to 4 items; no two alike")
        );
        assert_eq!(
            said(json!({ "type": "integer", "minimum": 0, "maximum": 9, "default": 0 })),
            is("whole number", "0 to 9; 0 unless told")
        );
        assert_eq!(
            said(json!({ "type": ["string", "null"], "format": "date-time" })),
            is("time or null", "")
        );
    }
}
