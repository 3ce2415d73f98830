//! Configuration: who is asked when something breaks, how they are reached, and who may change that.
//!
//! One file a kind: its body, its view, and its `Resource`, which says what a client may write and what follows. What
//! kinds share is in `resource.rs` (read, change, remove), `create.rs` (creations that may be sent twice), `list.rs`,
//! `etag.rs` and `validate.rs`. What is absent: decisions about rights, which are the principal's
//! (`Principal::may`), and keys, which are the store's.

mod audit;
pub(crate) mod caller;
mod channels;
mod contacts;
pub(crate) mod create;
pub(crate) mod etag;
mod integrations;
mod invitation;
pub(crate) mod list;
mod policies;
mod preview;
pub(crate) mod resource;
mod rules;
mod services;
mod setup;
pub(crate) mod teams;
mod tokens;
mod users;
pub(crate) mod validate;
mod verification;

pub use etag::IF_MATCH_PATTERN;

use crate::openapi::Routes;

/// The routes of all kinds of configuration.
pub fn routes() -> Routes {
    Routes::default()
        .merge(setup::routes())
        .merge(services::routes())
        .merge(integrations::routes())
        .merge(policies::routes())
        .merge(preview::routes())
        .merge(teams::routes())
        .merge(users::routes())
        .merge(invitation::routes())
        .merge(rules::routes())
        .merge(contacts::routes())
        .merge(verification::routes())
        .merge(channels::routes())
        .merge(tokens::routes())
        .merge(audit::routes())
}
