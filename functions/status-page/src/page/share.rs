//! How others are told: texts and links for networks, and what other sites show. Links only: nothing of a network is loaded.

use url::form_urlencoded::byte_serialize;

use super::text::{cut, plain};
use crate::view::PageView;
use crate::words::{self, filled};

/// Characters that the shortest of the networks takes of a text beside an address.
const TEXT_CHARS_MAX: usize = 200;

/// How others are told of something.
#[derive(Debug, PartialEq, Eq)]
pub struct Share {
    /// What they are told, without the address.
    pub text: String,
    /// The address.
    pub url: String,
    /// Networks by their names, with the address that has the text ready.
    pub links: Vec<(&'static str, String)>,
}

/// How others are told of a post or a maintenance of this title and status.
pub fn share(view: &PageView, title: &str, status: &str, url: &str) -> Share {
    let gaps = [
        ("page", plain(&view.name)),
        ("title", plain(title)),
        ("status", status.to_owned()),
    ];
    let gaps = gaps.each_ref().map(|(gap, value)| (*gap, value.as_str()));
    let text = cut(&filled(words::of(view.locale).share_text, &gaps), TEXT_CHARS_MAX);
    let (encoded, address) = (encoded(&text), self::encoded(url));
    let both = self::encoded(&format!("{text} {url}"));
    let links = vec![
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
        ("X", format!("https://x.com/intent/tweet?text={encoded}&url={address}")),
        ("E-mail", format!("mailto:?subject={encoded}&body={both}")),
    ];
    Share {
        text,
        url: url.to_owned(),
        links,
    }
}

/// What other sites write to show the widget. Its frame may run its own script and open links, and nothing else.
pub fn frame_snippet(view: &PageView) -> String {
    format!(
        "<iframe src=\"{}/embed\" title=\"{}\" width=\"320\" height=\"120\" loading=\"lazy\" \
         sandbox=\"allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox\" style=\"border:0\"></iframe>",
        view.url,
        attribute(&plain(&view.name))
    )
}

/// What a README has to show the badge.
pub fn badge_markdown(view: &PageView) -> String {
    let name = plain(&view.name).replace(['[', ']', '\\', '`', '!', '<', '>'], "");
    format!("[![{name}]({url}/badge.svg)]({url})", url = view.url)
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// For queries; a space is `%20`, which `mailto:` (RFC 6068, 5) and fragments want, too.
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
