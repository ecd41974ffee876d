//! The orderly end of a server.

use chatlake_flight::FlightOptions;
use tonic::Code;

use crate::server::{LONG_QUERY, Served, collect, query, status, ticket};

#[tokio::test(flavor = "multi_thread")]
async fn a_running_stream_may_finish() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let sql = "SELECT value, repeat('x', 1000) AS text FROM generate_series(1, 20000)";
    let info = client.execute(sql.to_owned(), None).await.unwrap();
    let stream = client.do_get(ticket(&info)).await.unwrap();
    let task = served.stop();
    let (_, batches) = collect(stream).await.unwrap();
    assert_eq!(
        batches.iter().map(|batch| batch.num_rows()).sum::<usize>(),
        20_000
    );
    drop(client);
    task.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_longer_than_the_grace_is_stopped_with_a_status() {
    let served = Served::with(FlightOptions {
        shutdown_grace_ms: 1,
        ..FlightOptions::default()
    })
    .await;
    let mut client = served.client().await;
    let info = client.execute(LONG_QUERY.to_owned(), None).await.unwrap();
    let stream = client.do_get(ticket(&info)).await.unwrap();
    served.stop().await.unwrap().unwrap();
    let stopped = status(collect(stream).await.unwrap_err());
    assert_eq!(stopped.code(), Code::Unavailable);
    assert!(stopped.message().contains("shutting down"), "{stopped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_taken_afterwards() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    query(&mut client, "SELECT 1 AS one").await.unwrap();
    served.stop().await.unwrap().unwrap();
    assert!(query(&mut client, "SELECT 1 AS one").await.is_err());
}
