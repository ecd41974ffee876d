//! NDJSON in the ingest format (specification §2.4): captures with their annotations and events.
//!
//! Guarantees: exactly as many records as asked for (one per line) unless the shape has fewer.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::conversations::{Conversation, Conversations, Message, Sender, Shape};
use crate::{Error, Result};

const PLANS: [&str; 4] = ["free", "starter", "pro", "enterprise"];
const INTENTS: [&str; 6] = [
    "billing",
    "support",
    "sales",
    "cancel",
    "technical",
    "feedback",
];
const TOPICS: [&str; 6] = ["invoice", "refund", "login", "export", "price", "delivery"];

/// µs since 1970-01-01T00:00:00Z as epoch milliseconds, one of the two forms that ingest takes.
fn millis(micros: i64) -> i64 {
    micros / 1_000
}

fn capture(conversation: &Conversation) -> Value {
    let from_sdk = |message: &&Message| {
        matches!(
            message.sender,
            Sender::Customer | Sender::Bot | Sender::System
        )
    };
    let messages: Vec<Value> = conversation
        .messages
        .iter()
        .filter(from_sdk)
        .map(|message| {
            json!({"id": message.id, "role": message.sender.role(), "content": message.content,
                   "sentAt": millis(message.sent_at_micros)})
        })
        .collect();
    let number = conversation.user.unwrap_or_default();
    let user = conversation.user.map(|number| {
        json!({"id": format!("u_{number}"), "name": format!("User {number}"), "email": format!("user{number}@corp.example"),
               "plan": PLANS[number as usize % PLANS.len()], "industry": "saas", "mrr": number % 5_000})
    });
    let organization = json!({"id": format!("org_{}", number % 97), "name": format!("Organization {}", number % 97),
        "plan": "pro", "mrr": 100 + number % 97 * 50});
    json!({
        "type": "capture", "chatbot_id": conversation.chatbot_id(), "conversationId": conversation.id,
        "inboxId": "inb_web", "channel": "web", "user": user, "organization": organization,
        "session": {"id": format!("s_{}", conversation.id), "pageUrl": "https://app.example/billing", "device": "desktop", "country": "US"},
        "messages": messages,
    })
}

fn annotation(conversation: &Conversation, message: &Message, score_milli: i32) -> Value {
    let pick = message.sent_at_micros.unsigned_abs() as usize / 1_000;
    let flags: &[&str] = if score_milli < -500 {
        &["frustrated_user"]
    } else {
        &[]
    };
    json!({
        "type": "annotation", "chatbot_id": conversation.chatbot_id(), "conversation_id": conversation.id,
        "message_id": message.id, "annotated_at": millis(message.sent_at_micros) + 60_000,
        "sentiment": {"score": f64::from(score_milli) / 1_000.0}, "behavior_flags": flags,
        "intent": INTENTS[pick % INTENTS.len()], "topics": [TOPICS[pick % TOPICS.len()]],
    })
}

fn event(conversation: &Conversation, event: &str, at_micros: i64, agent: Option<u32>) -> Value {
    json!({
        "type": "conversation_event", "chatbot_id": conversation.chatbot_id(), "conversation_id": conversation.id,
        "event_id": format!("e_{}_{event}", conversation.id), "event": event, "occurred_at": millis(at_micros),
        "actor": "system", "agent_id": agent.map(|number| format!("ag_{number:02}")),
    })
}

/// All records of one conversation, in the order in which they would arrive.
fn records(conversation: &Conversation) -> Vec<Value> {
    let mut records = vec![capture(conversation)];
    let scored = conversation
        .messages
        .iter()
        .filter_map(|message| Some((message, message.score_milli?)));
    records.extend(
        scored.map(|(message, score_milli)| annotation(conversation, message, score_milli)),
    );
    if let Some((agent, at_micros)) = conversation.handed_over {
        records.push(event(conversation, "assigned", at_micros, Some(agent)));
    }
    if let Some(at_micros) = conversation.resolved_at_micros {
        records.push(event(conversation, "resolved", at_micros, None));
    }
    records
}

/// Writes at most `record_count` records of `shape` into the file; returns how many, and how many messages they hold.
///
/// # Errors
/// When the file cannot be written.
pub fn write_records(shape: Shape, record_count: u64, path: &Path) -> Result<(u64, u64)> {
    let writing = || format!("write `{}`", path.display());
    let mut file = BufWriter::new(File::create(path).map_err(Error::io(writing()))?);
    let (mut written, mut message_count) = (0, 0);
    'all: for conversation in Conversations::new(shape) {
        for record in records(&conversation) {
            if written == record_count {
                break 'all;
            }
            message_count += record["messages"]
                .as_array()
                .map_or(0, |messages| messages.len() as u64);
            serde_json::to_writer(&mut file, &record)?;
            file.write_all(b"\n").map_err(Error::io(writing()))?;
            written += 1;
        }
    }
    file.flush().map_err(Error::io(writing()))?;
    Ok((written, message_count))
}
