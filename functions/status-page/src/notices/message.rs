//! The words of a notice. Pure: facts in, text out. Names and words that people wrote may be hostile: HTML is escaped by its
//! template, Slack's three characters here, and headers are brought to one line by whoever sends.

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::ctx::Ctx;
use shared::domain::status::{MaintenanceStatus, News, PostStatus, Subscriber};
use shared::domain::text::heading;
use shared::subscribers;

use super::facts::{Facts, Subject};
use super::html;
use crate::view::{ComponentView, UpdateView};
use shared::domain::status::words::{self, SubscriberWords as Words, filled};

/// Earlier updates that an e-mail repeats.
const EARLIER_MAX: usize = 3;
/// Characters of a title in a text message.
const SMS_TITLE_CHARS_MAX: usize = 60;
/// Characters of an update's words in Slack, which takes 3,000 a section.
const SLACK_BODY_CHARS_MAX: usize = 2_500;

/// Where the links of a message lead.
#[derive(Debug, Clone)]
pub struct Links {
    /// The subscription: to confirm, change or end it.
    pub manage: String,
    /// Ends the subscription.
    pub unsubscribe: String,
}

impl Links {
    /// The links of a subscriber.
    pub fn new(ctx: &Ctx, facts: &Facts, subscriber: &Subscriber) -> Self {
        let code = subscribers::code(ctx, subscriber);
        let manage = format!("{}/subscribers/{}", facts.url, code.expose());
        Self {
            unsubscribe: format!("{manage}/unsubscribe"),
            manage,
        }
    }
}

/// An e-mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its subject.
    pub subject: String,
    /// As text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

/// What every form of a message is made of.
#[derive(Debug, Clone)]
pub struct Story {
    /// What it is called.
    pub subject: String,
    /// The title of the post or maintenance.
    pub title: String,
    /// Where it stands, in words.
    pub status: String,
    /// When a maintenance is.
    pub planned: Option<String>,
    /// The words of the newest update, or what is said instead.
    pub body: String,
    /// The time it is of.
    pub at: String,
    /// What is affected.
    pub affected: Option<String>,
    /// Earlier updates, newest first: status, time, words.
    pub earlier: Vec<(String, String, String)>,
    /// Where to read more.
    pub url: String,
}

impl Story {
    /// What there is to tell; none: it is about the subscription itself.
    pub fn of(facts: &Facts, news: News) -> Option<Self> {
        let matter = facts.matter.as_ref()?;
        let words = words::subscribers(facts.page.locale);
        let labels = words::labels(facts.page.locale);
        let zone = &matter.view.zone;
        let moment = |at: Timestamp| labels.time_in_zone(at, zone);
        // How a component does now is no effect of what is only planned.
        let name = |one: &ComponentView| match &matter.subject {
            Subject::Post(post, _) if post.withdrawn.is_none() => {
                format!("{} ({})", one.name, labels.component_status(one.status))
            }
            Subject::Post(..) | Subject::Maintenance(..) => one.name.clone(),
        };
        let affected = facts.affected.iter().filter_map(|id| matter.view.component(*id));
        let names: Vec<String> = affected.map(name).collect();
        let affected = (!names.is_empty()).then(|| names.join(", "));
        let told = |status: String, update: (Timestamp, &str)| (status, moment(update.0), update.1.to_owned());
        let (title, url, planned, mut updates) = match &matter.subject {
            Subject::Post(_, post) => {
                let one = |update: &UpdateView<PostStatus>| {
                    told(labels.post_status(update.status).to_owned(), (update.at, &update.body))
                };
                let updates: Vec<_> = post.updates.iter().map(one).collect();
                (post.title.clone(), post.url.clone(), None, updates)
            }
            Subject::Maintenance(_, maintenance) => {
                let one = |update: &UpdateView<MaintenanceStatus>| {
                    told(
                        labels
                            .maintenance_status(update.status, maintenance.is_cancelled)
                            .to_owned(),
                        (update.at, &update.body),
                    )
                };
                let updates: Vec<_> = maintenance.updates.iter().map(one).collect();
                let (start, end) = (moment(maintenance.starts_at), moment(maintenance.ends_at));
                let planned = filled(words.planned, &[("start", &start), ("end", &end)]);
                (
                    maintenance.title.clone(),
                    maintenance.url.clone(),
                    Some(planned),
                    updates,
                )
            }
        };
        // An update that is not told may be newer than the one that is: what is told comes first.
        let newest = updates_told(&matter.subject, news).min(updates.len().checked_sub(1)?);
        let mut rest = updates.split_off(newest);
        let (mut status, mut at, body) = rest.remove(0);
        rest.truncate(EARLIER_MAX);
        let said = status.clone();
        let gaps = [("page", facts.page.name.as_str()), ("title", &title), ("status", &said)];
        let (subject, body, earlier) = match news {
            News::Reminder(_) => (
                filled(words.reminder_subject, &gaps),
                format!("{}\n\n{body}", words.reminder_text),
                Vec::new(),
            ),
            News::Withdrawal(_) => {
                let reason = match &matter.subject {
                    Subject::Post(post, _) => post.withdrawn.as_ref().and_then(|withdrawal| withdrawal.reason.clone()),
                    Subject::Maintenance(..) => None,
                };
                let body = [Some(words.withdrawn_text.to_owned()), reason];
                let body = body.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
                status = labels.withdrawn_status.to_owned();
                if let Some(withdrawn) = matter.subject.withdrawn_at() {
                    at = moment(withdrawn);
                }
                (filled(words.withdrawn_subject, &gaps), body, Vec::new())
            }
            News::Update(_) | News::Asked(_) => (filled(words.update_subject, &gaps), body, rest),
        };
        Some(Self {
            subject,
            title,
            status,
            planned,
            body,
            at,
            affected,
            earlier,
            url,
        })
    }
}

/// Which of the updates, newest first, is the one that is told.
fn updates_told(subject: &Subject, news: News) -> usize {
    let place = match (subject, news) {
        (Subject::Post(_, post), News::Update(id)) => post.updates.iter().position(|update| update.id == id),
        (Subject::Maintenance(_, one), News::Update(id)) => one.updates.iter().position(|update| update.id == id),
        _ => None,
    };
    place.unwrap_or(0)
}

/// The e-mail of this news.
pub fn email(facts: &Facts, news: News, subscriber: &Subscriber, links: &Links) -> Mail {
    let words = words::subscribers(facts.page.locale);
    match Story::of(facts, news) {
        Some(story) => Mail {
            text: story_text(words, facts, &story, links),
            html: html::story(words, facts, &story, links),
            subject: story.subject,
        },
        None => {
            let (subject, text) = about_subscription(words, facts, subscriber, links);
            Mail {
                html: html::letter(words, facts, &text, &links.manage),
                subject,
                text,
            }
        }
    }
}

fn about_subscription(words: &Words, facts: &Facts, subscriber: &Subscriber, links: &Links) -> (String, String) {
    let gaps = [("page", facts.page.name.as_str()), ("url", links.manage.as_str())];
    let (subject, text) = match subscriber.confirmed_at {
        None => (words.confirm_subject, words.confirm_text),
        Some(_) => (words.known_subject, words.known_text),
    };
    (filled(subject, &gaps), filled(text, &gaps))
}

fn story_text(words: &Words, facts: &Facts, story: &Story, links: &Links) -> String {
    let mut text = format!("{}\n{} · {}\n", story.title, story.status, story.at);
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    if let Some(planned) = &story.planned {
        line(planned);
    }
    line("");
    line(&unmarked(&story.body));
    if let Some(affected) = &story.affected {
        line("");
        line(&format!("{}: {affected}", words.affected));
    }
    if !story.earlier.is_empty() {
        line("");
        line(&format!("{}:", words.earlier));
        for (status, at, body) in &story.earlier {
            line("");
            line(&format!("{status} · {at}"));
            line(&unmarked(body));
        }
    }
    line("");
    line(&format!("{}: {}", words.read_more, story.url));
    line("");
    line("-- ");
    line(&filled(words.why, &[("page", &facts.page.name)]));
    line(&format!("{}: {}", words.change, links.manage));
    line(&format!("{}: {}", words.unsubscribe, links.unsubscribe));
    text
}

/// Words for where nothing is marked: headings stand on their own lines, and that is enough.
fn unmarked(body: &str) -> String {
    let lines: Vec<&str> = body.lines().map(|line| heading(line).unwrap_or(line)).collect();
    lines.join("\n")
}

/// The text message of this news.
pub fn sms(facts: &Facts, news: News, code: &str, links: &Links) -> String {
    let words = words::subscribers(facts.page.locale);
    match Story::of(facts, news) {
        None => filled(words.code_text, &[("code", code), ("page", &facts.page.name)]),
        Some(story) => {
            let title = cut(&story.subject, SMS_TITLE_CHARS_MAX + facts.page.name.chars().count());
            format!("{title}\n{}\n{}: {}", story.url, words.unsubscribe, links.unsubscribe)
        }
    }
}

/// The message of this news to Slack.
pub fn slack(facts: &Facts, news: News, subscriber: &Subscriber, links: &Links) -> Value {
    let words = words::subscribers(facts.page.locale);
    let link = |url: &str, text: &str| format!("<{}|{}>", escaped(url), escaped(text));
    match Story::of(facts, news) {
        None => {
            let (_, text) = about_subscription(words, facts, subscriber, links);
            json!({ "text": escaped(&text) })
        }
        Some(story) => {
            let head = format!(
                "*{}*\n{} · {}",
                link(&story.url, &story.title),
                escaped(&story.status),
                escaped(&story.at)
            );
            let body = mrkdwn(&story.body, SLACK_BODY_CHARS_MAX);
            let facts_ = [
                story.planned.clone(),
                story.affected.map(|names| format!("{}: {names}", words.affected)),
            ];
            let facts_: Vec<String> = facts_
                .into_iter()
                .flatten()
                .map(|text| mrkdwn(&text, SLACK_BODY_CHARS_MAX / 2))
                .collect();
            let foot = format!("{} · {}", escaped(&facts.page.name), link(&links.manage, words.change));
            let section = |text: String| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } });
            let mut blocks = vec![section(head), section(body)];
            if !facts_.is_empty() {
                blocks.push(section(facts_.join("\n")));
            }
            blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": foot }] }));
            json!({ "text": escaped(&story.subject), "blocks": blocks })
        }
    }
}

/// What people wrote as Slack shows it, its headings bold: at most so many characters, once it is escaped.
pub fn mrkdwn(text: &str, chars_max: usize) -> String {
    let line = |line: &str| heading(line).map_or_else(|| line.to_owned(), |words| format!("*{words}*"));
    let lines: Vec<String> = text.lines().map(line).collect();
    let mut told = String::new();
    let mut left = chars_max - 1;
    for letter in lines.join("\n").chars() {
        let piece = escaped(&letter.to_string());
        let Some(rest) = left.checked_sub(piece.chars().count()) else {
            told.push('…');
            return told;
        };
        left = rest;
        told.push_str(&piece);
    }
    told
}

/// What Slack reads as markup (https://docs.slack.dev/messaging/formatting-message-text, "Escaping text").
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max - 1).chain(['…']).collect()
}
