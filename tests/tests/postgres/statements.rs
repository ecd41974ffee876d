//! Statements by both protocols: rows, portals in parts, settings, failures.

use chatlake_postgres::PostgresOptions;
use futures::{TryStreamExt, pin_mut};
use tokio_postgres::SimpleQueryMessage;

use crate::server::{Served, ask, failure, one, state_of};

#[tokio::test(flavor = "multi_thread")]
async fn both_protocols_answer_alike() {
    let served = Served::oracle().await;
    let client = served.client().await;
    let sql =
        "SELECT chatbot_id, count(*) AS n FROM messages GROUP BY chatbot_id ORDER BY chatbot_id";
    let simple = ask(&client, sql).await;
    let extended = client.query(sql, &[]).await.unwrap();
    let extended: Vec<Vec<String>> = extended
        .iter()
        .map(|row| vec![row.get::<_, String>(0), row.get::<_, i64>(1).to_string()])
        .collect();
    assert_eq!(simple, extended);
    assert!(simple.len() > 1);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_asked_with_literals_and_with_values() {
    let served = Served::oracle().await;
    let client = served.client().await;
    let by_literal = ask(
        &client,
        "SELECT count(*) FROM users_page(chatbot_id => 'cb_1')",
    )
    .await;
    let by_value = client
        .query_one(
            "SELECT count(*) FROM users_page(chatbot_id => $1)",
            &[&"cb_1"],
        )
        .await
        .unwrap();
    assert_eq!(by_literal[0][0], by_value.get::<_, i64>(0).to_string());
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_statements_is_answered_one_after_the_other() {
    let served = Served::oracle().await;
    let client = served.client().await;
    let text =
        "SET application_name = 'a;b'; SHOW application_name; SELECT 1 -- ;\n; ;SELECT 'x;y'";
    assert_eq!(ask(&client, text).await, [["a;b"], ["1"], ["x;y"]]);
    assert!(ask(&client, " ; -- nothing").await.is_empty());
    let failed = client.simple_query("SELECT 1; SELECT nope; SELECT 2").await;
    assert_eq!(failure(&failed.unwrap_err()).0, "42703");
    // the connection goes on
    assert_eq!(one(&client, "SELECT 3").await, "3");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_gives_its_rows_in_parts() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let transaction = client.transaction().await.unwrap();
    let sql = "SELECT value FROM generate_series(1, 10000) ORDER BY value";
    let statement = transaction.prepare(sql).await.unwrap();
    let portal = transaction.bind(&statement, &[]).await.unwrap();
    let mut seen = Vec::new();
    loop {
        let part = transaction.query_portal(&portal, 3_333).await.unwrap();
        if part.is_empty() {
            break;
        }
        assert!(part.len() <= 3_333);
        seen.extend(part.iter().map(|row| row.get::<_, i64>(0)));
    }
    assert_eq!(seen, (1..=10_000).collect::<Vec<i64>>());
    transaction.commit().await.unwrap();
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_result_streams() {
    let served = Served::oracle().await;
    let client = served.client().await;
    let rows = client
        .query_raw(
            "SELECT value, 'text ' || value AS t FROM generate_series(1, 300000)",
            Vec::<String>::new(),
        )
        .await
        .unwrap();
    pin_mut!(rows);
    let mut count = 0;
    while let Some(row) = rows.try_next().await.unwrap() {
        assert_eq!(row.len(), 2);
        count += 1;
    }
    assert_eq!(count, 300_000);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_clients_are_taken_shown_and_reported() {
    let served = Served::oracle().await;
    let mut config = served.config("anybody", "");
    config
        .application_name("reports")
        .options("-c statement_timeout=90s -c timezone=Europe/Berlin");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    assert_eq!(connection.parameter("server_encoding"), Some("UTF8"));
    assert_eq!(connection.parameter("TimeZone"), Some("Europe/Berlin"));
    tokio::spawn(connection);
    for (shown, value) in [
        ("application_name", "reports"),
        ("statement_timeout", "90s"),
        ("TimeZone", "Europe/Berlin"),
        ("standard_conforming_strings", "on"),
        ("transaction_read_only", "on"),
    ] {
        assert_eq!(one(&client, &format!("SHOW {shown}")).await, value);
    }
    ask(
        &client,
        "SET extra_float_digits = 3; SET DateStyle = 'ISO'; SET chatlake.chatbot_id = 'cb_1'",
    )
    .await;
    assert_eq!(one(&client, "SHOW chatlake.chatbot_id").await, "cb_1");
    assert_eq!(
        one(&client, "SELECT count(DISTINCT chatbot_id) FROM messages").await,
        "1"
    );
    ask(&client, "DISCARD ALL").await;
    assert_eq!(one(&client, "SHOW chatlake.chatbot_id").await, "NULL");
    assert_eq!(
        one(&client, "SELECT current_setting('application_name')").await,
        ""
    );
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_the_states_that_clients_know() {
    let served = Served::oracle().await;
    let client = served.client().await;
    for (sql, state) in [
        ("SELEC 1", "42601"),
        ("SELECT * FROM nope", "42P01"),
        ("SELECT nope FROM messages", "42703"),
        ("SELECT nope(1)", "42883"),
        ("SELECT 1 / 0", "22012"),
        ("SELECT CAST('x' AS BIGINT)", "22P02"),
        ("SET nope = 1", "42704"),
        ("SET client_encoding = 'LATIN1'", "22023"),
        ("FETCH 1 FROM nope", "34000"),
        ("EXECUTE nope", "0A000"),
        (
            "SELECT * FROM users_page(chatbot_id => 'cb_1', nope => 1)",
            "42000",
        ),
    ] {
        assert_eq!(state_of(&client, sql).await, state, "{sql}");
        let prepared = client.prepare(sql).await;
        // a failure of values comes later than the statement's preparation
        if let Err(error) = prepared {
            assert_eq!(failure(&error).0, state, "{sql}");
        }
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_changes_something_is_refused() {
    let served = Served::oracle().await;
    let client = served.client().await;
    for sql in [
        "INSERT INTO messages (message_id) VALUES ('x')",
        "/* x */ DELETE FROM stored.messages",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW messages",
        "COPY messages TO 'x.csv'",
        "UPDATE users SET name = 'x'",
        "TRUNCATE messages",
    ] {
        assert_eq!(state_of(&client, sql).await, "25006", "{sql}");
    }
    // what hides it behind another first word is refused as well
    for sql in [
        "EXPLAIN ANALYZE INSERT INTO messages VALUES (1)",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
    ] {
        let state = state_of(&client, sql).await;
        assert!(
            ["0A000", "25006", "42P01", "42000", "42601"].contains(&state.as_str()),
            "{sql}: {state}"
        );
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_told_by_name() {
    let options = PostgresOptions {
        statement_bytes_max: 100,
        statement_count_max: 2,
        ..PostgresOptions::default()
    };
    let served = Served::with(options, None).await;
    let client = served.client().await;
    let long = format!("SELECT '{}'", "x".repeat(200));
    let error = client.simple_query(&long).await.unwrap_err();
    let (state, message) = failure(&error);
    assert_eq!(state, "54000");
    assert!(message.contains("`statement_bytes_max`"), "{message}");
    let one = client.prepare("SELECT 1").await.unwrap();
    let _two = client.prepare("SELECT 2").await.unwrap();
    let error = client.prepare("SELECT 3").await.unwrap_err();
    assert!(failure(&error).1.contains("`statement_count_max`"));
    drop(one);
    // the client closes it with its next message
    client.simple_query("SELECT 1").await.unwrap();
    client.prepare("SELECT 3").await.unwrap();
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_listed_and_killed() {
    let mut served = Served::oracle().await;
    let (client, other) = (served.client().await, served.client().await);
    let long = tokio::spawn(async move { client.simple_query(crate::server::LONG_QUERY).await });
    let find = "SELECT query_id FROM system.queries WHERE state = 'running' AND sql LIKE 'SELECT sum(value%'";
    let id = loop {
        let found = other.simple_query(find).await.unwrap();
        let row = found.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        if let Some(id) = row {
            break id.to_owned();
        }
        tokio::task::yield_now().await;
    };
    other.simple_query(&format!("KILL '{id}'")).await.unwrap();
    let stopped = long.await.unwrap().unwrap_err();
    assert_eq!(failure(&stopped).0, "57014");
    served.is_idle().await;
    served.stop().await;
}
