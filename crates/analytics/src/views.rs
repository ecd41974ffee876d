//! The views, built into the program.
//!
//! Guarantees: the list is alphabetical; every view in it has a valid header (a test reads them all).

use std::sync::LazyLock;

use crate::header::parse;
use crate::{Result, View};

/// Name and text of each view, in alphabetical order.
const SOURCES: &[(&str, &str)] = &[
    ("accounts", include_str!("views/accounts.sql")),
    ("agents", include_str!("views/agents.sql")),
    ("ai_tool_uses", include_str!("views/ai_tool_uses.sql")),
    (
        "annotation_versions",
        include_str!("views/annotation_versions.sql"),
    ),
    ("annotations", include_str!("views/annotations.sql")),
    ("assignments", include_str!("views/assignments.sql")),
    ("broadcasts", include_str!("views/broadcasts.sql")),
    ("chatbots", include_str!("views/chatbots.sql")),
    (
        "conversation_asof",
        include_str!("views/conversation_asof.sql"),
    ),
    (
        "conversation_events",
        include_str!("views/conversation_events.sql"),
    ),
    (
        "conversation_snapshot",
        include_str!("views/conversation_snapshot.sql"),
    ),
    ("conversations", include_str!("views/conversations.sql")),
    ("credit_ledger", include_str!("views/credit_ledger.sql")),
    ("flow_triggers", include_str!("views/flow_triggers.sql")),
    ("flows", include_str!("views/flows.sql")),
    ("inboxes", include_str!("views/inboxes.sql")),
    ("message_facts", include_str!("views/message_facts.sql")),
    ("messages", include_str!("views/messages.sql")),
    (
        "organization_versions",
        include_str!("views/organization_versions.sql"),
    ),
    ("organizations", include_str!("views/organizations.sql")),
    ("resolutions", include_str!("views/resolutions.sql")),
    (
        "session_messages",
        include_str!("views/session_messages.sql"),
    ),
    ("session_spans", include_str!("views/session_spans.sql")),
    ("sessions", include_str!("views/sessions.sql")),
    ("team_members", include_str!("views/team_members.sql")),
    ("teams", include_str!("views/teams.sql")),
    ("user_versions", include_str!("views/user_versions.sql")),
    ("users", include_str!("views/users.sql")),
    ("workflow_runs", include_str!("views/workflow_runs.sql")),
    ("workflows", include_str!("views/workflows.sql")),
];

#[expect(
    clippy::expect_used,
    reason = "the views are part of the program and a test reads them all"
)]
static VIEWS: LazyLock<Vec<View>> =
    LazyLock::new(|| load().expect("built-in views have valid headers"));

/// All views, sorted by name. They belong into the schema `lake`.
pub fn views() -> &'static [View] {
    &VIEWS
}

/// The view of this name.
pub fn view(name: &str) -> Option<&'static View> {
    let index = views()
        .binary_search_by(|view| view.name.as_str().cmp(name))
        .ok()?;
    views().get(index)
}

/// Reads and checks every view.
fn load() -> Result<Vec<View>> {
    SOURCES
        .iter()
        .map(|(name, text)| parse(name, text))
        .collect()
}

#[cfg(test)]
mod tests;
