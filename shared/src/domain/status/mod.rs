//! What the public is told: pages, components, posts, maintenances, and how incidents become all that.
//!
//! The actors: a service says what its incidents do to components ([`Affected`]) and how they become public
//! ([`PublicationRule`]); [`decide_publication`] moves one service's publication on one page; people write posts and
//! maintenances; [`statuses`] says what all of that makes of the components, [`History`] remembers it. What is absent:
//! anything internal. No function here is given the title, host, person or detail of an incident, so none can tell it;
//! the words ([`words`]) are made of [`PublicName`]s alone.

mod component;
mod history;
mod look;
mod maintenance;
mod notice;
mod page;
mod post;
pub mod postmortem;
mod publication;
pub mod share;
mod statuses;
mod subscriber;
#[cfg(test)]
mod tests;
pub mod words;
mod work;

pub use component::{Component, ComponentStatus, PublicName};
pub use history::{Day, History, Interval, days};
pub use look::{Colour, Look, LookFault, class};
pub use maintenance::{Maintenance, MaintenanceStatus};
pub use notice::{
    About, Bulletin, News, NotNews, Notice, NoticeKey, NoticeState, bulletins_of_maintenance, bulletins_of_post,
    is_news_of_maintenance, is_news_of_post,
};
pub use page::{Locale, Page, folder, is_host, is_slug};
pub use post::{ComponentChange, Impact, Move, Post, PostStatus, Update, Withdrawal};
pub use postmortem::Postmortem;
pub use publication::{
    Affected, Decision, Facts, Publication, PublicationMode, PublicationRule, PublicationState, Trouble,
    decide_publication, effects, next_due,
};
pub use statuses::{Statuses, rollup, statuses};
pub use subscriber::{Subscriber, SubscriberChannel, SubscriberCounts, SubscriberState};
pub use work::{Alerts, Work};
