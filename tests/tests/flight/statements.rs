//! Statements: `GetFlightInfo`, `DoGet` and `GetSchema`.

use arrow::datatypes::Schema;
use arrow_flight::sql::{CommandStatementQuery, ProstMessageExt};
use arrow_flight::{FlightDescriptor, FlightInfo, IpcMessage};
use futures::TryStreamExt;
use prost::Message;
use tonic::Code;

use crate::server::{Served, collect, integers, query, read, status, texts, ticket};

#[tokio::test]
async fn flight_info_and_stream_have_one_schema() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    for sql in [
        "SELECT * FROM messages",
        "SELECT * FROM messages WHERE false",
        "SELECT count(*) AS n, max(sent_at) AS last FROM messages",
        "SELECT CASE WHEN true THEN 1 END AS one",
        "SELECT 1 AS a UNION ALL SELECT NULL",
        "SELECT NULL AS a UNION ALL SELECT 1",
        "SELECT chatbot_id, row_number() OVER (ORDER BY chatbot_id) AS n FROM chatbots",
        "SELECT arrow_cast('a', 'Dictionary(Int32, Utf8)') AS d, arrow_cast('b', 'LargeUtf8') AS l",
        "SELECT arrow_cast('2026-03-12T16:00:00', 'Timestamp(Microsecond, Some(\"UTC\"))') AS t",
        "EXPLAIN SELECT 1",
        "SHOW TABLES",
    ] {
        // `read` compares the two
        let result = query(&mut client, sql).await;
        let batch = result.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let schema = batch.schema();
        assert!(
            schema.fields().iter().all(|field| field.is_nullable()),
            "{sql}: {schema}"
        );
    }
}

#[tokio::test]
async fn a_flight_tells_that_its_totals_are_unknown_and_sends_the_descriptor_back() {
    let served = Served::oracle().await;
    let info = served
        .client()
        .await
        .execute("SELECT 1 AS one".to_owned(), None)
        .await
        .unwrap();
    assert_eq!((info.total_records, info.total_bytes), (-1, -1));
    let command = CommandStatementQuery {
        query: "SELECT 1 AS one".to_owned(),
        transaction_id: None,
    };
    let expected = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    assert_eq!(info.flight_descriptor, Some(expected));
}

#[tokio::test]
async fn a_ticket_is_redeemed_again_and_by_others() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let info = client
        .execute("SELECT count(*) AS n FROM messages".to_owned(), None)
        .await
        .unwrap();
    let first = read(&mut client, &info).await.unwrap();
    assert_eq!(read(&mut client, &info).await.unwrap(), first);
    assert_eq!(
        read(&mut served.client().await, &info).await.unwrap(),
        first
    );
    assert!(integers(&first, 0)[0].unwrap() > 0);
}

#[tokio::test]
async fn a_damaged_ticket_is_an_invalid_argument() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let info = client.execute("SELECT 1".to_owned(), None).await.unwrap();
    let good = ticket(&info).ticket;
    let mut changed = good.to_vec();
    *changed.last_mut().unwrap() ^= 0x5a;
    for bytes in [
        changed,
        vec![],
        vec![0xff; 40],
        good[..good.len() - 1].to_vec(),
    ] {
        let refused = client
            .do_get(arrow_flight::Ticket::new(bytes.clone()))
            .await;
        let status = status(
            refused
                .err()
                .unwrap_or_else(|| panic!("accepted {bytes:?}")),
        );
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
}

#[tokio::test]
async fn get_schema_and_poll_agree_with_flight_info() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let sql = "SELECT chatbot_id, sent_at FROM messages ORDER BY sent_at, chatbot_id";
    let info = client.execute(sql.to_owned(), None).await.unwrap();
    let expected = info.clone().try_decode_schema().unwrap();
    let descriptor = info.flight_descriptor.clone().unwrap();
    let schema = client
        .inner_mut()
        .get_schema(descriptor.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        Schema::try_from(IpcMessage(schema.schema)).unwrap(),
        expected
    );
    let poll = client
        .inner_mut()
        .poll_flight_info(descriptor)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        poll.flight_descriptor, None,
        "there is nothing left to wait for"
    );
    // the tickets are two of one statement
    let without_tickets = |mut info: FlightInfo| {
        info.endpoint.clear();
        info
    };
    let polled = poll.info.unwrap();
    assert_eq!(
        without_tickets(polled.clone()),
        without_tickets(info.clone())
    );
    assert_eq!(
        read(&mut client, &polled).await.unwrap(),
        read(&mut client, &info).await.unwrap()
    );
}

#[tokio::test]
async fn sql_without_a_command_around_it_is_a_statement() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let descriptor = FlightDescriptor::new_cmd("SELECT 'plain' AS text");
    let info: FlightInfo = client
        .inner_mut()
        .get_flight_info(descriptor)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        texts(&read(&mut client, &info).await.unwrap(), 0),
        ["plain"]
    );
}

#[tokio::test]
async fn types_are_those_that_every_driver_reads() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let info = client
        .execute("SELECT * FROM messages".to_owned(), None)
        .await
        .unwrap();
    let (schema, _) = collect(client.do_get(ticket(&info)).await.unwrap())
        .await
        .unwrap();
    let encoded = format!("{schema:?}");
    for wrong in [
        "Utf8View",
        "BinaryView",
        "Dictionary",
        "LargeUtf8",
        "ListView",
        "REMARKS",
    ] {
        assert!(!encoded.contains(wrong), "{wrong} in {encoded}");
    }
    let text = schema.field_with_name("chatbot_id").unwrap();
    assert_eq!(text.metadata()["ARROW:FLIGHT:SQL:TYPE_NAME"], "VARCHAR");
}

#[tokio::test]
async fn messages_stay_below_what_clients_accept() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    // 40 MB, in rows of very different size
    let sql = "SELECT value, repeat('x', CASE WHEN value % 100 = 0 THEN 100000 ELSE 1000 END) AS text \
               FROM generate_series(1, 20000)";
    let info = client.execute(sql.to_owned(), None).await.unwrap();
    let stream = client
        .inner_mut()
        .do_get(ticket(&info))
        .await
        .unwrap()
        .into_inner();
    let sizes: Vec<usize> = stream
        .map_ok(|data| data.data_body.len() + data.data_header.len())
        .try_collect()
        .await
        .unwrap();
    let target = chatlake_flight::FlightOptions::default().batch_bytes_target;
    assert!(
        sizes.iter().all(|&size| size < target + 4_096),
        "{:?}",
        sizes.iter().max()
    );
    assert!(sizes.iter().sum::<usize>() > 39_000_000);
    assert!(sizes.len() < 100, "{} messages: too small", sizes.len());
}

#[tokio::test]
async fn one_value_larger_than_a_message_arrives() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let info = client
        .execute("SELECT repeat('x', 6000000) AS s".to_owned(), None)
        .await
        .unwrap();
    let inner = client.inner().clone().max_decoding_message_size(8_000_000);
    let mut generous = crate::server::Client::new_from_inner(inner);
    assert_eq!(
        texts(&read(&mut generous, &info).await.unwrap(), 0)[0].len(),
        6_000_000
    );
}
