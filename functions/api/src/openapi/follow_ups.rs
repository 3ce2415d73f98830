//! What may be done with what was made: the id in the answer of a creation is the id in the paths below it.

use serde_json::{Value, json};

use super::document::METHODS;

/// Adds to each creation a link to each operation on what it makes.
pub fn add(document: &mut Value) {
    let paths = document["paths"].clone();
    for (path, item) in paths.as_object().into_iter().flatten() {
        let below = format!("{path}/{{id}}");
        let created = format!("/paths/{}/post/responses/201", path.replace('/', "~1"));
        for (other, item_below) in paths.as_object().into_iter().flatten() {
            if item["post"]["responses"].get("201").is_none() || !other.starts_with(&below) {
                continue;
            }
            let operations = METHODS
                .iter()
                .filter_map(|method| item_below[method]["operationId"].as_str());
            for operation in operations {
                if let Some(created) = document.pointer_mut(&created) {
                    let parameters = json!({ "id": "$response.body#/id" });
                    created["links"][operation] = json!({ "operationId": operation, "parameters": parameters });
                }
            }
        }
    }
}
