//! Looks for rows of a load among the rows that are stored already.
//!
//! 1. Candidates: the chatbot's files (first write wins), or the files of the same partition (versions).
//! 2. A file whose bounds of the first sort column hold none of the load's values is skipped unread.
//! 3. A larger file whose bloom filters know none of the ids is skipped after its footer.
//! 4. What is left is read (identity columns only) and compared by identity.
//!
//! Guarantees: exact; rows for conversations the lake has never seen cost no read of data; nothing is looked at outside
//! of the chatbots that the load touches.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema};
use chatlake_schema::{MergeRule, Table};
use chatlake_types::Day;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::ObjectStoreExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

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

/// Rows that share the files they may repeat.
#[derive(Default)]
struct Scope<'a> {
    rows: Vec<RowRef>,
    first_keys: BTreeSet<&'a str>,
    files: Vec<Arc<DataFile>>,
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
        let by_hash = hash_map(&scope, batches);
        let reads: Vec<BoxFuture<'_, Result<Vec<RowHash>>>> = scope
            .files
            .iter()
            .map(|file| (file, wanted_rows(table, &scope, batches, file)))
            .filter(|(_, wanted)| !wanted.is_empty())
            .map(|(file, wanted)| stored_hashes(lake, table, hasher, file, wanted).boxed())
            .collect();
        let mut reads =
            futures::stream::iter(reads).buffer_unordered(lake.settings().probe_tasks_max);
        while let Some(stored) = reads.try_next().await? {
            for (batch, row) in stored.iter().filter_map(|hash| by_hash.get(hash)).flatten() {
                dropped[*batch as usize][*row as usize] = true;
            }
        }
    }
    Ok(())
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
    let mut scopes: Vec<Scope<'a>> = Vec::new();
    let mut open = |files: Vec<Arc<DataFile>>| {
        (!files.is_empty()).then(|| {
            scopes.push(Scope {
                files,
                ..Scope::default()
            });
            scopes.len() - 1
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
    for (index, batch) in (0u32..).zip(batches) {
        let keys = first_key.and_then(|name| text_column(&batch.rows, name));
        for (row, number) in (0u32..).zip(&batch.partitions) {
            let Some(scope) = scope_of_partition[*number as usize] else {
                continue;
            };
            scopes[scope].rows.push((index, row));
            if let Some(keys) = keys {
                scopes[scope].first_keys.insert(keys.value(row as usize));
            }
        }
    }
    scopes
}

fn hash_map(scope: &Scope<'_>, batches: &[BufferedBatch]) -> HashMap<RowHash, Vec<RowRef>> {
    let mut map: HashMap<RowHash, Vec<RowRef>> = HashMap::with_capacity(scope.rows.len());
    for (batch, row) in &scope.rows {
        map.entry(batches[*batch as usize].hashes[*row as usize])
            .or_default()
            .push((*batch, *row));
    }
    map
}

/// Values of each bloom column that the file might hold, of the rows its bounds allow; empty when there are none.
fn wanted_rows<'a>(
    table: &Table,
    scope: &Scope<'a>,
    batches: &'a [BufferedBatch],
    file: &DataFile,
) -> Vec<Vec<&'a str>> {
    let in_bounds = |key: &str| {
        file.stats
            .first_key
            .as_ref()
            .is_none_or(|(low, high)| low.as_ref() <= key && key <= high.as_ref())
    };
    if let Some((low, high)) = &file.stats.first_key
        && !scope.first_keys.is_empty()
        && scope
            .first_keys
            .range(low.as_ref()..)
            .next()
            .is_none_or(|key| *key > high.as_ref())
    {
        return Vec::new();
    }
    if file.size_bytes <= WHOLE_FILE_BYTES_MAX {
        // it will be read whole: its values do not matter
        return vec![Vec::new()];
    }
    let first_key = first_key_column(table);
    let rows = scope.rows.iter().filter(|(batch, row)| {
        let keys = first_key.and_then(|name| text_column(&batches[*batch as usize].rows, name));
        keys.is_none_or(|keys| in_bounds(keys.value(*row as usize)))
    });
    rows.map(|(batch, row)| {
        let values = table
            .bloom
            .iter()
            .map(|name| text_column(&batches[*batch as usize].rows, name));
        values
            .map(|values| {
                values
                    .filter(|values| values.is_valid(*row as usize))
                    .map_or("", |values| values.value(*row as usize))
            })
            .collect()
    })
    .collect()
}

/// Identities of the rows stored in a file; none when its bloom filters rule out all of `wanted`.
async fn stored_hashes(
    lake: &Lake,
    table: &'static Table,
    hasher: &RowHasher,
    file: &Arc<DataFile>,
    wanted: Vec<Vec<&str>>,
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
    if !may_hold(&mut builder, table, &wanted)
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

/// Asks the bloom filters whether any wanted row may be in the file.
async fn may_hold(
    builder: &mut FileReader,
    table: &Table,
    wanted: &[Vec<&str>],
) -> std::result::Result<bool, parquet::errors::ParquetError> {
    let schema = builder.metadata().file_metadata().schema_descr_ptr();
    for group in 0..builder.metadata().num_row_groups() {
        let mut candidates: Vec<&Vec<&str>> = wanted.iter().collect();
        for (position, name) in table.bloom.iter().enumerate() {
            let column = schema
                .columns()
                .iter()
                .position(|column| column.name() == name);
            let Some(column) = column else { continue };
            let Some(filter) = builder
                .get_row_group_column_bloom_filter(group, column)
                .await?
            else {
                continue;
            };
            // a value that is missing (a conversation-level annotation) has no trace in the filter
            candidates.retain(|row| row[position].is_empty() || filter.check(&row[position]));
        }
        if !candidates.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
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
