//! `/i/{code}`: what a tired person taps. A message carries the code; whoever has it answers as the person it was sent
//! to, for seven days, about one incident, without signing in.
//!
//! A GET (or HEAD) shows and never acts: mail programs and chat rooms fetch links for previews, scanners for safety. Only
//! the POST of the page's form acts, through the same [`shared::incidents::act()`] as the API, and answers 303, so that a
//! reload repeats nothing. What is absent: a session, a cookie, a script, and any request to anybody else.
//!
//! Where the POST comes from (`Origin`, `Sec-Fetch-Site`) is not looked at, on purpose. Such checks keep other sites from
//! borrowing what the browser sends by itself; here it sends nothing: the code in the URL is the whole credential, and
//! who knows it needs no victim's browser. A check could only turn away somebody at 3 a.m. whose mail program opens
//! links in a window of its own (`Origin: null`, which `Referrer-Policy: no-referrer` makes of every form's origin).

mod page;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Extension, Form, FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::delivery::{Delivery, Recipient, Subject};
use shared::domain::id::{IncidentId, PageId, UserId};
use shared::domain::incident::Act;
use shared::domain::limits;
use shared::domain::people::User;
use shared::domain::principal::{Principal, Right};
use shared::domain::time::after_seconds;
use shared::incidents::{Deed, act};
use shared::publications;
use shared::secret::LinkCode;
use shared::store::{Change, StoreError};
use shared::web::{Limiter, Problem, TooOften, client_address, client_network};

use page::{Closed, Reader, Shown};

/// Codes that lead nowhere, a client and minute: then it is asked to wait, whatever it asks for.
const WRONG_CODES_A_MINUTE: u32 = 30;
/// Requests with one code a minute. A person who answers makes three.
const REQUESTS_PER_CODE_A_MINUTE: u32 = 30;
/// `action=acknowledge`, and room for what browsers add.
const FORM_BYTES_MAX: usize = 4 * 1024;

/// The pages behind the links in messages. They are no part of the API's description.
pub fn routes() -> Router<Ctx> {
    Router::new()
        .route("/i/{code}", get(show).post(answer))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(Extension(Arc::new(Limits::default())))
        .layer(map_response(page::guarded))
}

/// One pair of limiters for each router, so for each instance. They hold back nobody with a good link because of others
/// with bad ones, save those behind the very same address; what keeps codes from being guessed is their 80 bits.
struct Limits {
    wrong: Limiter<String>,
    per_code: Limiter<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wrong: Limiter::new(WRONG_CODES_A_MINUTE),
            per_code: Limiter::new(REQUESTS_PER_CODE_A_MINUTE),
        }
    }
}

async fn show(link: Link, State(ctx): State<Ctx>) -> Result<Shown, Closed> {
    let opened = link.open(&ctx).await?;
    // Four reads at once make a large future.
    Box::pin(opened.page(&ctx, link.now)).await
}

async fn answer(
    link: Link,
    State(ctx): State<Ctx>,
    form: Result<Form<Answer>, FormRejection>,
) -> Result<Response, Closed> {
    let opened = link.open(&ctx).await?;
    let Form(answer) = form.map_err(|rejection| Closed::Unreadable(rejection.status()))?;
    opened.answer(&ctx, answer, &link).await?;
    Ok(Redirect::to(&format!("/i/{}", opened.code.expose())).into_response())
}

/// What the page's buttons send.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Answer {
    action: Action,
    /// The status page that is meant, where the action is about one.
    page: Option<PageId>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Acknowledge,
    Resolve,
    /// The public is told of it.
    Publish,
    /// The public is not told of it.
    Dismiss,
}

/// A link somebody followed: nothing about it is known yet.
struct Link {
    text: String,
    address: String,
    /// The network of that address, by which tries are counted.
    client: String,
    limits: Arc<Limits>,
    now: Timestamp,
}

/// A link that works: whose it is, and what about.
struct Opened {
    code: LinkCode,
    incident_id: IncidentId,
    delivery: Delivery,
    user: User,
}

impl FromRequestParts<Ctx> for Link {
    type Rejection = Closed;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Closed> {
        // Bytes that are no text are no code either.
        let text = Path::<String>::from_request_parts(parts, ctx)
            .await
            .map_or_else(|_| String::new(), |Path(text)| text);
        let limits = Extension::<Arc<Limits>>::from_request_parts(parts, ctx).await;
        let Extension(limits) = limits.map_err(|_| Closed::Broken)?;
        let address = client_address(parts, ctx);
        Ok(Self {
            text,
            client: client_network(&address),
            address,
            limits,
            now: ctx.clock.now(),
        })
    }
}

impl Link {
    /// Whose link it is and what about, if it works still.
    async fn open(&self, ctx: &Ctx) -> Result<Opened, Closed> {
        self.limits.wrong.check(&self.client, self.now)?;
        let opened = self.look_up(ctx).await;
        if matches!(opened, Err(Closed::Wrong)) {
            self.limits.wrong.count(self.client.clone(), self.now);
        }
        opened
    }

    async fn look_up(&self, ctx: &Ctx) -> Result<Opened, Closed> {
        let code = LinkCode::parse(&self.text).ok_or(Closed::Wrong)?;
        let hash = code.storage_hash();
        self.limits.per_code.take(hash.clone(), self.now)?;
        let delivery = ctx.store.by_link(&hash).await?.ok_or(Closed::Wrong)?.delivery;
        let (Subject::Incident(incident_id), Recipient::Person(user, _)) = (delivery.key.subject, delivery.key.to)
        else {
            return Err(Closed::Wrong);
        };
        if has_expired(&delivery, self.now) {
            return Err(Closed::Expired);
        }
        let user = ctx.store.load::<User>(user).await?.ok_or(Closed::Gone)?.value;
        Ok(Opened {
            code,
            incident_id,
            delivery,
            user,
        })
    }
}

fn has_expired(delivery: &Delivery, now: Timestamp) -> bool {
    after_seconds(delivery.created_at, limits::LINK_DAYS * 86_400) <= now
}

impl Opened {
    async fn page(&self, ctx: &Ctx, now: Timestamp) -> Result<Shown, Closed> {
        let full = ctx.store.incident_in_full(self.incident_id);
        let deliveries = ctx.store.all_deliveries(Subject::Incident(self.incident_id));
        let (full, deliveries) = futures_util::try_join!(full, deliveries)?;
        let (incident, content) = full.ok_or(Closed::Wrong)?;
        let others = page::others_paged(&deliveries, self.user.id);
        let names = async {
            if others.is_empty() {
                return Ok(Vec::new());
            }
            ctx.store.load_many::<User>(others.clone()).await
        };
        let (names, told) = futures_util::try_join!(names, publications::told(ctx, (&incident).into()))?;
        let reader = Reader {
            user: &self.user,
            may_answer: self.principal().may(Right::Respond).is_ok(),
            now,
        };
        Ok(page::shown(
            &self.code,
            &incident,
            &content,
            &in_order(&others, &names),
            &told,
            &reader,
        ))
    }

    async fn answer(&self, ctx: &Ctx, answer: Answer, link: &Link) -> Result<(), Closed> {
        let now = link.now;
        let principal = self.principal();
        principal.may(Right::Respond).map_err(|_| Closed::NotAllowed)?;
        let by = principal.actor();
        match answer.action {
            Action::Acknowledge => {
                act(ctx, self.incident_id, &by, Deed::Act(Act::Acknowledge), None, now).await?;
            }
            Action::Resolve => {
                act(ctx, self.incident_id, &by, Deed::Resolve, None, now).await?;
            }
            Action::Publish | Action::Dismiss => {
                let publish = matches!(answer.action, Action::Publish);
                let change = Change::new(&by, now).from(&link.address);
                self.tell(ctx, answer.page, publish, &change).await?;
            }
        }
        tracing::info!(incident_id = %self.incident_id, delivery_id = %self.delivery.key.public_id(), action = ?answer.action, "answered by link");
        Ok(())
    }

    /// Takes a word on whether the public is told, if it is still asked for: on a page that the incident affects.
    async fn tell(&self, ctx: &Ctx, page: Option<PageId>, publish: bool, change: &Change<'_>) -> Result<(), Closed> {
        let incident = ctx.store.incident(self.incident_id).await?.ok_or(Closed::Wrong)?.value;
        let told = publications::told(ctx, (&incident).into()).await?;
        let asked = told
            .iter()
            .find(|one| Some(one.page.id) == page && one.telling.is_open_question());
        // Somebody was faster: the page says what came of it.
        if let Some(asked) = asked {
            let about = (asked.page.id, incident.service_id);
            publications::answer(ctx, about, publish, change).await?;
        }
        Ok(())
    }

    /// The person, with all that their role allows and nothing more.
    fn principal(&self) -> Principal {
        Principal::of(&self.user, None)
    }
}

fn in_order<'a>(ids: &[UserId], users: &'a [User]) -> Vec<&'a str> {
    ids.iter()
        .filter_map(|id| users.iter().find(|user| user.id == *id))
        .map(|user| user.name.as_str())
        .collect()
}

impl From<TooOften> for Closed {
    fn from(TooOften(seconds): TooOften) -> Self {
        Self::TooOften(seconds)
    }
}

impl From<StoreError> for Closed {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl From<Problem> for Closed {
    fn from(problem: Problem) -> Self {
        match StatusCode::from_u16(problem.status) {
            Ok(StatusCode::NOT_FOUND) => Self::Wrong,
            Ok(StatusCode::SERVICE_UNAVAILABLE) => Self::Unavailable,
            _ => Self::Broken,
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of this folder begin with.

    use shared::domain::actor::{Actor, ActorKind};
    use shared::domain::incident::Incident;

    /// A new, critical incident of the service Checkout.
    pub(crate) fn incident() -> Incident {
        serde_json::from_value(serde_json::json!({
            "id": "inc_01kgge8y7g000000000000001a",
            "correlation_id": "sig_01kgge8y7g000000000000001b",
            "service_id": "svc_01arz3ndektsv4rrffq69g5fav",
            "service_name": "Checkout",
            "integration_id": "int_01arz3ndektsv4rrffq69g5fav",
            "group_key": "disk",
            "title": "Disk full on db-1",
            "severity": "critical",
            "peak_severity": "critical",
            "urgency": "high",
            "created_at": "2026-02-03T02:12:00Z",
            "status": "triggered",
            "epoch": 0,
            "cycle": 0,
            "step": 0,
            "progress": {"page": "opened"},
            "route": {"policy": "pol_01arz3ndektsv4rrffq69g5fav"},
            "timeouts": {"ack_seconds": 1800, "auto_resolve_seconds": 0},
            "wake_at": "2026-02-03T02:12:00Z"
        }))
        .unwrap()
    }

    /// Somebody who answers.
    pub(crate) fn ana() -> Actor {
        Actor {
            kind: ActorKind::User,
            id: Some("usr_01arz3ndektsv4rrffq69g5fav".into()),
            name: "Ana".into(),
            user_id: None,
        }
    }
}
