//! Tickets of uploads, and the pictures of people that they lead to.

use jiff::Timestamp;

use super::Store;
use super::audit::{Change, Happened};
use super::config::Entity;
use super::due::DueList;
use super::incidents::Applied;
use super::keys::{self, IndexKey, Key};
use super::row::{self, Row, Versioned};
use super::table::{Expression, Query, Range, StoreError, Write};
use crate::domain::avatar::{Avatar, Picture, Upload};
use crate::domain::id::{UploadId, UserId};
use crate::domain::people::User;

/// A ticket's key: whose it is, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadKey {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub id: UploadId,
}

impl DueList for UploadKey {
    const NAME: &'static str = "AVA";

    fn parse(text: &str) -> Option<Self> {
        let (user, id) = text.split_once('#')?;
        Some(Self {
            user_id: user.parse().ok()?,
            id: id.parse().ok()?,
        })
    }
}

/// What came of giving a person their picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swapped {
    /// It is their picture now, and the ticket says so.
    Done,
    /// The ticket changed meanwhile: somebody else works on it.
    TicketChanged,
    /// The person changed meanwhile: read them again.
    PersonChanged,
}

impl Store {
    /// Keeps a new ticket; `change` says who asked for it.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn issue_upload(&self, upload: &Upload, change: &Change<'_>) -> Result<Applied, StoreError> {
        let person = Expression::present();
        let writes = vec![
            Write::Put(upload_row(upload)?, Some(Expression::absent())),
            Write::Check(Key::entity(User::PARTITION, &upload.user_id.to_string()), person),
            self.happened(&of_picture("created", upload), change)?,
        ];
        Ok(applied(self.table.transact(writes).await?.is_ok()))
    }

    /// A ticket, read consistently.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn upload(&self, key: UploadKey) -> Result<Option<Versioned<Upload>>, StoreError> {
        let item = self.table.get(&Key::upload(key.user_id, key.id)).await?;
        Ok(item.map(row::read).transpose()?)
    }

    /// A person's newest ticket.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn newest_upload(&self, user: UserId) -> Result<Option<Upload>, StoreError> {
        let query = Query {
            index: None,
            partition: &keys::uploads_of(user),
            range: Range::All,
            newest_first: true,
            limit: 1,
            start: None,
        };
        let page = self.table.query(query).await?;
        let newest = page.items.into_iter().next();
        Ok(newest.map(row::read).transpose()?.map(|row| row.value))
    }

    /// Writes a ticket over the version that was read.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn change_upload(
        &self,
        before: &Versioned<Upload>,
        upload: &Upload,
    ) -> Result<Option<Versioned<Upload>>, StoreError> {
        let version = before.version + 1;
        let row = upload_row(upload)?.version(version);
        let written = self.table.put(row, Expression::version(before.version)).await?;
        Ok(matches!(written, super::table::Guarded::Done(())).then(|| Versioned {
            value: upload.clone(),
            version,
        }))
    }

    /// Gives a person their picture: their row and the ticket in one write, over what was read of both.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn swap_picture(
        &self,
        before: &Versioned<Upload>,
        ready: &Upload,
        read: &Avatar,
        picture: &Picture,
    ) -> Result<Swapped, StoreError> {
        let avatar = Avatar {
            picture: Some(picture.clone()),
            turn: Some(ready.id),
        };
        let row = upload_row(ready)?.version(before.version + 1);
        let writes = vec![
            turn(ready.user_id, read, &avatar)?,
            Write::Put(row, Some(Expression::version(before.version))),
        ];
        Ok(match self.table.transact(writes).await? {
            Ok(()) => Swapped::Done,
            Err(found) if found.get(1).is_some_and(Option::is_some) => Swapped::TicketChanged,
            Err(_) => Swapped::PersonChanged,
        })
    }

    /// Takes a person's picture away: their row and the turn that does it, over what was read of them.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn remove_picture(
        &self,
        removal: &Upload,
        read: &Avatar,
        change: &Change<'_>,
    ) -> Result<Applied, StoreError> {
        let avatar = Avatar {
            picture: None,
            turn: Some(removal.id),
        };
        let writes = vec![
            turn(removal.user_id, read, &avatar)?,
            Write::Put(upload_row(removal)?, Some(Expression::absent())),
            self.happened(&of_picture("deleted", removal), change)?,
        ];
        Ok(applied(self.table.transact(writes).await?.is_ok()))
    }

    /// Moves a ticket whose row cannot be read or done back in the due list.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn postpone_upload(&self, key: UploadKey, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let due = IndexKey::upload_due(key.user_id, key.id, until);
        let set = Expression::new("SET sk2 = :due_sk").value(":due_sk", row::text(due.sk));
        let still_due = Expression::new("sk2 < :now").value(":now", row::text(keys::due_until(now)));
        let key = Key::upload(key.user_id, key.id);
        self.table.update(&key, set, still_due).await.map(drop)
    }
}

/// Of a person who was read with `read`: what is said of their picture becomes `avatar`. Their version stays: it is what
/// people change one another's settings over, and a picture is none of these. Who writes the whole row holds on to the turn
/// instead (see [`Store::replace`]).
fn turn(user: UserId, read: &Avatar, avatar: &Avatar) -> Result<Write, StoreError> {
    let value = serde_dynamo::to_attribute_value(avatar).map_err(|error| StoreError::Refused(error.to_string()))?;
    Ok(Write::Update {
        key: Key::entity(User::PARTITION, &user.to_string()),
        set: Expression::new("SET avatar = :avatar").value(":avatar", value),
        condition: same_turn(Expression::present(), read),
    })
}

/// The condition, and that the picture's turn is still the one that was read.
pub(super) fn same_turn(condition: Expression, read: &Avatar) -> Expression {
    let text = condition.text;
    match read.turn {
        None => Expression {
            text: format!("({text}) AND attribute_not_exists(avatar.turn)"),
            ..condition
        },
        Some(turn) => Expression {
            text: format!("({text}) AND avatar.turn = :turn"),
            ..condition
        }
        .value(":turn", row::text(turn.to_string())),
    }
}

pub(super) fn upload_row(upload: &Upload) -> Result<Row, StoreError> {
    let key = Key::upload(upload.user_id, upload.id);
    let due = upload.due.map(|at| IndexKey::upload_due(upload.user_id, upload.id, at));
    // What is due is never forgotten, however old.
    let expires = upload.expires_at();
    let expires = due.is_none().then_some(expires);
    Ok(Row::of(key, "upload", upload)?.due(due).expires(expires))
}

fn applied(is_done: bool) -> Applied {
    if is_done { Applied::Done } else { Applied::Changed }
}

/// What happened to a person's picture, for the audit log.
fn of_picture(action: &'static str, upload: &Upload) -> Happened {
    Happened {
        action,
        object: "picture",
        object_id: upload.user_id.to_string(),
        facts: serde_json::Value::Null,
    }
}
