//! What the engine's stream table lacks, added to it in SQL.
//!
//! `dynoxide` 3.2.0 numbers each stream record by a search over *all* records, and never deletes one: every write would
//! cost more than the last, and the file would only grow. An index makes the search a step, and a trigger forgets the
//! oldest records in the very transaction that adds one. Both live in the file and apply to every connection.

use std::sync::atomic::{AtomicU64, Ordering};

use dynoxide::Database;
use dynoxide::storage::Storage;

/// Each new record removes at most 4 old ones, so that a quiet day is never paid for by one write. They go after 24 hours,
/// as on AWS, or when 100,000 newer ones exist (some 200 MB): nobody reads that far back, a laptop's disk is finite.
const STREAM_UPKEEP: &str = "
    CREATE INDEX IF NOT EXISTS nightbell_stream_order
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER), shard_id);
    DROP TRIGGER IF EXISTS nightbell_stream_trim;
    CREATE TRIGGER nightbell_stream_trim AFTER INSERT ON _stream_records BEGIN
        DELETE FROM _stream_records
         WHERE id IN (SELECT id FROM _stream_records ORDER BY id LIMIT 4)
           AND (created_at < NEW.created_at - 86400 OR id <= NEW.id - 100000);
    END;";

/// Prepares the file at `path`, new or old, through a connection of its own.
pub(super) fn prepare_file(path: &str) -> dynoxide::Result<()> {
    Ok(Storage::new(path)?.conn().execute_batch(STREAM_UPKEEP)?)
}

/// Prepares a new database in memory, which nobody else can connect to: another one is prepared, and copied over it.
pub(super) fn prepare_memory(database: &Database) -> dynoxide::Result<()> {
    static COPIES: AtomicU64 = AtomicU64::new(0);
    let copy = COPIES.fetch_add(1, Ordering::Relaxed);
    let prepared_at = format!("file:nightbell-{copy}?mode=memory&cache=shared");
    let prepared = Storage::new(&prepared_at)?;
    prepared.conn().execute_batch(STREAM_UPKEEP)?;
    database.restore_from(&prepared_at)
}
