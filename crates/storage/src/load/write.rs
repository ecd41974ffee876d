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
use crate::settings::StorageSettings;
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

/// One file, encoded.
struct Encoded {
    number: u32,
    partition: Option<Partition>,
    file: EncodedFile,
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
    lake: &Lake,
    table: &'static Table,
    batches: Arc<Vec<BufferedBatch>>,
    work: Vec<(u32, Option<Partition>, Vec<RowRef>)>,
) -> Vec<Result<NumberedFile>> {
    let settings = lake.settings().clone();
    let task = tokio::task::spawn_blocking(move || encode_all(table, &batches, work, &settings));
    let encoded = match task.await {
        Ok(Ok(encoded)) => encoded,
        Ok(Err(error)) => return vec![Err(error)],
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

fn encode_all(
    table: &Table,
    batches: &[BufferedBatch],
    work: Vec<(u32, Option<Partition>, Vec<RowRef>)>,
    settings: &StorageSettings,
) -> Result<Vec<Encoded>> {
    let mut encoded = Vec::with_capacity(work.len());
    for (number, partition, rows) in work {
        let sorted = gather_sorted(table, batches, &rows)?;
        for start in (0..sorted.num_rows()).step_by(settings.file_rows_max.max(1)) {
            let part = sorted.slice(start, settings.file_rows_max.min(sorted.num_rows() - start));
            encoded.push(Encoded {
                number,
                partition: partition.clone(),
                file: encode(table, &part, settings)?,
            });
        }
    }
    Ok(encoded)
}

async fn put(lake: &Lake, table: &Table, encoded: Encoded) -> Result<NumberedFile> {
    let Encoded {
        number,
        partition,
        file,
    } = encoded;
    let folders = partition
        .as_ref()
        .map(|partition| (partition.chatbot_id.as_deref(), partition.day()));
    let data_file = DataFile {
        path: new_data_file(folders).into(),
        size_bytes: file.bytes.len() as u64,
        modified_ms: lake.clock().now_micros() / 1_000,
        partition,
        stats: file.stats,
    };
    let path = data_file.path_in_lake(&table.name);
    lake.location().put_data_file(&path, file.bytes).await?;
    Ok((number, Arc::new(data_file)))
}

/// Writes sorted rows of one partition as one file.
pub(super) async fn write_file(
    lake: &Lake,
    table: &'static Table,
    partition: Option<Partition>,
    rows: RecordBatch,
) -> Result<Arc<DataFile>> {
    let settings = lake.settings().clone();
    let file = tokio::task::spawn_blocking(move || encode(table, &rows, &settings)).await??;
    Ok(put(
        lake,
        table,
        Encoded {
            number: 0,
            partition,
            file,
        },
    )
    .await?
    .1)
}
