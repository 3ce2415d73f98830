//! What a page says by itself. One file a language; a further language is a further file. All that words are made of are
//! [`PublicName`]s and statuses: nothing internal has a type that fits.

mod de;
mod en;

use super::component::{ComponentStatus, PublicName};
use super::page::Locale;

/// Names that are said before the rest is counted.
const NAMES_SAID_MAX: usize = 3;

/// One language.
pub trait Words: Sync {
    /// The title of a post about these components.
    fn title(&self, names: &[PublicName<'_>]) -> String;
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
