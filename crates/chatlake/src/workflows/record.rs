//! Runs, and how their states are written down: as `workflow_run` records, one load for all that change together.
//!
//! Guarantees: each version of a run is later than the one before, whatever the clock says; every version names the
//! workflow, the conversation and the message.

use std::io::Cursor;

use chatlake_ingest::{Format, IngestOptions, Source, workflow_run_id};
use chrono::{DateTime, SecondsFormat};
use serde_json::json;

use crate::database::Chatlake;
use crate::{Error, Result};

/// Characters of the reasons of a failed run that are kept.
const ERROR_CHARS_MAX: usize = 4_000;

/// A workflow about a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    /// See [`workflow_run_id`].
    pub(super) run_id: String,
    /// The workflow.
    pub(super) workflow_id: String,
    /// The conversation of the message.
    pub(super) conversation_id: String,
    /// The message.
    pub(super) message_id: String,
    /// When it began and when its last version was written, in µs since 1970-01-01T00:00:00Z; none before the first.
    pub(super) written: Option<Written>,
    /// How far it is.
    pub(super) outcome: Outcome,
}

/// When a run was written down, in µs since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// When it began.
    pub(super) occurred_at_micros: i64,
    /// Time of the last version.
    pub(super) updated_at_micros: i64,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Matched.
    Pending,
    /// Actions are given to the host.
    Triggered,
    /// All actions are done.
    Success,
    /// An action failed to the last; why.
    Failed(String),
    /// There was nothing to do.
    Skipped,
}

impl Outcome {
    fn status(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Triggered => "triggered",
            Self::Success => "success",
            Self::Failed(_) => "failed",
            Self::Skipped => "skipped",
        }
    }

    fn error(&self) -> Option<String> {
        match self {
            Self::Failed(reasons) => Some(reasons.chars().take(ERROR_CHARS_MAX).collect()),
            _ => None,
        }
    }
}

impl Run {
    /// A run that was never written down.
    pub(super) fn new(workflow_id: &str, conversation_id: String, message_id: String) -> Self {
        Self {
            run_id: workflow_run_id(workflow_id, &conversation_id, &message_id),
            workflow_id: workflow_id.to_owned(),
            conversation_id,
            message_id,
            written: None,
            outcome: Outcome::Pending,
        }
    }

    /// The times of its next version.
    fn next_version(&self, now_micros: i64) -> Written {
        match self.written {
            None => Written {
                occurred_at_micros: now_micros,
                updated_at_micros: now_micros,
            },
            Some(last) => Written {
                updated_at_micros: now_micros.max(last.updated_at_micros + 1),
                ..last
            },
        }
    }
}

/// Writes down how far the runs are.
pub(super) async fn record(
    database: &Chatlake,
    chatbot_id: &str,
    runs: &mut [&mut Run],
) -> Result<()> {
    if runs.is_empty() {
        return Ok(());
    }
    let now_micros = database.clock().now_micros();
    let mut lines = Vec::new();
    for run in runs.iter_mut() {
        let version = run.next_version(now_micros);
        let line = json!({
            "type": "workflow_run",
            "chatbot_id": chatbot_id,
            "run_id": run.run_id,
            "workflow_id": run.workflow_id,
            "status": run.outcome.status(),
            "occurred_at": instant(version.occurred_at_micros),
            "updated_at": instant(version.updated_at_micros),
            "conversation_id": run.conversation_id,
            "message_id": run.message_id,
            "error": run.outcome.error(),
        });
        lines.extend_from_slice(line.to_string().as_bytes());
        lines.push(b'\n');
        run.written = Some(version);
    }
    let source = Source::Reader(Box::new(Cursor::new(lines)));
    let options = IngestOptions::new(Format::Ndjson, now_micros);
    let report = database.ingest(source, options).await?;
    match report.rejects.first.first() {
        None => Ok(()),
        Some(reject) => Err(Error::Internal(format!(
            "the record of a workflow run was rejected: {}",
            reject.code
        ))),
    }
}

/// RFC 3339 with µs.
fn instant(micros: i64) -> Option<String> {
    let instant = DateTime::from_timestamp_micros(micros)?;
    Some(instant.to_rfc3339_opts(SecondsFormat::Micros, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_follow_each_other_also_when_the_clock_stands_or_goes_back() {
        let mut run = Run::new("w", "c".to_owned(), "m".to_owned());
        let mut versions = Vec::new();
        for now in [100, 100, 50, 200] {
            let version = run.next_version(now);
            versions.push((version.occurred_at_micros, version.updated_at_micros));
            run.written = Some(version);
        }
        assert_eq!(versions, [(100, 100), (100, 101), (100, 102), (100, 200)]);
    }

    #[test]
    fn an_instant_keeps_its_microseconds() {
        assert_eq!(
            instant(1_773_331_200_000_001).as_deref(),
            Some("2026-03-12T16:00:00.000001Z")
        );
    }

    #[test]
    fn only_a_failed_run_has_an_error_and_it_is_bounded() {
        assert_eq!(Outcome::Success.error(), None);
        let long = Outcome::Failed("ä".repeat(ERROR_CHARS_MAX + 1)).error();
        assert_eq!(long.map(|text| text.chars().count()), Some(ERROR_CHARS_MAX));
    }
}
