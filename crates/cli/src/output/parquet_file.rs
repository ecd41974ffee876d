//! `--format parquet`: one Parquet file, zstd-compressed.
//!
//! Guarantees: at most one row group of [`ROW_GROUP_ROWS_MAX`] rows or [`ROW_GROUP_BYTES_MAX`] bytes is in memory.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::{OutputStream, RowWriter, does_not_fit};
use crate::error::Result;

/// Rows of one row group at the most.
const ROW_GROUP_ROWS_MAX: usize = 128 << 10;
/// Encoded bytes of one row group at the most, about.
const ROW_GROUP_BYTES_MAX: usize = 64 << 20;

/// Writes a Parquet file.
pub struct ParquetWriter<'a> {
    inner: ArrowWriter<&'a mut OutputStream>,
}

impl<'a> ParquetWriter<'a> {
    /// Starts a file for `schema`.
    pub fn start(schema: &SchemaRef, stream: &'a mut OutputStream) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES_MAX))
            .set_created_by(concat!("chatlake ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let inner = ArrowWriter::try_new(stream, std::sync::Arc::clone(schema), Some(properties))
            .map_err(|error| does_not_fit("Parquet", error))?;
        Ok(Self { inner })
    }
}

impl RowWriter for ParquetWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.inner
            .write(batch)
            .map_err(|error| does_not_fit("Parquet", error))
    }

    fn finish(&mut self) -> Result<()> {
        self.inner
            .finish()
            .map(|_| ())
            .map_err(|error| does_not_fit("Parquet", error))
    }
}
