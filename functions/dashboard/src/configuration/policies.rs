//! Escalation policies: whom to ask, in which order, and what that comes to.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shared::ctx::Ctx;
use shared::domain::id::PolicyId;
use shared::domain::policy::{Policy, Step, Target};
use shared::domain::service::Urgency;
use shared::rehearsal::rehearsal;
use shared::web::{Id, PageQuery, Problem};

use super::choices;
use super::on_call::Rehearsed;
use crate::page::{Asked, Choice, Frame, Older, Refused, Section, Visitor, load, minutes, shown};

/// How long somebody has before the next is asked, unless another time is set.
const STEP_SECONDS: u32 = 300;

#[derive(Debug, Template)]
#[template(path = "configuration/policies.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    older: Older,
    may_make: bool,
}

#[derive(Debug)]
struct Row {
    id: String,
    name: String,
    steps: usize,
}

#[derive(Debug, Template)]
#[template(path = "configuration/policy.html")]
struct One {
    frame: Frame,
    id: String,
    version: u64,
    may_change: bool,
    form: Form,
    rehearsed: Rehearsed,
}

#[derive(Debug, Template)]
#[template(path = "configuration/policy_new.html")]
struct New {
    frame: Frame,
    form: Form,
}

/// What the editor shows.
#[derive(Debug)]
struct Form {
    name: String,
    repeat: u32,
    teams: Vec<Choice>,
    people: Vec<Choice>,
    channels: Vec<Choice>,
    steps: Vec<StepForm>,
    /// What a step is when it is added.
    blank: StepForm,
}

#[derive(Debug)]
struct StepForm {
    minutes: String,
    /// Ids of people and channels; an empty one is still to be chosen.
    targets: Vec<String>,
}

impl StepForm {
    fn blank() -> Self {
        Self {
            minutes: minutes(STEP_SECONDS),
            targets: vec![String::new()],
        }
    }

    fn of(step: &Step) -> Self {
        let id = |target: &Target| match target {
            Target::User(id) => id.to_string(),
            Target::Schedule(id) => id.to_string(),
            Target::Channel(id) => id.to_string(),
        };
        Self {
            minutes: minutes(step.escalate_after_seconds),
            targets: step.targets.iter().map(id).collect(),
        }
    }
}

pub async fn list(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refused> {
    let page = ctx.store.list::<Policy>(&query.page()?).await?;
    let older = Older::of("/policies", query.after.as_deref(), page.next.as_deref());
    let row = |policy: Policy| Row {
        id: policy.id.to_string(),
        steps: policy.steps.len(),
        name: policy.name,
    };
    Ok(shown(&List {
        frame: Frame::new(Section::Policies, &visitor),
        rows: page.items.into_iter().map(|found| row(found.value)).collect(),
        older,
        may_make: visitor.may_make(),
    }))
}

pub async fn new(visitor: Visitor, State(ctx): State<Ctx>) -> Result<Response, Refused> {
    visitor.must_make()?;
    Ok(shown(&New {
        frame: Frame::new(Section::Policies, &visitor),
        form: form(&ctx, &visitor, None).await?,
    }))
}

pub async fn one(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    id: Result<Id<PolicyId>, Problem>,
) -> Result<Response, Refused> {
    let found = load::<Policy>(&ctx, id).await?;
    let policy = &found.value;
    let preview = rehearsal(&ctx, policy, Urgency::High, visitor.now).await?;
    Ok(shown(&One {
        frame: Frame::new(Section::Policies, &visitor),
        id: policy.id.to_string(),
        version: found.version,
        may_change: visitor.may_configure(policy.team_id),
        form: form(&ctx, &visitor, Some(policy)).await?,
        rehearsed: Rehearsed::new(&ctx, preview, &visitor.zone()).await?,
    }))
}

async fn form(ctx: &Ctx, visitor: &Visitor, policy: Option<&Policy>) -> Result<Form, Refused> {
    let steps = policy.map(|policy| policy.steps.iter().map(StepForm::of).collect());
    Ok(Form {
        name: policy.map(|policy| policy.name.clone()).unwrap_or_default(),
        repeat: policy.map_or(1, |policy| policy.repeat),
        teams: choices::owners(ctx, visitor, policy.and_then(|policy| policy.team_id)).await?,
        people: choices::people(ctx).await?,
        channels: choices::channels(ctx).await?,
        steps: steps.unwrap_or_else(|| vec![StepForm::blank()]),
        blank: StepForm::blank(),
    })
}
