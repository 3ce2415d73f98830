//! What documents say around what people wrote.
//!
//! A language that lacks a phrase does not compile; the tests see that none is empty, and that all leave the same gaps.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::filled;
use crate::domain::status::{ComponentStatus, Impact, MaintenanceStatus, PostStatus};

/// The forms of a phrase with a number, in the order in which [`Labels::form`] counts them; `{n}` is the number.
pub type Counted = &'static [&'static str];

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        /// One language. In texts, `{page}`, `{name}` and the like stand for what they name.
        #[derive(Debug)]
        pub struct Labels {
            $($(#[$doc])* pub $name: $kind,)*
        }

        #[cfg(test)]
        impl Labels {
            /// Every phrase by its name, for tests.
            pub(super) fn each(&self) -> Vec<(&'static str, Vec<&'static str>)> {
                vec![$((stringify!($name), self.$name.phrases())),*]
            }
        }
    };
}

labels! {
    /// The language, as HTML names it.
    lang: &'static str,
    /// The language whose dates a script writes as these are written.
    dates: &'static str,
    /// Which form of a [`Counted`] phrase a number takes.
    form: fn(u64) -> usize,
    /// The months in full.
    months: [&'static str; 12],
    /// The months in dates.
    months_short: [&'static str; 12],
    /// A day of this year.
    day: &'static str,
    /// A day of another year.
    day_of_year: &'static str,
    /// A day and a time.
    day_and_time: &'static str,
    /// A month.
    month: &'static str,
    /// Between the whole and its fraction.
    decimal: &'static str,
    /// A part of a hundred.
    percent: &'static str,
    /// Less than a minute.
    moment: &'static str,
    /// Minutes.
    minutes: &'static str,
    /// Hours.
    hours: &'static str,
    /// Days.
    days: &'static str,
    /// The state of a page, by its worst component: see [`Labels::headline`].
    headlines: [&'static str; 5],
    /// The same where no other component is as bad.
    headlines_of_one: [&'static str; 5],
    /// Component statuses, the best first.
    component_statuses: [&'static str; 5],
    /// Post statuses in their order.
    post_statuses: [&'static str; 5],
    /// Maintenance statuses in their order.
    maintenance_statuses: [&'static str; 4],
    /// Where a maintenance stands that was called off.
    cancelled: &'static str,
    /// How bad posts are, the mildest first.
    impacts: [&'static str; 4],
    /// The title of the feed.
    feed_title: &'static str,
    /// Leads past the head of a page.
    skip: &'static str,
    /// What is going on, where the state of the page is told to search engines and networks.
    about: &'static str,
    /// Over what goes on.
    current: &'static str,
    /// Over announced work that goes on.
    maintenance_now: &'static str,
    /// Over announced work that comes.
    maintenance_ahead: &'static str,
    /// Over the components.
    components: &'static str,
    /// How many are in a group.
    members: Counted,
    /// Over what was: posts and maintenances.
    past: &'static str,
    /// Where nothing was lately.
    nothing_lately: Counted,
    /// Where nothing ever was.
    nothing_ever: &'static str,
    /// Where nothing is out of order, but an incident is open.
    still_open: &'static str,
    /// Where a page has no components yet.
    no_components: &'static str,
    /// What to do about that.
    no_components_yet: &'static str,
    /// Over the history.
    history: &'static str,
    /// The history of a month.
    history_of: &'static str,
    /// Where nothing was in a month.
    nothing_in: &'static str,
    /// Leads to the history.
    all_history: &'static str,
    /// Names the months that there are.
    all_months: &'static str,
    /// Leads to the month before.
    older: &'static str,
    /// Leads to the month after.
    newer: &'static str,
    /// Leads back to the page.
    back: &'static str,
    /// Leads to the feed.
    feed: &'static str,
    /// How much a component was up.
    uptime: &'static str,
    /// The same of one that is known for less than the bars show.
    uptime_since: &'static str,
    /// Names the bars of a component.
    bars: Counted,
    /// How the keys lead along the bars.
    bars_keys: &'static str,
    /// Days ago, on the left of the bars.
    days_ago: Counted,
    /// On the right of the bars.
    today: &'static str,
    /// A day on which nothing was wrong.
    no_trouble: &'static str,
    /// A day that a component did not see.
    no_data: &'static str,
    /// What is not over yet.
    still: &'static str,
    /// What something affects.
    affects: &'static str,
    /// What something affected.
    affected: &'static str,
    /// What an update made of a component.
    became: &'static str,
    /// From when until when.
    span: &'static str,
    /// Since when.
    since: &'static str,
    /// Updates that are told elsewhere.
    more_updates: Counted,
    /// Over the updates of a post.
    updates: &'static str,
    /// That a post was taken back.
    withdrawn: &'static str,
    /// Where a post stands that was taken back.
    withdrawn_status: &'static str,
    /// What the feed says instead of its words.
    withdrawn_entry: &'static str,
    /// When a maintenance is planned, in the feed.
    planned: &'static str,
    /// Where times are of, as long as no script says more.
    times_in: &'static str,
    /// Where times are of, if they are the reader's own.
    times_yours: &'static str,
    /// What is told to those who do not look when the page changed.
    changed: &'static str,
    /// That nothing new could be had.
    stale: &'static str,
    /// That what came is old.
    old: &'static str,
    /// Ways to hear of it.
    subscribe: &'static str,
    /// Ways to tell others.
    share: &'static str,
    /// Ways to show it elsewhere.
    elsewhere: &'static str,
    /// A frame for other sites.
    frame: &'static str,
    /// A picture for other sites.
    badge: &'static str,
    /// The state for programs.
    json: &'static str,
    /// Over a page that is not there.
    lost: &'static str,
    /// What to do about that.
    lost_why: &'static str,
    /// What made the page.
    made_by: &'static str,
}

impl Labels {
    /// How a page does whose components, groups left out, do so; none: it is of no status. One that watches nothing does not say
    /// that all is well, nor does one that still tells of an incident, whatever its components do.
    pub fn headline(
        &self,
        components: impl Iterator<Item = ComponentStatus> + Clone,
        tells: bool,
    ) -> (&'static str, Option<ComponentStatus>) {
        match components.clone().max() {
            None if !tells => (self.no_components, None),
            None | Some(ComponentStatus::Operational) if tells => (self.still_open, None),
            worst => {
                let worst = worst.unwrap_or_default();
                let count = components.filter(|status| *status == worst).count();
                let headlines = if count == 1 {
                    self.headlines_of_one
                } else {
                    self.headlines
                };
                (headlines[worst as usize], Some(worst))
            }
        }
    }

    /// A component's status.
    pub fn component_status(&self, status: ComponentStatus) -> &'static str {
        self.component_statuses[status as usize]
    }

    /// A post's status.
    pub fn post_status(&self, status: PostStatus) -> &'static str {
        self.post_statuses[status as usize]
    }

    /// A maintenance's status; over is another word for one that was called off.
    pub fn maintenance_status(&self, status: MaintenanceStatus, is_cancelled: bool) -> &'static str {
        match status {
            MaintenanceStatus::Completed if is_cancelled => self.cancelled,
            _ => self.maintenance_statuses[status as usize],
        }
    }

    /// How bad a post is.
    pub fn impact(&self, impact: Impact) -> &'static str {
        self.impacts[impact as usize]
    }

    /// A phrase with a number in the form that the number takes.
    pub fn counted(&self, phrase: Counted, n: usize) -> String {
        self.counted_with(phrase, n, &[])
    }

    /// The same, with more gaps.
    pub fn counted_with(&self, phrase: Counted, n: usize, gaps: &[(&str, &str)]) -> String {
        let form = phrase.get((self.form)(n as u64)).or(phrase.last()).copied();
        let number = n.to_string();
        let gaps: Vec<_> = gaps.iter().copied().chain([("n", number.as_str())]).collect();
        filled(form.unwrap_or_default(), &gaps)
    }

    /// Uptime of so many hundredths of a percent: `99.98%`; what has no fraction shows none.
    pub fn percent_of(&self, hundredths: i64) -> String {
        let (whole, fraction) = (hundredths / 100, hundredths % 100);
        let number = match fraction {
            0 => whole.to_string(),
            _ => format!("{whole}{}{fraction:02}", self.decimal),
        };
        filled(self.percent, &[("n", &number)])
    }

    /// How long something was, in its two greatest units.
    pub fn duration(&self, milliseconds: i64) -> String {
        let minutes = milliseconds / 60_000;
        let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
        let said = |unit, n: i64| (n > 0).then(|| filled(unit, &[("n", &n.to_string())]));
        let parts = match (days, hours) {
            (0, 0) if minutes == 0 => return self.moment.to_owned(),
            (0, _) => [said(self.hours, hours), said(self.minutes, rest)],
            _ => [said(self.days, days), said(self.hours, hours)],
        };
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// A day; with its year where that is another than `today`'s.
    pub fn date(&self, date: Date, today: Date) -> String {
        let month = self.months_short[usize::from(date.month().unsigned_abs()) - 1];
        let (day, year) = (date.day().to_string(), date.year().to_string());
        let phrase = if date.year() == today.year() {
            self.day
        } else {
            self.day_of_year
        };
        filled(phrase, &[("day", &day), ("month", month), ("year", &year)])
    }

    /// The same with its year and its zone, for where nobody sees of which zone it is.
    pub fn time_in_zone(&self, at: Timestamp, zone: &TimeZone) -> String {
        let zoned = at.to_zoned(zone.clone());
        format!("{} {}", self.time(at, zone, Date::ZERO), zoned.strftime("%Z"))
    }

    /// A time of a day, on the clock of `zone`.
    pub fn time(&self, at: Timestamp, zone: &TimeZone, today: Date) -> String {
        let wall: Zoned = at.to_zoned(zone.clone());
        let time = wall.strftime("%H:%M").to_string();
        let date = self.date(wall.date(), today);
        filled(self.day_and_time, &[("date", &date), ("time", &time)])
    }

    /// A month in full.
    pub fn month_of(&self, date: Date) -> String {
        let month = self.months[usize::from(date.month().unsigned_abs()) - 1];
        filled(self.month, &[("month", month), ("year", &date.year().to_string())])
    }
}

#[cfg(test)]
trait Phrases {
    fn phrases(&self) -> Vec<&'static str>;
}

#[cfg(test)]
impl Phrases for &'static str {
    fn phrases(&self) -> Vec<&'static str> {
        vec![self]
    }
}

#[cfg(test)]
impl<const N: usize> Phrases for [&'static str; N] {
    fn phrases(&self) -> Vec<&'static str> {
        self.to_vec()
    }
}

#[cfg(test)]
impl Phrases for Counted {
    fn phrases(&self) -> Vec<&'static str> {
        self.to_vec()
    }
}

#[cfg(test)]
impl Phrases for fn(u64) -> usize {
    fn phrases(&self) -> Vec<&'static str> {
        Vec::new()
    }
}
