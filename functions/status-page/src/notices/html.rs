//! E-mails as HTML: one column of plain elements, which every mail program shows.

use askama::Template;

use super::facts::Facts;
use super::message::{Links, Story};
use crate::subscribers::words::{Words, filled};

#[derive(Template)]
#[template(path = "subscribers/mail.html")]
struct StoryMail<'a> {
    words: &'a Words,
    page: &'a str,
    page_url: &'a str,
    why: String,
    story: &'a Story,
    links: &'a Links,
}

#[derive(Template)]
#[template(path = "subscribers/letter.html")]
struct Letter<'a> {
    words: &'a Words,
    page: &'a str,
    page_url: &'a str,
    /// Each with whether it is the link.
    paragraphs: Vec<(&'a str, bool)>,
    url: &'a str,
}

/// News.
pub fn story(words: &Words, facts: &Facts, story: &Story, links: &Links) -> String {
    let mail = StoryMail {
        words,
        page: &facts.page.name,
        page_url: &facts.url,
        why: filled(words.why, &[("page", &facts.page.name)]),
        story,
        links,
    };
    mail.render().unwrap_or_default()
}

/// A message about the subscription itself; lines of `text` that are `url` become links.
pub fn letter(words: &Words, facts: &Facts, text: &str, url: &str) -> String {
    let letter = Letter {
        words,
        page: &facts.page.name,
        page_url: &facts.url,
        paragraphs: text
            .split('\n')
            .filter(|line| !line.is_empty())
            .map(|line| (line, line == url))
            .collect(),
        url,
    };
    letter.render().unwrap_or_default()
}
