//! How others are told of a post or a maintenance: texts for networks, e-mail and chat, and the networks' addresses that
//! take a text. Texts and links only: nothing of a network is ever loaded.

use url::form_urlencoded::byte_serialize;

use crate::domain::text::{cut_chars, plain, prose};

/// Characters that the shortest of the networks takes, the address among them.
pub const NETWORK_CHARS_MAX: usize = 280;
/// Characters of a text beside an address: enough for any, with an address of the longest host.
const TEXT_CHARS_MAX: usize = 200;
/// Characters of the last words that are worth a place.
const WORDS_CHARS_MIN: usize = 40;

/// What is shared.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// The page's name.
    pub page: &'a str,
    /// The title.
    pub title: &'a str,
    /// Where it stands, in the page's language.
    pub status: &'a str,
    /// What was said last; empty: it is not told.
    pub words: &'a str,
    /// Its address.
    pub url: &'a str,
}

impl Shared<'_> {
    /// In one line, without the address: the page, what it is about and where it stands.
    pub fn headline(&self) -> String {
        let (page, title) = (plain(self.page), plain(self.title));
        cut_chars(&format!("{page}: {title} ({})", self.status), TEXT_CHARS_MAX)
    }

    /// For networks, the address at its end: at most [`NETWORK_CHARS_MAX`] characters, with as many of the last words as
    /// there is room for.
    pub fn network(&self) -> String {
        let room = NETWORK_CHARS_MAX.saturating_sub(self.url.chars().count() + 2);
        let headline = cut_chars(&self.headline(), room);
        let (words, left) = (prose(self.words), room.saturating_sub(headline.chars().count() + 1));
        if words.is_empty() || (left < WORDS_CHARS_MIN && words.chars().count() > left) {
            return format!("{headline}\n{}", self.url);
        }
        format!("{headline}\n{}\n{}", cut_chars(&words, left), self.url)
    }

    /// The subject of an e-mail, and its text.
    pub fn e_mail(&self) -> (String, String) {
        let words = self.words.trim();
        let joint = if words.is_empty() { "" } else { "\n\n" };
        (
            self.headline(),
            format!("{}{joint}{words}\n\n{}\n", self.headline(), self.url),
        )
    }

    /// For a chat room.
    pub fn chat(&self) -> String {
        let words = self.words.trim();
        let joint = if words.is_empty() { "" } else { "\n" };
        format!("{}{joint}{words}\n{}", self.headline(), self.url)
    }
}

/// Networks by their names, with the address at which each has `text` and the link ready.
pub fn networks(text: &str, url: &str) -> Vec<(&'static str, String)> {
    let (both, address) = (encoded(&format!("{text} {url}")), encoded(url));
    vec![
        ("Bluesky", format!("https://bsky.app/intent/compose?text={both}")),
        (
            "Facebook",
            format!("https://www.facebook.com/sharer/sharer.php?u={address}"),
        ),
        (
            "LinkedIn",
            format!("https://www.linkedin.com/sharing/share-offsite/?url={address}"),
        ),
        ("Mastodon", format!("https://share.joinmastodon.org/#text={both}")),
        ("WhatsApp", format!("https://wa.me/?text={both}")),
        (
            "X",
            format!("https://x.com/intent/tweet?text={}&url={address}", encoded(text)),
        ),
    ]
}

/// The address that opens a mail program with this subject and text.
pub fn mail_link(subject: &str, text: &str) -> String {
    format!("mailto:?subject={}&body={}", encoded(subject), encoded(text))
}

/// For queries; a space is `%20`, which `mailto:` (RFC 6068, 5) and fragments want, too.
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// What other sites write to show a page's widget, in HTML. Its frame may run its own script and open links, and nothing else.
pub fn frame_snippet(url: &str, name: &str) -> String {
    format!(
        "<iframe src=\"{url}/embed\" title=\"{}\" width=\"320\" height=\"160\" loading=\"lazy\" \
         sandbox=\"allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox\" style=\"border:0\"></iframe>",
        attribute(&plain(name))
    )
}

/// What other sites write to show a page's badge, in HTML.
pub fn badge_html(url: &str, name: &str) -> String {
    let name = attribute(&plain(name));
    format!("<a href=\"{url}\"><img src=\"{url}/badge.svg\" alt=\"{name}\"></a>")
}

/// What a README has to show a page's badge.
pub fn badge_markdown(url: &str, name: &str) -> String {
    // Brackets would end a text of Markdown.
    let name = plain(name).replace(['[', ']', '\\', '`', '!', '<', '>'], "");
    format!("[![{name}]({url}/badge.svg)]({url})")
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://status.example.com/status/main/incidents/pst_01arz3ndektsv4rrffq69g5fav";

    fn shared<'a>(title: &'a str, words: &'a str) -> Shared<'a> {
        Shared {
            page: "Acme",
            title,
            status: "Investigating",
            words,
            url: URL,
        }
    }

    #[test]
    fn a_network_takes_it_however_long_it_is() {
        let short = shared("Problems with API", "We are looking.").network();
        assert_eq!(
            short,
            format!("Acme: Problems with API (Investigating)\nWe are looking.\n{URL}")
        );
        for words in [0, 1, 20, 39, 60, 100, 139, 140, 141, 160, 4_000] {
            for title in [1, 50, 128] {
                let (words, title) = ("ö".repeat(words), "ü".repeat(title));
                let text = shared(&title, &words).network();
                assert!(
                    text.chars().count() <= NETWORK_CHARS_MAX,
                    "{}: {text}",
                    text.chars().count()
                );
                assert!(text.starts_with("Acme: ü") && text.ends_with(URL), "{text}");
            }
        }
        let host = format!("https://{}.example/{}", "x".repeat(180), "y".repeat(80));
        let long = Shared {
            url: &host,
            ..shared("Problems", "words")
        };
        assert!(long.network().ends_with(&host));
    }

    #[test]
    fn an_e_mail_and_a_chat_room_have_all_the_words() {
        let shared = shared("A & B", "First.\n\nSecond.");
        let (subject, text) = shared.e_mail();
        assert_eq!(subject, "Acme: A & B (Investigating)");
        assert!(text.contains("First.\n\nSecond.") && text.contains(URL), "{text}");
        let link = mail_link(&subject, &text);
        assert!(
            link.starts_with("mailto:?subject=Acme%3A%20A%20%26%20B%20%28Investigating%29&body=Acme"),
            "{link}"
        );
        assert!(!link.contains(['+', ' ', '\n']), "{link}");
        assert_eq!(
            shared.chat(),
            format!("Acme: A & B (Investigating)\nFirst.\n\nSecond.\n{URL}")
        );
    }
}
