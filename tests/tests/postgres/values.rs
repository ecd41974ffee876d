//! Values in both directions: results as text and binary, values of placeholders of many types.

use std::time::{Duration, SystemTime};

use tokio_postgres::types::Type;

use crate::server::{Served, ask};

#[tokio::test(flavor = "multi_thread")]
async fn results_are_read_in_binary() {
    let served = Served::oracle().await;
    let client = served.client().await;
    let sql = "SELECT true AS b, CAST(7 AS BIGINT) AS i, 2.5 AS f, 'text' AS t, CAST(NULL AS BIGINT) AS n,
        TIMESTAMP '2026-03-12T16:00:00Z' AS ts, DATE '2026-03-12' AS d, make_array('a', NULL, 'b,\"') AS l,
        named_struct('k', 1, 'v', make_array(1, 2)) AS s, arrow_cast(12345, 'Decimal128(38, 4)') AS m";
    let row = client.query_one(sql, &[]).await.unwrap();
    let types: Vec<&str> = row
        .columns()
        .iter()
        .map(|column| column.type_().name())
        .collect();
    assert_eq!(
        types,
        [
            "bool",
            "int8",
            "float8",
            "text",
            "int8",
            "timestamp",
            "date",
            "_text",
            "json",
            "numeric"
        ]
    );
    assert!(row.get::<_, bool>("b"));
    assert_eq!(row.get::<_, i64>("i"), 7);
    assert!((row.get::<_, f64>("f") - 2.5).abs() < f64::EPSILON);
    assert_eq!(row.get::<_, Option<i64>>("n"), None);
    let instant = SystemTime::UNIX_EPOCH + Duration::from_secs(1_773_331_200);
    assert_eq!(row.get::<_, SystemTime>("ts"), instant);
    assert_eq!(
        row.get::<_, Vec<Option<String>>>("l"),
        [Some("a".to_owned()), None, Some("b,\"".to_owned())]
    );
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instants_are_shown_in_the_zone_of_the_session() {
    let served = Served::oracle().await;
    let client = served.client().await;
    let sql = "SELECT min(sent_at) FROM messages";
    let utc = ask(&client, sql).await;
    ask(&client, "SET TIME ZONE 'Asia/Tokyo'").await;
    let tokyo = ask(&client, sql).await;
    assert!(
        utc[0][0].ends_with("+00") || utc[0][0].ends_with("+0000"),
        "{utc:?}"
    );
    assert!(tokyo[0][0].contains("+09"), "{tokyo:?}");
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.columns()[0].type_(), &Type::TIMESTAMPTZ);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_placeholders_have_the_type_that_is_wanted_or_declared() {
    let served = Served::oracle().await;
    let client = served.client().await;
    let sql = "SELECT count(*) FROM messages WHERE chatbot_id = $1 AND sent_at >= $2";
    let statement = client.prepare(sql).await.unwrap();
    assert_eq!(statement.params(), [Type::TEXT, Type::TIMESTAMPTZ]);
    let since = SystemTime::UNIX_EPOCH;
    let row = client
        .query_one(&statement, &[&"cb_1", &since])
        .await
        .unwrap();
    let all = ask(
        &client,
        "SELECT count(*) FROM messages WHERE chatbot_id = 'cb_1'",
    )
    .await;
    assert_eq!(row.get::<_, i64>(0).to_string(), all[0][0]);
    let declared = client
        .prepare_typed(
            "SELECT $1 + 1 AS i, $2 AS f, $3 AS b, $4 AS t",
            &[Type::INT4, Type::FLOAT8, Type::BOOL],
        )
        .await
        .unwrap();
    assert_eq!(
        declared.params(),
        [Type::INT4, Type::FLOAT8, Type::BOOL, Type::TEXT]
    );
    let row = client
        .query_one(&declared, &[&41_i32, &0.5_f64, &true, &"é"])
        .await
        .unwrap();
    assert_eq!(row.get::<_, String>("t"), "é");
    assert!(row.get::<_, bool>("b"));
    let nothing: Option<&str> = None;
    let row = client
        .query_one("SELECT $1 IS NULL AS n", &[&nothing])
        .await
        .unwrap();
    assert!(row.get::<_, bool>("n"));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_values_too() {
    let served = Served::oracle().await;
    let client = served.client().await;
    let sql = "SELECT count(DISTINCT chatbot_id) FROM messages WHERE chatbot_id = ANY($1)";
    let statement = client
        .prepare_typed(sql, &[Type::TEXT_ARRAY])
        .await
        .unwrap();
    let row = client
        .query_one(&statement, &[&vec!["cb_1", "nope"]])
        .await
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), 1);
    served.stop().await;
}
