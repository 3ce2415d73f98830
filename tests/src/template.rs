//! `template.yaml`, as tests read it: YAML with CloudFormation's short forms spelled out (`!Ref X` is `{"Ref": "X"}`).

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

/// The template, read once.
pub fn template() -> &'static Value {
    static TEMPLATE: LazyLock<Value> = LazyLock::new(|| {
        let text = std::fs::read_to_string(root().join("template.yaml")).expect("a template");
        let documents = Yaml::load_from_str(&text).expect("YAML");
        json_of(&documents[0])
    });
    &TEMPLATE
}

/// The resources of one type, by their logical ids.
pub fn resources(kind: &str) -> Vec<(&'static str, &'static Value)> {
    let all = template()["Resources"].as_object().expect("resources");
    all.iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id.as_str(), resource))
        .collect()
}

/// The functions: logical id, name of the binary, and resource.
pub fn functions() -> Vec<(&'static str, &'static str, &'static Value)> {
    let functions = resources("AWS::Serverless::Function").into_iter();
    functions
        .map(|(id, function)| {
            let code = function["Properties"]["CodeUri"].as_str().expect("a path");
            let name = code
                .strip_prefix("target/lambda/")
                .and_then(|name| name.strip_suffix(".zip"));
            (id, name.expect("target/lambda/<binary>.zip"), function)
        })
        .collect()
}

/// What `{"Fn::GetAtt": "A.B"}`, `{"Ref": "A"}` and `{"Fn::Sub": "…${A.B}…"}` refer to: the resource `A`.
pub fn referred(value: &Value) -> Option<&str> {
    let name = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"].as_str());
    let within = || {
        value["Fn::Sub"]
            .as_str()?
            .split_once("${")?
            .1
            .split_once('}')
            .map(|(name, _)| name)
    };
    name.or_else(within)?.split('.').next()
}

fn json_of(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(scalar) => match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => json!(value),
            Scalar::Integer(value) => json!(value),
            Scalar::FloatingPoint(value) => json!(value.into_inner()),
            Scalar::String(text) => json!(text),
        },
        Yaml::Sequence(items) => items.iter().map(json_of).collect(),
        Yaml::Mapping(fields) => {
            let field =
                |(name, value): (&Yaml<'_>, &Yaml<'_>)| (name.as_str().expect("a name").to_owned(), json_of(value));
            Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
        }
        Yaml::Tagged(tag, inner) => {
            let name = match tag.suffix.as_str() {
                "Ref" => "Ref".to_owned(),
                other => format!("Fn::{other}"),
            };
            json!({ name: json_of(inner) })
        }
        Yaml::Representation(text, ..) => json!(text),
        Yaml::Alias(_) | Yaml::BadValue => panic!("CloudFormation knows no aliases"),
    }
}
