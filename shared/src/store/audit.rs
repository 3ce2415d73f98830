//! The audit log: who did what, when, from where, and what it changed.
//!
//! A change of configuration writes its entry in its own transaction ([`Store::create`], [`Store::replace`],
//! [`Store::remove`]); what changes no row of configuration is recorded by itself ([`Happened`]). What is absent: a way to
//! change or to remove an entry. Entries are put where none is, and no role allows more.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Store;
use super::config::Entity;
use super::cursor::{Page, PageRequest, cursor};
use super::keys::{IndexKey, Key};
use super::row::{self, Row};
use super::table::{Expression, StoreError, Write};
use crate::domain::actor::Actor;
use crate::domain::id::{EventId, UserId};
use crate::domain::limits;

/// Fields that are never copied into the audit log, hashed or sealed though they are.
const NOT_AUDITED: [&str; 4] = ["password_hash", "secret_hash", "sealed_secret", "key_hash"];
/// The name of a kind of thing.
const KIND_CHARS_MAX: usize = 64;
/// Entries that one request for some of them looks at, at the most; it then answers a short page with a cursor.
const LOOKED_AT_MAX: usize = 1_000;

/// Who changes something, when, and from where.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// Who.
    pub by: &'a Actor,
    /// When.
    pub at: Timestamp,
    /// The client's address; none: no request made it, or nobody knows.
    pub address: Option<&'a str>,
    /// What it is called, where that says more than `created`, `updated` or `deleted`.
    pub action: Option<&'static str>,
}

impl<'a> Change<'a> {
    /// A change that no request made.
    pub fn new(by: &'a Actor, at: Timestamp) -> Self {
        Self {
            by,
            at,
            address: None,
            action: None,
        }
    }

    /// The same, made by a request from this address; empty: nobody knows.
    #[must_use]
    pub fn from(self, address: &'a str) -> Self {
        let address = Some(address).filter(|address| !address.is_empty());
        Self { address, ..self }
    }

    /// The same under a name of its own.
    #[must_use]
    pub fn called(self, action: &'static str) -> Self {
        let action = Some(action);
        Self { action, ..self }
    }
}

/// Something to be recorded that changes no row of configuration: somebody signed in.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// What: `signed_in`.
    pub action: &'static str,
    /// The kind of thing it happened to.
    pub object: &'static str,
    /// Its id; empty where it has none.
    pub object_id: String,
    /// What else is to be known: an object, without secrets.
    pub facts: Value,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Where from: the client's address; none: no request made it, or nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What was done: `created`, `updated`, `deleted`, or what says more.
    pub action: String,
    /// The kind of thing.
    pub object: String,
    /// Its id.
    pub object_id: String,
    /// What it was, as JSON without secrets.
    #[serde(default)]
    pub before: Option<String>,
    /// What it became, as JSON without secrets.
    #[serde(default)]
    pub after: Option<String>,
}

/// Which entries; all, if nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only what this person did, in a browser or by a token.
    pub user_id: Option<UserId>,
    /// Only what happened to this kind of thing.
    pub object: Option<String>,
}

impl AuditFilter {
    /// Of this person, and of this kind of thing.
    ///
    /// # Errors
    /// What is wrong with the name of the kind.
    pub fn new(user_id: Option<UserId>, object: Option<String>) -> Result<Self, &'static str> {
        let is_name = |text: &String| {
            (1..=KIND_CHARS_MAX).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        if object.as_ref().is_some_and(|object| !is_name(object)) {
            return Err("must be the name of a kind, as entries have it: 1 to 64 of a-z and _");
        }
        Ok(Self { user_id, object })
    }

    fn is_all(&self) -> bool {
        *self == Self::default()
    }

    fn takes(&self, entry: &AuditEntry) -> bool {
        self.user_id.is_none_or(|user| entry.actor.is_user(user))
            && self.object.as_ref().is_none_or(|object| *object == entry.object)
    }
}

impl Store {
    /// Records something that changed no row of configuration.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn audit(&self, happened: &Happened, change: &Change<'_>) -> Result<(), StoreError> {
        let write = self.happened(happened, change)?;
        self.table.transact(vec![write]).await.map(drop)
    }

    /// A page of the audit log, newest first. One of a filter may be short and still have a cursor.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn audit_log(&self, page: &PageRequest, filter: &AuditFilter) -> Result<Page<AuditEntry>, StoreError> {
        let mut batch = page.clone();
        if !filter.is_all() {
            batch.limit = limits::PAGE_ITEMS_MAX;
        }
        let (mut items, mut looked_at) = (Vec::new(), 0);
        loop {
            let (found, last) = self.audit_batch(&batch).await?;
            looked_at += found.len();
            items.extend(found.into_iter().filter(|entry| filter.takes(entry)));
            let is_cut = items.len() > page.limit;
            items.truncate(page.limit);
            if is_cut || items.len() == page.limit && last.is_some() {
                let next = items.last().map(|entry| cursor(&entry.id.to_string()));
                return Ok(Page { items, next });
            }
            match last {
                Some(last) if looked_at < LOOKED_AT_MAX => batch = batch.moved(Some(last)),
                last => {
                    let next = last.as_deref().map(cursor);
                    return Ok(Page { items, next });
                }
            }
        }
    }

    /// Entries, newest first, and the place of the last if there are more.
    async fn audit_batch(&self, page: &PageRequest) -> Result<(Vec<AuditEntry>, Option<String>), StoreError> {
        let (candidates, more) = self.table.candidates(&[IndexKey::listed("audit", "").pk], page).await?;
        let last = candidates.last().map(|candidate| candidate.place.clone());
        let keys = candidates
            .into_iter()
            .map(|candidate| Key {
                pk: candidate.pk,
                sk: "AUDIT".into(),
            })
            .collect();
        let mut items = Vec::new();
        for item in self.table.get_many(keys).await? {
            items.push(row::read::<AuditEntry>(item)?.value);
        }
        items.sort_by_key(|entry| std::cmp::Reverse(entry.id));
        Ok((items, last.filter(|_| more)))
    }

    /// The entry of a change of a row of configuration.
    pub(super) fn changed<T: Entity>(
        &self,
        action: &'static str,
        before: Option<&T>,
        after: Option<&T>,
        change: &Change<'_>,
    ) -> Result<Write, StoreError> {
        let object_id = after.or(before).map(|value| value.id().to_string()).unwrap_or_default();
        self.changed_of(action, (T::KIND, object_id), before, after, change)
    }

    /// The same for what is no kind of configuration: its kind and its id.
    pub(super) fn changed_of<T: Serialize>(
        &self,
        action: &str,
        (kind, object_id): (&str, String),
        before: Option<&T>,
        after: Option<&T>,
        change: &Change<'_>,
    ) -> Result<Write, StoreError> {
        let (before, after) = (before.map(audited).transpose()?, after.map(audited).transpose()?);
        self.entry(
            change.action.unwrap_or(action),
            kind,
            object_id,
            (before, after),
            change,
        )
    }

    /// The entry of something that changed no such row.
    pub(super) fn happened(&self, happened: &Happened, change: &Change<'_>) -> Result<Write, StoreError> {
        let Happened {
            action,
            object,
            object_id,
            facts,
        } = happened;
        let after = Some(audited(facts)?).filter(|_| !facts.is_null());
        self.entry(action, object, object_id.clone(), (None, after), change)
    }

    fn entry(
        &self,
        action: &str,
        object: &str,
        object_id: String,
        (before, after): (Option<String>, Option<String>),
        change: &Change<'_>,
    ) -> Result<Write, StoreError> {
        let id = EventId(self.table.random().ulid(change.at));
        let entry = AuditEntry {
            id,
            at: change.at,
            actor: change.by.clone(),
            address: change.address.map(str::to_owned),
            action: action.into(),
            object: object.into(),
            object_id,
            before,
            after,
        };
        let row = Row::of(Key::audit(id), "audit", &entry)?.list(Some(IndexKey::listed("audit", id)));
        Ok(Write::Put(row, Some(Expression::absent())))
    }
}

fn audited<T: Serialize>(value: &T) -> Result<String, StoreError> {
    let mut json = serde_json::to_value(value).map_err(|error| StoreError::Refused(error.to_string()))?;
    redact(&mut json);
    Ok(json.to_string())
}

fn redact(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            fields.retain(|name, _| !NOT_AUDITED.contains(&name.as_str()));
            fields.values_mut().for_each(redact);
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}
