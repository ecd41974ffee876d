//! The named limits of an open lake.

use std::path::PathBuf;

use chatlake_storage::StorageSettings;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Limits of queries and loads; every field has a working default, and a configuration file may name any of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Memory that all running queries of a lake may use together, in bytes; beyond it they spill to disk.
    pub query_memory_bytes: usize,
    /// Temporary disk space that queries may spill to, in bytes.
    pub query_spill_bytes: u64,
    /// Where queries spill to; the system's temporary folder when not set.
    pub spill_directory: Option<PathBuf>,
    /// A folder of SQL files (`views`, `bi`, `parts`, `pages`) that add to those built in, or take their place.
    pub sql_folder: Option<PathBuf>,
    /// A query that runs longer is ended, in ms; 0 for no limit.
    pub query_timeout_ms: u64,
    /// Queries that run at the same time; others wait for their turn. 0 for no limit. Questions about `system` never wait.
    pub query_concurrent_max: usize,
    /// Queries that may wait for their turn.
    pub query_queue_max: usize,
    /// How long a query may wait for its turn, in ms.
    pub query_queue_timeout_ms: u64,
    /// Past queries that `system.queries` remembers.
    pub query_history_count: usize,
    /// Rows that a query may give; one that has more is ended. 0 for no limit.
    pub result_rows_max: u64,
    /// Scratch tables of one session, in bytes of memory.
    pub scratch_session_bytes_max: usize,
    /// Scratch tables of all sessions together, in bytes of memory.
    pub scratch_bytes_max: usize,
    /// Earlier commits that a query can still be asked to read (tickets of Flight SQL name theirs).
    pub snapshot_count_max: usize,
    /// Threads that one query uses; 0 for as many as there are cores.
    pub query_thread_count: usize,
    /// Bytes that the files of one call of the SQL function `export` have together at the most; up to 2 GiB per file.
    /// Files of `Session::export` may have any size.
    pub export_bytes_max: usize,
    /// Bytes of one bulk ingestion of Arrow batches into a stored table; they wait in the spill folder to be checked.
    pub ingest_bytes_max: usize,
    /// Parquet footers kept in memory, in bytes.
    pub footer_cache_bytes: usize,
    /// Rows that a load keeps in memory before it writes data files, in bytes.
    pub load_memory_bytes: usize,
    /// Keys that a load keeps in memory to find duplicates, in bytes.
    pub dedup_memory_bytes: usize,
    /// zstd level of data files (1–22).
    pub zstd_level: i32,
}

impl Default for Settings {
    fn default() -> Self {
        let storage = StorageSettings::default();
        Self {
            query_memory_bytes: 2 << 30,
            query_spill_bytes: 64 << 30,
            spill_directory: None,
            sql_folder: None,
            query_timeout_ms: 0,
            query_concurrent_max: 100,
            query_queue_max: 1_000,
            query_queue_timeout_ms: 60_000,
            query_history_count: 1_000,
            result_rows_max: 0,
            scratch_session_bytes_max: 256 << 20,
            scratch_bytes_max: 1 << 30,
            snapshot_count_max: 100,
            query_thread_count: 0,
            export_bytes_max: 64 << 20,
            ingest_bytes_max: 16 << 30,
            footer_cache_bytes: 256 << 20,
            load_memory_bytes: storage.load_memory_bytes,
            dedup_memory_bytes: storage.dedup_memory_bytes,
            zstd_level: storage.zstd_level,
        }
    }
}

impl Settings {
    /// Storage's part of the settings.
    ///
    /// # Errors
    /// When a value cannot be used.
    pub(crate) fn storage(&self) -> Result<StorageSettings> {
        if !(1..=22).contains(&self.zstd_level) {
            let reason = format!("expected 1 to 22, found {}", self.zstd_level);
            return Err(Error::Setting {
                name: "zstd_level",
                reason,
            });
        }
        Ok(StorageSettings {
            load_memory_bytes: self.load_memory_bytes,
            dedup_memory_bytes: self.dedup_memory_bytes,
            zstd_level: self.zstd_level,
            ..StorageSettings::default()
        })
    }

    /// Threads that one query uses.
    pub(crate) fn threads(&self) -> usize {
        match self.query_thread_count {
            0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            count => count,
        }
    }
}
