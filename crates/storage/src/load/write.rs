//! Writes rows, partition by partition, to data files, with a bounded number of them in work at a time.

use std::sync::Arc;

use arrow::array::RecordBatch;
use chatlake_schema::Table;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};

use super::buffer::{BufferedBatch, PartitionNumbers, RowRef, gather_sorted};
use super::encode::{EncodedFile, encode};
use crate::data_file::{DataFile, Partition};
use crate::lake::Lake;
use crate::paths::new_data_file;
use crate::{Error, Result};

/// Rows that one encoding task takes, so that many tiny partitions do not pay for a task each.
const TASK_ROWS: usize = 2_048;

/// Data files being made durable at the same time, per encoding task.
const PUTS_MAX: usize = 8;

/// A file with its partition's number.
type NumberedFile = (u32, Arc<DataFile>);

/// What was written before it ended, and how it ended.
pub(super) struct Written {
    pub(super) written: Vec<NumberedFile>,
    pub(super) outcome: Result<()>,
}

/// One file, encoded; and written, where that is done by blocking.
struct Encoded {
    number: u32,
    file: DataFile,
    /// What still has to be put into an object store.
    bytes: Option<Vec<u8>>,
}

/// Writes each group of rows as one file (or more, when it is long).
pub(super) async fn write_partitions(
    lake: &Arc<Lake>,
    table: &'static Table,
    batches: Vec<BufferedBatch>,
    groups: Vec<(u32, Vec<RowRef>)>,
    numbers: &PartitionNumbers,
) -> Written {
    let batches = Arc::new(batches);
    let mut tasks: Vec<BoxFuture<'_, Vec<Result<NumberedFile>>>> = Vec::new();
    for bundle in bundle(groups) {
        let work: Vec<_> = bundle
            .into_iter()
            .map(|(number, rows)| (number, numbers.partition(number).cloned(), rows))
            .collect();
        tasks.push(write_bundle(lake, table, Arc::clone(&batches), work).boxed());
    }
    let mut tasks = futures::stream::iter(tasks).buffer_unordered(lake.settings().encode_tasks_max);
    let mut result = Written {
        written: Vec::new(),
        outcome: Ok(()),
    };
    while let Some(outcomes) = tasks.next().await {
        for outcome in outcomes {
            match outcome {
                Ok(file) => result.written.push(file),
                Err(error) => result.outcome = Err(error),
            }
        }
        if result.outcome.is_err() {
            break;
        }
    }
    result
}

/// Encodes and stores the files of one bundle.
async fn write_bundle(
    lake: &Arc<Lake>,
    table: &'static Table,
    batches: Arc<Vec<BufferedBatch>>,
    work: Vec<(u32, Option<Partition>, Vec<RowRef>)>,
) -> Vec<Result<NumberedFile>> {
    let blocking_lake = Arc::clone(lake);
    let task =
        tokio::task::spawn_blocking(move || encode_all(&blocking_lake, table, &batches, work));
    let encoded = match task.await {
        Ok(encoded) => encoded,
        Err(error) => return vec![Err(Error::Task(error))],
    };
    let puts: Vec<_> = encoded
        .into_iter()
        .map(|encoded| put(lake, table, encoded).boxed())
        .collect();
    futures::stream::iter(puts)
        .buffer_unordered(PUTS_MAX)
        .collect()
        .await
}

/// Bundles small groups so that a task has about [`TASK_ROWS`] rows.
fn bundle(groups: Vec<(u32, Vec<RowRef>)>) -> Vec<Vec<(u32, Vec<RowRef>)>> {
    let mut bundles = Vec::new();
    let mut bundle = Vec::new();
    let mut row_count = 0;
    for group in groups {
        row_count += group.1.len();
        bundle.push(group);
        if row_count >= TASK_ROWS {
            bundles.push(std::mem::take(&mut bundle));
            row_count = 0;
        }
    }
    if !bundle.is_empty() {
        bundles.push(bundle);
    }
    bundles
}

/// Encodes files one after the other; ends with the first failure, after what went well.
fn encode_all(
    lake: &Lake,
    table: &Table,
    batches: &[BufferedBatch],
    work: Vec<(u32, Option<Partition>, Vec<RowRef>)>,
) -> Vec<Result<Encoded>> {
    let rows_max = lake.settings().file_rows_max.max(1);
    let mut encoded = Vec::with_capacity(work.len());
    for (number, partition, rows) in work {
        let sorted = match gather_sorted(table, batches, &rows) {
            Ok(sorted) => sorted,
            Err(error) => {
                encoded.push(Err(error));
                return encoded;
            }
        };
        for start in (0..sorted.num_rows()).step_by(rows_max) {
            let part = sorted.slice(start, rows_max.min(sorted.num_rows() - start));
            let outcome = encode_file(lake, table, number, partition.clone(), &part);
            let failed = outcome.is_err();
            encoded.push(outcome);
            if failed {
                return encoded;
            }
        }
    }
    encoded
}

/// Encodes sorted rows of one partition, and writes the file if the lake is on a local disk.
fn encode_file(
    lake: &Lake,
    table: &Table,
    number: u32,
    partition: Option<Partition>,
    rows: &RecordBatch,
) -> Result<Encoded> {
    let EncodedFile { bytes, stats } = encode(table, rows, lake.settings())?;
    let folders = partition
        .as_ref()
        .map(|partition| (partition.chatbot_id.as_deref(), partition.day()));
    let file = DataFile {
        path: new_data_file(folders).into(),
        size_bytes: bytes.len() as u64,
        modified_ms: lake.clock().now_micros() / 1_000,
        partition,
        stats,
    };
    let bytes = lake
        .location()
        .write_local(&file.path_in_lake(&table.name), bytes)?;
    Ok(Encoded {
        number,
        file,
        bytes,
    })
}

async fn put(lake: &Lake, table: &Table, encoded: Result<Encoded>) -> Result<NumberedFile> {
    let Encoded {
        number,
        file,
        bytes,
    } = encoded?;
    if let Some(bytes) = bytes {
        lake.location()
            .put_data_file(&file.path_in_lake(&table.name), bytes)
            .await?;
    }
    Ok((number, Arc::new(file)))
}

/// Writes sorted rows of one partition as one file.
pub(super) async fn write_file(
    lake: &Arc<Lake>,
    table: &'static Table,
    partition: Option<Partition>,
    rows: RecordBatch,
) -> Result<Arc<DataFile>> {
    let blocking_lake = Arc::clone(lake);
    let task = tokio::task::spawn_blocking(move || {
        encode_file(&blocking_lake, table, 0, partition, &rows)
    });
    let encoded = task.await?;
    Ok(put(lake, table, encoded).await?.1)
}
