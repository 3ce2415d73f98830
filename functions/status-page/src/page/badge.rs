//! The badge: the state of a page in a picture as wide as its words.

use askama::Template;
use shared::domain::status::{Colour, Look, words};
use shared::domain::text::{cleaned, cut_chars, plain};

use crate::documents::Stamp;
use crate::view::PageView;

#[derive(Template)]
#[template(path = "badge.svg", escape = "html")]
struct Badge<'a> {
    name: &'a str,
    words: &'a str,
    colour: Colour,
    on: Colour,
    name_width: usize,
    words_width: usize,
    revision: u64,
}

/// What is around a text, in pixels.
const PADDING: usize = 12;
/// Characters of a name that fit.
const NAME_CHARS_MAX: usize = 40;

/// The badge of a page.
pub fn badge(view: &PageView, stamp: Stamp) -> Vec<u8> {
    let words = words::labels(view.locale).component_status(view.status);
    let name = cut_chars(&plain(&view.name), NAME_CHARS_MAX);
    let (colour, on) = Look::status_colours(view.status);
    let badge = Badge {
        name: &name,
        words,
        colour,
        on,
        name_width: width(&name),
        words_width: width(words),
        revision: stamp.revision,
    };
    // A picture that is not well-formed XML is none.
    cleaned(&badge.render().unwrap_or_default()).into_bytes()
}

/// How wide a text of 11 pixels is in Verdana, about: readers' fonts differ, and the picture makes any fit.
fn width(text: &str) -> usize {
    let tenths = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' => 35,
        'f' | 't' | 'r' | ' ' | '-' | 'I' => 48,
        'm' | 'w' | 'M' | 'W' => 100,
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => 68,
        c if c.is_ascii() || (c as u32) < 0x1100 => 80,
        _ => 115,
    };
    text.chars().map(tenths).sum::<usize>() / 10 + PADDING
}
