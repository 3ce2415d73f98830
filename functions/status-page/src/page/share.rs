//! How others are told: texts and links for networks. Links only: nothing of a network is loaded.

use shared::domain::status::share::{Shared, mail_link, networks};
use shared::domain::status::words;

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
    let [email, ..] = words::subscribers(view.locale).channels;
    let mut links = networks(&text, url);
    links.push((email, mail_link(&text, &format!("{text} {url}"))));
    Share {
        text,
        url: url.to_owned(),
        links,
    }
}
