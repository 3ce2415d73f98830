//! What every HTTP function shares: how errors look, who asks, and how bodies are read.

mod authenticated;
mod body;
mod problem;

pub use authenticated::Authenticated;
pub use body::{Id, JsonBody, Params};
pub use problem::{FieldError, Problem};
