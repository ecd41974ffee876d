//! `--format arrow`: the IPC file format into a file (`pyarrow.feather`, `polars.read_ipc`), the IPC stream format into
//! a pipe.
//!
//! Guarantees: batches are written as they come; a result without rows is still a valid file with its schema.

use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use arrow::record_batch::RecordBatch;

use super::{OutputStream, RowWriter, does_not_fit};
use crate::error::Result;

/// Writes the IPC file format.
pub struct ArrowFileWriter<'a> {
    inner: FileWriter<&'a mut OutputStream>,
}

impl<'a> ArrowFileWriter<'a> {
    /// Writes the header for `schema`.
    pub fn start(schema: &SchemaRef, stream: &'a mut OutputStream) -> Result<Self> {
        let inner =
            FileWriter::try_new(stream, schema).map_err(|error| does_not_fit("Arrow", error))?;
        Ok(Self { inner })
    }
}

impl RowWriter for ArrowFileWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.inner
            .write(batch)
            .map_err(|error| does_not_fit("Arrow", error))
    }

    fn finish(&mut self) -> Result<()> {
        self.inner
            .finish()
            .map_err(|error| does_not_fit("Arrow", error))
    }
}

/// Writes the IPC stream format.
pub struct ArrowStreamWriter<'a> {
    inner: StreamWriter<&'a mut OutputStream>,
}

impl<'a> ArrowStreamWriter<'a> {
    /// Writes the header for `schema`.
    pub fn start(schema: &SchemaRef, stream: &'a mut OutputStream) -> Result<Self> {
        let inner =
            StreamWriter::try_new(stream, schema).map_err(|error| does_not_fit("Arrow", error))?;
        Ok(Self { inner })
    }
}

impl RowWriter for ArrowStreamWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.inner
            .write(batch)
            .map_err(|error| does_not_fit("Arrow", error))
    }

    fn finish(&mut self) -> Result<()> {
        self.inner
            .finish()
            .map_err(|error| does_not_fit("Arrow", error))
    }
}
