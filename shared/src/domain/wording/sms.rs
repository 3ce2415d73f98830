//! Text messages: how many segments a text takes, and how a message is made to fit one.
//!
//! A segment carries 160 characters of the GSM 03.38 alphabet (some count twice) or, as soon as one character is
//! outside of it, 70 UTF-16 units of any. So everything that can be said in the GSM alphabet is: typography and
//! accents give way to plain letters, and pictures between words are left out. Letters of other scripts are never
//! dropped: such a message has 70 units, and says less. The link is never cut. What gives way, in this order: the runbook,
//! the end of the title, the end of a long service name, the words before the link, the time, the service, the
//! severity, the reason.

use std::borrow::Cow;

/// Characters that count once, in the order of GSM 03.38, without its line ends.
const BASIC: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\n\r";
/// Characters that count twice: they travel behind an escape.
const EXTENSION: &str = "^{}\\[~]|€\u{c}";

/// A service's name, when there is no room for all of it, in characters.
const SERVICE_SHORT_CHARS: usize = 20;
/// Room that is left beside a link before a message takes another segment, in units.
const BESIDE_LINK_UNITS_MIN: usize = 9;

/// A message about an incident, in order of appearance. Empty pieces do not appear.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces {
    /// Why it is sent, when it is no page: "Unanswered."
    pub reason: String,
    /// How bad it is.
    pub severity: String,
    /// What is affected.
    pub service: String,
    /// What is wrong.
    pub title: String,
    /// Since when.
    pub since: String,
    /// What the link is for, and the link.
    pub link: Option<(&'static str, String)>,
    /// What the runbook is called, and its address.
    pub runbook: Option<(&'static str, String)>,
}

/// How a text travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Gsm,
    Ucs2,
}

impl Encoding {
    fn of(text: &str) -> Self {
        if text.chars().all(|character| septets(character).is_some()) {
            Self::Gsm
        } else {
            Self::Ucs2
        }
    }

    /// Units that a character takes.
    fn width(self, character: char) -> usize {
        match self {
            Self::Gsm => septets(character).unwrap_or(1),
            Self::Ucs2 => character.len_utf16(),
        }
    }

    /// Units of a message of one segment, and of each segment of a longer one.
    fn room(self) -> (usize, usize) {
        match self {
            Self::Gsm => (160, 153),
            Self::Ucs2 => (70, 67),
        }
    }

    /// Least room for a title, in units, before something else gives way.
    fn title_min(self) -> usize {
        match self {
            Self::Gsm => 24,
            Self::Ucs2 => 8,
        }
    }

    fn ellipsis(self) -> &'static str {
        match self {
            Self::Gsm => "...",
            Self::Ucs2 => "…",
        }
    }

    fn units(self, text: &str) -> usize {
        text.chars().map(|character| self.width(character)).sum()
    }
}

fn septets(character: char) -> Option<usize> {
    if BASIC.contains(character) {
        Some(1)
    } else if EXTENSION.contains(character) {
        Some(2)
    } else {
        None
    }
}

/// How many segments a text message of this text is sent as, and paid for: at least one.
pub fn segments(text: &str) -> usize {
    let encoding = Encoding::of(text);
    let (single, part) = encoding.room();
    if encoding.units(text) <= single {
        return 1;
    }
    // A character that takes two units is never split between two segments.
    let (mut segments, mut used) = (1, 0);
    for width in text.chars().map(|character| encoding.width(character)) {
        if used + width > part {
            segments += 1;
            used = 0;
        }
        used += width;
    }
    segments
}

/// What of a message is said.
#[derive(Clone, Copy)]
struct Shape {
    service: Length,
    label: bool,
    since: bool,
    severity: bool,
    reason: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Length {
    Whole,
    Short,
    None,
}

const WHOLE: Shape = Shape {
    service: Length::Whole,
    label: true,
    since: true,
    severity: true,
    reason: true,
};

const WITHOUT_SERVICE: Shape = Shape {
    service: Length::None,
    ..WHOLE
};

/// From all of it to the title and the link.
const SHAPES: [Shape; 7] = [
    WHOLE,
    Shape {
        service: Length::Short,
        ..WHOLE
    },
    Shape {
        service: Length::Short,
        label: false,
        ..WHOLE
    },
    Shape {
        service: Length::Short,
        label: false,
        since: false,
        ..WHOLE
    },
    Shape {
        service: Length::None,
        label: false,
        since: false,
        ..WHOLE
    },
    Shape {
        service: Length::None,
        label: false,
        since: false,
        severity: false,
        ..WHOLE
    },
    Shape {
        service: Length::None,
        label: false,
        since: false,
        severity: false,
        reason: false,
    },
];

/// The message in one segment. Only a link that leaves no room for words makes it take more.
pub(super) fn fit(pieces: &Pieces) -> String {
    let mut pieces = Pieces {
        reason: plain(&pieces.reason).into_owned(),
        severity: plain(&pieces.severity).into_owned(),
        service: plain(&pieces.service).into_owned(),
        title: without_full_stop(&plain(&pieces.title)).to_owned(),
        since: plain(&pieces.since).into_owned(),
        ..pieces.clone()
    };
    let whole = line(&pieces, WHOLE, Encoding::Gsm, &pieces.title);
    if segments(&whole) == 1 {
        let with_runbook = pieces
            .runbook
            .as_ref()
            .map(|(label, url)| format!("{whole} {label}: {url}"));
        return with_runbook.filter(|text| segments(text) == 1).unwrap_or(whole);
    }

    let mut encoding = Encoding::of(&whole);
    if encoding == Encoding::Ucs2
        && Encoding::of(&line(&pieces, WITHOUT_SERVICE, encoding, &pieces.title)) == Encoding::Gsm
    {
        // Only the service's name keeps the message short, and it would be the first to go for that.
        pieces.service.clear();
        encoding = Encoding::Gsm;
    }
    let room = room_beside(pieces.link.as_ref().map(|(_, url)| url.as_str()), encoding);
    let wanted = encoding.units(&pieces.title).min(encoding.title_min());
    for shape in SHAPES {
        let others = encoding.units(&line(&pieces, shape, encoding, ""));
        if others + wanted <= room {
            return line(&pieces, shape, encoding, &cut(&pieces.title, room - others, encoding));
        }
    }
    let [.., least] = SHAPES;
    let others = encoding.units(&line(&pieces, least, encoding, "")).min(room);
    line(&pieces, least, encoding, &cut(&pieces.title, room - others, encoding))
        .trim_start()
        .to_owned()
}

/// Units to fill: those of one segment, or of as many as leave some beside the link.
fn room_beside(link: Option<&str>, encoding: Encoding) -> usize {
    let needed = link.map_or(0, |url| encoding.units(url)) + BESIDE_LINK_UNITS_MIN;
    let (single, part) = encoding.room();
    if needed <= single {
        return single;
    }
    // One unit of each segment may stay empty before a character that takes two.
    let part = part - 1;
    needed.div_ceil(part) * part
}

/// "Reason. SEVERITY Service: title, since then. Label: link"
fn line(pieces: &Pieces, shape: Shape, encoding: Encoding, title: &str) -> String {
    let mut line = String::new();
    let mut lead = |piece: &str, end: &str| {
        if !piece.is_empty() {
            line.push_str(piece);
            line.push_str(end);
        }
    };
    if shape.reason {
        lead(&pieces.reason, " ");
    }
    if shape.severity {
        lead(&pieces.severity, " ");
    }
    match shape.service {
        Length::Whole => lead(&pieces.service, ": "),
        Length::Short => lead(&cut_short(&pieces.service, encoding), ": "),
        Length::None => {}
    }
    line.push_str(title);
    if shape.since && !pieces.since.is_empty() {
        line.push_str(", ");
        line.push_str(&pieces.since);
    }
    match (&pieces.link, shape.label) {
        (Some((label, url)), true) => line.push_str(&format!(". {label}: {url}")),
        (Some((_, url)), false) => line.push_str(&format!(" {url}")),
        (None, true) => line.push('.'),
        (None, false) => {}
    }
    line
}

fn cut_short(service: &str, encoding: Encoding) -> String {
    let units = service
        .chars()
        .take(SERVICE_SHORT_CHARS)
        .map(|character| encoding.width(character))
        .sum();
    cut(service, units, encoding)
}

/// As much of the text as there is room for, whole characters, an ellipsis last if anything was cut.
fn cut(text: &str, room: usize, encoding: Encoding) -> String {
    if encoding.units(text) <= room {
        return text.to_owned();
    }
    let ellipsis = encoding.ellipsis();
    let Some(room) = room.checked_sub(encoding.units(ellipsis)) else {
        return String::new();
    };
    let mut used = 0;
    let kept: String = text
        .chars()
        .take_while(|character| {
            used += encoding.width(*character);
            used <= room
        })
        .collect();
    // A joiner would join the ellipsis, and stops beside it look like a mistake; but stops may be all there is.
    let kept = kept.trim_end_matches(['\u{200d}', ' ']);
    match kept.trim_end_matches(['\u{200d}', ' ', '.', ',', ';', ':']) {
        "" if kept.is_empty() => String::new(),
        "" => format!("{kept}{ellipsis}"),
        kept => format!("{kept}{ellipsis}"),
    }
}

/// The text before a comma: one full stop at its end would stand beside it.
fn without_full_stop(text: &str) -> &str {
    match text.strip_suffix('.') {
        Some(rest) if !rest.is_empty() && !rest.ends_with('.') => rest,
        _ => text,
    }
}

/// The text in the GSM alphabet, if it loses no letter by that; otherwise as it is.
fn plain(text: &str) -> Cow<'_, str> {
    if Encoding::of(text) == Encoding::Gsm {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match (septets(character), spelled(character)) {
            (Some(_), _) => plain.push(character),
            (None, Some(spelling)) => plain.push_str(spelling),
            (None, None) if character.is_alphanumeric() => return Cow::Borrowed(text),
            // A picture, or an accent that follows its letter.
            (None, None) => {}
        }
    }
    let plain = super::one_line(&plain);
    // Nothing but pictures: they are all there is to say.
    if plain.chars().any(char::is_alphanumeric) {
        Cow::Owned(plain)
    } else {
        Cow::Borrowed(text)
    }
}

/// How a character that the GSM alphabet lacks is written with those it has.
fn spelled(character: char) -> Option<&'static str> {
    Some(match character {
        '‘' | '’' | '‚' | '‛' | '′' | '`' | '´' | '‹' | '›' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '•' | '·' | '‣' | '⁃' => "-",
        '…' => "...",
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => " ",
        '→' | '⇒' | '➜' | '➡' => "->",
        '←' | '⇐' => "<-",
        '×' => "x",
        '÷' | '⁄' => "/",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '≈' => "~",
        '±' => "+/-",
        '°' => "deg",
        'µ' | 'μ' => "u",
        '¹' => "1",
        '²' => "2",
        '³' => "3",
        '½' => "1/2",
        '¼' => "1/4",
        '¾' => "3/4",
        '№' => "No.",
        '™' => "TM",
        '©' => "(C)",
        '®' => "(R)",
        'ª' => "a",
        'º' => "o",
        'À' | 'Á' | 'Â' | 'Ã' | 'Ā' | 'Ă' | 'Ą' => "A",
        'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' => "a",
        'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'Ď' | 'Đ' | 'Ð' => "D",
        'ď' | 'đ' | 'ð' => "d",
        'È' | 'Ê' | 'Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' => "E",
        'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'Ĥ' | 'Ħ' => "H",
        'ĥ' | 'ħ' => "h",
        'Ì' | 'Í' | 'Î' | 'Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' => "I",
        'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'Ĵ' => "J",
        'ĵ' => "j",
        'Ķ' => "K",
        'ķ' | 'ĸ' => "k",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ŀ' | 'Ł' => "L",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'Ń' | 'Ņ' | 'Ň' => "N",
        'ń' | 'ņ' | 'ň' | 'ŉ' => "n",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ō' | 'Ŏ' | 'Ő' => "O",
        'ó' | 'ô' | 'õ' | 'ō' | 'ŏ' | 'ő' => "o",
        'Œ' => "OE",
        'œ' => "oe",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => "S",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'Ţ' | 'Ť' | 'Ŧ' | 'Ț' => "T",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'Þ' => "Th",
        'þ' => "th",
        'Ù' | 'Ú' | 'Û' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' => "U",
        'ú' | 'û' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'Ŵ' => "W",
        'ŵ' => "w",
        'Ý' | 'Ŷ' | 'Ÿ' => "Y",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted_as_carriers_count_them() {
        assert_eq!(BASIC.chars().count(), 127, "128 places less the escape");
        assert_eq!(segments(""), 1);
        assert_eq!(segments(&"a".repeat(160)), 1);
        assert_eq!(segments(&"a".repeat(161)), 2);
        assert_eq!(segments(&"a".repeat(306)), 2);
        assert_eq!(segments(&"a".repeat(307)), 3);
        assert_eq!(segments(&"€".repeat(80)), 1);
        assert_eq!(segments(&"€".repeat(81)), 2);
        // 153 is odd: the last place of a segment stays empty rather than split an escape.
        assert_eq!(segments(&"€".repeat(153)), 3);
        assert_eq!(segments(&"д".repeat(70)), 1);
        assert_eq!(segments(&"д".repeat(71)), 2);
        assert_eq!(segments(&"🔥".repeat(35)), 1);
        assert_eq!(segments(&"🔥".repeat(36)), 2);
        assert_eq!(segments(&"🔥".repeat(67)), 3);
        assert_eq!(segments("`"), 1);
        assert_eq!(
            segments(&"`".repeat(71)),
            2,
            "the one printable ASCII character that GSM 03.38 lacks"
        );
    }

    #[test]
    fn what_can_be_said_plainly_is() {
        assert_eq!(plain("“db–1” isn’t up…"), "\"db-1\" isn't up...");
        assert_eq!(plain("🔥 Disk full 🔥 on db"), "Disk full on db");
        assert_eq!(plain("Błąd: kolejka ≥ 5"), "Blad: kolejka >= 5");
        assert_eq!(plain("Cafe\u{301} down"), "Cafe down");
        assert_eq!(plain("Größe in µs"), "Größe in us");
    }

    #[test]
    fn letters_and_lone_pictures_stay() {
        for text in ["Диск “db” полон 🔥", "磁盘已满", "🔥🔥", "डिस्क भर गई"] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn a_cut_keeps_whole_characters_and_says_so() {
        assert_eq!(cut("abcdef", 6, Encoding::Gsm), "abcdef");
        assert_eq!(cut("abcdefg", 6, Encoding::Gsm), "abc...");
        assert_eq!(cut("ab cdefg", 6, Encoding::Gsm), "ab...");
        assert_eq!(cut("🔥🔥🔥", 5, Encoding::Ucs2), "🔥🔥…");
        assert_eq!(cut("🔥🔥🔥", 4, Encoding::Ucs2), "🔥…");
        assert_eq!(cut("abcdef", 2, Encoding::Gsm), "");
        assert_eq!(cut("..... .А", 5, Encoding::Ucs2), "....…");
    }
}
