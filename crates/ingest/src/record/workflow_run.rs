//! `workflow_run`: one state of a run of a workflow (domain specification §2.4).
//!
//! Guarantees: every state has a time, so that the newest can be told.

use crate::code::Reject;
use crate::fields::Fields;
use crate::record::{Output, Record, RecordType};
use crate::rows::Cell;

/// The values of `status`.
pub(crate) const STATUSES: &[&str] = &["pending", "triggered", "success", "failed", "skipped"];

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
