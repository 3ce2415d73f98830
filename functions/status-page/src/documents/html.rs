//! The pages that people read. Each is rendered on the server's side, small, and works without JavaScript.

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use shared::domain::status::{ComponentStatus, Day};

use super::Stamp;
use crate::view::{ComponentView, MaintenanceView, PageView, PostView};
use crate::words::{self, Labels};

/// What every page has.
struct Frame<'a> {
    view: &'a PageView,
    labels: &'static Labels,
    stamp: Stamp,
}

impl<'a> Frame<'a> {
    fn of(view: &'a PageView, stamp: Stamp) -> Self {
        Self {
            view,
            labels: words::of(view.locale),
            stamp,
        }
    }

    /// An instant for a reader and, in full, for a machine.
    fn moment(&self, at: &Timestamp) -> Moment {
        Moment::of(*at, &self.view.zone)
    }

    /// The state of the page, in words.
    fn headline(&self) -> &'static str {
        self.labels.headline(self.view.status)
    }

    /// A status as a class of the style.
    fn class(&self, status: &ComponentStatus) -> &'static str {
        status.as_str()
    }

    /// What a day was, as a class of the style.
    fn day_class(&self, day: &Day) -> &'static str {
        day.worst.map_or("no_data", ComponentStatus::as_str)
    }

    /// What a day was, in words.
    fn day_words(&self, day: &Day) -> String {
        match (day.worst, day.uptime_ppm()) {
            (Some(worst), Some(ppm)) => {
                let words = self.labels.component_status(worst);
                format!("{}: {words}, {}", day.date, self.percent(&(ppm / 100)))
            }
            _ => format!("{}: {}", day.date, self.labels.no_data),
        }
    }

    /// Hundredths of a percent.
    fn percent(&self, hundredths: &i64) -> String {
        format!("{}.{:02} %", hundredths / 100, hundredths % 100)
    }

    fn names(&self, ids: &[shared::domain::id::ComponentId]) -> String {
        let known = ids.iter().filter_map(|id| self.view.component(*id));
        known.map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// An instant, in the page's zone.
struct Moment {
    machine: String,
    human: String,
}

impl Moment {
    fn of(at: Timestamp, zone: &TimeZone) -> Self {
        let zoned = at.to_zoned(zone.clone());
        Self {
            machine: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            human: zoned.strftime("%Y-%m-%d %H:%M %Z").to_string(),
        }
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    frame: Frame<'a>,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct Incident<'a> {
    frame: Frame<'a>,
    post: &'a PostView,
}

#[derive(Template)]
#[template(path = "maintenance.html")]
struct Maintenance<'a> {
    frame: Frame<'a>,
    one: &'a MaintenanceView,
}

#[derive(Template)]
#[template(path = "history.html")]
struct History<'a> {
    frame: Frame<'a>,
    month: String,
    months: Vec<String>,
    posts: &'a [PostView],
}

#[derive(Template)]
#[template(path = "embed.html")]
struct Embed<'a> {
    frame: Frame<'a>,
}

#[derive(Template)]
#[template(path = "default.html")]
struct Default_<'a> {
    frame: Frame<'a>,
}

fn rendered(template: &impl Template) -> Vec<u8> {
    // Templates over values in memory have nothing that could fail.
    template.render().unwrap_or_default().into_bytes()
}

/// The page itself.
pub fn page(view: &PageView, stamp: Stamp) -> Vec<u8> {
    rendered(&Page {
        frame: Frame::of(view, stamp),
    })
}

/// A post's own page.
pub fn incident(view: &PageView, post: &PostView, stamp: Stamp) -> Vec<u8> {
    rendered(&Incident {
        frame: Frame::of(view, stamp),
        post,
    })
}

/// A maintenance's own page.
pub fn maintenance(view: &PageView, one: &MaintenanceView, stamp: Stamp) -> Vec<u8> {
    rendered(&Maintenance {
        frame: Frame::of(view, stamp),
        one,
    })
}

/// Where the history begins: the newest posts, and every month there was.
pub fn history(view: &PageView, stamp: Stamp) -> Vec<u8> {
    rendered(&History {
        frame: Frame::of(view, stamp),
        month: String::new(),
        months: view.months.clone(),
        posts: &view.recent_posts,
    })
}

/// A month.
pub fn month(view: &PageView, month: &str, posts: &[PostView], stamp: Stamp) -> Vec<u8> {
    rendered(&History {
        frame: Frame::of(view, stamp),
        month: month.to_owned(),
        months: view.months.clone(),
        posts,
    })
}

/// A few lines for other sites to show in a frame.
pub fn embed(view: &PageView, stamp: Stamp) -> Vec<u8> {
    rendered(&Embed {
        frame: Frame::of(view, stamp),
    })
}

/// Leads `/status` to the default page.
pub fn default_page(view: &PageView, stamp: Stamp) -> Vec<u8> {
    rendered(&Default_ {
        frame: Frame::of(view, stamp),
    })
}

/// The style of all pages.
pub fn style(stamp: Stamp) -> Vec<u8> {
    format!(
        "/* {} */\n{}",
        stamp.revision,
        include_str!("../../templates/style.css")
    )
    .into_bytes()
}

/// Shows the widget where a site includes this.
pub fn embed_script(view: &PageView, stamp: Stamp) -> Vec<u8> {
    let url = serde_json::Value::String(format!("{}/embed", view.url));
    let name = serde_json::Value::String(view.name.clone());
    format!(
        "// {}\n(() => {{\n  const frame = document.createElement(\"iframe\");\n  frame.src = {url};\n  frame.title = {name};\n  \
         frame.width = 320;\n  frame.height = 120;\n  frame.style.border = 0;\n  document.currentScript.after(frame);\n}})();\n",
        stamp.revision
    )
    .into_bytes()
}

impl Page<'_> {
    /// Components that are shown now.
    fn shown(&self) -> Vec<&ComponentView> {
        let view = self.frame.view;
        let all = view.components.iter();
        all.filter(|one| !one.only_show_if_degraded || one.status != ComponentStatus::Operational)
            .collect()
    }

    /// Of the newest posts, those that are over.
    fn past(&self) -> Vec<&PostView> {
        let posts = self.frame.view.recent_posts.iter();
        posts.filter(|post| !post.status.is_open()).take(10).collect()
    }
}
