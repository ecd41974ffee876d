//! Rows a load keeps in memory: whose they are, what makes them unique, and in which order they go into files.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{SortColumn, interleave, lexsort_to_indices};
use arrow::datatypes::TimestampMicrosecondType;
use chatlake_schema::Table;
use chatlake_types::Day;

use crate::data_file::Partition;
use crate::identity::RowHash;
use crate::{Error, Result};

/// A row in a buffer: which batch, which row of it.
pub(super) type RowRef = (u32, u32);

/// One appended batch.
#[derive(Debug)]
pub(super) struct BufferedBatch {
    pub(super) rows: RecordBatch,
    /// Partition number of each row.
    pub(super) partitions: Vec<u32>,
    /// Identity of each row.
    pub(super) hashes: Vec<RowHash>,
    /// Whether its rows are parts of records that hold more (a capture's messages).
    pub(super) part_of_record: bool,
}

/// Numbers the partitions that a load meets in one table.
#[derive(Debug, Default)]
pub(super) struct PartitionNumbers {
    numbers: HashMap<Option<Partition>, u32>,
    partitions: Vec<Option<Partition>>,
}

impl PartitionNumbers {
    /// The partition of a number given out before.
    pub(super) fn partition(&self, number: u32) -> Option<&Partition> {
        self.partitions
            .get(number as usize)
            .and_then(Option::as_ref)
    }

    pub(super) fn len(&self) -> usize {
        self.partitions.len()
    }

    fn number(&mut self, partition: Option<Partition>) -> u32 {
        let next = u32::try_from(self.partitions.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(partition.clone()).or_insert_with(|| {
            self.partitions.push(partition);
            next
        })
    }

    /// The partition number of each row.
    pub(super) fn of_rows(&mut self, table: &Table, rows: &RecordBatch) -> Result<Vec<u32>> {
        let (Some(time), Some(chatbot)) = (&table.time_column, &table.chatbot_column) else {
            let number = self.number(None);
            return Ok(vec![number; rows.num_rows()]);
        };
        let missing = |name: &str| Error::RowsMismatch {
            table: table.name.clone(),
            reason: format!("expected a column `{name}`, found none"),
        };
        let times = rows
            .column_by_name(time)
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let times = times.ok_or_else(|| missing(time))?;
        let chatbots = rows
            .column_by_name(chatbot)
            .and_then(|column| column.as_string_opt::<i32>());
        let chatbots = chatbots.ok_or_else(|| missing(chatbot))?;
        // neighbours mostly share their partition, and a batch has few partitions: ask the big map rarely
        let mut seen: HashMap<(Option<&str>, Day), u32> = HashMap::new();
        let mut last: Option<((Option<&str>, Day), u32)> = None;
        let numbers = (0..rows.num_rows()).map(|row| {
            let chatbot_id = chatbots.is_valid(row).then(|| chatbots.value(row));
            let key = (chatbot_id, Day::of_micros(times.value(row)));
            if let Some((found, number)) = last
                && found == key
            {
                return number;
            }
            let number = *seen.entry(key).or_insert_with(|| {
                self.number(Some(Partition {
                    chatbot_id: chatbot_id.map(Arc::from),
                    day: key.1.0,
                }))
            });
            last = Some((key, number));
            number
        });
        Ok(numbers.collect())
    }
}

/// Groups the rows that are kept by partition number, in order of arrival.
pub(super) fn group_by_partition(
    batches: &[BufferedBatch],
    partition_count: usize,
    dropped: &[Vec<bool>],
) -> Vec<(u32, Vec<RowRef>)> {
    let mut groups: Vec<Vec<RowRef>> = vec![Vec::new(); partition_count];
    for (index, (batch, dropped)) in (0u32..).zip(batches.iter().zip(dropped)) {
        for (row, (number, dropped)) in (0u32..).zip(batch.partitions.iter().zip(dropped)) {
            if !dropped {
                groups[*number as usize].push((index, row));
            }
        }
    }
    (0u32..)
        .zip(groups)
        .filter(|(_, rows)| !rows.is_empty())
        .collect()
}

/// The rows, in the table's sort order, as one batch with all columns of the table.
pub(super) fn gather_sorted(
    table: &Table,
    batches: &[BufferedBatch],
    rows: &[RowRef],
) -> Result<RecordBatch> {
    let order = sort_order(table, batches, rows)?;
    let sorted: Vec<(usize, usize)> = order
        .values()
        .iter()
        .map(|position| rows[*position as usize])
        .map(|(batch, row)| (batch as usize, row as usize))
        .collect();
    let columns = (0..table.columns.len()).map(|index| gather(batches, index, &sorted));
    Ok(RecordBatch::try_new(
        table.arrow_schema(),
        columns.collect::<Result<_>>()?,
    )?)
}

fn sort_order(table: &Table, batches: &[BufferedBatch], rows: &[RowRef]) -> Result<UInt32Array> {
    let positions: Vec<(usize, usize)> = rows
        .iter()
        .map(|(batch, row)| (*batch as usize, *row as usize))
        .collect();
    let columns = table
        .cluster_by
        .iter()
        .filter_map(|name| table.column_index(name));
    let columns: Vec<SortColumn> = columns
        .map(|index| {
            Ok(SortColumn {
                values: gather(batches, index, &positions)?,
                options: None,
            })
        })
        .collect::<Result<_>>()?;
    Ok(lexsort_to_indices(&columns, None)?)
}

/// One column of the given rows. Only batches that hold such rows are looked at.
fn gather(
    batches: &[BufferedBatch],
    column: usize,
    rows: &[(usize, usize)],
) -> Result<Arc<dyn Array>> {
    let mut position_of = vec![usize::MAX; batches.len()];
    let mut arrays: Vec<&dyn Array> = Vec::new();
    let local: Vec<(usize, usize)> = rows
        .iter()
        .map(|(batch, row)| {
            if position_of[*batch] == usize::MAX {
                position_of[*batch] = arrays.len();
                arrays.push(batches[*batch].rows.column(column).as_ref());
            }
            (position_of[*batch], *row)
        })
        .collect();
    Ok(interleave(&arrays, &local)?)
}

/// The values of the first sort column (ids are text), if it has that type.
pub(super) fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_string_opt::<i32>())
}
