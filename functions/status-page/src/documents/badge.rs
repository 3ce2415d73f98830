//! The badge: the state of a page in a picture as wide as its words.

use askama::Template;
use shared::domain::status::ComponentStatus;

use super::Stamp;
use crate::view::PageView;

#[derive(Template)]
#[template(path = "badge.svg", escape = "html")]
struct Badge<'a> {
    name: &'a str,
    words: &'a str,
    colour: &'static str,
    name_width: usize,
    words_width: usize,
    revision: u64,
}

/// Width of one character, on average, and of what is around a text, in pixels.
const CHARACTER: usize = 7;
const PADDING: usize = 12;
/// Characters of a name that fit.
const NAME_CHARS_MAX: usize = 40;

/// The badge of a page.
pub fn badge(view: &PageView, stamp: Stamp) -> Vec<u8> {
    let words = crate::words::of(view.locale).component_status(view.status);
    let name: String = view.name.chars().take(NAME_CHARS_MAX).collect();
    let colour = match view.status {
        ComponentStatus::Operational => "#1a7f37",
        ComponentStatus::UnderMaintenance => "#0b5cad",
        ComponentStatus::DegradedPerformance => "#7d5700",
        ComponentStatus::PartialOutage => "#a84300",
        ComponentStatus::MajorOutage => "#b3261e",
    };
    let badge = Badge {
        name: &name,
        words,
        colour,
        name_width: name.chars().count() * CHARACTER + PADDING,
        words_width: words.chars().count() * CHARACTER + PADDING,
        revision: stamp.revision,
    };
    badge.render().unwrap_or_default().into_bytes()
}
