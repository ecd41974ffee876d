//! Results on their way out: one writer per format, all fed batch by batch.
//!
//! Guarantees: no writer but the table (which is bounded by `--max-rows`) holds more than one batch or one row group of
//! a result; every format gives the same rows in the same order; a reader who goes away ([`std::io::ErrorKind`]
//! `BrokenPipe`) is recognised whatever library was writing.

mod arrow_ipc;
mod destination;
mod encoded;
mod table;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use chatlake::ExportFormat;
use clap::ValueEnum;

use crate::error::{Error, Result};

use encoded::EncodedWriter;

pub use destination::{Destination, OutputStream};
pub use table::{TableOptions, TableWriter};

/// What a result looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Aligned columns for people; long cells are cut, at most --max-rows rows are shown
    Table,
    /// Header and rows quoted as in RFC 4180, lines end in \n; NULL is empty, an empty text is "", lists are JSON
    Csv,
    /// One JSON object per line and row (NDJSON), NULLs included, no surrounding array
    #[value(alias = "ndjson")]
    Json,
    /// Parquet file, zstd-compressed (needs --output or a pipe)
    Parquet,
    /// Arrow IPC: the file format with --output, the stream format into a pipe
    Arrow,
}

impl OutputFormat {
    /// Is it unreadable on a terminal?
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }
}

/// Takes the batches of one result.
pub trait RowWriter {
    /// Writes (or keeps, for the table) the rows of `batch`.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;

    /// True when further rows would not be shown, so that the query can stop.
    fn is_full(&self) -> bool {
        false
    }

    /// Writes what remains: footers, the table itself.
    fn finish(&mut self) -> Result<()>;
}

/// The writer for one result with `schema`.
pub fn writer<'a>(
    format: OutputFormat,
    schema: &SchemaRef,
    stream: &'a mut OutputStream,
    table: &TableOptions,
) -> Result<Box<dyn RowWriter + 'a>> {
    let encoded = match format {
        OutputFormat::Table => return Ok(Box::new(TableWriter::new(schema, stream, table))),
        OutputFormat::Arrow if stream.is_file() => {
            return Ok(Box::new(arrow_ipc::ArrowFileWriter::start(schema, stream)?));
        }
        OutputFormat::Arrow => {
            return Ok(Box::new(arrow_ipc::ArrowStreamWriter::start(
                schema, stream,
            )?));
        }
        OutputFormat::Csv => ExportFormat::Csv,
        OutputFormat::Json => ExportFormat::Ndjson,
        OutputFormat::Parquet => ExportFormat::Parquet,
    };
    Ok(Box::new(EncodedWriter::start(encoded, schema, stream)?))
}

/// The sentence for a value that a format cannot hold.
fn does_not_fit(format: &'static str, error: impl std::fmt::Display) -> Error {
    Error::Format {
        format,
        reason: error.to_string(),
    }
}
