//! What somebody did with the lake, told to whoever keeps the audit log.
//!
//! 1. A statement that ran is told when its rows have been given out or it ended otherwise; one that was not allowed is told
//!    when it is refused. Loads and `KILL` are told too.
//! 2. `system.audit` shows what is kept: one's own events, or all for who may read the whole lake.
//!
//! Guarantees: nothing is told twice; values of parameters are not told. Where the log is kept, and what of a text is kept, is
//! the business of the [`AuditTrail`].

use std::net::IpAddr;
use std::sync::Arc;

use chatlake_types::ErrorCode;

/// What was done or tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditedAction {
    /// A statement.
    #[default]
    Query,
    /// A page as a file.
    Export,
    /// Rows were loaded into a stored table.
    Ingest,
    /// A running query was stopped by somebody.
    Kill,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditedOutcome {
    /// As asked.
    Done,
    /// It was tried and failed.
    Failed,
    /// It was not allowed.
    Refused,
    /// Whoever asked for it went away or stopped it.
    Cancelled,
}

/// Something that ended.
#[derive(Clone, Debug)]
pub struct AuditedStatement {
    /// When it ended, in µs since 1970-01-01T00:00:00Z.
    pub at_micros: i64,
    /// Who did it; nobody in embedded use.
    pub user: Option<Arc<str>>,
    /// Where it came from.
    pub peer: Option<IpAddr>,
    /// What it was.
    pub action: AuditedAction,
    /// How it ended.
    pub outcome: AuditedOutcome,
    /// Its text, or what it was about.
    pub text: Arc<str>,
    /// The kind of failure.
    pub error_code: Option<ErrorCode>,
    /// Rows that were given out or written.
    pub row_count: u64,
    /// Bytes of them in memory.
    pub size_bytes: u64,
    /// From when it came until it ended, in ms.
    pub duration_ms: u64,
}

/// One row of `system.audit`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditRow {
    /// When it ended, in µs since 1970-01-01T00:00:00Z.
    pub at_micros: i64,
    /// What it was.
    pub action: String,
    /// How it ended.
    pub outcome: String,
    /// Who did it.
    pub user: Option<String>,
    /// Their role then.
    pub role: Option<String>,
    /// The address that it came from.
    pub peer: Option<String>,
    /// What it was about.
    pub subject: Option<String>,
    /// Why it did not end as asked.
    pub reason: Option<String>,
    /// Rows that were given out or written.
    pub row_count: Option<u64>,
    /// Bytes of them in memory.
    pub size_bytes: Option<u64>,
    /// How long it took, in ms.
    pub duration_ms: Option<u64>,
}

/// Keeps the audit log of a lake.
pub trait AuditTrail: std::fmt::Debug + Send + Sync {
    /// Keeps a statement. It does not fail: who cannot keep one says so elsewhere.
    fn record(&self, statement: &AuditedStatement);

    /// The newest events, at most `count_max`, the newest first: all of them, or those of one user. May block.
    ///
    /// # Errors
    /// A sentence when the log cannot be read.
    fn newest(&self, count_max: usize, user: Option<&str>) -> Result<Vec<AuditRow>, String>;
}
