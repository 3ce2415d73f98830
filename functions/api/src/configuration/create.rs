//! Creations, and words that are added, each of which a client may send twice under one `Idempotency-Key`.

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use shared::domain::principal::Right;
use shared::store::{Applied, Entity, Extra, Versioned};
use shared::web::{Asked, Created, IdempotencyKey, Problem};

use super::caller::Caller;
use super::etag::etag;
use super::resource::{Plan, ROUNDS_MAX, Resource, load, pause};

/// A body that makes something when it is posted.
pub trait Creation: Serialize + Send + Sync {
    /// The row that it makes, or, for what lives inside another row, changes.
    type Entity: Entity;
    /// Where it is posted.
    const PATH: &'static str;

    /// What it takes.
    fn rights(&self, caller: &Caller) -> impl Future<Output = Result<Vec<Right>, Problem>> + Send;

    /// What it comes to, and what is answered: an object with an `id`.
    fn plan(&self, caller: &Caller) -> impl Future<Output = Result<(Plan<Self::Entity>, Value), Problem>> + Send;
}

impl<R: Resource> Creation for R {
    type Entity = R::Entity;
    const PATH: &'static str = R::PATH;

    async fn rights(&self, caller: &Caller) -> Result<Vec<Right>, Problem> {
        Resource::rights(self, caller, None).await
    }

    async fn plan(&self, caller: &Caller) -> Result<(Plan<R::Entity>, Value), Problem> {
        let mut plan = Resource::plan(self, caller, None).await?;
        let answer = match plan.answer.take() {
            Some(answer) => answer,
            None => to_json(R::view(caller, plan.value.clone()))?,
        };
        Ok((plan, answer))
    }
}

/// Makes it, or gives the answer again that this request was given before.
pub async fn create<C: Creation>(caller: &Caller, key: &IdempotencyKey, body: &C) -> Result<Response, Problem> {
    caller.may_all(body.rights(caller).await?)?;
    once(caller, key.of(&caller.auth, C::PATH, body), || async {
        let (plan, answer) = body.plan(caller).await?;
        let location = format!("{}/{}", C::PATH, answer["id"].as_str().unwrap_or_default());
        Ok((plan, Some(location), answer))
    })
    .await
}

/// Adds to something, or gives the answer again that this request was given before; `V` is what is answered.
pub async fn add<T, V, F, Fut>(caller: &Caller, asked: Option<Asked>, id: T::Id, decide: F) -> Result<Response, Problem>
where
    T: Entity + Clone,
    V: From<T> + Serialize,
    F: Fn(Versioned<T>) -> Fut,
    Fut: Future<Output = Result<Plan<T>, Problem>>,
{
    once(caller, asked, || async {
        let plan = decide(load(caller, id).await?).await?;
        let answer = to_json(V::from(plan.value.clone()))?;
        Ok((plan, None, answer))
    })
    .await
}

/// Writes what is planned, with where it is found and what is answered, once under one name. What others changed meanwhile is
/// planned anew.
async fn once<T, F, Fut>(caller: &Caller, asked: Option<Asked>, plan: F) -> Result<Response, Problem>
where
    T: Entity,
    F: Fn() -> Fut,
    Fut: Future<Output = Result<(Plan<T>, Option<String>, Value), Problem>>,
{
    for round in 0..ROUNDS_MAX {
        if let Some(asked) = &asked
            && let Some(answer) = asked.recall(&caller.ctx, caller.now()).await?
        {
            return Ok(answer);
        }
        let (mut plan, location, body) = plan().await?;
        let answer = Created {
            location,
            etag: etag(plan.version()),
            body,
        };
        plan.extras.extend(
            asked
                .as_ref()
                .map(|asked| Extra::Once(asked.remember(&caller.ctx, &answer, caller.now()))),
        );
        if plan.write(caller).await? == Applied::Done {
            return Ok(answer.into_response());
        }
        pause(caller, round).await;
    }
    Err(Problem::unavailable())
}

/// A value as JSON.
pub fn to_json(value: impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Problem::internal()
    })
}
