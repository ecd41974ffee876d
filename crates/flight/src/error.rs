//! What can go wrong in the Flight SQL server, and which kind of failure it is.
//!
//! Guarantees: every error has a code; the message of an internal one is for the log, never for the client.

use chatlake_types::ErrorCode;

use crate::gatekeeper::Refusal;

/// Result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unauthenticated(text) => Self::Unauthenticated(text),
            Refusal::PermissionDenied(text) => Self::PermissionDenied(text),
            Refusal::TooManyAttempts(text) => Self::TooManyAttempts(text),
            Refusal::Unavailable(text) => Self::TryLater(text),
        }
    }
}

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
    /// Nobody knows who calls, or the session of the call is gone.
    #[error("{0}")]
    Unauthenticated(String),
    /// The caller may not do this.
    #[error("permission_denied: {0}")]
    PermissionDenied(String),
    /// Too many failures to say who one is.
    #[error("{0}")]
    TooManyAttempts(String),
    /// Nobody can be asked who calls.
    #[error("{0}")]
    TryLater(String),
    /// A statement that changes the session came in a call without one.
    #[error(
        "expected a session for `{0}`, found none: connect with a user name (any will do where there are no users), so that \
         the client keeps the token of its session"
    )]
    NoSession(&'static str),
    /// No transaction is known by the id.
    #[error(
        "no open transaction has this id: it was ended, it lay unused for longer than `transaction_idle_ms`, or it is of \
         another session"
    )]
    UnknownTransaction,
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
    #[error("the Flight SQL listener failed: {0}")]
    Listener(std::io::Error),
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
    /// Arrow or protobuf encoding of our own data failed.
    #[error("encoding failed: {0}")]
    Encoding(String),
    /// The listener or its connections failed.
    #[error("the Flight SQL listener failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

impl Error {
    /// The kind of failure.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Engine(error) => error.code(),
            Self::Serving(error) => error.code(),
            Self::Malformed { .. }
            | Self::Parameters(_)
            | Self::WrongCall(_)
            | Self::NoSession(_)
            | Self::Insecure { .. } => ErrorCode::InvalidInput,
            Self::Unauthenticated(_) => ErrorCode::Unauthenticated,
            Self::PermissionDenied(_) => ErrorCode::PermissionDenied,
            Self::UnknownPreparedStatement | Self::UnknownTransaction => ErrorCode::NotFound,
            Self::ClientGone(_) => ErrorCode::Cancelled,
            Self::Limit { .. } | Self::TooManyAttempts(_) => ErrorCode::LimitReached,
            Self::Unsupported(_) => ErrorCode::Unsupported,
            Self::TryLater(_) | Self::Listener(_) | Self::Transport(_) => ErrorCode::Unavailable,
            Self::Encoding(_) => ErrorCode::Internal,
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
