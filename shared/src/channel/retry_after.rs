//! The `Retry-After` header (RFC 9110, section 10.2.3): seconds, or a date.

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use super::throttle;

/// The wait a `Retry-After` value asks for at `now`, limited to what a page may be made to wait; `None` if it cannot be
/// read, which is then as if it were not there.
pub(super) fn parse(value: &str, now: Timestamp) -> Option<SignedDuration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a long time, and limited like one.
        return Some(throttle(value.parse().unwrap_or(i64::MAX)));
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(throttle(at.as_second().saturating_sub(now.as_second())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(value: &str) -> Option<i64> {
        let now = "1994-11-06T08:49:37.5Z".parse().unwrap();
        parse(value, now).map(|after| after.as_secs())
    }

    #[test]
    fn seconds_and_dates_within_limits() {
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 7 "), Some(7));
        assert_eq!(seconds("0"), Some(1));
        assert_eq!(seconds("86400"), Some(900));
        assert_eq!(seconds("99999999999999999999999"), Some(900));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(1));
        assert_eq!(seconds("Sat, 05 Nov 1994 08:49:37 GMT"), Some(1));
        assert_eq!(seconds("Tue, 31 Dec 2999 23:59:59 GMT"), Some(900));
    }

    #[test]
    fn the_unreadable_is_absent() {
        for value in [
            "",
            "soon",
            "-1",
            "1.5",
            "1e3",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "1994-11-06T08:49:37Z",
        ] {
            assert_eq!(seconds(value), None, "{value:?}");
        }
    }
}
