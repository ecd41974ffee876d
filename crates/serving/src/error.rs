//! What can go wrong below every protocol.

use chatlake_types::ErrorCode;

/// Result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Certificate or key cannot be used.
    #[error("TLS: {0}")]
    Tls(String),
    /// The server is stopping.
    #[error("the server is shutting down; the query was stopped")]
    Stopping,
    /// Work of a call ended by a panic.
    #[error("a task panicked: {0}")]
    Panicked(String),
    /// The threads for queries could not be started.
    #[error("cannot start the query threads: {0}")]
    Threads(std::io::Error),
}

impl Error {
    /// The kind of failure.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Tls(_) => ErrorCode::InvalidInput,
            Self::Stopping | Self::Threads(_) => ErrorCode::Unavailable,
            Self::Panicked(_) => ErrorCode::Internal,
        }
    }
}
