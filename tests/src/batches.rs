//! Batches of records that show at a glance whether they are there whole: all tables at once, several chatbots and days.
//!
//! Guarantees: batch `n` has the same records whenever it is made, and no record of another batch.

use std::fmt::Write;

/// Messages of a batch.
pub const MESSAGE_COUNT: u64 = 24;
/// Annotations of a batch.
pub const ANNOTATION_COUNT: u64 = 8;
/// Flow registrations of a batch.
pub const FLOW_COUNT: u64 = 1;

/// Stored tables that a batch touches, with the rows it adds to each.
pub const ROWS_BY_TABLE: [(&str, u64); 3] = [
    ("annotations", ANNOTATION_COUNT),
    ("flows", FLOW_COUNT),
    ("messages", MESSAGE_COUNT),
];

/// The NDJSON of batch `number`: messages for two chatbots on three days, annotations, and a flow.
pub fn ndjson(number: u64) -> String {
    let mut text = String::new();
    for index in 0..MESSAGE_COUNT {
        let (chatbot, day) = (index % 2, 1 + index % 3);
        writeln!(
            text,
            r#"{{"type":"message","chatbot_id":"b{chatbot}","conversation_id":"batch-{number}","message_id":"m{index}","sent_at":"2026-03-0{day}T10:00:00Z","sender_type":"customer","content":"message {index} of batch {number}"}}"#
        )
        .expect("a string takes text");
    }
    for index in 0..ANNOTATION_COUNT {
        writeln!(
            text,
            r#"{{"type":"annotation","chatbot_id":"b{}","conversation_id":"batch-{number}","message_id":"m{index}","annotated_at":"2026-03-04T10:00:00Z","sentiment":{{"score":0.5}}}}"#,
            index % 2
        )
        .expect("a string takes text");
    }
    writeln!(
        text,
        r#"{{"type":"flow","chatbot_id":"b0","flow_id":"flow-of-batch-{number}","name":"Flow"}}"#
    )
    .expect("a string takes text");
    text
}
