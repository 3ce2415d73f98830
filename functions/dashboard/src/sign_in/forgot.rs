//! Forgotten passwords: a link to choose another goes to the account's own address.
//!
//! Nobody learns here who has an account. For an address without one everything is done that is done for others (the
//! same reads, a row, a message, a hint), for somebody who does not exist; the message ends when its time comes, as it
//! does for somebody who was deleted meanwhile.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use shared::accounts::{Addressee, send_link};
use shared::ctx::Ctx;
use shared::domain::account::LinkPurpose;
use shared::domain::id::UserId;
use shared::domain::people::{Medium, User};
use shared::store::Rate;

use super::enter::Browser;
use super::pages::{Fault, Forgot, Sent};
use super::tied::{self, Tie};
use super::wait;
use crate::page::Refused;

/// One account: what a mailbox bears.
const ACCOUNT: Rate = Rate {
    at_once: 5,
    interval_seconds: 600,
};
/// One address, whatever the account.
const ADDRESS: Rate = Rate {
    at_once: 20,
    interval_seconds: 60,
};
const EMAIL_CHARS_MAX: usize = 254;

pub async fn show(State(ctx): State<Ctx>, headers: HeaderMap) -> Response {
    let fault = (!has_email(&ctx)).then_some(Fault::NoEmail);
    form(&ctx, &headers, StatusCode::OK, String::new(), fault)
}

fn has_email(ctx: &Ctx) -> bool {
    ctx.gateways.of(Medium::Email).is_some()
}

fn form(ctx: &Ctx, headers: &HeaderMap, status: StatusCode, email: String, fault: Option<Fault>) -> Response {
    let tie = Tie::of(headers, ctx);
    let page = Forgot::new(email, tie.form_token(ctx), fault);
    tie.page(ctx, status, page.html())
}

#[derive(Debug, Deserialize)]
struct Asked {
    email: String,
}

pub async fn ask(State(ctx): State<Ctx>, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let browser = Browser::of(&parts, &ctx);
    let again = |status, email, fault| Ok(form(&ctx, &browser.headers, status, email, Some(fault)));
    let Some(Asked { email }) = tied::read(parts, body, &ctx).await? else {
        return again(StatusCode::FORBIDDEN, String::new(), Fault::NoCookie);
    };
    let email = email.trim().to_lowercase();
    if !has_email(&ctx) {
        return again(StatusCode::SERVICE_UNAVAILABLE, email, Fault::NoEmail);
    }
    if !email.contains('@') || email.chars().count() > EMAIL_CHARS_MAX {
        return again(StatusCode::BAD_REQUEST, email, Fault::NoAddress);
    }
    let now = ctx.clock.now();
    let counted = [
        (format!("forgot-address/{}", browser.network), ADDRESS),
        (format!("forgot-account/{email}"), ACCOUNT),
    ];
    if let Some(seconds) = wait(&ctx, &counted, now).await? {
        let page = again(StatusCode::TOO_MANY_REQUESTS, email, Fault::TooOften(seconds));
        return page.map(|page| tied::after(seconds, page));
    }
    let to = addressee(&ctx, &email, now).await?;
    send_link(&ctx, to, LinkPurpose::Reset, now, None).await?;
    tracing::info!("a new password was asked for");
    Ok(Tie::of(&browser.headers, &ctx).page(&ctx, StatusCode::OK, Sent { email }.html()))
}

/// Whose address it is, or somebody who is not there.
async fn addressee(ctx: &Ctx, email: &str, now: Timestamp) -> Result<Addressee, Refused> {
    let nobody = UserId(ctx.random.ulid(now));
    let id = ctx.store.user_by_email(email).await?.unwrap_or(nobody);
    let user = ctx.store.load::<User>(id).await?;
    Ok(user.map_or_else(
        || Addressee {
            user_id: nobody,
            email: String::new(),
            locale: "en".into(),
            time_zone: "UTC".into(),
        },
        |user| (&user.value).into(),
    ))
}
