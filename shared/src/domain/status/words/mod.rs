//! What is said to the public: by itself in posts, around them in documents, and to subscribers. One file a language, with all of
//! it; a further language is a further file and a line in [`language`]. All that posts are made of are [`PublicName`]s and
//! statuses: nothing internal has a type that fits.

mod de;
mod en;
mod labels;
mod subscribers;
#[cfg(test)]
mod tests;

use super::component::{ComponentStatus, PublicName};
use super::page::Locale;
use super::post::PostStatus;
use super::postmortem::Part;

pub use labels::{Counted, Labels};
pub use subscribers::SubscriberWords;

/// Names that are said before the rest is counted.
const NAMES_SAID_MAX: usize = 3;

/// Where the names of what is affected belong in a [`Ready`] wording.
pub const NAMES: &str = "{names}";

/// A wording that a person starts from, and reads over before anybody else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// What it is for, in one or two words.
    pub name: &'static str,
    /// Where a post stands that says it.
    pub status: PostStatus,
    /// The words, with [`NAMES`] where the names belong.
    pub text: &'static str,
}

/// The course of an incident, a sentence a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CourseWords {
    /// It was noticed, with [`NAMES`] where the names belong.
    pub opened: &'static str,
    /// The public was told.
    pub told: &'static str,
    /// Somebody took it.
    pub acknowledged: &'static str,
    /// It was over.
    pub resolved: &'static str,
}

/// One language.
pub trait Words: Sync {
    /// The title of a post, with [`NAMES`] where the names belong.
    fn title_of_names(&self) -> &'static str;
    /// Wordings to start from, in the order of a post's life.
    fn ready(&self) -> &'static [Ready];
    /// The names one after another, as a sentence has them.
    fn listed(&self, names: &[PublicName<'_>]) -> String;
    /// What stands where no name is known, and what counts the names that are not said: "more".
    fn unnamed(&self) -> (&'static str, &'static str);
    /// Where a post stands, in a word or two.
    fn post_status(&self, status: PostStatus) -> &'static str;
    /// The title of a post about these components.
    fn title(&self, names: &[PublicName<'_>]) -> String {
        self.about(self.title_of_names(), names)
    }
    /// A wording with the names in it.
    fn about(&self, text: &str, names: &[PublicName<'_>]) -> String {
        match text.split_once(NAMES) {
            Some((before, after)) => format!("{before}{}{after}", self.listed(names)),
            None => text.to_owned(),
        }
    }
    /// Something is wrong with them.
    fn investigating(&self, names: &[PublicName<'_>], worst: ComponentStatus) -> String;
    /// Somebody has taken it.
    fn identified(&self, names: &[PublicName<'_>]) -> String;
    /// It got worse.
    fn worse(&self, names: &[PublicName<'_>], worst: ComponentStatus) -> String;
    /// It is back.
    fn back(&self, names: &[PublicName<'_>]) -> String;
    /// It is back, again and again.
    fn comes_and_goes(&self, names: &[PublicName<'_>]) -> String;
    /// It is over.
    fn resolved(&self, names: &[PublicName<'_>]) -> String;
    /// How a component did, within a sentence.
    fn how(&self, status: ComponentStatus) -> &'static str;
    /// The heading of a postmortem's part.
    fn heading(&self, part: Part) -> &'static str;
    /// The course of an incident.
    fn course(&self) -> CourseWords;
    /// How long it went on, in milliseconds.
    fn lasted(&self, milliseconds: i64) -> String;
    /// Announced work begins.
    fn maintenance_begins(&self) -> String;
    /// Announced work is over.
    fn maintenance_ends(&self) -> String;
}

/// All that is said in one language.
pub struct Language {
    /// By itself, in posts and drafts.
    pub posts: &'static dyn Words,
    /// In documents, around what people wrote.
    pub labels: &'static Labels,
    /// To subscribers.
    pub subscribers: &'static SubscriberWords,
}

/// A language.
pub fn language(locale: Locale) -> &'static Language {
    match locale {
        Locale::En => &en::LANGUAGE,
        Locale::De => &de::LANGUAGE,
    }
}

/// What posts say by themselves in a language.
pub fn of(locale: Locale) -> &'static dyn Words {
    language(locale).posts
}

/// What documents say in a language.
pub fn labels(locale: Locale) -> &'static Labels {
    language(locale).labels
}

/// What is said to subscribers in a language.
pub fn subscribers(locale: Locale) -> &'static SubscriberWords {
    language(locale).subscribers
}

/// A phrase with its gaps filled. What fills a gap is not looked at for further gaps.
pub fn filled(phrase: &str, gaps: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(phrase.len());
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            text.push('{');
            rest = after;
            continue;
        };
        text.push_str(gaps.iter().find(|(gap, _)| *gap == name).map_or("", |(_, value)| value));
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// "A", "A and B", "A, B, C and 2 more".
fn listed(names: &[PublicName<'_>], and: &str, more: &str, none: &str) -> String {
    let said: Vec<String> = names.iter().take(NAMES_SAID_MAX).map(ToString::to_string).collect();
    let rest = names.len() - said.len();
    match (said.split_last(), rest) {
        (None, _) => none.to_owned(),
        (Some((last, [])), 0) => last.clone(),
        (Some((last, before)), 0) => format!("{} {and} {last}", before.join(", ")),
        (Some(_), rest) => format!("{} {and} {rest} {more}", said.join(", ")),
    }
}
