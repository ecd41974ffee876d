//! The rows of a running query: encoded on the threads for queries, taken by the connection as its client reads.
//!
//! Guarantees: at most `batch_queue_count_max` parts wait, so a client that stops reading stops the query; dropping it ends the
//! query; a part has 1,024 rows and about a MiB at most, unless a single row is larger.

use std::collections::VecDeque;

use arrow::array::RecordBatch;
use chatlake::{Query, Reader};
use chatlake_serving::{Executor, task_error};
use futures::StreamExt;
use pgwire::messages::data::DataRow;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::columns::Columns;
use crate::error::{Error, Result};

/// Rows of one part.
const PART_ROWS_MAX: usize = 1_024;

/// Size that a part aims at, in bytes of the batch in memory.
const PART_BYTES_TARGET: usize = 1 << 20;

/// Encoded rows, or why there are no more.
type Part = Result<Vec<DataRow>>;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Rows {
    ready: VecDeque<DataRow>,
    parts: Option<mpsc::Receiver<Part>>,
    work: JoinSet<()>,
    _reader: Reader,
}

impl Rows {
    /// Rows that are there already.
    pub(crate) fn ready(rows: Vec<DataRow>) -> Self {
        Self {
            ready: rows.into(),
            parts: None,
            work: JoinSet::new(),
            _reader: Reader::default(),
        }
    }

    /// Starts a query.
    ///
    /// # Errors
    /// When the server is stopping.
    pub(crate) fn start(
        executor: &Executor<Error>,
        query: Query,
        columns: &Columns,
        queue_count_max: usize,
    ) -> Result<Self> {
        let (sender, parts) = mpsc::channel(queue_count_max.max(1));
        let reader = Reader::default();
        let query = query.read_until(reader.is_gone());
        let work = executor.spawn(run(query, columns.clone(), sender))?;
        Ok(Self {
            ready: VecDeque::new(),
            parts: Some(parts),
            work,
            _reader: reader,
        })
    }

    /// The next rows, at most `rows_max`; `None` when there are no more.
    ///
    /// # Errors
    /// When the query failed.
    pub(crate) async fn next(&mut self, rows_max: usize) -> Result<Option<Vec<DataRow>>> {
        while self.ready.is_empty() {
            let Some(parts) = &mut self.parts else {
                return Ok(None);
            };
            match parts.recv().await {
                Some(part) => self.ready = part?.into(),
                None => {
                    self.parts = None;
                    if let Some(Err(error)) = self.work.join_next().await {
                        return Err(task_error(error).into());
                    }
                }
            }
        }
        let taken = rows_max.min(self.ready.len());
        Ok(Some(self.ready.drain(..taken).collect()))
    }
}

/// Runs a query to its end, or until nobody takes its rows.
async fn run(query: Query, columns: Columns, sender: mpsc::Sender<Part>) {
    let mut batches = match query.stream().await {
        Ok(batches) => batches,
        Err(error) => {
            // nobody may be there any more
            let _ = sender.send(Err(error.into())).await;
            return;
        }
    };
    while let Some(batch) = batches.next().await {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                let error = chatlake::Error::from(error);
                let _ = sender.send(Err(error.into())).await;
                return;
            }
        };
        for part in parts_of(&batch) {
            let rows = columns.rows(&part);
            let is_last = rows.is_err();
            if sender.send(rows).await.is_err() || is_last {
                return;
            }
        }
    }
}

/// A batch in parts.
fn parts_of(batch: &RecordBatch) -> Vec<RecordBatch> {
    let row_count = batch.num_rows();
    let row_bytes = batch
        .get_array_memory_size()
        .div_ceil(row_count.max(1))
        .max(1);
    let rows = (PART_BYTES_TARGET / row_bytes).clamp(1, PART_ROWS_MAX);
    let starts = (0..row_count).step_by(rows);
    starts
        .map(|start| batch.slice(start, rows.min(row_count - start)))
        .collect()
}

/// One batch of rows that are known.
pub(crate) fn rows_of(batch: &RecordBatch, columns: &Columns) -> Result<Rows> {
    Ok(Rows::ready(columns.rows(batch)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};

    use super::*;

    #[test]
    fn large_rows_make_small_parts() {
        let batch = |text: &str, count: usize| {
            let texts: ArrayRef = Arc::new(StringArray::from(vec![text; count]));
            RecordBatch::try_from_iter([("t", texts)]).unwrap()
        };
        let counts = |batch: &RecordBatch| {
            parts_of(batch)
                .iter()
                .map(RecordBatch::num_rows)
                .collect::<Vec<_>>()
        };
        assert_eq!(counts(&batch("a", 2_500)), [1_024, 1_024, 452]);
        assert_eq!(counts(&batch(&"a".repeat(600_000), 3)), [1, 1, 1]);
        assert!(parts_of(&batch("", 0)).is_empty());
    }

    #[tokio::test]
    async fn rows_come_in_as_many_pieces_as_asked_for() {
        let mut rows = Rows::ready(vec![DataRow::default(); 5]);
        assert_eq!(rows.next(2).await.unwrap().map(|rows| rows.len()), Some(2));
        assert_eq!(rows.next(9).await.unwrap().map(|rows| rows.len()), Some(3));
        assert!(rows.next(9).await.unwrap().is_none());
    }
}
