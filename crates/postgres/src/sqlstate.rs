//! From an error to what a client of PostgreSQL sees: severity, SQLSTATE, sentence. The one map of error codes to SQLSTATEs.
//!
//! Guarantees: exhaustive, without a catch-all over codes; what is internal goes to the log and not to the client. The engine
//! says *what* was unknown in words only, so the finer states of a wrong statement are read off its sentence; a sentence that is
//! not known here is 42000.

use chatlake_serving::Error as Serving;
use chatlake_types::ErrorCode;
use pgwire::error::{ErrorInfo, PgWireError};

use crate::error::Error;

/// Bytes of a sentence, which may quote the statement.
const MESSAGE_BYTES_MAX: usize = 8_000;

/// What a client reads instead of an internal error's text.
const INTERNAL_MESSAGE: &str = "internal error; the log of the server says more";

/// Sentences of the engine about a wrong statement, by what they hold, with their SQLSTATE; the first that fits counts.
const WRONG_STATEMENTS: [(&[&str], &str); 16] = [
    (&["cannot parse the SQL text"], "42601"),
    (&["table '", "' not found"], "42P01"),
    (&["unknown_column"], "42703"),
    (&["No field named"], "42703"),
    (&["Invalid function"], "42883"),
    (&["Table function '", "' not found"], "42883"),
    (&["does not support zero arguments"], "42883"),
    (&["Failed to coerce arguments"], "42883"),
    (&["Ambiguous reference"], "42702"),
    (&["must appear in the GROUP BY clause"], "42803"),
    (&["recursion limit"], "54001"),
    (&["Divide by zero"], "22012"),
    (&["Cannot cast string"], "22P02"),
    (&["Cast error"], "22P02"),
    (&["Parser error"], "22P02"),
    (&["Overflow"], "22003"),
];

/// The SQLSTATE of a kind of failure; `text` is its sentence.
fn state_of(code: ErrorCode, text: &str) -> &'static str {
    let holds = |words: &[&str]| words.iter().all(|word| text.contains(word));
    match code {
        ErrorCode::InvalidInput => {
            let known = WRONG_STATEMENTS.iter().find(|(words, _)| holds(words));
            match known {
                Some((_, state)) => state,
                None if holds(&["unknown variable"]) => "42704",
                None if holds(&["expected one statement"]) => "42601",
                None => "42000",
            }
        }
        ErrorCode::NotFound => "42704",
        ErrorCode::AlreadyExists => "42710",
        ErrorCode::Unauthenticated => "28000",
        ErrorCode::PermissionDenied => "42501",
        ErrorCode::Busy => "55P03",
        ErrorCode::LimitReached if holds(&["query_timeout_ms"]) => "57014",
        ErrorCode::LimitReached if holds(&["query_memory"]) || holds(&["memory"]) => "53200",
        ErrorCode::LimitReached if holds(&["bytes"]) => "54000",
        ErrorCode::LimitReached => "53400",
        ErrorCode::Cancelled => "57014",
        ErrorCode::DataDamaged => "XX001",
        ErrorCode::Unavailable => "58030",
        ErrorCode::Unsupported => "0A000",
        ErrorCode::Internal => "XX000",
    }
}

/// SQLSTATE of somebody who is not, or no longer, let in; whether it was the password.
fn auth_state(error: &chatlake_auth::Error) -> &'static str {
    use chatlake_auth::Error as Auth;
    match error {
        Auth::BadCredential | Auth::Malformed(_) | Auth::TokenRefused(_) => "28P01",
        Auth::TooManyFailures { .. } | Auth::Overloaded { .. } => "53300",
        Auth::PermissionDenied { .. } => "42501",
        error if error.is_unauthenticated() => "28000",
        error => state_of(error.code(), ""),
    }
}

/// What the client is told.
pub(crate) fn error_info(error: &Error) -> ErrorInfo {
    let code = error.code();
    let state = match error {
        Error::Sql { state, .. } | Error::Fatal { state, .. } => *state,
        Error::Auth(error) => auth_state(error),
        Error::Stopping | Error::Serving(Serving::Stopping) => "57P01",
        Error::Limit { .. } => "54000",
        other => state_of(code, &other.to_string()),
    };
    let mut message = match code {
        ErrorCode::Internal => {
            tracing::error!(%error, "internal error in a PostgreSQL statement");
            INTERNAL_MESSAGE.to_owned()
        }
        ErrorCode::InvalidInput
        | ErrorCode::NotFound
        | ErrorCode::AlreadyExists
        | ErrorCode::Unauthenticated
        | ErrorCode::PermissionDenied
        | ErrorCode::Busy
        | ErrorCode::LimitReached
        | ErrorCode::Cancelled
        | ErrorCode::DataDamaged
        | ErrorCode::Unavailable
        | ErrorCode::Unsupported => error.to_string(),
    };
    message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
    let severity = match error {
        Error::Fatal { .. } | Error::Auth(_) | Error::Stopping | Error::Stalled => "FATAL",
        _ => "ERROR",
    };
    let mut info = ErrorInfo::new(severity.to_owned(), state.to_owned(), message);
    info.severity_nonlocalized = Some(severity.to_owned());
    info
}

impl From<Error> for PgWireError {
    fn from(error: Error) -> Self {
        match error {
            Error::Connection(error) => Self::IoError(error),
            other => Self::UserError(Box::new(error_info(&other))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(error: chatlake::Error) -> String {
        error_info(&Error::Engine(error)).code
    }

    #[test]
    fn sentences_of_the_engine_have_the_states_that_clients_know() {
        let sql = |text: &str| state(chatlake::Error::Sql(text.to_owned()));
        assert_eq!(sql("table 'chatlake.lake.nope' not found"), "42P01");
        assert_eq!(sql("No field named nope. Did you mean 'note'?"), "42703");
        assert_eq!(sql("cannot parse the SQL text: x"), "42601");
        assert_eq!(sql("something else"), "42000");
        let denied = chatlake::Error::PermissionDenied("no".to_owned());
        assert_eq!(state(denied), "42501");
        let slow = "the query ran longer than `query_timeout_ms` = 5 allows";
        assert_eq!(state(chatlake::Error::Limit(slow.to_owned())), "57014");
    }

    #[test]
    fn internal_text_stays_inside() {
        let info = error_info(&Error::Encoding("secret path /lake/x".to_owned()));
        assert_eq!(
            (info.code.as_str(), info.message.as_str()),
            ("XX000", INTERNAL_MESSAGE)
        );
    }

    #[test]
    fn a_sentence_is_cut_at_a_character() {
        let info = error_info(&Error::sql("42601", "é".repeat(MESSAGE_BYTES_MAX) + "!"));
        assert_eq!(info.message.len(), MESSAGE_BYTES_MAX);
    }

    #[test]
    fn who_is_not_let_in_loses_the_connection() {
        let info = error_info(&Error::Auth(chatlake_auth::Error::BadCredential));
        assert!(info.is_fatal());
        assert_eq!(info.code, "28P01");
    }
}
