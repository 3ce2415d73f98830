//! Inviting people: an e-mail with a link, behind which they choose their first password.
//!
//! Whoever has a password needs no invitation, and an admin who could send one all the same could do nothing with it:
//! the link goes to the account's own address. A new invitation ends the one before.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use shared::accounts::send_link;
use shared::domain::account::LinkPurpose;
use shared::domain::id::UserId;
use shared::domain::people::{Medium, Role, User};
use shared::domain::principal::Right;
use shared::domain::time::after_seconds;
use shared::web::{Id, Problem};
use utoipa::ToSchema;

use super::caller::Caller;
use super::resource::load;

/// Least time between two invitations of one person.
const BETWEEN_SECONDS: i64 = 60;

pub fn routes() -> Routes {
    Routes::default().routes(routes!(invite_user))
}

/// An invitation that is on its way.
#[derive(Debug, Serialize, ToSchema)]
struct Invitation {
    /// Where to: the person's own address.
    email: String,
    /// When its link works no more.
    expires_at: Timestamp,
}

/// Invite a person by e-mail to choose a password and sign in
///
/// The link works once, for seven days, and ends the one before. At most one a minute. 409 for whoever has a password.
#[utoipa::path(post, path = "/api/v1/users/{id}/invitation", tag = "Users", params(("id" = UserId, Path)),
    responses((status = 202, body = Invitation), (status = 429, body = Problem,
        content_type = "application/problem+json", description = "Too often; `Retry-After` says when to try again.")))]
async fn invite_user(caller: Caller, Id(id): Id<UserId>) -> Result<Response, Problem> {
    caller.may(Right::Administer)?;
    let user = load::<User>(&caller, id).await?.value;
    if user.role == Role::Owner {
        caller.may(Right::Own)?;
    }
    if user.password_hash.is_some() {
        let detail = "They have a password already. If they forgot it, the sign-in page sends them a link to another.";
        return Err(Problem::conflict("has_password", detail));
    }
    if caller.ctx.gateways.of(Medium::Email).is_none() {
        let detail = "This Nightbell is not set up to send e-mail, so nobody can be invited by it.";
        return Err(Problem::conflict("no_email", detail));
    }
    let last = caller.store().account_link(id, LinkPurpose::Invitation).await?;
    if let Some(wait) = last.and_then(|last| seconds_to_wait(last.asked_at, caller.now())) {
        return Err(Problem::too_many(wait));
    }
    let change = caller.change();
    let link = send_link(
        &caller.ctx,
        (&user).into(),
        LinkPurpose::Invitation,
        caller.now(),
        Some(&change),
    )
    .await?;
    tracing::info!(user_id = %id, "invited");
    let invitation = Invitation {
        email: user.email,
        expires_at: link.expires_at(),
    };
    Ok((StatusCode::ACCEPTED, Json(invitation)).into_response())
}

fn seconds_to_wait(last: Timestamp, now: Timestamp) -> Option<u32> {
    let wait_ms = after_seconds(last, BETWEEN_SECONDS).as_millisecond() - now.as_millisecond();
    (wait_ms > 0).then(|| u32::try_from((wait_ms + 999) / 1_000).unwrap_or(u32::MAX))
}
