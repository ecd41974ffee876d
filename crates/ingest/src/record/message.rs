//! `message`: one message of an inbox platform (domain specification §2.4), and the row that every message becomes.
//!
//! Guarantees: role, direction and visibility follow from sender and privacy as the table of §1.1 says; what is
//! private is never visible, whoever sent it.

use crate::code::Reject;
use crate::fields::{Fields, Text};
use crate::json::Kind;
use crate::record::{Output, Record, RecordType};
use crate::rows::Cell;

/// Bytes of a message's content at the most.
pub(crate) const CONTENT_BYTES_MAX: usize = 1 << 20;

/// How much later than it was received a message may claim to be sent, in µs.
const CLOCK_LEAD_MAX_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// The values of `sender_type`.
pub(crate) const SENDERS: &[&str] = &["customer", "bot", "agent", "broadcast", "system"];

pub(super) const MESSAGE: RecordType = RecordType {
    name: "message",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "conversation_id",
        "message_id",
        "sent_at",
        "sender_type",
        "content",
        "agent_id",
        "broadcast_id",
        "is_private",
    ],
    outputs: &[Output {
        table: "messages",
        columns: COLUMNS,
        part_of_record: false,
    }],
    decode,
};

/// Order of the cells of [`MessageRow`].
pub(super) const COLUMNS: &[&str] = &[
    "chatbot_id",
    "conversation_id",
    "message_id",
    "sent_at",
    "received_at",
    "sender_type",
    "role",
    "direction",
    "is_visible",
    "content",
    "agent_id",
    "broadcast_id",
    "is_private",
];

/// Who sent a message (domain specification §1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sender {
    /// One of [`SENDERS`].
    pub(crate) sender_type: &'static str,
    /// A private note between agents.
    pub(crate) is_private: bool,
}

impl Sender {
    /// `user`, `assistant` or `system`.
    pub(crate) fn role(self) -> &'static str {
        match self.sender_type {
            "customer" => "user",
            "system" => "system",
            _ => "assistant",
        }
    }

    /// `inbound`, `outbound` or `internal`.
    pub(crate) fn direction(self) -> &'static str {
        match self.sender_type {
            "customer" => "inbound",
            "system" => "internal",
            _ if self.is_private => "internal",
            _ => "outbound",
        }
    }

    /// Whether the message takes part in conversation activity.
    pub(crate) fn is_visible(self) -> bool {
        matches!(self.sender_type, "customer" | "bot" | "agent") && !self.is_private
    }
}

/// A row of `messages`.
pub(super) struct MessageRow<'a> {
    pub(super) message_id: Text<'a>,
    pub(super) sent_at: i64,
    pub(super) received_at: i64,
    pub(super) sender: Sender,
    pub(super) content: Text<'a>,
    pub(super) agent_id: Option<Text<'a>>,
    pub(super) broadcast_id: Option<Text<'a>>,
}

impl MessageRow<'_> {
    /// Appends the row to an output whose columns are [`COLUMNS`].
    pub(super) fn append(
        &self,
        record: &mut Record<'_>,
        output: usize,
        chatbot_id: &str,
        conversation_id: &str,
    ) {
        let cells = [
            Cell::Text(chatbot_id),
            Cell::Text(conversation_id),
            Cell::Text(&self.message_id),
            Cell::Micros(self.sent_at),
            Cell::Micros(self.received_at),
            Cell::Text(self.sender.sender_type),
            Cell::Text(self.sender.role()),
            Cell::Text(self.sender.direction()),
            Cell::Boolean(self.sender.is_visible()),
            Cell::Text(&self.content),
            Cell::text(&self.agent_id),
            Cell::text(&self.broadcast_id),
            Cell::Boolean(self.sender.is_private),
        ];
        record.append(output, &cells);
    }
}

/// The content of a message: text, which may be empty.
pub(super) fn content(fields: Fields<'_>) -> Result<Text<'_>, Reject> {
    let Some(value) = fields.said("content") else {
        return Err(Reject::of("missing_field", "content"));
    };
    let text = value
        .text()
        .ok_or_else(|| Reject::of("bad_value", "content"))?;
    if text.len() > CONTENT_BYTES_MAX {
        return Err(Reject::of("too_large", "content"));
    }
    Ok(text)
}

/// The latest time that a message received at `received_at` may carry, both in µs.
pub(super) fn latest_sent_at(received_at: i64) -> i64 {
    received_at.saturating_add(CLOCK_LEAD_MAX_MICROS)
}

fn decode(fields: Fields<'_>, record: &mut Record<'_>) -> Result<(), Reject> {
    let chatbot_id = fields.required_id("chatbot_id")?;
    let conversation_id = fields.required_id("conversation_id")?;
    let message_id = fields.required_id("message_id")?;
    let received_at = fields.timestamp("received_at")?;
    // Without a time of arrival of its own the record is a bulk record, for which the upper bound is off (§2.2).
    let sent_at = fields.timestamp_until("sent_at", received_at.map(latest_sent_at))?;
    let sent_at = sent_at.ok_or_else(|| Reject::of("missing_field", "sent_at"))?;
    let sender_type = fields.required_choice("sender_type", SENDERS)?;
    let agent_id = match sender_type {
        "agent" => Some(fields.required_id("agent_id")?),
        _ => fields.id("agent_id")?,
    };
    let broadcast_id = fields.id("broadcast_id")?;
    let is_private = match fields.get("is_private").map(|value| value.kind()) {
        None | Some(Kind::False) => false,
        Some(Kind::True) => true,
        Some(_) => return Err(Reject::of("bad_value", "is_private")),
    };
    let row = MessageRow {
        message_id,
        sent_at,
        received_at: received_at.unwrap_or(record.received_at),
        sender: Sender {
            sender_type,
            is_private,
        },
        content: content(fields)?,
        agent_id,
        broadcast_id,
    };
    row.append(record, 0, &chatbot_id, &conversation_id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_direction_and_visibility_follow_the_table_of_the_specification() {
        for (sender_type, is_private, role, direction, is_visible) in [
            ("customer", false, "user", "inbound", true),
            ("bot", false, "assistant", "outbound", true),
            ("agent", false, "assistant", "outbound", true),
            ("agent", true, "assistant", "internal", false),
            ("broadcast", false, "assistant", "outbound", false),
            ("bot", true, "assistant", "internal", false),
            ("customer", true, "user", "inbound", false),
            ("system", false, "system", "internal", false),
        ] {
            let sender = Sender {
                sender_type,
                is_private,
            };
            assert_eq!(
                (sender.role(), sender.direction(), sender.is_visible()),
                (role, direction, is_visible)
            );
        }
    }
}
