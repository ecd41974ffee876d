//! The kinds of failure a caller can tell apart. One map from here leads to exit codes, one to gRPC codes.
//!
//! Guarantees: the list is exhaustive; [`ErrorCode::Internal`] always means a bug of ours.

use std::fmt;

/// What kind of failure it is, whatever room it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The caller's input (SQL, file, option, value) is wrong.
    InvalidInput,
    /// The thing named does not exist: a lake, a file, a table.
    NotFound,
    /// What is to be made is there already.
    AlreadyExists,
    /// Nobody knows who the caller is.
    Unauthenticated,
    /// The caller may not do or see this.
    PermissionDenied,
    /// Somebody else holds what is needed, e.g. the lake's writer lease.
    Busy,
    /// A named limit (rows, bytes, memory, time) was reached.
    LimitReached,
    /// The caller went away or asked to stop.
    Cancelled,
    /// Stored data is damaged or of a format that this version does not read.
    DataDamaged,
    /// The disk, the object store or the network failed.
    Unavailable,
    /// Valid, but not supported (yet).
    Unsupported,
    /// A bug of ours; its text stays inside.
    Internal,
}

impl ErrorCode {
    /// The code's stable name, as shown to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::Busy => "busy",
            Self::LimitReached => "limit_reached",
            Self::Cancelled => "cancelled",
            Self::DataDamaged => "data_damaged",
            Self::Unavailable => "unavailable",
            Self::Unsupported => "unsupported",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
