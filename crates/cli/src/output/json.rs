//! `--format json`: one JSON object per row and line (NDJSON).
//!
//! Guarantees: every column is in every object, NULL as `null`; decimals keep all their digits; instants are RFC 3339
//! in UTC; lists are arrays.

use arrow::json::writer::{LineDelimited, Writer, WriterBuilder};
use arrow::record_batch::RecordBatch;

use super::{OutputStream, RowWriter, does_not_fit};
use crate::error::Result;

/// Writes rows as JSON lines.
pub struct JsonWriter<'a> {
    inner: Writer<&'a mut OutputStream, LineDelimited>,
}

impl<'a> JsonWriter<'a> {
    /// A writer of JSON lines; needs no header.
    pub fn new(stream: &'a mut OutputStream) -> Self {
        Self {
            inner: WriterBuilder::new().with_explicit_nulls(true).build(stream),
        }
    }
}

impl RowWriter for JsonWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.inner
            .write(batch)
            .map_err(|error| does_not_fit("JSON", error))
    }

    fn finish(&mut self) -> Result<()> {
        self.inner
            .finish()
            .map_err(|error| does_not_fit("JSON", error))
    }
}
