//! `system.queries`, `KILL`, and the limits of running queries.

use chatlake::{Chatlake, OpenOptions, Settings};
use chatlake_flight::{FlightOptions, FlightServer};
use futures::TryStreamExt;
use tonic::Code;

use crate::server::{
    Client, FRUITLESS_JOINS, LONG_QUERY, Served, collect, query, status, texts, ticket,
};

/// A server with settings of its own.
async fn served(settings: Settings) -> Served {
    let options = OpenOptions {
        create: true,
        settings,
        ..OpenOptions::default()
    };
    let lake = Chatlake::open("memory://", options).await.unwrap();
    let server = FlightServer::new(lake.clone(), FlightOptions::default());
    Served::of(server, lake).await
}

/// Starts a query and reads its schema.
async fn start(client: &mut Client, sql: &str) -> tonic::Streaming<arrow_flight::FlightData> {
    let info = client.execute(sql.to_owned(), None).await.unwrap();
    let stream = client.inner_mut().do_get(ticket(&info)).await.unwrap();
    let mut stream = stream.into_inner();
    stream.message().await.unwrap().expect("a schema");
    stream
}

async fn running_ids(client: &mut Client) -> Vec<String> {
    let sql = "SELECT query_id FROM system.queries WHERE state = 'running' AND sql LIKE '%generate_series%' \
               AND sql NOT LIKE '%system.queries%'";
    texts(&query(client, sql).await.unwrap(), 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_query_is_seen_and_killed() {
    let mut served = served(Settings::default()).await;
    let mut client = served.client().await;
    let mut stream = start(&mut client, LONG_QUERY).await;
    let ids = running_ids(&mut client).await;
    let [id] = ids.as_slice() else {
        panic!("{ids:?}")
    };
    query(&mut client, &format!("KILL '{id}'")).await.unwrap();
    let stopped = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the query ended as if it were complete"),
            Err(status) => break status,
        }
    };
    assert_eq!(stopped.code(), Code::Cancelled);
    assert!(stopped.message().contains("KILL"), "{stopped}");
    served.idle().await;
    let past =
        format!("SELECT state, error_code, user_name FROM system.queries WHERE query_id = '{id}'");
    let past = query(&mut client, &past).await.unwrap();
    assert_eq!(
        (texts(&past, 0), texts(&past, 1), texts(&past, 2)),
        (
            vec!["killed".to_owned()],
            vec!["cancelled".to_owned()],
            vec!["anonymous".to_owned()]
        )
    );
    let gone = client.execute_update(format!("KILL '{id}'"), None).await;
    assert_eq!(status(gone.unwrap_err()).code(), Code::NotFound);
    for sql in ["KILL", "KILL 7", "KILL 'a' 'b'"] {
        let refused = client.execute_update(sql.to_owned(), None).await;
        assert_eq!(
            status(refused.unwrap_err()).code(),
            Code::InvalidArgument,
            "{sql}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_was_left_is_remembered_as_cancelled() {
    let mut served = served(Settings::default()).await;
    let mut client = served.client().await;
    drop(start(&mut client, LONG_QUERY).await);
    served.idle().await;
    let sql =
        "SELECT state FROM system.queries WHERE sql LIKE 'SELECT sum(value%' ORDER BY query_id";
    let states = texts(&query(&mut client, sql).await.unwrap(), 0);
    assert_eq!(states, ["cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_turn_waits_or_is_refused() {
    let mut served = served(Settings {
        query_concurrent_max: 1,
        query_queue_timeout_ms: 1,
        ..Settings::default()
    })
    .await;
    let mut client = served.client().await;
    let stream = start(&mut client, LONG_QUERY).await;
    let refused = status(query(&mut client, "SELECT 1 AS one").await.unwrap_err());
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(
        refused.message().contains("`query_queue_timeout_ms`"),
        "{refused}"
    );
    assert_eq!(
        running_ids(&mut client).await.len(),
        1,
        "looking never waits"
    );
    drop(stream);
    served.idle().await;
    query(&mut client, "SELECT 1 AS one").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn results_and_times_have_limits_by_name() {
    let mut served = served(Settings {
        result_rows_max: 10,
        query_timeout_ms: 100,
        ..Settings::default()
    })
    .await;
    let mut client = served.client().await;
    query(&mut client, "SELECT value FROM generate_series(1, 10)")
        .await
        .unwrap();
    for (sql, setting) in [
        (
            "SELECT value FROM generate_series(1, 11)",
            "`result_rows_max`",
        ),
        (LONG_QUERY, "`query_timeout_ms`"),
        (FRUITLESS_JOINS[0], "`query_timeout_ms`"),
        (FRUITLESS_JOINS[1], "`query_timeout_ms`"),
    ] {
        let refused = status(query(&mut client, sql).await.unwrap_err());
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.message().contains(setting), "{refused}");
    }
    served.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_ends_once_its_stream_is_read() {
    let served = served(Settings::default()).await;
    let mut client = served.client().await;
    let info = client
        .execute("SELECT 1 AS one".to_owned(), None)
        .await
        .unwrap();
    collect(client.do_get(ticket(&info)).await.unwrap())
        .await
        .unwrap();
    let sql = "SELECT state FROM system.queries WHERE sql = 'SELECT 1 AS one'";
    assert_eq!(
        texts(&query(&mut client, sql).await.unwrap(), 0),
        ["finished"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flight_is_cancelled_by_its_info() {
    use arrow_flight::{Action, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus};
    use prost::Message;
    let mut served = served(Settings::default()).await;
    let mut client = served.client().await;
    let info = client.execute(LONG_QUERY.to_owned(), None).await.unwrap();
    let stream = client.inner_mut().do_get(ticket(&info)).await.unwrap();
    let mut stream = stream.into_inner();
    stream.message().await.unwrap().expect("a schema");
    let mut inner = served.client().await.into_inner();
    let body = CancelFlightInfoRequest { info: Some(info) }.encode_to_vec();
    for expected in [CancelStatus::Cancelled, CancelStatus::NotCancellable] {
        let action = Action::new("CancelFlightInfo", body.clone());
        let answers = inner.do_action(action).await.unwrap().into_inner();
        let answers: Vec<_> = answers.try_collect().await.unwrap();
        let result = CancelFlightInfoResult::decode(answers[0].body.clone()).unwrap();
        assert_eq!(result.status(), expected);
        served.idle().await;
    }
    let stopped = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the query ended as if it were complete"),
            Err(status) => break status,
        }
    };
    assert_eq!(stopped.code(), Code::Cancelled);
}
