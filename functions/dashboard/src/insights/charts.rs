//! Charts: bars in a box that is stretched to the room there is. Words stand outside of it, so that they keep their size.
//!
//! A chart is drawn of whole numbers: one bar takes [`BAR`] units across, the tallest is [`TALL`] high.

use jiff::civil::Date;
use shared::domain::insights::{Day, Times, TimesFrom, is_night};

/// Units from one bar to the next, of which the bar takes the inner ones.
const BAR: u64 = 10;
const GAP: u64 = 1;
/// The height of the tallest bar.
const TALL: u64 = 200;

/// One picture and its table.
#[derive(Debug)]
pub struct Chart {
    pub title: String,
    /// What is to be seen, for whoever does not see it.
    pub summary: String,
    /// What the top of the picture stands for; empty: nothing to draw.
    pub scale: String,
    pub width: u64,
    pub bars: Vec<Bar>,
    /// What the left and the right end stand for.
    pub axis: Vec<String>,
    pub head: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// One bar: blocks on top of one another, and perhaps a line above them.
#[derive(Debug)]
pub struct Bar {
    pub words: String,
    pub blocks: Vec<Block>,
    pub line: Option<Line>,
}

/// A block of a bar.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    pub x: u64,
    pub y: u64,
    pub width: u64,
    pub height: u64,
    /// Its class.
    pub fill: &'static str,
}

/// An upright line.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub x: u64,
    pub from: u64,
    pub to: u64,
}

/// How high something is, in the picture.
fn height(value: u64, most: u64) -> u64 {
    // What there is at all can be seen.
    if value == 0 {
        0
    } else {
        (value * TALL / most.max(1)).max(1)
    }
}

/// Blocks from the ground up.
fn stacked(place: usize, parts: &[(u64, &'static str)], most: u64) -> Vec<Block> {
    let x = place as u64 * BAR + GAP;
    let (mut blocks, mut below) = (Vec::new(), 0);
    for (value, fill) in parts.iter().filter(|(value, _)| *value > 0) {
        let (bottom, top) = (height(below, most), height(below + value, most));
        let height = top.saturating_sub(bottom).max(1);
        blocks.push(Block {
            x,
            y: TALL.saturating_sub(bottom + height),
            width: BAR - 2 * GAP,
            height,
            fill,
        });
        below += value;
    }
    blocks
}

/// Incidents of each day, the worst at the bottom.
pub fn by_day(days: &[Day]) -> Chart {
    let most = days.iter().map(Day::total).max().unwrap_or(0);
    let total: u64 = days.iter().map(Day::total).sum();
    let worst = days
        .iter()
        .rev()
        .max_by_key(|day| day.total())
        .filter(|day| day.total() > 0);
    let bar = |(place, day): (usize, &Day)| Bar {
        words: format!("{}: {}", short(day.date), incidents(day.total())),
        blocks: stacked(
            place,
            &[
                (day.critical, "critical-fill"),
                (day.error, "error-fill"),
                (day.warning, "warning-fill"),
                (day.info, "info-fill"),
            ],
            most,
        ),
        line: None,
    };
    let row = |day: &Day| {
        let figures = [day.critical, day.error, day.warning, day.info, day.total()];
        let mut row = vec![short(day.date)];
        row.extend(figures.iter().map(ToString::to_string));
        row
    };
    Chart {
        title: "Incidents a day".into(),
        summary: match worst {
            Some(day) => format!(
                "{} in {} days; most on {}: {}.",
                incidents(total),
                days.len(),
                short(day.date),
                day.total()
            ),
            None => format!("None in {} days.", days.len()),
        },
        scale: if most == 0 { String::new() } else { incidents(most) },
        width: days.len() as u64 * BAR,
        bars: days.iter().enumerate().map(bar).collect(),
        axis: ends(days.first().map(|day| day.date), days.last().map(|day| day.date)),
        head: vec!["Day", "Critical", "Error", "Warning", "Info", "All"],
        rows: days.iter().map(row).collect(),
    }
}

/// Medians as bars, with a line up to what nine in ten took at the most.
pub fn times(title: &str, all: &[TimesFrom], of: impl Fn(&TimesFrom) -> Option<Times>) -> Chart {
    let most = all
        .iter()
        .filter_map(&of)
        .map(|times| times.p90_seconds.max(1))
        .max()
        .unwrap_or(0);
    let is_weekly = matches!(all, [first, second, ..] if first.date.tomorrow().is_ok_and(|next| next < second.date));
    let named = |date: Date| {
        if is_weekly {
            format!("Week of {}", short(date))
        } else {
            short(date)
        }
    };
    let bar = |(place, from): (usize, &TimesFrom)| {
        let times = of(from);
        let words = times.map_or_else(
            || "none".to_owned(),
            |times| {
                let (median, p90) = (lasting(times.median_seconds), lasting(times.p90_seconds));
                format!("median {median}, nine in ten within {p90}")
            },
        );
        let line = |times: Times| Line {
            x: place as u64 * BAR + BAR / 2,
            from: TALL - height(times.median_seconds, most),
            to: TALL - height(times.p90_seconds, most),
        };
        Bar {
            words: format!("{}: {words}", named(from.date)),
            blocks: times.map_or_else(Vec::new, |times| {
                stacked(place, &[(times.median_seconds, "bar-fill")], most)
            }),
            line: times.map(line),
        }
    };
    let row = |from: &TimesFrom| {
        let figures = of(from).map(|times| {
            let seconds = [times.median_seconds, times.p90_seconds];
            seconds
                .map(lasting)
                .into_iter()
                .chain([times.count.to_string()])
                .collect()
        });
        let figures: Vec<String> = figures.unwrap_or_else(|| vec!["–".into(), "–".into(), "0".into()]);
        [vec![named(from.date)], figures].concat()
    };
    let slowest = all
        .iter()
        .filter(|from| of(from).is_some())
        .max_by_key(|from| of(from).map(|times| times.median_seconds));
    let slowest = slowest.and_then(|from| of(from).map(|times| (from.date, times)));
    Chart {
        title: title.into(),
        summary: match slowest {
            Some((date, times)) => format!("Slowest: {}, median {}.", named(date), lasting(times.median_seconds)),
            None => "None yet.".into(),
        },
        scale: if most == 0 { String::new() } else { lasting(most) },
        width: all.len() as u64 * BAR,
        bars: all.iter().enumerate().map(bar).collect(),
        axis: ends(all.first().map(|from| from.date), all.last().map(|from| from.date)),
        head: vec![
            if is_weekly { "Week" } else { "Day" },
            "Median",
            "90 % within",
            "Incidents",
        ],
        rows: all.iter().map(row).collect(),
    }
}

/// Pages of each hour of the day, those of the night in another colour.
pub fn by_hour(hours: &[u64]) -> Chart {
    let most = hours.iter().copied().max().unwrap_or(0);
    let night: u64 = (0..hours.len())
        .filter(|hour| is_night(*hour))
        .filter_map(|hour| hours.get(hour))
        .sum();
    let total: u64 = hours.iter().sum();
    let named = |hour: usize| format!("{hour:02}:00");
    let bar = |(hour, pages): (usize, &u64)| Bar {
        words: format!("{} to {}: {}", named(hour), named((hour + 1) % 24), self::pages(*pages)),
        blocks: stacked(
            hour,
            &[(*pages, if is_night(hour) { "night-fill" } else { "bar-fill" })],
            most,
        ),
        line: None,
    };
    Chart {
        title: "Pages by the hour of the day".into(),
        summary: format!("{}, {night} of them at night, from 22 to 7.", self::pages(total)),
        scale: if most == 0 { String::new() } else { self::pages(most) },
        width: hours.len() as u64 * BAR,
        bars: hours.iter().enumerate().map(bar).collect(),
        axis: ["0", "6", "12", "18", "24"].map(str::to_owned).to_vec(),
        head: vec!["Hour", "Pages"],
        rows: hours
            .iter()
            .enumerate()
            .map(|(hour, pages)| vec![named(hour), pages.to_string()])
            .collect(),
    }
}

fn ends(first: Option<Date>, last: Option<Date>) -> Vec<String> {
    first.into_iter().chain(last).map(short).collect()
}

fn short(date: Date) -> String {
    date.strftime("%-d %b").to_string()
}

fn incidents(count: u64) -> String {
    if count == 1 {
        "1 incident".into()
    } else {
        format!("{count} incidents")
    }
}

fn pages(count: u64) -> String {
    if count == 1 {
        "1 page".into()
    } else {
        format!("{count} pages")
    }
}

/// A time as people say it: its two largest units, each on a line with its number.
pub fn lasting(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut words = Vec::new();
    let mut rest = seconds;
    for (size, name) in UNITS {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            words.push(format!("{count}\u{a0}{name}"));
        } else if !words.is_empty() {
            break;
        }
        if words.len() == 2 {
            break;
        }
    }
    if words.is_empty() {
        "0\u{a0}s".into()
    } else {
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_their_two_largest_units() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_661, "1 h 1 min"),
            (3_605, "1 h"),
            (90_000, "1 d 1 h"),
            (86_400 * 12 + 59, "12 d"),
        ] {
            assert_eq!(lasting(seconds).replace('\u{a0}', " "), expected);
        }
    }

    #[test]
    fn blocks_stand_on_one_another_and_reach_the_top() {
        let blocks = stacked(2, &[(1, "a"), (0, "b"), (3, "c")], 4);
        let place = |y, height, fill| Block {
            x: 21,
            y,
            width: 8,
            height,
            fill,
        };
        assert_eq!(blocks, [place(150, 50, "a"), place(0, 150, "c")]);
        assert_eq!(
            stacked(0, &[(1, "a")], 100_000)[0].height,
            1,
            "what there is can be seen"
        );
        assert!(stacked(0, &[(0, "a")], 0).is_empty());
    }

    #[test]
    fn a_chart_says_what_it_shows() {
        let day = |day, critical, info| Day {
            date: jiff::civil::date(2026, 3, day),
            critical,
            error: 0,
            warning: 0,
            info,
        };
        let chart = by_day(&[day(1, 1, 0), day(2, 2, 1), day(3, 0, 0)]);
        assert_eq!(chart.summary, "4 incidents in 3 days; most on 2 Mar: 3.");
        assert_eq!((chart.scale.as_str(), chart.width), ("3 incidents", 30));
        assert_eq!(chart.rows[1], ["2 Mar", "2", "0", "0", "1", "3"]);
        assert_eq!(by_day(&[day(1, 0, 0)]).summary, "None in 1 days.");
        let mut hours = [0; 24];
        (hours[3], hours[12]) = (2, 1);
        assert_eq!(by_hour(&hours).summary, "3 pages, 2 of them at night, from 22 to 7.");
    }
}
