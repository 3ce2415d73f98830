//! What a form offers to choose from.

/// One of a select's options, or one of several boxes to tick.
#[derive(Debug, Clone)]
pub struct Choice {
    pub id: String,
    pub name: String,
    pub is_chosen: bool,
}

impl Choice {
    pub fn new(id: impl ToString, name: &str, is_chosen: bool) -> Self {
        Self {
            id: id.to_string(),
            name: name.to_owned(),
            is_chosen,
        }
    }
}

/// In the order in which people look for them.
pub fn by_name(mut choices: Vec<Choice>) -> Vec<Choice> {
    choices.sort_by_key(|choice| choice.name.to_lowercase());
    choices
}
