//! Where else a page is shown: addresses to read it by, and snippets to paste.

use askama::filters::{Html, escape};
use shared::ctx::Ctx;
use shared::domain::status::{Page, folder};

/// Addresses of a page, and snippets that show it elsewhere.
#[derive(Debug)]
pub struct Elsewhere {
    /// The badge, from where this browser surely reads it.
    pub badge: String,
    pub addresses: [Copied; 4],
    pub snippets: [Copied; 3],
}

/// A text to copy.
#[derive(Debug)]
pub struct Copied {
    pub id: &'static str,
    pub label: &'static str,
    pub text: String,
}

impl Elsewhere {
    pub fn of(ctx: &Ctx, page: &Page) -> Self {
        let url = ctx.page_url(page);
        let copied = |id, label, text| Copied { id, label, text };
        let name = escaped(&page.name);
        // Brackets would end a text of Markdown.
        let plain = page.name.replace(['[', ']', '\\', '`'], " ");
        Self {
            badge: format!("{}/badge.svg", ctx.object_url(&folder(&page.slug))),
            addresses: [
                copied("page", "The page", url.clone()),
                copied(
                    "json",
                    "JSON, as Statuspage writes it",
                    format!("{url}/api/v2/summary.json"),
                ),
                copied("feed", "Atom feed", format!("{url}/history.atom")),
                copied("subscribe", "The form to subscribe", format!("{url}/subscribers")),
            ],
            snippets: [
                copied(
                    "badge-html",
                    "Badge, in HTML",
                    format!(r#"<a href="{url}"><img src="{url}/badge.svg" alt="Status of {name}"></a>"#),
                ),
                copied(
                    "badge-markdown",
                    "Badge, in Markdown",
                    format!("[![Status of {plain}]({url}/badge.svg)]({url})"),
                ),
                copied(
                    "frame",
                    "A frame for your own site",
                    format!(
                        r#"<iframe src="{url}/embed" title="Status of {name}" width="320" height="140" loading="lazy" style="border:0"></iframe>"#
                    ),
                ),
            ],
        }
    }
}

/// A text within an attribute of HTML.
fn escaped(text: &str) -> String {
    let Ok(escaped) = escape(text, Html);
    escaped.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_attribute() {
        assert_eq!(escaped(r#"A&B "><script>"#), "A&#38;B &#34;&#62;&#60;script&#62;");
    }
}
