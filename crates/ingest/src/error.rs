//! What can go wrong while a file is loaded; nothing of the file is stored then.
//!
//! Guarantees: every message says what was expected and found; a bad record is no error but a reject, unless a bulk
//! load was asked to stop at the first one.

use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use chatlake_types::ErrorCode;

use crate::code::Code;

/// Result of an ingest operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An ingest failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input file cannot be opened.
    #[error("cannot open `{}`: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The input ended in an error: a damaged or cut-off compressed file, or a failing disk or pipe.
    #[error("cannot read the input after {input_bytes} bytes: {source}")]
    Read {
        /// Bytes of the raw (compressed) input read before.
        input_bytes: u64,
        /// The system's or the decompressor's error.
        source: io::Error,
    },
    /// A Parquet file is damaged, or is something else.
    #[error("`{}` is not a readable Parquet file: {reason}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the reader found.
        reason: String,
    },
    /// Parquet needs to be read from its end, which a stream does not allow.
    #[error("expected a file path for Parquet, found a stream")]
    ParquetStream,
    /// An option is missing that the format needs, or given that it does not take.
    #[error("{option} {problem} format {format}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// `is needed for` or `is not taken by`.
        problem: &'static str,
        /// The format's name.
        format: &'static str,
    },
    /// There is no stored table of this name.
    #[error("expected the name of a stored table ({known}), found `{found}`")]
    UnknownTable {
        /// The name given.
        found: String,
        /// The names that exist.
        known: String,
    },
    /// The file's columns do not fit the table.
    #[error("the columns do not fit table `{table}`: {problem}")]
    Columns {
        /// The stored table.
        table: String,
        /// What was expected and found.
        problem: String,
    },
    /// A column has a type that cannot become the table's.
    #[error("column `{column}`: expected {expected}, found {found}")]
    ColumnType {
        /// The column.
        column: &'static str,
        /// What the table takes.
        expected: String,
        /// The file's type.
        found: String,
    },
    /// The CSV text cannot be taken apart any further.
    #[error("cannot read the CSV text at row {row}: {problem}")]
    Csv {
        /// Data row, counted from 1.
        row: u64,
        /// What was expected and found.
        problem: String,
    },
    /// A bulk load was to stop at the first bad row.
    #[error(
        "row {row} is rejected with `{code}`; nothing was stored (the load stops at the first bad row unless told to skip bad rows)"
    )]
    RowRejected {
        /// Row of the file, counted from 1.
        row: u64,
        /// The first rule that it breaks.
        code: Code,
    },
    /// The rejects or outcomes could not be written.
    #[error("cannot write the {what}: {source}")]
    Write {
        /// `rejects` or `outcomes`.
        what: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The caller asked to stop.
    #[error("the load was cancelled; nothing was stored")]
    Cancelled,
    /// The lake could not take the rows.
    #[error(transparent)]
    Storage(#[from] chatlake_storage::Error),
    /// A table's definition and the code that fills it disagree.
    #[error("schema: {0}")]
    Schema(String),
    /// An Arrow computation failed.
    #[error("arrow: {0}")]
    Arrow(#[from] ArrowError),
    /// A task of ours ended by a panic.
    #[error("a background task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Error {
    /// What kind of failure it is.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Open { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => ErrorCode::NotFound,
                io::ErrorKind::PermissionDenied => ErrorCode::PermissionDenied,
                _ => ErrorCode::Unavailable,
            },
            Self::Read { .. }
            | Self::Parquet { .. }
            | Self::ParquetStream
            | Self::Option { .. }
            | Self::UnknownTable { .. }
            | Self::Columns { .. }
            | Self::ColumnType { .. }
            | Self::Csv { .. }
            | Self::RowRejected { .. } => ErrorCode::InvalidInput,
            Self::Write { .. } => ErrorCode::Unavailable,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::Storage(error) => error.code(),
            Self::Schema(_) | Self::Arrow(_) | Self::Task(_) => ErrorCode::Internal,
        }
    }
}
