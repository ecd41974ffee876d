//! `ai_tool_use`: one use of a writing aid by an agent (domain specification §2.4).
//!
//! Guarantees: the two texts are kept as they came, blanks included; a missing final text means "never sent".

use crate::code::Reject;
use crate::fields::{Fields, Text};
use crate::json::Value;
use crate::record::{Output, Record, RecordType};
use crate::rows::Cell;

/// The values of `tool`.
pub(crate) const TOOLS: &[&str] = &["ai_writer", "doc_reply"];

pub(super) const AI_TOOL_USE: RecordType = RecordType {
    name: "ai_tool_use",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "use_id",
        "tool",
        "used_at",
        "agent_id",
        "conversation_id",
        "suggested_text",
        "final_text",
        "translation_used",
    ],
    outputs: &[Output {
        table: "ai_tool_uses",
        columns: &[
            "chatbot_id",
            "use_id",
            "tool",
            "used_at",
            "agent_id",
            "conversation_id",
            "suggested_text",
            "final_text",
            "translation_used",
        ],
        part_of_record: false,
    }],
    decode,
};

fn decode(fields: Fields<'_>, record: &mut Record<'_>) -> Result<(), Reject> {
    let chatbot_id = fields.required_id("chatbot_id")?;
    let use_id = fields.required_id("use_id")?;
    let tool = fields.required_choice("tool", TOOLS)?;
    let used_at = fields.required_timestamp("used_at")?;
    let suggested_text = exact_text(fields, "suggested_text")?;
    let final_text = exact_text(fields, "final_text")?;
    let agent_id = fields.id("agent_id")?;
    let conversation_id = fields.id("conversation_id")?;
    let cells = [
        Cell::Text(&chatbot_id),
        Cell::Text(&use_id),
        Cell::Text(tool),
        Cell::Micros(used_at),
        Cell::text(&agent_id),
        Cell::text(&conversation_id),
        Cell::text(&suggested_text),
        Cell::text(&final_text),
        Cell::Boolean(fields.get("translation_used").is_some_and(Value::is_truthy)),
    ];
    record.append(0, &cells);
    Ok(())
}

/// A string as it is.
fn exact_text<'a>(fields: Fields<'a>, name: &str) -> Result<Option<Text<'a>>, Reject> {
    match fields.said(name) {
        None => Ok(None),
        Some(value) => value
            .text()
            .map(Some)
            .ok_or_else(|| Reject::of("bad_value", name)),
    }
}
