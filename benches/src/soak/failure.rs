//! What came of an action: done, refused as it should be, refused by a limit, or a finding.
//!
//! Guarantees: what is not expected by the action itself and not one of the two limits of [`LIMITS`] is a finding.

use arrow_flight::error::FlightError;
use tonic::Code;

use crate::Error;

/// Done, with the code of the refusal that it expected; or what went wrong.
pub type Outcome = Result<Option<Code>, Failure>;

/// Limits that a soak may reach: more queries come than the machine can take, and are told so.
const LIMITS: [&str; 2] = ["`query_queue_max`", "`query_queue_timeout_ms`"];

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server's status.
    Refused {
        /// Its code.
        code: Code,
        /// Its text.
        message: String,
    },
    /// Something that must not be.
    Wrong(String),
}

impl Failure {
    /// Did the server only say that it has too much to do?
    pub fn is_limit(&self) -> bool {
        match self {
            Self::Refused { code, message } => {
                *code == Code::ResourceExhausted && LIMITS.iter().any(|name| message.contains(name))
            }
            Self::Wrong(_) => false,
        }
    }

    /// What it is called in tables.
    pub fn name(&self) -> String {
        match self {
            Self::Refused { code, .. } => format!("{code:?}"),
            Self::Wrong(_) => "no status".to_owned(),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused { code, message } => write!(f, "{code:?}: {message}"),
            Self::Wrong(text) => f.write_str(text),
        }
    }
}

impl From<FlightError> for Failure {
    fn from(error: FlightError) -> Self {
        match error {
            FlightError::Tonic(status) => Self::Refused {
                code: status.code(),
                message: status.message().to_owned(),
            },
            other => Self::Wrong(other.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Flight(error) => error.into(),
            other => Self::Wrong(other.to_string()),
        }
    }
}

/// What is to be refused with one of these codes.
pub fn refused<T>(result: Result<T, FlightError>, codes: &[Code]) -> Outcome {
    match result.map_err(Failure::from) {
        Err(Failure::Refused { code, .. }) if codes.contains(&code) => Ok(Some(code)),
        Err(failure) => Err(failure),
        Ok(_) => Err(Failure::Wrong(format!(
            "expected to be refused ({codes:?}), found an answer"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Status;

    fn failed(code: Code, message: &str) -> Result<(), FlightError> {
        Err(Status::new(code, message).into())
    }

    #[test]
    fn only_the_codes_that_were_expected_are_good() {
        let codes = [Code::NotFound, Code::InvalidArgument];
        let good = refused(failed(Code::NotFound, "no table"), &codes);
        assert_eq!(good, Ok(Some(Code::NotFound)));
        let internal = refused(failed(Code::Internal, "oh"), &codes);
        assert_eq!(internal.unwrap_err().to_string(), "Internal: oh");
        assert!(refused(Ok(()), &codes).is_err());
    }

    #[test]
    fn only_limits_of_the_queue_may_be_reached() {
        let is_limit = |code, message| refused(failed(code, message), &[]).unwrap_err().is_limit();
        let waited = "the query waited longer than `query_queue_timeout_ms` = 1 allows";
        assert!(is_limit(Code::ResourceExhausted, waited));
        assert!(!is_limit(Code::Internal, waited));
        assert!(!is_limit(Code::ResourceExhausted, "out of memory"));
    }
}
