//! What people read: pure functions from what the public sees ([`PageView`](crate::view::PageView)) to a document's bytes.
//!
//! A document is one request. Style, script, logo and icon are in it, allowed by their hashes or as data in the policy that
//! it carries in its head: it needs nothing else, from anywhere, to be read, and a copy of it anywhere reads the same. All
//! of it works without the script, which only tells times in the reader's zone, makes days easier to reach, and fetches the
//! document again.
//!
//! Bars, posts and texts are made of what people wrote; the templates escape it, and `<bdi>` or `dir="auto"` keeps
//! whatever direction it has to itself.

mod badge;
mod bars;
mod embed;
mod frame;
mod history;
mod home;
mod incident;
mod lost;
mod posts;
mod share;
pub mod text;

pub use badge::badge;
pub use embed::embed;
pub use frame::LOGO_STYLE;
pub use history::{history, month};
pub use home::{default_page, home};
pub use incident::{incident, maintenance};
pub use lost::lost;
