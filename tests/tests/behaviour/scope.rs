//! Who may see which rows: every table and view, asked by sessions of different scopes.
//!
//! Guarantees shown: invariant 9 of ARCHITECTURE.md. Counts, minima and maxima, which could be answered from file statistics,
//! tell nothing about other tenants either.

use std::collections::BTreeSet;

use chatlake::{AccessScope, Chatlake, ErrorCode, Session, TableInfo};
use chatlake_tests::lakes;

/// Schemas that hold rows of tenants.
const TENANT_SCHEMAS: [&str; 3] = ["bi", "lake", "stored"];

async fn oracle_lake() -> Chatlake {
    let chatlake = lakes::in_memory().await;
    lakes::ingest_text(&chatlake, &lakes::oracle_input())
        .await
        .unwrap();
    chatlake
}

async fn tenant_tables(session: &Session) -> Vec<TableInfo> {
    let tables = session.tables().await.unwrap();
    let found: Vec<_> = tables
        .into_iter()
        .filter(|table| TENANT_SCHEMAS.contains(&table.schema.as_str()))
        .collect();
    assert!(found.len() > 40, "only {} tables and views", found.len());
    found
}

fn has_column(table: &TableInfo, name: &str) -> bool {
    table.arrow_schema.field_with_name(name).is_ok()
}

async fn count_of(session: &Session, table: &TableInfo, filter: &str) -> u64 {
    lakes::count(
        session,
        &[
            "SELECT count(*) FROM ",
            &table.schema,
            ".",
            &table.name,
            filter,
        ]
        .concat(),
    )
    .await
}

fn scope_of(accounts: &[&str], chatbots: &[&str]) -> AccessScope {
    let named = |ids: &[&str]| {
        ids.iter()
            .map(|id| (*id).to_owned())
            .collect::<BTreeSet<_>>()
    };
    AccessScope::Tenants {
        accounts: named(accounts),
        chatbots: named(chatbots),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_without_a_scope_sees_no_row_of_anybody() {
    let chatlake = oracle_lake().await;
    let session = chatlake.session_with_scope(AccessScope::Nothing);
    for table in tenant_tables(&session).await {
        assert_eq!(
            count_of(&session, &table, "").await,
            0,
            "{}.{}",
            table.schema,
            table.name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_sees_its_chatbots_and_nothing_else() {
    let chatlake = oracle_lake().await;
    let (owner, tenant) = (
        chatlake.session(),
        chatlake.session_with_scope(scope_of(&[], &["cb_2"])),
    );
    let mut seen = 0;
    for table in tenant_tables(&owner)
        .await
        .iter()
        .filter(|table| has_column(table, "chatbot_id"))
    {
        let own = count_of(&owner, table, " WHERE chatbot_id = 'cb_2'").await;
        assert_eq!(
            count_of(&tenant, table, "").await,
            own,
            "{}.{}",
            table.schema,
            table.name
        );
        let foreign = count_of(&tenant, table, " WHERE chatbot_id = 'cb_1'").await;
        assert_eq!(foreign, 0, "{}.{}", table.schema, table.name);
        seen += own;
    }
    assert!(seen > 0, "cb_2 has rows");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_sees_its_own_registries_only() {
    let chatlake = oracle_lake().await;
    let registries = ["accounts", "agents", "team_members", "teams"];
    let owner = chatlake.session();
    let tables = tenant_tables(&owner).await;
    let (mine, other) = (
        scope_of(&["acc_1"], &["cb_1"]),
        scope_of(&["acc_9"], &["cb_1"]),
    );
    let (mine, other) = (
        chatlake.session_with_scope(mine),
        chatlake.session_with_scope(other),
    );
    for table in tables
        .iter()
        .filter(|table| registries.contains(&table.name.as_str()))
    {
        let all = count_of(&owner, table, "").await;
        assert!(all > 0, "{} has rows", table.name);
        assert_eq!(
            count_of(&mine, table, "").await,
            all,
            "{}.{}",
            table.schema,
            table.name
        );
        assert_eq!(
            count_of(&other, table, "").await,
            0,
            "{}.{}",
            table.schema,
            table.name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statistics_tell_nothing_about_other_tenants() {
    let chatlake = oracle_lake().await;
    let tenant = chatlake.session_with_scope(scope_of(&[], &["cb_2"]));
    let found = lakes::ask(
        &tenant,
        "SELECT count(*), min(sent_at), max(chatbot_id) FROM stored.messages",
    )
    .await;
    assert_eq!(found.unwrap(), [["1", "2026-03-10T10:00:00Z", "cb_2"]]);
    for question in [
        "SELECT count(*) FROM stored.messages WHERE chatbot_id IN ('cb_1', 'cb_2')",
        "SELECT count(*) FROM stored.messages WHERE chatbot_id <> 'cb_1' OR true",
        "SELECT count(*) FROM (SELECT * FROM stored.messages UNION ALL SELECT * FROM stored.messages WHERE chatbot_id = 'cb_1') AS t",
    ] {
        assert_eq!(lakes::count(&tenant, question).await, 1, "{question}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_sql_statement_widens_a_scope() {
    let chatlake = oracle_lake().await;
    let tenant = chatlake.session_with_scope(scope_of(&[], &["cb_2"]));
    // the variable narrows what a session asks for; it does not open what the scope closes
    let refused = lakes::ask(&tenant, "SET chatlake.chatbot_id = 'cb_1'")
        .await
        .expect_err("cb_1 is not the tenant's");
    assert_eq!(refused.code(), ErrorCode::PermissionDenied, "{refused}");
    for relation in ["stored.messages", "messages", "message_facts"] {
        let question = ["SELECT count(*) FROM ", relation].concat();
        assert_eq!(lakes::count(&tenant, &question).await, 1, "{relation}");
    }
}
