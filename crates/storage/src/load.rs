//! A load: rows go in, and either all of them become visible in one commit or nothing happened.
//!
//! 1. [`Load::append`] keeps rows in memory with their partition and identity. Over the memory limit they are written to
//!    data files that nobody knows yet.
//! 2. [`Load::commit`] finds rows that repeat each other (`key_log`), rows that are stored already (`probe`), registry
//!    rows that change nothing (`registry`); writes the rest; and commits all tables at once (`Lake::commit`).
//!
//! Guarantees: memory is bounded by `load_memory_bytes` and `dedup_memory_bytes`, not by the input; a file holds rows of
//! one partition, sorted; a dropped load leaves nothing behind but, after a crash, files that no log names.

mod buffer;
mod encode;
mod key_log;
mod probe;
mod registry;
mod rewrite;
mod table_load;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use chatlake_schema::Table;
use object_store::ObjectStoreExt;
use tokio::sync::OwnedMutexGuard;
use tracing::debug;

use self::key_log::{Duplicates, KeyLog};
use self::table_load::TableLoad;
use crate::journal::{JournalEntry, TableActions};
use crate::lake::Lake;
use crate::lease::WriterLease;
use crate::paths::LakePaths;
use crate::{Error, Result};

/// Rows for one stored table.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The table.
    pub table: &'static Table,
    /// The rows; the schema is exactly [`Table::arrow_schema`].
    pub batch: RecordBatch,
    /// Whether each row is only a part of a record (the messages of a capture). Repetitions are counted apart.
    pub part_of_record: bool,
}

/// What a load did to one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableReceipt {
    /// The stored table.
    pub table: &'static str,
    /// Rows stored.
    pub row_count: u64,
    /// Rows not stored because they repeat one, that were a whole record.
    pub duplicate_record_count: u64,
    /// Rows not stored because they repeat one, that were a part of a record.
    pub duplicate_part_count: u64,
    /// Data files written.
    pub file_count: u64,
    /// Bytes of those files.
    pub byte_count: u64,
}

/// What a load did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReceipt {
    /// Number of the commit; `None` when there was nothing new.
    pub commit: Option<u64>,
    /// Every table that rows were appended to, by name.
    pub tables: Vec<TableReceipt>,
}

/// See the module's documentation. Dropping it without a commit undoes everything.
pub struct Load {
    lake: Arc<Lake>,
    tables: BTreeMap<&'static str, TableLoad>,
    first_ingest_seq: i64,
    next_ingest_seq: i64,
    /// The commit that this load follows. Who commits another one meanwhile fences it, also when this process saw that.
    base_commit: u64,
    buffered_bytes: usize,
    hash_key: (u64, u64),
    committed: bool,
    _turn: OwnedMutexGuard<()>,
    lease: Option<WriterLease>,
}

impl Load {
    pub(crate) fn new(lake: Arc<Lake>, turn: OwnedMutexGuard<()>, lease: WriterLease) -> Self {
        let base = lake.snapshot();
        let first_ingest_seq = base.ingest_seq_max() + 1;
        Self {
            lake,
            tables: BTreeMap::new(),
            first_ingest_seq,
            next_ingest_seq: first_ingest_seq,
            base_commit: base.commit(),
            buffered_bytes: 0,
            hash_key: (rand::random(), rand::random()),
            committed: false,
            _turn: turn,
            lease: Some(lease),
        }
    }

    /// The first of `count` fresh, strictly increasing numbers.
    pub fn reserve_ingest_seq(&mut self, count: u64) -> i64 {
        let first = self.next_ingest_seq;
        self.next_ingest_seq += i64::try_from(count).unwrap_or(i64::MAX - first);
        first
    }

    /// Takes rows in. Numbers in `ingest_seq` come from [`Load::reserve_ingest_seq`] and ascend over the calls.
    ///
    /// # Errors
    /// [`Error::RowsMismatch`]; or when rows that do not fit memory cannot be written.
    pub async fn append(&mut self, rows: Rows) -> Result<()> {
        if rows.batch.num_rows() == 0 {
            return Ok(());
        }
        if rows.batch.schema().fields() != rows.table.arrow_schema().fields() {
            let reason = format!(
                "expected {:?}, found {:?}",
                rows.table.arrow_schema(),
                rows.batch.schema()
            );
            return Err(Error::RowsMismatch {
                table: rows.table.name.clone(),
                reason,
            });
        }
        let bytes = rows.batch.get_array_memory_size()
            + rows.batch.num_rows() * (size_of::<u128>() + size_of::<u32>());
        let name = rows.table.name.as_str();
        let mut load = match self.tables.remove(name) {
            Some(load) => load,
            None => TableLoad::new(
                rows.table,
                self.hash_key,
                self.lake.settings().dedup_memory_bytes,
                self.first_ingest_seq,
            ),
        };
        // partitions and hashes of many rows take a while: not on a thread that serves others
        let task = tokio::task::spawn_blocking(move || {
            let taken = load.take_in(rows);
            (load, taken)
        });
        let (load, taken) = task.await?;
        self.tables.insert(name, load);
        taken?;
        self.buffered_bytes += bytes;
        self.limit_keys().await?;
        if self.buffered_bytes > self.lake.settings().load_memory_bytes {
            self.flush(None).await?;
        }
        Ok(())
    }

    /// Keeps the keys of all tables together below their limit; the next batch still has to fit.
    async fn limit_keys(&mut self) -> Result<()> {
        let limit = self.lake.settings().dedup_memory_bytes;
        let total = |load: &Self| -> usize {
            let logs = load
                .tables
                .values()
                .filter_map(|load| load.key_log.as_ref());
            logs.map(KeyLog::memory_bytes).sum()
        };
        while self.tables.len() > 1 && total(self) > limit - limit / 8 {
            let logs = self.tables.values_mut().filter_map(|load| {
                let bytes = load.key_log.as_ref().map_or(0, KeyLog::memory_bytes);
                (bytes > 0).then_some((bytes, &mut load.key_log))
            });
            let Some((_, slot)) = logs.max_by_key(|(bytes, _)| *bytes) else {
                break;
            };
            let Some(mut log) = slot.take() else {
                break;
            };
            let task = tokio::task::spawn_blocking(move || {
                let spilled = log.spill();
                (log, spilled)
            });
            let (log, spilled) = task.await?;
            *slot = Some(log);
            spilled?;
        }
        Ok(())
    }

    /// Writes what is in memory to data files; rows in `duplicates` are left out.
    async fn flush(
        &mut self,
        duplicates: Option<&BTreeMap<&'static str, Duplicates>>,
    ) -> Result<()> {
        debug!(bytes = self.buffered_bytes, "writing rows of a load");
        for (name, load) in &mut self.tables {
            let found = duplicates.and_then(|duplicates| duplicates.get(name));
            load.flush(&self.lake, self.hash_key, found).await?;
        }
        self.buffered_bytes = 0;
        Ok(())
    }

    /// Makes everything visible at once.
    ///
    /// # Errors
    /// [`Error::Fenced`] when somebody else committed in between; or when something cannot be written. Then nothing of
    /// the load is visible.
    pub async fn commit(mut self) -> Result<LoadReceipt> {
        let outcome = self.try_commit().await;
        self.end().await;
        outcome
    }

    async fn try_commit(&mut self) -> Result<LoadReceipt> {
        let mut duplicates: BTreeMap<&'static str, Duplicates> = BTreeMap::new();
        for (name, load) in &mut self.tables {
            if let Some(log) = load.key_log.take() {
                duplicates.insert(
                    name,
                    tokio::task::spawn_blocking(move || log.finish()).await??,
                );
            }
        }
        let file_counts: Vec<_> = self.tables.values().map(|load| load.files.len()).collect();
        // first what is in memory, so that it is not there while files are read back
        self.flush(Some(&duplicates)).await?;
        for ((name, load), file_count) in self.tables.iter_mut().zip(file_counts) {
            if let Some(found) = duplicates.get(name).filter(|found| !found.is_empty()) {
                load.rewrite_without(&self.lake, found, file_count).await?;
            }
        }
        let mut receipt = LoadReceipt::default();
        let mut actions = BTreeMap::new();
        for load in self.tables.values_mut() {
            receipt.tables.push(load.finish_receipt());
            let adds: Vec<_> = load
                .files
                .iter()
                .map(|(_, file)| Arc::clone(file))
                .collect();
            if !adds.is_empty() {
                actions.insert(
                    load.table.name.clone(),
                    TableActions {
                        adds,
                        removes: Vec::new(),
                    },
                );
            }
        }
        if actions.is_empty() {
            return Ok(receipt);
        }
        self.lake.location().sync().await?;
        let commit = self.base_commit + 1;
        let entry = JournalEntry {
            commit,
            committed_at_micros: self.lake.clock().now_micros(),
            ingest_seq_max: self.next_ingest_seq - 1,
            tables: actions,
        };
        // from here on the entry may reach the store, also when nobody waits for the answer any more: its files must stay
        self.committed = true;
        if let Err(error) = self.lake.commit(entry).await {
            self.committed = !matches!(error, Error::Fenced { .. });
            return Err(error);
        }
        receipt.commit = Some(commit);
        Ok(receipt)
    }

    /// Undoes everything, and waits until it is undone.
    pub async fn abort(mut self) {
        self.end().await;
    }

    /// Removes the files, unless they are committed or may be, and gives the lease back.
    async fn end(&mut self) {
        let files = self.take_files();
        remove_files(&self.lake, files).await;
        if let Some(lease) = self.lease.take() {
            lease.release().await;
        }
    }

    fn take_files(&mut self) -> Vec<String> {
        if std::mem::replace(&mut self.committed, true) {
            return Vec::new();
        }
        let files = self.tables.values().flat_map(|load| {
            load.files
                .iter()
                .map(|(_, file)| file.path_in_lake(&load.table.name))
        });
        files.collect()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let files = self.take_files();
        // a lock ends here and now; an object has to be given back
        let lease = self.lease.take().filter(WriterLease::is_object);
        if files.is_empty() && lease.is_none() {
            return;
        }
        // without a runtime the files stay behind, named by no log
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let lake = Arc::clone(&self.lake);
            runtime.spawn(async move {
                remove_files(&lake, files).await;
                if let Some(lease) = lease {
                    lease.release().await;
                }
            });
        }
    }
}

impl std::fmt::Debug for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Load")
            .field("buffered_bytes", &self.buffered_bytes)
            .finish_non_exhaustive()
    }
}

/// Best effort: a file that stays is named by no log.
async fn remove_files(lake: &Lake, files: Vec<String>) {
    let paths = LakePaths::new(lake.location().root());
    for file in files {
        if let Ok(path) = paths.below(&file)
            && let Err(error) = lake.location().store().delete(&path).await
        {
            debug!(%path, %error, "a file of an undone load stays behind");
        }
    }
}

#[cfg(test)]
mod tests;
