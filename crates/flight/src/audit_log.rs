//! The audit log file as the engine sees it: what it is told goes into the file, `system.audit` is read out of it.
//!
//! Guarantees: logins and statements are in one log, in the order in which they ended.

use std::sync::Arc;

use chatlake::{AuditRow, AuditTrail, AuditedAction, AuditedOutcome, AuditedStatement};
use chatlake_auth::{AuditAction, AuditEvent, AuditFile, AuditSink, Outcome};

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct AuditLog {
    file: Arc<AuditFile>,
}

impl AuditLog {
    /// The log in a file, which may also be that of an authenticator.
    pub fn new(file: Arc<AuditFile>) -> Self {
        Self { file }
    }
}

impl AuditTrail for AuditLog {
    fn record(&self, statement: &AuditedStatement) {
        let action = match statement.action {
            AuditedAction::Query => AuditAction::Query,
            AuditedAction::Export => AuditAction::Export,
            AuditedAction::Ingest => AuditAction::Ingest,
            AuditedAction::Kill => AuditAction::Kill,
        };
        let outcome = match statement.outcome {
            AuditedOutcome::Done => Outcome::Done,
            AuditedOutcome::Failed => Outcome::Failed,
            AuditedOutcome::Refused => Outcome::Refused,
            AuditedOutcome::Cancelled => Outcome::Cancelled,
        };
        let event = AuditEvent::new(statement.at_micros, action)
            .by_subject(statement.user.as_deref().unwrap_or_default())
            .coming_from(statement.peer)
            .about(&statement.text)
            .measured(
                statement.row_count,
                statement.size_bytes,
                statement.duration_ms,
            );
        let reason = statement.error_code.map(|code| code.as_str());
        self.file.record(&match (outcome, reason) {
            (Outcome::Done, _) => event,
            (outcome, reason) => event.ended(outcome, reason.unwrap_or_default()),
        });
    }

    fn newest(&self, count_max: usize, user: Option<&str>) -> Result<Vec<AuditRow>, String> {
        let is_theirs = |event: &AuditEvent| {
            user.is_none_or(|user| event.by_whom().is_some_and(|whom| whom == user))
        };
        let events = self.file.newest_of(count_max, is_theirs);
        let events = events.map_err(|error| error.to_string())?;
        Ok(events.into_iter().map(row).collect())
    }
}

fn row(event: AuditEvent) -> AuditRow {
    AuditRow {
        at_micros: event.at_micros(),
        action: event.action.as_str().to_owned(),
        outcome: event.outcome.as_str().to_owned(),
        user: event.by_whom(),
        role: event.role,
        peer: event.peer.map(|peer| peer.to_string()),
        subject: event.subject,
        reason: event.reason.filter(|reason| !reason.is_empty()),
        row_count: event.row_count,
        size_bytes: event.size_bytes,
        duration_ms: event.duration_ms,
    }
}
