//! Streams: many at once, cancelled ones, and slow ones beside quick ones.

use chatlake_flight::FlightOptions;
use futures::TryStreamExt;
use futures::future::join_all;

use crate::server::{
    FRUITLESS_JOINS, LONG_QUERY, MULTIPLYING_QUERY, Served, integers, query, ticket,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stream_ends_its_query() {
    let mut served = Served::oracle().await;
    let mut client = served.client().await;
    for sql in [LONG_QUERY, MULTIPLYING_QUERY]
        .into_iter()
        .chain(FRUITLESS_JOINS)
    {
        let info = client.execute(sql.to_owned(), None).await.unwrap();
        let mut stream = client
            .inner_mut()
            .do_get(ticket(&info))
            .await
            .unwrap()
            .into_inner();
        // the schema comes at once, the query runs on
        stream.message().await.unwrap().expect("a schema");
        assert_eq!(*served.running.borrow(), 1, "{sql}");
        drop(stream);
        served.idle().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_given_up_before_its_stream_began_ends_too() {
    let mut served = Served::oracle().await;
    let mut client = served.client().await;
    let info = client.execute(LONG_QUERY.to_owned(), None).await.unwrap();
    let mut other = served.client().await;
    let reading = tokio::spawn(async move {
        let stream = other.do_get(ticket(&info)).await.unwrap();
        stream.try_collect::<Vec<_>>().await
    });
    served.running.wait_for(|&count| count > 0).await.unwrap();
    reading.abort();
    served.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_leaves_nothing_running() {
    let mut served = Served::oracle().await;
    let mut client = served.client().await;
    for _ in 0..10 {
        client.execute(LONG_QUERY.to_owned(), None).await.unwrap();
    }
    served.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_queries_do_not_keep_the_server_from_answering() {
    let mut served = Served::with(FlightOptions {
        query_thread_count: 1,
        ..FlightOptions::default()
    })
    .await;
    let mut client = served.client().await;
    let info = client.execute(LONG_QUERY.to_owned(), None).await.unwrap();
    let mut streams = Vec::new();
    for _ in 0..4 {
        let mut stream = client
            .inner_mut()
            .do_get(ticket(&info))
            .await
            .unwrap()
            .into_inner();
        stream.message().await.unwrap().expect("a schema");
        streams.push(stream);
    }
    let answer = query(&mut served.client().await, "SELECT 42 AS n")
        .await
        .unwrap();
    assert_eq!(integers(&answer, 0), [Some(42)]);
    drop(streams);
    served.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_get_their_own_rows() {
    let mut served = Served::oracle().await;
    let clients = (0..32_i64).map(|client| {
        let address = &served;
        async move {
            let mut connection = address.client().await;
            for round in 0..4 {
                let n = client * 100 + round;
                let sql = format!(
                    "SELECT count(*) AS n, max(value) AS m FROM generate_series(1, {n} + 1000)"
                );
                let batch = query(&mut connection, &sql).await.unwrap();
                assert_eq!(
                    (integers(&batch, 0)[0], integers(&batch, 1)[0]),
                    (Some(n + 1000), Some(n + 1000))
                );
            }
        }
    });
    join_all(clients).await;
    served.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_query_sends_empty_batches() {
    let options = FlightOptions {
        idle_batch_interval_ms: 1,
        ..FlightOptions::default()
    };
    let mut served = Served::with(options).await;
    let mut client = served.client().await;
    let info = client.execute(LONG_QUERY.to_owned(), None).await.unwrap();
    let mut stream = client.do_get(ticket(&info)).await.unwrap();
    let batch = stream.try_next().await.unwrap().expect("a sign of life");
    assert_eq!(
        (batch.num_rows(), batch.schema().field(0).name().as_str()),
        (0, "n")
    );
    drop(stream);
    served.idle().await;
}
