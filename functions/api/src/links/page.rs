//! The page itself: what is shown about an incident to somebody who was asleep a minute ago, and why a link does not
//! work. Pure: facts in, HTML out. The templates escape whatever senders wrote.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use shared::domain::actor::{Actor, ActorKind};
use shared::domain::delivery::{Delivery, DeliveryState, Recipient};
use shared::domain::id::{PageId, UserId};
use shared::domain::incident::{Incident, Mark, Status};
use shared::domain::people::User;
use shared::domain::signal::{Alert, Content, Link, is_link};
use shared::domain::text::cut_chars;
use shared::publications::Told;
use shared::secret::{LinkCode, sha256_hex};

/// Alerts shown; the rest are counted.
const ALERTS_SHOWN_MAX: usize = 5;
const ALERT_CHARS_MAX: usize = 200;
/// People named as paged; the rest are counted.
const NAMES_SHOWN_MAX: usize = 8;
/// Links shown.
const LINKS_SHOWN_MAX: usize = 5;

const STYLE: &str = include_str!("../../templates/link/style.css");

/// Nothing but our own style (by its hash) and our own form.
static CONTENT_SECURITY_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = HEXLOWER.decode(sha256_hex(STYLE).as_bytes()).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        BASE64.encode(&hash)
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
});

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
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.clone());
    response
}

/// Who looks at the page, and when.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The person the link was sent to.
    pub user: &'a User,
    /// Whether their role lets them answer.
    pub may_answer: bool,
    /// When.
    pub now: Timestamp,
}

/// An incident as the page shows it.
#[derive(Debug, Template)]
#[template(path = "link/incident.html")]
pub struct Shown {
    style: &'static str,
    code: String,
    title: String,
    service: String,
    severity: &'static str,
    source: Option<String>,
    /// The state in one word, which is its class, too.
    status: &'static str,
    /// The state in a sentence.
    standing: String,
    since: String,
    ago: String,
    /// How many alerts, where there is more than one.
    alert_count: Option<u64>,
    alerts: Vec<AlertLine>,
    alerts_more: u64,
    others: String,
    runbook: Option<String>,
    links: Vec<Link>,
    reader: String,
    /// Status pages on which it is asked whether the public shall be told.
    questions: Vec<Question>,
    can_acknowledge: bool,
    can_resolve: bool,
    may_answer: bool,
}

/// Whether readers of a page shall be told.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    page_id: PageId,
    page: String,
    /// What they would be told is affected.
    components: String,
}

#[derive(Debug, PartialEq, Eq)]
struct AlertLine {
    text: String,
    over: bool,
}

/// Why a link does not work, or an answer was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// There is no such code.
    Wrong,
    /// Its seven days are over.
    Expired,
    /// The person it was sent to is gone.
    Gone,
    /// The person's role does not let them answer.
    NotAllowed,
    /// What was posted is not what the page's buttons post: the status that the reader of forms gave.
    Unreadable(StatusCode),
    /// Too many requests: free again after so many seconds.
    TooOften(u32),
    /// The table does not answer: nothing was changed for certain.
    Unavailable,
    /// A mistake of ours.
    Broken,
}

/// A page that says why not.
#[derive(Debug, Template)]
#[template(path = "link/closed.html")]
struct ClosedPage {
    style: &'static str,
    heading: &'static str,
    text: &'static str,
    try_again: bool,
}

/// The page about `incident`, whose counts are filled in.
pub fn shown(
    code: &LinkCode,
    incident: &Incident,
    content: &Content,
    others: &[&str],
    told: &[Told],
    reader: &Reader<'_>,
) -> Shown {
    let zone = Wall::of(&reader.user.time_zone, reader.now);
    let alert_count = incident
        .counts
        .map_or(content.alerts.len() as u64, |counts| counts.alert_count);
    let alerts: Vec<AlertLine> = content.alerts.iter().take(ALERTS_SHOWN_MAX).map(alert_line).collect();
    let may = reader.may_answer && incident.is_open();
    Shown {
        style: STYLE,
        code: code.expose().to_owned(),
        title: if incident.title.trim().is_empty() {
            "No title was given".into()
        } else {
            incident.title.clone()
        },
        service: incident.service_name.clone(),
        severity: incident.severity.as_str(),
        source: content.source.clone().filter(|source| !source.is_empty()),
        status: match incident.status {
            Status::Triggered => "triggered",
            Status::Acknowledged => "acknowledged",
            Status::Resolved => "resolved",
        },
        standing: standing(incident, reader.user.id, &zone),
        since: zone.tell(incident.created_at),
        ago: ago(incident.created_at, reader.now),
        alert_count: (alert_count > 1).then_some(alert_count),
        alerts_more: alert_count.saturating_sub(alerts.len() as u64),
        // One alert that only repeats the title says nothing.
        alerts: if alert_count > 1 {
            alerts
        } else {
            alerts.into_iter().filter(|line| line.text != incident.title).collect()
        },
        others: listed(others),
        runbook: incident.runbook_url.clone().filter(|url| is_link(url)),
        links: incident
            .links
            .iter()
            .filter(|link| is_link(&link.href))
            .take(LINKS_SHOWN_MAX)
            .map(worded)
            .collect(),
        reader: reader.user.name.clone(),
        questions: told
            .iter()
            .filter(|one| may && one.telling.is_open_question())
            .map(question)
            .collect(),
        can_acknowledge: may && incident.status == Status::Triggered,
        can_resolve: may,
        may_answer: reader.may_answer,
    }
}

fn question(told: &Told) -> Question {
    let names: Vec<&str> = told.affected.iter().map(|(one, _)| one.name.as_str()).collect();
    Question {
        page_id: told.page.id,
        page: told.page.name.clone(),
        components: listed(&names),
    }
}

/// People other than `reader` to whom a page was really sent, in the order in which they were first asked.
pub fn others_paged(deliveries: &[Delivery], reader: UserId) -> Vec<UserId> {
    let mut pages: Vec<&Delivery> = deliveries
        .iter()
        .filter(|one| one.key.part.is_page() && one.state == DeliveryState::Sent)
        .collect();
    pages.sort_by_key(|one| one.sent_at);
    let mut others = Vec::new();
    for page in pages {
        if let Recipient::Person(user, _) = page.key.to
            && user != reader
            && !others.contains(&user)
        {
            others.push(user);
        }
    }
    others
}

/// Where it stands and who has it, in a sentence.
fn standing(incident: &Incident, reader: UserId, zone: &Wall) -> String {
    let who = |mark: &Mark| {
        if mark.by.is_user(reader) {
            "you".to_owned()
        } else {
            name(&mark.by)
        }
    };
    match (incident.status, &incident.acknowledged, &incident.resolved) {
        (Status::Resolved, _, Some(mark)) => match mark.by.kind {
            ActorKind::System => format!("Resolved at {}, because its sender fell silent", zone.tell(mark.at)),
            ActorKind::Integration => format!("Over: {} reported so at {}", who(mark), zone.tell(mark.at)),
            ActorKind::User | ActorKind::Token => format!("Resolved by {} at {}", who(mark), zone.tell(mark.at)),
        },
        (Status::Resolved, _, None) => "Resolved".into(),
        (_, acknowledged, _) if incident.snoozed_until.is_some() => {
            let until = incident.snoozed_until.map(|until| zone.tell(until)).unwrap_or_default();
            let taken = acknowledged
                .as_ref()
                .filter(|_| incident.status == Status::Acknowledged);
            let taken = taken.map_or_else(String::new, |mark| format!("; {} had taken it", who(mark)));
            format!("Snoozed until {until}{taken}")
        }
        (Status::Acknowledged, Some(mark), _) => format!("Acknowledged by {} at {}", who(mark), zone.tell(mark.at)),
        (Status::Acknowledged, None, _) => "Acknowledged".into(),
        (Status::Triggered, ..) if incident.is_unanswered() => {
            "Nobody has answered, and nobody else will be paged".into()
        }
        (Status::Triggered, ..) => "Nobody has taken it yet".into(),
    }
}

fn name(actor: &Actor) -> String {
    if actor.name.trim().is_empty() {
        "somebody".into()
    } else {
        actor.name.clone()
    }
}

/// What an alert says for itself, or, failing that, what it is called.
fn alert_line(alert: &Alert) -> AlertLine {
    let said = ["summary", "description", "message", "title"]
        .iter()
        .find_map(|name| alert.annotations.get(*name));
    let text = said
        .or_else(|| alert.labels.get("alertname"))
        .filter(|text| !text.trim().is_empty());
    let text = text.unwrap_or(&alert.fingerprint).trim();
    AlertLine {
        text: cut_chars(text, ALERT_CHARS_MAX),
        over: !alert.firing,
    }
}

/// A link with words for it: its host, where the sender gave none.
fn worded(link: &Link) -> Link {
    let host = || {
        url::Url::parse(&link.href)
            .ok()
            .and_then(|url| Some(url.host_str()?.to_owned()))
    };
    let text = if link.text.trim().is_empty() {
        host().unwrap_or_default()
    } else {
        cut_chars(&link.text, ALERT_CHARS_MAX)
    };
    Link {
        href: link.href.clone(),
        text,
    }
}

/// "Bo", "Bo and Cleo", "Bo, Cleo and 3 more".
fn listed(names: &[&str]) -> String {
    let (shown, more) = names.split_at(names.len().min(NAMES_SHOWN_MAX));
    match (shown, more.len()) {
        ([], _) => String::new(),
        (shown, 1..) => format!("{} and {} more", shown.join(", "), more.len()),
        ([one], 0) => (*one).to_owned(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
    }
}

/// The reader's wall clock.
struct Wall {
    zone: TimeZone,
    now: Timestamp,
}

impl Wall {
    fn of(time_zone: &str, now: Timestamp) -> Self {
        Self {
            zone: TimeZone::get(time_zone).unwrap_or(TimeZone::UTC),
            now,
        }
    }

    /// "03:12 CET"; with its date on other days, and its year in other years.
    fn tell(&self, at: Timestamp) -> String {
        let (at, now) = (at.to_zoned(self.zone.clone()), self.now.to_zoned(self.zone.clone()));
        // Some zones have no name but their distance.
        let is_named = at
            .strftime("%Z")
            .to_string()
            .bytes()
            .all(|letter| letter.is_ascii_alphabetic());
        let date = match () {
            () if at.date() == now.date() => "",
            () if at.year() == now.year() => " on %-d %b",
            () => " on %-d %b %Y",
        };
        at.strftime(&format!("%H:%M {}{date}", if is_named { "%Z" } else { "UTC%:z" }))
            .to_string()
    }
}

/// "just now", "12 minutes ago", "3 hours ago".
fn ago(at: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(at).as_mins();
    let told = |number: i64, unit: &str| format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" });
    match minutes {
        ..1 => "just now".into(),
        1..120 => told(minutes, "minute"),
        120..2_880 => told(minutes / 60, "hour"),
        _ => told(minutes / 1_440, "day"),
    }
}

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        html(StatusCode::OK, &self)
    }
}

impl Closed {
    fn status(self) -> StatusCode {
        match self {
            Self::Wrong => StatusCode::NOT_FOUND,
            Self::Expired | Self::Gone => StatusCode::GONE,
            Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::Unreadable(status @ (StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNSUPPORTED_MEDIA_TYPE)) => status,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Wrong => (
                "This link leads nowhere",
                "Perhaps a part of it is missing. Open it from the message again, or sign in.",
            ),
            Self::Expired => (
                "This link has expired",
                "Links in messages work for seven days. Sign in to see the incident.",
            ),
            Self::Gone => (
                "This link no longer works",
                "The person it was sent to is no longer here.",
            ),
            Self::NotAllowed => (
                "You may not answer this incident",
                "Your role only lets you look. Nothing was changed.",
            ),
            Self::Unreadable(_) => (
                "That was not understood",
                "Nothing was changed. Go back to the incident and use its buttons.",
            ),
            Self::TooOften(_) => ("Too many requests", "Nothing was changed. Wait a moment and try again."),
            Self::Unavailable => (
                "Nightbell cannot answer right now",
                "Your answer may not have been saved. Try again, and look at what the page says then.",
            ),
            Self::Broken => (
                "Something is broken on our side",
                "Your answer may not have been saved. It has been logged. Try again, or sign in.",
            ),
        }
    }

    /// Seconds after which to try again.
    fn retry_after(self) -> Option<u32> {
        match self {
            Self::TooOften(seconds) => Some(seconds),
            Self::Unavailable => Some(1),
            _ => None,
        }
    }
}

impl IntoResponse for Closed {
    fn into_response(self) -> Response {
        let (heading, text) = self.words();
        let try_again = !matches!(self, Self::Wrong | Self::Expired | Self::Gone);
        let mut response = html(
            self.status(),
            &ClosedPage {
                style: STYLE,
                heading,
                text,
                try_again,
            },
        );
        if let Some(seconds) = self.retry_after() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::domain::delivery::{DeliveryKey, Part, Subject};
    use shared::domain::incident::{Act, Counts};
    use shared::domain::timeline::Resolution;
    use shared::secret::MasterKey;

    use super::super::testing::{ana, incident};
    use super::*;

    const NOW: &str = "2026-02-03T02:24:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn reader() -> User {
        serde_json::from_value(serde_json::json!({
            "id": "usr_01arz3ndektsv4rrffq69g5fav", "name": "Ana", "email": "ana@example.com", "role": "responder",
            "time_zone": "Europe/Berlin", "locale": "en", "created_at": NOW,
        }))
        .unwrap()
    }

    fn alert(summary: &str, firing: bool) -> Alert {
        Alert {
            fingerprint: "f00".into(),
            firing,
            labels: [("alertname".to_owned(), "DiskFull".to_owned())].into(),
            annotations: [("summary".to_owned(), summary.to_owned())].into(),
            starts_at: None,
            ends_at: None,
            source_url: None,
        }
    }

    fn page(incident: &Incident, content: &Content, others: &[&str]) -> String {
        let user = reader();
        let reader = Reader {
            user: &user,
            may_answer: true,
            now: now(),
        };
        let code = LinkCode::derive(&MasterKey::from_bytes([5; 32]), "x");
        shown(&code, incident, content, others, &[], &reader).render().unwrap()
    }

    /// The text of a page as it is read, without tags, on one line.
    fn read(html: &str) -> String {
        let body = html.split("<body>").nth(1).unwrap();
        let text: String = body
            .split('<')
            .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
            .collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn it_tells_enough_to_decide_and_has_two_buttons() {
        let mut incident = incident();
        incident.runbook_url = Some("https://wiki.example.com/disk".into());
        incident.counts = Some(Counts {
            signal_count: 9,
            alert_count: 7,
            last_signal_at: now(),
        });
        let alerts = (0..7).map(|n| alert(&format!("db-{n} is full"), n != 4)).collect();
        let html = page(
            &incident,
            &Content {
                alerts,
                ..Content::default()
            },
            &["Bo", "Cleo"],
        );
        let text = read(&html);
        for part in [
            "Disk full on db-1",
            "critical",
            "Checkout",
            "Nobody has taken it yet",
            "03:12 CET",
            "12 minutes ago",
            "Bo and Cleo",
            "7 alerts",
            "db-3 is full",
            "2 more",
            "Ana",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("db-5 is full"));
        assert!(html.contains("href=\"https://wiki.example.com/disk\""));
        assert_eq!(html.matches("<button").count(), 2);
        assert!(html.contains("value=\"acknowledge\"") && html.contains("value=\"resolve\""));
        assert!(html.contains("<html lang=\"en\"") && html.contains("<title>Triggered: Disk full on db-1"));
    }

    #[test]
    fn hostile_texts_stay_texts() {
        let attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
        let mut incident = incident();
        incident.title = attack.into();
        incident.service_name = attack.into();
        incident.runbook_url = Some("javascript:alert(1)".into());
        incident.links = vec![
            Link {
                href: "https://ok.example/\"><script>".into(),
                text: attack.into(),
            },
            Link {
                href: "data:text/html,<script>".into(),
                text: "no".into(),
            },
        ];
        let content = Content {
            source: Some(attack.into()),
            alerts: vec![alert(attack, true)],
            ..Content::default()
        };
        let html = page(&incident, &content, &[attack]);
        let body = html.split("</style>").nth(1).unwrap();
        for forbidden in ["<script", "<img", "javascript:", "data:text"] {
            assert!(!body.contains(forbidden), "{forbidden}: {body}");
        }
        assert!(body.contains("&#60;script&#62;"));
    }

    #[test]
    fn it_says_who_has_it_and_what_can_still_be_done() {
        let mut mine = incident();
        mine.act(Act::Acknowledge, &ana(), now()).unwrap();
        let html = page(&mine, &Content::default(), &[]);
        assert!(read(&html).contains("Acknowledged by you at 03:24 CET"));
        assert!(!html.contains("value=\"acknowledge\"") && html.contains("value=\"resolve\""));

        let bo = Actor {
            kind: ActorKind::Token,
            id: Some("tok_1".into()),
            name: "Bo".into(),
            user_id: None,
        };
        let mut over = incident();
        over.close(Resolution::ByHand, &bo, None, now()).unwrap();
        let html = page(&over, &Content::default(), &[]);
        assert!(read(&html).contains("Resolved by Bo at 03:24 CET"));
        assert_eq!(html.matches("<button").count(), 0);

        let mut silent = incident();
        silent
            .close(Resolution::BySilence, &Actor::system(), None, now())
            .unwrap();
        assert!(read(&page(&silent, &Content::default(), &[])).contains("because its sender fell silent"));

        let mut snoozed = incident();
        snoozed
            .act(Act::Snooze("2026-02-04T05:00:00Z".parse().unwrap()), &bo, now())
            .unwrap();
        let html = page(&snoozed, &Content::default(), &[]);
        assert!(read(&html).contains("Snoozed until 06:00 CET on 4 Feb"));
        assert_eq!(html.matches("<button").count(), 2);
    }

    #[test]
    fn a_viewer_only_looks() {
        let user = reader();
        let reader = Reader {
            user: &user,
            may_answer: false,
            now: now(),
        };
        let code = LinkCode::derive(&MasterKey::from_bytes([5; 32]), "x");
        let html = shown(&code, &incident(), &Content::default(), &[], &[], &reader)
            .render()
            .unwrap();
        assert_eq!(html.matches("<button").count(), 0);
        assert!(read(&html).contains("only lets you look"));
    }

    #[test]
    fn the_policy_allows_the_style_that_is_sent_and_nothing_else() {
        let html = page(&incident(), &Content::default(), &[]);
        let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let hash = HEXLOWER.decode(sha256_hex(style).as_bytes()).unwrap();
        let policy = CONTENT_SECURITY_POLICY.to_str().unwrap();
        assert!(
            policy.contains(&format!("'sha256-{}'", BASE64.encode(&hash))),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"));
        for attribute in [" style=", " onclick=", "<script", "src="] {
            assert!(!html.contains(attribute), "{attribute}");
        }
    }

    #[test]
    fn closed_links_say_why_and_lead_to_signing_in() {
        for (closed, status) in [
            (Closed::Wrong, 404),
            (Closed::Expired, 410),
            (Closed::Gone, 410),
            (Closed::NotAllowed, 403),
            (Closed::Unreadable(StatusCode::UNPROCESSABLE_ENTITY), 400),
            (Closed::Unreadable(StatusCode::PAYLOAD_TOO_LARGE), 413),
            (Closed::TooOften(12), 429),
            (Closed::Unavailable, 503),
            (Closed::Broken, 500),
        ] {
            let (heading, text) = closed.words();
            let html = ClosedPage {
                style: STYLE,
                heading,
                text,
                try_again: false,
            }
            .render()
            .unwrap();
            assert!(html.contains("href=\"/sign-in\"") && html.contains(heading), "{html}");
            let response = closed.into_response();
            assert_eq!(response.status(), status);
            let retry = response
                .headers()
                .get(header::RETRY_AFTER)
                .map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(
                retry.as_deref(),
                match status {
                    429 => Some("12"),
                    503 => Some("1"),
                    _ => None,
                }
            );
        }
    }

    #[test]
    fn others_are_named_once_in_the_order_they_were_asked() {
        let user = |number: u32| -> UserId { format!("usr_0000000000000000000000000{number}").parse().unwrap() };
        let delivery = |number: u32, part, state, sent: &str| {
            let to = Recipient::Person(user(number), "con_01arz3ndektsv4rrffq69g5fav".parse().unwrap());
            let key = DeliveryKey {
                subject: Subject::Incident(incident().id),
                epoch: 0,
                cycle: 0,
                step: 0,
                to,
                part,
            };
            let new = Delivery::new(
                key,
                shared::domain::people::Medium::Sms,
                String::new(),
                ("en", "UTC"),
                now(),
                now(),
            );
            Delivery {
                state,
                sent_at: sent.parse().ok(),
                ..new
            }
        };
        let deliveries = [
            delivery(1, Part::Page, DeliveryState::Sent, "2026-02-03T02:20:00Z"),
            delivery(2, Part::Rule(0), DeliveryState::Sent, "2026-02-03T02:12:00Z"),
            delivery(2, Part::Rule(1), DeliveryState::Sent, "2026-02-03T02:22:00Z"),
            delivery(3, Part::Page, DeliveryState::Failed, ""),
            delivery(4, Part::Unanswered, DeliveryState::Sent, "2026-02-03T02:12:00Z"),
            delivery(5, Part::Fallback, DeliveryState::Sent, "2026-02-03T02:13:00Z"),
        ];
        assert_eq!(others_paged(&deliveries, user(5)), [user(2), user(1)]);
    }

    #[test]
    fn lists_and_times_read_like_language() {
        assert_eq!(listed(&[]), "");
        assert_eq!(listed(&["Bo"]), "Bo");
        assert_eq!(listed(&["Bo", "Cleo", "Di"]), "Bo, Cleo and Di");
        assert_eq!(listed(&["x"; 10]), "x, x, x, x, x, x, x, x and 2 more");
        let ago = |at: &str| super::ago(at.parse().unwrap(), now());
        assert_eq!(ago("2026-02-03T02:23:01Z"), "just now");
        assert_eq!(ago("2026-02-03T02:25:00Z"), "just now");
        assert_eq!(ago("2026-02-03T02:23:00Z"), "1 minute ago");
        assert_eq!(ago("2026-02-03T00:24:00Z"), "2 hours ago");
        assert_eq!(ago("2026-01-31T02:24:00Z"), "3 days ago");
        let wall = Wall::of("Europe/Berlin", now());
        assert_eq!(wall.tell("2026-02-02T23:30:00Z".parse().unwrap()), "00:30 CET");
        assert_eq!(wall.tell("2026-02-02T22:30:00Z".parse().unwrap()), "23:30 CET on 2 Feb");
        assert_eq!(
            wall.tell("2025-12-31T22:30:00Z".parse().unwrap()),
            "23:30 CET on 31 Dec 2025"
        );
        assert_eq!(Wall::of("America/Sao_Paulo", now()).tell(now()), "23:24 UTC-03:00");
        assert_eq!(Wall::of("Mars/Base", now()).tell(now()), "02:24 UTC");
    }
}
