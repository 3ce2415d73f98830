//! On call: who would be paged if something broke now, policy by policy.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::policy::Policy;
use shared::domain::service::{Service, Urgency};
use shared::rehearsal::{PagePreview, Preview, StepPreview, rehearsal};
use shared::store::StoreError;
use shared::web::PageQuery;

use crate::page::{Asked, Frame, Moment, Older, People, Person, Refused, Section, Visitor, Zone, shown};
use crate::words;

/// Policies on one page: each is rehearsed, which takes reads of its own.
const PAGE_ITEMS: usize = 20;

#[derive(Debug, Template)]
#[template(path = "configuration/on_call.html")]
struct Page {
    frame: Frame,
    policies: Vec<OnCall>,
    older: Older,
}

#[derive(Debug)]
struct OnCall {
    id: String,
    name: String,
    services: Vec<(String, String)>,
    rehearsed: Rehearsed,
}

/// A rehearsal, in words.
#[derive(Debug)]
pub struct Rehearsed {
    pub steps: Vec<StepRow>,
    pub runs: u32,
    pub unanswered: Moment,
    pub owners: Vec<String>,
    pub warnings: Vec<String>,
}

/// One step of it.
#[derive(Debug)]
pub struct StepRow {
    pub number: usize,
    pub at: Moment,
    pub pages: Vec<PageRow>,
}

/// One message of a step.
#[derive(Debug)]
pub struct PageRow {
    pub who: Person,
    pub medium: &'static str,
    pub at: Moment,
}

impl Rehearsed {
    /// The rehearsal on the reader's clock.
    pub async fn new(ctx: &Ctx, preview: Preview, zone: &Zone) -> Result<Self, StoreError> {
        let pages = preview.steps.iter().flat_map(|step| &step.pages);
        let people = People::load(ctx, pages.filter_map(|page| page.user_id)).await?;
        let page = |page: PagePreview| PageRow {
            who: page
                .user_id
                .map_or_else(|| Person::machine(&page.name), |id| people.get(id, &page.name)),
            medium: words::medium(page.medium),
            at: zone.moment(page.at),
        };
        let step = |step: StepPreview| StepRow {
            number: step.step,
            at: zone.moment(step.at),
            pages: step.pages.into_iter().map(page).collect(),
        };
        Ok(Self {
            steps: preview.steps.into_iter().map(step).collect(),
            runs: preview.runs,
            unanswered: zone.moment(preview.unanswered_at),
            owners: preview.owners.into_iter().map(|owner| owner.name).collect(),
            warnings: preview.warnings.into_iter().map(|warning| warning.text).collect(),
        })
    }
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    let query = PageQuery {
        limit: query.limit.or(Some(PAGE_ITEMS)),
        ..query
    };
    let page = ctx.store.list::<Policy>(&query.page()?).await?;
    let mut services: HashMap<_, Vec<(String, String)>> = HashMap::new();
    for service in ctx.store.list_all::<Service>().await? {
        let named = (service.id.to_string(), service.name);
        services.entry(service.policy_id).or_default().push(named);
    }
    let mut policies = Vec::new();
    for row in page.items {
        let preview = rehearsal(&ctx, &row.value, Urgency::High, visitor.now).await?;
        policies.push(OnCall {
            id: row.value.id.to_string(),
            name: row.value.name,
            services: services.remove(&row.value.id).unwrap_or_default(),
            rehearsed: Rehearsed::new(&ctx, preview, &visitor.zone()).await?,
        });
    }
    Ok(shown(&Page {
        frame: Frame::new(Section::OnCall, &visitor),
        policies,
        older: Older::of("/on-call", query.after.as_deref(), page.next.as_deref()),
    }))
}
