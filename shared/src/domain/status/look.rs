//! How a page looks: what its owner chooses, so far as readers can still read it.
//!
//! Colours are checked by the contrast of WCAG 2.2 (1.4.3: 4.5 to 1 for text, 1.4.11: 3 to 1 for what pictures tell), in the
//! light and in the dark. The accent needs no check: wherever it meets text, one of the two gives way. Nothing here can leave
//! the block of CSS it is written into: names come from a list, and values are read and written anew.

use std::collections::BTreeMap;
use std::fmt::Write;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::component::ComponentStatus;

/// Least contrast of text (WCAG 2.2, 1.4.3).
const TEXT_CONTRAST: f64 = 4.5;
/// Least contrast of what is told by a colour (WCAG 2.2, 1.4.11).
const PICTURE_CONTRAST: f64 = 3.0;
/// Bytes of a logo: it is part of every page.
const LOGO_BYTES_MAX: usize = 12 * 1024;
/// Names of fonts in a list.
const FONTS_MAX: usize = 8;
/// Characters of a font's name.
const FONT_CHARS_MAX: usize = 40;

/// What the owner of a page chose of its looks. Empty: the looks that all pages have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Look {
    /// The colour of links and of the line on top: `#rrggbb`. Where it would be hard to read it is made darker or lighter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// A picture beside the name: `data:image/png;base64,…` (or `svg+xml`, `webp`, `jpeg`), at most 12 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// The same for the dark; without it the logo stands on a light ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dark_logo: Option<String>,
    /// Variables of the style. Colours: `--ground`, `--card`, `--ink`, `--quiet`, `--line`, each also with `--dark-` in front;
    /// others: `--width`, `--radius`, `--font`, `--heading-weight`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// Something about a look that cannot be: the field, and why.
pub type LookFault = (String, String);

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

const WHITE: Colour = Colour([0xff; 3]);
const BLACK: Colour = Colour([0; 3]);

impl Colour {
    /// `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.is_ascii())?;
        let [_, red, green, blue] = number.to_be_bytes();
        (!digits.starts_with('+')).then_some(Self([red, green, blue]))
    }

    /// Relative luminance (WCAG 2.2), 0 to 1.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast to another colour (WCAG 2.2), 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Black or white, whichever is easier to read on this: always at least 4.58 to 1.
    fn text_on(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) {
            WHITE
        } else {
            BLACK
        }
    }

    /// This colour, made darker or lighter as far as it takes to be read on these grounds.
    fn readable_on(self, grounds: [Self; 2]) -> Self {
        let is_readable = |colour: Self| grounds.iter().all(|ground| colour.contrast(*ground) >= TEXT_CONTRAST);
        let worst = |colour: Self| {
            grounds
                .map(|ground| ground.contrast(colour))
                .into_iter()
                .fold(f64::INFINITY, f64::min)
        };
        let towards = if worst(WHITE) >= worst(BLACK) { WHITE } else { BLACK };
        (0..=20)
            .map(|step| self.mixed(towards, step))
            .find(|colour| is_readable(*colour))
            .unwrap_or(towards)
    }

    /// With so many twentieths of another.
    fn mixed(self, other: Self, step: u16) -> Self {
        let part = |index: usize| {
            let (own, others) = (u16::from(self.0[index]), u16::from(other.0[index]));
            u8::try_from((own * (20 - step) + others * step) / 20).unwrap_or(u8::MAX)
        };
        Self([part(0), part(1), part(2)])
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The colours of a page in the light, or in the dark.
#[derive(Debug, Clone, Copy)]
struct Palette {
    ground: Colour,
    card: Colour,
    ink: Colour,
    quiet: Colour,
    line: Colour,
    accent: Colour,
    /// By [`ComponentStatus`], the best first.
    statuses: [Colour; 5],
}

const LIGHT: Palette = Palette {
    ground: Colour([0xf5, 0xf6, 0xf8]),
    card: WHITE,
    ink: Colour([0x14, 0x17, 0x1c]),
    quiet: Colour([0x4f, 0x58, 0x66]),
    line: Colour([0xd8, 0xdc, 0xe2]),
    accent: Colour([0x17, 0x46, 0xb4]),
    statuses: [
        Colour([0x1e, 0x85, 0x50]),
        Colour([0x2f, 0x6b, 0xd0]),
        Colour([0xb2, 0x80, 0x00]),
        Colour([0xcc, 0x57, 0x0c]),
        Colour([0xc2, 0x2a, 0x22]),
    ],
};

const DARK: Palette = Palette {
    ground: Colour([0x0d, 0x10, 0x14]),
    card: Colour([0x16, 0x1a, 0x20]),
    ink: Colour([0xe6, 0xe9, 0xee]),
    quiet: Colour([0xa7, 0xb0, 0xbd]),
    line: Colour([0x2f, 0x36, 0x40]),
    accent: Colour([0x9d, 0xbb, 0xff]),
    statuses: [
        Colour([0x37, 0xa8, 0x6c]),
        Colour([0x72, 0xa4, 0xff]),
        Colour([0xe3, 0xb5, 0x36]),
        Colour([0xf0, 0x8a, 0x42]),
        Colour([0xff, 0x6f, 0x63]),
    ],
};

const COLOURS: [&str; 5] = ["ground", "card", "ink", "quiet", "line"];
const OTHERS: [&str; 4] = ["--width", "--radius", "--font", "--heading-weight"];

impl Look {
    /// Whether nothing was chosen.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The variables that are colours, as they are shown: chosen, or those that all pages have.
    pub fn colours(&self) -> Vec<(String, Colour)> {
        let named = |palette: Palette, dark: &'static str| {
            let colours = [palette.ground, palette.card, palette.ink, palette.quiet, palette.line];
            let names = COLOURS.map(|name| format!("--{dark}{name}"));
            names.into_iter().zip(colours)
        };
        let light = named(self.palette(LIGHT, ""), "");
        light.chain(named(self.palette(DARK, "dark-"), "dark-")).collect()
    }

    /// The accent, chosen or that of all pages in the light.
    pub fn shown_accent(&self) -> Colour {
        self.palette(LIGHT, "").accent
    }

    /// What of it cannot be, each with the field it is in.
    pub fn faults(&self) -> Vec<LookFault> {
        let mut faults = Vec::new();
        let mut fault = |field: String, message: String| faults.push((field, message));
        if self.accent.as_ref().is_some_and(|text| Colour::parse(text).is_none()) {
            fault("accent".into(), "must be a colour like #1746b4".into());
        }
        for (field, logo) in [("logo", &self.logo), ("dark_logo", &self.dark_logo)] {
            if let Some(why) = logo.as_ref().and_then(|logo| logo_fault(logo)) {
                fault(field.into(), why);
            }
        }
        for (name, value) in &self.variables {
            if let Some(why) = variable_fault(name, value) {
                fault(format!("variables.{name}"), why);
            }
        }
        for (palette, dark) in [(self.palette(LIGHT, ""), ""), (self.palette(DARK, "dark-"), "dark-")] {
            for (name, ground) in [("ground", palette.ground), ("card", palette.card)] {
                for (text, colour) in [("ink", palette.ink), ("quiet", palette.quiet)] {
                    let contrast = colour.contrast(ground);
                    if contrast < TEXT_CONTRAST {
                        // At the one that was chosen; of two, at the text.
                        let chosen = |name: &str| self.variables.contains_key(&format!("--{dark}{name}"));
                        let at = if chosen(text) { text } else { name };
                        fault(
                            format!("variables.--{dark}{at}"),
                            format!(
                                "--{dark}{text} is too hard to read on --{dark}{name}: {contrast:.2} to 1, not at least 4.5"
                            ),
                        );
                    }
                }
                let worst = palette.statuses.iter().map(|status| status.contrast(ground));
                let worst = worst.fold(f64::INFINITY, f64::min);
                if worst < PICTURE_CONTRAST {
                    fault(
                        format!("variables.--{dark}{name}"),
                        format!(
                            "hides the colours of states: {worst:.2} to 1, not at least 3; take one nearer to white or black"
                        ),
                    );
                }
            }
        }
        faults
    }

    /// The colours, and whatever else was chosen, as CSS. What has a fault is left out.
    pub fn css(&self) -> String {
        let (light, dark) = (self.palette(LIGHT, ""), self.palette(DARK, "dark-"));
        let mut others = String::new();
        for name in OTHERS {
            let value = self.variables.get(name);
            if let Some(value) = value.filter(|value| variable_fault(name, value).is_none()) {
                // Writing to a text cannot fail.
                let _ = write!(others, "{name}:{value};");
            }
        }
        let (light, dark) = (light.css(), dark.css());
        format!(
            ":root{{color-scheme:light dark;{light}{others}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        )
    }

    /// The colour of a state, in the light, with what is readable on it.
    pub fn status_colours(status: ComponentStatus) -> (Colour, Colour) {
        let colour = LIGHT.statuses[place(status)];
        (colour, colour.text_on())
    }

    fn palette(&self, base: Palette, dark: &str) -> Palette {
        let chosen = |name: &str, otherwise| {
            let text = self.variables.get(&format!("--{dark}{name}"));
            text.and_then(|text| Colour::parse(text)).unwrap_or(otherwise)
        };
        let accent = self.accent.as_deref().and_then(Colour::parse);
        Palette {
            ground: chosen("ground", base.ground),
            card: chosen("card", base.card),
            ink: chosen("ink", base.ink),
            quiet: chosen("quiet", base.quiet),
            line: chosen("line", base.line),
            accent: accent.unwrap_or(base.accent),
            statuses: base.statuses,
        }
    }
}

impl Palette {
    fn css(self) -> String {
        let link = self.accent.readable_on([self.ground, self.card]);
        let named = [
            ("ground", self.ground),
            ("card", self.card),
            ("ink", self.ink),
            ("quiet", self.quiet),
            ("line", self.line),
            ("accent", self.accent),
            ("link", link),
        ];
        let mut css = String::new();
        for (name, colour) in named {
            let _ = write!(css, "--{name}:{colour};");
        }
        for status in ComponentStatus::ALL {
            let colour = self.statuses[place(status)];
            let letter = class(status);
            let _ = write!(css, "--{letter}:{colour};--on-{letter}:{};", colour.text_on());
        }
        css
    }
}

/// The class of a status, short for there are many days: `o`, `u`, `d`, `p` and `m`.
pub fn class(status: ComponentStatus) -> &'static str {
    match status {
        ComponentStatus::Operational => "o",
        ComponentStatus::UnderMaintenance => "u",
        ComponentStatus::DegradedPerformance => "d",
        ComponentStatus::PartialOutage => "p",
        ComponentStatus::MajorOutage => "m",
    }
}

fn place(status: ComponentStatus) -> usize {
    status as usize
}

fn variable_fault(name: &str, value: &str) -> Option<String> {
    let plain = name.strip_prefix("--").unwrap_or_default();
    let why = match name {
        _ if COLOURS.contains(&plain.strip_prefix("dark-").unwrap_or(plain)) => {
            return Colour::parse(value)
                .is_none()
                .then(|| "must be a colour like #1a2b3c".into());
        }
        "--width" if !is_length(value, 20.0, 120.0) => "must be 20rem to 120rem",
        "--radius" if !is_length(value, 0.0, 2.0) => "must be 0rem to 2rem",
        "--font" if !is_font_list(value) => {
            "must be names of fonts of letters, digits, spaces and hyphens, with commas between them"
        }
        "--heading-weight" if !is_weight(value) => "must be a multiple of 100 from 100 to 900",
        "--width" | "--radius" | "--font" | "--heading-weight" => return None,
        _ => {
            return Some(format!(
                "is not a variable of the style; there are --ground, --card, --ink, --quiet, --line, the same with --dark- in front, {}",
                OTHERS.join(", ")
            ));
        }
    };
    Some(why.into())
}

/// A plain number of `rem`.
fn is_length(value: &str, least: f64, most: f64) -> bool {
    let number = value.strip_suffix("rem").unwrap_or_default();
    let is_plain = number.len() <= 6 && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: Option<f64> = number.parse().ok().filter(|_| is_plain);
    number.is_some_and(|number| (least..=most).contains(&number))
}

fn is_weight(value: &str) -> bool {
    value.len() == 3 && value.ends_with("00") && value.starts_with(|first: char| ('1'..='9').contains(&first))
}

/// Fonts that readers have: words that begin with a letter, which CSS takes without quotes. None is ever loaded.
fn is_font_list(value: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_name = |name: &str| {
        let name = name.trim_matches(' ');
        !name.is_empty() && name.len() <= FONT_CHARS_MAX && name.split(' ').all(is_word)
    };
    value.split(',').count() <= FONTS_MAX && value.split(',').all(is_name)
}

/// A picture as data, which is what it says it is. One in SVG is harmless where it is shown: pictures run no script and load
/// nothing.
fn logo_fault(logo: &str) -> Option<String> {
    let read = || {
        let rest = logo.strip_prefix("data:image/")?;
        let (kind, data) = rest.split_once(";base64,")?;
        let bytes = BASE64.decode(data.as_bytes()).ok()?;
        let is_kind = match kind {
            "png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            "jpeg" => bytes.starts_with(b"\xff\xd8\xff"),
            "webp" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
            "svg+xml" => std::str::from_utf8(&bytes)
                .is_ok_and(|text| text.trim_start().starts_with('<') && text.contains("<svg")),
            _ => false,
        };
        is_kind.then_some(bytes.len())
    };
    match read() {
        None => Some("must be data:image/png;base64,… (or svg+xml, webp, jpeg) of such a picture".into()),
        Some(bytes) if bytes > LOGO_BYTES_MAX => Some(format!(
            "has {bytes} bytes, and must have at most {LOGO_BYTES_MAX}: it is part of every page"
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn look(variables: &[(&str, &str)]) -> Look {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Look {
            variables: variables.collect(),
            ..Look::default()
        }
    }

    fn colour() -> impl Strategy<Value = Colour> {
        any::<[u8; 3]>().prop_map(Colour)
    }

    /// Of any colour, as light or dark as this.
    fn shade(range: std::ops::RangeInclusive<u8>) -> impl Strategy<Value = Colour> {
        [range.clone(), range.clone(), range].prop_map(Colour)
    }

    proptest! {
        #[test]
        fn no_accent_makes_a_link_hard_to_read(accent in colour()) {
            for base in [LIGHT, DARK] {
                let link = accent.readable_on([base.ground, base.card]);
                prop_assert!(link.contrast(base.ground) >= 4.5 && link.contrast(base.card) >= 4.5);
                prop_assert!(accent.contrast(accent.text_on()) >= 4.5);
            }
        }

        #[test]
        fn grounds_that_pass_leave_links_and_texts_readable(ground in shade(224..=255), card in shade(224..=255), ink in shade(0..=96), accent in colour()) {
            let mut look = look(&[("--ground", &ground.to_string()), ("--card", &card.to_string()), ("--ink", &ink.to_string()), ("--quiet", &ink.to_string())]);
            look.accent = Some(accent.to_string());
            prop_assume!(look.faults().is_empty());
            let palette = look.palette(LIGHT, "");
            let link = palette.accent.readable_on([ground, card]);
            prop_assert!(link.contrast(ground) >= 4.5 && link.contrast(card) >= 4.5, "{link} on {ground} and {card}");
        }

        #[test]
        fn nothing_leaves_the_block(name in "--[a-z-]{1,16}", value in any::<String>()) {
            let css = look(&[(&name, &value), ("--font", &value), ("--width", &value)]).css();
            prop_assert_eq!(css.matches('{').count(), 3);
            prop_assert_eq!(css.matches('}').count(), 3);
            prop_assert!(!css.contains(['<', '\\', '"', '\'', '@', '/']) || css.matches('@').count() == 1 && !css.contains(['<', '\\', '"', '\'', '/']));
        }
    }

    #[test]
    fn the_looks_that_all_pages_have_are_readable() {
        assert_eq!(Look::default().faults(), []);
        for base in [LIGHT, DARK] {
            for status in base.statuses {
                assert!(
                    status.contrast(base.card) >= 3.0 && status.contrast(base.ground) >= 3.0,
                    "{status}"
                );
            }
        }
    }

    #[test]
    fn values_that_load_or_end_something_are_refused() {
        for (name, value) in [
            ("--font", "x;}</style><script>"),
            ("--font", "url(https://example.com/x)"),
            ("--font", "x, , y"),
            ("--font", "\\75rl(x)"),
            ("--width", "calc(1rem)"),
            ("--width", "1e3rem"),
            ("--width", "60rem;color:red"),
            ("--radius", "3rem"),
            ("--heading-weight", "1000"),
            ("--ground", "red"),
            ("--ground", "#12345"),
            ("--ground", "#+12345"),
            ("--link", "#123456"),
            ("background", "#ffffff"),
        ] {
            let look = look(&[(name, value)]);
            assert!(
                look.faults()
                    .iter()
                    .any(|(field, _)| *field == format!("variables.{name}")),
                "{name}: {value}"
            );
            assert_eq!(look.css(), Look::default().css(), "{name}: {value}");
        }
        for (name, value) in [
            ("--font", "Georgia, Noto Serif, serif"),
            ("--width", "48rem"),
            ("--radius", "0rem"),
            ("--radius", "0.25rem"),
            ("--heading-weight", "500"),
            ("--dark-card", "#101010"),
        ] {
            let look = look(&[(name, value)]);
            assert_eq!(look.faults(), [], "{name}: {value}");
            assert!(look.css().contains(value));
        }
    }

    #[test]
    fn text_that_cannot_be_read_is_refused_with_its_contrast() {
        let faults = look(&[("--ink", "#999999")]).faults();
        let (field, why) = &faults[0];
        assert_eq!(field, "variables.--ink");
        assert_eq!(
            why,
            "--ink is too hard to read on --ground: 2.63 to 1, not at least 4.5"
        );
        let faults = look(&[("--dark-ground", "#f5f6f8")]).faults();
        assert!(faults.iter().all(|(field, _)| field == "variables.--dark-ground"));
        assert!(
            faults[0]
                .1
                .starts_with("--dark-ink is too hard to read on --dark-ground")
        );
        let faults = look(&[("--card", "#2a7a50")]).faults();
        assert!(
            faults
                .iter()
                .any(|(field, why)| field == "variables.--card" && why.starts_with("hides the colours of states"))
        );
    }

    #[test]
    fn a_logo_is_a_small_picture() {
        let logo = |kind: &str, bytes: &[u8]| Look {
            logo: Some(format!("data:image/{kind};base64,{}", BASE64.encode(bytes))),
            ..Look::default()
        };
        assert_eq!(
            logo("svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>").faults(),
            []
        );
        assert_eq!(logo("png", b"\x89PNG\r\n\x1a\n....").faults(), []);
        let large = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; LOGO_BYTES_MAX]].concat();
        assert_eq!(
            logo("png", &large).faults()[0].1,
            "has 12296 bytes, and must have at most 12288: it is part of every page"
        );
        for bad in [logo("png", b"<svg/>"), logo("gif", b"GIF89a"), logo("html", b"<svg/>")] {
            assert_eq!(bad.faults()[0].0, "logo");
        }
        let elsewhere = Look {
            logo: Some("https://example.com/logo.png".into()),
            ..Look::default()
        };
        assert_eq!(elsewhere.faults()[0].0, "logo");
    }
}
