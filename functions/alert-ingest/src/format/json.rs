//! From bytes to JSON, with a refusal that says where and why it cannot be read.
//!
//! Two steps, because wire structs borrow: [`text`] makes a body readable, [`from_text`] reads it. What a format merely
//! carries along (details, annotations, unknown fields) stays a [`RawValue`] until it is wanted, so that a number too
//! large for us in somebody's details refuses nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use shared::domain::limits::JSON_DEPTH_MAX;

use super::{Code, Refused};

/// The text of a body that a JSON parser may be let at: UTF-8, without a byte order mark, of bounded depth.
///
/// Half a surrogate pair becomes U+FFFD, as in Go's decoder: clients that cut a text in the middle of an emoji, or pass on a
/// file name that is not Unicode, send such halves, and a page is not to be lost over them.
pub(super) fn text(body: &[u8]) -> Result<Cow<'_, str>, Refused> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let place = error.valid_up_to();
        Refused::new(
            Code::NotUtf8,
            format!("The body is not UTF-8: byte {place} cannot be read."),
        )
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let halves = scan(text)?;
    if halves.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    let mut mended = String::with_capacity(text.len());
    let mut from = 0;
    for place in halves {
        mended.push_str(&text[from..place]);
        mended.push_str("\\ufffd");
        from = place + ESCAPE_BYTES;
    }
    mended.push_str(&text[from..]);
    Ok(Cow::Owned(mended))
}

/// Reads one JSON value and nothing after it.
pub(super) fn from_text<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Refused> {
    let not_json = |error: serde_json::Error| Refused::new(Code::NotJson, format!("The body is not JSON: {error}."));
    let mut source = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut source).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        // A wrong type ends the reading early: what follows may not be JSON at all, which is the better answer.
        match serde_json::from_str::<IgnoredAny>(text) {
            Err(broken) => not_json(broken),
            Ok(_) if path == "." => Refused::new(Code::WrongShape, format!("The body has the wrong shape: {error}.")),
            Ok(_) => Refused::field(path, error.to_string()),
        }
    })?;
    source.end().map_err(not_json)?;
    Ok(value)
}

/// Bytes of `\ud83d`.
const ESCAPE_BYTES: usize = 6;

/// One pass over the text: how deep it nests, and where half surrogate pairs are. It need not be JSON.
fn scan(text: &str) -> Result<Vec<usize>, Refused> {
    let bytes = text.as_bytes();
    let mut halves = Vec::new();
    let (mut place, mut depth, mut quoted) = (0, 0_usize, false);
    while let Some(&byte) = bytes.get(place) {
        match byte {
            b'\\' if quoted => {
                place += match (escaped_unit(bytes, place), escaped_unit(bytes, place + ESCAPE_BYTES)) {
                    (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 2 * ESCAPE_BYTES,
                    (Some(0xD800..=0xDFFF), _) => {
                        halves.push(place);
                        ESCAPE_BYTES
                    }
                    (Some(_), _) => ESCAPE_BYTES,
                    (None, _) => 2,
                };
                continue;
            }
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                if depth > JSON_DEPTH_MAX {
                    let message = format!("The body is nested deeper than {JSON_DEPTH_MAX} levels.");
                    return Err(Refused::new(Code::TooDeep, message));
                }
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        place += 1;
    }
    Ok(halves)
}

/// The UTF-16 unit that is escaped (`\u` and four hex digits) at this place.
fn escaped_unit(bytes: &[u8], place: usize) -> Option<u16> {
    let escape = bytes.get(place..place + ESCAPE_BYTES)?;
    let digits = escape.strip_prefix(b"\\u")?;
    digits
        .iter()
        .try_fold(0, |unit, &digit| Some(unit << 4 | (digit as char).to_digit(16)? as u16))
}

/// An object whose fields are read one by one, so that all of its faults are found, not only the first.
#[derive(Debug, Default)]
pub(super) struct Object<'a> {
    fields: BTreeMap<String, &'a RawValue>,
    repeated: Vec<String>,
}

/// What a field that ought to be a string is.
#[derive(Debug, PartialEq)]
pub(super) enum Text {
    /// Missing or null.
    Absent,
    /// A string.
    Is(String),
    /// Anything else.
    IsNot,
}

impl<'a> Object<'a> {
    /// The object that this value is, if it is one.
    pub(super) fn of(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }

    /// A field, unless it is missing or null. Of one given twice, the last.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.fields.get(name).copied().filter(|raw| raw.get() != "null")
    }

    /// A field that ought to be a string.
    pub(super) fn text(&self, name: &str) -> Text {
        match self.get(name) {
            None => Text::Absent,
            Some(raw) => serde_json::from_str(raw.get()).map_or(Text::IsNot, Text::Is),
        }
    }

    /// The names of its fields, in the alphabet's order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// The names that were given more than once.
    pub(super) fn repeated(&self) -> &[String] {
        &self.repeated
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut object = Object::default();
                while let Some((name, raw)) = map.next_entry::<String, &RawValue>()? {
                    if object.fields.insert(name.clone(), raw).is_some() && !object.repeated.contains(&name) {
                        object.repeated.push(name);
                    }
                }
                Ok(object)
            }
        }

        source.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &[u8]) -> Refused {
        text(body)
            .and_then(|text| from_text::<Object<'_>>(&text).map(|_| ()))
            .unwrap_err()
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_where() {
        assert_eq!(
            refused(b"{\"a\":\"\xff\"}").message,
            "The body is not UTF-8: byte 6 cannot be read."
        );
        for (body, place) in [
            (&b"{\"a\":1,\n  b}"[..], "line 2 column 3"),
            (b"", "line 1 column 0"),
            (b"{\"a\":NaN}", "line 1 column 6"),
            (b"{} {}", "line 1 column 4"),
            (b"{\"a\":\"\\ud83\"}", "line 1 column 12"),
        ] {
            let refused = refused(body);
            assert_eq!(refused.code, Code::NotJson);
            assert!(refused.message.contains(place), "{}", refused.message);
        }
        for body in [&b"[]"[..], b"null", b"\"text\"", b"7"] {
            assert_eq!(refused(body).code, Code::WrongShape);
        }
    }

    #[test]
    fn depth_is_bounded_before_parsing_and_brackets_in_strings_do_not_count() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(text(nested(JSON_DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(refused(nested(JSON_DEPTH_MAX + 1).as_bytes()).code, Code::TooDeep);
        assert_eq!(refused("[".repeat(524_288).as_bytes()).code, Code::TooDeep);
        assert_eq!(refused("{\"a\":".repeat(100_000).as_bytes()).code, Code::TooDeep);
        let quoted = format!(r#"{{"a":"\"{}\\"}}"#, "[{".repeat(500));
        let quoted = text(quoted.as_bytes()).unwrap();
        assert!(from_text::<Object<'_>>(&quoted).is_ok());
    }

    #[test]
    fn half_surrogate_pairs_are_mended_and_whole_ones_kept() {
        for (sent, read) in [
            (r"cut \ud83d", "cut \u{fffd}"),
            (r"\udd14 cut", "\u{fffd} cut"),
            (r"\ud83d\ud83d\udd14", "\u{fffd}\u{1f514}"),
            (r"\uD83D\uDD14 \u00e9", "\u{1f514} é"),
            (r"\\ud83d", "\\ud83d"),
            (r"\ud83d\n", "\u{fffd}\n"),
        ] {
            let body = format!("\u{feff}{{\"a\":\"{sent}\"}}");
            let body = text(body.as_bytes()).unwrap();
            assert_eq!(
                from_text::<Object<'_>>(&body).unwrap().text("a"),
                Text::Is(read.into()),
                "{sent}"
            );
        }
    }

    #[test]
    fn an_object_tells_absent_from_wrong_and_keeps_the_last_of_a_repeated_field() {
        let object: Object<'_> = from_text(r#"{"a":null,"b":7,"c":"x","c":"y","d":1e999,"é":{}}"#).unwrap();
        assert_eq!(object.text("a"), Text::Absent);
        assert_eq!(object.text("z"), Text::Absent);
        assert_eq!(object.text("b"), Text::IsNot);
        assert_eq!(object.text("c"), Text::Is("y".into()));
        assert_eq!(object.repeated(), ["c"]);
        assert!(object.get("d").is_some());
        assert_eq!(object.names().collect::<Vec<_>>(), ["a", "b", "c", "d", "é"]);
    }
}
