//! Tickets: who may upload a picture for whom, and how it fares. What is said of these routes to others is in
//! [`shared::avatars`].

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use shared::avatars::{AvatarAnswer, FaceUrls, TicketAnswer, TicketBody, UploadView};
use shared::ctx::Ctx;
use shared::domain::avatar::{Crop, Upload};
use shared::domain::id::{UploadId, UserId};
use shared::domain::limits::UPLOAD_MAX_BYTES;
use shared::domain::people::User;
use shared::domain::principal::Right;
use shared::store::{Applied, Change, Rate, Tried};
use shared::web::{Authenticated, JsonBody, Problem, health, tell_allowance};

use super::page;

/// What a form may say that it holds.
const CONTENT_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/gif"];

/// Tickets that one person may ask for: 30 in ten minutes.
const TICKETS: Rate = Rate {
    at_once: 30,
    interval_seconds: 20,
};

/// Longest path that S3 may send a browser back to, in bytes.
const RETURN_TO_MAX_BYTES: usize = 256;

/// How often a race may be lost before the caller is asked to try again.
const ROUNDS_MAX: u32 = 3;

/// Every route of this function.
pub fn router() -> Router<Ctx> {
    Router::new()
        .route(
            "/api/v1/users/{id}/avatar",
            post(create_avatar).get(get_avatar).delete(delete_avatar),
        )
        .merge(page::routes())
        .route(
            "/healthz/avatar-upload",
            get(async |State(ctx): State<Ctx>| health(&ctx).await),
        )
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn(tell_allowance))
        .layer(map_response(unstored))
}

/// Answers are somebody's own, and forms are a right: no cache keeps them.
async fn unstored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Somebody with valid credentials, who asks about somebody's picture.
struct Asked {
    ctx: Ctx,
    auth: Authenticated,
    user: UserId,
}

impl FromRequestParts<Ctx> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Problem> {
        let auth = Authenticated::from_request_parts(parts, ctx).await?;
        let Path(id) = Path::<String>::from_request_parts(parts, ctx)
            .await
            .map_err(|_| Problem::not_found())?;
        let user = match id.as_str() {
            "me" => auth.principal.user_id,
            id => id.parse().map_err(|_| Problem::not_found())?,
        };
        let ctx = ctx.clone();
        Ok(Self { ctx, auth, user })
    }
}

async fn person(ctx: &Ctx, id: UserId) -> Result<User, Problem> {
    let row = ctx.store.load::<User>(id).await?;
    Ok(row.ok_or_else(Problem::not_found)?.value)
}

async fn create_avatar(asked: Asked, JsonBody(body): JsonBody<TicketBody>) -> Result<Response, Problem> {
    let answer = issue(&asked.ctx, &asked.auth, asked.user, &body).await?;
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// A ticket for this person, if whoever asks may.
pub async fn issue(ctx: &Ctx, auth: &Authenticated, user: UserId, body: &TicketBody) -> Result<TicketAnswer, Problem> {
    auth.may(Right::SettingsOf(user))?;
    let ticket = checked(body)?;
    person(ctx, user).await?;
    let now = auth.now;
    let who = format!("avatar/{}", auth.principal.user_id);
    if let Tried::WaitSeconds(seconds) = ctx.store.attempt(&who, TICKETS, now).await? {
        return Err(Problem::too_many(seconds));
    }
    let upload = Upload::issue(ctx.random.ulid(now).into(), user, body.crop.map(Crop::rounded), now);
    let back = ticket.return_to.map(|path| ctx.url(path));
    let answered = match &back {
        Some(url) => ("success_action_redirect", url.as_str()),
        None => ("success_action_status", "201"),
    };
    let (id, user) = (upload.id.to_string(), upload.user_id.to_string());
    let fields = [
        ("Content-Type", ticket.content_type),
        answered,
        ("x-amz-meta-upload", &id),
        ("x-amz-meta-user", &user),
    ];
    let form = ctx
        .objects
        .upload_form(&upload.key(), UPLOAD_MAX_BYTES, &fields, upload.form_ends_at(), now)
        .await
        .map_err(|error| {
            tracing::error!(%error, "a form cannot be signed");
            Problem::unavailable()
        })?;
    let actor = auth.principal.actor();
    let change = Change::new(&actor, now).from(&auth.address);
    // The form is worth nothing before its ticket is there, so the ticket is written last, and once.
    if ctx.store.issue_upload(&upload, &change).await? == Applied::Changed {
        return Err(Problem::not_found());
    }
    Ok(TicketAnswer {
        upload_id: upload.id,
        url: form.url,
        fields: BTreeMap::from_iter(form.fields),
        max_bytes: UPLOAD_MAX_BYTES,
        expires_at: upload.form_ends_at(),
    })
}

/// A ticket's body whose every field is as it should be.
struct Checked<'a> {
    content_type: &'static str,
    return_to: Option<&'a str>,
}

fn checked(body: &TicketBody) -> Result<Checked<'_>, Problem> {
    let content_type = CONTENT_TYPES.into_iter().find(|kind| *kind == body.content_type);
    let content_type = content_type.ok_or_else(|| {
        Problem::invalid_field("content_type", format!("must be one of {}", CONTENT_TYPES.join(", ")))
    })?;
    let most = i64::try_from(UPLOAD_MAX_BYTES).unwrap_or(i64::MAX);
    match body.bytes {
        Some(..=0) => return Err(Problem::invalid_field("bytes", "must be at least 1: the file is empty")),
        Some(bytes) if bytes > most => {
            let message = format!("must be at most {most} (5 MiB): choose a smaller picture");
            return Err(Problem::invalid_field("bytes", message));
        }
        _ => {}
    }
    if let Some((field, message)) = body.crop.as_ref().and_then(|crop| crop.fault()) {
        return Err(Problem::invalid_field(format!("crop.{field}"), message));
    }
    let return_to = body.return_to.as_deref();
    if return_to.is_some_and(|path| !is_own_path(path)) {
        return Err(Problem::invalid_field(
            "return_to",
            "must be a path of this Nightbell of at most 256 characters, such as /settings",
        ));
    }
    Ok(Checked {
        content_type,
        return_to,
    })
}

/// Whether a browser that is sent there stays here.
fn is_own_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>');
    path.len() <= RETURN_TO_MAX_BYTES && path.starts_with('/') && !path.starts_with("//") && path.bytes().all(is_plain)
}

async fn get_avatar(asked: Asked) -> Result<Json<AvatarAnswer>, Problem> {
    asked.auth.may(Right::Read)?;
    let user = person(&asked.ctx, asked.user).await?;
    let newest = asked.ctx.store.newest_upload(asked.user).await?;
    let picture = user.avatar.picture.as_ref();
    Ok(Json(AvatarAnswer {
        urls: picture.map(|picture| FaceUrls::of(&asked.ctx, user.id, picture)),
        upload: newest.as_ref().and_then(UploadView::of),
    }))
}

async fn delete_avatar(asked: Asked) -> Result<StatusCode, Problem> {
    remove(&asked.ctx, &asked.auth, asked.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes this person's picture away, if whoever asks may.
pub async fn remove(ctx: &Ctx, auth: &Authenticated, user: UserId) -> Result<(), Problem> {
    auth.may(Right::SettingsOf(user))?;
    let now = auth.now;
    let actor = auth.principal.actor();
    let change = Change::new(&actor, now).from(&auth.address);
    let removal_id: UploadId = ctx.random.ulid(now).into();
    for _ in 0..ROUNDS_MAX {
        let user = person(ctx, user).await?;
        // Somebody was faster, later: their turn holds.
        if user.avatar.turn.is_some_and(|turn| turn > removal_id) {
            return Ok(());
        }
        let removal = Upload::removal(removal_id, user.id, user.avatar.picture.clone(), now);
        let removed = ctx.store.remove_picture(&removal, &user.avatar, &change).await?;
        if removed == Applied::Done {
            return Ok(());
        }
    }
    Err(Problem::unavailable())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_back_here_and_nowhere_else() {
        for own in ["/settings", "/", "/people/usr_1?picture=new#face"] {
            assert!(is_own_path(own), "{own}");
        }
        let long = format!("/{}", "a".repeat(256));
        for other in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "settings",
            "",
            "/a b",
            "/é",
            &long,
        ] {
            assert!(!is_own_path(other), "{other}");
        }
    }
}
