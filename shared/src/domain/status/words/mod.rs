//! What a page says by itself. One file a language; a further language is a further file. All that words are made of are
//! [`PublicName`]s and statuses: nothing internal has a type that fits.

pub mod de;
pub mod en;

use super::component::{ComponentStatus, PublicName};
use super::page::Locale;
use super::post::PostStatus;
use super::postmortem::Part;

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
    /// It is over.
    fn resolved(&self, names: &[PublicName<'_>]) -> String;
    /// How a component did, within a sentence.
    fn how(&self, status: ComponentStatus) -> &'static str;
    /// The heading of a postmortem's part.
    fn heading(&self, part: Part) -> &'static str;
    /// The course of an incident.
    fn course(&self) -> CourseWords;
    /// So many minutes is how long it went on.
    fn lasted(&self, minutes: i64) -> String;
    /// Announced work begins.
    fn maintenance_begins(&self) -> String;
    /// Announced work is over.
    fn maintenance_ends(&self) -> String;
}

/// The words of a language.
pub fn of(locale: Locale) -> &'static dyn Words {
    match locale {
        Locale::En => &en::English,
        Locale::De => &de::German,
    }
}

/// Minutes as days, hours and minutes, the empty ones left out, in these units.
fn lasting(minutes: i64, [days, hours, rest]: [&str; 3]) -> String {
    let all = [
        (minutes / 1_440, days),
        (minutes / 60 % 24, hours),
        (minutes % 60, rest),
    ];
    let said: Vec<String> = all
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    said.join(" ")
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
