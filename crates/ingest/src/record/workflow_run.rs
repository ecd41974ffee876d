//! `workflow_run`: one state of a run of a workflow (domain specification §2.4).
//!
//! Guarantees: every state has a time, so that the newest can be told.

use crate::code::Reject;
use crate::fields::Fields;
use crate::record::message_id::hash_id;
use crate::record::{Output, Record, RecordType};
use crate::rows::Cell;

/// The values of `status`.
pub(crate) const STATUSES: &[&str] = &["pending", "triggered", "success", "failed", "skipped"];

/// The id of the run of a workflow about a message: `h_` and 32 hexadecimal digits of the SHA-256 of the three ids
/// (domain specification §8.8). One message fires a workflow once, however often it is analysed.
pub fn workflow_run_id(workflow_id: &str, conversation_id: &str, message_id: &str) -> String {
    hash_id(&[workflow_id, conversation_id, message_id])
}

pub(super) const WORKFLOW_RUN: RecordType = RecordType {
    name: "workflow_run",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "run_id",
        "workflow_id",
        "status",
        "occurred_at",
        "updated_at",
        "conversation_id",
        "message_id",
        "error",
    ],
    outputs: &[Output {
        table: "workflow_runs",
        columns: &[
            "chatbot_id",
            "run_id",
            "workflow_id",
            "status",
            "occurred_at",
            "updated_at",
            "conversation_id",
            "message_id",
            "error",
        ],
        part_of_record: false,
    }],
    decode,
};

fn decode(fields: Fields<'_>, record: &mut Record<'_>) -> Result<(), Reject> {
    let chatbot_id = fields.required_id("chatbot_id")?;
    let run_id = fields.required_id("run_id")?;
    let workflow_id = fields.required_id("workflow_id")?;
    let status = fields.required_choice("status", STATUSES)?;
    let occurred_at = fields.required_timestamp("occurred_at")?;
    let updated_at = fields.timestamp("updated_at")?.unwrap_or(occurred_at);
    let conversation_id = fields.id("conversation_id")?;
    let message_id = fields.id("message_id")?;
    let error = fields.text("error", record.warnings);
    let cells = [
        Cell::Text(&chatbot_id),
        Cell::Text(&run_id),
        Cell::Text(&workflow_id),
        Cell::Text(status),
        Cell::Micros(occurred_at),
        Cell::Micros(updated_at),
        Cell::text(&conversation_id),
        Cell::text(&message_id),
        Cell::text(&error),
    ];
    record.append(0, &cells);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_the_same_id_whenever_it_is_asked_for() {
        // sha256(b"w1\x1fc1\x1fm1")
        assert_eq!(
            workflow_run_id("w1", "c1", "m1"),
            "h_1708e0ffd2edf299999d746abd15980a"
        );
        assert_ne!(
            workflow_run_id("w", "1c", "m"),
            workflow_run_id("w1", "c", "m")
        );
    }
}
