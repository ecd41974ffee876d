//! Rows and files of one table in a load.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chatlake_schema::{MergeRule, Table};

use super::buffer::{BufferedBatch, PartitionNumbers, group_by_partition};
use super::key_log::{Duplicates, KeyEntry, KeyLog};
use super::registry::RegistryState;
use super::{Rows, TableReceipt, probe, rewrite, write};
use crate::Result;
use crate::data_file::DataFile;
use crate::identity::RowHasher;
use crate::lake::Lake;

/// Rows and files of one table in a load.
pub(super) struct TableLoad {
    pub(super) table: &'static Table,
    hasher: RowHasher,
    numbers: PartitionNumbers,
    batches: Vec<BufferedBatch>,
    pub(super) key_log: Option<KeyLog>,
    registry: Option<RegistryState>,
    /// Files written, with their partition numbers; not yet known to anybody.
    pub(super) files: Vec<(u32, Arc<DataFile>)>,
    receipt: TableReceipt,
}

impl TableLoad {
    pub(super) fn new(
        table: &'static Table,
        hash_key: (u64, u64),
        dedup_memory_bytes: usize,
        first_ingest_seq: i64,
    ) -> Self {
        let registry = table.merge == MergeRule::LastWriteWins;
        Self {
            table,
            hasher: RowHasher::of_identity(table, hash_key),
            numbers: PartitionNumbers::default(),
            batches: Vec::new(),
            key_log: (!registry).then(|| KeyLog::new(dedup_memory_bytes, first_ingest_seq)),
            registry: None,
            files: Vec::new(),
            receipt: TableReceipt {
                table: table.name.as_str(),
                ..TableReceipt::default()
            },
        }
    }

    pub(super) fn take_in(&mut self, rows: Rows) -> Result<()> {
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
    pub(super) async fn flush(
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

    /// Takes rows out of the first `file_count` files: those that this load wrote before it knew that they repeat others.
    pub(super) async fn rewrite_without(
        &mut self,
        lake: &Arc<Lake>,
        duplicates: &Duplicates,
        file_count: usize,
    ) -> Result<()> {
        let later = self.files.split_off(file_count);
        let (kept, affected): (Vec<_>, Vec<_>) = std::mem::take(&mut self.files)
            .into_iter()
            .partition(|(number, file)| !duplicates.may_be_in(*number, file.stats.ingest_seq));
        self.files = kept;
        self.files.extend(later);
        let mut affected = affected.into_iter();
        while let Some((number, file)) = affected.next() {
            match rewrite::without(lake, self.table, &file, duplicates).await {
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

    pub(super) fn finish_receipt(&mut self) -> TableReceipt {
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
    let Some(duplicates) = duplicates.filter(|found| !found.is_empty()) else {
        return;
    };
    for (batch, dropped) in batches.iter().zip(dropped) {
        for (seq, dropped) in ingest_seqs(&batch.rows).iter().zip(dropped) {
            *dropped |= duplicates.contains(*seq);
        }
    }
}
