//! Choosing a password behind a link: another one, or the first.
//!
//! Looking uses nothing up. Sending the form sets the password, ends all sessions and the link, and signs in.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use shared::accounts::{SignOut, opened_by, set_password, tokens_of};
use shared::ctx::Ctx;
use shared::domain::account::LinkPurpose;
use shared::domain::people::User;
use shared::secret::password_fault;
use shared::web::Problem;

use super::enter::{Browser, Way, enter};
use super::next::Next;
use super::pages::{Choose, Fault, LinkOver};
use super::tied::{self, Tie};
use crate::page::Refused;

/// How often a race with another change of the account may be lost.
const ROUNDS_MAX: usize = 3;

pub async fn show_reset(ctx: State<Ctx>, code: Path<String>, headers: HeaderMap) -> Result<Response, Refused> {
    show(LinkPurpose::Reset, ctx, code, headers).await
}

pub async fn show_invitation(ctx: State<Ctx>, code: Path<String>, headers: HeaderMap) -> Result<Response, Refused> {
    show(LinkPurpose::Invitation, ctx, code, headers).await
}

pub async fn reset(ctx: State<Ctx>, code: Path<String>, request: Request) -> Result<Response, Refused> {
    choose(LinkPurpose::Reset, ctx, code, request).await
}

pub async fn accept(ctx: State<Ctx>, code: Path<String>, request: Request) -> Result<Response, Refused> {
    choose(LinkPurpose::Invitation, ctx, code, request).await
}

async fn show(
    purpose: LinkPurpose,
    State(ctx): State<Ctx>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    Ok(match opened_by(&ctx, &code, purpose, ctx.clock.now()).await? {
        Some(user) => form(&ctx, &headers, StatusCode::OK, (purpose, &user.value), None).await?,
        None => over(&ctx, &headers, purpose),
    })
}

async fn form(
    ctx: &Ctx,
    headers: &HeaderMap,
    status: StatusCode,
    (purpose, user): (LinkPurpose, &User),
    fault: Option<Fault>,
) -> Result<Response, Refused> {
    let tie = Tie::of(headers, ctx);
    let tokens = tokens_of(ctx, user, ctx.clock.now()).await?.len();
    let page = Choose::new(purpose, user, tokens, tie.form_token(ctx), fault);
    Ok(tie.page(ctx, status, page.html()))
}

fn over(ctx: &Ctx, headers: &HeaderMap, purpose: LinkPurpose) -> Response {
    let page = LinkOver {
        is_invitation: purpose == LinkPurpose::Invitation,
    };
    Tie::of(headers, ctx).page(ctx, StatusCode::NOT_FOUND, page.html())
}

#[derive(Debug, Deserialize)]
struct Chosen {
    password: String,
    /// Ticked: the account's API tokens end, too.
    #[serde(default)]
    with_tokens: Option<String>,
}

async fn choose(
    purpose: LinkPurpose,
    State(ctx): State<Ctx>,
    Path(code): Path<String>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let browser = Browser::of(&parts, &ctx);
    let chosen = tied::read::<Chosen>(parts, body, &ctx).await?;
    let now = ctx.clock.now();
    for _ in 0..ROUNDS_MAX {
        let Some(before) = opened_by(&ctx, &code, purpose, now).await? else {
            return Ok(over(&ctx, &browser.headers, purpose));
        };
        let again = |status, fault| {
            let about = (purpose, &before.value);
            form(&ctx, &browser.headers, status, about, Some(fault))
        };
        let Some(Chosen { password, with_tokens }) = &chosen else {
            return again(StatusCode::FORBIDDEN, Fault::NoCookie).await;
        };
        if let Some(fault) = password_fault(password, &[&before.value.name, &before.value.email]) {
            return again(StatusCode::BAD_REQUEST, Fault::Password(fault)).await;
        }
        let how = SignOut {
            action: match purpose {
                LinkPurpose::Reset => "password_reset",
                LinkPurpose::Invitation => "invitation_accepted",
            },
            with_tokens: with_tokens.is_some(),
            address: &browser.address,
            now,
        };
        let user = set_password(&ctx, &before, password, how).await?;
        if let Some(user) = user {
            tracing::info!(user_id = %user.id, "a password was chosen by a link");
            return enter(&ctx, (&user, Way::Link), &browser, &Next::default(), now).await;
        }
    }
    Err(Problem::unavailable().into())
}
