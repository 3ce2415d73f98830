//! Subscribers of a page, for those who look after it. Addresses are people's own: whoever may not change the page does not
//! read them.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::ctx::Ctx;
use shared::domain::id::{ComponentId, PageId, SubscriberId};
use shared::domain::limits;
use shared::domain::principal::Right;
use shared::domain::status::{Page, Subscriber, SubscriberChannel, SubscriberCounts, SubscriberState};
use shared::subscribers::{self, Wish};
use shared::web::{Id, JsonBody, Listed, Params, Problem, bad_cursor, page_limit};
use utoipa::{IntoParams, ToSchema};

use super::updates;
use crate::configuration::caller::Caller;
use crate::configuration::validate::Faults;
use crate::openapi::{Routes, routes};

pub fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list_subscribers, add_subscriber))
        .routes(routes!(remove_subscriber))
        .routes(routes!(export_subscribers))
        .routes(routes!(count_subscribers))
}

/// A subscriber as it is added.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriberBody {
    /// How they hear; only what this deployment has a provider for.
    channel: SubscriberChannel,
    /// E-mail address, telephone number, or http or https URL.
    #[schema(max_length = 2048)]
    address: String,
    /// Of what they hear: at most 50 components of the page, groups too; none: of everything.
    #[serde(default)]
    #[schema(max_items = 50)]
    component_ids: Vec<ComponentId>,
    /// Whether they said yes already, elsewhere. Otherwise they are sent a message, and hear once they confirmed.
    #[serde(default)]
    confirmed: bool,
}

/// A subscriber as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriberView {
    id: SubscriberId,
    page_id: PageId,
    channel: SubscriberChannel,
    address: String,
    component_ids: Vec<ComponentId>,
    state: SubscriberState,
    created_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    /// When no more was sent, since message after message failed for good.
    stopped_at: Option<Timestamp>,
}

impl SubscriberView {
    fn new(ctx: &Ctx, subscriber: Subscriber) -> Self {
        Self {
            address: subscribers::address_of(ctx, &subscriber).unwrap_or_default(),
            state: subscriber.state(),
            id: subscriber.id,
            page_id: subscriber.page_id,
            channel: subscriber.channel,
            component_ids: subscriber.component_ids,
            created_at: subscriber.since,
            confirmed_at: subscriber.confirmed_at,
            stopped_at: subscriber.stopped_at,
        }
    }
}

/// Which subscribers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SubscriberQuery {
    /// Only in this state; a page of the list may then be short and still have a `next`.
    #[serde(default)]
    state: Option<SubscriberState>,
    /// Items at most.
    #[serde(default)]
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(default)]
    after: Option<String>,
}

/// Where an export goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// What the `Link` of the answer before said.
    #[serde(default)]
    after: Option<String>,
}

/// Lines of one export: what an answer of a function has room for.
const EXPORTED_MAX: usize = 20_000;
/// Rows of one read.
const READ_AT_ONCE: usize = 500;

/// The page, for who may change it.
async fn own_page(caller: &Caller, id: PageId) -> Result<Page, Problem> {
    let page = caller.store().load::<Page>(id).await?.ok_or_else(Problem::not_found)?;
    caller.may(Right::Configure(page.value.team_id))?;
    Ok(page.value)
}

fn cursor(after: Option<&str>) -> Result<Option<SubscriberId>, Problem> {
    after.map(|after| after.parse().map_err(|_| bad_cursor())).transpose()
}

/// Subscribers of a status page, in no particular order
#[utoipa::path(get, path = "/api/v1/pages/{id}/subscribers", tag = "Subscribers",
    params(("id" = PageId, Path), SubscriberQuery), responses((status = 200, body = Listed<SubscriberView>)))]
async fn list_subscribers(
    caller: Caller,
    Id(id): Id<PageId>,
    Params(query): Params<SubscriberQuery>,
) -> Result<Json<Listed<SubscriberView>>, Problem> {
    own_page(&caller, id).await?;
    let (limit, after) = (page_limit(query.limit)?, cursor(query.after.as_deref())?);
    let found = caller.store().subscribers(id, after, limit).await?;
    let next = found
        .items
        .last()
        .filter(|_| found.more)
        .map(|one| one.value.id.to_string());
    let now = caller.now();
    let wanted = |one: &Subscriber| one.is_live(now) && query.state.is_none_or(|state| one.state() == state);
    let items = found.items.into_iter().map(|one| one.value).filter(wanted);
    Ok(Json(Listed {
        items: items.map(|one| SubscriberView::new(&caller.ctx, one)).collect(),
        next,
    }))
}

/// Add a subscriber
///
/// Whoever is there already stays as they are, unless `confirmed` is true.
#[utoipa::path(post, path = "/api/v1/pages/{id}/subscribers", tag = "Subscribers", params(("id" = PageId, Path)),
    request_body = SubscriberBody, responses((status = 201, body = SubscriberView)))]
async fn add_subscriber(
    caller: Caller,
    Id(id): Id<PageId>,
    JsonBody(body): JsonBody<SubscriberBody>,
) -> Result<(StatusCode, Json<SubscriberView>), Problem> {
    let page = own_page(&caller, id).await?;
    let mut faults = Faults::default();
    let address = subscribers::address(&caller.ctx, body.channel, &body.address);
    if let Err(message) = &address {
        faults.add("address", message.clone());
    }
    let field = |place: usize| format!("component_ids[{place}]");
    updates::parts_of(&mut faults, &caller, page.id, &body.component_ids, field).await?;
    faults.none()?;
    let wish = Wish {
        channel: body.channel,
        address: address.unwrap_or_default(),
        component_ids: body.component_ids,
    };
    let added = subscribers::add(&caller.ctx, &page, wish, body.confirmed, &caller.change()).await?;
    Ok((StatusCode::CREATED, Json(SubscriberView::new(&caller.ctx, added.value))))
}

/// Remove a subscriber, and forget their address
#[utoipa::path(delete, path = "/api/v1/pages/{id}/subscribers/{subscriber_id}", tag = "Subscribers",
    params(("id" = PageId, Path), ("subscriber_id" = SubscriberId, Path)), responses((status = 204)))]
async fn remove_subscriber(caller: Caller, path: Path<(String, String)>) -> Result<StatusCode, Problem> {
    let Path((page, subscriber)) = path;
    let page: PageId = page.parse().map_err(|_| Problem::not_found())?;
    own_page(&caller, page).await?;
    let id: SubscriberId = subscriber.parse().map_err(|_| Problem::not_found())?;
    let found = caller
        .store()
        .subscriber(page, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    subscribers::end(&caller.ctx, found, Some(&caller.change())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Subscribers of a status page as CSV
///
/// At most 20,000 lines; if there are more, the header `Link` says where it goes on.
#[utoipa::path(get, path = "/api/v1/pages/{id}/subscribers.csv", tag = "Subscribers",
    params(("id" = PageId, Path), ExportQuery),
    responses((status = 200, content_type = "text/csv", body = String)))]
async fn export_subscribers(
    caller: Caller,
    Id(id): Id<PageId>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, Problem> {
    own_page(&caller, id).await?;
    let mut after = cursor(query.after.as_deref())?;
    let mut csv = "id,channel,address,state,components,created_at,confirmed_at\r\n".to_owned();
    let (mut lines, mut more) = (0, true);
    while more && lines < EXPORTED_MAX {
        let found = caller.store().subscribers(id, after, READ_AT_ONCE).await?;
        (more, after) = (found.more, found.items.last().map(|one| one.value.id).or(after));
        lines += found.items.len();
        for one in found
            .items
            .into_iter()
            .map(|one| one.value)
            .filter(|one| one.is_live(caller.now()))
        {
            csv.push_str(&line(&SubscriberView::new(&caller.ctx, one)));
        }
    }
    let mut response = csv.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"subscribers.csv\""),
    );
    if let Some(after) = after.filter(|_| more)
        && let Ok(link) = HeaderValue::try_from(format!(
            "</api/v1/pages/{id}/subscribers.csv?after={after}>; rel=\"next\""
        ))
    {
        headers.insert(header::LINK, link);
    }
    Ok(response)
}

fn line(one: &SubscriberView) -> String {
    let components: Vec<String> = one.component_ids.iter().map(ToString::to_string).collect();
    let fields = [
        one.id.to_string(),
        one.channel.as_str().to_owned(),
        one.address.clone(),
        one.state.as_str().to_owned(),
        components.join(" "),
        one.created_at.to_string(),
        one.confirmed_at.map(|at| at.to_string()).unwrap_or_default(),
    ];
    format!("{}\r\n", fields.map(|text| field(&text)).join(","))
}

/// One field (RFC 4180). What a spreadsheet would take for a formula is told to be text; telephone numbers are none.
fn field(text: &str) -> String {
    let is_phone = text
        .strip_prefix('+')
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_phone;
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\r', '\n', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// How many subscribers a status page has
#[utoipa::path(get, path = "/api/v1/pages/{id}/subscriber-counts", tag = "Subscribers", params(("id" = PageId, Path)),
    responses((status = 200, body = SubscriberCounts)))]
async fn count_subscribers(caller: Caller, Id(id): Id<PageId>) -> Result<Json<SubscriberCounts>, Problem> {
    caller.may(Right::Read)?;
    caller.store().load::<Page>(id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(subscribers::count(&caller.ctx, id, caller.now()).await?))
}

const _: () = assert!(
    limits::SUBSCRIBER_COMPONENTS_MAX == limits::AFFECTED_MAX,
    "`parts_of` counts to that"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_reads_text() {
        for (text, written) in [
            ("ada@example.com", "ada@example.com"),
            ("+4930123456", "+4930123456"),
            ("=cmd|x!a@example.com", "\"'=cmd|x!a@example.com\""),
            ("+a@example.com", "\"'+a@example.com\""),
            ("-1@example.com", "\"'-1@example.com\""),
            ("a,b\"c", "\"a,b\"\"c\""),
        ] {
            assert_eq!(field(text), written);
        }
    }
}
