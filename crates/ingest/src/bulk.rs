//! Bulk loads: the rows of one stored table from a Parquet or CSV file (domain specification §2.6).
//!
//! Guarantees: columns are matched by name in any order; the same rules hold as for records; rows are checked column by
//! column, in batches of bounded size.

mod check;
mod columns;
mod csv_rows;
mod derived;
mod findings;
mod flags;
mod instants;
mod json_text;
mod lists;
mod numbers;
mod parquet_rows;
mod rules;
#[cfg(test)]
mod tests;
mod text;

use std::fs::File;
use std::path::PathBuf;

use chatlake_schema::Table;
use chatlake_storage::Rows;

use check::{CheckSettings, CheckedBatch, RawBatch};
use csv_rows::CsvRows;
use parquet_rows::ParquetRows;

use crate::error::{Error, Result};
use crate::input::{ByteCount, Input, open_file};
use crate::options::{IngestOptions, Source};
use crate::pipeline::{self, Checked, Reporting};
use crate::report::Tally;
use crate::sink::RowSink;

/// The stored table that the options name.
pub(crate) fn table(options: &IngestOptions) -> Result<&'static Table> {
    let format = options.format.as_str();
    let name = options.table.as_deref();
    let name = name.ok_or(Error::Option {
        option: "a table name",
        problem: "is needed for",
        format,
    })?;
    chatlake_schema::table(name).ok_or_else(|| {
        let known: Vec<_> = chatlake_schema::tables()
            .iter()
            .map(|table| table.name.as_str())
            .collect();
        Error::UnknownTable {
            found: name.to_owned(),
            known: known.join(", "),
        }
    })
}

/// A Parquet file before it is looked into.
pub(crate) struct ParquetInput {
    file: File,
    path: PathBuf,
    byte_count: ByteCount,
}

impl ParquetInput {
    /// Opens a source, which must be a file.
    pub(crate) fn new(source: Source) -> Result<Self> {
        let Source::Path(path) = source else {
            return Err(Error::ParquetStream);
        };
        Ok(Self {
            file: open_file(path.clone())?,
            path,
            byte_count: ByteCount::default(),
        })
    }

    /// Bytes read so far, also while somebody else reads.
    pub(crate) fn byte_count(&self) -> ByteCount {
        self.byte_count.clone()
    }
}

/// Loads the rows of a Parquet file.
pub(crate) async fn load_parquet(
    sink: &mut impl RowSink,
    input: ParquetInput,
    options: IngestOptions,
) -> Result<Tally> {
    let table = table(&options)?;
    let (limits, ignore_extra) = (options.limits, options.ignore_extra);
    let byte_count = input.byte_count();
    let open = move || ParquetRows::open(input, table, ignore_extra, limits);
    load(sink, table, options, byte_count, Reader::new(open)).await
}

/// Loads the rows of a CSV file.
pub(crate) async fn load_csv(
    sink: &mut impl RowSink,
    input: Input,
    options: IngestOptions,
) -> Result<Tally> {
    let table = table(&options)?;
    let (limits, ignore_extra) = (options.limits, options.ignore_extra);
    let byte_count = input.byte_count();
    let open = move || CsvRows::open(input, table, ignore_extra, limits);
    load(sink, table, options, byte_count, Reader::new(open)).await
}

/// Gives batches until there are none.
trait BatchReader: Send + 'static {
    fn next_batch(&mut self) -> Result<Option<RawBatch>>;
}

/// A reader that is opened on the thread that reads.
enum Reader<R> {
    Closed(Option<Box<dyn FnOnce() -> Result<R> + Send>>),
    Open(R),
}

impl<R: BatchReader> Reader<R> {
    fn new(open: impl FnOnce() -> Result<R> + Send + 'static) -> Self {
        Self::Closed(Some(Box::new(open)))
    }

    fn next_batch(&mut self) -> Result<Option<RawBatch>> {
        if let Self::Closed(open) = self {
            let Some(open) = open.take() else {
                return Ok(None);
            };
            *self = Self::Open(open()?);
        }
        match self {
            Self::Open(reader) => reader.next_batch(),
            Self::Closed(_) => Ok(None),
        }
    }
}

async fn load<R: BatchReader>(
    sink: &mut impl RowSink,
    table: &'static Table,
    mut options: IngestOptions,
    byte_count: ByteCount,
    mut reader: Reader<R>,
) -> Result<Tally> {
    let reporting = Reporting::new(&mut options, "")?;
    let settings = CheckSettings {
        table,
        on_error: options.on_error,
        received_at: options.received_at_micros,
        details_max: options.limits.report_details_max,
    };
    let read = move || reader.next_batch();
    let check = move |raw: RawBatch| Ok(checked(check::check(&raw, settings)?));
    pipeline::run(sink, reporting, byte_count, read, check).await
}

fn checked(batch: CheckedBatch) -> Checked {
    let CheckedBatch {
        rows,
        tally,
        reject_lines,
    } = batch;
    let table = rows.table;
    let row_count = rows.sequence.len() as u64;
    let rows = move |first_seq| {
        Ok(vec![Rows {
            table,
            batch: rows.into_batch(first_seq)?,
            part_of_record: false,
        }])
    };
    Checked {
        row_count,
        tally,
        reject_lines,
        outcome_lines: Vec::new(),
        rows: Box::new(rows),
    }
}
