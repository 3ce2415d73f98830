//! English. Calm and short: whoever reads it was asleep a minute ago.

use super::sms::Pieces;
use super::time::{Distance, Moment};
use super::{Deed, Message, Story, Telling, Why, Words, cut_chars, one_line};
use crate::domain::account::LinkPurpose;
use crate::domain::actor::{Actor, ActorKind};
use crate::domain::incident::Announcement;
use crate::domain::people::Medium;
use crate::domain::signal::Severity;
use crate::domain::timeline::{Asked, Because, EventKind, NotPaged, Resolution};

/// A title, as far as anybody would listen to it.
const SPOKEN_TITLE_CHARS_MAX: usize = 200;

/// Somebody's name in a text message.
const TEXTED_NAME_CHARS_MAX: usize = 32;

/// The English catalogue.
pub(super) struct English;

impl Words for English {
    fn headline(&self, story: &Story<'_>) -> String {
        let tag = match story.why {
            Why::Page => severity(story.severity).to_uppercase(),
            Why::Taken(_) => "ACKNOWLEDGED".into(),
            Why::Over(_) => "RESOLVED".into(),
            Why::Unanswered(_) => "UNANSWERED".into(),
            Why::Stuck => "PAGING FAILS".into(),
        };
        format!("[{tag}] {}: {}", story.service, title(story))
    }

    fn letter(&self, story: &Story<'_>) -> String {
        let mut lines = Vec::new();
        if let Some(reason) = reason(&story.why) {
            lines.extend([reason, String::new()]);
        }
        lines.extend([title(story).to_owned(), String::new()]);
        lines.push(format!("Severity: {}", severity(story.severity)));
        lines.push(format!("Service: {}", story.service));
        lines.push(format!("Since: {}", full(&story.since)));
        lines.extend(story.runbook.as_ref().map(|url| format!("Runbook: {url}")));
        lines.push(String::new());
        if let Some((label, url)) = link(story) {
            lines.extend([format!("{label}: {url}"), String::new()]);
        }
        lines.push(format!("Incident {}", story.id));
        lines.push("Sent by Nightbell".into());
        lines.join("\n")
    }

    fn short(&self, story: &Story<'_>) -> String {
        let mut lines = vec![self.headline(story)];
        lines.extend(reason(&story.why));
        lines.push(format!("Since {}", full(&story.since)));
        lines.extend(story.runbook.as_ref().map(|url| format!("Runbook: {url}")));
        lines.extend(link(story).map(|(label, url)| format!("{label}: {url}")));
        lines.join("\n")
    }

    fn spoken(&self, story: &Story<'_>) -> String {
        let title = spoken_title(story);
        let title = title.trim_end_matches(['.', ' ']);
        let what = format!("{title}, on {}", story.service);
        let since = format!("since {}", spoken(&story.since));
        let level = capitalised(severity(story.severity));
        let answer = "To acknowledge it, open the link in your text message or e-mail.";
        match &story.why {
            Why::Page => format!("Nightbell. {level}: {what}, {since}. {answer}"),
            Why::Taken(deed) => format!("Nightbell. {} {}.", taken(deed.as_ref(), spoken), capitalised(&what)),
            Why::Over(deed) => format!("Nightbell. {} {}.", over(deed.as_ref(), spoken), capitalised(&what)),
            Why::Unanswered(_) => format!("Nightbell. Nobody answered. {level}: {what}, {since}. {answer}"),
            Why::Stuck => {
                format!("Nightbell. Paging keeps failing, and perhaps nobody knows. {level}: {what}, {since}. {answer}")
            }
        }
    }

    fn sms(&self, story: &Story<'_>) -> Pieces {
        let (reason, level) = match &story.why {
            Why::Page => (String::new(), true),
            Why::Taken(deed) => (format!("Taken by {}.", doer(deed.as_ref())), false),
            Why::Over(deed) => (format!("Resolved by {}.", doer(deed.as_ref())), false),
            Why::Unanswered(_) => ("Unanswered.".into(), true),
            Why::Stuck => ("Paging fails.".into(), true),
        };
        Pieces {
            reason,
            severity: if level {
                severity(story.severity).to_uppercase()
            } else {
                String::new()
            },
            service: story.service.clone(),
            title: title(story).to_owned(),
            since: format!("since {}", brief(&story.since)),
            link: link(story).map(|(label, url)| (label, url.to_owned())),
            runbook: story
                .runbook
                .clone()
                .filter(|_| !story.is_notice())
                .map(|url| ("Runbook", url)),
        }
    }

    fn verification(&self, medium: Medium, code: &str) -> Message {
        let subject = format!("Nightbell code {code}");
        let text = match medium {
            Medium::Sms => format!(
                "Your Nightbell code is {code}. It is valid for ten minutes. If you did not ask for it, ignore this message."
            ),
            Medium::Voice => {
                let code = code.chars().map(String::from).collect::<Vec<_>>().join(", ");
                format!(
                    "This is Nightbell. Your code is {code}. Once more: {code}. It is valid for ten minutes. If you did not ask for it, ignore this call."
                )
            }
            Medium::Email | Medium::Webhook | Medium::Topic => format!(
                "Your Nightbell code is {code}\n\n\
                 Enter it to confirm that Nightbell reaches you here. It is valid for ten minutes.\n\n\
                 If you did not ask for it, ignore this message."
            ),
        };
        Message { subject, text }
    }

    fn test(&self, medium: Medium, product_url: &str) -> Message {
        let text = match medium {
            Medium::Sms => {
                "Test from Nightbell: pages reach you here. Nothing is wrong, and nothing is to be done.".into()
            }
            Medium::Voice => {
                "This is Nightbell, with a test. Pages reach you here. Nothing is wrong, and nothing is to be done."
                    .into()
            }
            Medium::Email | Medium::Webhook | Medium::Topic => format!(
                "This is a test: messages of the Nightbell at\n{product_url}\narrive here.\n\n\
                 Nothing is wrong, and nothing is to be done."
            ),
        };
        Message {
            subject: "Test from Nightbell".into(),
            text,
        }
    }

    fn account_link(&self, purpose: LinkPurpose, url: &str, product_url: &str) -> Message {
        let (subject, text) = match purpose {
            LinkPurpose::Reset => (
                "Choose a new password for Nightbell",
                format!(
                    "Somebody, probably you, asked for a new password for your account at\n{product_url}\n\n\
                     Choose one here: {url}\n\n\
                     The link works once, for an hour. Choosing a password signs you out everywhere else.\n\n\
                     If you did not ask for it, ignore this message: your password stays as it is."
                ),
            ),
            LinkPurpose::Invitation => (
                "You are invited to Nightbell",
                format!(
                    "You were added to the Nightbell at\n{product_url}\n\n\
                     Choose a password, and you are in: {url}\n\n\
                     The link works once, for seven days. After that, ask whoever added you for another.\n\n\
                     If you do not know what this is about, ignore this message."
                ),
            ),
        };
        Message {
            subject: subject.to_owned(),
            text,
        }
    }

    fn opened(&self, service: &str, by_hand: bool) -> String {
        if by_hand {
            format!("Opened by hand for {service}.")
        } else {
            format!("Opened by an alert for {service}.")
        }
    }

    fn event(&self, telling: &Telling<'_>) -> String {
        let who = name(&telling.event.actor);
        match &telling.event.kind {
            EventKind::Paged {
                because,
                cycle,
                step,
                asked,
                skipped,
                quieted_by,
            } => {
                let reached = asked.iter().filter(|asked| asked.why_not.is_none());
                let reached = list(reached.map(|asked| target(asked, telling)), "nobody");
                let round = if *cycle > 0 {
                    format!(" (round {})", cycle + 1)
                } else {
                    String::new()
                };
                let quietly = quieted_by
                    .as_ref()
                    .map(|title| format!(" quietly, because of the maintenance \"{}\"", one_line(title)));
                let paged = format!(
                    "Step {}{round} paged {reached}{}.",
                    step + 1,
                    quietly.unwrap_or_default()
                );
                // The step that was paged may have missed somebody too: the reasons are not those of the skipped alone.
                let skipped = sentence(&steps_skipped(skipped));
                sentences([
                    cause(*because).into(),
                    paged,
                    skipped,
                    sentence(&not_reached(asked, telling)),
                ])
            }
            EventKind::Unanswered {
                because,
                asked,
                skipped,
                owners,
            } => {
                // That nobody answered in time is what it says anyway.
                let cause = if *because == Because::TimePassed {
                    ""
                } else {
                    cause(*because)
                };
                let ran_out = "The escalation policy ran out and nobody answered.".into();
                let skipped = match (steps_skipped(skipped), not_reached(asked, telling)) {
                    (steps, reasons) if steps.is_empty() || reasons.is_empty() => sentence(&(steps + &reasons)),
                    (steps, reasons) => format!("{steps}: {reasons}."),
                };
                sentences([cause.into(), ran_out, skipped, told(owners, telling)])
            }
            EventKind::TriedNext { user_ids } => {
                let people = list(user_ids.iter().map(|id| telling.name(&id.to_string())), "somebody");
                format!("A message to {people} failed; another way was tried at once.")
            }
            EventKind::Acknowledged => format!("{who} acknowledged it."),
            EventKind::Unacknowledged => format!("{who} gave it back."),
            EventKind::Snoozed { until } => format!("{who} snoozed it until {}.", brief(&telling.moment(*until))),
            EventKind::Held { title, until, .. } => {
                let until = brief(&telling.moment(*until));
                format!(
                    "Held until {until}: nobody is paged while the maintenance \"{}\" goes on.",
                    one_line(title)
                )
            }
            EventKind::Reassigned { to } => {
                format!(
                    "{who} reassigned it to {}.",
                    list(to.iter().map(|id| telling.name(id)), "nobody")
                )
            }
            EventKind::Escalated => format!("{who} asked for the next step."),
            EventKind::SeverityRose { to } => format!("{who} raised the severity to {}.", severity(*to)),
            EventKind::Restarted => format!("{who} reported it again; the escalation policy starts again."),
            EventKind::Resolved { how } => match how {
                Resolution::ByHand => format!("{who} resolved it."),
                Resolution::BySender => format!("{who} reported that it is over."),
                Resolution::BySilence => "Resolved, because its sender fell silent.".into(),
            },
            EventKind::Told { what, people } => {
                let told = if *people == 1 {
                    "1 person was told".into()
                } else {
                    format!("{people} people were told")
                };
                match what {
                    Announcement::TakenBy => format!("{told} who took it."),
                    Announcement::Over => format!("{told} that it is over."),
                }
            }
            EventKind::Note { text } => format!("{who} noted: {}", one_line(text)),
            EventKind::Stuck { reason, owners } => {
                let reason = one_line(reason);
                let failing = format!("Handling it keeps failing: {}.", reason.trim_end_matches('.'));
                sentences([failing, told(owners, telling)])
            }
            EventKind::Change { summary } => format!("{who} reported a change: {}", one_line(summary)),
        }
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Critical => "critical",
    }
}

fn title<'a>(story: &'a Story<'_>) -> &'a str {
    if story.title.is_empty() {
        "No title was given"
    } else {
        &story.title
    }
}

/// The title as it is read aloud: nobody can follow an address by ear.
fn spoken_title(story: &Story<'_>) -> String {
    let words = title(story)
        .split(' ')
        .map(|word| if word.contains("://") { "a link" } else { word });
    cut_chars(&words.collect::<Vec<_>>().join(" "), SPOKEN_TITLE_CHARS_MAX)
}

/// What a message begins with when it is no page.
fn reason(why: &Why<'_>) -> Option<String> {
    match why {
        Why::Page => None,
        Why::Taken(deed) => Some(taken(deed.as_ref(), brief)),
        Why::Over(deed) => Some(over(deed.as_ref(), brief)),
        Why::Unanswered(Some(since)) => Some(format!(
            "Nobody answered. The escalation policy ran out at {}.",
            brief(since)
        )),
        Why::Unanswered(None) => Some("Nobody answered. The escalation policy ran out.".into()),
        Why::Stuck => Some(
            "Paging for this incident keeps failing, and perhaps nobody knows of it. \
             Nightbell tries again every 15 minutes. Please look at it yourself."
                .into(),
        ),
    }
}

fn taken(deed: Option<&Deed<'_>>, time: fn(&Moment) -> String) -> String {
    match deed {
        None => "Somebody took it.".into(),
        Some(Deed { by, at }) if by.kind == ActorKind::Integration => {
            format!("Acknowledged at {} through {}, by its sender.", time(at), name(by))
        }
        Some(Deed { by, at }) => format!("{} took it at {}.", name(by), time(at)),
    }
}

fn over(deed: Option<&Deed<'_>>, time: fn(&Moment) -> String) -> String {
    match deed {
        None => "It is over.".into(),
        Some(Deed { by, at }) => match by.kind {
            ActorKind::User | ActorKind::Token => format!("It is over: {} resolved it at {}.", name(by), time(at)),
            ActorKind::Integration => format!("It is over: {} said so at {}.", name(by), time(at)),
            ActorKind::System => format!(
                "It is over: its sender fell silent, and it was resolved at {}.",
                time(at)
            ),
        },
    }
}

fn doer(deed: Option<&Deed<'_>>) -> String {
    deed.map_or_else(
        || "somebody".into(),
        |deed| cut_chars(&name(deed.by), TEXTED_NAME_CHARS_MAX),
    )
}

fn name(actor: &Actor) -> String {
    let name = one_line(&actor.name);
    if name.is_empty() { "Somebody".into() } else { name }
}

/// Where the reader goes from here, and what for.
fn link<'a>(story: &'a Story<'_>) -> Option<(&'static str, &'a str)> {
    match story.act_url {
        Some(url) if story.is_notice() => Some(("Details", url)),
        Some(url) => Some(("Acknowledge", url)),
        None if story.product_url.is_empty() => None,
        None => Some(("Nightbell", story.product_url)),
    }
}

/// "03:12 CET", "3 Feb 03:12 CET", "3 Feb 2025 03:12 CET".
fn brief(moment: &Moment) -> String {
    let format = match moment.from {
        Distance::SameDay => "%H:%M",
        Distance::SameYear => "%-d %b %H:%M",
        Distance::Far => "%-d %b %Y %H:%M",
    };
    format!("{} {}", moment.wall.strftime(format), moment.zone())
}

/// "Tuesday 3 February 2026, 03:12 CET".
fn full(moment: &Moment) -> String {
    format!("{} {}", moment.wall.strftime("%A %-d %B %Y, %H:%M"), moment.zone())
}

/// "03:12", "03:12 on 3 February". Who is called hears their own clock.
fn spoken(moment: &Moment) -> String {
    let format = match moment.from {
        Distance::SameDay => "%H:%M",
        Distance::SameYear => "%H:%M on %-d %B",
        Distance::Far => "%H:%M on %-d %B %Y",
    };
    moment.wall.strftime(format).to_string()
}

fn cause(because: Because) -> &'static str {
    match because {
        Because::Opened => "",
        Because::TimePassed => "Nobody answered in time.",
        Because::PagesFailed => "No message of the step before arrived.",
        Because::AckTimedOut => "The acknowledgement ran out.",
        Because::Unacknowledged => "It was given back.",
        Because::SnoozeEnded => "The snooze ended.",
        Because::MaintenanceEnded => "The maintenance is over.",
        Because::SeverityRose => "It got worse.",
        Because::SignalAfterUnanswered => "Its sender reported it again.",
        Because::Reassigned => "It was reassigned.",
        Because::Escalated => "The next step was asked for.",
    }
}

/// "Step 2 skipped", "Steps 1 and 2 skipped".
fn steps_skipped(steps: &[u32]) -> String {
    match once(steps.iter().map(|step| (step + 1).to_string())) {
        steps if steps.is_empty() => String::new(),
        steps if steps.len() == 1 => format!("Step {} skipped", steps[0]),
        steps => format!("Steps {} skipped", list(steps, "")),
    }
}

/// "Ana has no verified contact; nobody is on call in Nights".
fn not_reached(asked: &[Asked], telling: &Telling<'_>) -> String {
    let reasons = asked.iter().filter_map(|asked| {
        let target = target(asked, telling);
        Some(match asked.why_not? {
            NotPaged::Missing => format!("{target} no longer exists"),
            NotPaged::NoContact => format!("{target} has no verified contact"),
            NotPaged::NobodyOnCall => format!("nobody is on call in {target}"),
        })
    });
    once(reasons).join("; ")
}

fn told(owners: &[Asked], telling: &Telling<'_>) -> String {
    let reached: Vec<String> = owners
        .iter()
        .filter(|owner| owner.why_not.is_none())
        .map(|owner| target(owner, telling))
        .collect();
    match reached.len() {
        0 => sentences([
            "No owner could be told.".into(),
            sentence(&not_reached(owners, telling)),
        ]),
        1 => format!("{} was told, as an owner.", reached[0]),
        _ => format!("{} were told, as owners.", list(reached, "")),
    }
}

fn target(asked: &Asked, telling: &Telling<'_>) -> String {
    let kept = asked.name.as_deref().map(one_line).filter(|name| !name.is_empty());
    kept.unwrap_or_else(|| telling.name(&asked.id))
}

/// "Ana, Bo and Cleo".
fn list(names: impl IntoIterator<Item = String>, none: &str) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    match (names.pop(), names.is_empty()) {
        (None, _) => none.to_owned(),
        (Some(only), true) => only,
        (Some(last), false) => format!("{} and {last}", names.join(", ")),
    }
}

/// Each text once, in order: the same step or person may have been tried in every round.
fn once(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

fn sentences<const N: usize>(sentences: [String; N]) -> String {
    sentences
        .into_iter()
        .filter(|sentence| !sentence.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

/// The clause as a sentence. Names keep their first letter as it is.
fn sentence(clause: &str) -> String {
    match clause {
        "" => String::new(),
        _ if clause.starts_with("nobody is") => format!("{}.", capitalised(clause)),
        _ => format!("{clause}."),
    }
}
