//! What is shown of a person who has no picture: initials on a colour. Both follow from the person alone, so that they are
//! the same everywhere, and every colour can be read upon.

use super::id::UserId;

/// How many colours there are.
pub const COLOURS: usize = 12;

/// Backgrounds, `#rrggbb`; white text on each has at least the contrast that WCAG AA asks of small text (4.5 : 1).
const PALETTE: [&str; COLOURS] = [
    "#b3261e", "#a23b00", "#7d5700", "#5d6300", "#2e6b1f", "#006c4c", "#00687a", "#0b5fae", "#4a55c4", "#7343b8",
    "#9a2f97", "#b02367",
];

/// The text on every background.
pub const TEXT_COLOUR: &str = "#ffffff";

/// Initials of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initials {
    /// One or two capital letters; `?` of a name without any.
    pub letters: String,
    /// Which of the [`COLOURS`], from 0.
    pub colour: usize,
}

impl Initials {
    /// Those of this person.
    pub fn of(id: UserId, name: &str) -> Self {
        // The random part of an id, not its time: people who are added one after another differ.
        let colour = (id.0.random() % COLOURS as u128) as usize;
        Self {
            letters: letters(name),
            colour,
        }
    }

    /// Their background, `#rrggbb`.
    pub fn background(&self) -> &'static str {
        colour(self.colour)
    }
}

/// One of the [`COLOURS`], `#rrggbb`: for style sheets.
pub fn colour(number: usize) -> &'static str {
    PALETTE[number % COLOURS]
}

/// The first letters of the first and of the last word.
fn letters(name: &str) -> String {
    let firsts: Vec<char> = name
        .split(|c: char| c.is_whitespace() || c == '-')
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
        .collect();
    let chosen = match firsts[..] {
        [] => return "?".to_owned(),
        [one] => vec![one],
        [first, .., last] => vec![first, last],
    };
    // Of letters that become several (ß, ŉ) the first is enough.
    chosen.into_iter().filter_map(|c| c.to_uppercase().next()).collect()
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    /// Relative luminance, as WCAG 2.2 defines it.
    fn luminance(colour: &str) -> f64 {
        let channel = |place: usize| {
            let value = f64::from(u8::from_str_radix(&colour[place..place + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn every_colour_can_be_read_upon() {
        for number in 0..COLOURS {
            let background = colour(number);
            let contrast = (luminance(TEXT_COLOUR) + 0.05) / (luminance(background) + 0.05);
            assert!(contrast >= 4.5, "{background}: {contrast:.2}");
            // And be seen on a page, light or dark.
            let on_dark = (luminance(background) + 0.05) / (luminance("#111418") + 0.05);
            assert!(on_dark >= 1.5, "{background} on dark: {on_dark:.2}");
        }
    }

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        for (name, expected) in [
            ("Ada Lovelace", "AL"),
            ("ada", "A"),
            ("Anne-Marie von der Heide", "AH"),
            ("  \"Bob\"   (ops)  ", "BO"),
            ("émile zola", "ÉZ"),
            ("张伟", "张"),
            ("🔔", "?"),
            ("", "?"),
        ] {
            assert_eq!(letters(name), expected, "{name}");
        }
    }

    #[test]
    fn a_person_has_one_colour_and_people_have_all_of_them() {
        let of = |n: u128| Initials::of(UserId(Ulid::from_parts(1, n)), "A").colour;
        assert_eq!(of(7), of(7));
        let all: std::collections::BTreeSet<_> = (0..100).map(of).collect();
        assert_eq!(all.len(), COLOURS);
    }
}
