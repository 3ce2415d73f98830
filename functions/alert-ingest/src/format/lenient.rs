//! Decoration: what is read if it can be, and otherwise dropped with a remark. Nothing here refuses anything.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use serde_json::value::RawValue;
use shared::domain::limits;
use shared::domain::signal::{Image, Link, is_link};
use shared::domain::text::cut_chars;

use super::json::Object;

/// Remarks that a reader makes before it only counts them: `Signal::new` adds up to five of its own within
/// [`REMARKS_MAX`](limits::REMARKS_MAX), and those about cuts are not to be crowded out.
const REMARKS_KEPT: usize = 4;
/// How much of what was dropped a remark quotes.
const QUOTE_CHARS_MAX: usize = 80;
/// How far ahead of ours a sender's clock may be before its times count as plans rather than events.
const CLOCK_SKEW_SECONDS_MAX: i64 = 10;
/// The end of the day of Go's zero time (0001-01-01T00:00:00Z), in seconds since 1970: before it, a time is none.
const ZERO_TIME_END_SECONDS: i64 = -62_135_510_400;

/// What a reader dropped or changed, in words for people.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    kept: Vec<String>,
    more: usize,
}

impl Remarks {
    pub(super) fn add(&mut self, remark: String) {
        if self.kept.contains(&remark) {
            return;
        }
        if self.kept.len() < REMARKS_KEPT {
            self.kept.push(remark)
        } else {
            self.more += 1
        }
    }

    pub(super) fn into_vec(mut self) -> Vec<String> {
        if self.more > 0 {
            self.kept
                .push(format!("{} more remarks like these are not listed.", self.more));
        }
        self.kept
    }

    fn dropped(&mut self, what: &str, raw: &str, why: &str) {
        self.add(format!(
            "The {what} {} {why} and was dropped.",
            cut_chars(raw, QUOTE_CHARS_MAX)
        ));
    }
}

/// A time in RFC 3339, or with an offset as PagerDuty's clients and CloudWatch write it (`+0000`). The zero time is none.
pub(super) fn time(raw: Option<&RawValue>, remarks: &mut Remarks) -> Option<Timestamp> {
    let raw = raw?;
    let text: Option<String> = serde_json::from_str(raw.get()).ok();
    if text.as_deref().is_some_and(|text| text.trim().is_empty()) {
        return None;
    }
    match text.and_then(|text| text.trim().parse::<Timestamp>().ok()) {
        Some(at) => Some(at).filter(|at| at.as_second() >= ZERO_TIME_END_SECONDS),
        None => {
            remarks.dropped("timestamp", raw.get(), "could not be read");
            None
        }
    }
}

/// Whether a sender's time can be that of an event, which has happened by now. A time that lies ahead orders nothing:
/// kept as the newest of a slot, it would shut out the resolve that comes before it.
pub(super) fn has_happened(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) <= SignedDuration::from_secs(CLOCK_SKEW_SECONDS_MAX)
}

/// The time of one event, if the sender gives one that has happened.
pub(super) fn event_time(raw: Option<&RawValue>, now: Timestamp, remarks: &mut Remarks) -> Option<Timestamp> {
    let at = time(raw, remarks)?;
    if !has_happened(at, now) {
        remarks.dropped("timestamp", &at.to_string(), "lies in the future");
        return None;
    }
    Some(at)
}

/// Words: a string, or a number or boolean as text. Blank is none.
pub(super) fn words(raw: Option<&RawValue>, what: &str, remarks: &mut Remarks) -> Option<String> {
    let raw = raw?;
    let text = match raw.get().as_bytes() {
        [b'"', ..] => serde_json::from_str(raw.get()).unwrap_or_default(),
        [b'{' | b'[', ..] => {
            remarks.dropped(what, raw.get(), "is not a text");
            return None;
        }
        _ => raw.get().to_owned(),
    };
    Some(text).filter(|text| !text.trim().is_empty())
}

/// An address that a browser may be sent to.
pub(super) fn address(raw: Option<&RawValue>, what: &str, remarks: &mut Remarks) -> Option<String> {
    checked_address(&words(raw, what, remarks)?, what, remarks)
}

/// A text, if it is an address that a browser may be sent to.
pub(super) fn checked_address(text: &str, what: &str, remarks: &mut Remarks) -> Option<String> {
    if !is_link(text) {
        remarks.dropped(what, text, "is not an http or https address");
        return None;
    }
    Some(text.to_owned())
}

/// A list of `{"href", "text"}`.
pub(super) fn links(raw: Option<&RawValue>, remarks: &mut Remarks) -> Vec<Link> {
    objects(raw, "link", remarks, |object, remarks| {
        let href = address(Some(object.get("href")?), "link", remarks)?;
        let text = words(object.get("text"), "text of a link", remarks).unwrap_or_default();
        Some(Link {
            href,
            text: cut_chars(&text, limits::NAME_CHARS_MAX),
        })
    })
}

/// A list of `{"src", "href", "alt"}`, of which `src` has to be https: an http picture on an https page is not shown.
pub(super) fn images(raw: Option<&RawValue>, remarks: &mut Remarks) -> Vec<Image> {
    objects(raw, "image", remarks, |object, remarks| {
        let src = address(Some(object.get("src")?), "image", remarks)?;
        if !src
            .get(..8)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
        {
            remarks.dropped("image", &src, "is not an https address");
            return None;
        }
        let href = address(object.get("href"), "link of an image", remarks);
        let alt = words(object.get("alt"), "text of an image", remarks);
        Some(Image {
            src,
            href,
            alt: alt.map(|alt| cut_chars(&alt, limits::SUMMARY_CHARS_MAX)),
        })
    })
}

/// A map of texts, such as annotations.
pub(super) fn texts(raw: Option<&RawValue>, what: &str, remarks: &mut Remarks) -> BTreeMap<String, String> {
    let Some(raw) = raw else { return BTreeMap::new() };
    let Some(object) = Object::of(raw) else {
        remarks.dropped(what, raw.get(), "is not an object");
        return BTreeMap::new();
    };
    let texts = object
        .names()
        .filter_map(|name| Some((name.to_owned(), words(object.get(name), what, remarks)?)));
    texts.collect()
}

/// Any value; one that cannot be read (a number beyond our range) is kept as its text.
pub(super) fn value(raw: &RawValue, what: &str, remarks: &mut Remarks) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| {
        remarks.add(format!(
            "The {what} hold a number that is too large and are kept as text."
        ));
        Value::String(raw.get().to_owned())
    })
}

fn objects<'a, T>(
    raw: Option<&'a RawValue>,
    what: &str,
    remarks: &mut Remarks,
    read: impl Fn(&Object<'a>, &mut Remarks) -> Option<T>,
) -> Vec<T> {
    let Some(raw) = raw else { return vec![] };
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        remarks.dropped(what, raw.get(), "is not in a list");
        return vec![];
    };
    let mut found = Vec::new();
    for item in items {
        let before = (remarks.kept.len(), remarks.more);
        match Object::of(item).and_then(|object| read(&object, remarks)) {
            Some(one) => found.push(one),
            None if before == (remarks.kept.len(), remarks.more) => {
                remarks.dropped(what, item.get(), "has no address");
            }
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    fn read(json: &str) -> (Option<Timestamp>, Vec<String>) {
        let mut remarks = Remarks::default();
        (time(Some(raw(json)), &mut remarks), remarks.into_vec())
    }

    #[test]
    fn times_are_read_with_every_form_of_offset() {
        for (text, utc) in [
            ("2015-07-17T08:42:58.315+0000", "2015-07-17T08:42:58.315Z"),
            ("2015-07-17T08:42:58-0530", "2015-07-17T14:12:58Z"),
            ("2015-07-17T08:42:58+02", "2015-07-17T06:42:58Z"),
            ("2026-11-22T09:51:03.157076+02:00", "2026-11-22T07:51:03.157076Z"),
            ("2026-11-22T06:27:28.431883183Z", "2026-11-22T06:27:28.431883183Z"),
            ("2026-11-22 06:27:28z", "2026-11-22T06:27:28Z"),
            (" 2026-11-22t06:27:28Z ", "2026-11-22T06:27:28Z"),
        ] {
            let (at, remarks) = read(&format!("{text:?}"));
            assert_eq!(at, utc.parse().ok(), "{text}");
            assert!(remarks.is_empty());
        }
    }

    #[test]
    fn the_zero_time_is_none_and_what_cannot_be_read_is_dropped_with_a_remark() {
        for text in [r#""0001-01-01T00:00:00Z""#, r#""0001-01-01T00:00:00+00:00""#, r#""""#] {
            assert_eq!(read(text), (None, vec![]));
        }
        for text in [
            r#""yesterday""#,
            "1795328849",
            r#""2026-11-22T06:27:28""#,
            r#""2026-13-01T00:00:00Z""#,
            "{}",
            "true",
        ] {
            let (at, remarks) = read(text);
            assert_eq!(at, None, "{text}");
            assert_eq!(
                remarks,
                [format!("The timestamp {text} could not be read and was dropped.")]
            );
        }
    }

    #[test]
    fn remarks_are_few_and_not_repeated() {
        let mut remarks = Remarks::default();
        for n in 0..1_000 {
            remarks.add("the same".into());
            remarks.add(format!("remark {n}"));
        }
        let remarks = remarks.into_vec();
        assert_eq!(remarks.len(), 5);
        assert_eq!(remarks[4], "997 more remarks like these are not listed.");
    }

    #[test]
    fn only_web_addresses_pass_and_images_only_over_https() {
        let mut remarks = Remarks::default();
        let found = links(
            Some(raw(
                r#"[{"href":"https://a.test/x","text":7},{"href":"javascript:alert(1)"},{"text":"no address"},3]"#,
            )),
            &mut remarks,
        );
        assert_eq!(
            found,
            [Link {
                href: "https://a.test/x".into(),
                text: "7".into()
            }]
        );
        assert_eq!(remarks.into_vec().len(), 3);

        let mut remarks = Remarks::default();
        let sent =
            r#"[{"src":"HTTPS://a.test/g.png","href":"ftp://a.test","alt":"graph"},{"src":"http://a.test/g.png"}]"#;
        let found = images(Some(raw(sent)), &mut remarks);
        assert_eq!(
            found,
            [Image {
                src: "HTTPS://a.test/g.png".into(),
                href: None,
                alt: Some("graph".into())
            }]
        );
        insta::assert_debug_snapshot!(remarks.into_vec(), @r#"
        [
            "The link of an image ftp://a.test is not an http or https address and was dropped.",
            "The image http://a.test/g.png is not an https address and was dropped.",
        ]
        "#);

        let mut remarks = Remarks::default();
        assert!(links(Some(raw(r#"{"href":"https://a.test"}"#)), &mut remarks).is_empty());
        assert_eq!(remarks.into_vec().len(), 1);
    }
}
