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

#[cfg(test)]
mod tests {
    use super::super::message;
    use super::*;
    use shared::domain::status::{News, Page, Subscriber};

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
            let words = crate::subscribers::words::of(facts.page.locale);
            let html = story(words, &facts, &one, &links());
            assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
            assert_eq!(html.matches("href=").count(), 4, "{html}");
            assert!(html.contains(&format!("lang=\"{locale}\"")));
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
