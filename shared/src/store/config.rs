//! Rows of configuration: services, integrations, policies, people, teams, channels, tokens. Each is one row under one
//! version; what must change with it (a key, an e-mail address, the audit entry) is in the same transaction.

use std::fmt::Display;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Store;
use super::audit::Change;
use super::cursor::{Page, PageRequest, cursor};
use super::incidents::Applied;
use super::keys::{self, IndexKey, Key};
use super::notices;
use super::row::{self, Row, Versioned, attribute, number, text, text_of};
use super::status::{Gone, GoneRow, HistoryRow};
use super::table::{Expression, StoreError, Write};
use super::uploads::{same_turn, upload_row};
use crate::domain::avatar::{Avatar, Upload};
use crate::domain::id::{
    ChannelId, ComponentId, ContactId, IncidentId, IntegrationId, MaintenanceId, PageId, PolicyId, PostId, ServiceId,
    TeamId, TokenId, UserId,
};
use crate::domain::people::{Channel, Role, Team, User};
use crate::domain::policy::Policy;
use crate::domain::principal::Token;
use crate::domain::service::{Integration, Service};
use crate::domain::status::{
    Bulletin, Component, Interval, Maintenance, Page as StatusPage, Post, Postmortem, Work, bulletins_of_maintenance,
    bulletins_of_post,
};
use crate::domain::time::after_seconds;

/// A kind of configuration.
pub trait Entity: Serialize + DeserializeOwned + Clone + Send + Sync {
    /// Its typed id.
    type Id: ToString + Copy + Send + Sync;
    /// Its name in lists and in the audit log.
    const KIND: &'static str;
    /// Its partition's prefix.
    const PARTITION: &'static str;

    /// Its id.
    fn id(&self) -> Self::Id;

    /// The list it stands in, for kinds that have more than one.
    fn list(&self) -> &'static str {
        Self::KIND
    }

    /// What of its row is changed without its version, by others than those who change it as a whole. Whoever replaces the
    /// row writes it as they read it, and only while it is so.
    fn avatar(&self) -> Option<&Avatar> {
        None
    }

    /// The lists of its kind.
    const LISTS: &'static [&'static str] = &[Self::KIND];

    /// Its place in its list, for kinds whose lists are not of a kind alone.
    fn listed(&self) -> IndexKey {
        IndexKey::listed(self.list(), self.id())
    }

    /// When it is due, for kinds that are.
    fn due(&self) -> Option<IndexKey> {
        None
    }

    /// What subscribers of a page are told when it becomes this out of `before`: written in the same transaction, so that
    /// no writer can forget it.
    fn bulletins(&self, _before: Option<&Self>) -> Vec<Bulletin> {
        Vec::new()
    }

    /// What it does to services' alerts: a row beside each service, written in the same transaction by whoever writes this by
    /// hand. What the time alone makes of it changes none of these rows.
    fn works(&self) -> Vec<Work> {
        Vec::new()
    }

    /// What it says of the past of a page's components: a row in the page's history, written in the same transaction.
    fn says(&self) -> Option<Said> {
        None
    }
}

macro_rules! entities {
    ($($type:ty, $id:ty, $kind:literal, $partition:literal;)*) => {$(
        impl Entity for $type {
            type Id = $id;
            const KIND: &'static str = $kind;
            const PARTITION: &'static str = $partition;
            fn id(&self) -> $id {
                self.id
            }
        }
    )*};
}

entities! {
    Service, ServiceId, "service", "SVC";
    Integration, IntegrationId, "integration", "INT";
    Policy, PolicyId, "escalation_policy", "POL";
    Channel, ChannelId, "channel", "CHN";
    Team, TeamId, "team", "TEA";
    Token, TokenId, "token", "TOK";
    StatusPage, PageId, "page", "PAG";
}

impl Entity for Component {
    type Id = ComponentId;
    const KIND: &'static str = "component";
    const PARTITION: &'static str = "CMP";

    fn id(&self) -> ComponentId {
        self.id
    }

    fn says(&self) -> Option<Said> {
        Said::of((self.page_id, &self.id), Vec::new(), self.holds.clone())
    }
}

impl Entity for Post {
    type Id = PostId;
    const KIND: &'static str = "post";
    const PARTITION: &'static str = "PST";
    /// Lists of posts are each of one page: see [`Store::posts`].
    const LISTS: &'static [&'static str] = &[];

    fn id(&self) -> PostId {
        self.id
    }

    fn listed(&self) -> IndexKey {
        IndexKey::post(self.page_id, self.id, self.is_open())
    }

    /// Whoever writes it leaves it to be published: see [`Store::published_post`].
    fn due(&self) -> Option<IndexKey> {
        Some(IndexKey::post_due(self.page_id, self.id, self.updated_at))
    }

    fn bulletins(&self, before: Option<&Self>) -> Vec<Bulletin> {
        bulletins_of_post(self, before)
    }

    fn says(&self) -> Option<Said> {
        Said::of((self.page_id, &self.id), self.said(), Vec::new())
    }
}

impl Entity for Maintenance {
    type Id = MaintenanceId;
    const KIND: &'static str = "maintenance";
    const PARTITION: &'static str = "MNT";
    /// Lists of maintenances are each of one page: see [`Store::maintenances`].
    const LISTS: &'static [&'static str] = &[];

    fn id(&self) -> MaintenanceId {
        self.id
    }

    fn listed(&self) -> IndexKey {
        IndexKey::maintenance(self.page_id, self.id, self.is_open())
    }

    fn due(&self) -> Option<IndexKey> {
        let at = Maintenance::due(self)?;
        Some(IndexKey::maintenance_due(self.page_id, self.id, at))
    }

    fn bulletins(&self, before: Option<&Self>) -> Vec<Bulletin> {
        bulletins_of_maintenance(self, before)
    }

    fn works(&self) -> Vec<Work> {
        Work::all_of(self)
    }

    fn says(&self) -> Option<Said> {
        Said::of((self.page_id, &self.id), self.said(), Vec::new())
    }
}

impl Entity for Postmortem {
    type Id = IncidentId;
    const KIND: &'static str = "postmortem";
    const PARTITION: &'static str = "PMO";

    fn id(&self) -> IncidentId {
        self.incident_id
    }
}

impl Entity for User {
    type Id = UserId;
    const KIND: &'static str = "user";
    const PARTITION: &'static str = "USR";
    /// Owners have a list of their own: they must be found in one query when nobody answers.
    const LISTS: &'static [&'static str] = &["user", OWNERS];

    fn id(&self) -> UserId {
        self.id
    }

    fn avatar(&self) -> Option<&Avatar> {
        Some(&self.avatar)
    }

    fn list(&self) -> &'static str {
        if self.role == Role::Owner { OWNERS } else { "user" }
    }
}

const OWNERS: &str = "owner";

/// What something says of the past of a page's components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    key: Key,
    said: Vec<Interval>,
    held: Vec<Interval>,
}

impl Said {
    /// What this says, in the month in which the last of it ended.
    fn of((page, id): (PageId, &dyn Display), said: Vec<Interval>, held: Vec<Interval>) -> Option<Self> {
        let end = said.iter().chain(&held).map(|one| one.end).max()?;
        Some(Self {
            key: Key::history_said(page, &keys::month_of(end), id),
            said,
            held,
        })
    }
}

/// What must be written together with a row of configuration.
#[derive(Debug, Clone, PartialEq)]
pub enum Extra {
    /// A new integration key, by its hash.
    AddKey {
        /// SHA-256 of the key.
        key_hash: String,
        /// Whose it is.
        integration_id: IntegrationId,
    },
    /// A key that stops working at a time, or now.
    EndKey {
        /// SHA-256 of the key.
        key_hash: String,
        /// When; none = now.
        at: Option<Timestamp>,
    },
    /// An e-mail address that must be nobody else's.
    AddEmail(String, UserId),
    /// An address that is free again.
    EndEmail(String),
    /// A contact of a person.
    AddContact(ContactId, UserId),
    /// A contact that is gone.
    EndContact(ContactId),
    /// What was noted of an integration that is gone.
    EndReceived(IntegrationId),
    /// A turn that takes a picture away, whose objects are then deleted.
    EndPicture(Box<Upload>),
    /// A page's name in addresses that must be no other page's.
    AddSlug(String, PageId),
    /// Something of a page, or the page itself, is removed at this time: its documents are to be, too.
    Gone(PageId, Gone, Timestamp),
    /// The page of this version is no longer the default one.
    EndDefault(PageId, u64),
    /// A row that must exist while this is written.
    Needs(&'static str, String),
    /// A row that must be of this version while this is written.
    Unchanged(&'static str, String, u64),
    /// The answer to a creation, for when it is asked for again.
    Once(Once),
}

/// The answer to a creation, kept under the key that its client chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    /// SHA-256 of who asked, where, and the client's key.
    pub hash: String,
    /// SHA-256 of what was asked: the same key for something else is a mistake.
    pub request_hash: String,
    /// The answer's body, sealed: it may hold a secret that is shown once.
    pub sealed_answer: String,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// The end of 9999: later than any TTL.
const FOR_EVER: Timestamp = Timestamp::constant(253_370_764_800, 0);

impl Once {
    /// A mark without an answer, never forgotten: this was done.
    pub fn for_ever(hash: String) -> Self {
        Self {
            hash,
            request_hash: String::new(),
            sealed_answer: String::new(),
            expires_at: FOR_EVER,
        }
    }
}

impl Store {
    /// One row, read consistently.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn load<T: Entity>(&self, id: T::Id) -> Result<Option<Versioned<T>>, StoreError> {
        let item = self.table.get(&Key::entity(T::PARTITION, &id.to_string())).await?;
        Ok(item.map(row::read).transpose()?)
    }

    /// Several rows, read consistently, in one round trip; missing ones are left out.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn load_many<T: Entity>(&self, ids: impl IntoIterator<Item = T::Id>) -> Result<Vec<T>, StoreError> {
        let keys = ids
            .into_iter()
            .map(|id| Key::entity(T::PARTITION, &id.to_string()))
            .collect();
        let items = self.table.get_many(keys).await?;
        items.into_iter().map(|item| Ok(row::read(item)?.value)).collect()
    }

    /// A page of a kind, newest first.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn list<T: Entity>(&self, page: &PageRequest) -> Result<Page<Versioned<T>>, StoreError> {
        self.list_of(T::LISTS, page).await
    }

    /// Every row of a kind, page by page: for the rare questions that no index answers (who uses this?).
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn list_all<T: Entity>(&self) -> Result<Vec<T>, StoreError> {
        let all = self.list_all_versioned::<T>().await?;
        Ok(all.into_iter().map(|row| row.value).collect())
    }

    /// The same with their versions, for whoever goes on to change some.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn list_all_versioned<T: Entity>(&self) -> Result<Vec<Versioned<T>>, StoreError> {
        let mut all = Vec::new();
        let mut page = PageRequest::first();
        loop {
            let found = self.list::<T>(&page).await?;
            all.extend(found.items);
            let Some(next) = found.next else { return Ok(all) };
            page = PageRequest::new(page.limit, Some(&next)).map_err(|_| StoreError::Changed)?;
        }
    }

    /// People with the role of owner.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn owners(&self) -> Result<Vec<User>, StoreError> {
        let page = self.list_of::<User>(&[OWNERS], &PageRequest::first()).await?;
        Ok(page
            .items
            .into_iter()
            .map(|row| row.value)
            .filter(|user| user.role == Role::Owner)
            .collect())
    }

    async fn list_of<T: Entity>(&self, lists: &[&str], page: &PageRequest) -> Result<Page<Versioned<T>>, StoreError> {
        let partitions: Vec<String> = lists.iter().map(|list| IndexKey::listed(list, "").pk).collect();
        self.list_in(&partitions, page).await
    }

    /// A page of the rows of one kind that stand in any of these lists, newest first.
    pub(super) async fn list_in<T: Entity>(
        &self,
        partitions: &[String],
        page: &PageRequest,
    ) -> Result<Page<Versioned<T>>, StoreError> {
        let (candidates, more) = self.table.candidates(partitions, page).await?;
        let next = candidates
            .last()
            .filter(|_| more)
            .map(|candidate| cursor(&candidate.place));
        let keys = candidates.into_iter().map(|candidate| Key {
            pk: candidate.pk,
            sk: T::PARTITION.into(),
        });
        let mut rows = Vec::new();
        for item in self.table.get_many(keys.collect()).await? {
            rows.push((
                keys::id_part(text_of(&item, attribute::PK)).to_owned(),
                row::read(item)?,
            ));
        }
        rows.sort_by(|(a, _): &(String, Versioned<T>), (b, _)| b.cmp(a));
        Ok(Page {
            items: rows.into_iter().map(|(_, row)| row).collect(),
            next,
        })
    }

    /// Adds a row that must not exist yet.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn create<T: Entity>(
        &self,
        value: &T,
        extras: &[Extra],
        change: &Change<'_>,
    ) -> Result<Applied, StoreError> {
        let mut writes = vec![Write::Put(entity_row(value)?, Some(Expression::absent()))];
        writes.push(self.changed("created", None, Some(value), change)?);
        writes.extend(bulletin_writes(None, value)?);
        writes.extend(work_writes(None, Some(value))?);
        writes.extend(said_writes(None, Some(value))?);
        self.write(writes, extras).await
    }

    /// Replaces a row of this version.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn replace<T: Entity>(
        &self,
        before: &Versioned<T>,
        value: &T,
        extras: &[Extra],
        change: &Change<'_>,
    ) -> Result<Applied, StoreError> {
        let row = entity_row(value)?.version(before.version + 1);
        let mut writes = vec![Write::Put(row, Some(unchanged(before)))];
        writes.push(self.changed("updated", Some(&before.value), Some(value), change)?);
        writes.extend(bulletin_writes(Some(&before.value), value)?);
        writes.extend(work_writes(Some(&before.value), Some(value))?);
        writes.extend(said_writes(Some(&before.value), Some(value))?);
        self.write(writes, extras).await
    }

    /// Removes a row of this version.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn remove<T: Entity>(
        &self,
        before: &Versioned<T>,
        extras: &[Extra],
        change: &Change<'_>,
    ) -> Result<Applied, StoreError> {
        let key = Key::entity(T::PARTITION, &before.value.id().to_string());
        let mut writes = vec![Write::Delete(key, unchanged(before))];
        writes.push(self.changed("deleted", Some(&before.value), None, change)?);
        writes.extend(work_writes(Some(&before.value), None)?);
        writes.extend(said_writes(Some(&before.value), None)?);
        self.write(writes, extras).await
    }

    /// The integration whose key has this hash, and when the key stops working. Expiry is in this answer; TTL only
    /// cleans.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn integration_by_key(&self, key_hash: &str, now: Timestamp) -> Result<Option<Integration>, StoreError> {
        let Some(item) = self.table.get(&Key::integration_key(key_hash)).await? else {
            return Ok(None);
        };
        let pointer: KeyPointer = row::read(item)?.value;
        if pointer.expires_at.is_some_and(|at| at <= now) {
            return Ok(None);
        }
        Ok(self
            .load::<Integration>(pointer.integration_id)
            .await?
            .map(|row| row.value))
    }

    /// Whose an e-mail address is.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserId>, StoreError> {
        self.pointer(&Key::email(email)).await
    }

    /// Whose a contact is.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn user_of_contact(&self, contact: ContactId) -> Result<Option<UserId>, StoreError> {
        self.pointer(&Key::contact(contact)).await
    }

    /// The page of this name in addresses.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn page_by_slug(&self, slug: &str) -> Result<Option<PageId>, StoreError> {
        let item = self.table.get(&Key::slug(slug)).await?;
        Ok(item
            .map(row::read::<PagePointer>)
            .transpose()?
            .map(|row| row.value.page_id))
    }

    /// The answer that was given to a creation before, unless it is too old.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn answered_once(&self, hash: &str, now: Timestamp) -> Result<Option<Once>, StoreError> {
        let Some(item) = self.table.get(&Key::once(hash)).await? else {
            return Ok(None);
        };
        let once: Once = row::read(item)?.value;
        Ok((once.expires_at > now).then_some(once))
    }

    async fn pointer(&self, key: &Key) -> Result<Option<UserId>, StoreError> {
        let Some(item) = self.table.get(key).await? else {
            return Ok(None);
        };
        Ok(Some(row::read::<UserPointer>(item)?.value.user_id))
    }

    async fn write(&self, mut writes: Vec<Write>, extras: &[Extra]) -> Result<Applied, StoreError> {
        for extra in extras {
            writes.push(extra_write(extra)?);
        }
        Ok(if self.table.transact(writes).await?.is_ok() {
            Applied::Done
        } else {
            Applied::Changed
        })
    }
}

#[derive(Serialize, Deserialize)]
struct KeyPointer {
    integration_id: IntegrationId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct PagePointer {
    page_id: PageId,
}

#[derive(Serialize, Deserialize)]
struct UserPointer {
    user_id: UserId,
}

/// The row is what was read.
fn unchanged<T: Entity>(before: &Versioned<T>) -> Expression {
    let version = Expression::version(before.version);
    match before.value.avatar() {
        Some(avatar) => same_turn(version, avatar),
        None => version,
    }
}

pub(super) fn entity_row<T: Entity>(value: &T) -> Result<Row, StoreError> {
    let row = Row::of(Key::entity(T::PARTITION, &value.id().to_string()), T::KIND, value)?;
    Ok(row.list(Some(value.listed())).due(value.due()))
}

/// What tells a page's subscribers of a change.
pub(super) fn bulletin_writes<T: Entity>(before: Option<&T>, after: &T) -> Result<Vec<Write>, StoreError> {
    let bulletins = after.bulletins(before);
    bulletins
        .iter()
        .map(|bulletin| Ok(Write::Put(notices::bulletin_row(bulletin)?, None)))
        .collect()
}

/// How long after its end the row of a work may be cleaned up.
const WORK_KEPT_SECONDS: i64 = 86_400;

/// What a change ends of what something did to services' alerts, or makes different.
pub fn works_gone<T: Entity>(before: Option<&T>, after: Option<&T>) -> Vec<Work> {
    let after = after.map(T::works).unwrap_or_default();
    let mut gone = before.map(T::works).unwrap_or_default();
    gone.retain(|work| !after.contains(work));
    gone
}

/// What tells services' alerts of a change: rows that differ, and those that go.
fn work_writes<T: Entity>(before: Option<&T>, after: Option<&T>) -> Result<Vec<Write>, StoreError> {
    let (before, after) = (
        before.map(T::works).unwrap_or_default(),
        after.map(T::works).unwrap_or_default(),
    );
    let stays = |work: &&Work| after.iter().any(|one| one.service_id == work.service_id);
    let key = |work: &Work| Key::work(work.service_id, work.maintenance_id);
    let gone = before.iter().filter(|work| !stays(work));
    let mut writes: Vec<Write> = gone
        .map(|work| Write::Delete(key(work), Expression::either_way()))
        .collect();
    for work in after.iter().filter(|work| !before.contains(work)) {
        let row = Row::of(key(work), "work", work)?;
        writes.push(Write::Put(
            row.expires(Some(after_seconds(work.until, WORK_KEPT_SECONDS))),
            None,
        ));
    }
    Ok(writes)
}

/// What tells a page's history of what something says now of the past.
pub(super) fn said_writes<T: Entity>(before: Option<&T>, after: Option<&T>) -> Result<Vec<Write>, StoreError> {
    let (before, after) = (before.and_then(T::says), after.and_then(T::says));
    if before == after {
        return Ok(Vec::new());
    }
    let moved = before.filter(|before| after.as_ref().is_none_or(|after| after.key != before.key));
    let gone = moved.map(|said| Write::Delete(said.key, Expression::either_way()));
    let there = after.map(|said| {
        let row = HistoryRow {
            intervals: said.said,
            held: said.held,
        };
        Ok(Write::Put(Row::of(said.key, "history", &row)?, None))
    });
    gone.map(Ok).into_iter().chain(there).collect()
}

pub(super) fn extra_write(extra: &Extra) -> Result<Write, StoreError> {
    Ok(match extra {
        Extra::AddKey {
            key_hash,
            integration_id,
        } => {
            let pointer = KeyPointer {
                integration_id: *integration_id,
                expires_at: None,
            };
            Write::Put(
                Row::of(Key::integration_key(key_hash), "key", &pointer)?,
                Some(Expression::absent()),
            )
        }
        Extra::EndKey { key_hash, at: None } => {
            // It may be gone already: TTL cleans keys that have ended.
            Write::Delete(Key::integration_key(key_hash), Expression::either_way())
        }
        Extra::EndKey { key_hash, at: Some(at) } => Write::Update {
            key: Key::integration_key(key_hash),
            set: Expression::new(format!("SET expires_at = :at, {} = :ttl", attribute::EXPIRES))
                .value(":at", text(at.to_string()))
                .value(":ttl", number(at.as_second())),
            condition: Expression::present(),
        },
        Extra::AddEmail(email, user_id) => {
            let pointer = UserPointer { user_id: *user_id };
            Write::Put(
                Row::of(Key::email(email), "email", &pointer)?,
                Some(Expression::absent()),
            )
        }
        Extra::EndEmail(email) => Write::Delete(Key::email(email), Expression::present()),
        Extra::AddContact(contact, user_id) => {
            let pointer = UserPointer { user_id: *user_id };
            Write::Put(
                Row::of(Key::contact(*contact), "contact", &pointer)?,
                Some(Expression::absent()),
            )
        }
        Extra::EndContact(contact) => Write::Delete(Key::contact(*contact), Expression::present()),
        Extra::EndReceived(id) => Write::Delete(Key::received(*id), Expression::either_way()),
        Extra::EndPicture(removal) => Write::Put(upload_row(removal)?, Some(Expression::absent())),
        Extra::AddSlug(slug, page_id) => {
            let pointer = PagePointer { page_id: *page_id };
            Write::Put(Row::of(Key::slug(slug), "slug", &pointer)?, Some(Expression::absent()))
        }
        Extra::Gone(page, gone, at) => {
            let id = gone.id(*page);
            let due = IndexKey::gone_due(*page, &id, *at);
            let row = GoneRow {
                page_id: *page,
                gone: gone.clone(),
            };
            Write::Put(Row::of(Key::gone(*page, &id), "gone", &row)?.due(Some(due)), None)
        }
        Extra::EndDefault(page, version) => Write::Update {
            key: Key::entity(StatusPage::PARTITION, &page.to_string()),
            set: Expression::new("SET is_default = :no, v = v + :one")
                .value(":no", aws_sdk_dynamodb::types::AttributeValue::Bool(false))
                .value(":one", number(1)),
            condition: Expression::version(*version),
        },
        Extra::Needs(partition, id) => Write::Check(Key::entity(partition, id), Expression::present()),
        Extra::Unchanged(partition, id, version) => {
            Write::Check(Key::entity(partition, id), Expression::version(*version))
        }
        Extra::Once(once) => {
            let row = Row::of(Key::once(&once.hash), "once", once)?.expires(Some(once.expires_at));
            // One that has expired may still lie there.
            let free = Expression::new(format!("attribute_not_exists(pk) OR {} <= :kept", attribute::EXPIRES));
            let day_before = crate::domain::time::after_seconds(once.expires_at, -86_400).as_second();
            Write::Put(row, Some(free.value(":kept", number(day_before))))
        }
    })
}
