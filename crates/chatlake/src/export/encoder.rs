//! What every file format has in common: rows go in as batches, the file's bytes come out piece by piece.
//!
//! Guarantees: an encoder holds at most the rows of one batch, for Parquet of one row group; a value that a format cannot
//! hold is an error that names the format, never a silent change.

use std::fmt::Display;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;

use super::csv::{CsvEncoder, CsvOptions};
use super::format::ExportFormat;
use super::ndjson::NdjsonEncoder;
use super::parquet::ParquetEncoder;
use crate::{Error, Result};

/// Bytes of rows that become text together, about.
const PIECE_BYTES: usize = 1 << 20;

/// Turns the rows of one result into the bytes of one file. What opens the file was written when the encoder was made.
pub trait FileEncoder: Send {
    /// Appends the bytes of the rows of `batch` to `out`, as far as the format lets them be written already.
    ///
    /// # Errors
    /// When the format cannot hold a value.
    fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<()>;

    /// Appends what ends the file.
    ///
    /// # Errors
    /// When the format cannot hold a value.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<()>;
}

impl ExportFormat {
    /// An encoder for rows of `schema`; what opens the file is appended to `out`. `csv` says how CSV looks.
    ///
    /// # Errors
    /// When the format cannot hold a column.
    pub fn encoder(
        self,
        schema: &SchemaRef,
        csv: CsvOptions,
        out: &mut Vec<u8>,
    ) -> Result<Box<dyn FileEncoder>> {
        Ok(match self {
            Self::Csv => Box::new(CsvEncoder::start(schema, csv, out)),
            Self::Ndjson => Box::new(NdjsonEncoder),
            Self::Parquet => Box::new(ParquetEncoder::start(schema)?),
        })
    }
}

/// The error of a value that does not fit into `format`.
pub(super) fn does_not_fit(format: &str, error: impl Display) -> Error {
    Error::Unsupported(format!("cannot write the result as {format}: {error}"))
}

/// How many rows of `batch` to encode at once, so that their bytes stay near [`PIECE_BYTES`]; at least one.
pub(super) fn piece_row_count(batch: &RecordBatch) -> usize {
    let size = |column: &dyn Array| column.to_data().get_slice_memory_size().unwrap_or_default();
    let bytes: usize = batch
        .columns()
        .iter()
        .map(|column| size(column.as_ref()))
        .sum();
    let piece_count = bytes.div_ceil(PIECE_BYTES).max(1);
    batch.num_rows().div_ceil(piece_count).max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};

    use super::*;

    #[test]
    fn large_rows_are_taken_in_small_pieces() {
        let batch = |text: &str, count: usize| {
            let texts: ArrayRef = Arc::new(StringArray::from(vec![text; count]));
            RecordBatch::try_from_iter([("text", texts)]).unwrap()
        };
        assert_eq!(piece_row_count(&batch("", 0)), 1);
        assert_eq!(piece_row_count(&batch("short", 8_192)), 8_192);
        let long = "x".repeat(PIECE_BYTES);
        assert_eq!(piece_row_count(&batch(&long, 4)), 1);
        assert_eq!(piece_row_count(&batch(&long, 4).slice(1, 1)), 1);
        let quarter = "x".repeat(PIECE_BYTES / 4);
        assert!((2..=4).contains(&piece_row_count(&batch(&quarter, 100))));
    }
}
