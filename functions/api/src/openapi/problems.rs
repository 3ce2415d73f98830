//! Problems that most operations answer alike are said once, among the components.

use serde_json::{Map, Value, json};

use super::document::METHODS;

/// Their names there.
const NAMES: [(&str, &str); 9] = [
    ("400", "InvalidInput"),
    ("401", "Unauthenticated"),
    ("403", "Forbidden"),
    ("404", "NotFound"),
    ("412", "Stale"),
    ("413", "TooLarge"),
    ("415", "WrongType"),
    ("429", "TooManyRequests"),
    ("503", "Unavailable"),
];

/// Moves what the first operation says of a status among the components, and points all to it that say the same.
pub fn share(document: &mut Value) {
    let mut shared = Map::new();
    for (_, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            let responses = item
                .get_mut(method)
                .and_then(|operation| operation["responses"].as_object_mut());
            for (status, response) in responses.into_iter().flatten() {
                let Some((_, name)) = NAMES.iter().find(|(known, _)| known == status) else {
                    continue;
                };
                if response.pointer("/content/application~1problem+json").is_none() {
                    continue;
                }
                let first = shared.entry(*name).or_insert_with(|| response.clone());
                if first == response {
                    *response = json!({ "$ref": format!("#/components/responses/{name}") });
                }
            }
        }
    }
    document["components"]["responses"] = shared.into();
}
