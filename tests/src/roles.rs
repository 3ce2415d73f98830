//! What the roles of `template.yaml` allow at the table. Every story's functions go through this: a function that asks for
//! what its role does not allow works at home and fails on AWS, so it fails here too.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::template::{functions, referred, template};

/// A statement about the table or one of its indexes.
#[derive(Debug)]
struct Allowed {
    actions: Vec<String>,
    /// None: the table itself.
    index: Option<String>,
    /// Beginnings of partition keys.
    keys: Vec<String>,
}

/// One thing that a request does.
#[derive(Debug, PartialEq, Eq)]
struct Access {
    action: String,
    index: Option<String>,
    key: String,
}

/// What `function` may not do of what a request to the table asks for. `target` is its `x-amz-target`.
pub fn forbidden(function: &str, target: &str, body: &[u8]) -> Vec<String> {
    let operation = target.rsplit('.').next().unwrap_or_default();
    let body: Value = serde_json::from_slice(body).expect("the SDK sends JSON");
    let allowed = &ROLES[function];
    let accesses = accesses(operation, &body);
    assert!(!accesses.is_empty(), "{operation} names no partition: {body}");
    accesses
        .into_iter()
        // Only the local home keeps messages in the table.
        .filter(|access| !access.key.starts_with("OUT#") && access.key != "LIST#outbox")
        .filter(|access| !allowed.iter().any(|statement| statement.covers(access)))
        .map(|Access { action, index, key }| {
            format!(
                "{function}: {action} of {key} in {}",
                index.as_deref().unwrap_or("the table")
            )
        })
        .collect()
}

static ROLES: LazyLock<HashMap<&'static str, Vec<Allowed>>> = LazyLock::new(|| {
    let of = |(_, name, function): (_, &'static str, &Value)| {
        let role = referred(&function["Properties"]["Role"]).expect("a role of its own");
        let policies = template()["Resources"][role]["Properties"]["Policies"].as_array();
        let statements = policies.expect("policies").iter().flat_map(|policy| {
            let statements = policy["PolicyDocument"]["Statement"].as_array();
            statements.expect("statements").iter().filter_map(about_table)
        });
        (name, statements.collect())
    };
    functions().into_iter().map(of).collect()
});

fn about_table(statement: &Value) -> Option<Allowed> {
    let texts = |value: &Value| match value {
        Value::Array(items) => items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        one => one.as_str().map(|text| vec![text.to_owned()]).unwrap_or_default(),
    };
    let resource = &statement["Resource"];
    let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    let is_stream = resource["Fn::GetAtt"] == "Table.StreamArn";
    (referred(resource) == Some("Table") && !is_stream).then(|| Allowed {
        actions: texts(&statement["Action"]),
        index: resource["Fn::Sub"]
            .as_str()
            .and_then(|arn| arn.split_once("/index/"))
            .map(|(_, index)| index.to_owned()),
        keys: texts(keys),
    })
}

impl Allowed {
    fn covers(&self, access: &Access) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => access.key.starts_with(beginning),
            None => access.key == *pattern,
        };
        self.index == access.index
            && self
                .actions
                .iter()
                .any(|action| action.strip_prefix("dynamodb:") == Some(&access.action))
            && self.keys.iter().any(fits)
    }
}

/// As IAM sees a request: a transaction is what it is made of, a query is the partition it names.
fn accesses(operation: &str, body: &Value) -> Vec<Access> {
    let access = |action: &str, index: Option<&str>, key: &Value| Access {
        action: action.to_owned(),
        index: index.map(str::to_owned),
        key: key["S"].as_str().expect("keys are text").to_owned(),
    };
    match operation {
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().expect("items").iter();
            items
                .flat_map(|item| item.as_object().expect("an item"))
                .map(|(kind, write)| match kind.as_str() {
                    "Put" => access("PutItem", None, &write["Item"]["pk"]),
                    "ConditionCheck" => access("ConditionCheckItem", None, &write["Key"]["pk"]),
                    other => access(&format!("{other}Item"), None, &write["Key"]["pk"]),
                })
                .collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().expect("tables").values();
            tables
                .flat_map(|table| table["Keys"].as_array().expect("keys"))
                .map(|key| access(operation, None, &key["pk"]))
                .collect()
        }
        "Query" => vec![access(
            operation,
            body["IndexName"].as_str(),
            &body["ExpressionAttributeValues"][":pk"],
        )],
        "PutItem" => vec![access(operation, None, &body["Item"]["pk"])],
        _ => vec![access(operation, None, &body["Key"]["pk"])],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_kinds_key_another_action_and_another_index_are_forbidden() {
        let ask = |function, operation: &str, body: &str| forbidden(function, operation, body.as_bytes());
        let key = |pk| format!(r#"{{"Key":{{"pk":{{"S":"{pk}"}},"sk":{{"S":"x"}}}}}}"#);
        assert!(ask("notification-queue", "DynamoDB_20120810.GetItem", &key("INC#inc_1")).is_empty());
        assert_eq!(ask("notification-queue", "X.GetItem", &key("TOK#tok_1")).len(), 1);
        assert_eq!(ask("notification-queue", "X.DeleteItem", &key("DLV#inc_1")).len(), 1);
        let query = r#"{"IndexName":"gsi2","ExpressionAttributeValues":{":pk":{"S":"DUE#DLV#1"}}}"#;
        assert!(ask("notification-sweep", "X.Query", query).is_empty());
        assert_eq!(ask("notification-queue", "X.Query", query).len(), 1);
        assert_eq!(ask("escalation-sweep", "X.Query", query).len(), 1);
        let both = r#"{"TransactItems":[{"Put":{"Item":{"pk":{"S":"INC#1"}}}},{"Put":{"Item":{"pk":{"S":"SVC#1"}}}}]}"#;
        assert_eq!(
            ask("alert-ingest-http", "X.TransactWriteItems", both),
            ["alert-ingest-http: PutItem of SVC#1 in the table"]
        );
    }
}
