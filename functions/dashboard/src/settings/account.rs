//! Ending one's own sessions, and changing one's own password.
//!
//! Whatever ends all sessions ends this browser's, too, and begins another in it: what ended is told from what did not by
//! time alone, so that none escapes that no list shows yet.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use shared::accounts::{SignOut, set_password, sign_out_everywhere};
use shared::ctx::Ctx;
use shared::domain::id::SessionId;
use shared::domain::people::User;
use shared::secret::{password_fault, verify_password};
use shared::store::{Change, Rate, Tried, Versioned};
use shared::web::Problem;

use crate::page::{Posted, Refused, Visitor};
use crate::sign_in::{Browser, Next, Way, enter};

/// Tries of the password that somebody has: who finds a telephone does not guess it there.
const TRIES: Rate = Rate {
    at_once: 10,
    interval_seconds: 60,
};

/// Which session ends; none: every other one.
#[derive(Debug, Deserialize)]
pub struct Ended {
    session: Option<SessionId>,
    /// Ticked: one's own API tokens end, too.
    #[serde(default)]
    with_tokens: Option<String>,
}

pub async fn sign_out(State(ctx): State<Ctx>, browser: Browser, posted: Posted<Ended>) -> Result<Response, Refused> {
    let Posted { visitor, form } = posted;
    let done = "/settings?done=signed_out";
    let Some(id) = form.session else {
        let before = own(&ctx, &visitor).await?;
        let how = SignOut {
            action: "signed_out_everywhere",
            with_tokens: form.with_tokens.is_some(),
            address: &browser.address,
            now: visitor.now,
        };
        let user = sign_out_everywhere(&ctx, &before, how).await?;
        return enter_again(&ctx, &visitor, &browser, user, done).await;
    };
    let found = ctx.store.session(id).await?;
    if found.is_none_or(|session| session.user_id != visitor.user.id) {
        return Err(Refused::missing());
    }
    let by = visitor.who.principal.actor();
    let change = Change::new(&by, visitor.now).from(&browser.address);
    ctx.store.end_session(id, &change).await?;
    Ok(Redirect::to(done).into_response())
}

/// The password that somebody has, and the one they want.
#[derive(Debug, Deserialize)]
pub struct Passwords {
    current: String,
    password: String,
    /// Ticked: one's own API tokens end, too.
    #[serde(default)]
    with_tokens: Option<String>,
}

pub async fn change_password(
    State(ctx): State<Ctx>,
    browser: Browser,
    posted: Posted<Passwords>,
) -> Result<Response, Refused> {
    let Posted { visitor, form } = posted;
    let what = format!("password/{}", visitor.user.id);
    if let Tried::WaitSeconds(seconds) = ctx.store.attempt(&what, TRIES, visitor.now).await? {
        return Err(Problem::too_many(seconds).into());
    }
    let before = own(&ctx, &visitor).await?;
    if !verify_password(&form.current, before.value.password_hash.as_deref()) {
        return Err(Refused::invalid(
            "That is not the password you have. Nothing was changed; go back, and try again.",
        ));
    }
    let personal = [before.value.name.as_str(), before.value.email.as_str()];
    if let Some(fault) = password_fault(&form.password, &personal) {
        return Err(Refused::invalid(&format!(
            "The new password {fault}. Nothing was changed; go back, and try again."
        )));
    }
    let how = SignOut {
        action: "password_changed",
        with_tokens: form.with_tokens.is_some(),
        address: &browser.address,
        now: visitor.now,
    };
    let user = set_password(&ctx, &before, &form.password, how).await?;
    tracing::info!(user_id = %visitor.user.id, "changed their password");
    enter_again(&ctx, &visitor, &browser, user, "/settings?done=password").await
}

async fn own(ctx: &Ctx, visitor: &Visitor) -> Result<Versioned<User>, Refused> {
    let found = ctx.store.load::<User>(visitor.user.id).await?;
    found.ok_or_else(Refused::missing)
}

/// Begins another session in this browser. None: somebody else changed the account at the same time, and nothing ended.
async fn enter_again(
    ctx: &Ctx,
    visitor: &Visitor,
    browser: &Browser,
    user: Option<User>,
    done: &str,
) -> Result<Response, Refused> {
    let user = user.ok_or_else(Problem::unavailable)?;
    enter(ctx, (&user, Way::Renewal), browser, &Next::to(done), visitor.now).await
}
