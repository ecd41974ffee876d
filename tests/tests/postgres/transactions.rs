//! Transactions that change nothing and still have a status, and cursors in them.

use crate::server::{Served, ask, one, state_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_transaction_takes_nothing_but_its_end() {
    let served = Served::oracle().await;
    let client = served.client().await;
    ask(&client, "BEGIN").await;
    assert_eq!(state_of(&client, "SELECT nope").await, "42703");
    assert_eq!(state_of(&client, "SELECT 1").await, "25P02");
    assert_eq!(state_of(&client, "SHOW server_version").await, "25P02");
    ask(&client, "ROLLBACK").await;
    assert_eq!(one(&client, "SELECT 1").await, "1");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drivers_nest_transactions_by_savepoints() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let mut outer = client.transaction().await.unwrap();
    let inner = outer.transaction().await.unwrap();
    assert!(inner.query("SELECT nope", &[]).await.is_err());
    inner.rollback().await.unwrap();
    let row = outer.query_one("SELECT 7::BIGINT", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 7);
    outer.commit().await.unwrap();
    assert_eq!(state_of(&client, "SAVEPOINT a").await, "25P01");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_gives_rows_as_they_are_fetched() {
    let mut served = Served::oracle().await;
    let client = served.client().await;
    let declare =
        "DECLARE c CURSOR FOR SELECT value FROM generate_series(1, 1000000000) AS numbers";
    assert_eq!(state_of(&client, declare).await, "25P01");
    ask(&client, "BEGIN").await;
    ask(&client, declare).await;
    assert_eq!(ask(&client, "FETCH 2 FROM c").await, [["1"], ["2"]]);
    assert_eq!(ask(&client, "FETCH NEXT FROM c").await, [["3"]]);
    assert_eq!(ask(&client, "FETCH FORWARD 3000 FROM c").await.len(), 3_000);
    assert_eq!(ask(&client, "FETCH 1 c").await, [["3004"]]);
    assert_eq!(state_of(&client, "FETCH BACKWARD 1 FROM c").await, "55000");
    ask(&client, "ROLLBACK").await;
    served.is_idle().await;
    assert_eq!(state_of(&client, "FETCH 1 FROM c").await, "34000");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_ends_with_its_last_row() {
    let served = Served::oracle().await;
    let client = served.client().await;
    ask(
        &client,
        "BEGIN; DECLARE \"Mine\" NO SCROLL CURSOR WITHOUT HOLD FOR SELECT 1 AS n",
    )
    .await;
    assert_eq!(ask(&client, "FETCH ALL FROM \"Mine\"").await, [["1"]]);
    assert!(ask(&client, "FETCH ALL FROM \"Mine\"").await.is_empty());
    ask(&client, "CLOSE \"Mine\"; COMMIT").await;
    served.stop().await;
}
