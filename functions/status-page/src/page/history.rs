//! What was, by month.

use askama::Template;
use jiff::civil::Date;
use shared::domain::status::{ComponentStatus, words};
use shared::domain::text::plain;

use super::frame::{Frame, rendered};
use super::posts::Item;
use crate::documents::Stamp;
use crate::view::{PageView, PostView};

#[derive(Template)]
#[template(path = "history.html")]
struct History<'a> {
    frame: Frame<'a>,
    years: Vec<Year>,
    past: Vec<Item>,
}

/// A year of the list of months.
struct Year {
    year: i16,
    months: Vec<Month>,
}

/// A month.
struct Month {
    href: String,
    name: String,
}

#[derive(Template)]
#[template(path = "month.html")]
struct MonthPage<'a> {
    frame: Frame<'a>,
    heading: String,
    nothing: String,
    items: Vec<Item>,
    older: Option<Month>,
    newer: Option<Month>,
}

/// Where the history begins: the newest posts, and every month there was.
pub fn history(view: &PageView, stamp: Stamp) -> Vec<u8> {
    let labels = words::labels(view.locale);
    let title = format!("{} · {}", labels.history, plain(&view.name));
    let frame = Frame::new(view, stamp, "/history", &title, ComponentStatus::Operational);
    let mut years: Vec<Year> = Vec::new();
    for (date, month) in view.months.iter().filter_map(|month| Some((first_of(month)?, month))) {
        let name = labels.months[usize::from(date.month().unsigned_abs()) - 1].to_owned();
        let href = href(&frame, month);
        match years.last_mut() {
            Some(year) if year.year == date.year() => year.months.push(Month { href, name }),
            _ => years.push(Year {
                year: date.year(),
                months: vec![Month { href, name }],
            }),
        }
    }
    let posts = view.recent_posts.iter();
    let posts = posts.map(|post| (post.started_at, Item::post(&frame, post)));
    let over = view.recent_maintenances.iter().filter(|one| one.completed_at.is_some());
    let maintenances = over.map(|one| (one.ended_from(), Item::maintenance(&frame, one)));
    let mut past: Vec<_> = posts.chain(maintenances).collect();
    past.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    rendered(&History {
        years,
        past: past.into_iter().map(|(_, item)| item).collect(),
        frame,
    })
}

/// A month, `2026-11`, with its posts, newest first.
pub fn month(view: &PageView, month: &str, posts: &[PostView], stamp: Stamp) -> Vec<u8> {
    let labels = words::labels(view.locale);
    let name = first_of(month).map_or_else(|| month.to_owned(), |date| labels.month_of(date));
    let gap = |phrase| words::filled(phrase, &[("month", &name)]);
    let (heading, nothing) = (gap(labels.history_of), gap(labels.nothing_in));
    let title = format!("{heading} · {}", plain(&view.name));
    let frame = Frame::new(
        view,
        stamp,
        &format!("/history/{month}"),
        &title,
        ComponentStatus::Operational,
    );
    let place = view.months.iter().position(|one| one == month);
    let beside = |index: Option<usize>| {
        let month = view.months.get(index?)?;
        let name = labels.month_of(first_of(month)?);
        let href = href(&frame, month);
        Some(Month { href, name })
    };
    let (older, newer) = (
        beside(place.map(|at| at + 1)),
        beside(place.and_then(|at| at.checked_sub(1))),
    );
    let items = posts.iter().map(|post| Item::post(&frame, post)).collect();
    rendered(&MonthPage {
        heading,
        nothing,
        items,
        older,
        newer,
        frame,
    })
}

fn first_of(month: &str) -> Option<Date> {
    format!("{month}-01").parse().ok()
}

fn href(frame: &Frame<'_>, month: &str) -> String {
    format!("{}/history/{month}", frame.root)
}
