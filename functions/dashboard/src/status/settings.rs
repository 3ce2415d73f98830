//! A page's own settings, and a new page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::id::PageId;
use shared::domain::limits;
use shared::domain::status::{Locale, Look, Page};
use shared::web::{Id, Problem};
use url::Url;

use super::{Tab, Tabs};
use crate::configuration::owners;
use crate::page::{Choice, Frame, OwnPictures, Refused, Section, Visitor, load, shown, zones};

#[derive(Debug, Template)]
#[template(path = "status/settings.html")]
struct Settings {
    frame: Frame,
    tabs: Tabs,
    id: PageId,
    version: u64,
    may_change: bool,
    is_default: bool,
    slug: String,
    url: String,
    form: Form,
    domain: String,
    /// Where public objects are read from, as DNS names it.
    objects_host: String,
    is_cloudfront: bool,
    look: LookForm,
}

#[derive(Debug, Template)]
#[template(path = "status/new.html")]
struct New {
    frame: Frame,
    form: Form,
    /// What an address begins with.
    folder: String,
    slug_chars_max: usize,
    is_first: bool,
}

/// What is asked of every page.
#[derive(Debug)]
struct Form {
    name: String,
    description: String,
    description_chars_max: usize,
    time_zone: String,
    zones: Vec<String>,
    locales: [Choice; Locale::EACH.len()],
    teams: Vec<Choice>,
}

/// What may be chosen of the looks.
#[derive(Debug)]
struct LookForm {
    accent: ColourField,
    logos: [LogoField; 2],
    light: Vec<ColourField>,
    dark: Vec<ColourField>,
    others: [OtherField; 4],
}

#[derive(Debug)]
struct ColourField {
    name: String,
    label: &'static str,
    /// What was chosen; empty: nothing.
    value: String,
    /// What is shown.
    shown: String,
}

#[derive(Debug)]
struct LogoField {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
}

#[derive(Debug)]
struct OtherField {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
}

pub async fn new(visitor: Visitor, State(ctx): State<Ctx>) -> Result<Response, Refused> {
    visitor.must_make()?;
    let (form, pages) = futures_util::try_join!(Form::of(&ctx, &visitor, None), async {
        Ok(ctx.store.list_all::<Page>().await?)
    })?;
    Ok(shown(&New {
        frame: Frame::new(Section::Status, &visitor),
        form,
        folder: ctx.object_url("status/"),
        slug_chars_max: limits::SLUG_CHARS_MAX,
        is_first: pages.is_empty(),
    }))
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<PageId>, Problem>,
) -> Result<Response, Refused> {
    let found = load::<Page>(&ctx, id).await?;
    let page = found.value;
    let host = host_of(&ctx.config.objects_url);
    let mut response = shown(&Settings {
        frame: Frame::new(Section::Status, &visitor),
        tabs: Tabs::new(&ctx, &page, Tab::Settings),
        id: page.id,
        version: found.version,
        may_change: visitor.may_configure(page.team_id),
        is_default: page.is_default,
        slug: page.slug.clone(),
        url: ctx.page_url(&page),
        form: Form::of(&ctx, &visitor, Some(&page)).await?,
        domain: page.domain.clone().unwrap_or_default(),
        is_cloudfront: host.ends_with(".cloudfront.net"),
        objects_host: host,
        look: LookForm::of(&page.look),
    });
    response.extensions_mut().insert(OwnPictures);
    Ok(response)
}

/// With its port, where it has one of its own.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl Form {
    /// Of a page; none: it is new.
    async fn of(ctx: &Ctx, visitor: &Visitor, page: Option<&Page>) -> Result<Self, Refused> {
        let teams = owners(ctx, visitor, page.and_then(|page| page.team_id)).await?;
        let locale = page.map(|page| page.locale).unwrap_or_default();
        Ok(Self {
            name: page.map(|page| page.name.clone()).unwrap_or_default(),
            description: page.and_then(|page| page.description.clone()).unwrap_or_default(),
            description_chars_max: limits::DESCRIPTION_CHARS_MAX,
            time_zone: page.map_or_else(|| visitor.user.time_zone.clone(), |page| page.time_zone.clone()),
            zones: zones(),
            locales: Locale::EACH.map(|(one, name)| Choice::new(one.as_str(), name, one == locale)),
            teams,
        })
    }

    fn locale(&self) -> &str {
        let chosen = self.locales.iter().find(|locale| locale.is_chosen);
        chosen.map_or("", |locale| &locale.name)
    }
}

/// Variables that are colours, by what they are the colour of.
const COLOURS: [&str; 5] = ["Ground", "Cards", "Text", "Quieter text", "Lines"];

impl LookForm {
    fn of(look: &Look) -> Self {
        let chosen = |name: &str| look.variables.get(name).cloned().unwrap_or_default();
        let colour = |(label, (name, shown)): (&'static str, (String, _))| ColourField {
            label,
            value: chosen(&name),
            name: format!("look.variables.{name}"),
            shown: format!("{shown}"),
        };
        let colours = COLOURS.into_iter().cycle().zip(look.colours());
        let (light, dark): (Vec<_>, Vec<_>) = colours.map(colour).partition(|field| !field.name.contains("--dark-"));
        let logo = |name, label, hint, value: &Option<String>| LogoField {
            name,
            label,
            hint,
            value: value.clone().unwrap_or_default(),
        };
        Self {
            accent: ColourField {
                name: "look.accent".into(),
                label: "Accent: links, and the line on top",
                value: look.accent.clone().unwrap_or_default(),
                shown: look.shown_accent().to_string(),
            },
            logos: [
                logo(
                    "look.logo",
                    "Logo",
                    "Any picture: one that is large is made small.",
                    &look.logo,
                ),
                logo(
                    "look.dark_logo",
                    "Logo in the dark",
                    "Without it the logo stands on a light ground there.",
                    &look.dark_logo,
                ),
            ],
            light,
            dark,
            others: [
                ("--width", "Width", "20rem to 120rem"),
                ("--radius", "Roundness of corners", "0rem to 2rem"),
                ("--font", "Fonts that readers have, the best first", "Georgia, serif"),
                ("--heading-weight", "Weight of headings", "100 to 900"),
            ]
            .map(|(name, label, hint)| OtherField {
                name,
                label,
                hint,
                value: chosen(name),
            }),
        }
    }
}
