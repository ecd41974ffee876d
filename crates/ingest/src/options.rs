//! What a caller says about a load, and the limits that keep its memory bounded.
//!
//! Guarantees: every queue and buffer of a load has a limit here, with a default that works.

use std::fmt;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// How the input is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One record per line, of any type (domain specification §2.1).
    Ndjson,
    /// Rows of one stored table (domain specification §2.6).
    Parquet,
    /// Rows of one stored table with a header line (domain specification §2.6).
    Csv,
}

impl Format {
    /// The format's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

/// What a bulk load does with a bad row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Stops; nothing of the file is stored.
    #[default]
    Abort,
    /// Rejects the row and goes on.
    Skip,
}

/// Where the input comes from. gzip and zstd are recognised by their first bytes (not in Parquet files).
pub enum Source {
    /// A stream, e.g. standard input; not for Parquet.
    Reader(Box<dyn Read + Send>),
    /// A file.
    Path(PathBuf),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reader(_) => f.write_str("Reader"),
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
        }
    }
}

/// How far a load has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the raw (compressed) input read so far.
    pub input_bytes: u64,
    /// Records or rows checked so far.
    pub record_count: u64,
}

/// Told about progress every few megabytes.
pub type ProgressCallback = Arc<dyn Fn(Progress) + Send + Sync>;

/// Asks a load to stop; clones belong together.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<CancellationState>);

#[derive(Debug, Default)]
struct CancellationState {
    is_cancelled: AtomicBool,
    changed: Notify,
}

impl Cancellation {
    /// Asks to stop. A load that has begun to commit is finished all the same.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }

    /// Whether somebody asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::SeqCst)
    }

    /// Waits until somebody asks to stop.
    pub async fn cancelled(&self) {
        let changed = self.0.changed.notified();
        tokio::pin!(changed);
        // From here on no call of `cancel` is missed.
        changed.as_mut().enable();
        if !self.is_cancelled() {
            changed.await;
        }
    }
}

/// The limits of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IngestLimits {
    /// Bytes of one NDJSON line at the most; a longer one is rejected with `too_large:record`. Also bytes of one CSV
    /// row at the most; a longer one ends the load.
    pub line_bytes_max: usize,
    /// Bytes of lines, or of CSV rows, that are decoded together.
    pub chunk_bytes: usize,
    /// Chunks or batches that may wait between the reader and the decoders.
    pub queued_chunks_max: usize,
    /// Chunks or batches that are decoded at the same time.
    pub decode_tasks_max: usize,
    /// Rows of a Parquet or CSV file that are checked together.
    pub batch_rows_max: usize,
    /// Bytes of a Parquet file's rows that are checked together, by the sizes that the file tells.
    pub batch_bytes: usize,
    /// Rejects, and warnings, that the report shows one by one.
    pub report_details_max: usize,
}

impl Default for IngestLimits {
    fn default() -> Self {
        Self {
            line_bytes_max: 16 << 20,
            chunk_bytes: 4 << 20,
            queued_chunks_max: 2,
            decode_tasks_max: std::thread::available_parallelism()
                .map_or(2, std::num::NonZero::get),
            batch_rows_max: 64 << 10,
            batch_bytes: 64 << 20,
            report_details_max: 100,
        }
    }
}

/// How to load an input.
pub struct IngestOptions {
    /// How the input is written.
    pub format: Format,
    /// The stored table of a Parquet or CSV file; none for NDJSON, whose records say what they are.
    pub table: Option<String>,
    /// What happens to a bad row of a Parquet or CSV file. Bad NDJSON records are always rejected one by one.
    pub on_error: OnError,
    /// Whether columns of a Parquet or CSV file that the table does not have are ignored; else they are an error.
    pub ignore_extra: bool,
    /// Gets one JSON object per reject: `{"line","code","record"}` for NDJSON, `{"row","code"}` else. What it got
    /// before a load failed means nothing.
    pub rejects: Option<Box<dyn Write + Send>>,
    /// Gets CSV `line,outcome,codes` for every NDJSON record; blank lines are no records.
    pub outcomes: Option<Box<dyn Write + Send>>,
    /// Told about progress.
    pub progress: Option<ProgressCallback>,
    /// Asks the load to stop; nothing is stored then.
    pub cancellation: Cancellation,
    /// When the records are received, unless they say so themselves, in µs since 1970-01-01T00:00:00Z.
    pub received_at_micros: i64,
    /// Limits of memory and of the report.
    pub limits: IngestLimits,
}

impl IngestOptions {
    /// Options for `format` with everything else at its default.
    pub fn new(format: Format, received_at_micros: i64) -> Self {
        Self {
            format,
            table: None,
            on_error: OnError::default(),
            ignore_extra: false,
            rejects: None,
            outcomes: None,
            progress: None,
            cancellation: Cancellation::default(),
            received_at_micros,
            limits: IngestLimits::default(),
        }
    }
}

impl fmt::Debug for IngestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngestOptions")
            .field("format", &self.format)
            .field("table", &self.table)
            .field("on_error", &self.on_error)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
