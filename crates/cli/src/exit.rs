//! Exit codes: what a script learns about a run without reading its text.
//!
//! Guarantees: every [`ErrorCode`] has exactly one exit code (no catch-all), and the codes are the ones `--help` lists.

use std::process::ExitCode;

use chatlake::ErrorCode;

/// The list of exit codes, as shown at the end of every long help.
pub const EXIT_CODES_HELP: &str = "\
Exit codes:
  0    done; every record was accepted or already there
  1    failed: bad SQL, unreadable input, no such lake, disk or network trouble
  2    wrong usage: arguments, environment or configuration file
  3    ingest finished, but some records were rejected
  4    the lake is damaged
  5    somebody else is writing to the lake; try again
  6    a limit was reached: time, memory or size
  130  interrupted (Ctrl-C or SIGTERM)";

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Everything asked for was done.
    Success,
    /// It failed; the sentence on stderr says why.
    Failure,
    /// The arguments, the environment or the configuration file are wrong.
    Usage,
    /// An ingest finished, but some records were rejected.
    SomeRejected,
    /// Stored data is damaged.
    Damaged,
    /// Somebody else holds the lake's writer lease.
    Busy,
    /// A named limit was reached.
    LimitReached,
    /// A person or a supervisor stopped it.
    Interrupted,
}

impl ExitStatus {
    /// The status that belongs to a kind of failure.
    pub fn of(code: ErrorCode) -> Self {
        match code {
            ErrorCode::InvalidInput
            | ErrorCode::NotFound
            | ErrorCode::AlreadyExists
            | ErrorCode::Unauthenticated
            | ErrorCode::PermissionDenied
            | ErrorCode::Unavailable
            | ErrorCode::Unsupported
            | ErrorCode::Internal => Self::Failure,
            ErrorCode::Busy => Self::Busy,
            ErrorCode::LimitReached => Self::LimitReached,
            ErrorCode::Cancelled => Self::Interrupted,
            ErrorCode::DataDamaged => Self::Damaged,
        }
    }

    /// The number the process ends with.
    pub fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::SomeRejected => 3,
            Self::Damaged => 4,
            Self::Busy => 5,
            Self::LimitReached => 6,
            Self::Interrupted => 130,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_lists_every_exit_code() {
        use ExitStatus as Status;
        let all = [
            Status::Success,
            Status::Failure,
            Status::Usage,
            Status::SomeRejected,
            Status::Damaged,
            Status::Busy,
            Status::LimitReached,
            Status::Interrupted,
        ];
        let listed: Vec<u8> = EXIT_CODES_HELP
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        assert_eq!(listed, all.map(Status::number));
    }
}
