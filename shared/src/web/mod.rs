//! What every HTTP function shares: how errors look, who asks, and how bodies are read.

mod authenticated;
mod body;
mod client;
mod health;
mod known;
mod limiter;
mod limits;
mod list;
mod once;
mod problem;
mod session;

pub use authenticated::Authenticated;
pub use body::{Id, JsonBody, Params, from_json, from_value, given};
pub use client::{Client, client_address, client_network};
pub use health::{Health, health};
pub use known::{tag_of, unless_known};
pub use limiter::{Allowance, Limiter, TooOften};
pub use limits::{Limits, REQUESTS_A_MINUTE, tell_allowance};
pub use list::{Listed, PageQuery, bad_cursor, page_limit, page_request};
pub use once::{Asked, Created, IDEMPOTENCY_KEY, IDEMPOTENT_REPLAY, IdempotencyKey};
pub use problem::{FieldError, PROBLEM_CODES, Problem};
pub use session::{
    FORM_TOKEN_HEADER, check_own_page, lasting_cookie, no_session_cookie, passed_cookie, passing_cookie,
    session_cookie, session_form_token, signed_in,
};
