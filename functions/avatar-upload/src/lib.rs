//! People's pictures, straight from the browser to S3.
//!
//! `routes` gives out tickets: a form that a browser posts to S3, past every function; `page` does so for browsers without
//! scripts. What was posted wakes `triggers`, which
//! hand it to [`finalise`]: claim the ticket, look at the bytes in memory (`picture`), keep three clean sizes, make them the
//! person's picture, delete the rest. A sweep does the same for uploads whose event was lost. No disk is touched, and nothing
//! that was uploaded is ever served: what is kept was drawn anew from its pixels.

mod finalise;
mod page;
mod picture;
mod routes;
#[cfg(test)]
mod tests;
mod triggers;

use shared::config::Need;

pub use finalise::{Finalised, finalise};
pub use picture::{Made, make};
pub use routes::router;
pub use triggers::{handle_stored, handle_sweep};

/// What the routes need besides the table.
pub const ROUTES_NEED: &[Need] = &[Need::MasterKey, Need::Uploads, Need::UploadsUrl];

/// What it takes to look at uploads.
pub const FINALISE_NEEDS: &[Need] = &[Need::Uploads, Need::PublicObjects];
