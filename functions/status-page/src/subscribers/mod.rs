//! How subscribers come and go: `/status/{page}/subscribers`, and the links in what is sent to them.
//!
//! A GET shows and never acts: mail programs fetch links for previews, scanners for safety. Only the POST of a page's form
//! confirms, changes or ends a subscription; ending one takes the single POST of RFC 8058, too. The code in a link is the
//! whole credential, so where a POST comes from is not looked at. What is absent: a session, a cookie, a script, and any
//! answer that says whether somebody is subscribed to who does not have their code.

mod page;
pub(crate) use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::ComponentId;
use shared::domain::limits;
use shared::domain::status::{Component, Locale, Page, Subscriber, SubscriberChannel, words};
use shared::store::{Rate, StoreError, Tried, Versioned};
use shared::subscribers::{self, Asked, Opened, Typed, Wish};
use shared::web::{FieldError, Problem, client_address, from_json, health};
use url::form_urlencoded;

use page::{Form, Shown, Told};

/// A form with 50 components, and room for what browsers add.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Links that are nobody's, from one place.
const WRONG_LINKS: Rate = Rate {
    at_once: 60,
    interval_seconds: 1,
};

/// Every route of this function.
pub fn router() -> Router<Ctx> {
    Router::new()
        .route("/status/{page}/subscribers", get(show_form).post(subscribe))
        .route("/status/{page}/subscribers/confirm", post(type_code))
        .route("/status/{page}/subscribers/{code}", get(show).post(choose))
        .route("/status/{page}/subscribers/{code}/confirm", post(confirm))
        .route("/status/{page}/subscribers/{code}/unsubscribe", get(ask_end).post(end))
        .fallback(async || Told::NoPage.on(None))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(map_response(page::guarded))
        .route("/healthz/status-page", get(get_health))
}

async fn get_health(State(ctx): State<Ctx>) -> impl IntoResponse {
    health(&ctx).await
}

/// A status page that somebody asks about, and who asks.
struct At {
    ctx: Ctx,
    page: Page,
    client: String,
    now: Timestamp,
}

/// The rest of a path behind the page's name.
#[derive(Deserialize)]
struct Place {
    page: String,
    #[serde(default)]
    code: String,
}

impl FromRequestParts<Ctx> for At {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Response> {
        let place = Path::<Place>::from_request_parts(parts, ctx).await;
        let Path(place) = place.map_err(|_| Told::NoPage.on(None))?;
        let page = match ctx.store.page_by_slug(&place.page).await {
            Ok(Some(id)) => ctx.store.load::<Page>(id).await,
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        match page {
            Ok(Some(page)) => Ok(Self {
                client: client_address(parts, ctx),
                page: page.value,
                ctx: ctx.clone(),
                now: ctx.clock.now(),
            }),
            Ok(None) if wants_json(&parts.headers) => Err(Problem::not_found().into_response()),
            Ok(None) => Err(Told::NoPage.on(None)),
            Err(error) if wants_json(&parts.headers) => Err(Problem::from(error).into_response()),
            Err(error) => Err(failed(&error, None)),
        }
    }
}

impl At {
    /// Its components in their order, each group before what is in it.
    async fn components(&self) -> Result<Vec<Component>, StoreError> {
        let mut all = self.ctx.store.list_all::<Component>().await?;
        all.retain(|one| one.page_id == self.page.id);
        all.sort_by_key(|one| (one.position, one.id));
        let (members, heads): (Vec<Component>, Vec<_>) = all.into_iter().partition(|one| one.group_id.is_some());
        let mut ordered = Vec::new();
        for head in heads {
            let id = head.id;
            ordered.push(head);
            ordered.extend(members.iter().filter(|one| one.group_id == Some(id)).cloned());
        }
        Ok(ordered)
    }

    fn told(&self, told: Told) -> Response {
        told.on(Some(&self.page))
    }

    fn failed(&self, error: &StoreError) -> Response {
        failed(error, Some(&self.page))
    }

    /// The path of something below this page's subscribers.
    fn path(&self, rest: &str) -> String {
        format!("/status/{}/subscribers/{rest}", self.page.slug)
    }
}

fn failed(error: &StoreError, page: Option<&Page>) -> Response {
    if error.is_tables_own() {
        tracing::warn!(%error, "the table did not answer");
        return Told::Unavailable.on(page);
    }
    tracing::error!(%error, "the store failed");
    Told::Broken.on(page)
}

fn wants_json(headers: &HeaderMap) -> bool {
    essence(headers).eq_ignore_ascii_case("application/json")
}

/// Whether this is what a page's form posts; what says nothing of itself is, too.
fn is_form(headers: &HeaderMap) -> bool {
    let essence = essence(headers);
    essence.is_empty() || essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn essence(headers: &HeaderMap) -> &str {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    essence.trim()
}

/// What was posted, if it is small enough for anything that is posted here.
struct Posted(Bytes);

impl FromRequest<Ctx> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, ctx: &Ctx) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, ctx).await;
        body.map(Self).map_err(|refusal| match refusal.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(BODY_BYTES_MAX),
            _ => Problem::unreadable("The body ended before it was whole."),
        })
    }
}

/// Channels that messages can be sent by here.
fn channels(ctx: &Ctx) -> Vec<SubscriberChannel> {
    let usable = |channel: &SubscriberChannel| ctx.gateways.of(channel.medium()).is_some();
    SubscriberChannel::ALL.into_iter().filter(usable).collect()
}

async fn show_form(at: At, Query(asked): Query<Vec<(String, String)>>) -> Response {
    let asked = Fields(asked);
    let channel = asked.one("channel").parse().unwrap_or(SubscriberChannel::Email);
    let form = Form {
        channel,
        address: String::new(),
        chosen: Vec::new(),
        faults: Vec::new(),
    };
    form_page(&at, form, StatusCode::OK).await
}

async fn form_page(at: &At, form: Form, status: StatusCode) -> Response {
    match at.components().await {
        Ok(components) => (status, page::form(&at.page, &channels(&at.ctx), &components, &form)).into_response(),
        Err(error) => at.failed(&error),
    }
}

/// What a script posts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    channel: SubscriberChannel,
    address: String,
    #[serde(default)]
    component_ids: Vec<ComponentId>,
}

async fn subscribe(at: At, headers: HeaderMap, Posted(body): Posted) -> Response {
    if !is_form(&headers) {
        if !wants_json(&headers) {
            let detail =
                "Send the body as `application/x-www-form-urlencoded`, as the form does, or as `application/json`.";
            let mut problem = Problem::wrong_type();
            problem.detail = detail.into();
            return problem.into_response();
        }
        return match subscribe_by_script(&at, &body).await {
            Ok(()) => (StatusCode::ACCEPTED, Json(serde_json::json!({ "status": "asked" }))).into_response(),
            Err(problem) => problem.into_response(),
        };
    }
    let fields = Fields::of(&body);
    let written = fields.one("channel");
    let channel = if written.is_empty() {
        Ok(SubscriberChannel::Email)
    } else {
        written.parse()
    };
    let address = match fields.one("address") {
        "" => fields.one("email"),
        address => address,
    };
    let words = words::subscribers(at.page.locale);
    let mut form = Form {
        channel: channel.unwrap_or(SubscriberChannel::Email),
        address: address.to_owned(),
        chosen: fields.all("component_ids").filter_map(|id| id.parse().ok()).collect(),
        faults: Vec::new(),
    };
    if channel.is_err() || at.ctx.gateways.of(form.channel.medium()).is_none() {
        form.faults.push(words.channel_fault);
    }
    let kept = subscribers::address(&at.ctx, form.channel, address);
    if kept.is_err() && form.faults.is_empty() {
        form.faults.push(words.address_fault(form.channel));
    }
    match at.components().await {
        Ok(components) if !are_components(&form.chosen, &components) => form.faults.push(words.components_fault),
        Ok(_) => {}
        Err(error) => return at.failed(&error),
    }
    let Some(address) = kept.ok().filter(|_| form.faults.is_empty()) else {
        return form_page(&at, form, StatusCode::BAD_REQUEST).await;
    };
    let wish = Wish {
        channel: form.channel,
        address: address.clone(),
        component_ids: form.chosen,
    };
    match subscribers::ask(&at.ctx, &at.page, &at.client, wish, at.now).await {
        Ok(Asked::Heard) => {
            let asked = page::asked(&at.page, form.channel, &address, false);
            (StatusCode::ACCEPTED, asked).into_response()
        }
        Ok(Asked::WaitSeconds(seconds)) => at.told(Told::Wait(seconds)),
        Err(error) => at.failed(&error),
    }
}

async fn subscribe_by_script(at: &At, body: &[u8]) -> Result<(), Problem> {
    let body: Body = from_json(body)?;
    let fault = |field: &str, message: String| FieldError {
        field: field.to_owned(),
        message,
    };
    let mut faults = Vec::new();
    let address = subscribers::address(&at.ctx, body.channel, &body.address);
    if let Err(message) = &address {
        faults.push(fault("address", message.clone()));
    }
    if !are_components(&body.component_ids, &at.components().await?) {
        let max = limits::SUBSCRIBER_COMPONENTS_MAX;
        let message = format!("must be at most {max} components of this page, each once");
        faults.push(fault("component_ids", message));
    }
    let Some(address) = address.ok().filter(|_| faults.is_empty()) else {
        return Err(Problem::invalid(faults));
    };
    let wish = Wish {
        channel: body.channel,
        address,
        component_ids: body.component_ids,
    };
    match subscribers::ask(&at.ctx, &at.page, &at.client, wish, at.now).await? {
        Asked::Heard => Ok(()),
        Asked::WaitSeconds(seconds) => Err(Problem::too_many(seconds)),
    }
}

/// Whether these are components of the page, each once, and not too many.
fn are_components(chosen: &[ComponentId], components: &[Component]) -> bool {
    let mut sorted = chosen.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let known = |id: &ComponentId| components.iter().any(|one| one.id == *id);
    sorted.len() == chosen.len() && chosen.len() <= limits::SUBSCRIBER_COMPONENTS_MAX && chosen.iter().all(known)
}

async fn type_code(at: At, Posted(body): Posted) -> Response {
    let fields = Fields::of(&body);
    let Ok(phone) = subscribers::address(&at.ctx, SubscriberChannel::Sms, fields.one("address")) else {
        return at.told(Told::Wrong);
    };
    match subscribers::type_code(&at.ctx, at.page.id, &phone, fields.one("code"), at.now).await {
        Ok(Typed::Confirmed(subscriber)) => {
            let code = subscribers::code(&at.ctx, &subscriber);
            Redirect::to(&at.path(&format!("{}?done=confirmed", code.expose()))).into_response()
        }
        Ok(Typed::Wrong) => {
            let again = page::asked(&at.page, SubscriberChannel::Sms, &phone, true);
            (StatusCode::BAD_REQUEST, again).into_response()
        }
        Ok(Typed::WaitSeconds(seconds)) => at.told(Told::Wait(seconds)),
        Err(error) => at.failed(&error),
    }
}

/// A link that somebody followed.
struct Link {
    at: At,
    code: String,
}

impl FromRequestParts<Ctx> for Link {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Response> {
        let at = At::from_request_parts(parts, ctx).await?;
        let place = Path::<Place>::from_request_parts(parts, ctx).await;
        let code = place.map_or_else(|_| String::new(), |Path(place)| place.code);
        Ok(Self { at, code })
    }
}

impl Link {
    /// Whose it is; otherwise the answer.
    async fn open(&self) -> Result<Versioned<Subscriber>, Response> {
        match self.look_up().await? {
            Some(subscriber) => Ok(subscriber),
            None => Err(self.at.told(Told::Ended)),
        }
    }

    /// Whose it is; none when there is no subscription any more.
    async fn look_up(&self) -> Result<Option<Versioned<Subscriber>>, Response> {
        let at = &self.at;
        let opened = subscribers::opened_by(&at.ctx, at.page.id, &self.code, at.now).await;
        match opened.map_err(|error| at.failed(&error))? {
            Opened::Theirs(subscriber) => Ok(Some(*subscriber)),
            Opened::Over => Ok(None),
            Opened::Nobodys => {
                let what = format!("subscribe/link/{}", at.client);
                let tried = at.ctx.store.attempt(&what, WRONG_LINKS, at.now).await;
                Err(match tried.map_err(|error| at.failed(&error))? {
                    Tried::Allowed => at.told(Told::Wrong),
                    Tried::WaitSeconds(seconds) => at.told(Told::Wait(seconds)),
                })
            }
        }
    }

    fn shown(&self, subscriber: &Subscriber, components: Vec<Component>, done: &str) -> Shown {
        let at = &self.at;
        let is_webhook = subscriber.channel == SubscriberChannel::Webhook;
        Shown {
            code: self.code.clone(),
            address: subscribers::address_of(&at.ctx, subscriber).unwrap_or_default(),
            secret: is_webhook.then(|| subscribers::signing_secret(&at.ctx, subscriber)),
            subscriber: subscriber.clone(),
            components,
            done: done.to_owned(),
        }
    }
}

#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

async fn show(link: Link, Query(done): Query<Done>) -> Response {
    let subscriber = match link.open().await {
        Ok(subscriber) => subscriber.value,
        Err(answer) => return answer,
    };
    match link.at.components().await {
        Ok(components) => page::one(&link.at.page, &link.shown(&subscriber, components, &done.done)).into_response(),
        Err(error) => link.at.failed(&error),
    }
}

async fn confirm(link: Link) -> Response {
    let subscriber = match link.open().await {
        Ok(subscriber) => subscriber,
        Err(answer) => return answer,
    };
    let confirmed = subscribers::confirm(&link.at.ctx, subscriber, link.at.now).await;
    changed(&link, confirmed, "confirmed")
}

async fn choose(link: Link, Posted(body): Posted) -> Response {
    let subscriber = match link.open().await {
        Ok(subscriber) => subscriber,
        Err(answer) => return answer,
    };
    // Only who said yes has anything to change.
    if subscriber.value.confirmed_at.is_none() {
        return Redirect::to(&link.at.path(&link.code)).into_response();
    }
    let components = match link.at.components().await {
        Ok(components) => components,
        Err(error) => return link.at.failed(&error),
    };
    let fields = Fields::of(&body);
    let chosen: Result<Vec<ComponentId>, _> = fields.all("component_ids").map(str::parse).collect();
    let Some(chosen) = chosen.ok().filter(|chosen| are_components(chosen, &components)) else {
        return link.at.told(Told::BadComponents);
    };
    let saved = subscribers::choose(&link.at.ctx, subscriber, chosen).await;
    changed(&link, saved, "saved")
}

fn changed(link: &Link, change: Result<Option<Subscriber>, StoreError>, done: &str) -> Response {
    match change {
        Ok(Some(_)) => Redirect::to(&link.at.path(&format!("{}?done={done}", link.code))).into_response(),
        Ok(None) => link.at.told(Told::Ended),
        Err(error) => link.at.failed(&error),
    }
}

async fn ask_end(link: Link) -> Response {
    match link.open().await {
        Ok(subscriber) => page::ask_end(&link.at.page, &link.shown(&subscriber.value, Vec::new(), "")).into_response(),
        Err(answer) => answer,
    }
}

/// Ends it. Who is gone already, alone or with the whole page, is told the same: mail programs ask again when an answer is
/// lost.
async fn end(place: Result<Path<Place>, PathRejection>, link: Result<Link, Response>) -> Response {
    let link = match link {
        Ok(link) => link,
        Err(answer) if place.is_ok() && answer.status() == StatusCode::NOT_FOUND => return Told::Ended.on(None),
        Err(answer) => return answer,
    };
    let subscriber = match link.look_up().await {
        Ok(subscriber) => subscriber,
        Err(answer) => return answer,
    };
    match subscriber {
        None => link.at.told(Told::Ended),
        Some(subscriber) => match subscribers::end(&link.at.ctx, subscriber, None).await {
            Ok(()) => link.at.told(Told::Unsubscribed),
            Err(error) => link.at.failed(&error),
        },
    }
}

/// The fields of a form.
#[derive(Debug)]
struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    fn one(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The language of an answer about no page.
const UNKNOWN_PAGE: Locale = Locale::En;
