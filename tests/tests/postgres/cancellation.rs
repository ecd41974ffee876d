//! Queries that nobody waits for any more stop.

use futures::{TryStreamExt, pin_mut};
use tokio_postgres::NoTls;

use crate::server::{LONG_QUERY, Served, failure, one};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_cancel_stops_the_query() {
    let mut served = Served::oracle().await;
    let client = served.client().await;
    let cancel = client.cancel_token();
    let query = tokio::spawn(async move {
        let stopped = client.simple_query(LONG_QUERY).await.unwrap_err();
        (client, stopped)
    });
    served.is_busy().await;
    served.cancel(&cancel).await;
    let (client, stopped) = query.await.unwrap();
    let (state, message) = failure(&stopped);
    assert_eq!(
        (state.as_str(), message.as_str()),
        ("57014", "canceling statement due to user request")
    );
    served.is_idle().await;
    // a request that comes when nothing runs stops nothing
    served.cancel(&client.cancel_token()).await;
    assert_eq!(one(&client, "SELECT 1").await, "1");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_cancel_stops_rows_that_are_being_sent() {
    let mut served = Served::oracle().await;
    let client = served.client().await;
    let cancel = client.cancel_token();
    let endless = "SELECT value FROM generate_series(1, 1000000000000)";
    let rows = client
        .query_raw(endless, Vec::<String>::new())
        .await
        .unwrap();
    pin_mut!(rows);
    // a request before that could meet the pause between planning and running, in which it stops nothing
    rows.try_next().await.unwrap().expect("a row");
    served.cancel(&cancel).await;
    let stopped = loop {
        match rows.try_next().await {
            Ok(row) => assert!(row.is_some(), "an endless answer has ended"),
            Err(stopped) => break stopped,
        }
    };
    assert_eq!(failure(&stopped).0, "57014");
    served.is_idle().await;
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_timeout_stops_the_query() {
    let mut served = Served::oracle().await;
    let client = served.client().await;
    client
        .simple_query("SET statement_timeout = 50")
        .await
        .unwrap();
    let stopped = client.query(LONG_QUERY, &[]).await.unwrap_err();
    let (state, message) = failure(&stopped);
    assert_eq!(
        (state.as_str(), message.as_str()),
        ("57014", "canceling statement due to statement timeout")
    );
    served.is_idle().await;
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_takes_its_query_with_it() {
    let mut served = Served::oracle().await;
    let (client, connection) = served.config("anybody", "").connect(NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let query = tokio::spawn(async move { client.simple_query(LONG_QUERY).await });
    served.is_busy().await;
    connection.abort();
    assert!(query.await.unwrap().is_err());
    served.is_idle().await;
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_ends_idle_connections_at_once_and_running_queries_after_the_grace() {
    let options = chatlake_postgres::PostgresOptions {
        shutdown_grace_ms: 1,
        ..chatlake_postgres::PostgresOptions::default()
    };
    let mut served = Served::with(options, None).await;
    let (idle, busy) = (served.client().await, served.client().await);
    let query = tokio::spawn(async move { busy.simple_query(LONG_QUERY).await });
    served.is_busy().await;
    let mut running = served.running.clone();
    served.stop().await;
    assert!(query.await.unwrap().is_err());
    assert!(idle.simple_query("SELECT 1").await.is_err());
    running.wait_for(|count| *count == 0).await.ok();
    assert_eq!(*running.borrow(), 0);
}
