//! What can be wrong with the definition of a stored table.
//!
//! Guarantees: every message names the table; all of them are bugs of ours, as the definitions are built in.

use chatlake_types::ErrorCode;

/// The result of reading a definition.
pub type Result<T> = std::result::Result<T, Error>;

/// A rule that the definition of a stored table breaks.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not TOML, or a field is missing, unknown or of another type.
    #[error("definition of table `{table}` cannot be read: {source}")]
    Unreadable {
        /// Name of the file without `.toml`.
        table: String,
        /// What the parser says.
        source: Box<toml::de::Error>,
    },
    /// The name inside differs from the file's name.
    #[error("expected the definition of table `{expected}`, found `{found}`")]
    OtherName {
        /// Name of the file without `.toml`.
        expected: String,
        /// Name inside the file.
        found: String,
    },
    /// A table or column name is not lower-case snake case.
    #[error("expected a name in snake case in table `{table}`, found `{name}`")]
    BadName {
        /// The table.
        table: String,
        /// The name that is not allowed.
        name: String,
    },
    /// Two columns have one name, or a list names a column twice.
    #[error("expected column `{column}` of table `{table}` once in `{list}`")]
    NamedTwice {
        /// The table.
        table: String,
        /// The column named more than once.
        column: String,
        /// Where it is named twice: `columns`, `key`, `cluster_by` or `bloom`.
        list: &'static str,
    },
    /// A list names a column that is not there.
    #[error("expected a column of table `{table}` in `{list}`, found `{column}`")]
    UnknownColumn {
        /// The table.
        table: String,
        /// The name that is no column.
        column: String,
        /// Where it is named: `key`, `time_column`, `cluster_by` or `bloom`.
        list: &'static str,
    },
    /// A column of the key or the partition day may be NULL.
    #[error("expected column `{column}` of table `{table}` to be not null, as it is in `{list}`")]
    Nullable {
        /// The table.
        table: String,
        /// The nullable column.
        column: String,
        /// Where it is named: `key` or `time_column`.
        list: &'static str,
    },
    /// A column has a type that does not serve its purpose.
    #[error("expected column `{column}` of table `{table}` to be {expected}")]
    WrongType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The type that it must have.
        expected: &'static str,
    },
    /// Documentation, key or sort order is missing.
    #[error("expected `{what}` of table `{table}` not to be empty")]
    Empty {
        /// The table.
        table: String,
        /// What is empty.
        what: String,
    },
    /// The last column is not `ingest_seq`, an integer that is not null.
    #[error(
        "expected the last column of table `{table}` to be `ingest_seq`, an integer that is not null"
    )]
    NoIngestSeq {
        /// The table.
        table: String,
    },
    /// The sort order of data files is not total, or a key holds the tie-breaker.
    #[error(
        "expected `ingest_seq` at the end of `cluster_by` of table `{table}` and not in its `key`"
    )]
    IngestSeqMisplaced {
        /// The table.
        table: String,
    },
    /// Registries are not partitioned, all other tables are.
    #[error("expected a time column in table `{table}` if, and only if, it is no registry")]
    Partitioning {
        /// The table.
        table: String,
    },
}

impl Error {
    /// The kind of failure.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::Internal
    }
}
