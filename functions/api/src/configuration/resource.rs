//! The shape that all kinds of configuration share: read, decide, write what was decided over the version that was read.
//!
//! A kind of configuration says in its [`Resource`] what a client may write, what that takes, and what follows from it;
//! the functions here do it, for all kinds alike. Who loses a race reads again and decides again, a moment later each time,
//! and is asked to try again when all that was in vain.

use std::time::Duration;

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::domain::principal::Right;
use shared::incidents;
use shared::store::{Applied, Change, Entity, Extra, StoreError, Versioned, works_gone};
use shared::subscribers;
use shared::web::{Problem, from_value};

use super::caller::Caller;
use super::etag::{IfMatch, Tagged};

/// How often a race may be lost before the client is asked to try again.
pub const ROUNDS_MAX: u32 = 12;

/// How long who lost the first race waits at most; twice as long after each further one.
const PAUSE: Duration = Duration::from_millis(4);

/// Users of a thing that are named when it cannot be removed; the rest are counted.
const USERS_NAMED_MAX: usize = 10;

/// What a client writes of one kind of configuration: the body of its creation, and, over what is there, of its change.
pub trait Resource: Serialize + DeserializeOwned + Send + Sync {
    /// The kind.
    type Entity: Entity + PartialEq;
    /// What a client reads of it.
    type View: From<Self::Entity> + Serialize;
    /// Where it is created.
    const PATH: &'static str;
    /// What is in the view but not for a client to write.
    const READ_ONLY: &'static [&'static str] = &["id", "created_at"];

    /// What this caller reads of it.
    fn view(_: &Caller, entity: Self::Entity) -> Self::View {
        entity.into()
    }

    /// What it takes to create this, or to change `before` into it.
    fn rights(
        &self,
        caller: &Caller,
        before: Option<&Self::Entity>,
    ) -> impl Future<Output = Result<Vec<Right>, Problem>> + Send;

    /// What creating this, or changing `before` into it, comes to. All input is checked here.
    fn plan(
        &self,
        caller: &Caller,
        before: Option<Versioned<Self::Entity>>,
    ) -> impl Future<Output = Result<Plan<Self::Entity>, Problem>> + Send;

    /// Whether this one exists as far as the caller may know.
    fn is_seen(_: &Caller, _: &Self::Entity) -> bool {
        true
    }

    /// What it takes to remove it.
    fn right_to_remove(caller: &Caller, entity: &Self::Entity) -> impl Future<Output = Result<Right, Problem>> + Send;

    /// Who needs it still, in words.
    fn users(_: &Caller, _: &Self::Entity) -> impl Future<Output = Result<Vec<String>, Problem>> + Send {
        async { Ok(Vec::new()) }
    }

    /// What goes with it.
    fn removed_with(_: &Caller, _: &Self::Entity) -> impl Future<Output = Result<Vec<Extra>, Problem>> + Send {
        async { Ok(Vec::new()) }
    }
}

/// A write that was decided on: nothing has happened yet.
pub struct Plan<T> {
    /// What is there; none: it is new.
    pub before: Option<Versioned<T>>,
    /// What shall be there.
    pub value: T,
    /// What must be written with it.
    pub extras: Vec<Extra>,
    /// What the answer says instead of the view, where it tells a secret that is told once.
    pub answer: Option<Value>,
    /// What the audit log calls it, where that says more than `created` or `updated`.
    pub action: Option<&'static str>,
}

impl<T: Entity> Plan<T> {
    pub fn new(before: Option<Versioned<T>>, value: T, extras: Vec<Extra>) -> Self {
        Self {
            before,
            value,
            extras,
            answer: None,
            action: None,
        }
    }

    /// The same under a name of its own in the audit log.
    pub fn called(self, action: &'static str) -> Self {
        let action = Some(action);
        Self { action, ..self }
    }

    /// A change that needs nothing beside it.
    pub fn over(before: Versioned<T>, value: T) -> Self {
        Self::new(Some(before), value, Vec::new())
    }

    /// The version it will have.
    pub fn version(&self) -> u64 {
        self.before.as_ref().map_or(1, |before| before.version + 1)
    }

    pub async fn write(&self, caller: &Caller) -> Result<Applied, StoreError> {
        let store = caller.store();
        let change = Change {
            action: self.action,
            ..caller.change()
        };
        let applied = match &self.before {
            None => store.create(&self.value, &self.extras, &change).await?,
            Some(before) => store.replace(before, &self.value, &self.extras, &change).await?,
        };
        if applied == Applied::Done {
            let before = self.before.as_ref().map(|before| &before.value);
            subscribers::wake(&caller.ctx, self.value.bulletins(before), caller.now()).await;
            incidents::look_again(&caller.ctx, works_gone(before, Some(&self.value)), caller.now()).await;
        }
        Ok(applied)
    }
}

/// The fields that a `PATCH` names.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Changes(Map<String, Value>);

/// One of a kind.
pub async fn get<R: Resource>(caller: &Caller, id: <R::Entity as Entity>::Id) -> Result<Tagged<R::View>, Problem> {
    caller.may(Right::Read)?;
    let found = load::<R::Entity>(caller, id).await?;
    if !R::is_seen(caller, &found.value) {
        return Err(Problem::not_found());
    }
    Ok(Tagged {
        version: found.version,
        value: R::view(caller, found.value),
    })
}

/// Changes what the client named, and leaves the rest.
pub async fn change<R: Resource>(
    caller: &Caller,
    id: <R::Entity as Entity>::Id,
    if_match: &IfMatch,
    changes: &Changes,
) -> Result<Tagged<R::View>, Problem> {
    let after = edit(caller, id, |before: Versioned<R::Entity>| async move {
        if !R::is_seen(caller, &before.value) {
            return Err(Problem::not_found());
        }
        let body: R = merged(R::View::from(before.value.clone()), R::READ_ONLY, changes)?;
        caller.may_all(body.rights(caller, Some(&before.value)).await?)?;
        if_match.check(before.version)?;
        body.plan(caller, Some(before)).await
    });
    let after = after.await?;
    Ok(Tagged {
        version: after.version,
        value: R::view(caller, after.value),
    })
}

/// Removes what nobody needs any more.
pub async fn remove<R: Resource>(
    caller: &Caller,
    id: <R::Entity as Entity>::Id,
    if_match: &IfMatch,
) -> Result<StatusCode, Problem> {
    for round in 0..ROUNDS_MAX {
        let before = load::<R::Entity>(caller, id).await?;
        if !R::is_seen(caller, &before.value) {
            return Err(Problem::not_found());
        }
        caller.may(R::right_to_remove(caller, &before.value).await?)?;
        if_match.check(before.version)?;
        refuse_if_used(&R::users(caller, &before.value).await?)?;
        let extras = R::removed_with(caller, &before.value).await?;
        if caller.store().remove(&before, &extras, &caller.change()).await? == Applied::Done {
            incidents::look_again(&caller.ctx, works_gone(Some(&before.value), None), caller.now()).await;
            return Ok(StatusCode::NO_CONTENT);
        }
        pause(caller, round).await;
    }
    Err(Problem::unavailable())
}

/// Reads a row, decides what becomes of it, and writes that, unless it is the same.
pub async fn edit<T, F, Fut>(caller: &Caller, id: T::Id, decide: F) -> Result<Versioned<T>, Problem>
where
    T: Entity + PartialEq,
    F: Fn(Versioned<T>) -> Fut,
    Fut: Future<Output = Result<Plan<T>, Problem>>,
{
    for round in 0..ROUNDS_MAX {
        let plan = decide(load(caller, id).await?).await?;
        let is_same = plan.before.as_ref().is_some_and(|before| before.value == plan.value);
        if is_same && let Some(before) = plan.before {
            return Ok(before);
        }
        if plan.write(caller).await? == Applied::Done {
            return Ok(Versioned {
                version: plan.version(),
                value: plan.value,
            });
        }
        pause(caller, round).await;
    }
    Err(Problem::unavailable())
}

/// Waits, some longer than others, so that those who lost a race do not all meet again.
#[expect(clippy::disallowed_methods, reason = "a jittered retry")]
pub async fn pause(caller: &Caller, round: u32) {
    let [part] = caller.ctx.random.bytes::<1>();
    tokio::time::sleep(PAUSE * (1 << round.min(6)) * u32::from(part) / 255).await;
}

/// One row, or 404.
pub async fn load<T: Entity>(caller: &Caller, id: T::Id) -> Result<Versioned<T>, Problem> {
    caller.store().load::<T>(id).await?.ok_or_else(Problem::not_found)
}

/// What is there with the named fields replaced, as a body that is checked like any other.
pub fn merged<B: DeserializeOwned>(view: impl Serialize, read_only: &[&str], changes: &Changes) -> Result<B, Problem> {
    let mut fields = match serde_json::to_value(view) {
        Ok(Value::Object(fields)) => fields,
        _ => return Err(Problem::internal()),
    };
    fields.retain(|name, _| !read_only.contains(&name.as_str()));
    fields.extend(changes.0.clone());
    from_value(Value::Object(fields))
}

/// Which rows of a kind need something, in words. `uses` answers the name of one that does.
///
/// Reads all of the kind: rare, and no index answers it. The list it reads trails the table by moments; who adds a user
/// in just these moments finds it missing later, as the domain expects of every reference.
pub async fn users_among<T: Entity>(
    caller: &Caller,
    uses: impl Fn(&T) -> Option<&str> + Send,
) -> Result<Vec<String>, Problem> {
    let all = caller.store().list_all::<T>().await?;
    let named =
        |one: &T| uses(one).map(|name| format!("the {} \"{name}\" ({})", kind_in_words::<T>(), one.id().to_string()));
    Ok(all.iter().filter_map(named).collect())
}

/// 409 that says by whom, if it is used.
pub fn refuse_if_used(users: &[String]) -> Result<(), Problem> {
    if users.is_empty() {
        return Ok(());
    }
    let mut named = users[..users.len().min(USERS_NAMED_MAX)].join(", ");
    if users.len() > USERS_NAMED_MAX {
        named += &format!(" and {} more", users.len() - USERS_NAMED_MAX);
    }
    Err(Problem::conflict(
        "in_use",
        format!("It is in use by {named}. Change that first."),
    ))
}

/// A kind's name, for people.
pub fn kind_in_words<T: Entity>() -> String {
    T::KIND.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        name: String,
        team_id: Option<String>,
    }

    #[derive(Serialize)]
    struct View {
        id: u32,
        name: String,
        team_id: Option<String>,
    }

    fn merge(changes: Value) -> Result<Body, Problem> {
        let view = View {
            id: 1,
            name: "Web".into(),
            team_id: Some("a".into()),
        };
        merged(view, &["id"], &serde_json::from_value(changes).unwrap())
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name_and_clears_what_it_nulls() {
        let body = |name: &str, team: Option<&str>| {
            Ok(Body {
                name: name.into(),
                team_id: team.map(str::to_owned),
            })
        };
        assert_eq!(merge(serde_json::json!({})), body("Web", Some("a")));
        assert_eq!(merge(serde_json::json!({"name": "Shop"})), body("Shop", Some("a")));
        assert_eq!(merge(serde_json::json!({"team_id": null})), body("Web", None));
    }

    #[test]
    fn a_change_of_what_is_unknown_or_read_only_or_of_another_type_is_refused_by_name() {
        for (changes, field) in [
            (serde_json::json!({"nmae": "x"}), "nmae"),
            (serde_json::json!({"id": 2}), "id"),
            (serde_json::json!({"name": null}), "name"),
        ] {
            assert_eq!(merge(changes).unwrap_err().errors[0].field, field);
        }
    }

    #[test]
    fn who_uses_it_is_said() {
        assert_eq!(refuse_if_used(&[]), Ok(()));
        let users: Vec<String> = (0..12).map(|n| format!("the service \"s{n}\"")).collect();
        let problem = refuse_if_used(&users).unwrap_err();
        assert_eq!((problem.status, problem.code), (409, "in_use"));
        assert!(problem.detail.contains("\"s9\" and 2 more"), "{}", problem.detail);
    }
}
