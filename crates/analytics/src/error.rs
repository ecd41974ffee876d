//! What can be wrong with the header of a SQL file.
//!
//! Guarantees: every message names the file's relation; those of built-in files are bugs of ours.

use chatlake_types::ErrorCode;

/// The result of reading a SQL file.
pub type Result<T> = std::result::Result<T, Error>;

/// A rule that the text of a file breaks. `what` is the relation, such as ``view `users` ``.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The header lacks a line, or the lines are not in order.
    #[error("expected `-- {expected}: …` in the header of {what}, found `{found}`")]
    Misplaced {
        /// The relation.
        what: String,
        /// The entry that must stand there.
        expected: &'static str,
        /// The line that stands there.
        found: String,
    },
    /// The name inside differs from the file's name.
    #[error("expected the header of {what}, found `{found}`")]
    OtherName {
        /// The relation by the name of the file without `.sql`.
        what: String,
        /// Name inside the file.
        found: String,
    },
    /// A line does not have the parts that it needs.
    #[error("expected {expected} in {what}, found `{found}`")]
    BadLine {
        /// The relation.
        what: String,
        /// The form of the line, in words.
        expected: &'static str,
        /// What the line says.
        found: String,
    },
    /// A column or option has a type that is not known.
    #[error("expected one of {known} in {what}, found `{found}`")]
    UnknownType {
        /// The relation.
        what: String,
        /// The types there are.
        known: String,
        /// The type that the line says.
        found: String,
    },
    /// A column or option is described twice.
    #[error("expected `{name}` of {what} once")]
    NamedTwice {
        /// The relation.
        what: String,
        /// The column or option.
        name: String,
    },
    /// A line speaks of a column that is not described.
    #[error("expected a column of {what}, found `{found}`")]
    UnknownColumn {
        /// The relation.
        what: String,
        /// The name that is no column.
        found: String,
    },
    /// The SQL uses a placeholder that nobody binds.
    #[error("expected the placeholders {known} in {what}, found `${found}`")]
    UnknownPlaceholder {
        /// The relation.
        what: String,
        /// The placeholders there are.
        known: String,
        /// The placeholder's name.
        found: String,
    },
    /// There is no SQL after the header.
    #[error("expected SQL after the header of {what}, found nothing")]
    NoSql {
        /// The relation.
        what: String,
    },
    /// A folder of SQL files cannot be read.
    #[error("expected a readable folder or file of SQL at `{path}`: {reason}")]
    Unreadable {
        /// Where.
        path: String,
        /// What the system says.
        reason: String,
    },
}

impl Error {
    /// The kind of failure: built-in files are checked by tests, so the file is the user's.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidInput
    }
}
