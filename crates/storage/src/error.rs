//! What can go wrong in storage, each with the path or table it happened at.

use chatlake_types::ErrorCode;

/// Result of a storage operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A storage failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no lake at the location.
    #[error(
        "no lake at `{url}`: expected a folder with `lake.json` (ingest something to create one)"
    )]
    NoLake {
        /// The location asked for.
        url: String,
    },
    /// Something is there, but it is not a lake.
    #[error("`{url}` is not a lake: {reason}")]
    NotALake {
        /// The location asked for.
        url: String,
        /// What was found.
        reason: String,
    },
    /// The lake is of another format version.
    #[error(
        "the lake at `{url}` has format version {found}, this program reads version {expected}"
    )]
    FormatVersion {
        /// The location asked for.
        url: String,
        /// The version found.
        found: u64,
        /// The version this program reads.
        expected: u64,
    },
    /// The location cannot be understood.
    #[error("bad lake location `{url}`: {reason}")]
    BadLocation {
        /// The location asked for.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store takes a put that it should have refused: two writers could destroy each other's work.
    #[error(
        "the store of `{url}` ignores conditional puts (`If-None-Match: *`), which a lake needs"
    )]
    NoConditionalPut {
        /// The location asked for.
        url: String,
    },
    /// Another process or session is writing.
    #[error(
        "the lake at `{url}` is being written by {holder}: one writer at a time, try again when it has finished"
    )]
    WriterBusy {
        /// The lake's location.
        url: String,
        /// Who holds the lease, as far as known.
        holder: String,
    },
    /// Another writer committed in between; nothing of this load was stored.
    #[error(
        "another writer committed number {commit} first: nothing of this load was stored, try again"
    )]
    Fenced {
        /// The commit number both wanted.
        commit: u64,
    },
    /// A stored object is missing or unreadable as what it should be.
    #[error("the lake is damaged: `{path}`: {reason}")]
    Damaged {
        /// Path below the lake.
        path: String,
        /// What was expected and found.
        reason: String,
    },
    /// The disk or object store failed.
    #[error("cannot {action} `{path}`: {}", one_line(.source))]
    Store {
        /// What was tried.
        action: &'static str,
        /// Path below the lake.
        path: String,
        /// The store's error.
        source: object_store::Error,
    },
    /// A local file operation failed.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The Delta log of a table could not be read or written.
    #[error("delta log of table `{table}`: {}", first_line(source))]
    Delta {
        /// The stored table.
        table: String,
        /// The kernel's error.
        source: Box<delta_kernel::KernelError>,
    },
    /// Rows do not fit the table they are for.
    #[error("rows do not fit table `{table}`: {reason}")]
    RowsMismatch {
        /// The stored table.
        table: String,
        /// What was expected and found.
        reason: String,
    },
    /// An Arrow computation failed.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A Parquet file could not be written.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A task of ours ended by a panic.
    #[error("a background task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Error {
    /// What kind of failure it is.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoLake { .. } => ErrorCode::NotFound,
            Self::NotALake { .. } | Self::BadLocation { .. } => ErrorCode::InvalidInput,
            Self::FormatVersion { .. } | Self::NoConditionalPut { .. } => ErrorCode::Unsupported,
            Self::WriterBusy { .. } | Self::Fenced { .. } => ErrorCode::Busy,
            Self::Damaged { .. } | Self::Delta { .. } => ErrorCode::DataDamaged,
            Self::Store { .. } | Self::Io { .. } => ErrorCode::Unavailable,
            Self::RowsMismatch { .. } | Self::Arrow(_) | Self::Parquet(_) | Self::Task(_) => {
                ErrorCode::Internal
            }
        }
    }

    pub(crate) fn store(
        action: &'static str,
        path: impl ToString,
        source: object_store::Error,
    ) -> Self {
        Self::Store {
            action,
            path: path.to_string(),
            source,
        }
    }

    /// Whether an object that was asked for is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(
            self,
            Self::Store {
                source: object_store::Error::NotFound { .. },
                ..
            }
        )
    }

    pub(crate) fn io(action: &'static str, path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io {
            action,
            path: path.display().to_string(),
            source,
        }
    }

    pub(crate) fn delta(table: &str, source: delta_kernel::KernelError) -> Self {
        Self::Delta {
            table: table.to_owned(),
            source: Box::new(source),
        }
    }
}

/// The kernel adds a backtrace to its text when `RUST_BACKTRACE` is set; what a person needs is the first line.
fn first_line(error: &delta_kernel::KernelError) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// S3 answers with a document of several lines; a message is one sentence.
fn one_line(error: &object_store::Error) -> String {
    let text = error.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
