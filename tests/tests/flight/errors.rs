//! What goes wrong is a gRPC code and one sentence.

use arrow_flight::sql::{
    Any, CommandStatementIngest, CommandStatementSubstraitPlan, ProstMessageExt,
};
use arrow_flight::{Action, FlightDescriptor};
use bytes::Bytes;
use chatlake_flight::FlightOptions;
use prost::Message;
use tonic::Code;

use crate::server::{Served, query, status};

#[tokio::test]
async fn mistakes_in_sql_are_told_in_a_sentence() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    for (sql, codes) in [
        ("", &[Code::InvalidArgument][..]),
        ("selec 1", &[Code::InvalidArgument]),
        (
            "SELECT no_such_column FROM messages",
            &[Code::InvalidArgument, Code::NotFound],
        ),
        (
            "SELECT * FROM no_such_table",
            &[Code::InvalidArgument, Code::NotFound],
        ),
        (
            "SELECT no_such_function(1)",
            &[Code::InvalidArgument, Code::NotFound],
        ),
        (
            "SELECT 1; SELECT 2",
            &[Code::InvalidArgument, Code::Unimplemented],
        ),
        ("SELECT $1, ?", &[Code::InvalidArgument]),
        ("SELECT ?", &[Code::InvalidArgument]),
    ] {
        let failed = query(&mut client, sql).await;
        let status = status(failed.err().unwrap_or_else(|| panic!("accepted `{sql}`")));
        assert!(codes.contains(&status.code()), "`{sql}`: {status}");
        let message = status.message();
        assert!(
            !message.is_empty()
                && !message.contains("DataFusionError")
                && !message.contains("SQL("),
            "{message}"
        );
        assert!(!message.contains('\n'), "`{sql}`: {message}");
    }
}

#[tokio::test]
async fn an_error_while_rows_are_computed_ends_the_stream() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let failed = query(
        &mut client,
        "SELECT 1 / (value - 5000) AS n FROM generate_series(1, 10000)",
    )
    .await;
    assert_eq!(status(failed.unwrap_err()).code(), Code::InvalidArgument);
}

#[tokio::test]
async fn the_lake_is_read_only() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    for sql in [
        "INSERT INTO messages SELECT * FROM messages",
        "DELETE FROM messages",
        "DROP TABLE messages",
        "CREATE TABLE t AS SELECT 1 AS a",
        "COPY messages TO 'x.parquet'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'other.csv'",
    ] {
        let before = query(&mut client, "SELECT count(*) AS n FROM messages")
            .await
            .unwrap();
        let status = status(
            query(&mut client, sql)
                .await
                .err()
                .unwrap_or_else(|| panic!("accepted `{sql}`")),
        );
        let codes = [
            Code::InvalidArgument,
            Code::PermissionDenied,
            Code::Unimplemented,
        ];
        assert!(codes.contains(&status.code()), "`{sql}`: {status}");
        let refused = client.execute_update(sql.to_owned(), None).await;
        assert!(refused.is_err(), "`{sql}` by DoPut");
        assert_eq!(
            query(&mut client, "SELECT count(*) AS n FROM messages")
                .await
                .unwrap(),
            before,
            "{sql}"
        );
    }
}

#[tokio::test]
async fn a_query_is_not_an_update() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let refused = client
        .execute_update("SELECT 1 AS one".to_owned(), None)
        .await;
    assert_eq!(status(refused.unwrap_err()).code(), Code::InvalidArgument);
}

#[tokio::test]
async fn what_is_not_there_is_unimplemented() {
    let served = Served::oracle().await;
    let mut client = served.client().await.into_inner();
    let unknown = Any {
        type_url: "type.googleapis.com/arrow.flight.protocol.sql.CommandNoSuch".to_owned(),
        ..Any::default()
    };
    for command in [
        unknown,
        CommandStatementSubstraitPlan::default().as_any(),
        CommandStatementIngest::default().as_any(),
    ] {
        let descriptor = FlightDescriptor::new_cmd(command.encode_to_vec());
        let status = client.get_flight_info(descriptor).await.unwrap_err();
        assert_eq!(
            status.code(),
            Code::Unimplemented,
            "{}: {status}",
            command.type_url
        );
    }
    for (name, body) in [("BeginSavepoint", vec![]), ("NoSuchAction", vec![])] {
        let status = client.do_action(Action::new(name, body)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{name}: {status}");
    }
    let exchange = client.do_exchange(futures::stream::empty()).await;
    assert_eq!(exchange.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn bytes_that_are_no_command_are_an_invalid_argument() {
    let served = Served::oracle().await;
    let mut client = served.client().await.into_inner();
    for bytes in [&b""[..], b"\xff\xff\xff", b"\x0a\x03abc"] {
        let descriptor = FlightDescriptor::new_cmd(Bytes::copy_from_slice(bytes));
        let status = client.get_flight_info(descriptor).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{bytes:?}: {status}");
    }
    for name in [
        "CreatePreparedStatement",
        "ClosePreparedStatement",
        "SetSessionOptions",
    ] {
        let status = client
            .do_action(Action::new(name, &b"\xff\xff"[..]))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{name}: {status}");
    }
    let nothing = client.do_put(futures::stream::empty()).await.unwrap_err();
    assert_eq!(nothing.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_statement_over_the_limit_is_refused_by_the_name_of_the_limit() {
    let served = Served::with(FlightOptions {
        statement_bytes_max: 100,
        ..FlightOptions::default()
    })
    .await;
    let mut client = served.client().await;
    let sql = format!("SELECT '{}' AS text", "x".repeat(100));
    let status = status(query(&mut client, &sql).await.unwrap_err());
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(
        status.message().contains("`statement_bytes_max`"),
        "{status}"
    );
}

#[tokio::test]
async fn the_message_of_an_error_fits_into_headers() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let sql = format!("SELECT \"{}\" FROM messages", "é".repeat(50_000));
    let status = status(query(&mut client, &sql).await.unwrap_err());
    assert!(
        status.message().len() < 2_100,
        "{} bytes",
        status.message().len()
    );
    assert_ne!(status.code(), Code::Internal);
}
