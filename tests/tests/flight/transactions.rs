//! Transactions: what drivers open on connecting, and what rolling back takes back.

use arrow_flight::sql::EndTransaction;
use bytes::Bytes;
use chatlake_flight::FlightOptions;
use tonic::Code;

use crate::server::{Served, integers, query, status};

#[tokio::test]
async fn rolling_back_takes_scratch_tables_back() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    query(&mut client, "CREATE TABLE kept AS SELECT 1 AS n")
        .await
        .unwrap();
    let id = client.begin_transaction().await.unwrap();
    let update = "INSERT INTO kept VALUES (2)".to_owned();
    let count = client.execute_update(update, Some(id.clone())).await;
    assert_eq!(count.unwrap(), 1);
    query(&mut client, "CREATE TABLE gone AS SELECT 1 AS n")
        .await
        .unwrap();
    client
        .end_transaction(id.clone(), EndTransaction::Rollback)
        .await
        .unwrap();
    let kept = query(&mut client, "SELECT count(*) AS n FROM kept")
        .await
        .unwrap();
    assert_eq!(integers(&kept, 0), [Some(1)]);
    assert!(query(&mut client, "SELECT * FROM gone").await.is_err());
    let again = client.end_transaction(id, EndTransaction::Commit).await;
    assert_eq!(status(again.unwrap_err()).code(), Code::NotFound);
}

#[tokio::test]
async fn committing_keeps_what_was_made() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    let id = client.begin_transaction().await.unwrap();
    query(&mut client, "CREATE TABLE kept AS SELECT 1 AS n")
        .await
        .unwrap();
    client
        .end_transaction(id, EndTransaction::Commit)
        .await
        .unwrap();
    query(&mut client, "SELECT * FROM kept").await.unwrap();
}

#[tokio::test]
async fn a_transaction_belongs_to_its_session() {
    let served = Served::oracle().await;
    let (mut mine, mut yours) = (served.session().await, served.session().await);
    let id = mine.begin_transaction().await.unwrap();
    let sql = "SELECT 1 AS one".to_owned();
    assert!(mine.execute(sql.clone(), Some(id.clone())).await.is_ok());
    for id in [id, Bytes::from_static(b"made up")] {
        let refused = yours.execute(sql.clone(), Some(id)).await;
        assert_eq!(status(refused.unwrap_err()).code(), Code::NotFound);
    }
}

#[tokio::test]
async fn a_client_without_a_session_may_begin_and_end() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let id = client.begin_transaction().await.unwrap();
    let sql = "SELECT 1 AS one".to_owned();
    client.execute(sql, Some(id.clone())).await.unwrap();
    client
        .end_transaction(id, EndTransaction::Rollback)
        .await
        .unwrap();
}

#[tokio::test]
async fn open_transactions_have_a_limit() {
    let served = Served::with(FlightOptions::default()).await;
    let mut client = served.session().await;
    for _ in 0..16 {
        client.begin_transaction().await.unwrap();
    }
    let refused = client.begin_transaction().await.unwrap_err();
    assert_eq!(status(refused).code(), Code::ResourceExhausted);
}
