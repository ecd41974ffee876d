//! The views of the schema `lake`.
//!
//! Guarantees: the list is alphabetical and holds every file of `views/` (tests).

/// Name and text of each file, in alphabetical order.
pub(super) const SOURCES: &[(&str, &str)] = &[
    ("accounts", include_str!("../views/accounts.sql")),
    ("agents", include_str!("../views/agents.sql")),
    ("ai_tool_uses", include_str!("../views/ai_tool_uses.sql")),
    (
        "annotation_versions",
        include_str!("../views/annotation_versions.sql"),
    ),
    ("annotations", include_str!("../views/annotations.sql")),
    ("assignments", include_str!("../views/assignments.sql")),
    ("broadcasts", include_str!("../views/broadcasts.sql")),
    ("chatbots", include_str!("../views/chatbots.sql")),
    (
        "conversation_asof",
        include_str!("../views/conversation_asof.sql"),
    ),
    (
        "conversation_events",
        include_str!("../views/conversation_events.sql"),
    ),
    (
        "conversation_snapshot",
        include_str!("../views/conversation_snapshot.sql"),
    ),
    ("conversations", include_str!("../views/conversations.sql")),
    ("credit_ledger", include_str!("../views/credit_ledger.sql")),
    ("flow_triggers", include_str!("../views/flow_triggers.sql")),
    ("flows", include_str!("../views/flows.sql")),
    ("inboxes", include_str!("../views/inboxes.sql")),
    ("message_facts", include_str!("../views/message_facts.sql")),
    ("messages", include_str!("../views/messages.sql")),
    (
        "organization_versions",
        include_str!("../views/organization_versions.sql"),
    ),
    ("organizations", include_str!("../views/organizations.sql")),
    ("resolutions", include_str!("../views/resolutions.sql")),
    (
        "session_messages",
        include_str!("../views/session_messages.sql"),
    ),
    ("session_spans", include_str!("../views/session_spans.sql")),
    ("sessions", include_str!("../views/sessions.sql")),
    ("team_members", include_str!("../views/team_members.sql")),
    ("teams", include_str!("../views/teams.sql")),
    ("user_versions", include_str!("../views/user_versions.sql")),
    ("users", include_str!("../views/users.sql")),
    ("workflow_runs", include_str!("../views/workflow_runs.sql")),
    ("workflows", include_str!("../views/workflows.sql")),
];
