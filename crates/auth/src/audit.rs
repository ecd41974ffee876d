//! What happened: logins, queries, exports and changes of keys, as events of one form.
//!
//! Guarantees: an event holds no secret: passwords and tokens have no place in it, and what looks like one in a statement is
//! made unusable. A name that does not belong to a user is not written down either: people type passwords where names belong.

mod file;

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::secret::redacted;
use crate::utc::Utc;
use crate::{Principal, PrincipalKind};

pub use file::{AuditFile, AuditLimits};

/// Characters of a statement that an event keeps.
const STATEMENT_CHARS_MAX: usize = 4_000;

/// What was done or tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// Somebody said who they are.
    Login,
    /// A session was closed by its client.
    Logout,
    /// A statement.
    Query,
    /// A page as a file.
    Export,
    /// Records were written.
    Ingest,
    /// A running query was stopped by somebody.
    Kill,
    /// A user or key was added, changed or taken back.
    KeyChange,
}

impl AuditAction {
    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Query => "query",
            Self::Export => "export",
            Self::Ingest => "ingest",
            Self::Kill => "kill",
            Self::KeyChange => "key_change",
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As asked.
    #[default]
    Done,
    /// It was tried and failed.
    Failed,
    /// It was not allowed.
    Refused,
    /// Whoever asked for it went away or stopped it.
    Cancelled,
}

impl Outcome {
    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One event; what does not apply is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When it ended, RFC 3339.
    at: Utc,
    /// What it was.
    pub action: AuditAction,
    /// How it ended.
    pub outcome: Outcome,
    /// How whoever did it proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PrincipalKind>,
    /// The user's name, the key's id or the token's subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// A name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The address that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<IpAddr>,
    /// The statement, export or user or key that it was about, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// A word or sentence on why it did not end as asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Rows that were given out or written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_count: Option<u64>,
    /// Bytes that were given out or written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// How long it took, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

impl AuditEvent {
    /// Something that ended well at an instant, in µs since 1970-01-01T00:00:00Z.
    pub fn new(at_micros: i64, action: AuditAction) -> Self {
        Self {
            at: Utc(at_micros),
            action,
            outcome: Outcome::default(),
            kind: None,
            principal: None,
            name: None,
            role: None,
            peer: None,
            subject: None,
            reason: None,
            row_count: None,
            size_bytes: None,
            duration_ms: None,
        }
    }

    /// When it ended, in µs since 1970-01-01T00:00:00Z.
    pub fn at_micros(&self) -> i64 {
        self.at.0
    }

    /// Who did it.
    #[must_use]
    pub fn by(self, principal: &Principal) -> Self {
        Self {
            kind: Some(principal.kind),
            principal: Some(principal.id.clone()),
            name: Some(principal.name.clone()),
            role: Some(principal.role.as_str().to_owned()),
            ..self
        }
    }

    /// Who did it, by [`Principal::subject`].
    #[must_use]
    pub fn by_subject(self, subject: &str) -> Self {
        match PrincipalKind::of_subject(subject) {
            Some((kind, id)) => self.tried(kind, id),
            None => self,
        }
    }

    /// The subject of the principal that did it, or that somebody said to be.
    pub fn by_whom(&self) -> Option<String> {
        let (kind, id) = (self.kind?, self.principal.as_deref()?);
        Some([kind.as_str(), ":", id].concat())
    }

    /// Who somebody said to be without proving it. Only for names and ids that exist.
    #[must_use]
    pub(crate) fn tried(self, kind: PrincipalKind, id: &str) -> Self {
        Self {
            kind: Some(kind),
            principal: Some(id.to_owned()),
            ..self
        }
    }

    /// Where it came from.
    #[must_use]
    pub fn coming_from(self, peer: Option<IpAddr>) -> Self {
        Self { peer, ..self }
    }

    /// What it was about: a statement, the call of an export, a user or key. Shortened, and without what looks like a secret.
    #[must_use]
    pub fn about(self, subject: &str) -> Self {
        let shown: String = subject.chars().take(STATEMENT_CHARS_MAX).collect();
        Self {
            subject: Some(redacted(&shown)),
            ..self
        }
    }

    /// How it ended, when not as asked.
    #[must_use]
    pub fn ended(self, outcome: Outcome, reason: &str) -> Self {
        let shown: String = reason.chars().take(STATEMENT_CHARS_MAX).collect();
        Self {
            outcome,
            reason: Some(redacted(&shown)),
            ..self
        }
    }

    /// How much it was.
    #[must_use]
    pub fn measured(self, row_count: u64, size_bytes: u64, duration_ms: u64) -> Self {
        Self {
            row_count: Some(row_count),
            size_bytes: Some(size_bytes),
            duration_ms: Some(duration_ms),
            ..self
        }
    }
}

/// Where events go.
pub trait AuditSink: fmt::Debug + Send + Sync {
    /// Keeps an event. It does not fail: a sink that cannot keep one says so in the log and counts it as lost.
    fn record(&self, event: &AuditEvent);
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAudit;

impl AuditSink for NoAudit {
    fn record(&self, _: &AuditEvent) {}
}
