//! How others are told: texts and links for networks, and what other sites show. Links only: nothing of a network is loaded.

use shared::domain::status::share::{Shared, mail_link, networks};
use shared::domain::text::plain;

use crate::view::PageView;

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
    let shared = Shared {
        page: &view.name,
        title,
        status,
        words: "",
        url,
    };
    let text = shared.headline();
    let mut links = networks(&text, url);
    links.push(("E-mail", mail_link(&text, &format!("{text} {url}"))));
    Share {
        text,
        url: url.to_owned(),
        links,
    }
}

/// What other sites write to show the widget. Its frame may run its own script and open links, and nothing else.
pub fn frame_snippet(view: &PageView) -> String {
    format!(
        "<iframe src=\"{}/embed\" title=\"{}\" width=\"320\" height=\"160\" loading=\"lazy\" \
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
