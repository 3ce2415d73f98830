//! What every HTTP function shares: how errors look, who asks, and how bodies are read.

mod authenticated;
mod body;
mod list;
mod once;
mod problem;

pub use authenticated::Authenticated;
pub use body::{Id, JsonBody, Params, from_json};
pub use list::{Listed, PageQuery, bad_cursor, page_limit, page_request};
pub use once::{Asked, Created, IDEMPOTENCY_KEY, IDEMPOTENT_REPLAY, IdempotencyKey};
pub use problem::{FieldError, Problem};
