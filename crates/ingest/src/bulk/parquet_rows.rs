//! Rows of a Parquet file, batch by batch.
//!
//! Guarantees: only columns that count are read; the size of a batch follows from the sizes that the file tells, so
//! that long texts do not make large batches.

use std::path::{Path, PathBuf};

use arrow::array::ArrayRef;
use chatlake_schema::Table;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::ParquetMetaData;

use crate::bulk::check::RawBatch;
use crate::bulk::columns::places;
use crate::bulk::{BatchReader, ParquetInput};
use crate::error::{Error, Result};
use crate::input::ByteCount;
use crate::options::IngestLimits;

/// Reads a Parquet file.
pub(super) struct ParquetRows {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// For each column read its place in the table.
    places: Vec<usize>,
    column_count: usize,
    next_row: u64,
    total_rows: u64,
    total_bytes: u64,
    byte_count: ByteCount,
}

impl ParquetRows {
    /// Reads what a file says of itself and matches its columns with those of the table.
    pub(super) fn open(
        input: ParquetInput,
        table: &Table,
        ignore_extra: bool,
        limits: IngestLimits,
    ) -> Result<Self> {
        let ParquetInput {
            file,
            path,
            byte_count,
        } = input;
        let total_bytes = file.metadata().map_or(0, |metadata| metadata.len());
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|error| damaged(&path, &error))?;
        let names: Vec<_> = builder
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let places = places(table, &names, ignore_extra)?;
        let read = places
            .iter()
            .enumerate()
            .filter(|(_, place)| place.is_some())
            .map(|(index, _)| index);
        let mask = ProjectionMask::roots(builder.parquet_schema(), read);
        let total_rows =
            u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
        let batch_rows = batch_rows(builder.metadata(), &mask, limits);
        let reader = builder
            .with_projection(mask)
            .with_batch_size(batch_rows)
            .build();
        Ok(Self {
            reader: reader.map_err(|error| damaged(&path, &error))?,
            path,
            places: places.into_iter().flatten().collect(),
            column_count: table.columns.len(),
            next_row: 1,
            total_rows,
            total_bytes,
            byte_count,
        })
    }
}

impl BatchReader for ParquetRows {
    fn next_batch(&mut self) -> Result<Option<RawBatch>> {
        let Some(batch) = self.reader.next() else {
            self.byte_count.set(self.total_bytes);
            return Ok(None);
        };
        let batch = batch.map_err(|error| damaged(&self.path, &error))?;
        let mut columns: Vec<Option<ArrayRef>> = vec![None; self.column_count];
        for (place, column) in self.places.iter().zip(batch.columns()) {
            columns[*place] = Some(ArrayRef::clone(column));
        }
        let first_row = self.next_row;
        self.next_row += batch.num_rows() as u64;
        // A file tells no position; rows stand for bytes.
        let share = u128::from(self.total_bytes) * u128::from(self.next_row - 1)
            / u128::from(self.total_rows.max(1));
        self.byte_count
            .set(u64::try_from(share).unwrap_or(self.total_bytes));
        Ok(Some(RawBatch {
            first_row,
            row_count: batch.num_rows(),
            columns,
            unreadable: Vec::new(),
        }))
    }
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Parquet {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// Rows that have about the bytes of a batch, by the unpacked sizes of the columns read.
fn batch_rows(metadata: &ParquetMetaData, mask: &ProjectionMask, limits: IngestLimits) -> usize {
    let (mut rows, mut bytes) = (0, 0);
    for group in metadata.row_groups() {
        rows += u64::try_from(group.num_rows()).unwrap_or_default();
        let columns = group
            .columns()
            .iter()
            .enumerate()
            .filter(|(index, _)| mask.leaf_included(*index));
        let sizes = columns
            .map(|(_, column)| u64::try_from(column.uncompressed_size()).unwrap_or_default());
        bytes += sizes.sum::<u64>();
    }
    let row_bytes = (bytes / rows.max(1)).max(1);
    let fitting = usize::try_from(limits.batch_bytes as u64 / row_bytes).unwrap_or(usize::MAX);
    fitting.clamp(1, limits.batch_rows_max.max(1))
}
