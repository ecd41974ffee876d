//! `conversation`: metadata of a conversation without messages (domain specification §2.4).
//!
//! Guarantees: it becomes exactly one metadata version.

use crate::code::Reject;
use crate::fields::Fields;
use crate::record::{Output, Record, RecordType, conversation_meta};

pub(super) const CONVERSATION: RecordType = RecordType {
    name: "conversation",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "conversation_id",
        "user",
        "organization",
        "session",
        "inbox_id",
        "channel",
        "custom",
        "updated_at",
    ],
    outputs: &[Output {
        table: "conversation_meta",
        columns: conversation_meta::COLUMNS,
        part_of_record: false,
    }],
    decode,
};

fn decode(fields: Fields<'_>, record: &mut Record<'_>) -> Result<(), Reject> {
    let chatbot_id = fields.required_id("chatbot_id")?;
    let conversation_id = fields.required_id("conversation_id")?;
    let received_at = fields
        .timestamp("received_at")?
        .unwrap_or(record.received_at);
    let version = conversation_meta::Version {
        chatbot_id: &chatbot_id,
        conversation_id: &conversation_id,
        version_at: fields.timestamp("updated_at")?.unwrap_or(received_at),
        received_at,
        inbox_field: "inbox_id",
    };
    conversation_meta::append(fields, &version, record)
}
