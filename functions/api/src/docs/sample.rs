//! What one would send: bodies made of the examples that the document gives of their fields.

use serde_json::{Map, Value};

use super::shape::resolved;

/// How deep a body may be.
const DEPTH_MAX: usize = 6;

/// A value that is as the schema says. Of what may be left out, it has what there is an example of.
pub fn sample(document: &Value, schema: &Value) -> Value {
    at_depth(document, schema, 0)
}

fn at_depth(document: &Value, schema: &Value, depth: usize) -> Value {
    let schema = resolved(document, schema);
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    let given = [
        &schema["example"],
        &schema["examples"][0],
        &schema["const"],
        &schema["default"],
        &schema["enum"][0],
    ];
    if let Some(value) = given.into_iter().find(|value| !value.is_null()) {
        return value.clone();
    }
    if schema["items"].is_object() {
        return vec![at_depth(document, &schema["items"], depth + 1)].into();
    }
    if let Some(first) = schema["oneOf"].as_array().and_then(|all| all.first()) {
        return at_depth(document, first, depth + 1);
    }
    let Some(properties) = schema["properties"].as_object() else {
        return Value::Null;
    };
    let required = schema["required"].as_array();
    let is_required = |name: &String| required.is_some_and(|all| all.iter().any(|one| one == name));
    let mut fields = Map::new();
    for (name, property) in properties {
        if is_required(name) || property.get("example").is_some() {
            fields.insert(name.clone(), at_depth(document, property, depth + 1));
        }
    }
    // A change of one thing says what a change is.
    if required.is_none()
        && let Some((name, value)) = fields.iter().find(|(name, _)| *name == "name").or(fields.iter().next())
    {
        return Value::Object(Map::from_iter([(name.clone(), value.clone())]));
    }
    fields.into()
}
