//! Pages.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::id::{PageId, TeamId};
use shared::domain::limits;
use shared::domain::principal::Right;
use shared::domain::status::{Component, Locale, Look, Page, is_host, is_slug};
use shared::domain::text::cleaned;
use shared::store::{Extra, Gone, Versioned};
use shared::web::{Id, IdempotencyKey, JsonBody, Listed, PageQuery, Params, Problem};
use utoipa::ToSchema;

use crate::configuration::caller::Caller;
use crate::configuration::create::create;
use crate::configuration::etag::{IfMatch, Tagged};
use crate::configuration::list;
use crate::configuration::resource::{self, Changes, Plan, Resource, users_among};
use crate::configuration::teams::{exists_if_named, rights_over_owned};
use crate::configuration::validate::Faults;
use crate::openapi::{Routes, routes};

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_pages, create_page))
        .routes(routes!(get_page, change_page, delete_page))
}

/// A status page as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PageBody {
    /// Its name as the public reads it, 1 to 128 characters.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// Its name in addresses (`/status/{slug}`): 1 to 40 lower-case letters, digits and single hyphens. It stays.
    #[schema(
        min_length = 1,
        max_length = 40,
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        example = "main"
    )]
    slug: String,
    /// The team that owns it and all that is on it; null: none, and only admins may change it.
    #[serde(default)]
    team_id: Option<TeamId>,
    /// What it is about, for the public: at most 500 characters.
    #[serde(default)]
    #[schema(max_length = 500)]
    description: Option<String>,
    /// The IANA zone whose days its history counts.
    #[serde(default = "utc")]
    #[schema(format = "iana-time-zone", default = "UTC", example = "Europe/London")]
    time_zone: String,
    /// The language in which it speaks by itself.
    #[serde(default)]
    locale: Locale,
    /// Whether `/status` leads to it. One page is the default; the first one is at once.
    #[serde(default)]
    is_default: bool,
    /// The host that it has of its own, `status.example.com`, which you lead here; its documents then name their addresses
    /// there.
    #[serde(default)]
    #[schema(
        max_length = 253,
        pattern = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]([a-z0-9-]{0,61}[a-z0-9])?)$",
        example = "status.example.com"
    )]
    domain: Option<String>,
    /// How it looks.
    #[serde(default)]
    look: Look,
}

fn utc() -> String {
    "UTC".into()
}

/// A status page as it is read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusPage)]
pub struct PageView {
    id: PageId,
    name: String,
    slug: String,
    team_id: Option<TeamId>,
    description: Option<String>,
    time_zone: String,
    locale: Locale,
    is_default: bool,
    domain: Option<String>,
    look: Look,
    /// Where the public reads it.
    path: String,
    created_at: Timestamp,
}

impl From<Page> for PageView {
    fn from(page: Page) -> Self {
        Self {
            id: page.id,
            path: format!("/status/{}", page.slug),
            name: page.name,
            slug: page.slug,
            team_id: page.team_id,
            description: page.description,
            time_zone: page.time_zone,
            locale: page.locale,
            is_default: page.is_default,
            domain: page.domain,
            look: page.look,
            created_at: page.created_at,
        }
    }
}

impl Resource for PageBody {
    type Entity = Page;
    type View = PageView;
    const PATH: &'static str = "/api/v1/pages";
    const READ_ONLY: &'static [&'static str] = &["id", "path", "created_at"];

    async fn rights(&self, _: &Caller, before: Option<&Page>) -> Result<Vec<Right>, Problem> {
        Ok(rights_over_owned(before.map(|before| before.team_id), self.team_id))
    }

    async fn plan(&self, caller: &Caller, before: Option<Versioned<Page>>) -> Result<Plan<Page>, Problem> {
        let mut faults = Faults::default();
        let name = faults.name(&self.name);
        let description = description(&mut faults, self.description.as_deref());
        let time_zone = faults.time_zone(&self.time_zone);
        for (field, why) in self.look.faults() {
            faults.add(format!("look.{field}"), why);
        }
        if self.domain.as_ref().is_some_and(|domain| !is_host(domain)) {
            faults.add("domain", "must be a host's name in lower case, as status.example.com");
        }
        let known = before.as_ref().map(|before| &before.value);
        let all = caller.store().list_all_versioned::<Page>().await?;
        let others: Vec<_> = all
            .into_iter()
            .filter(|row| Some(row.value.id) != known.map(|page| page.id))
            .collect();
        if self.domain.is_some() && others.iter().any(|row| row.value.domain == self.domain) {
            faults.add("domain", "is another page's host");
        }
        let mut extras = exists_if_named(&mut faults, caller, self.team_id).await?;
        match known {
            Some(page) => faults.fixed("slug", &page.slug, &self.slug),
            None if !is_slug(&self.slug) => faults.add(
                "slug",
                format!(
                    "must be 1 to {} lower-case letters, digits and single hyphens, and not one of api, history, incidents",
                    limits::SLUG_CHARS_MAX
                ),
            ),
            None => match caller.store().page_by_slug(&self.slug).await? {
                Some(id) if caller.store().load::<Page>(id).await?.is_some() => {
                    faults.add("slug", "is another page's; take another name");
                }
                Some(_) => faults.add(
                    "slug",
                    "was a page's that is being removed; try again in a moment, or take another name",
                ),
                None => {}
            },
        }
        if known.is_some_and(|page| page.is_default) && !self.is_default {
            faults.add(
                "is_default",
                "cannot be taken away; make another page the default one instead",
            );
        }
        faults.none()?;
        let born = known.map(|page| (page.id, page.created_at));
        let (id, created_at) = born.unwrap_or_else(|| caller.new_born());
        if known.is_none() {
            extras.push(Extra::AddSlug(self.slug.clone(), id));
        }
        let is_default = self.is_default || others.is_empty();
        if is_default {
            let defaults = others.iter().filter(|row| row.value.is_default);
            extras.extend(defaults.map(|row| Extra::EndDefault(row.value.id, row.version)));
        }
        let page = Page {
            id,
            team_id: self.team_id,
            slug: self.slug.clone(),
            name,
            description,
            time_zone,
            locale: self.locale,
            is_default,
            domain: self.domain.clone(),
            look: self.look.clone(),
            created_at,
        };
        Ok(Plan::new(before, page, extras))
    }

    async fn right_to_remove(_: &Caller, page: &Page) -> Result<Right, Problem> {
        Ok(Right::Configure(page.team_id))
    }

    async fn users(caller: &Caller, page: &Page) -> Result<Vec<String>, Problem> {
        let id = page.id;
        let store = caller.store();
        let mut users = users_among::<Component>(caller, |one| (one.page_id == id).then_some(&one.name)).await?;
        let (posts, maintenances) = futures_util::try_join!(store.open_posts(id), store.open_maintenances(id))?;
        let posts = posts.iter().map(|row| (&row.value.title, row.value.id.to_string()));
        users.extend(posts.map(|(title, id)| format!("the open post \"{title}\" ({id})")));
        let maintenances = maintenances
            .iter()
            .map(|row| (&row.value.title, row.value.id.to_string()));
        users.extend(maintenances.map(|(title, id)| format!("the maintenance \"{title}\" ({id})")));
        if page.is_default && store.list_all::<Page>().await?.iter().any(|other| other.id != id) {
            users.push("the address /status, to which another page can be made the default one".into());
        }
        Ok(users)
    }

    async fn removed_with(caller: &Caller, page: &Page) -> Result<Vec<Extra>, Problem> {
        let gone = Gone::Page {
            slug: page.slug.clone(),
        };
        Ok(vec![Extra::Gone(page.id, gone, caller.now())])
    }
}

/// What is said of a page or a component: one text, without the white space around it; nothing is none.
pub fn description(faults: &mut Faults, text: Option<&str>) -> Option<String> {
    let text = cleaned(text?);
    let text = Some(text.trim()).filter(|text| !text.is_empty())?;
    let max = limits::DESCRIPTION_CHARS_MAX;
    if text.chars().count() > max {
        faults.add("description", format!("must have at most {max} characters"));
    }
    Some(text.to_owned())
}

/// The page that something is on, or the fault that there is none.
pub async fn page_of(caller: &Caller, id: PageId) -> Result<Page, Problem> {
    let page = caller.store().load::<Page>(id).await?;
    let page = page.ok_or_else(|| Problem::invalid_field("page_id", format!("there is no page {id}")))?;
    Ok(page.value)
}

/// Status pages, newest first
#[utoipa::path(get, path = "/api/v1/pages", tag = "Status pages", params(PageQuery),
    responses((status = 200, body = Listed<PageView>)))]
async fn list_pages(caller: Caller, Params(query): Params<PageQuery>) -> list::Answer<PageBody> {
    list::list::<PageBody>(&caller, query.page()).await
}

/// Make a status page
#[utoipa::path(post, path = "/api/v1/pages", tag = "Status pages", request_body = PageBody,
    responses((status = 201, body = PageView)))]
async fn create_page(
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(body): JsonBody<PageBody>,
) -> Result<Response, Problem> {
    create(&caller, &key, &body).await
}

/// One status page
#[utoipa::path(get, path = "/api/v1/pages/{id}", tag = "Status pages", params(("id" = PageId, Path)),
    responses((status = 200, body = PageView)))]
async fn get_page(caller: Caller, Id(id): Id<PageId>) -> Result<Tagged<PageView>, Problem> {
    resource::get::<PageBody>(&caller, id).await
}

/// Change a status page
#[utoipa::path(patch, path = "/api/v1/pages/{id}", tag = "Status pages", params(("id" = PageId, Path)),
    request_body = PageBody, responses((status = 200, body = PageView)))]
async fn change_page(
    caller: Caller,
    Id(id): Id<PageId>,
    if_match: IfMatch,
    JsonBody(changes): JsonBody<Changes>,
) -> Result<Tagged<PageView>, Problem> {
    resource::change::<PageBody>(&caller, id, &if_match, &changes).await
}

/// Remove a status page on which nothing is any more: what was public of it, its history and its subscribers go with it
#[utoipa::path(delete, path = "/api/v1/pages/{id}", tag = "Status pages", params(("id" = PageId, Path)),
    responses((status = 204)))]
async fn delete_page(caller: Caller, Id(id): Id<PageId>, if_match: IfMatch) -> Result<StatusCode, Problem> {
    resource::remove::<PageBody>(&caller, id, &if_match).await
}
