//! Sessions: who is signed in where.

use serde_json::{Value, json};

use super::Store;
use super::audit::{Change, Happened};
use super::cursor::PageRequest;
use super::keys::{IndexKey, Key, sessions_partition};
use super::row::{self, Row};
use super::table::{Expression, StoreError, Write};
use crate::domain::id::{SessionId, UserId};
use crate::domain::session::Session;

impl Store {
    /// Keeps a new session, with its entry in the audit log: who signed in, `by` which way.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn add_session(&self, session: &Session, by: &str, change: &Change<'_>) -> Result<(), StoreError> {
        let row = Row::of(Key::session(session.id), "session", session)?
            .list(Some(IndexKey::session(session.user_id, session.id)))
            .expires(Some(session.expires_at));
        let facts = json!({ "by": by, "agent": session.agent });
        let entry = self.happened(&happened("signed_in", session.id, facts), change)?;
        let writes = vec![Write::Put(row, Some(Expression::absent())), entry];
        let written = self.table.transact(writes).await?;
        written.map_err(|_| StoreError::Changed)
    }

    /// A session as it was kept. Whether it is over is for [`Session::is_of`] to say.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let item = self.table.get(&Key::session(id)).await?;
        Ok(item.map(row::read).transpose()?.map(|row| row.value))
    }

    /// A person's sessions, newest first: as many as a page has. Some may be over.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let page = PageRequest::first();
        let (candidates, _) = self.table.candidates(&[sessions_partition(user)], &page).await?;
        let keys = candidates.into_iter().map(|candidate| Key {
            pk: candidate.pk,
            sk: "SES".into(),
        });
        let mut sessions = Vec::new();
        for item in self.table.get_many(keys.collect()).await? {
            sessions.push(row::read::<Session>(item)?.value);
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
        Ok(sessions)
    }

    /// Ends a session, with its entry in the audit log; one that has ended already is no error.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn end_session(&self, id: SessionId, change: &Change<'_>) -> Result<(), StoreError> {
        let entry = self.happened(&happened("signed_out", id, Value::Null), change)?;
        let writes = vec![Write::Delete(Key::session(id), Expression::either_way()), entry];
        self.table.transact(writes).await.map(drop)
    }
}

fn happened(action: &'static str, id: SessionId, facts: Value) -> Happened {
    Happened {
        action,
        object: "session",
        object_id: id.to_string(),
        facts,
    }
}
