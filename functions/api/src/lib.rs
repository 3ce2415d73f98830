//! REST for everything a person or a script may do, and the pages behind the links in messages.
//!
//! `incidents/` answers them, `insights` counts them, `configuration/` changes who is asked and how, `status/` is what the
//! public is told, `links/` is what a tired person taps; `openapi/` describes all of it to programs, `docs/` to people.

mod configuration;
mod docs;
mod incidents;
mod insights;
mod links;
mod openapi;
mod status;

use axum::Router;
use shared::config::Need;
use shared::ctx::Ctx;

/// What it needs besides the table.
pub const NEEDS: &[Need] = &[
    Need::MasterKey,
    Need::SetupCode,
    Need::NotificationQueue,
    Need::NoticeQueue,
    Need::Gateways,
];

/// Every route of this function.
pub fn router() -> Router<Ctx> {
    openapi::router()
}
