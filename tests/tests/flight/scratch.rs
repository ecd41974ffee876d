//! Scratch tables by SQL: made, filled, read and dropped by one session, seen by no other.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_flight::sql::CommandGetTables;
use chatlake::{Chatlake, OpenOptions, Settings};
use chatlake_flight::{FlightOptions, FlightServer};
use tonic::Code;

use crate::server::{Client, Served, integers, query, read, status, texts};

async fn count(client: &mut Client, table: &str) -> Option<i64> {
    let sql = format!("SELECT count(*) AS n FROM {table}");
    integers(&query(client, &sql).await.unwrap(), 0)[0]
}

#[tokio::test]
async fn a_table_is_made_filled_and_dropped() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    let mut update = async |sql: &str| client.execute_update(sql.to_owned(), None).await;
    assert_eq!(
        update("CREATE TABLE t (a BIGINT, b VARCHAR)")
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        update("INSERT INTO t VALUES (1, 'x'), (2, NULL)")
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        update("INSERT INTO lake.t (a) SELECT value FROM generate_series(1, 3)")
            .await
            .unwrap(),
        3
    );
    assert_eq!(count(&mut client, "t").await, Some(5));
    assert_eq!(count(&mut client, "scratch.t").await, Some(5));
    assert_eq!(count(&mut client, "chatlake.lake.t").await, Some(5));
    let tables = CommandGetTables {
        db_schema_filter_pattern: Some("scratch".to_owned()),
        table_types: vec!["TABLE".to_owned()],
        ..CommandGetTables::default()
    };
    let info = client.get_tables(tables).await.unwrap();
    assert_eq!(texts(&read(&mut client, &info).await.unwrap(), 2), ["t"]);
    query(&mut client, "DROP TABLE t").await.unwrap();
    let gone = query(&mut client, "SELECT * FROM t").await.unwrap_err();
    assert!(matches!(
        status(gone).code(),
        Code::InvalidArgument | Code::NotFound
    ));
}

#[tokio::test]
async fn nobody_else_sees_it() {
    let served = Served::oracle().await;
    let (mut mine, mut yours) = (served.session().await, served.session().await);
    query(&mut mine, "CREATE TABLE secret AS SELECT 1 AS n")
        .await
        .unwrap();
    assert!(query(&mut yours, "SELECT * FROM secret").await.is_err());
    assert!(
        query(&mut yours, "SELECT * FROM scratch.secret")
            .await
            .is_err()
    );
    let named = "SELECT count(*) AS n FROM information_schema.tables WHERE table_name = 'secret'";
    let found = query(&mut yours, named).await.unwrap();
    assert_eq!(integers(&found, 0), [Some(0)]);
}

#[tokio::test]
async fn a_change_runs_once_whoever_asks_how() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    query(&mut client, "CREATE TABLE t (a BIGINT)")
        .await
        .unwrap();
    let sql = "INSERT INTO t VALUES (1)".to_owned();
    // planned and never read: it has run
    let info = client.execute(sql, None).await.unwrap();
    assert_eq!(count(&mut client, "t").await, Some(1));
    for _ in 0..2 {
        read(&mut client, &info).await.unwrap();
    }
    assert_eq!(count(&mut client, "t").await, Some(1));
}

#[tokio::test]
async fn asking_for_the_schema_runs_nothing() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    query(&mut client, "CREATE TABLE t (a BIGINT)")
        .await
        .unwrap();
    let token = client.token().unwrap().clone();
    let command = arrow_flight::sql::CommandStatementQuery {
        query: "INSERT INTO t VALUES (1)".to_owned(),
        transaction_id: None,
    };
    let bytes =
        prost::Message::encode_to_vec(&arrow_flight::sql::ProstMessageExt::as_any(&command));
    let mut request = tonic::Request::new(arrow_flight::FlightDescriptor::new_cmd(bytes));
    let header = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", header);
    client.inner_mut().get_schema(request).await.unwrap();
    assert_eq!(count(&mut client, "t").await, Some(0));
}

#[tokio::test]
async fn many_rows_of_parameters_are_inserted() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    query(&mut client, "CREATE TABLE t (a BIGINT, b VARCHAR)")
        .await
        .unwrap();
    let sql = "INSERT INTO t VALUES (?, ?)".to_owned();
    let mut statement = client.prepare(sql, None).await.unwrap();
    assert_eq!(statement.dataset_schema().unwrap().fields().len(), 0);
    let rows = [
        ("1", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef),
        (
            "2",
            Arc::new(StringArray::from(vec![Some("x"), None, Some("z")])),
        ),
    ];
    statement
        .set_parameters(RecordBatch::try_from_iter(rows).unwrap())
        .unwrap();
    assert_eq!(statement.execute_update().await.unwrap(), 3);
    assert_eq!(count(&mut client, "t").await, Some(3));
}

#[tokio::test]
async fn relations_of_the_lake_are_neither_hidden_nor_written() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    let messages = count(&mut client, "messages").await;
    for sql in [
        "CREATE TABLE messages AS SELECT 1 AS n",
        "CREATE OR REPLACE TABLE lake.messages AS SELECT 1 AS n",
        "CREATE TABLE stored.t AS SELECT 1 AS n",
        "CREATE TABLE bi.t AS SELECT 1 AS n",
        "CREATE TABLE t (a BIGINT PRIMARY KEY)",
        "CREATE TABLE t (a BIGINT DEFAULT 1)",
        "INSERT INTO messages SELECT * FROM messages",
        "INSERT INTO stored.messages SELECT * FROM stored.messages",
        "DROP TABLE messages",
        "DROP TABLE stored.messages",
        "DROP VIEW messages",
        "DROP SCHEMA scratch",
        "CREATE VIEW v AS SELECT 1",
        "CREATE SCHEMA s",
        "INSERT OVERWRITE scratch.t VALUES (1)",
        "UPDATE scratch.t SET a = 1",
    ] {
        let refused = client.execute_update(sql.to_owned(), None).await;
        assert!(refused.is_err(), "{sql}");
    }
    assert_eq!(count(&mut client, "messages").await, messages);
}

#[tokio::test]
async fn a_table_in_scratch_may_have_any_name() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    let messages = count(&mut client, "messages").await;
    query(
        &mut client,
        "CREATE TABLE scratch.messages AS SELECT 1 AS n",
    )
    .await
    .unwrap();
    assert_eq!(count(&mut client, "messages").await, messages);
    assert_eq!(
        count(&mut client, "conversations").await,
        count(&mut client, "conversations").await
    );
    assert_eq!(count(&mut client, "scratch.messages").await, Some(1));
}

#[tokio::test]
async fn errors_have_their_codes() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    query(&mut client, "CREATE TABLE t AS SELECT 1 AS a")
        .await
        .unwrap();
    query(&mut client, "CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS a")
        .await
        .unwrap();
    query(&mut client, "DROP TABLE IF EXISTS u").await.unwrap();
    for (sql, code) in [
        ("CREATE TABLE t AS SELECT 1 AS a", Code::AlreadyExists),
        ("DROP TABLE u", Code::NotFound),
        ("INSERT INTO t VALUES (1, 2)", Code::InvalidArgument),
    ] {
        let refused = client.execute_update(sql.to_owned(), None).await;
        assert_eq!(status(refused.unwrap_err()).code(), code, "{sql}");
    }
}

#[tokio::test]
async fn memory_is_limited_by_name() {
    let options = OpenOptions {
        create: true,
        settings: Settings {
            scratch_session_bytes_max: 100_000,
            ..Settings::default()
        },
        ..OpenOptions::default()
    };
    let lake = Chatlake::open("memory://", options).await.unwrap();
    let server = FlightServer::new(lake.clone(), FlightOptions::default());
    let served = Served::of(server, lake).await;
    let mut client = served.session().await;
    let sql = "CREATE TABLE t AS SELECT value FROM generate_series(1, 1000000)";
    let refused = status(query(&mut client, sql).await.unwrap_err());
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(
        refused.message().contains("`scratch_session_bytes_max`"),
        "{refused}"
    );
    query(&mut client, "CREATE TABLE t AS SELECT 1 AS n")
        .await
        .unwrap();
}

#[tokio::test]
async fn names_are_looked_for_in_the_schema_of_the_session() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    query(&mut client, "SET chatlake.schema = 'bi'")
        .await
        .unwrap();
    let in_bi = count(&mut client, "bi.users").await;
    assert_eq!(count(&mut client, "users").await, in_bi);
    query(&mut client, "CREATE TABLE mine AS SELECT 1 AS n")
        .await
        .unwrap();
    assert_eq!(count(&mut client, "mine").await, Some(1));
    let refused = query(&mut client, "SET chatlake.schema = 'nowhere'").await;
    assert_eq!(status(refused.unwrap_err()).code(), Code::InvalidArgument);
}
