//! Looks for rows of a load among the rows that are stored already.
//!
//! 1. Candidates: the chatbot's files (first write wins), or the files of the same partition (versions).
//! 2. A file whose bounds of the first sort column hold none of the load's values is skipped unread.
//! 3. A larger file whose bloom filters know none of the ids is skipped after its footer.
//! 4. What is left is read (identity columns only) and compared by identity.
//!
//! Guarantees: exact; rows for conversations the lake has never seen cost no read of data; nothing is looked at outside
//! of the chatbots that the load touches.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema};
use chatlake_schema::{MergeRule, Table};
use chatlake_types::Day;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, TryStreamExt};
use object_store::ObjectStoreExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::bloom_filter::Sbbf;

use super::buffer::{BufferedBatch, PartitionNumbers, RowRef, text_column};
use crate::data_file::{DataFile, first_key_column};
use crate::file_index::TableFiles;
use crate::identity::{RowHash, RowHasher};
use crate::lake::Lake;
use crate::paths::LakePaths;
use crate::read::{FileReader, not_parquet, open_file};
use crate::{Error, Result};

/// Files up to this size are read whole in one request, without asking their bloom filters first.
const WHOLE_FILE_BYTES_MAX: u64 = 256 << 10;

/// Rows with one value of the first sort column (a conversation's messages).
struct KeyRows<'a> {
    key: &'a str,
    rows: Vec<RowRef>,
}

/// Rows that share the files they may repeat, by the first sort column.
struct Scope<'a> {
    keys: Vec<KeyRows<'a>>,
    files: Vec<Arc<DataFile>>,
}

impl<'a> Scope<'a> {
    /// The keys that a file's bounds allow.
    fn within<'s>(&'s self, file: &DataFile) -> &'s [KeyRows<'a>] {
        let Some((low, high)) = &file.stats.first_key else {
            return &self.keys;
        };
        let start = self.keys.partition_point(|rows| rows.key < low.as_ref());
        let end = self.keys.partition_point(|rows| rows.key <= high.as_ref());
        &self.keys[start..end.max(start)]
    }
}

/// Marks the rows of `batches` that are stored already in `dropped`.
pub(super) async fn mark_stored(
    lake: &Lake,
    table: &'static Table,
    hasher: &RowHasher,
    batches: &[BufferedBatch],
    numbers: &PartitionNumbers,
    dropped: &mut [Vec<bool>],
) -> Result<()> {
    let snapshot = lake.snapshot();
    let Some(files) = snapshot
        .table(&table.name)
        .filter(|files| files.file_count() > 0)
    else {
        return Ok(());
    };
    for scope in scopes(table, files, batches, numbers) {
        let mut by_hash = Vec::new();
        let mut mark = |stored: Vec<RowHash>| {
            if !stored.is_empty() && by_hash.is_empty() {
                by_hash = rows_by_hash(&scope, batches);
            }
            mark_rows(&stored, &by_hash, dropped);
        };
        let mut reads: FuturesUnordered<BoxFuture<'_, Result<Vec<RowHash>>>> =
            FuturesUnordered::new();
        for file in &scope.files {
            let wanted = scope.within(file);
            if wanted.is_empty() {
                continue;
            }
            if reads.len() >= lake.settings().probe_tasks_max
                && let Some(stored) = reads.try_next().await?
            {
                mark(stored);
            }
            reads.push(stored_hashes(lake, table, hasher, file, wanted, batches).boxed());
        }
        while let Some(stored) = reads.try_next().await? {
            mark(stored);
        }
    }
    Ok(())
}

/// The rows of a scope in the order of their identities.
fn rows_by_hash(scope: &Scope<'_>, batches: &[BufferedBatch]) -> Vec<(RowHash, RowRef)> {
    let count = scope.keys.iter().map(|key| key.rows.len()).sum();
    let mut rows = Vec::with_capacity(count);
    let all = scope.keys.iter().flat_map(|key| &key.rows);
    rows.extend(all.map(|row| (batches[row.0 as usize].hashes[row.1 as usize], *row)));
    rows.sort_unstable();
    rows
}

/// Marks the rows whose identity is among the stored ones.
fn mark_rows(stored: &[RowHash], rows: &[(RowHash, RowRef)], dropped: &mut [Vec<bool>]) {
    for hash in stored {
        let start = rows.partition_point(|(found, _)| found < hash);
        let same = rows[start..].iter().take_while(|(found, _)| found == hash);
        for (_, (batch, row)) in same {
            dropped[*batch as usize][*row as usize] = true;
        }
    }
}

/// Groups the rows by the files they may repeat; rows without such files are left out.
fn scopes<'a>(
    table: &Table,
    files: &TableFiles,
    batches: &'a [BufferedBatch],
    numbers: &PartitionNumbers,
) -> Vec<Scope<'a>> {
    // a key without the chatbot (an account's ledger) may repeat in any file
    let key_has_chatbot = table
        .chatbot_column
        .as_ref()
        .is_some_and(|chatbot| table.key.contains(chatbot));
    let versions = table.merge != MergeRule::FirstWriteWins;
    let mut scope_of_partition: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    let mut scope_of_chatbot: HashMap<Option<Arc<str>>, Option<usize>> = HashMap::new();
    let mut scope_files: Vec<Vec<Arc<DataFile>>> = Vec::new();
    let mut open = |files: Vec<Arc<DataFile>>| {
        (!files.is_empty()).then(|| {
            scope_files.push(files);
            scope_files.len() - 1
        })
    };
    for number in 0..numbers.len() {
        let partition = u32::try_from(number)
            .ok()
            .and_then(|number| numbers.partition(number));
        let index = match partition {
            Some(partition) if versions => open(files.of_partition(partition).to_vec()),
            Some(partition) if key_has_chatbot => *scope_of_chatbot
                .entry(partition.chatbot_id.clone())
                .or_insert_with(|| {
                    open(
                        files
                            .of_chatbot(&partition.chatbot_id, Day(i32::MIN)..=Day(i32::MAX))
                            .map(Arc::clone)
                            .collect(),
                    )
                }),
            _ => *scope_of_chatbot
                .entry(None)
                .or_insert_with(|| open(files.iter().map(Arc::clone).collect())),
        };
        scope_of_partition.push(index);
    }
    let first_key = first_key_column(table);
    let mut rows_of_key: Vec<HashMap<&'a str, Vec<RowRef>>> =
        scope_files.iter().map(|_| HashMap::new()).collect();
    for (index, batch) in (0u32..).zip(batches) {
        let keys = first_key.and_then(|name| text_column(&batch.rows, name));
        for (row, number) in (0u32..).zip(&batch.partitions) {
            if let Some(scope) = scope_of_partition[*number as usize] {
                let key = keys.map_or("", |keys| keys.value(row as usize));
                rows_of_key[scope]
                    .entry(key)
                    .or_default()
                    .push((index, row));
            }
        }
    }
    let scopes = scope_files
        .into_iter()
        .zip(rows_of_key)
        .map(|(files, rows)| {
            let mut keys: Vec<_> = rows
                .into_iter()
                .map(|(key, rows)| KeyRows { key, rows })
                .collect();
            keys.sort_unstable_by_key(|rows| rows.key);
            Scope { keys, files }
        });
    scopes.collect()
}

/// Identities of the rows stored in a file; none when its bloom filters rule out all of `wanted`.
async fn stored_hashes(
    lake: &Lake,
    table: &'static Table,
    hasher: &RowHasher,
    file: &Arc<DataFile>,
    wanted: &[KeyRows<'_>],
    buffered: &[BufferedBatch],
) -> Result<Vec<RowHash>> {
    let path = LakePaths::new(lake.location().root()).below(&file.path_in_lake(&table.name))?;
    let store = lake.location().store();
    let damaged = |error: parquet::errors::ParquetError| not_parquet(table, file, error);
    if file.size_bytes <= WHOLE_FILE_BYTES_MAX {
        let read = |error| Error::store("read", file.path_in_lake(&table.name), error);
        let bytes = store
            .get(&path)
            .await
            .map_err(read)?
            .bytes()
            .await
            .map_err(read)?;
        let columns = hasher.clone();
        let task = tokio::task::spawn_blocking(move || {
            let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
            let mask = ProjectionMask::columns(
                builder.parquet_schema(),
                columns.columns().iter().map(String::as_str),
            );
            let reader = builder.with_projection(mask).build()?;
            let batches = reader.collect::<std::result::Result<Vec<_>, _>>()?;
            Ok::<_, parquet::errors::ParquetError>(batches)
        });
        let batches = task.await?.map_err(damaged)?;
        return hash_batches(table, hasher, file, &batches);
    }
    let mut builder = open_file(lake, table, file).await?;
    if !may_hold(&mut builder, table, wanted, buffered)
        .await
        .map_err(damaged)?
    {
        return Ok(Vec::new());
    }
    let mask = ProjectionMask::columns(
        builder.parquet_schema(),
        hasher.columns().iter().map(String::as_str),
    );
    let stream = builder.with_projection(mask).build().map_err(damaged)?;
    let batches: Vec<RecordBatch> = stream.try_collect().await.map_err(damaged)?;
    hash_batches(table, hasher, file, &batches)
}

/// Asks the bloom filters whether any wanted row may be in the file: first by the sort column, of which there are few
/// values, then for the rows that are left by the other ids.
async fn may_hold(
    builder: &mut FileReader,
    table: &Table,
    wanted: &[KeyRows<'_>],
    batches: &[BufferedBatch],
) -> std::result::Result<bool, parquet::errors::ParquetError> {
    let first_key = first_key_column(table);
    let (of_key, of_row): (Vec<&String>, Vec<&String>) = table
        .bloom
        .iter()
        .partition(|name| Some(name.as_str()) == first_key);
    for group in 0..builder.metadata().num_row_groups() {
        let mut keys: Vec<&KeyRows<'_>> = wanted.iter().collect();
        for name in &of_key {
            if let Some(filter) = bloom_filter(builder, group, name).await? {
                keys.retain(|rows| filter.check(&rows.key));
            }
        }
        let mut rows: Vec<RowRef> = keys
            .iter()
            .flat_map(|key| key.rows.iter().copied())
            .collect();
        for name in &of_row {
            if rows.is_empty() {
                break;
            }
            if let Some(filter) = bloom_filter(builder, group, name).await? {
                rows.retain(|(batch, row)| {
                    let values = text_column(&batches[*batch as usize].rows, name);
                    let value = values.filter(|values| values.is_valid(*row as usize));
                    // a value that is missing (a conversation-level annotation) has no trace in the filter
                    value.is_none_or(|values| filter.check(&values.value(*row as usize)))
                });
            }
        }
        if !rows.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn bloom_filter(
    builder: &mut FileReader,
    group: usize,
    name: &str,
) -> std::result::Result<Option<Sbbf>, parquet::errors::ParquetError> {
    let schema = builder.metadata().file_metadata().schema_descr_ptr();
    match schema
        .columns()
        .iter()
        .position(|column| column.name() == name)
    {
        Some(column) => {
            builder
                .get_row_group_column_bloom_filter(group, column)
                .await
        }
        None => Ok(None),
    }
}

/// Hashes rows read from a file, completed by the partition's chatbot.
fn hash_batches(
    table: &Table,
    hasher: &RowHasher,
    file: &DataFile,
    batches: &[RecordBatch],
) -> Result<Vec<RowHash>> {
    let Some(first) = batches.first() else {
        return Ok(Vec::new());
    };
    let rows = concat_batches(&first.schema(), batches)?;
    hasher.hash(&with_chatbot(table, file, &rows)?)
}

/// Adds the partition's chatbot as a column, when rows of the table have one and the file does not hold it.
pub(super) fn with_chatbot(
    table: &Table,
    file: &DataFile,
    rows: &RecordBatch,
) -> Result<RecordBatch> {
    let (Some(name), Some(partition)) = (&table.chatbot_column, &file.partition) else {
        return Ok(rows.clone());
    };
    let values: ArrayRef = match &partition.chatbot_id {
        Some(chatbot_id) => Arc::new(StringArray::from(vec![
            chatbot_id.as_ref();
            rows.num_rows()
        ])),
        None => new_null_array(&DataType::Utf8, rows.num_rows()),
    };
    let mut fields: Vec<_> = rows.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(name, DataType::Utf8, true)));
    let mut columns = rows.columns().to_vec();
    columns.push(values);
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}
