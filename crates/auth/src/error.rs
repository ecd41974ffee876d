//! Why somebody was not let in, or a file of this room cannot be used: one sentence, without secrets.
//!
//! Guarantees: who fails to prove who they are learns nothing about who exists; what is wrong with the server's own files is
//! told to its operator and not to clients ([`Error::Closed`]).

use std::io;
use std::path::Path;

use chatlake_types::ErrorCode;

/// Result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A refusal or failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such user, wrong password, unknown key: all the same from outside.
    #[error("wrong name, password or key")]
    BadCredential,
    /// The credential is not of a form that exists.
    #[error("malformed credential: {0}")]
    Malformed(&'static str),
    /// The proof was right, but its time is over.
    #[error("{what} has expired")]
    Expired {
        /// `the user`, `the key` or `the token`.
        what: &'static str,
    },
    /// The proof was right, but an administrator took it back.
    #[error("{what} was revoked")]
    Revoked {
        /// `the user` or `the key`.
        what: &'static str,
    },
    /// A JSON Web Token was refused.
    #[error("the token was refused: {0}")]
    TokenRefused(String),
    /// Rights, password or secret changed since the session began.
    #[error("the rights or the password changed since the session began; connect again")]
    Changed,
    /// No open session has this token.
    #[error("the session has ended; connect again")]
    SessionEnded,
    /// Too many failures of one name or from one address.
    #[error("too many failed logins; try again in {} s (`{setting}`)", retry_after_ms.div_ceil(1_000))]
    TooManyFailures {
        /// When the next try is looked at, in ms from now.
        retry_after_ms: u64,
        /// The setting that was reached.
        setting: &'static str,
    },
    /// More logins wait than may wait.
    #[error("too many logins at once: expected at most {limit} (`{setting}`)")]
    Overloaded {
        /// The setting that was reached.
        setting: &'static str,
        /// Its value.
        limit: usize,
    },
    /// What the operator was told in the log keeps everybody out.
    #[error("the server cannot tell who may log in; its log says why")]
    Closed,
    /// The role does not have the permission.
    #[error("permission_denied: the role `{role}` may not use `{permission}`")]
    PermissionDenied {
        /// Name of the role.
        role: &'static str,
        /// Name of the permission.
        permission: &'static str,
    },
    /// There is no auth file.
    #[error("there is no auth file `{path}`; `chatlake auth add-user` makes one")]
    NoFile {
        /// Where it should be.
        path: String,
    },
    /// A file of this room does not hold what it should.
    #[error("`{path}`: {reason}")]
    BadFile {
        /// The file.
        path: String,
        /// What was expected and found.
        reason: String,
    },
    /// The disk failed.
    #[error("cannot {action} `{path}`: {}", reason(source))]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A user or key of this name is there already.
    #[error("there is a {what} `{name}` already")]
    Exists {
        /// `user` or `key`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// No user or key has this name or id.
    #[error("there is no user or key `{0}`")]
    Unknown(String),
    /// A value for a new or changed user or key cannot be used.
    #[error("expected {expected}, found {found}")]
    BadValue {
        /// What would be right.
        expected: &'static str,
        /// What was given, never a secret.
        found: String,
    },
    /// A signature that this server did not make, or over other bytes.
    #[error("the signature is not of this server")]
    BadSignature,
    /// A bug of ours, or a library's.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// The kind of failure.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::BadCredential
            | Self::Malformed(_)
            | Self::Expired { .. }
            | Self::Revoked { .. }
            | Self::TokenRefused(_)
            | Self::Changed
            | Self::SessionEnded => ErrorCode::Unauthenticated,
            Self::BadSignature | Self::PermissionDenied { .. } => ErrorCode::PermissionDenied,
            Self::TooManyFailures { .. } | Self::Overloaded { .. } => ErrorCode::LimitReached,
            Self::Closed | Self::Io { .. } => ErrorCode::Unavailable,
            Self::NoFile { .. } | Self::Unknown(_) => ErrorCode::NotFound,
            Self::BadFile { .. } | Self::Exists { .. } | Self::BadValue { .. } => {
                ErrorCode::InvalidInput
            }
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// Is it about *who* somebody is, and not about what they may do? gRPC says UNAUTHENTICATED then, HTTP 401.
    pub fn is_unauthenticated(&self) -> bool {
        self.code() == ErrorCode::Unauthenticated
    }

    /// May it have been a guess? Somebody whose right proof no longer counts does not guess.
    pub(crate) fn may_be_a_guess(&self) -> bool {
        matches!(
            self,
            Self::BadCredential | Self::Malformed(_) | Self::TokenRefused(_)
        )
    }

    /// A word for the audit log.
    pub fn as_word(&self) -> &'static str {
        match self {
            Self::BadCredential => "bad_credential",
            Self::Malformed(_) => "malformed",
            Self::Expired { .. } => "expired",
            Self::Revoked { .. } => "revoked",
            Self::TokenRefused(_) => "token_refused",
            Self::Changed => "changed",
            Self::SessionEnded => "session_ended",
            Self::TooManyFailures { .. } => "too_many_failures",
            Self::Overloaded { .. } => "overloaded",
            _ => self.code().as_str(),
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    pub(crate) fn bad_file(path: &Path, reason: impl Into<String>) -> Self {
        Self::BadFile {
            path: path.display().to_string(),
            reason: reason.into(),
        }
    }
}

/// The system's sentence without Rust's ` (os error 2)`.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let sentence = text.split(" (os error").next().unwrap_or(&text);
    sentence.to_lowercase()
}
