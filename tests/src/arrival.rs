//! The same records in other orders of arrival.
//!
//! Guarantees: every order is the same whenever it is asked for, and records for which the arrival counts keep their order:
//! those that claim one key (first write wins, last write wins) and those that claim one moment (equal versions, equal times).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What records claim, by their type: the values of these fields together, inside the tenant. A type may have several.
const CLAIMS: &[(&str, &[&str])] = &[
    ("account", &[]),
    ("agent", &["agent_id"]),
    ("ai_tool_use", &["use_id"]),
    ("annotation", &["conversation_id", "annotated_at"]),
    ("broadcast", &["broadcast_id"]),
    ("chatbot", &[]),
    ("conversation_event", &["conversation_id", "event_id"]),
    ("conversation_event", &["conversation_id", "occurred_at"]),
    ("credit_entry", &["entry_id"]),
    ("flow", &["flow_id"]),
    ("flow_trigger", &["trigger_id"]),
    ("inbox", &["inbox_id"]),
    ("message", &["conversation_id", "message_id"]),
    ("message", &["conversation_id", "sent_at"]),
    ("team", &["team_id"]),
    ("team_member", &["team_id", "agent_id"]),
    ("workflow", &["workflow_id"]),
    ("workflow_run", &["run_id", "updated_at"]),
];

/// In which order records arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last first.
    Reversed,
    /// Shuffled, one order per seed.
    Shuffled(u64),
    /// As they are written.
    Written,
}

/// Numbers of the lines in the given order, those in conflict in their own.
pub fn arranged(lines: &[&str], order: Order) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..lines.len()).collect();
    match order {
        Order::Reversed => numbers.reverse(),
        Order::Shuffled(seed) => Random(seed).shuffle(&mut numbers),
        Order::Written => return numbers,
    }
    let groups = conflicts(lines);
    // settle group after group until no group is out of order: groups may share lines
    loop {
        let before = numbers.clone();
        for group in &groups {
            let places: Vec<usize> = (0..numbers.len())
                .filter(|place| group.contains(&numbers[*place]))
                .collect();
            for (place, number) in places.into_iter().zip(group) {
                numbers[place] = *number;
            }
        }
        if numbers == before {
            return numbers;
        }
    }
}

/// Numbers of lines that must keep their order, as groups of at least two.
pub fn conflicts(lines: &[&str]) -> Vec<BTreeSet<usize>> {
    let mut claimed: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (number, line) in lines.iter().enumerate() {
        let record: Value = serde_json::from_str(line).expect("a record is JSON");
        for claim in claims(&record) {
            claimed.entry(claim).or_default().insert(number);
        }
    }
    claimed
        .into_values()
        .filter(|group| group.len() > 1)
        .collect()
}

/// The keys and moments that a record claims and that another record might claim too.
fn claims(record: &Value) -> Vec<String> {
    match record["type"].as_str().expect("a record has a type") {
        "capture" => capture_claims(record),
        "conversation" | "user_profile" => {
            let given = &record["updated_at"];
            let moment = if given.is_null() {
                &record["received_at"]
            } else {
                given
            };
            vec![version_claim(record, moment)]
        }
        kind => {
            let lines = CLAIMS.iter().filter(|(name, _)| *name == kind);
            let found: Vec<String> = lines
                .map(|(_, fields)| {
                    let values: Vec<&Value> = fields.iter().map(|field| &record[*field]).collect();
                    claim(kind, record, &values)
                })
                .collect();
            assert!(!found.is_empty(), "no claim is known for records `{kind}`");
            found
        }
    }
}

/// A capture is a version of metadata and some messages.
fn capture_claims(record: &Value) -> Vec<String> {
    let messages = record["messages"].as_array();
    let messages = messages.expect("a capture has messages");
    let conversation = &record["conversationId"];
    let mut found = Vec::new();
    for message in messages {
        for field in ["id", "sentAt"] {
            found.push(claim("message", record, &[conversation, &message[field]]));
        }
    }
    let sent = messages
        .iter()
        .filter_map(|message| message["sentAt"].as_str());
    let newest = sent.max().map(Value::from);
    let moment = newest.as_ref().unwrap_or(&record["received_at"]);
    found.push(version_claim(record, moment));
    found
}

/// Versions of one chatbot are compared over all its conversations, because a user may be in several.
fn version_claim(record: &Value, moment: &Value) -> String {
    claim("version", record, &[moment])
}

fn claim(kind: &str, record: &Value, values: &[&Value]) -> String {
    let values: String = values.iter().map(|value| format!(" {value}")).collect();
    format!(
        "{kind} {} {}{values}",
        record["account_id"], record["chatbot_id"]
    )
}

/// xorshift64*: a fixed sequence for a fixed seed, so a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("31 bits fit") % limit
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: [&str; 4] = [
        r#"{"type":"capture","chatbot_id":"b","conversationId":"c","messages":[{"id":"m","sentAt":"2026-03-01T10:00:00Z"}]}"#,
        r#"{"type":"message","chatbot_id":"b","conversation_id":"c","message_id":"m","sent_at":"2026-03-02T10:00:00Z"}"#,
        r#"{"type":"message","chatbot_id":"b","conversation_id":"d","message_id":"m","sent_at":"2026-03-02T10:00:00Z"}"#,
        r#"{"type":"conversation","chatbot_id":"b","conversation_id":"d","updated_at":"2026-03-01T10:00:00Z"}"#,
    ];

    #[test]
    fn records_that_claim_one_key_or_one_moment_are_in_conflict() {
        let found: BTreeSet<_> = conflicts(&RETRY).into_iter().collect();
        assert_eq!(
            found,
            BTreeSet::from([BTreeSet::from([0, 1]), BTreeSet::from([0, 3])])
        );
    }

    #[test]
    fn records_in_conflict_keep_their_order() {
        for order in (0..50).map(Order::Shuffled).chain([Order::Reversed]) {
            let numbers = arranged(&RETRY, order);
            let place = |number| numbers.iter().position(|each| *each == number).unwrap();
            assert!(place(0) < place(1) && place(0) < place(3), "{order:?}");
        }
        // the one that conflicts with none is before the one that it followed
        let reversed = arranged(&RETRY, Order::Reversed);
        let place = |number| reversed.iter().position(|each| *each == number).unwrap();
        assert!(place(2) < place(1));
        assert_eq!(arranged(&RETRY, Order::Written), [0, 1, 2, 3]);
    }
}
