//! `flow_trigger`: a chat flow that was started (domain specification §2.4).
//!
//! Guarantees: it becomes exactly one row.

use crate::code::Reject;
use crate::fields::Fields;
use crate::record::{Output, Record, RecordType};
use crate::rows::Cell;

pub(super) const FLOW_TRIGGER: RecordType = RecordType {
    name: "flow_trigger",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "trigger_id",
        "flow_id",
        "conversation_id",
        "triggered_at",
    ],
    outputs: &[Output {
        table: "flow_triggers",
        columns: &[
            "chatbot_id",
            "trigger_id",
            "flow_id",
            "conversation_id",
            "triggered_at",
        ],
        part_of_record: false,
    }],
    decode,
};

fn decode(fields: Fields<'_>, record: &mut Record<'_>) -> Result<(), Reject> {
    let chatbot_id = fields.required_id("chatbot_id")?;
    let trigger_id = fields.required_id("trigger_id")?;
    let flow_id = fields.required_id("flow_id")?;
    let conversation_id = fields.id("conversation_id")?;
    let triggered_at = fields.required_timestamp("triggered_at")?;
    let cells = [
        Cell::Text(&chatbot_id),
        Cell::Text(&trigger_id),
        Cell::Text(&flow_id),
        Cell::text(&conversation_id),
        Cell::Micros(triggered_at),
    ];
    record.append(0, &cells);
    Ok(())
}
