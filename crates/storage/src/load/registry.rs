//! Registries (last write wins): a row that says what the newest row of its key says already is a repetition.
//!
//! Registries are small; the newest row of every key is kept in memory as a hash while a load runs.

use std::collections::HashMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chatlake_schema::Table;

use super::buffer::BufferedBatch;
use crate::Result;
use crate::identity::{RowHash, RowHasher};
use crate::lake::Lake;
use crate::read::read_file;

/// The newest row of each key, as hashes.
pub(super) struct RegistryState {
    key_hasher: RowHasher,
    newest: HashMap<RowHash, (i64, RowHash)>,
}

impl RegistryState {
    /// Reads the registry as it is stored.
    pub(super) async fn read(
        lake: &Lake,
        table: &'static Table,
        hash_key: (u64, u64),
    ) -> Result<Self> {
        let key_hasher = RowHasher::of_key(table, hash_key);
        let row_hasher = RowHasher::of_identity(table, hash_key);
        let mut state = Self {
            key_hasher,
            newest: HashMap::new(),
        };
        let snapshot = lake.snapshot();
        for file in snapshot
            .table(&table.name)
            .into_iter()
            .flat_map(|files| files.unpartitioned())
        {
            for batch in read_file(lake, table, file, None).await? {
                let rows = row_hasher.hash(&batch)?;
                state.advance(&batch, &rows, |_, _| {})?;
            }
        }
        Ok(state)
    }

    /// Marks rows that change nothing, in order of arrival.
    pub(super) fn mark_unchanged(
        &mut self,
        batches: &[BufferedBatch],
        dropped: &mut [Vec<bool>],
    ) -> Result<()> {
        for (batch, dropped) in batches.iter().zip(dropped) {
            self.advance(&batch.rows, &batch.hashes, |row, unchanged| {
                dropped[row] |= unchanged
            })?;
        }
        Ok(())
    }

    fn advance(
        &mut self,
        batch: &RecordBatch,
        rows: &[RowHash],
        mut tell: impl FnMut(usize, bool),
    ) -> Result<()> {
        let seqs = batch
            .columns()
            .last()
            .and_then(|column| column.as_primitive_opt::<Int64Type>());
        let keys = self.key_hasher.hash(batch)?;
        for (row, (key, hash)) in keys.into_iter().zip(rows).enumerate() {
            let seq = seqs.map_or(0, |seqs| seqs.value(row));
            let newest = self.newest.entry(key).or_insert((i64::MIN, 0));
            tell(row, newest.0 != i64::MIN && newest.1 == *hash);
            if seq >= newest.0 {
                *newest = (seq, *hash);
            }
        }
        Ok(())
    }
}
