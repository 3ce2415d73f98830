//! AWS on one machine; its S3 is [`objects`]. DynamoDB: the real AWS SDK above, an embedded engine (`dynoxide`, on SQLite) below, no socket between.
//!
//! The actors: [`Table`] owns the engine; the connector (`connector.rs`) is what the SDK takes for the network; `wire.rs`
//! speaks AWS's JSON 1.0 protocol, errors included; [`StreamReader`] turns the table's stream into the events a Lambda
//! is sent. Code above a client from here cannot tell it from AWS by what it sends or by what it gets back.
//!
//! Absent on purpose: faults and counters (tests wrap [`Table::http_client`]), signature checks, throttling, several
//! shards, eventual consistency, and every operation the functions do not use: a scan is answered `UnknownOperationException`.

mod connector;
mod log;
pub mod objects;
mod schema;
mod stream;
#[cfg(test)]
mod tests;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region, StalledStreamProtectionConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use dynoxide::{Database, DynoxideError};
use tokio::sync::{Semaphore, watch};

use log::{Log, Writing};

pub use dynoxide::storage_backend::{Clock, ManualClock};
pub use stream::{BATCH_RECORDS, Start, StreamReader};

/// The region the local clients sign for and stream records are said to come from.
pub const REGION: &str = "us-east-1";

/// What one call may take before the client gives up on it: far above any honest disk, below a person's patience.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Calls to a file that may hold a thread at once: the one the engine is working on, and one ready at its lock so that it
/// does not idle while a thread wakes. More would only fight for the lock, and a burst of requests become one of threads.
const CALLS_ON_DISK: usize = 2;

/// The embedded database, shared by every clone.
#[derive(Clone, Debug)]
pub struct Table(Arc<Engine>);

impl Table {
    /// Opens (or creates) the SQLite file at `path`. A write that was answered survives `kill -9` and a loss of power:
    /// its log is synced before (see `log.rs`). The engine's clock is the machine's.
    ///
    /// # Errors
    /// When the path is not UTF-8, or the file cannot be opened, is not SQLite or was written by a newer engine.
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        let open = |path: &str| {
            schema::prepare_file(path)?;
            let database = Database::new(path)?;
            // The engine's one way to `PRAGMA synchronous = NORMAL`: commits leave the sync to us, checkpoints still sync
            // before they overwrite anything. Should a later version mean something stricter, it is slower, no more.
            database.disable_bulk_loading()?;
            Ok(database)
        };
        let name = path.to_str().ok_or_else(|| EngineError::PathNotUtf8(path.into()))?;
        let database = open(name).map_err(|source| EngineError::Open {
            path: path.into(),
            source,
        })?;
        let disk = Disk {
            places: Arc::new(Semaphore::new(CALLS_ON_DISK)),
            log: Arc::new(Log::open(path)?),
        };
        Ok(Self::over(database, Some(disk)))
    }

    /// A table that lives as long as its clones, on the machine's clock.
    ///
    /// # Errors
    /// When SQLite cannot start.
    pub fn memory() -> Result<Self, EngineError> {
        Self::memory_with_clock(dynoxide::storage_backend::SystemClock::arc())
    }

    /// As [`Table::memory`], with time moved by hand: expiry, the stream's timestamps and its retention follow `clock`
    /// (for instance [`ManualClock::arc`]).
    ///
    /// # Errors
    /// When SQLite cannot start.
    pub fn memory_with_clock(clock: Arc<dyn Clock>) -> Result<Self, EngineError> {
        let database = Database::memory_with_clock(clock)?;
        schema::prepare_memory(&database)?;
        Ok(Self::over(database, None))
    }

    fn over(database: Database, disk: Option<Disk>) -> Self {
        Self(Arc::new(Engine {
            database,
            written: watch::Sender::new(()),
            disk,
        }))
    }

    /// What the SDK takes for the network. Hand it to a client, or wrap it first: a fault layer sees real requests and
    /// real answers.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        connector::http_client(Arc::clone(&self.0))
    }

    /// The SDK client over this table.
    #[must_use]
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        client_over(self.http_client())
    }

    /// Reads `table_name`'s stream from `start` on, as a Lambda's event source mapping does. Any number of readers may
    /// read the same stream, each at its own place.
    ///
    /// # Errors
    /// When there is no such table or it was created without a stream.
    pub fn stream(&self, table_name: &str, start: Start) -> Result<StreamReader, EngineError> {
        StreamReader::open(Arc::clone(&self.0), table_name, start)
    }

    /// Deletes what has expired (the engine never does by itself) and answers how many items went. They leave the stream
    /// as removals by the service. It reads every item of the table, so it is for minutes apart, not seconds.
    ///
    /// # Errors
    /// When the engine fails; what was deleted until then stays deleted.
    pub async fn sweep_ttl(&self) -> Result<usize, EngineError> {
        // Without a place in the queue: the sweep gives the engine's lock away between pages by itself, and would
        // otherwise keep its place for as long as it takes.
        let engine = Arc::clone(&self.0);
        let sweep = move || {
            let _writing = engine.writing(Access::Write);
            let swept = engine.database.sweep_ttl();
            if !matches!(swept, Ok(0)) {
                engine.written.send_replace(());
            }
            swept
        };
        Ok(match self.0.disk {
            Some(_) => on_a_thread(sweep).await,
            None => sweep(),
        }?)
    }
}

/// A DynamoDB client over `http_client` as the local home configures every one: nothing read from the environment, no
/// signatures, and no retries (the store decides on those, here as on AWS).
#[must_use]
pub fn client_over(http_client: SharedHttpClient) -> aws_sdk_dynamodb::Client {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(CALL_TIMEOUT)
        .operation_attempt_timeout(CALL_TIMEOUT)
        .build();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        // Nobody looks at a signature here, and making one costs a tenth of what taking in a repeat does.
        .allow_no_auth()
        .endpoint_url("http://dynamodb.localhost")
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http_client)
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// Why the embedded table could not be opened or read. What a *client* is told comes as AWS's own errors instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// SQLite takes its file's name as UTF-8.
    #[error("the path of the table's file is not UTF-8: {}", .0.display())]
    PathNotUtf8(PathBuf),
    /// The file is unreadable, locked, not SQLite or too new.
    #[error("the table's file {} cannot be opened", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the engine says.
        source: DynoxideError,
    },
    /// There is no such table, or it was created without a stream.
    #[error("no stream is enabled on table {0}")]
    NoStream(String),
    /// The table's log or the objects' folder cannot be opened or synced.
    #[error("the disk refuses to read or write")]
    Log(#[from] std::io::Error),
    /// A file among the objects that is none of ours.
    #[error("the object's file {} cannot be read", .path.display())]
    Object {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// The engine failed: a full disk, as a rule.
    #[error("the embedded table failed")]
    Engine(#[from] DynoxideError),
    /// A stream record that is not what a Lambda is sent: the engine and the event type disagree.
    #[error("a stream record cannot be read")]
    Record(#[from] serde_json::Error),
}

/// The engine, what wakes the readers of its streams, and the queue in front of a disk.
struct Engine {
    database: Database,
    /// Marked changed after every write that took effect. A watch, not a notify: a reader that was busy when several
    /// writes came finds it changed once, and none is missed.
    written: watch::Sender<()>,
    disk: Option<Disk>,
}

/// What stands between the engine and a disk.
struct Disk {
    places: Arc<Semaphore>,
    log: Arc<Log>,
}

/// What a call does to the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

impl Engine {
    /// Runs one call. The engine is synchronous and serialised by a lock:
    ///
    /// * in memory a call is tens of microseconds of computing, so it runs where it is: a hop to another thread costs
    ///   as much again, and single-threaded tests stay deterministic;
    /// * on a file a write waits for the disk, so it runs on a blocking thread and the async workers stay free. Not
    ///   `block_in_place`, which panics on a single-threaded runtime; not a thread of our own, which tokio's paused
    ///   clock would not wait for. A caller that gives up while queued has written nothing; one that gives up later may
    ///   have written, as over a network. It answers when what it wrote or saw is on the disk.
    ///
    /// # Errors
    /// When the disk refuses: whether a write stands is not known then, as after a reply that was lost.
    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        access: Access,
        call: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> std::io::Result<T> {
        let Some(disk) = &self.disk else { return Ok(call(self)) };
        let place = Arc::clone(&disk.places).acquire_owned().await;
        let engine = Arc::clone(self);
        let answer = on_a_thread(move || {
            let writing = engine.writing(access);
            let answer = call(&engine);
            drop((writing, place));
            answer
        })
        .await;
        disk.log.settled().await?;
        Ok(answer)
    }

    fn writing(&self, access: Access) -> Option<Writing<'_>> {
        let disk = self.disk.as_ref().filter(|_| access == Access::Write)?;
        Some(disk.log.writing())
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("on_disk", &self.disk.is_some())
            .finish_non_exhaustive()
    }
}

/// A panic of the work goes on in its caller; a runtime that shuts down leaves it waiting, as it leaves everything.
pub(crate) async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => std::future::pending().await,
        },
    }
}
