//! What tools ask about tables, columns, types and themselves.

use crate::server::{Served, ask, one};

#[tokio::test(flavor = "multi_thread")]
async fn tools_learn_where_they_are() {
    let served = Served::oracle().await;
    let client = served.client().await;
    assert!(
        one(&client, "SELECT version()")
            .await
            .starts_with("PostgreSQL 16.6 (Chatlake")
    );
    assert_eq!(
        one(&client, "select pg_catalog.version()").await,
        one(&client, "SELECT version()").await
    );
    assert_eq!(one(&client, "SELECT current_schema()").await, "lake");
    assert_eq!(
        one(&client, "SELECT current_schemas(true)").await,
        "{pg_catalog,lake}"
    );
    assert_eq!(one(&client, "SELECT pg_is_in_recovery()").await, "f");
    assert_eq!(one(&client, "SHOW server_version_num").await, "160006");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relations_are_listed_with_their_columns_and_types() {
    let served = Served::oracle().await;
    let client = served.client().await;
    // as JDBC asks for tables (Metabase, DBeaver)
    let tables =
        "SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME, c.relkind
        FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
        WHERE c.relnamespace = n.oid AND n.nspname = 'lake' AND c.relname = 'messages'";
    assert_eq!(
        ask(&client, tables).await,
        [["NULL", "lake", "messages", "v"]]
    );
    let columns = "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON a.attrelid = c.oid
        JOIN pg_catalog.pg_namespace n ON c.relnamespace = n.oid
        WHERE n.nspname = 'lake' AND c.relname = 'messages' AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attname IN ('message_id', 'sent_at') ORDER BY a.attnum";
    let found = ask(&client, columns).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.contains(&vec!["message_id".to_owned(), "text".to_owned()]),
        "{found:?}"
    );
    // as Grafana does
    let names = "SELECT table_schema, table_name FROM information_schema.tables
        WHERE table_schema NOT IN ('information_schema', 'pg_catalog') AND table_name = 'messages' ORDER BY 1";
    assert_eq!(
        ask(&client, names).await,
        [["lake", "messages"], ["stored", "messages"]]
    );
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_keeps_its_oid() {
    let served = Served::oracle().await;
    let client = served.client().await;
    let class = "SELECT oid FROM pg_class WHERE relname = 'messages' ORDER BY oid";
    let namespace = "SELECT oid FROM pg_namespace WHERE nspname = 'lake'";
    let first = (ask(&client, class).await, one(&client, namespace).await);
    let again = (one(&client, namespace).await, ask(&client, class).await);
    assert_eq!(first, (again.1, again.0));
    served.stop().await;
}
