//! Words for people: what a message says, and what a line of the timeline says.
//!
//! The sender of messages calls [`compose`], readers of a timeline call [`event_text`] and [`opened_text`]. Everything
//! that is language lives in one file per locale behind one trait: a further language is one more file and one more
//! line in `LOCALES`. Texts that strangers wrote (titles, names, links) are put on one line and lose control
//! characters and invisible marks here, once, before any locale sees them. What is absent: markup. Every text is plain,
//! and whoever puts it into HTML, SSML or JSON escapes it there.

mod en;
mod sms;
mod time;
pub mod wall;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::account::LinkPurpose;
use super::actor::Actor;
use super::delivery::Part;
use super::id::IncidentId;
use super::incident::{Announcement, Incident, Progress};
use super::people::Medium;
use super::signal::Severity;
use super::text::cut_chars;
use super::timeline::Event;

use time::Moment;

pub use sms::segments;

/// A subject line, so that no mail program shows only half of it.
const SUBJECT_CHARS_MAX: usize = 150;

/// A language that people are addressed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Locale {
    /// English.
    En,
}

/// The languages there are, by the first part of their tag.
const LOCALES: [(&str, Locale); 1] = [("en", Locale::En)];

impl Locale {
    /// The language of a tag ("en", "en-GB"); English when there are no words for it.
    pub fn of(tag: &str) -> Self {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        let known = LOCALES.iter().find(|(name, _)| name.eq_ignore_ascii_case(language));
        known.map_or(Self::En, |(_, locale)| *locale)
    }

    fn words(self) -> &'static dyn Words {
        match self {
            Self::En => &en::English,
        }
    }
}

/// What a message is made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What it is about.
    pub about: About<'a>,
    /// The recipient's IANA time zone; UTC when it is unknown.
    pub time_zone: &'a str,
    /// When it is composed: times of the same day are told without their date.
    pub now: Timestamp,
    /// Where Nightbell lives ("https://host"): named where there is no link of the recipient's own.
    pub product_url: &'a str,
}

/// What a message is about.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    /// An incident.
    Incident {
        /// The incident.
        incident: &'a Incident,
        /// Which of its messages. Those that are about no incident have no place here and read as a page.
        part: Part,
        /// The recipient's own link (`https://host/i/<16 characters>`), with which they acknowledge. A place has none.
        act_url: Option<&'a str>,
    },
    /// A link into the recipient's account.
    Account {
        /// What it is for.
        purpose: LinkPurpose,
        /// The link.
        url: &'a str,
    },
    /// A contact that is being verified.
    Verification {
        /// The code to type in.
        code: &'a str,
    },
    /// Nothing: it shows whether it arrives.
    Test,
}

/// A message, ready to go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line. Media that know no subject leave it out and lose nothing.
    pub subject: String,
    /// The text: of one line for [`Medium::Sms`] and [`Medium::Voice`], of several for the others.
    pub text: String,
}

/// The message for these facts, in these words, as this medium carries it.
///
/// A text message about an incident fits one segment together with its link, as long as the link is not much longer
/// than 60 characters: the head of `sms.rs` says what gives way.
pub fn compose(medium: Medium, locale: Locale, facts: &Facts<'_>) -> Message {
    let words = locale.words();
    match facts.about {
        About::Verification { code } => words.verification(medium, code),
        About::Test => words.test(medium, facts.product_url),
        About::Account { purpose, url } => words.account_link(purpose, url, facts.product_url),
        About::Incident {
            incident,
            part,
            act_url,
        } => {
            let story = Story::of(incident, part, act_url, facts);
            let text = match medium {
                Medium::Sms => sms::fit(&words.sms(&story)),
                Medium::Voice => words.spoken(&story),
                Medium::Email | Medium::Topic => words.letter(&story),
                Medium::Webhook => words.short(&story),
            };
            Message {
                subject: cut_chars(&words.headline(&story), SUBJECT_CHARS_MAX),
                text,
            }
        }
    }
}

/// One line for an entry of a timeline, steps counted from 1. Times are told in `time_zone`; `name_of` knows the names
/// of people and policies by their id, and an id without a name is shown as it is.
pub fn event_text(locale: Locale, event: &Event, time_zone: &str, name_of: &dyn Fn(&str) -> Option<String>) -> String {
    locale.words().event(&Telling {
        event,
        time_zone,
        name_of,
    })
}

/// The line that a timeline begins with, which is kept nowhere.
pub fn opened_text(locale: Locale, incident: &Incident) -> String {
    let by_hand = incident.integration_id.is_none();
    locale.words().opened(&one_line(&incident.service_name), by_hand)
}

/// All that a language has to say.
trait Words: Sync {
    /// The subject of a message about an incident.
    fn headline(&self, story: &Story<'_>) -> String;
    /// The whole story, to be read in an e-mail by somebody who was asleep a minute ago.
    fn letter(&self, story: &Story<'_>) -> String;
    /// A few lines, for places where many things are said.
    fn short(&self, story: &Story<'_>) -> String;
    /// A sentence or two, without addresses, to be read aloud.
    fn spoken(&self, story: &Story<'_>) -> String;
    /// The pieces of a text message, in order of appearance.
    fn sms(&self, story: &Story<'_>) -> sms::Pieces;
    /// The whole message with the code that verifies a contact.
    fn verification(&self, medium: Medium, code: &str) -> Message;
    /// The message that only shows whether it arrives.
    fn test(&self, medium: Medium, product_url: &str) -> Message;
    /// The e-mail with a link into the recipient's account.
    fn account_link(&self, purpose: LinkPurpose, url: &str, product_url: &str) -> Message;
    /// The first line of a timeline.
    fn opened(&self, service: &str, by_hand: bool) -> String;
    /// Any other line of a timeline.
    fn event(&self, telling: &Telling<'_>) -> String;
}

/// Why somebody hears of an incident.
#[derive(Debug, Clone)]
enum Why<'a> {
    /// They are asked to take it.
    Page,
    /// Somebody took it.
    Taken(Option<Deed<'a>>),
    /// It is over.
    Over(Option<Deed<'a>>),
    /// Nobody answered; the policy ran out then.
    Unanswered(Option<Moment>),
    /// Nightbell fails at it.
    Stuck,
}

/// Who did it, and when.
#[derive(Debug, Clone)]
struct Deed<'a> {
    by: &'a Actor,
    at: Moment,
}

/// An incident as a message tells it: strangers' texts tamed, times local.
#[derive(Debug, Clone)]
struct Story<'a> {
    why: Why<'a>,
    severity: Severity,
    service: String,
    /// Empty when the sender gave none.
    title: String,
    since: Moment,
    runbook: Option<String>,
    act_url: Option<&'a str>,
    product_url: &'a str,
    id: IncidentId,
}

impl<'a> Story<'a> {
    fn of(incident: &'a Incident, part: Part, act_url: Option<&'a str>, facts: &Facts<'a>) -> Self {
        let moment = |at| Moment::new(at, facts.time_zone, facts.now);
        let deed = |mark: &'a super::incident::Mark| Deed {
            by: &mark.by,
            at: moment(mark.at),
        };
        let why = match part {
            Part::Rule(_) | Part::Page | Part::Fallback | Part::Verification(_) | Part::Account(..) | Part::Test(_) => {
                Why::Page
            }
            Part::Notice(Announcement::TakenBy) => Why::Taken(incident.acknowledged.as_ref().map(deed)),
            Part::Notice(Announcement::Over) => Why::Over(incident.resolved.as_ref().map(deed)),
            Part::Unanswered => Why::Unanswered(match incident.progress {
                Progress::Unanswered { since, .. } => Some(moment(since)),
                _ => None,
            }),
            Part::Stuck => Why::Stuck,
        };
        Self {
            why,
            severity: incident.severity,
            service: one_line(&incident.service_name),
            title: one_line(&incident.title),
            since: moment(incident.created_at),
            runbook: incident
                .runbook_url
                .as_deref()
                .map(unbroken)
                .filter(|url| !url.is_empty()),
            act_url,
            product_url: facts.product_url,
            id: incident.id,
        }
    }

    /// Whether it only tells, and asks nothing.
    fn is_notice(&self) -> bool {
        matches!(self.why, Why::Taken(_) | Why::Over(_))
    }
}

/// An entry of a timeline, with what is needed to put it into words.
struct Telling<'a> {
    event: &'a Event,
    time_zone: &'a str,
    name_of: &'a dyn Fn(&str) -> Option<String>,
}

impl Telling<'_> {
    /// A time, as seen from the entry.
    fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at, self.time_zone, self.event.at)
    }

    /// The name of what has this id.
    fn name(&self, id: &str) -> String {
        (self.name_of)(id)
            .map(|name| one_line(&name))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| one_line(id))
    }
}

/// Strangers' text on one line: control characters and line ends become spaces, runs of white space one space, and
/// marks that nobody sees but that turn the direction of the text or hide in it are left out.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars().filter(|character| !is_invisible(*character)) {
        if !character.is_whitespace() && !character.is_control() {
            line.push(character);
        } else if !line.is_empty() && !line.ends_with(' ') {
            // A no-break space breaks nothing here: what is cut is cut by characters.
            line.push(' ');
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// Soft hyphen, zero-width space, word joiner, byte order mark, and everything that sets the writing direction. The
/// joiners stay: scripts and pictures are built with them.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'
        | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// An address without anything that would end it early.
fn unbroken(url: &str) -> String {
    url.chars()
        .filter(|character| !character.is_whitespace() && !character.is_control() && !is_invisible(*character))
        .collect()
}
