//! Formats that the library encodes: CSV, JSON lines and Parquet, as exports have them.
//!
//! Guarantees: a result is shown as it is: no text is changed for spreadsheets, instants keep their zone, and lines of CSV
//! end in `\n`, so that `cut` and `tail` work; at most one batch, for Parquet one row group, is in memory.

use std::io::Write;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use chatlake::{CsvOptions, ExportFormat, FileEncoder, LineEnd};

use super::{OutputStream, RowWriter};
use crate::error::{Error, Result};

/// Writes what an encoder makes of the rows.
pub struct EncodedWriter<'a> {
    encoder: Box<dyn FileEncoder>,
    stream: &'a mut OutputStream,
    /// Encoded, and not yet written.
    bytes: Vec<u8>,
}

impl<'a> EncodedWriter<'a> {
    /// Writes what opens a file of rows of `schema`.
    pub fn start(
        format: ExportFormat,
        schema: &SchemaRef,
        stream: &'a mut OutputStream,
    ) -> Result<Self> {
        let options = CsvOptions {
            line_end: LineEnd::LineFeed,
            guards_formulas: false,
        };
        let mut bytes = Vec::new();
        let encoder = format.encoder(schema, options, &mut bytes)?;
        let mut writer = Self {
            encoder,
            stream,
            bytes,
        };
        writer.hand_on()?;
        Ok(writer)
    }

    fn hand_on(&mut self) -> Result<()> {
        self.stream.write_all(&self.bytes).map_err(Error::Output)?;
        self.bytes.clear();
        Ok(())
    }
}

impl RowWriter for EncodedWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.encoder.encode(batch, &mut self.bytes)?;
        self.hand_on()
    }

    fn finish(&mut self) -> Result<()> {
        self.encoder.finish(&mut self.bytes)?;
        self.hand_on()
    }
}
