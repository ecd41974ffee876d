//! The relations that depend on a page's window.
//!
//! Guarantees: the list is alphabetical and holds every file of `parts/` (tests).

/// Name and text of each file, in alphabetical order.
pub(super) const SOURCES: &[(&str, &str)] = &[
    (
        "account_entries",
        include_str!("../parts/account_entries.sql"),
    ),
    (
        "agent_messages",
        include_str!("../parts/agent_messages.sql"),
    ),
    (
        "conversation_window",
        include_str!("../parts/conversation_window.sql"),
    ),
    (
        "counted_flow_triggers",
        include_str!("../parts/counted_flow_triggers.sql"),
    ),
    (
        "counted_messages",
        include_str!("../parts/counted_messages.sql"),
    ),
    (
        "counted_tool_uses",
        include_str!("../parts/counted_tool_uses.sql"),
    ),
    ("customers", include_str!("../parts/customers.sql")),
    (
        "inbound_conversations",
        include_str!("../parts/inbound_conversations.sql"),
    ),
    (
        "inbox_conversations",
        include_str!("../parts/inbox_conversations.sql"),
    ),
    ("known_users", include_str!("../parts/known_users.sql")),
    (
        "response_times",
        include_str!("../parts/response_times.sql"),
    ),
    (
        "session_holders",
        include_str!("../parts/session_holders.sql"),
    ),
    ("used_credits", include_str!("../parts/used_credits.sql")),
    (
        "window_assignments",
        include_str!("../parts/window_assignments.sql"),
    ),
    (
        "window_comparison",
        include_str!("../parts/window_comparison.sql"),
    ),
    ("window_facts", include_str!("../parts/window_facts.sql")),
];
