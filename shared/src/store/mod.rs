//! The one table, by its access patterns.
//!
//! Callers name what they want (`load`, `close`, `claim`); how it is keyed is in [`keys`] and nowhere else. Every guarded
//! write stores a writer token, so that a lost reply is told from a lost race. What is absent: scans, decisions read
//! from an index (an index answers candidate ids, the base row is read consistently), and writes without their index
//! keys.

mod account_links;
mod attempts;
mod audit;
mod config;
mod cursor;
mod deliveries;
mod due;
mod incidents;
pub mod keys;
mod notices;
mod outbox;
mod received;
mod row;
mod schema;
mod sessions;
mod slots;
mod status;
mod subscribers;
mod table;
mod uploads;

use aws_sdk_dynamodb::Client;

use crate::secret::Random;

pub use attempts::{Rate, Tried};
pub use audit::{AuditEntry, AuditFilter, Change, Happened};
pub use config::{Entity, Extra, Once, works_gone};
pub use cursor::{BadCursor, Page, PageRequest};
pub use deliveries::{Claim, LinkTarget};
pub use due::{BulletinDue, Due, DueList, MaintenanceDue, PublicationDue};
pub use incidents::{Applied, ClosedBy, IncidentFilter, Opened, TakenIn};
pub use notices::{NoticeClaim, SpreadOver};
pub use outbox::OutboxMessage;
pub use row::{Corrupt, Item, Versioned};
pub use schema::create_table;
pub use slots::{Repeated, StoredSlot};
pub use status::{Gone, Lease, PUBLISHER_LEASE, PublicWrite, Publisher};
pub use subscribers::SubscribersPage;
pub use table::{StoreError, Table};
pub use uploads::{Swapped, UploadKey};

/// The table, as everything above it sees it.
#[derive(Clone, Debug)]
pub struct Store {
    table: Table,
}

impl Store {
    /// The store over the table `name`. Writer tokens and the jitter of retries come from `random`.
    pub fn new(client: Client, name: impl Into<String>, random: Random) -> Self {
        Self {
            table: Table::new(client, name.into(), random),
        }
    }

    /// The table itself, for what stands beside the store: health checks and the local home's pumps.
    pub fn table(&self) -> &Table {
        &self.table
    }
}
