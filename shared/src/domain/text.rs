//! What people type, and texts that are shown where there is little room.

/// Whether a reader would see nothing: white space as Unicode and ECMA-262 know it, so that `\S` in the API's description
/// says the same.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|char| char.is_whitespace() || char == '\u{feff}')
}

/// The first `max` characters, the last of them an ellipsis if anything was cut.
pub fn cut_chars(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => {
            let end = text
                .char_indices()
                .nth(max.saturating_sub(1))
                .map_or(0, |(place, _)| place);
            format!("{}…", text[..end].trim_end())
        }
    }
}

/// Whether XML can carry it (XML 1.0, "Char": https://www.w3.org/TR/xml/#charsets), and a reader see anything of it but a line's
/// end or a tab.
fn is_said(c: char) -> bool {
    matches!(c, '\n' | '\t') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

/// A text of several lines as documents can carry it, whatever it was pasted from: other line ends become ours, and what is no
/// character of any script is left out.
pub fn cleaned(text: &str) -> String {
    let lines = text
        .replace("\r\n", "\n")
        .replace(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    lines.chars().filter(|c| is_said(*c)).collect()
}

/// Whether a text is one line that documents can carry.
pub fn is_one_line(text: &str) -> bool {
    text.chars()
        .all(|c| is_said(c) && !matches!(c, '\n' | '\t' | '\u{2028}' | '\u{2029}'))
}

/// A text for where no markup can be: one line, without control characters and without marks that turn directions.
pub fn plain(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    let kept = text.chars().filter(|c| !turns(*c));
    let spaced: String = kept.map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a line says that is a heading: `## Causes`.
pub fn heading(line: &str) -> Option<&str> {
    let words = line.trim_start_matches('#');
    (line.starts_with('#') && words.starts_with(' ')).then(|| words.trim())
}

/// What a line says that is an item of a list: `- One`.
pub fn item(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or(line.strip_prefix("* "))
}

/// The words of a text with headings and lists, on one line and without their marks.
pub fn prose(text: &str) -> String {
    let unmarked = |line: &str| match heading(line) {
        Some(words) => plain(&format!("{words}:")),
        None => plain(item(line).unwrap_or(line)),
    };
    let lines: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(unmarked)
        .collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pasted_is_cleaned_and_names_are_one_line() {
        let pasted = "One\r\ntwo\u{b}three\u{0}\u{1}\u{1b}[0m\tfour\u{fffe}\u{ffff}\u{85}five 🔔";
        assert_eq!(cleaned(pasted), "One\ntwo\nthree[0m\tfour\nfive 🔔");
        assert!(is_one_line("Ünïcode 🔔 \u{2068}x\u{2069}"));
        for bad in ["a\nb", "a\tb", "a\u{0}", "a\u{85}", "a\u{2028}b", "a\u{ffff}"] {
            assert!(!is_one_line(bad), "{bad:?}");
        }
    }

    #[test]
    fn what_is_not_seen_is_blank() {
        for blank in ["", " ", "\t\n", "\u{a0}\u{feff}\u{2003}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        assert!(!is_blank(" a "));
    }

    #[test]
    fn prose_is_said_without_its_marks() {
        let text = "## Causes\n\nA disk,\nit seems.\n- #1 broke\n* 2 \u{202e}broke\n#2 not\n";
        assert_eq!(prose(text), "Causes: A disk, it seems. #1 broke 2 broke #2 not");
    }

    #[test]
    fn plain_text_has_one_line_and_one_direction() {
        assert_eq!(plain("a\u{202e}b\n\tc\u{0}  d"), "ab c d");
    }

    #[test]
    fn cutting_keeps_whole_characters() {
        assert_eq!(cut_chars("añb", 3), "añb");
        assert_eq!(cut_chars("añbc", 3), "añ…");
        assert_eq!(cut_chars("ñ", 0), "…");
    }
}
