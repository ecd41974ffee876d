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
mod write;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chatlake_schema::{MergeRule, Table};
use object_store::ObjectStoreExt;
use tokio::sync::OwnedMutexGuard;
use tracing::debug;

use self::buffer::{BufferedBatch, PartitionNumbers, group_by_partition};
use self::key_log::{Duplicates, KeyEntry, KeyLog};
use self::registry::RegistryState;
use crate::data_file::DataFile;
use crate::identity::RowHasher;
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

/// Rows and files of one table in a load.
struct TableLoad {
    table: &'static Table,
    hasher: RowHasher,
    numbers: PartitionNumbers,
    batches: Vec<BufferedBatch>,
    key_log: Option<KeyLog>,
    registry: Option<RegistryState>,
    /// Files written, with their partition numbers; not yet known to anybody.
    files: Vec<(u32, Arc<DataFile>)>,
    receipt: TableReceipt,
}

/// See the module's documentation. Dropping it without a commit undoes everything.
pub struct Load {
    lake: Arc<Lake>,
    tables: BTreeMap<&'static str, TableLoad>,
    next_ingest_seq: i64,
    buffered_bytes: usize,
    hash_key: (u64, u64),
    committed: bool,
    _turn: OwnedMutexGuard<()>,
    _lease: WriterLease,
}

impl Load {
    pub(crate) fn new(
        lake: Arc<Lake>,
        turn: OwnedMutexGuard<()>,
        lease: WriterLease,
    ) -> Result<Self> {
        let next_ingest_seq = lake.snapshot().ingest_seq_max() + 1;
        Ok(Self {
            lake,
            tables: BTreeMap::new(),
            next_ingest_seq,
            buffered_bytes: 0,
            hash_key: (rand::random(), rand::random()),
            committed: false,
            _turn: turn,
            _lease: lease,
        })
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
        let (key, dedup_memory_bytes) = (self.hash_key, self.lake.settings().dedup_memory_bytes);
        let table = rows.table;
        let mut load = self
            .tables
            .remove(table.name.as_str())
            .unwrap_or_else(|| TableLoad::new(table, key, dedup_memory_bytes));
        // partitions and hashes of many rows take a while: not on a thread that serves others
        let task = tokio::task::spawn_blocking(move || load.take_in(rows).map(|()| load));
        self.tables.insert(table.name.as_str(), task.await??);
        self.buffered_bytes += bytes;
        if self.buffered_bytes > self.lake.settings().load_memory_bytes {
            self.flush(None).await?;
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
        let mut duplicates: BTreeMap<&'static str, Duplicates> = BTreeMap::new();
        for (name, load) in &mut self.tables {
            if let Some(log) = load.key_log.take() {
                duplicates.insert(
                    name,
                    tokio::task::spawn_blocking(move || log.finish()).await??,
                );
            }
        }
        for (name, load) in &mut self.tables {
            if let Some(found) = duplicates.get(name).filter(|found| !found.is_empty()) {
                load.rewrite_without(&self.lake, found).await?;
            }
        }
        self.flush(Some(&duplicates)).await?;
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
        let commit = self.lake.snapshot().commit() + 1;
        let entry = JournalEntry {
            commit,
            committed_at_micros: self.lake.clock().now_micros(),
            ingest_seq_max: self.next_ingest_seq - 1,
            tables: actions,
        };
        match self.lake.commit(entry).await {
            Ok(()) => self.committed = true,
            Err(error @ Error::Fenced { .. }) => return Err(error),
            Err(error) => {
                // the entry may or may not have reached the store: its files must stay
                self.committed = true;
                return Err(error);
            }
        }
        receipt.commit = Some(commit);
        Ok(receipt)
    }

    /// Undoes everything, and waits until it is undone.
    pub async fn abort(mut self) {
        let files = self.take_files();
        remove_files(&self.lake, files).await;
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
        if files.is_empty() {
            return;
        }
        // without a runtime the files stay behind, named by no log
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let lake = Arc::clone(&self.lake);
            runtime.spawn(async move { remove_files(&lake, files).await });
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

impl TableLoad {
    fn new(table: &'static Table, hash_key: (u64, u64), dedup_memory_bytes: usize) -> Self {
        let registry = table.merge == MergeRule::LastWriteWins;
        Self {
            table,
            hasher: RowHasher::of_identity(table, hash_key),
            numbers: PartitionNumbers::default(),
            batches: Vec::new(),
            key_log: (!registry).then(|| KeyLog::new(dedup_memory_bytes)),
            registry: None,
            files: Vec::new(),
            receipt: TableReceipt {
                table: table.name.as_str(),
                ..TableReceipt::default()
            },
        }
    }

    fn take_in(&mut self, rows: Rows) -> Result<()> {
        let partitions = self.numbers.of_rows(self.table, &rows.batch)?;
        let hashes = self.hasher.hash(&rows.batch)?;
        if let Some(log) = &mut self.key_log {
            let seqs = ingest_seqs(&rows.batch);
            let entries = hashes.iter().zip(seqs).zip(&partitions);
            log.extend(entries.map(|((hash, seq), partition)| KeyEntry {
                hash: *hash,
                ingest_seq: *seq,
                partition: *partition,
                part_of_record: rows.part_of_record,
            }))?;
        }
        let part_of_record = rows.part_of_record;
        self.batches.push(BufferedBatch {
            rows: rows.batch,
            partitions,
            hashes,
            part_of_record,
        });
        Ok(())
    }

    /// Writes the rows in memory that are new.
    async fn flush(
        &mut self,
        lake: &Arc<Lake>,
        hash_key: (u64, u64),
        duplicates: Option<&Duplicates>,
    ) -> Result<()> {
        let batches = std::mem::take(&mut self.batches);
        if batches.is_empty() {
            return Ok(());
        }
        let mut dropped: Vec<Vec<bool>> = batches
            .iter()
            .map(|batch| vec![false; batch.rows.num_rows()])
            .collect();
        if self.table.merge == MergeRule::LastWriteWins {
            let registry = match &mut self.registry {
                Some(registry) => registry,
                none => none.insert(RegistryState::read(lake, self.table, hash_key).await?),
            };
            registry.mark_unchanged(&batches, &mut dropped)?;
        } else {
            mark_duplicates(&batches, duplicates, &mut dropped);
            probe::mark_stored(
                lake,
                self.table,
                &self.hasher,
                &batches,
                &self.numbers,
                &mut dropped,
            )
            .await?;
        }
        self.count_dropped(&batches, &dropped);
        let groups = group_by_partition(&batches, self.numbers.len(), &dropped);
        let files = write::write_partitions(lake, self.table, batches, groups, &self.numbers).await;
        // also after a failure: what was written has to be removed again
        self.files.extend(files.written);
        files.outcome
    }

    fn count_dropped(&mut self, batches: &[BufferedBatch], dropped: &[Vec<bool>]) {
        for (batch, dropped) in batches.iter().zip(dropped) {
            let count = dropped.iter().filter(|dropped| **dropped).count() as u64;
            if batch.part_of_record {
                self.receipt.duplicate_part_count += count;
            } else {
                self.receipt.duplicate_record_count += count;
            }
        }
    }

    /// Takes rows out of files that this load wrote before it knew that they repeat others.
    async fn rewrite_without(&mut self, lake: &Arc<Lake>, duplicates: &Duplicates) -> Result<()> {
        let (kept, affected): (Vec<_>, Vec<_>) = std::mem::take(&mut self.files)
            .into_iter()
            .partition(|(number, file)| {
                let (low, high) = file.stats.ingest_seq;
                !duplicates
                    .get(number)
                    .is_some_and(|seqs| seqs.iter().any(|(seq, _)| (low..=high).contains(seq)))
            });
        self.files = kept;
        let mut affected = affected.into_iter();
        while let Some((number, file)) = affected.next() {
            let seqs: HashMap<i64, bool> = duplicates
                .get(&number)
                .into_iter()
                .flatten()
                .copied()
                .collect();
            match rewrite::without(lake, self.table, &file, &seqs).await {
                Ok(rewritten) => {
                    self.receipt.duplicate_record_count += rewritten.removed_record_count;
                    self.receipt.duplicate_part_count += rewritten.removed_part_count;
                    self.files.extend(rewritten.file.map(|new| (number, new)));
                }
                Err(error) => {
                    self.files.push((number, file));
                    self.files.extend(affected);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn finish_receipt(&mut self) -> TableReceipt {
        self.receipt.file_count = self.files.len() as u64;
        self.receipt.row_count = self
            .files
            .iter()
            .map(|(_, file)| file.stats.row_count)
            .sum();
        self.receipt.byte_count = self.files.iter().map(|(_, file)| file.size_bytes).sum();
        self.receipt.clone()
    }
}

fn ingest_seqs(batch: &RecordBatch) -> &[i64] {
    let column = batch
        .columns()
        .last()
        .and_then(|column| column.as_primitive_opt::<Int64Type>());
    column.map_or(&[], |column| column.values())
}

fn mark_duplicates(
    batches: &[BufferedBatch],
    duplicates: Option<&Duplicates>,
    dropped: &mut [Vec<bool>],
) {
    let seqs: HashSet<i64> = duplicates
        .into_iter()
        .flat_map(|found| found.values().flatten().map(|(seq, _)| *seq))
        .collect();
    if seqs.is_empty() {
        return;
    }
    for (batch, dropped) in batches.iter().zip(dropped) {
        for (seq, dropped) in ingest_seqs(&batch.rows).iter().zip(dropped) {
            *dropped |= seqs.contains(seq);
        }
    }
}

#[cfg(test)]
mod tests;
