//! Ending one's own sessions, and changing one's own password.

use axum::extract::FromRequest;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::SessionId;
use shared::domain::people::User;
use shared::secret::{hash_password, password_fault, verify_password};
use shared::store::{Applied, Change, Rate, Tried};

use crate::page::{Posted, Refused, Visitor};

/// Tries of the password that somebody has: who finds a telephone does not guess it there.
const TRIES: Rate = Rate {
    at_once: 10,
    interval_seconds: 60,
};
/// Sessions are listed by the page; somebody with more than so many pages keeps their oldest until those end.
const PAGES_MAX: usize = 20;

/// Which session ends; none: every other one.
#[derive(Debug, Deserialize)]
pub struct SignOut {
    session: Option<SessionId>,
}

pub async fn sign_out(State(ctx): State<Ctx>, request: Request) -> Result<Response, Response> {
    let Posted { visitor, form } = Posted::<SignOut>::from_request(request, &ctx).await?;
    end(&ctx, &visitor, form.session)
        .await
        .map_err(IntoResponse::into_response)
}

async fn end(ctx: &Ctx, visitor: &Visitor, session: Option<SessionId>) -> Result<Response, Refused> {
    match session {
        None => end_others(ctx, visitor).await?,
        Some(id) => {
            let found = ctx.store.session(id).await?;
            let is_mine = found.is_some_and(|session| session.user_id == visitor.user.id);
            if !is_mine {
                return Err(Refused::missing());
            }
            ctx.store.end_sessions([id]).await?;
        }
    }
    Ok(Redirect::to("/settings?done=signed_out").into_response())
}

async fn end_others(ctx: &Ctx, visitor: &Visitor) -> Result<(), Refused> {
    for _ in 0..PAGES_MAX {
        let all = ctx.store.sessions_of(visitor.user.id).await?;
        let ids = all.iter().map(|session| session.id);
        let others: Vec<SessionId> = ids.filter(|id| *id != visitor.session.id).collect();
        if others.is_empty() {
            break;
        }
        ctx.store.end_sessions(others).await?;
    }
    Ok(())
}

/// The password that somebody has, and the one they want.
#[derive(Debug, Deserialize)]
pub struct Passwords {
    current: String,
    password: String,
}

pub async fn change_password(State(ctx): State<Ctx>, request: Request) -> Result<Response, Response> {
    let Posted { visitor, form } = Posted::<Passwords>::from_request(request, &ctx).await?;
    change(&ctx, &visitor, &form).await.map_err(IntoResponse::into_response)
}

async fn change(ctx: &Ctx, visitor: &Visitor, form: &Passwords) -> Result<Response, Refused> {
    let what = format!("password/{}", visitor.user.id);
    if let Tried::WaitSeconds(seconds) = ctx.store.attempt(&what, TRIES, visitor.now).await? {
        return Err(shared::web::Problem::too_many(seconds).into());
    }
    let before = ctx.store.load::<User>(visitor.user.id).await?;
    let before = before.ok_or_else(Refused::missing)?;
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
    let hash = hash_password(&form.password, ctx.random.bytes()).map_err(|_| shared::web::Problem::internal())?;
    let after = User {
        password_hash: Some(hash),
        ..before.value.clone()
    };
    let by = visitor.who.principal.actor();
    let change = Change {
        by: &by,
        at: visitor.now,
    };
    if ctx.store.replace(&before, &after, &[], &change).await? != Applied::Done {
        return Err(shared::web::Problem::unavailable().into());
    }
    end_others(ctx, visitor).await?;
    tracing::info!(user_id = %visitor.user.id, "changed their password");
    Ok(Redirect::to("/settings?done=password").into_response())
}
