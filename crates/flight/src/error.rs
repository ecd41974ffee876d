//! What can go wrong in the Flight SQL server, and which kind of failure it is.
//!
//! Guarantees: every error has a code; the message of an internal one is for the log, never for the client.

use chatlake_types::ErrorCode;

/// Result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the Flight SQL server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] chatlake::Error),
    /// A message of the client is not what the protocol says.
    #[error("malformed {what}: {reason}")]
    Malformed {
        /// The part of the protocol.
        what: &'static str,
        /// What was expected and found.
        reason: String,
    },
    /// No prepared statement is known by the handle.
    #[error(
        "no prepared statement has this handle: it was closed, it expired, or it is of another server"
    )]
    UnknownPreparedStatement,
    /// Parameters do not fit the statement.
    #[error("wrong parameters: {0}")]
    Parameters(String),
    /// A named limit of [`FlightOptions`](crate::FlightOptions) was reached.
    #[error("{what} over the limit: expected at most {limit} (`{option}`), found {found}")]
    Limit {
        /// What is too large or too many.
        what: &'static str,
        /// Name of the option.
        option: &'static str,
        /// Value of the option.
        limit: usize,
        /// What the client asked for.
        found: usize,
    },
    /// A part of Flight SQL that this server does not have.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// A statement was sent by a way that does not fit it.
    #[error("{0}")]
    WrongCall(&'static str),
    /// The client ended its call while it was being read.
    #[error("the client ended the call early: {0}")]
    ClientGone(String),
    /// The server is stopping.
    #[error("the server is shutting down; the query was stopped")]
    Stopping,
    /// Arrow or protobuf encoding of our own data failed.
    #[error("encoding failed: {0}")]
    Encoding(String),
    /// Work of a call ended by a panic.
    #[error("a task panicked: {0}")]
    Panicked(String),
    /// The threads for queries could not be started.
    #[error("cannot start the query threads: {0}")]
    Threads(std::io::Error),
    /// The listener or its connections failed.
    #[error("the Flight SQL listener failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

impl Error {
    /// The kind of failure.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Engine(error) => error.code(),
            Self::Malformed { .. } | Self::Parameters(_) | Self::WrongCall(_) => {
                ErrorCode::InvalidInput
            }
            Self::UnknownPreparedStatement => ErrorCode::NotFound,
            Self::ClientGone(_) => ErrorCode::Cancelled,
            Self::Limit { .. } => ErrorCode::LimitReached,
            Self::Unsupported(_) => ErrorCode::Unsupported,
            Self::Stopping | Self::Threads(_) | Self::Transport(_) => ErrorCode::Unavailable,
            Self::Encoding(_) | Self::Panicked(_) => ErrorCode::Internal,
        }
    }

    /// A malformed part of the protocol, with its reason.
    pub(crate) fn malformed(what: &'static str, reason: impl Into<String>) -> Self {
        Self::Malformed {
            what,
            reason: reason.into(),
        }
    }

    /// A failure to encode data of ours.
    pub(crate) fn encoding(error: impl std::fmt::Display) -> Self {
        Self::Encoding(error.to_string())
    }
}
