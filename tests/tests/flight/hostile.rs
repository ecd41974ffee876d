//! Hostile input: a gRPC code and a sentence, and a server that goes on.

use arrow_flight::sql::{CommandPreparedStatementQuery, CommandStatementIngest, ProstMessageExt};
use arrow_flight::{Action, FlightData, FlightDescriptor, Ticket};
use chatlake_flight::FlightOptions;
use futures::TryStreamExt;
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;

use crate::server::{Client, Served, query, row, status};

async fn still_answers(client: &mut Client) {
    query(client, "SELECT 1 AS one").await.unwrap();
}

#[tokio::test]
async fn text_over_every_limit_is_refused() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    for bytes in [2 << 20, 100 << 20] {
        let sql = format!("SELECT '{}' AS text", "x".repeat(bytes));
        let refused = status(query(&mut client, &sql).await.unwrap_err());
        // what is over the size of a message is refused by the transport, in its own words
        assert!(
            matches!(refused.code(), Code::ResourceExhausted | Code::OutOfRange),
            "{bytes}: {refused}"
        );
    }
    still_answers(&mut served.client().await).await;
}

#[tokio::test]
async fn deeply_nested_text_is_refused() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let deep = 20_000;
    for sql in [
        format!("SELECT {}1{} AS n", "(".repeat(deep), ")".repeat(deep)),
        format!("SELECT {}1 AS n", "NOT ".repeat(deep)),
        format!("SELECT {}1{} AS n", "abs(".repeat(deep), ")".repeat(deep)),
        format!(
            "{}SELECT 1 AS n{}",
            "SELECT * FROM (".repeat(deep),
            ")".repeat(deep)
        ),
    ] {
        let refused = status(query(&mut client, &sql).await.unwrap_err());
        assert!(
            matches!(
                refused.code(),
                Code::InvalidArgument | Code::ResourceExhausted | Code::Unimplemented
            ),
            "{refused}"
        );
    }
    still_answers(&mut client).await;
}

#[tokio::test]
async fn made_up_tickets_and_bodies_are_refused() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let mut inner = served.client().await.into_inner();
    for bytes in [vec![], vec![0xff; 40], (0..200).collect::<Vec<u8>>()] {
        let refused = inner
            .do_get(Ticket::new(bytes.clone()))
            .await
            .err()
            .unwrap();
        assert_eq!(refused.code(), Code::InvalidArgument, "{bytes:?}");
        for name in [
            "BeginTransaction",
            "CancelFlightInfo",
            "CancelQuery",
            "CreatePreparedStatement",
            "EndTransaction",
            "RenewFlightEndpoint",
        ] {
            let refused = inner.do_action(Action::new(name, bytes.clone())).await;
            assert_eq!(
                refused.err().unwrap().code(),
                Code::InvalidArgument,
                "{name}"
            );
        }
    }
    still_answers(&mut client).await;
}

#[tokio::test]
async fn forged_batches_are_refused() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let command =
        |command: arrow_flight::sql::Any| Some(FlightDescriptor::new_cmd(command.encode_to_vec()));
    let ingest = CommandStatementIngest {
        table: "messages".to_owned(),
        table_definition_options: Some(arrow_flight::sql::TableDefinitionOptions {
            if_not_exist: 1,
            if_exists: 2,
        }),
        ..CommandStatementIngest::default()
    };
    let bind = CommandPreparedStatementQuery {
        prepared_statement_handle: "made up".into(),
    };
    for (descriptor, codes) in [
        (command(ingest.as_any()), &[Code::InvalidArgument][..]),
        (command(bind.as_any()), &[Code::NotFound]),
        (None, &[Code::InvalidArgument]),
    ] {
        let first = FlightData {
            flight_descriptor: descriptor,
            data_header: vec![0xab; 64].into(),
            data_body: vec![0xcd; 64].into(),
            ..FlightData::default()
        };
        let put = client
            .inner_mut()
            .do_put(futures::stream::iter([first]))
            .await;
        let refused = match put {
            Err(status) => status,
            Ok(answers) => answers
                .into_inner()
                .try_collect::<Vec<_>>()
                .await
                .unwrap_err(),
        };
        assert!(codes.contains(&refused.code()), "{refused}");
    }
    still_answers(&mut client).await;
}

#[tokio::test]
async fn wrong_numbers_of_parameters_are_refused() {
    use arrow::array::{ArrayRef, Int64Array};
    use std::sync::Arc;
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let sql = "SELECT * FROM messages WHERE ingest_seq IN (?, ?)".to_owned();
    let number = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    for parameters in [row([number()]), row([number(), number(), number()])] {
        let mut statement = client.prepare(sql.clone(), None).await.unwrap();
        statement.set_parameters(parameters).unwrap();
        let refused = status(statement.execute().await.unwrap_err());
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    }
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_idle_ones_do_no_harm() {
    let served = Served::with(FlightOptions {
        connection_count_max: 3,
        ..FlightOptions::default()
    })
    .await;
    let address = served.address.trim_start_matches("http://").to_owned();
    let mut client = served.client().await;
    still_answers(&mut client).await;
    let mut idle = Vec::new();
    for _ in 0..2 {
        idle.push(TcpStream::connect(&address).await.unwrap());
    }
    let mut refused = TcpStream::connect(&address).await.unwrap();
    // closed without a word, or reset
    assert!(matches!(refused.read(&mut [0; 1]).await, Ok(0) | Err(_)));
    still_answers(&mut client).await;
    drop(idle);
}

#[tokio::test]
async fn a_connection_that_does_not_speak_is_closed() {
    let served = Served::with(FlightOptions {
        connection_count_max: 1,
        connection_opening_ms: 50,
        ..FlightOptions::default()
    })
    .await;
    let address = served.address.trim_start_matches("http://").to_owned();
    for opening in [&b""[..], b"PRI * HTTP/2.0\r\n", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut silent = loop {
            // the place of the one before may not be free yet
            let mut stream = TcpStream::connect(&address).await.unwrap();
            if stream.write_all(opening).await.is_ok() {
                break stream;
            }
        };
        let mut rest = Vec::new();
        let _ = silent.read_to_end(&mut rest).await;
    }
}
