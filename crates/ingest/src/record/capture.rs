//! `capture`: one call of the SDK, which becomes one metadata version and its messages (domain specification §2.4).
//!
//! Guarantees: the metadata row comes before the messages, the messages in their order; one bad message rejects the
//! whole call.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::code::{Code, Reject};
use crate::fields::{Fields, Text};
use crate::json::Value;
use crate::record::message::{self, MessageRow, Sender};
use crate::record::message_id::{hash_id, hashed_instant, random_id};
use crate::record::{Output, Record, RecordType, conversation_meta};

/// Messages of one call at the most.
const MESSAGES_MAX: usize = 100;

/// Place of the messages among the outputs.
const MESSAGES: usize = 1;

pub(super) const CAPTURE: RecordType = RecordType {
    name: "capture",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "metadataAt",
        "conversationId",
        "inboxId",
        "channel",
        "user",
        "organization",
        "session",
        "custom",
        "headers",
        "messages",
        "merge",
        "batchId",
    ],
    outputs: &[
        Output {
            table: "conversation_meta",
            columns: conversation_meta::COLUMNS,
            part_of_record: false,
        },
        Output {
            table: "messages",
            columns: message::COLUMNS,
            part_of_record: true,
        },
    ],
    decode,
};

const ROLES: &[&str] = &["user", "assistant", "system"];

fn decode(fields: Fields<'_>, record: &mut Record<'_>) -> Result<(), Reject> {
    let chatbot_id = fields.required_id("chatbot_id")?;
    let conversation_id = fields.required_id("conversationId")?;
    let received_at = fields
        .timestamp("received_at")?
        .unwrap_or(record.received_at);
    let items = fields.get("messages").and_then(Value::items);
    let items = items.ok_or_else(|| Reject::of("missing_field", "messages"))?;
    match items.clone().take(MESSAGES_MAX + 1).count() {
        0 => return Err(Reject::of("missing_field", "messages")),
        count if count > MESSAGES_MAX => return Err(Code::TOO_MANY_MESSAGES.into()),
        _ => {}
    }
    let mut call = Call::new(fields, &conversation_id, received_at);
    let messages = items
        .map(|item| call.message(item, record))
        .collect::<Result<Vec<_>, _>>()?;
    let version_at = fields
        .timestamp("metadataAt")?
        .or(call.latest_sent_at)
        .unwrap_or(received_at);
    let version = conversation_meta::Version {
        chatbot_id: &chatbot_id,
        conversation_id: &conversation_id,
        version_at,
        received_at,
        inbox_field: "inboxId",
    };
    conversation_meta::append(fields, &version, record)?;
    for message in messages {
        message.append(record, MESSAGES, &chatbot_id, &conversation_id);
    }
    Ok(())
}

/// What the messages of one call share.
struct Call<'a> {
    conversation_id: &'a str,
    received_at: i64,
    /// The whole transcript is sent again at every turn.
    is_merge: bool,
    /// Idempotency key of the call.
    batch_id: Option<Text<'a>>,
    /// Messages so far.
    count: usize,
    /// Times that a message without id and time was seen, by role and content.
    occurrences: HashMap<(&'static str, Text<'a>), u32>,
    /// The latest time that a message gave.
    latest_sent_at: Option<i64>,
}

impl<'a> Call<'a> {
    fn new(fields: Fields<'a>, conversation_id: &'a str, received_at: i64) -> Self {
        let batch_id = fields.get("batchId").filter(|value| value.is_truthy());
        Self {
            conversation_id,
            received_at,
            is_merge: fields.get("merge").is_some_and(Value::is_truthy),
            batch_id: batch_id
                .map(|value| value.text().unwrap_or_else(|| Cow::Borrowed(value.raw()))),
            count: 0,
            occurrences: HashMap::new(),
            latest_sent_at: None,
        }
    }

    fn message(
        &mut self,
        item: Value<'a>,
        record: &mut Record<'_>,
    ) -> Result<MessageRow<'a>, Reject> {
        let object = item
            .object()
            .ok_or_else(|| Reject::of("bad_value", "messages"))?;
        Fields::new(object, "messages[].")
            .warn_unknown(&["id", "role", "content", "sentAt"], record.warnings);
        let fields = Fields::new(object, "");
        let role = fields.required_choice("role", ROLES)?;
        let sent_at =
            fields.timestamp_until("sentAt", Some(message::latest_sent_at(self.received_at)))?;
        let id = fields.id("id")?;
        let content = message::content(fields)?;
        self.latest_sent_at = self.latest_sent_at.max(sent_at);
        let message_id = match id {
            Some(id) => id,
            None => Cow::Owned(self.missing_id(role, sent_at, &content, record)),
        };
        self.count += 1;
        let sender_type = match role {
            "user" => "customer",
            "assistant" => "bot",
            _ => "system",
        };
        Ok(MessageRow {
            message_id,
            sent_at: sent_at.unwrap_or(self.received_at),
            received_at: self.received_at,
            sender: Sender {
                sender_type,
                is_private: false,
            },
            content,
            agent_id: None,
            broadcast_id: None,
        })
    }

    /// The id of a message that came without one (§2.5).
    fn missing_id(
        &mut self,
        role: &'static str,
        sent_at: Option<i64>,
        content: &Text<'a>,
        record: &mut Record<'_>,
    ) -> String {
        if let Some(sent_at) = sent_at {
            return hash_id(&[
                self.conversation_id,
                role,
                &hashed_instant(sent_at),
                content,
            ]);
        }
        if self.is_merge {
            let occurrence = self.occurrences.entry((role, content.clone())).or_default();
            *occurrence += 1;
            return hash_id(&[self.conversation_id, role, content, &occurrence.to_string()]);
        }
        if let Some(batch_id) = &self.batch_id {
            return hash_id(&[self.conversation_id, batch_id, &self.count.to_string()]);
        }
        record.warnings.push(Code::NO_MESSAGE_ID);
        random_id(record.received_at)
    }
}
