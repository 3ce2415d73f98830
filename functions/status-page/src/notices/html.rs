//! E-mails as HTML: one column of plain elements, which every mail program shows.

use askama::Template;

use super::facts::Facts;
use super::message::{Links, Story};
use crate::page::text::{Block, blocks};
use shared::domain::status::words::{SubscriberWords as Words, filled};

#[derive(Template)]
#[template(path = "subscribers/mail.html")]
struct StoryMail<'a> {
    words: &'a Words,
    page: &'a str,
    page_url: &'a str,
    why: String,
    story: &'a Story,
    body: Prose,
    /// Status, time and words of each.
    earlier: Vec<(&'a str, &'a str, Prose)>,
    links: &'a Links,
}

/// What people wrote, as the page shows it.
struct Prose {
    blocks: Vec<Block>,
}

impl Prose {
    fn of(text: &str) -> Self {
        Self { blocks: blocks(text) }
    }
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
        body: Prose::of(&story.body),
        earlier: story
            .earlier
            .iter()
            .map(|(status, at, body)| (status.as_str(), at.as_str(), Prose::of(body)))
            .collect(),
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

#[cfg(test)]
mod tests {
    use super::super::message;
    use super::*;
    use shared::domain::status::{News, Page, Subscriber, words};

    fn facts(name: &str, locale: &str) -> Facts {
        let page: Page = serde_json::from_value(serde_json::json!({
            "id": "pag_01arz3ndektsv4rrffq69g5fav", "slug": "main", "name": name, "time_zone": "UTC",
            "locale": locale, "created_at": "2026-03-01T02:00:00Z",
        }))
        .unwrap();
        Facts {
            page,
            url: "https://status.example.com/status/main".into(),
            components: Vec::new(),
            matter: None,
            affected: Vec::new(),
        }
    }

    fn links() -> Links {
        Links {
            manage: "https://status.example.com/status/main/subscribers/nbu_x".into(),
            unsubscribe: "https://status.example.com/status/main/subscribers/nbu_x/unsubscribe".into(),
        }
    }

    #[test]
    fn hostile_names_and_words_are_text() {
        let hostile = "</p><script>alert(1)</script><img src=x onerror=alert(1)>\"'{url}";
        let one = Story {
            subject: hostile.into(),
            title: hostile.into(),
            status: "Investigating".into(),
            planned: Some(hostile.into()),
            body: hostile.into(),
            at: "now".into(),
            affected: Some(hostile.into()),
            earlier: vec![("Identified".into(), "before".into(), hostile.into())],
            url: "https://status.example.com/status/main/incidents/pst_x".into(),
        };
        for locale in ["en", "de"] {
            let facts = facts(hostile, locale);
            let words = words::subscribers(facts.page.locale);
            let html = story(words, &facts, &one, &links());
            assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
            assert_eq!(html.matches("href=").count(), 4, "{html}");
            assert!(html.contains(&format!("lang=\"{locale}\"")));
        }
    }

    #[test]
    fn headings_and_lists_are_some_in_mail_and_in_chat() {
        let facts = facts("Acme", "en");
        let words = words::subscribers(facts.page.locale);
        let one = Story {
            subject: "Acme".into(),
            title: "Problems".into(),
            status: "Postmortem".into(),
            planned: None,
            body: "## Causes\n\nA disk.\n\n- One\n- Two".into(),
            at: "now".into(),
            affected: None,
            earlier: Vec::new(),
            url: "https://status.example.com/status/main/incidents/pst_x".into(),
        };
        let html = story(words, &facts, &one, &links());
        assert!(
            html.contains("<h2 dir=\"auto\">Causes</h2>") && html.contains("<li>Two</li>"),
            "{html}"
        );
        assert_eq!(message::mrkdwn(&one.body, 100), "*Causes*\n\nA disk.\n\n- One\n- Two");
        // Slack takes so many characters, whatever they become.
        for text in ["&".repeat(4_000), "<é>".repeat(2_000), "a".repeat(4_000)] {
            let told = message::mrkdwn(&text, 2_500);
            assert!(told.chars().count() <= 2_500 && told.ends_with('…'), "{told}");
            let whole = told
                .trim_end_matches('…')
                .replace("&amp;", "")
                .replace("&lt;", "")
                .replace("&gt;", "");
            assert!(!whole.contains('&'), "{whole}");
        }
    }

    #[test]
    fn the_link_to_confirm_is_a_link_and_names_cannot_be_one() {
        let asked: Subscriber = serde_json::from_value(serde_json::json!({
            "id": "sub_01arz3ndektsv4rrffq69g5fav", "page_id": "pag_01arz3ndektsv4rrffq69g5fav", "channel": "email",
            "sealed_address": "x", "since": "2026-03-01T02:00:00Z", "asked_at": "2026-03-01T02:00:00Z",
        }))
        .unwrap();
        let facts = facts("{url}\nhttps://evil.example.com", "en");
        let mail = message::email(&facts, News::Asked(1), &asked, &links());
        let expected = format!("<a href=\"{0}\">{0}</a>", links().manage);
        assert!(mail.html.contains(&expected), "{}", mail.html);
        assert!(!mail.html.contains("href=\"https://evil"), "{}", mail.html);
        assert_eq!(mail.text.matches(&links().manage).count(), 1, "{}", mail.text);
    }
}
