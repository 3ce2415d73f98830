//! `/settings/picture`: one's own picture in a browser without scripts. A button asks for a ticket, and the page that answers
//! is a plain form that posts to S3; S3 sends the browser back here, where it is told how the picture fares.
//!
//! It is here and not among the dashboard's pages because of the rights it takes: forms are signed by this function alone.
//! With scripts, the dashboard opens its dialog instead of leading here.

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::extract::{Form, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use data_encoding::{BASE64, HEXLOWER};
use serde::Deserialize;
use shared::avatars::{Face, TicketAnswer, TicketBody, UploadState, UploadView};
use shared::ctx::Ctx;
use shared::domain::face::{COLOURS, colour};
use shared::domain::people::User;
use shared::domain::principal::Principal;
use shared::domain::session::Session;
use shared::secret::{equal, sha256_hex};
use shared::web::{Authenticated, Client, Problem, session_form_token, signed_in};

use super::routes::{issue, remove};

/// Where it is.
pub const PATH: &str = "/settings/picture";

/// Where S3 sends the browser to, once it has the picture.
const SENT_PATH: &str = "/settings/picture?sent";

/// While a picture is looked at, the page asks again so often.
const REFRESH_SECONDS: u32 = 2;

/// What the form says of the file, which has to be said before there is one. Nobody believes it.
const CONTENT_TYPE: &str = "image/jpeg";

static STYLE: LazyLock<String> = LazyLock::new(|| {
    let colours: String = (0..COLOURS)
        .map(|number| format!(".c{number} {{ background: {}; }}\n", colour(number)))
        .collect();
    format!("{}{colours}", include_str!("../templates/style.css"))
});

const HEADERS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

#[derive(Debug, Template)]
#[template(path = "picture.html")]
struct Page {
    face: Face,
    /// How the newest upload fares.
    standing: Option<String>,
    fault: Option<String>,
    /// A form for S3.
    form: Option<TicketAnswer>,
    form_token: String,
    waits: bool,
}

pub fn routes() -> Router<Ctx> {
    Router::new().route(PATH, get(show).post(act))
}

/// Somebody who is signed in.
struct Visitor {
    session: Session,
    user: User,
    who: Authenticated,
}

impl Visitor {
    async fn of(headers: &HeaderMap, Client(address): Client, ctx: &Ctx) -> Result<Option<Self>, Problem> {
        let now = ctx.clock.now();
        let found = signed_in(headers, ctx, now).await?;
        Ok(found.map(|(session, user)| {
            let principal = Principal::of(&user, None);
            let who = Authenticated {
                principal,
                now,
                address,
            };
            Self { session, user, who }
        }))
    }

    fn page(&self, ctx: &Ctx) -> Page {
        Page {
            face: Face::of(ctx, &self.user),
            standing: None,
            fault: None,
            form: None,
            form_token: session_form_token(ctx, self.session.id),
            waits: false,
        }
    }
}

async fn show(State(ctx): State<Ctx>, client: Client, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let is_sent = query.is_some_and(|query| query.starts_with("sent"));
    let shown = async {
        let Some(visitor) = Visitor::of(&headers, client, &ctx).await? else {
            return Ok(to_sign_in());
        };
        let newest = ctx.store.newest_upload(visitor.user.id).await?;
        let newest = newest.as_ref().and_then(UploadView::of);
        let page = standing(visitor.page(&ctx), newest, is_sent);
        Ok(answer(&ctx, StatusCode::OK, &page))
    };
    shown.await.unwrap_or_else(|problem: Problem| problem.into_response())
}

fn standing(page: Page, newest: Option<UploadView>, is_sent: bool) -> Page {
    let Some(upload) = newest else { return page };
    let (standing, fault, waits) = match upload.state {
        // A ticket that nobody used is nothing to tell.
        UploadState::Pending if !is_sent => (None, None, false),
        UploadState::Pending | UploadState::Processing => {
            (Some("Your picture is there, and being prepared."), None, true)
        }
        UploadState::Ready if is_sent => (Some("This is how others see you."), None, false),
        UploadState::Ready => (None, None, false),
        UploadState::Rejected => (None, upload.reason, false),
    };
    Page {
        standing: standing.map(str::to_owned),
        fault,
        waits,
        ..page
    }
}

/// What a button of the page says.
#[derive(Debug, Deserialize)]
struct Posted {
    #[serde(default)]
    form_token: String,
    act: Act,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Begin,
    Remove,
}

async fn act(State(ctx): State<Ctx>, client: Client, headers: HeaderMap, Form(posted): Form<Posted>) -> Response {
    let visitor = match Visitor::of(&headers, client, &ctx).await {
        Ok(Some(visitor)) => visitor,
        Ok(None) => return to_sign_in(),
        Err(problem) => return problem.into_response(),
    };
    let expected = session_form_token(&ctx, visitor.session.id);
    let (page, user) = (visitor.page(&ctx), visitor.user.id);
    if !equal(posted.form_token.as_bytes(), expected.as_bytes()) {
        let words = "This form is of an earlier visit, or of another site. Nothing was changed; try again.";
        return refused(&ctx, page, StatusCode::FORBIDDEN, words.into(), None);
    }
    let done = match posted.act {
        Act::Begin => issue(&ctx, &visitor.who, user, &ticket()).await.map(|form| {
            let form = Some(form);
            answer(
                &ctx,
                StatusCode::OK,
                &Page {
                    form,
                    ..visitor.page(&ctx)
                },
            )
        }),
        Act::Remove => remove(&ctx, &visitor.who, user)
            .await
            .map(|()| Redirect::to(PATH).into_response()),
    };
    done.unwrap_or_else(|problem| {
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        refused(&ctx, page, status, problem.detail, problem.retry_after)
    })
}

fn ticket() -> TicketBody {
    TicketBody {
        content_type: CONTENT_TYPE.to_owned(),
        bytes: None,
        crop: None,
        return_to: Some(SENT_PATH.to_owned()),
    }
}

fn refused(ctx: &Ctx, page: Page, status: StatusCode, words: String, retry_after: Option<u32>) -> Response {
    let fault = Some(match retry_after {
        Some(seconds) => format!("{words} Try again in {seconds} s."),
        None => words,
    });
    let mut response = answer(ctx, status, &Page { fault, ..page });
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn to_sign_in() -> Response {
    Redirect::to("/sign-in?next=%2Fsettings%2Fpicture").into_response()
}

fn answer(ctx: &Ctx, status: StatusCode, page: &Page) -> Response {
    let mut response = (status, Html(page.render().unwrap_or_default())).into_response();
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = HeaderValue::try_from(policy(ctx));
    let policy = policy.unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Our own style (by its hash), pictures from where they are, forms to ourselves and to the bucket of uploads.
fn policy(ctx: &Ctx) -> String {
    let style = HEXLOWER
        .decode(sha256_hex(STYLE.as_str()).as_bytes())
        .unwrap_or_default();
    let [pictures, uploads] =
        [&ctx.config.objects_url, ctx.objects.uploads_url()].map(|url| url.origin().ascii_serialization());
    format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src {pictures}; form-action 'self' {uploads}; frame-ancestors 'none'; \
         base-uri 'none'",
        BASE64.encode(&style)
    )
}
