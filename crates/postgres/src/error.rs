//! What can go wrong in the PostgreSQL server, and which kind of failure it is.
//!
//! Guarantees: every error has a code; the message of an internal one is for the log, never for the client.

use chatlake_types::ErrorCode;

/// Result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the PostgreSQL server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] chatlake::Error),
    /// Somebody was not let in, or is not let in any more.
    #[error(transparent)]
    Auth(#[from] chatlake_auth::Error),
    /// A part of the protocol as PostgreSQL answers it: its SQLSTATE and a sentence.
    #[error("{message}")]
    Sql {
        /// The SQLSTATE.
        state: &'static str,
        /// The sentence.
        message: String,
    },
    /// The same, and the connection ends.
    #[error("{message}")]
    Fatal {
        /// The SQLSTATE.
        state: &'static str,
        /// The sentence.
        message: String,
    },
    /// A named limit of [`PostgresOptions`](crate::PostgresOptions) was reached.
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
    /// The client asked to stop, or its `statement_timeout` did.
    #[error("canceling statement due to {0}")]
    Cancelled(&'static str),
    /// The address can be reached by others, who could read everything or listen in.
    #[error(
        "expected authentication and TLS, or a loopback address, found `{address}` without {missing}; say that you want it \
         so (`allow_insecure_remote`) to serve there nevertheless"
    )]
    Insecure {
        /// Where it would listen.
        address: std::net::SocketAddr,
        /// What is not there.
        missing: &'static str,
    },
    /// What every door needs failed: certificates, threads for queries.
    #[error(transparent)]
    Serving(#[from] chatlake_serving::Error),
    /// The listener failed.
    #[error("the PostgreSQL listener failed: {0}")]
    Listener(std::io::Error),
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Connection(#[from] std::io::Error),
    /// The client takes nothing of what it asked for.
    #[error("the client read nothing for longer than `send_stall_ms`")]
    Stalled,
    /// The server is stopping.
    #[error("the server is shutting down")]
    Stopping,
    /// Encoding of our own data failed.
    #[error("encoding failed: {0}")]
    Encoding(String),
}

impl Error {
    /// The kind of failure.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Engine(error) => error.code(),
            Self::Auth(error) => error.code(),
            Self::Serving(error) => error.code(),
            Self::Sql { .. } | Self::Fatal { .. } | Self::Insecure { .. } => {
                ErrorCode::InvalidInput
            }
            Self::Limit { .. } => ErrorCode::LimitReached,
            Self::Cancelled(_) | Self::Stalled => ErrorCode::Cancelled,
            Self::Stopping | Self::Listener(_) | Self::Connection(_) => ErrorCode::Unavailable,
            Self::Encoding(_) => ErrorCode::Internal,
        }
    }

    /// A sentence with its SQLSTATE.
    pub(crate) fn sql(state: &'static str, message: impl Into<String>) -> Self {
        Self::Sql {
            state,
            message: message.into(),
        }
    }

    /// A sentence with its SQLSTATE, after which the connection ends.
    pub(crate) fn fatal(state: &'static str, message: impl Into<String>) -> Self {
        Self::Fatal {
            state,
            message: message.into(),
        }
    }

    /// A failure to encode data of ours.
    pub(crate) fn encoding(error: impl std::fmt::Display) -> Self {
        Self::Encoding(error.to_string())
    }
}
