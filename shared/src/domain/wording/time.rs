//! Instants as a recipient's clock shows them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::wall;

/// An instant on the recipient's wall, with how much of its date needs saying.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// The wall clock.
    pub wall: Zoned,
    /// How far it is from the time it is told at.
    pub from: Distance,
}

/// How much of a date goes without saying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distance {
    /// All of it.
    SameDay,
    /// The year.
    SameYear,
    /// Nothing.
    Far,
}

impl Moment {
    /// `at` in the zone of this IANA name (UTC when there is none such), as told at `now`.
    pub fn new(at: Timestamp, time_zone: &str, now: Timestamp) -> Self {
        let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
        let (wall, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone));
        let from = if wall.date() == now.date() {
            Distance::SameDay
        } else if wall.year() == now.year() {
            Distance::SameYear
        } else {
            Distance::Far
        };
        Self { wall, from }
    }

    /// The zone's abbreviation at that time ("CET"); for zones that have only numbers, "UTC+5:45".
    pub fn zone(&self) -> String {
        wall::zone(&self.wall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone_of(name: &str) -> String {
        let at = "2026-02-03T02:12:00Z".parse().unwrap();
        Moment::new(at, name, at).zone()
    }

    #[test]
    fn zones_have_names_people_know() {
        assert_eq!(zone_of("Europe/Berlin"), "CET");
        assert_eq!(zone_of("Asia/Kathmandu"), "UTC+5:45");
        assert_eq!(zone_of("America/Sao_Paulo"), "UTC-3");
        assert_eq!(zone_of("Asia/Dubai"), "UTC+4");
        for unknown in ["", "Mars/Olympus", "../../etc/passwd", "Etc/UTC"] {
            assert_eq!(zone_of(unknown), "UTC", "{unknown}");
        }
    }

    #[test]
    fn the_date_is_far_or_near_on_the_recipients_wall() {
        let from = |at: &str, now: &str, zone| Moment::new(at.parse().unwrap(), zone, now.parse().unwrap()).from;
        let (before, after) = ("2025-12-31T23:30:00Z", "2026-01-01T00:30:00Z");
        assert_eq!(from(before, after, "UTC"), Distance::Far);
        assert_eq!(from(before, after, "Europe/Berlin"), Distance::SameDay);
        assert_eq!(
            from("2026-02-01T23:30:00Z", "2026-02-03T00:30:00Z", "UTC"),
            Distance::SameYear
        );
    }
}
