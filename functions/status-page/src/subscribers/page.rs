//! The pages that subscribers see. Pure: facts in, HTML out; the templates escape whatever people wrote.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::BASE64;
use shared::domain::id::ComponentId;
use shared::domain::status::{Component, Look, Page, Subscriber, SubscriberChannel, SubscriberState};
use shared::secret::sha256;
use url::Url;

use super::UNKNOWN_PAGE;
use crate::page::LOGO_STYLE;
use shared::domain::status::words::{self, SubscriberWords as Words, filled};

const STYLE: &str = include_str!("../../templates/subscribers/style.css");

/// Nothing but this style (by its hash), logos that are in the page itself, and our own forms.
fn policy(style: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        BASE64.encode(&sha256(style))
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static(NOTHING))
}

/// What has no style of its own may do nothing.
const NOTHING: &str = "default-src 'none'";

/// What keeps the code in the URL to its owner: no copy in caches, referrers and search engines.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// Puts the headers of these pages on any answer.
pub async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(NOTHING));
    response
}

/// What somebody wrote into the form.
pub struct Form {
    pub channel: SubscriberChannel,
    pub address: String,
    pub chosen: Vec<ComponentId>,
    pub faults: Vec<&'static str>,
}

/// A subscription in front of who has its link.
pub struct Shown {
    pub code: String,
    pub address: String,
    pub secret: Option<String>,
    pub subscriber: Subscriber,
    pub components: Vec<Component>,
    pub done: String,
}

/// What every page has.
struct Frame<'a> {
    /// The page's colours, and what these pages make of them.
    style: String,
    look: Look,
    words: &'static Words,
    /// The status page's name; none where there is no such page.
    name: Option<&'a str>,
    /// Its path.
    root: String,
}

impl<'a> Frame<'a> {
    fn of(page: Option<&'a Page>) -> Self {
        let look = page.map_or_else(Look::default, |page| page.look.clone());
        Self {
            style: format!("{}{LOGO_STYLE}{STYLE}", look.css()),
            look,
            words: words::subscribers(page.map_or(UNKNOWN_PAGE, |page| page.locale)),
            name: page.map(|page| page.name.as_str()),
            root: page.map_or_else(|| "/status".to_owned(), |page| format!("/status/{}", page.slug)),
        }
    }

    fn policy(&self) -> HeaderValue {
        policy(&self.style)
    }
}

/// A component that can be chosen.
struct Choice {
    id: String,
    name: String,
    is_member: bool,
    is_chosen: bool,
}

fn choices(components: &[Component], chosen: &[ComponentId]) -> Vec<Choice> {
    let choice = |one: &Component| Choice {
        id: one.id.to_string(),
        name: one.name.clone(),
        is_member: one.group_id.is_some(),
        is_chosen: chosen.contains(&one.id),
    };
    components.iter().map(choice).collect()
}

/// A channel that can be chosen.
struct Way {
    value: &'static str,
    name: &'static str,
    example: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "subscribers/form.html")]
struct FormPage<'a> {
    frame: Frame<'a>,
    lead: String,
    ways: Vec<Way>,
    choices: Vec<Choice>,
    address: &'a str,
    faults: &'a [&'static str],
}

/// The form.
pub fn form(page: &Page, channels: &[SubscriberChannel], components: &[Component], form: &Form) -> Sheet {
    let frame = Frame::of(Some(page));
    let words = frame.words;
    let way = |channel: &SubscriberChannel| Way {
        value: channel.as_str(),
        name: words.channel(*channel),
        example: words.addresses[*channel as usize],
        is_chosen: *channel == form.channel,
    };
    html(
        frame.policy(),
        &FormPage {
            lead: filled(words.subscribe_lead, &[("page", &page.name)]),
            ways: channels.iter().map(way).collect(),
            choices: choices(components, &form.chosen),
            address: &form.address,
            faults: &form.faults,
            frame,
        },
    )
}

#[derive(Template)]
#[template(path = "subscribers/asked.html")]
struct AskedPage<'a> {
    frame: Frame<'a>,
    text: &'static str,
    /// The number whose code is asked for.
    phone: Option<&'a str>,
    is_wrong: bool,
}

/// The answer to the form: the same for everybody.
pub fn asked(page: &Page, channel: SubscriberChannel, address: &str, is_wrong: bool) -> Sheet {
    let frame = Frame::of(Some(page));
    html(
        frame.policy(),
        &AskedPage {
            text: if channel.has_code() {
                frame.words.asked_code
            } else {
                frame.words.asked_link
            },
            phone: channel.has_code().then_some(address),
            is_wrong,
            frame,
        },
    )
}

#[derive(Template)]
#[template(path = "subscribers/one.html")]
struct OnePage<'a> {
    frame: Frame<'a>,
    path: String,
    lead: String,
    state: &'static str,
    note: Option<&'static str>,
    secret: Option<&'a str>,
    choices: Vec<Choice>,
}

/// A subscription: to be confirmed, or as it is.
pub fn one(page: &Page, shown: &Shown) -> Sheet {
    let frame = Frame::of(Some(page));
    let words = frame.words;
    let state = shown.subscriber.state();
    let lead = match state {
        SubscriberState::Pending => words.confirm_lead,
        SubscriberState::Active | SubscriberState::Stopped => words.manage_lead,
    };
    let note = match shown.done.as_str() {
        "confirmed" if state == SubscriberState::Active => Some(words.confirmed),
        "saved" => Some(words.saved),
        _ => None,
    };
    html(
        frame.policy(),
        &OnePage {
            path: format!("{}/subscribers/{}", frame.root, shown.code),
            lead: filled(lead, &gaps(page, shown, words, &shown_address(shown))),
            state: state.as_str(),
            note,
            secret: shown.secret.as_deref(),
            choices: choices(&shown.components, &shown.subscriber.component_ids),
            frame,
        },
    )
}

#[derive(Template)]
#[template(path = "subscribers/end.html")]
struct EndPage<'a> {
    frame: Frame<'a>,
    path: String,
    lead: String,
}

/// Whether to end it.
pub fn ask_end(page: &Page, shown: &Shown) -> Sheet {
    let frame = Frame::of(Some(page));
    let words = frame.words;
    html(
        frame.policy(),
        &EndPage {
            path: format!("{}/subscribers/{}/unsubscribe", frame.root, shown.code),
            lead: filled(words.unsubscribe_lead, &gaps(page, shown, words, &shown_address(shown))),
            frame,
        },
    )
}

fn gaps<'a>(page: &'a Page, shown: &Shown, words: &Words, address: &'a str) -> [(&'static str, &'a str); 3] {
    [
        ("page", &page.name),
        ("channel", words.channel(shown.subscriber.channel)),
        ("address", address),
    ]
}

/// The address as it is shown: of a URL, which may be a secret, the host.
fn shown_address(shown: &Shown) -> String {
    match shown.subscriber.channel {
        SubscriberChannel::Email | SubscriberChannel::Sms => shown.address.clone(),
        SubscriberChannel::Webhook | SubscriberChannel::Slack => {
            let url = shown.address.parse::<Url>().ok();
            let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
            format!("{host}/…")
        }
    }
}

/// What there is to say where there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// There is no such status page.
    NoPage,
    /// The link is nobody's.
    Wrong,
    /// It was ended just now.
    Unsubscribed,
    /// There is no subscription.
    Ended,
    /// Too often.
    Wait(u32),
    /// These components cannot be chosen.
    BadComponents,
    /// The table does not answer.
    Unavailable,
    /// A fault of ours.
    Broken,
}

#[derive(Template)]
#[template(path = "subscribers/told.html")]
struct ToldPage<'a> {
    frame: Frame<'a>,
    heading: &'static str,
    text: String,
}

impl Told {
    /// The answer, on a status page if there is one.
    pub fn on(self, page: Option<&Page>) -> Response {
        let frame = Frame::of(page);
        let words = frame.words;
        let name = page.map_or("", |page| page.name.as_str());
        let (status, heading, text) = match self {
            Self::NoPage => (StatusCode::NOT_FOUND, words.no_page, words.no_page_lead),
            Self::Wrong => (StatusCode::NOT_FOUND, words.wrong, words.wrong_lead),
            Self::Unsubscribed => (StatusCode::OK, words.unsubscribed, words.unsubscribed_lead),
            Self::Ended => (StatusCode::OK, words.ended, words.ended_lead),
            Self::Wait(_) => (StatusCode::TOO_MANY_REQUESTS, words.wait, words.wait_lead),
            Self::BadComponents => (StatusCode::BAD_REQUEST, words.invalid, words.components_fault),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, words.broken, words.broken_lead),
            Self::Broken => (StatusCode::INTERNAL_SERVER_ERROR, words.broken, words.broken_lead),
        };
        let seconds = match self {
            Self::Wait(seconds) => Some(seconds),
            Self::Unavailable => Some(1),
            _ => None,
        };
        let written = seconds.unwrap_or_default().to_string();
        let text = filled(text, &[("page", name), ("seconds", &written)]);
        let mut response = (status, html(frame.policy(), &ToldPage { frame, heading, text })).into_response();
        if let Some(seconds) = seconds {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A page, and what it may do.
pub type Sheet = ([(HeaderName, HeaderValue); 1], Html<String>);

fn html(policy: HeaderValue, page: &impl Template) -> Sheet {
    let policy = [(header::CONTENT_SECURITY_POLICY, policy)];
    (policy, Html(page.render().unwrap_or_default()))
}
