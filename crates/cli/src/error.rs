//! What can go wrong in the program: one sentence each, for the last line a person reads.
//!
//! Guarantees: every error has an [`ErrorCode`] and an exit status; its text is one line without control characters.

use std::io;

use chatlake::ErrorCode;

use crate::exit::ExitStatus;

/// Result of a step of the program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments, the environment or the configuration file are wrong.
    #[error("{0}")]
    Usage(String),
    /// The database said no.
    #[error(transparent)]
    Database(#[from] chatlake::Error),
    /// An input file could not be taken in; nothing of it is stored.
    #[error("`{file}`: {source}")]
    Input {
        /// The file as named on the command line.
        file: String,
        /// What was wrong with it.
        source: Box<chatlake::Error>,
    },
    /// A file of the caller cannot be opened, read or written.
    #[error("cannot {action} `{path}`: {}", reason(source))]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The result cannot be written where it was asked for.
    #[error("cannot write the result: {}", reason(.0))]
    Output(#[source] io::Error),
    /// The result cannot be written in the format asked for.
    #[error("cannot write the result as {format}: {reason}")]
    Format {
        /// Name of the output format.
        format: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// The server's address cannot be used.
    #[error(
        "cannot listen on `{address}`: {}; choose another address with {flag} HOST:PORT",
        reason(source)
    )]
    Listen {
        /// The address asked for.
        address: String,
        /// The system's answer.
        source: io::Error,
        /// The flag that chooses it.
        flag: &'static str,
    },
    /// The Flight SQL server stopped by itself.
    #[error("the Flight SQL server failed: {0}")]
    Serve(#[from] chatlake_flight::Error),
    /// The PostgreSQL server stopped by itself.
    #[error("the PostgreSQL server failed: {0}")]
    Postgres(#[from] chatlake_postgres::Error),
    /// Who may ask could not be read or changed.
    #[error(transparent)]
    Auth(#[from] chatlake_auth::Error),
    /// A person or a supervisor stopped the run.
    #[error("interrupted: {0}")]
    Interrupted(String),
}

impl Error {
    /// What kind of failure it is.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Usage(_) => ErrorCode::InvalidInput,
            Self::Database(error) => error.code(),
            Self::Input { source, .. } => source.code(),
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                ErrorCode::NotFound
            }
            Self::File { .. } | Self::Output(_) | Self::Listen { .. } => ErrorCode::Unavailable,
            Self::Format { .. } => ErrorCode::Unsupported,
            Self::Serve(error) => error.code(),
            Self::Postgres(error) => error.code(),
            Self::Auth(error) => error.code(),
            Self::Interrupted(_) => ErrorCode::Cancelled,
        }
    }

    /// What the process ends with.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Usage(_) | Self::Auth(chatlake_auth::Error::BadValue { .. }) => ExitStatus::Usage,
            other => ExitStatus::of(other.code()),
        }
    }

    /// Did the reader of our output go away (`chatlake query … | head`)? That is no failure.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The system's sentence without Rust's ` (os error 2)`.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let sentence = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = sentence.chars();
    match letters.next() {
        // "No such file" reads on inside a sentence; "IO", "TLS" stay as they are
        Some(first) if letters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_words_read_on_inside_a_sentence() {
        let missing = Error::File {
            action: "read",
            path: "x".to_owned(),
            source: io::Error::from_raw_os_error(2),
        };
        assert_eq!(
            missing.to_string(),
            "cannot read `x`: no such file or directory"
        );
        assert_eq!(missing.exit_status(), ExitStatus::Failure);
    }

    #[test]
    fn only_a_gone_reader_is_a_broken_pipe() {
        assert!(Error::Output(io::ErrorKind::BrokenPipe.into()).is_broken_pipe());
        assert!(!Error::Output(io::ErrorKind::StorageFull.into()).is_broken_pipe());
    }
}
