//! One operation as a reader needs it: what it is asked with, what it answers, and a command to try.

use serde_json::Value;

use super::sample::sample;
use super::shape::{Field, Kind, fields, kind, resolved};
use super::text;

#[derive(Debug)]
pub struct Operation {
    pub anchor: String,
    pub method: String,
    pub path: String,
    pub summary: String,
    pub about: String,
    pub is_open: bool,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    pub answers: Vec<Answer>,
    pub curl: String,
}

#[derive(Debug)]
pub struct Parameter {
    pub field: Field,
    /// `path`, `query` or `header`.
    pub place: String,
}

#[derive(Debug)]
pub struct Body {
    pub about: String,
    pub is_required: bool,
    pub fields: Vec<Field>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: String,
    pub about: String,
    pub kind: Option<Kind>,
    /// Names of headers that come with it.
    pub headers: String,
    /// Which problems it may be.
    pub codes: Vec<String>,
}

impl Operation {
    pub fn of(document: &Value, path: &str, method: &str, one: &Value) -> Self {
        let body = one.pointer("/requestBody/content/application~1json/schema");
        let parameters = one["parameters"].as_array().into_iter().flatten();
        let responses = one["responses"].as_object().into_iter().flatten();
        Self {
            anchor: text(&one["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&one["summary"]),
            about: text(&one["description"]),
            is_open: one.get("security").is_some(),
            parameters: parameters.map(|parameter| Parameter::of(document, parameter)).collect(),
            body: body
                .map(|schema| Body {
                    about: text(&resolved(document, schema)["description"]),
                    is_required: one["requestBody"]["required"] == true,
                    fields: fields(document, schema, "", 0),
                })
                .filter(|body| !body.fields.is_empty()),
            answers: responses
                .map(|(status, answer)| Answer::of(document, status, answer))
                .collect(),
            curl: curl(document, path, method, one, body),
        }
    }
}

impl Parameter {
    fn of(document: &Value, parameter: &Value) -> Self {
        let is_required = parameter["required"] == true;
        let mut field = Field::of(document, &text(&parameter["name"]), &parameter["schema"], is_required);
        let about = text(&parameter["description"]);
        if !about.is_empty() {
            field.about = about;
        }
        Self {
            field,
            place: text(&parameter["in"]),
        }
    }
}

impl Answer {
    fn of(document: &Value, status: &str, answer: &Value) -> Self {
        let answer = resolved(document, answer);
        let problem = answer.pointer("/content/application~1problem+json/schema");
        let codes = problem.and_then(|schema| schema.pointer("/allOf/1/properties/code/enum")?.as_array());
        let headers: Vec<&str> = answer["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        Self {
            status: status.to_owned(),
            about: text(&answer["description"]),
            kind: answer
                .pointer("/content/application~1json/schema")
                .map(|schema| kind(document, schema)),
            headers: headers.join(", "),
            codes: codes.into_iter().flatten().map(text).collect(),
        }
    }
}

/// A command that asks it. Single quotes hold everything that a shell would read otherwise; samples have none.
fn curl(document: &Value, path: &str, method: &str, one: &Value, body: Option<&Value>) -> String {
    let parameters = || one["parameters"].as_array().into_iter().flatten();
    let mut path = path.to_owned();
    let mut lines = Vec::new();
    if one.get("security").is_none() {
        lines.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
    }
    for parameter in parameters() {
        let value = sample(document, &parameter["schema"]);
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let name = text(&parameter["name"]);
        match parameter["in"].as_str() {
            Some("path") if !value.is_empty() && value != "null" => path = path.replace(&format!("{{{name}}}"), &value),
            Some("path") => path = path.replace(&format!("{{{name}}}"), &format!("${}", name.to_uppercase())),
            Some("header") => lines.push(format!("-H '{name}: {value}'")),
            _ => {}
        }
    }
    let sent = body.map_or(Value::Null, |schema| sample(document, schema));
    if !sent.is_null() {
        lines.push("-H 'Content-Type: application/json'".to_owned());
        lines.push(format!("-d '{sent}'"));
    }
    let method = match method {
        "get" => String::new(),
        other => format!("-X {} ", other.to_uppercase()),
    };
    lines.insert(0, format!("curl {method}\"$NIGHTBELL{path}\""));
    lines.join(" \\\n  ")
}
