//! Links into accounts: the newest of each purpose, and the message that carries it.

use serde_json::json;

use super::Store;
use super::audit::{Change, Happened};
use super::deliveries;
use super::keys::Key;
use super::row::{self, Row};
use super::table::{Expression, StoreError, Write};
use crate::domain::account::{AccountLink, LinkPurpose};
use crate::domain::delivery::Delivery;
use crate::domain::id::UserId;

impl Store {
    /// Keeps a link in the place of the one before, together with its message, and with an entry in the audit log if
    /// somebody is known to have asked for it. One that was asked for at the same millisecond is the same.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn add_account_link(
        &self,
        link: &AccountLink,
        message: &Delivery,
        by: Option<&Change<'_>>,
    ) -> Result<(), StoreError> {
        let kept = Row::of(Key::account_link(link.user_id, link.purpose), "account_link", link)?;
        let mut writes = vec![
            Write::Put(kept.expires(Some(link.expires_at())), None),
            Write::Put(deliveries::row(message)?, Some(Expression::absent())),
        ];
        if let Some(change) = by {
            let happened = Happened {
                action: "link_sent",
                object: "user",
                object_id: link.user_id.to_string(),
                facts: json!({ "purpose": link.purpose, "email": message.address }),
            };
            writes.push(self.happened(&happened, change)?);
        }
        self.table.transact(writes).await.map(drop)
    }

    /// The newest link of a purpose. Whether it is over is for [`AccountLink::is_live`] to say.
    ///
    /// # Errors
    /// When the table does not answer, or the row cannot be read.
    pub async fn account_link(&self, user: UserId, purpose: LinkPurpose) -> Result<Option<AccountLink>, StoreError> {
        let item = self.table.get(&Key::account_link(user, purpose)).await?;
        Ok(item.map(row::read).transpose()?.map(|row| row.value))
    }
}
