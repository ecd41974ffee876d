//! Parquet, zstd-compressed.
//!
//! Guarantees: instants are in UTC when the caller made them so; a file without rows has its columns; at most one row
//! group of [`ROW_GROUP_ROWS_MAX`] rows or [`ROW_GROUP_BYTES_MAX`] bytes is in memory.

use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::encoder::{FileEncoder, does_not_fit};
use crate::Result;

/// Rows of one row group at the most.
const ROW_GROUP_ROWS_MAX: usize = 128 << 10;
/// Encoded bytes of one row group at the most, about.
const ROW_GROUP_BYTES_MAX: usize = 64 << 20;

/// Writes a Parquet file.
pub struct ParquetEncoder {
    inner: ArrowWriter<Vec<u8>>,
}

impl std::fmt::Debug for ParquetEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetEncoder")
            .field("row_count", &self.inner.in_progress_rows())
            .finish_non_exhaustive()
    }
}

impl ParquetEncoder {
    /// Starts a file for rows of `schema`.
    ///
    /// # Errors
    /// When Parquet has no type for a column.
    pub fn start(schema: &SchemaRef) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES_MAX))
            .set_created_by(concat!("chatlake ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let inner = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties))
            .map_err(|error| does_not_fit("Parquet", error))?;
        Ok(Self { inner })
    }

    /// Moves what the writer has written to `out`. It counts its bytes by itself, so it never looks back at them.
    fn hand_out(&mut self, out: &mut Vec<u8>) {
        let written = self.inner.inner_mut();
        if out.is_empty() {
            std::mem::swap(out, written);
        } else {
            out.append(written);
        }
    }
}

impl FileEncoder for ParquetEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<()> {
        self.inner
            .write(batch)
            .map_err(|error| does_not_fit("Parquet", error))?;
        self.hand_out(out);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.inner
            .finish()
            .map_err(|error| does_not_fit("Parquet", error))?;
        self.hand_out(out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use arrow::compute::concat_batches;

    use super::*;
    use crate::export::csv::{CsvOptions, LineEnd};
    use crate::export::sample::{self, bytes_of};

    fn read(bytes: &[u8]) -> RecordBatch {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.parquet");
        File::create(&path).unwrap().write_all(bytes).unwrap();
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        let group = builder.metadata().row_groups().first();
        if let Some(group) = group {
            let compression = group.column(0).compression();
            assert!(
                matches!(compression, Compression::ZSTD(_)),
                "{compression:?}"
            );
        }
        let schema = Arc::clone(builder.schema());
        let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
        concat_batches(&schema, &batches).unwrap()
    }

    fn parquet(batch: &RecordBatch) -> Vec<u8> {
        let options = CsvOptions {
            line_end: LineEnd::LineFeed,
            guards_formulas: true,
        };
        bytes_of(super::super::ExportFormat::Parquet, batch, options)
    }

    #[test]
    fn rows_and_types_come_back_as_they_were() {
        let batch = sample::every_type("UTC");
        assert_eq!(read(&parquet(&batch)), batch);
    }

    #[test]
    fn no_rows_are_columns() {
        let batch = sample::every_type("UTC").slice(0, 0);
        let found = read(&parquet(&batch));
        assert_eq!((found.num_rows(), found.schema()), (0, batch.schema()));
    }

    #[test]
    fn bytes_that_were_handed_out_early_make_a_whole_file() {
        let batch = sample::every_type("UTC");
        let mut encoder = ParquetEncoder::start(&batch.schema()).unwrap();
        let mut file = Vec::new();
        // small row groups wait in the writer's buffer
        for _ in 0..100 {
            encoder.encode(&batch, &mut file).unwrap();
            encoder.inner.flush().unwrap();
            encoder.hand_out(&mut file);
        }
        assert!(!file.is_empty());
        encoder.finish(&mut file).unwrap();
        assert_eq!(read(&file).num_rows(), 100 * batch.num_rows());
    }
}
