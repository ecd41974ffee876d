//! What can be wrong with the header of a view.
//!
//! Guarantees: every message names the view; all of them are bugs of ours, as the views are built in.

use chatlake_types::ErrorCode;

/// The result of reading a view.
pub type Result<T> = std::result::Result<T, Error>;

/// A rule that the text of a view breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The header lacks a line, or the lines are not in order.
    #[error("expected `-- {expected}: …` in the header of view `{view}`, found `{found}`")]
    Misplaced {
        /// Name of the file without `.sql`.
        view: String,
        /// The entry that must stand there.
        expected: &'static str,
        /// The line that stands there.
        found: String,
    },
    /// The name inside differs from the file's name.
    #[error("expected the header of view `{expected}`, found `{found}`")]
    OtherName {
        /// Name of the file without `.sql`.
        expected: String,
        /// Name inside the file.
        found: String,
    },
    /// A column is not described as `name | TYPE | doc`.
    #[error("expected a column `name | TYPE | doc` in view `{view}`, found `{found}`")]
    BadColumn {
        /// The view.
        view: String,
        /// What the line says.
        found: String,
    },
    /// A column has a type that views do not have.
    #[error("expected one of {known} in view `{view}`, found `{found}`")]
    UnknownType {
        /// The view.
        view: String,
        /// The types there are.
        known: String,
        /// The type that the line says.
        found: String,
    },
    /// A column is described twice.
    #[error("expected column `{column}` of view `{view}` once")]
    NamedTwice {
        /// The view.
        view: String,
        /// The column.
        column: String,
    },
    /// The SQL uses a placeholder that nobody binds.
    #[error("expected the placeholders `$as_of` and `$now` in view `{view}`, found `${found}`")]
    UnknownPlaceholder {
        /// The view.
        view: String,
        /// The placeholder's name.
        found: String,
    },
    /// There is no SQL after the header.
    #[error("expected SQL after the header of view `{view}`, found nothing")]
    NoSql {
        /// The view.
        view: String,
    },
}

impl Error {
    /// The kind of failure.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::Internal
    }
}
