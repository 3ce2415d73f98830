//! The days of a component, as bars: each has a colour and a text.

use jiff::civil::Date;
use shared::domain::status::{ComponentStatus, Day, words};
use shared::domain::text::{cut_chars, plain};

use super::frame::{Frame, class, isolated};
use crate::view::{ComponentView, PostView};

/// Posts that one day names.
const POSTS_MAX: usize = 2;
/// Characters of a title there.
const TITLE_CHARS_MAX: usize = 60;

/// The bars of a component.
pub struct Bars {
    /// Whose, and of how many days.
    pub label: String,
    pub days: Vec<Bar>,
    /// Uptime over them.
    pub uptime: Option<String>,
    /// On the left.
    pub first: String,
}

/// One day.
pub struct Bar {
    /// Its colour; empty: in order.
    pub class: &'static str,
    pub text: String,
}

impl Bars {
    /// The bars of this component.
    pub fn of(frame: &Frame<'_>, component: &ComponentView) -> Self {
        let labels = frame.labels;
        let (name, count) = (isolated(&component.name), component.days.len());
        let about: Vec<&PostView> = frame.view.recent_posts.iter().collect();
        let about = about.into_iter().filter(|post| post.components.contains(&component.id));
        let about: Vec<_> = about.map(|post| (post, span(frame, post))).collect();
        let bar = |day: &Day| Bar {
            class: match day.worst {
                None => "n",
                Some(ComponentStatus::Operational) => "",
                Some(worst) => class(worst),
            },
            text: format!(
                "{}: {}",
                frame.date(day.date),
                self::text(frame, component, day, &about)
            ),
        };
        Self {
            label: labels.counted_with(labels.bars, count, &[("name", &name)]),
            days: component.days.iter().map(bar).collect(),
            uptime: component.uptime.map(|uptime| {
                let percent = labels.percent_of(uptime);
                match component.known_since {
                    None => frame.filled(labels.uptime, "percent", &percent),
                    Some(date) => {
                        let date = frame.date(date);
                        words::filled(labels.uptime_since, &[("percent", &percent), ("date", &date)])
                    }
                }
            }),
            first: labels.counted(labels.days_ago, count),
        }
    }
}

/// From which day to which a post was open.
fn span(frame: &Frame<'_>, post: &PostView) -> (Date, Date) {
    let date = |at: jiff::Timestamp| at.to_zoned(frame.view.zone.clone()).date();
    (date(post.started_at), post.resolved_at.map_or(frame.view.today, date))
}

/// What a day was.
fn text(frame: &Frame<'_>, component: &ComponentView, day: &Day, about: &[(&PostView, (Date, Date))]) -> String {
    let labels = frame.labels;
    let Some(worst) = day.worst else {
        return labels.no_data.to_owned();
    };
    if worst == ComponentStatus::Operational {
        return labels.no_trouble.to_owned();
    }
    let status = |status| labels.component_status(status);
    let goes_on = day.date == frame.view.today && component.status != ComponentStatus::Operational;
    let lengths = [
        (ComponentStatus::MajorOutage, day.major_ms),
        (ComponentStatus::PartialOutage, day.partial_ms),
        (ComponentStatus::DegradedPerformance, day.degraded_ms),
    ];
    // Of what goes on no time is told, which grows: a document changes only when something happens.
    let is_over = |kind: &ComponentStatus| !goes_on || *kind != component.status;
    let mut parts: Vec<String> = lengths
        .into_iter()
        .filter(|(kind, ms)| *ms > 0 && is_over(kind))
        .map(|(kind, ms)| format!("{} {}", status(kind), labels.duration(ms)))
        .collect();
    if goes_on {
        parts.insert(0, format!("{}, {}", status(component.status), labels.still));
    } else if parts.is_empty() {
        parts.push(status(worst).to_owned());
    }
    let mut text = parts.join(", ");
    let named = about
        .iter()
        .filter(|(_, (from, until))| (*from..=*until).contains(&day.date));
    for (post, _) in named.take(POSTS_MAX) {
        text.push_str(" · ");
        text.push_str(&isolated(&cut_chars(&plain(&post.title), TITLE_CHARS_MAX)));
    }
    text
}
