//! What a clock on the wall and a calendar show, in figures that every language reads.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The day, which prints as `2026-03-28`.
pub fn date(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

/// The time of day and its zone: `23:58 CET`.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let wall = at.to_zoned(zone.clone());
    format!("{:02}:{:02} {}", wall.hour(), wall.minute(), self::zone(&wall))
}

/// The zone's abbreviation at that time ("CET"); for zones that have only numbers, "UTC+5:45".
pub fn zone(wall: &Zoned) -> String {
    let info = wall.time_zone().to_offset_info(wall.timestamp());
    let name = info.abbreviation();
    if name.chars().all(|letter| letter.is_ascii_alphabetic()) {
        return name.to_owned();
    }
    let minutes = info.offset().seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}
