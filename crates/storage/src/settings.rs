//! The named limits of storage.

/// Limits and sizes of storage; every field has a working default.
#[derive(Clone, Debug)]
pub struct StorageSettings {
    /// Rows a load keeps in memory before it writes them to (still invisible) data files, in bytes. Peak memory of a
    /// load is about twice this, whatever the size of the input.
    pub load_memory_bytes: usize,
    /// Keys a load remembers in memory to find duplicates before it spills them to temporary files, in bytes.
    pub dedup_memory_bytes: usize,
    /// Data files encoded at the same time.
    pub encode_tasks_max: usize,
    /// Data files looked into at the same time when keys are compared with what is stored.
    pub probe_tasks_max: usize,
    /// Rows of one Parquet row group at the most.
    pub row_group_rows_max: usize,
    /// Rows of one data file at the most.
    pub file_rows_max: usize,
    /// zstd level of data files (1–22).
    pub zstd_level: i32,
    /// Journal entries kept after they are in the Delta logs, so that readers in other processes can follow.
    pub journal_entries_kept: usize,
    /// How long a writer's lease on S3 lasts after its holder died, in ms; 0 for no lease. (A local disk has a lock.)
    pub writer_lease_ms: u64,
    /// A Delta checkpoint is written after this many commits of a table.
    pub checkpoint_interval_commits: u64,
}

impl Default for StorageSettings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            load_memory_bytes: 256 << 20,
            dedup_memory_bytes: 256 << 20,
            encode_tasks_max: cores,
            probe_tasks_max: 4 * cores,
            row_group_rows_max: 128 << 10,
            file_rows_max: 4 << 20,
            zstd_level: 1,
            journal_entries_kept: 64,
            writer_lease_ms: 60_000,
            checkpoint_interval_commits: 50,
        }
    }
}
