//! One input into a lake, as one load.
//!
//! Guarantees: the rows of an input become visible all at once, or not at all: whatever fails, or whoever cancels, before
//! the commit leaves the lake as it was.

use std::sync::Arc;

use chatlake_storage::{Lake, LoadReceipt, TableReceipt};
use tracing::info;

use crate::bulk;
use crate::error::{Error, Result};
use crate::input::Input;
use crate::ndjson;
use crate::options::{Format, IngestOptions, Source};
use crate::report::{IngestReport, TableCounts, Tally};
use crate::sink::RowSink;

/// Loads one input.
///
/// # Errors
/// When the input cannot be opened, read or taken apart, when an option does not fit the format, when a bulk load meets
/// a bad row and is to stop there, when it is cancelled, or when the lake cannot take the rows. Nothing is stored then.
pub async fn ingest(
    lake: &Arc<Lake>,
    source: Source,
    options: IngestOptions,
) -> Result<IngestReport> {
    // Everything that can be refused at once is refused before the lake's writer is kept waiting.
    let prepared = Prepared::new(source, options)?;
    let byte_count = prepared.byte_count();
    let mut load = lake.begin_load().await?;
    let tally = match prepared.run(&mut load).await {
        Ok(tally) => tally,
        Err(error) => {
            load.abort().await;
            return Err(error);
        }
    };
    let receipt = load.commit().await?;
    let report = report(tally, receipt, byte_count());
    let IngestReport {
        accepted,
        duplicates,
        rejected,
        ..
    } = report;
    info!(accepted, duplicates, rejected, "loaded an input");
    Ok(report)
}

/// An input that is open, and options that fit it.
enum Prepared {
    Ndjson(Input, IngestOptions),
    Csv(Input, IngestOptions),
    Parquet(bulk::ParquetInput, IngestOptions),
}

impl Prepared {
    fn new(source: Source, options: IngestOptions) -> Result<Self> {
        let format = options.format.as_str();
        let refused = |option| {
            Err(Error::Option {
                option,
                problem: "is not taken by",
                format,
            })
        };
        match options.format {
            Format::Ndjson if options.table.is_some() => refused("a table name"),
            Format::Ndjson => Ok(Self::Ndjson(Input::open(source)?, options)),
            Format::Parquet | Format::Csv if options.outcomes.is_some() => {
                refused("an outcomes file")
            }
            Format::Csv => {
                bulk::table(&options)?;
                Ok(Self::Csv(Input::open(source)?, options))
            }
            Format::Parquet => {
                bulk::table(&options)?;
                Ok(Self::Parquet(bulk::ParquetInput::new(source)?, options))
            }
        }
    }

    /// Tells the bytes read so far.
    fn byte_count(&self) -> impl Fn() -> u64 + use<> {
        let count = match self {
            Self::Ndjson(input, _) | Self::Csv(input, _) => input.byte_count(),
            Self::Parquet(input, _) => input.byte_count(),
        };
        move || count.get()
    }

    async fn run(self, sink: &mut impl RowSink) -> Result<Tally> {
        match self {
            Self::Ndjson(input, options) => ndjson::load(sink, input, options).await,
            Self::Csv(input, options) => bulk::load_csv(sink, input, options).await,
            Self::Parquet(input, options) => bulk::load_parquet(sink, input, options).await,
        }
    }
}

/// What the decoder counted and what the lake did with it.
fn report(tally: Tally, receipt: LoadReceipt, input_bytes: u64) -> IngestReport {
    let duplicates = receipt
        .tables
        .iter()
        .map(|table| table.duplicate_record_count)
        .sum::<u64>();
    let valid = tally.record_count - tally.rejects.count;
    let table = |table: TableReceipt| TableCounts {
        table: table.table.to_owned(),
        rows: table.row_count,
        duplicate_rows: table.duplicate_record_count + table.duplicate_part_count,
        files: table.file_count,
        bytes: table.byte_count,
    };
    IngestReport {
        accepted: valid.saturating_sub(duplicates),
        duplicates: duplicates.min(valid),
        rejected: tally.rejects.count,
        rejects: tally.rejects,
        warnings: tally.warnings,
        tables: receipt.tables.into_iter().map(table).collect(),
        input_bytes,
        commit: receipt.commit,
    }
}
