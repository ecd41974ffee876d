//! What a caller can get wrong when calling a function.
//!
//! Guarantees: every message starts with the code of domain specification §9.7, says what was
//! expected and what was found, and quotes at most [`QUOTED_CHARS_MAX`] characters of the caller's
//! text.

use chatlake_types::{Day, ErrorCode};
use datafusion::error::DataFusionError;

/// Characters of a caller's text that a message repeats.
const QUOTED_CHARS_MAX: usize = 80;

/// A wrong argument of a function. All are the caller's to mend: [`Error::code`] is always
/// [`ErrorCode::InvalidInput`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The period is not known, or not usable here.
    #[error("bad_period: expected one of {expected}, found `{found}`")]
    BadPeriod {
        /// The names that are known, each in backticks.
        expected: String,
        /// The name given.
        found: String,
    },
    /// A custom period that ends before it starts.
    #[error("bad_range: expected `from` on or before `to`, found `{from}` to `{to}`")]
    BadRange {
        /// First local day.
        from: Day,
        /// Last local day.
        to: Day,
    },
    /// A custom period without its two dates.
    #[error(
        "bad_range: expected the dates `from` and `to` with the period `custom`, found {found}"
    )]
    MissingRange {
        /// Which of the two were given, in words.
        found: &'static str,
    },
    /// More days than are allowed here.
    #[error("range_too_long: expected at most {day_count_max} days, found {day_count}")]
    RangeTooLong {
        /// Days asked for.
        day_count: i64,
        /// Days allowed.
        day_count_max: i64,
    },
    /// Any other value that cannot be used.
    #[error("bad_value:{argument}: expected {expected}, found `{found}`")]
    BadValue {
        /// Name of the argument, as in the reference.
        argument: &'static str,
        /// What would be right, in words.
        expected: &'static str,
        /// The value given.
        found: String,
    },
}

impl Error {
    /// What kind of failure it is: always the caller's input.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidInput
    }

    /// The code of the specification (§9.7), with which the message starts: `bad_period`,
    /// `bad_range`, `range_too_long` or `bad_value`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::BadPeriod { .. } => "bad_period",
            Self::BadRange { .. } | Self::MissingRange { .. } => "bad_range",
            Self::RangeTooLong { .. } => "range_too_long",
            Self::BadValue { .. } => "bad_value",
        }
    }

    /// A [`Error::BadValue`] that quotes the beginning of `found`.
    pub fn bad_value(argument: &'static str, expected: &'static str, found: impl ToString) -> Self {
        Self::BadValue {
            argument,
            expected,
            found: quoted(&found.to_string()),
        }
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::Execution(error.to_string())
    }
}

/// The beginning of a caller's text, short enough for a message.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_starts_with_its_code_and_quotes_little() {
        let long = "é".repeat(100_000);
        let errors = [
            Error::BadPeriod {
                expected: "`today`".to_owned(),
                found: "x".to_owned(),
            },
            Error::BadRange {
                from: Day(2),
                to: Day(1),
            },
            Error::MissingRange { found: "neither" },
            Error::RangeTooLong {
                day_count: 91,
                day_count_max: 90,
            },
            Error::bad_value("schedule", "a JSON array", &long),
        ];
        for error in errors {
            let message = error.to_string();
            assert!(message.starts_with(error.name()), "{message}");
            assert!(message.chars().count() < 200, "{message}");
            assert_eq!(error.code(), ErrorCode::InvalidInput);
        }
    }
}
