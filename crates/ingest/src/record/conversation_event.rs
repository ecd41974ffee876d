//! `conversation_event`: a step in the life of a conversation (domain specification §2.4).
//!
//! Guarantees: an assignment names an agent or a team; an event without an id gets one that a retry gets too.

use std::borrow::Cow;

use crate::code::Reject;
use crate::fields::Fields;
use crate::record::message_id::{hash_id, hashed_instant};
use crate::record::{Output, Record, RecordType};
use crate::rows::Cell;

/// The values of `event`.
pub(crate) const EVENTS: &[&str] = &["opened", "assigned", "unassigned", "resolved", "reopened"];

/// The values of `actor`.
pub(crate) const ACTORS: &[&str] = &["customer", "agent", "bot", "system"];

pub(super) const CONVERSATION_EVENT: RecordType = RecordType {
    name: "conversation_event",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "conversation_id",
        "event",
        "occurred_at",
        "actor",
        "agent_id",
        "team_id",
        "event_id",
    ],
    outputs: &[Output {
        table: "conversation_events",
        columns: &[
            "chatbot_id",
            "conversation_id",
            "event_id",
            "event",
            "occurred_at",
            "actor",
            "agent_id",
            "team_id",
        ],
        part_of_record: false,
    }],
    decode,
};

/// The id of an event that came without one: a hash of all that it says (§2.4).
pub(crate) fn event_id(
    conversation_id: &str,
    event: &str,
    occurred_at: i64,
    agent_id: Option<&str>,
    team_id: Option<&str>,
) -> String {
    let (agent_id, team_id) = (agent_id.unwrap_or_default(), team_id.unwrap_or_default());
    hash_id(&[
        conversation_id,
        event,
        &hashed_instant(occurred_at),
        agent_id,
        team_id,
    ])
}

/// Who acts when the event does not say so.
pub(crate) fn default_actor(event: &str) -> Option<&'static str> {
    (event == "opened").then_some("customer")
}

fn decode(fields: Fields<'_>, record: &mut Record<'_>) -> Result<(), Reject> {
    let chatbot_id = fields.required_id("chatbot_id")?;
    let conversation_id = fields.required_id("conversation_id")?;
    let event = fields.required_choice("event", EVENTS)?;
    let occurred_at = fields.required_timestamp("occurred_at")?;
    let agent_id = fields.id("agent_id")?;
    let team_id = fields.id("team_id")?;
    if event == "assigned" && agent_id.is_none() && team_id.is_none() {
        return Err(Reject::of("missing_field", "agent_id|team_id"));
    }
    let actor = fields
        .choice("actor", ACTORS)?
        .or_else(|| default_actor(event));
    let event_id = match fields.id("event_id")? {
        Some(event_id) => event_id,
        None => Cow::Owned(event_id(
            &conversation_id,
            event,
            occurred_at,
            agent_id.as_deref(),
            team_id.as_deref(),
        )),
    };
    let cells = [
        Cell::Text(&chatbot_id),
        Cell::Text(&conversation_id),
        Cell::Text(&event_id),
        Cell::Text(event),
        Cell::Micros(occurred_at),
        Cell::word(actor),
        Cell::text(&agent_id),
        Cell::text(&team_id),
    ];
    record.append(0, &cells);
    Ok(())
}
