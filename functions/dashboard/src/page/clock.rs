//! Times as the reader's clock shows them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The reader's time zone, and what time it is.
#[derive(Debug, Clone)]
pub struct Zone {
    zone: TimeZone,
    now: Timestamp,
}

/// An instant for a page: `<time datetime="{{ at }}" title="{{ full }}">{{ short }}</time>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339, for programs.
    pub at: String,
    /// With date, seconds and zone.
    pub full: String,
    /// As much of the date as does not go without saying.
    pub short: String,
}

impl Zone {
    /// The zone of this IANA name; UTC when there is none such.
    pub fn new(name: &str, now: Timestamp) -> Self {
        let zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
        Self { zone, now }
    }

    /// `at` on the reader's wall.
    pub fn moment(&self, at: Timestamp) -> Moment {
        let (wall, now) = (at.to_zoned(self.zone.clone()), self.now.to_zoned(self.zone.clone()));
        let form = if wall.date() == now.date() {
            "%H:%M"
        } else if wall.year() == now.year() {
            "%-d %b %H:%M"
        } else {
            "%-d %b %Y %H:%M"
        };
        Moment {
            at: at.to_string(),
            full: wall.strftime("%A, %-d %B %Y, %H:%M:%S %Z").to_string(),
            short: wall.strftime(form).to_string(),
        }
    }
}

impl Zone {
    /// `at` as a field of a form has it (`datetime-local`), to the minute.
    pub fn field(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }
}

/// Seconds as minutes of a form.
pub fn minutes(seconds: u32) -> String {
    (f64::from(seconds) / 60.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_said_where_it_is_another() {
        let now = "2026-03-02T23:30:00Z".parse().unwrap();
        let zone = Zone::new("Europe/Berlin", now);
        let short = |at: &str| zone.moment(at.parse().unwrap()).short;
        assert_eq!(short("2026-03-02T23:05:00Z"), "00:05");
        assert_eq!(short("2026-03-02T22:05:00Z"), "2 Mar 23:05");
        assert_eq!(short("2025-12-31T23:30:00Z"), "1 Jan 00:30");
        assert_eq!(short("2025-12-31T22:30:00Z"), "31 Dec 2025 23:30");
        let moment = zone.moment(now);
        assert_eq!(moment.full, "Tuesday, 3 March 2026, 00:30:00 CET");
        assert_eq!(moment.at, "2026-03-02T23:30:00Z");
        assert_eq!(Zone::new("Mars/Olympus", now).moment(now).short, "23:30");
        assert_eq!(
            (zone.field(now).as_str(), zone.name()),
            ("2026-03-03T00:30", "Europe/Berlin")
        );
    }
}
