//! The words of an update, put right. A page of its own: whoever types is not disturbed by what happens meanwhile.

use askama::Template;
use axum::response::Response;
use shared::domain::id::UpdateId;
use shared::domain::status::Update;

use crate::page::{Frame, Moment, Section, Visitor, shown};

/// An update of a post or a maintenance, in a form.
#[derive(Debug, Template)]
#[template(path = "status/correct.html")]
pub struct Correct {
    frame: Frame,
    /// The page of what it is an update of, and behind `/api/v1` what it is to the API.
    path: String,
    version: u64,
    title: String,
    update_id: UpdateId,
    status: &'static str,
    at: Moment,
    body: String,
    chars_max: usize,
    was_told: bool,
}

/// Of what.
pub struct Whole<'a> {
    /// Its page.
    pub path: String,
    pub version: u64,
    pub title: &'a str,
}

/// The page, for one update; `status` is where the whole stood, in words.
pub fn correct<S>(
    visitor: &Visitor,
    whole: Whole<'_>,
    update: &Update<S>,
    status: &'static str,
    chars_max: usize,
) -> Response {
    shown(&Correct {
        frame: Frame::new(Section::Status, visitor),
        path: whole.path,
        version: whole.version,
        title: whole.title.to_owned(),
        update_id: update.id,
        status,
        at: visitor.zone().moment(update.at),
        body: update.body.clone(),
        chars_max,
        was_told: update.deliver_notifications,
    })
}
