//! What input must look like. Every fault names its field and the limit it broke; a body is checked to its end, so that
//! all of its faults are answered at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use jiff::tz::TimeZone;
use lettre::Address;
use shared::channel::{Gateway, check_url};
use shared::ctx::Ctx;
use shared::domain::limits;
use shared::domain::people::Medium;
use shared::domain::text::{is_blank, is_one_line};
use shared::store::{Entity, Extra};
use shared::web::{FieldError, Problem};
use url::Url;

use super::caller::Caller;
use super::resource::kind_in_words;

/// Longest e-mail address (RFC 5321, 4.5.3.1.3, without its angle brackets).
const EMAIL_BYTES_MAX: usize = 254;
/// Digits of a telephone number (E.164), without the plus sign.
const PHONE_DIGITS: RangeInclusive<usize> = 8..=15;
/// Languages that there are words for.
const LOCALES: [&str; 1] = ["en"];
/// References that are checked once more by the write itself: what a transaction of 100 rows has room for beside the rows
/// it writes. Only a policy can have more, and those over it were there a moment before.
pub const NEEDS_MAX: usize = limits::TRANSACTION_ROWS_MAX - 10;

/// The faults of one body, as they are found.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
    }

    /// 400, if there are any.
    pub fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.0))
        }
    }

    /// A name, without the white space around it.
    pub fn name(&mut self, text: &str) -> String {
        let name = text.trim();
        let max = limits::NAME_CHARS_MAX;
        if is_blank(name) || text.chars().count() > max {
            self.add(
                "name",
                format!("must have 1 to {max} characters, not all of them blank"),
            );
        } else if !is_one_line(text) {
            self.add("name", "must be one line, without control characters");
        }
        name.to_owned()
    }

    pub fn within(&mut self, field: impl Into<String>, number: u32, range: RangeInclusive<u32>) {
        if !range.contains(&number) {
            self.add(field, format!("must be {} to {}", range.start(), range.end()));
        }
    }

    pub fn count(&mut self, field: impl Into<String>, count: usize, range: RangeInclusive<usize>) {
        if !range.contains(&count) {
            self.add(
                field,
                format!("must have {} to {} items, not {count}", range.start(), range.end()),
            );
        }
    }

    /// Something that stays as it was made.
    pub fn fixed<T: PartialEq>(&mut self, field: &str, before: &T, after: &T) {
        if before != after {
            self.add(field, "cannot be changed; make another one instead");
        }
    }

    /// The second and further of equal items, by their place.
    pub fn no_doubles<T: Ord>(&mut self, items: impl IntoIterator<Item = T>, field: impl Fn(usize) -> String) {
        let mut seen = BTreeSet::new();
        for (place, item) in items.into_iter().enumerate() {
            if !seen.insert(item) {
                self.add(field(place), "is there twice");
            }
        }
    }

    /// An IANA time zone, in its own spelling.
    pub fn time_zone(&mut self, text: &str) -> String {
        let zone = TimeZone::get(text.trim()).ok();
        match zone.as_ref().and_then(TimeZone::iana_name) {
            Some(name) => name.to_owned(),
            None => {
                self.add(
                    "time_zone",
                    "must be the name of an IANA time zone, such as \"America/Chicago\"",
                );
                text.to_owned()
            }
        }
    }

    pub fn locale(&mut self, text: &str) {
        if !LOCALES.contains(&text) {
            self.add(
                "locale",
                format!(
                    "must be one of {}",
                    LOCALES.map(|locale| format!("\"{locale}\"")).join(", ")
                ),
            );
        }
    }

    /// An e-mail address in lower case.
    pub fn email(&mut self, field: &str, text: &str) -> String {
        let email = text.trim().to_lowercase();
        if email.len() > EMAIL_BYTES_MAX {
            self.add(field, format!("must have at most {EMAIL_BYTES_MAX} bytes"));
        } else if email.parse::<Address>().is_err() {
            self.add(field, "must be an e-mail address, such as \"ada@example.com\"");
        }
        email
    }

    /// Where a medium of this deployment reaches somebody, in the spelling in which it is kept.
    pub fn address(&mut self, ctx: &Ctx, kind: Medium, text: &str) -> String {
        if ctx.gateways.of(kind).is_none() {
            self.add(
                "kind",
                "cannot be used: no provider is set up for it in this deployment",
            );
        }
        match kind {
            Medium::Email => self.email("address", text),
            Medium::Sms | Medium::Voice => self.phone(text),
            Medium::Webhook => self.url(ctx, text),
            Medium::Topic => self.topic(ctx, text),
        }
    }

    /// A topic that this deployment may publish to.
    fn topic(&mut self, ctx: &Ctx, text: &str) -> String {
        let arn = text.trim();
        match ctx.gateways.of(Medium::Topic) {
            Some(Gateway::Topic(sender)) if !sender.arns().iter().any(|known| known == arn) => self.add(
                "address",
                format!(
                    "must be a topic that this deployment was given: {}",
                    sender.arns().join(", ")
                ),
            ),
            _ if !is_topic_arn(arn) => self.add(
                "address",
                "must be the ARN of a topic, such as \"arn:aws:sns:eu-west-1:123456789012:pages\"",
            ),
            _ => {}
        }
        arn.to_owned()
    }

    fn phone(&mut self, text: &str) -> String {
        let phone = text.trim();
        let digits = phone.strip_prefix('+').unwrap_or_default();
        let is_e164 = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        if !is_e164 || !PHONE_DIGITS.contains(&digits.len()) {
            let (least, most) = (PHONE_DIGITS.start(), PHONE_DIGITS.end());
            self.add(
                "address",
                format!("must be a telephone number: + and {least} to {most} digits, country code first"),
            );
        }
        phone.to_owned()
    }

    fn url(&mut self, ctx: &Ctx, text: &str) -> String {
        let text = text.trim();
        let fault = match text.parse::<Url>() {
            _ if text.len() > limits::LINK_BYTES_MAX => format!("must have at most {} bytes", limits::LINK_BYTES_MAX),
            Err(_) => "must be a URL, such as \"https://example.com/hook\"".to_owned(),
            Ok(url) => match check_url(&url, ctx.inward) {
                Ok(()) => return url.into(),
                Err(refused) => refused.to_string(),
            },
        };
        self.add("address", fault);
        text.to_owned()
    }

    /// Looks whether what fields refer to is there, and answers what keeps it there until the write.
    pub async fn exist<T: Entity>(
        &mut self,
        caller: &Caller,
        fields: Vec<(String, T::Id)>,
    ) -> Result<Vec<Extra>, Problem> {
        let wanted: BTreeMap<String, T::Id> = fields.iter().map(|(_, id)| (id.to_string(), *id)).collect();
        let found = caller.store().load_many::<T>(wanted.values().copied()).await?;
        let found: BTreeSet<String> = found.into_iter().map(|one| one.id().to_string()).collect();
        for (field, id) in fields {
            if !found.contains(&id.to_string()) {
                self.add(
                    field,
                    format!("there is no {} {}", kind_in_words::<T>(), id.to_string()),
                );
            }
        }
        let needs = wanted
            .into_keys()
            .take(NEEDS_MAX)
            .map(|id| Extra::Needs(T::PARTITION, id));
        Ok(needs.collect())
    }
}

/// `arn:<partition>:sns:<region>:<account>:<name>`.
fn is_topic_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let is_name = |name: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (1..=256).contains(&name.len()) && name.bytes().all(known)
    };
    matches!(parts.as_slice(), ["arn", partition, "sns", region, account, name]
        if partition.starts_with("aws") && !region.is_empty() && account.len() == 12 && is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(check: impl FnOnce(&mut Faults)) -> Vec<(String, String)> {
        let mut faults = Faults::default();
        check(&mut faults);
        faults.0.into_iter().map(|fault| (fault.field, fault.message)).collect()
    }

    fn is_fine(check: impl FnOnce(&mut Faults)) -> bool {
        fields(check).is_empty()
    }

    #[test]
    fn names_are_trimmed_and_limited_in_characters() {
        let mut faults = Faults::default();
        assert_eq!(faults.name("  Café "), "Café");
        assert_eq!(faults.none(), Ok(()));
        assert!(is_fine(|faults| drop(faults.name(&"é".repeat(128)))));
        for bad in ["", " ", "\u{feff}", &"é".repeat(129), "a\nb", "a\n", "a\u{0}b"] {
            assert_eq!(fields(|faults| drop(faults.name(bad))).len(), 1, "{bad:?}");
        }
        assert!(fields(|faults| drop(faults.name("")))[0].1.contains("1 to 128"));
    }

    #[test]
    fn time_zones_are_those_of_iana_in_their_own_spelling() {
        let mut faults = Faults::default();
        assert_eq!(faults.time_zone("america/chicago"), "America/Chicago");
        assert_eq!(faults.time_zone("UTC"), "UTC");
        assert_eq!(faults.none(), Ok(()));
        for bad in ["", "Mars/Base", "+02:00", "EST5EDT,M3.2.0,M11.1.0", "../etc/passwd"] {
            assert_eq!(fields(|faults| drop(faults.time_zone(bad))).len(), 1, "{bad}");
        }
    }

    #[test]
    fn email_addresses_are_kept_in_lower_case() {
        let mut faults = Faults::default();
        assert_eq!(
            faults.email("email", " Ada.Lovelace+pager@Example.COM "),
            "ada.lovelace+pager@example.com"
        );
        assert_eq!(faults.none(), Ok(()));
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "a b@example.com",
            "ada@exa mple.com",
            "ada@example.com\nbcc: x",
            &long,
        ] {
            assert_eq!(
                fields(|faults| drop(faults.email("email", bad)))[0].0,
                "email",
                "{bad:?}"
            );
        }
    }

    #[test]
    fn phone_numbers_are_e164() {
        for good in ["+12025550143", "+4930123456", " +123456789012345 "] {
            assert!(is_fine(|faults| drop(faults.phone(good))), "{good}");
        }
        for bad in [
            "",
            "12025550143",
            "+1 202 555 0143",
            "+1234567",
            "+1234567890123456",
            "+02025550143",
            "+1202555014x",
        ] {
            assert_eq!(fields(|faults| drop(faults.phone(bad)))[0].0, "address", "{bad}");
        }
    }

    #[test]
    fn numbers_and_counts_say_their_limits() {
        assert!(is_fine(|faults| faults.within("repeat", 9, 0..=9)));
        assert_eq!(
            fields(|faults| faults.within("repeat", 10, 0..=9)),
            [("repeat".to_owned(), "must be 0 to 9".to_owned())]
        );
        let faults = fields(|faults| faults.count("steps[0].targets", 0, 1..=10));
        assert_eq!(
            faults,
            [(
                "steps[0].targets".to_owned(),
                "must have 1 to 10 items, not 0".to_owned()
            )]
        );
    }

    #[test]
    fn doubles_are_named_by_their_place() {
        let faults = fields(|faults| faults.no_doubles([1, 2, 1, 1], |place| format!("scopes[{place}]")));
        let places: Vec<&str> = faults.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(places, ["scopes[2]", "scopes[3]"]);
    }
}
