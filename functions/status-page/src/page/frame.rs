//! What every document has: its head, with all that it needs in it, and what is above and below its content.

use std::sync::LazyLock;

use askama::Template;
use data_encoding::BASE64;
use jiff::Timestamp;
use jiff::civil::Date;
use shared::domain::id::ComponentId;
use shared::domain::status::words::{self, Labels, filled};
use shared::domain::status::{ComponentStatus, Look};
use shared::domain::text::plain;
use shared::secret::sha256;

use crate::documents::Stamp;
use crate::view::PageView;

const STYLE: &str = include_str!("../../assets/style.css");
/// The logo of `logo.html`, wherever it stands.
pub const LOGO_STYLE: &str = include_str!("../../assets/logo.css");
const SCRIPT: &str = include_str!("../../assets/page.js");

static SCRIPT_HASH: LazyLock<String> = LazyLock::new(|| BASE64.encode(&sha256(SCRIPT)));

/// The head of a document, and what is around its content.
pub struct Frame<'a> {
    pub view: &'a PageView,
    pub labels: &'static Labels,
    pub stamp: Stamp,
    /// Its title, for tabs and networks.
    pub title: String,
    /// What it is about, for search engines and networks.
    pub description: String,
    /// Its own address.
    pub canonical: String,
    /// The page's address on whatever host it is read from.
    pub root: String,
    /// The page's host and scheme.
    pub style: String,
    pub icon: String,
    /// Whether its script asks for what is new.
    pub is_living: bool,
    /// What years are left out against: years stay in documents that are written once.
    today: Date,
}

/// An instant: `<time datetime="{{ machine }}">{{ human }}</time>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// For programs.
    pub machine: String,
    /// On the page's clock.
    pub human: String,
}

impl<'a> Frame<'a> {
    /// The frame of the document at `path` below the page (empty, or with a slash in front), in the colour of `status`.
    pub fn new(view: &'a PageView, stamp: Stamp, path: &str, title: &str, status: ComponentStatus) -> Self {
        let labels = words::labels(view.locale);
        Self {
            view,
            labels,
            stamp,
            title: plain(title),
            description: match &view.description {
                Some(text) => plain(text),
                None => filled(labels.about, &[("page", &plain(&view.name))]),
            },
            canonical: format!("{}{path}", view.url),
            root: path_of(&view.url).to_owned(),
            style: style(&view.look),
            icon: icon(status),
            is_living: false,
            today: Date::ZERO,
        }
    }

    /// The same for a document that is written again whenever something changes.
    pub fn living(self) -> Self {
        Self {
            is_living: true,
            today: self.view.today,
            ..self
        }
    }

    /// With another look than the page's.
    pub fn looking(self, look: &Look) -> Self {
        let style = style(look);
        Self { style, ..self }
    }

    /// With another description.
    pub fn about(self, description: &str) -> Self {
        let description = plain(description);
        Self { description, ..self }
    }

    /// What the document may do, as its own head says it: what is in it, and its own address again. (Who may show it in a
    /// frame is nothing that a document can say; whoever serves it does.)
    pub fn policy(&self) -> String {
        format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; connect-src 'self'; \
             form-action 'self'; base-uri 'none'",
            BASE64.encode(&sha256(&self.style)),
            *SCRIPT_HASH
        )
    }

    /// The script.
    pub fn script(&self) -> &'static str {
        SCRIPT
    }

    /// An instant on the page's clock.
    pub fn moment(&self, at: Timestamp) -> Moment {
        Moment {
            machine: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            human: self.labels.time(at, &self.view.zone, self.today),
        }
    }

    /// A day.
    pub fn date(&self, date: Date) -> String {
        self.labels.date(date, self.today)
    }

    /// The names of components, in their order; those that are gone are left out.
    pub fn names(&self, ids: &[ComponentId]) -> String {
        let known = self.view.components.iter().filter(|one| ids.contains(&one.id));
        let names: Vec<String> = known.map(|one| isolated(&one.name)).collect();
        names.join(", ")
    }

    /// A phrase of the language with its gaps filled.
    pub fn filled(&self, phrase: &str, gap: &str, value: &str) -> String {
        filled(phrase, &[(gap, value)])
    }
}

/// A name inside a sentence: its direction ends with it. (Characters for what `<bdi>` is where there is no markup.)
pub fn isolated(name: &str) -> String {
    if name.is_ascii() {
        name.to_owned()
    } else {
        format!("\u{2068}{}\u{2069}", plain(name))
    }
}

/// How a page does, in words, and the class of its colour.
pub fn headline(view: &PageView) -> (&'static str, &'static str) {
    let leaves = view.components.iter().filter(|one| !one.is_group);
    let (words, status) =
        words::labels(view.locale).headline(leaves.map(|one| one.status), !view.open_posts.is_empty());
    (words, status.map_or("n", class))
}

fn style(look: &Look) -> String {
    format!("{}{LOGO_STYLE}{STYLE}", look.css())
}

/// A rendered document.
pub fn rendered(template: &impl Template) -> Vec<u8> {
    // Templates over values in memory have nothing that could fail.
    template.render().unwrap_or_default().into_bytes()
}

/// The part of an address after the host.
fn path_of(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    after.find('/').map_or("", |slash| &after[slash..])
}

/// A dot in a state's colour, as data: the tab tells it.
fn icon(status: ComponentStatus) -> String {
    let (colour, on) = Look::status_colours(status);
    let mark = match status {
        ComponentStatus::Operational => "M5 8.500l2 2 4-4.500",
        ComponentStatus::UnderMaintenance => "M6.500 5v6M9.500 5v6",
        _ => "M8 4.500V9M8 11v.5",
    };
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='8' fill='{colour}'/>\
         <path d='{mark}' fill='none' stroke='{on}' stroke-width='1.700' stroke-linecap='round'/></svg>"
    );
    let escaped = svg
        .replace('%', "%25")
        .replace('#', "%23")
        .replace('<', "%3c")
        .replace('>', "%3e");
    format!("data:image/svg+xml,{escaped}")
}

/// The class of a day or a state for the style.
pub use shared::domain::status::class;
