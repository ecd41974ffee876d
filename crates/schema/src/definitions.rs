//! The definitions of the stored tables, built into the program.
//!
//! Guarantees: the list is alphabetical; every definition in it is valid (a test loads them all).

use std::sync::LazyLock;

use crate::table::Definition;
use crate::validate::validate;
use crate::{Error, Result, Table};

/// Name and text of each definition, in alphabetical order.
const SOURCES: &[(&str, &str)] = &[
    ("accounts", include_str!("../../../schemas/accounts.toml")),
    ("agents", include_str!("../../../schemas/agents.toml")),
    (
        "ai_tool_uses",
        include_str!("../../../schemas/ai_tool_uses.toml"),
    ),
    (
        "annotations",
        include_str!("../../../schemas/annotations.toml"),
    ),
    (
        "broadcasts",
        include_str!("../../../schemas/broadcasts.toml"),
    ),
    ("chatbots", include_str!("../../../schemas/chatbots.toml")),
    (
        "conversation_events",
        include_str!("../../../schemas/conversation_events.toml"),
    ),
    (
        "conversation_meta",
        include_str!("../../../schemas/conversation_meta.toml"),
    ),
    (
        "credit_ledger",
        include_str!("../../../schemas/credit_ledger.toml"),
    ),
    (
        "flow_triggers",
        include_str!("../../../schemas/flow_triggers.toml"),
    ),
    ("flows", include_str!("../../../schemas/flows.toml")),
    ("inboxes", include_str!("../../../schemas/inboxes.toml")),
    ("messages", include_str!("../../../schemas/messages.toml")),
    (
        "team_members",
        include_str!("../../../schemas/team_members.toml"),
    ),
    ("teams", include_str!("../../../schemas/teams.toml")),
    (
        "user_profiles",
        include_str!("../../../schemas/user_profiles.toml"),
    ),
    (
        "workflow_runs",
        include_str!("../../../schemas/workflow_runs.toml"),
    ),
    ("workflows", include_str!("../../../schemas/workflows.toml")),
];

#[expect(
    clippy::expect_used,
    reason = "the definitions are part of the program and a test loads them all"
)]
static TABLES: LazyLock<Vec<Table>> =
    LazyLock::new(|| load().expect("built-in definitions are valid"));

/// All stored tables, sorted by name.
pub fn tables() -> &'static [Table] {
    &TABLES
}

/// The stored table of this name.
pub fn table(name: &str) -> Option<&'static Table> {
    let index = tables()
        .binary_search_by(|table| table.name.as_str().cmp(name))
        .ok()?;
    tables().get(index)
}

/// Reads and checks every definition.
fn load() -> Result<Vec<Table>> {
    SOURCES
        .iter()
        .map(|(name, text)| parse(name, text))
        .collect()
}

/// Reads and checks one definition; `name` is the file's name without `.toml`.
pub(crate) fn parse(name: &str, text: &str) -> Result<Table> {
    let definition: Definition = toml::from_str(text).map_err(|error| Error::Unreadable {
        table: name.to_owned(),
        source: Box::new(error),
    })?;
    let table = Table::from(definition);
    validate(name, &table)?;
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MergeRule;

    #[test]
    fn every_definition_is_valid_and_found_by_name() {
        assert_eq!(
            load()
                .map(|tables| tables.len())
                .map_err(|error| error.to_string()),
            Ok(18)
        );
        for (name, _) in SOURCES {
            assert_eq!(table(name).map(|table| table.name.as_str()), Some(*name));
        }
        assert_eq!(table("nothing"), None);
    }

    #[test]
    fn the_list_is_sorted_and_holds_every_file() {
        assert!(SOURCES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .expect("schemas/ is readable")
            .map(|entry| {
                entry
                    .expect("entry is readable")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        files.sort();
        let listed: Vec<String> = SOURCES
            .iter()
            .map(|(name, _)| format!("{name}.toml"))
            .collect();
        assert_eq!(files, listed);
    }

    #[test]
    fn only_registries_are_unpartitioned_and_only_accounts_agents_teams_have_no_chatbot() {
        for table in tables() {
            assert_eq!(
                table.is_partitioned(),
                table.merge != MergeRule::LastWriteWins,
                "{}",
                table.name
            );
            let of_account = matches!(
                table.name.as_str(),
                "accounts" | "agents" | "teams" | "team_members"
            );
            assert_eq!(table.chatbot_column.is_none(), of_account, "{}", table.name);
        }
    }

    #[test]
    fn the_arrow_schema_has_the_declared_columns_and_nothing_else() {
        let messages = table("messages").expect("messages is stored");
        let schema = messages.arrow_schema();
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        assert_eq!(
            names,
            [
                "chatbot_id",
                "conversation_id",
                "message_id",
                "sent_at",
                "received_at",
                "sender_type",
                "role",
                "direction",
                "is_visible",
                "content",
                "agent_id",
                "broadcast_id",
                "is_private",
                "ingest_seq",
            ]
        );
        let nullable: Vec<&str> = schema
            .fields()
            .iter()
            .filter(|field| field.is_nullable())
            .map(|field| field.name().as_str())
            .collect();
        assert_eq!(nullable, ["agent_id", "broadcast_id"]);
        assert_eq!(messages.column_index("sent_at"), Some(3));
        assert_eq!(
            messages.column("sent_at").map(|column| column.nullable),
            Some(false)
        );
        assert_eq!(messages.column("day"), None);
    }
}
