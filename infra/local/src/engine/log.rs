//! Many commits, one wait for the disk.
//!
//! SQLite's write-ahead log is written at each commit and, as it is set up here, not synced: a commit survives the process's
//! end, but not yet a loss of power. What syncs it is [`Log::settled`], which every answer waits for, outside the engine's
//! lock: writes that arrive while the disk is busy share the next sync instead of each waiting for one of its own, one after
//! another. No answer, to whoever, tells of anything that a loss of power could still undo.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::on_a_thread;

/// The log of one open database.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    state: Mutex<State>,
    /// Held by the one who syncs; those behind find that they were served with them.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Writes that began, and those of them that ended.
    begun: u64,
    ended: u64,
    /// So many writes had begun, and all of them had ended, when the last sync that found it so began.
    clean: u64,
    /// Callers that asked for a sync, and up to which of them one began after they had asked, and ended well.
    asked: u64,
    served: u64,
    /// A sync failed. What the system then still holds is unknown, and a later sync that ends well proves nothing.
    failed: bool,
}

/// A write that is under way, until it is dropped.
pub(super) struct Writing<'a>(&'a Log);

impl Log {
    /// The log of the database at `path`, which must be open: SQLite makes the log's file then, and keeps it for as long.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        // For writing, though nothing is: some systems sync no other.
        let file = File::options().write(true).open(name)?;
        Ok(Self {
            file,
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// To be held from before a write begins until its commit has returned.
    pub fn writing(&self) -> Writing<'_> {
        self.state().begun += 1;
        Writing(self)
    }

    /// Waits until all that had been committed when this was called is on the disk.
    ///
    /// # Errors
    /// When the disk refuses, now or ever before.
    pub async fn settled(self: &Arc<Self>) -> io::Result<()> {
        let ticket = {
            let mut state = self.state();
            if state.begun == state.clean {
                return Ok(());
            }
            state.asked += 1;
            state.asked
        };
        let _turn = self.turn.lock().await;
        let (serves, clean) = {
            let state = self.state();
            if state.served >= ticket {
                return Ok(());
            }
            if state.failed {
                return Err(io::Error::other("the table's log could not be synced; start again"));
            }
            let is_still = state.begun == state.ended;
            (state.asked, if is_still { state.begun } else { state.clean })
        };
        // Written down where it happens: the caller may have gone when it ends.
        let log = Arc::clone(self);
        on_a_thread(move || {
            let synced = log.file.sync_data();
            let mut state = log.state();
            match synced {
                Ok(()) => (state.served, state.clean) = (serves, clean),
                Err(_) => state.failed = true,
            }
            synced
        })
        .await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.state().ended += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Scratch;
    use super::*;

    /// Over any file: what is tested is who waits for what.
    fn log(path: &Path) -> Arc<Log> {
        let file = File::options().append(true).create(true).open(path).unwrap();
        Arc::new(Log {
            file,
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    #[tokio::test]
    async fn a_sync_serves_all_who_asked_before_it_and_nothing_new_asks_for_none() {
        let scratch = Scratch::new("log");
        let log = log(&scratch.file());
        log.settled().await.unwrap();
        assert_eq!(log.state().asked, 0, "nothing was written");

        drop(log.writing());
        let all = (0..8).map(|_| log.settled());
        futures_util::future::try_join_all(all).await.unwrap();
        let state = |log: &Log| {
            let state = log.state();
            (state.asked, state.served, state.clean)
        };
        // The first to have the turn found that all eight had asked.
        assert_eq!(state(&log), (8, 8, 1));
        log.settled().await.unwrap();
        assert_eq!(log.state().asked, 8, "it is clean");

        // What a reader sees of a write that has not returned yet is not known to be on the disk.
        let writing = log.writing();
        log.settled().await.unwrap();
        assert_eq!(state(&log), (9, 9, 1));
        drop(writing);
        log.settled().await.unwrap();
        assert_eq!(state(&log), (10, 10, 2));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_disk_that_refused_once_is_not_trusted_again() {
        let log = log(Path::new("/dev/null"));
        drop(log.writing());
        for _ in 0..2 {
            assert!(log.settled().await.is_err());
        }
        assert!(log.state().failed);
    }
}
