//! The SQL by which workflows find what they have to do (domain specification §8.8). It runs in a session that sees one
//! chatbot.

/// The workflows of the chatbot: `workflow_id`, `name`, `trigger`, `conditions`, `actions`, `status`.
pub const REGISTERED_WORKFLOWS_SQL: &str = include_str!("workflows/registered.sql");

/// Messages that fulfil the conditions of one workflow and have no run of it, the oldest first: `conversation_id`,
/// `message_id`. Placeholders: TEXT `workflow_id` and `conditions`; BOOLEAN `is_for_users` and `is_for_answers`; TIMESTAMP
/// `sent_since`; BIGINT `row_count_max`.
pub const DUE_MESSAGES_SQL: &str = include_str!("workflows/due.sql");

/// Runs that began and did not end, the oldest first: `run_id`, `workflow_id`, `conversation_id`, `message_id`,
/// `occurred_at`, `updated_at`.
pub const UNFINISHED_RUNS_SQL: &str = include_str!("workflows/unfinished.sql");
