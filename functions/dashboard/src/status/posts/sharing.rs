//! How others are told of a post: texts to copy, and links that have a text ready. Nothing of a network is loaded.

use shared::ctx::Ctx;
use shared::domain::status::share::{NETWORK_CHARS_MAX, Shared, mail_link, networks};
use shared::domain::status::{Page, Post, words};

#[derive(Debug)]
pub struct Sharing {
    /// Where the public reads it.
    pub url: String,
    pub texts: [Text; 3],
    pub networks: Vec<(&'static str, String)>,
    pub mail: String,
}

/// A text to copy.
#[derive(Debug)]
pub struct Text {
    pub label: &'static str,
    pub hint: String,
    pub text: String,
    /// Lines that it is shown in.
    pub rows: usize,
}

impl Sharing {
    pub fn of(ctx: &Ctx, page: &Page, post: &Post) -> Self {
        let url = format!("{}/incidents/{}", ctx.page_url(page), post.id);
        let shared = Shared {
            page: &page.name,
            title: &post.title,
            status: words::of(page.locale).post_status(post.status),
            words: post.updates.last().map_or("", |update| update.body.as_str()),
            url: &url,
        };
        let (subject, mail) = shared.e_mail();
        let network = shared.network();
        let length = network.chars().count();
        Self {
            texts: [
                Text::new(
                    "For social networks",
                    format!("{length} of {NETWORK_CHARS_MAX} characters"),
                    network,
                ),
                Text::new("For a chat room", String::new(), shared.chat()),
                Text::new("For an e-mail", format!("Subject: {subject}"), mail.clone()),
            ],
            networks: networks(&shared.headline(), &url),
            mail: mail_link(&subject, &mail),
            url,
        }
    }
}

impl Text {
    fn new(label: &'static str, hint: String, text: String) -> Self {
        let rows = text.lines().count().clamp(3, 10);
        Self {
            label,
            hint,
            text,
            rows,
        }
    }
}
