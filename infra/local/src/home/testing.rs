//! What this crate's own tests stand on.
#![allow(clippy::unwrap_used)]
#![expect(clippy::disallowed_methods, reason = "a test's folder is the system's to give")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use shared::channel::Inward;
use shared::clock::Clock;
use shared::ctx::Ctx;
use shared::secret::MasterKey;

use super::{Settings, ctx as local_ctx};
use crate::engine::Table;
use crate::engine::objects::Objects;

/// A context over a new table in memory.
pub(crate) async fn ctx() -> (Ctx, Table) {
    let table = Table::memory().unwrap();
    let settings = Settings {
        public_url: "http://127.0.0.1:3000".parse().unwrap(),
        smtp: None,
        inward: Inward::Refuse,
        oidc: None,
        master: MasterKey::from_bytes([7; 32]),
    };
    let objects = Objects::memory("secret".into(), Clock::System);
    (local_ctx(&table, &objects, settings).await.unwrap(), table)
}

/// A folder's name that nobody else has; the folder, if one is made there, goes with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("nightbell-home-{}-{number}", std::process::id())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
