//! The views of the schema `bi`.
//!
//! Guarantees: the list is alphabetical and holds every file of `bi/` (tests).

/// Name and text of each file, in alphabetical order.
pub(super) const SOURCES: &[(&str, &str)] = &[
    ("chat_users", include_str!("../bi/chat_users.sql")),
    ("chatbots", include_str!("../bi/chatbots.sql")),
    ("conversations", include_str!("../bi/conversations.sql")),
    ("daily_agents", include_str!("../bi/daily_agents.sql")),
    ("daily_ai_tools", include_str!("../bi/daily_ai_tools.sql")),
    ("daily_credits", include_str!("../bi/daily_credits.sql")),
    ("daily_flags", include_str!("../bi/daily_flags.sql")),
    ("daily_flows", include_str!("../bi/daily_flows.sql")),
    ("daily_messages", include_str!("../bi/daily_messages.sql")),
    ("daily_sentiment", include_str!("../bi/daily_sentiment.sql")),
    ("daily_sessions", include_str!("../bi/daily_sessions.sql")),
    ("organizations", include_str!("../bi/organizations.sql")),
    ("sessions", include_str!("../bi/sessions.sql")),
    ("users", include_str!("../bi/users.sql")),
];
