//! Tests of scans: which files are read, which rows come out, for whom.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::util::pretty::pretty_format_batches;
use chatlake_storage::Rows;
use chatlake_types::{AccessScope, FixedClock};

use crate::{Chatlake, Error, ErrorCode, OpenOptions, Session};

const DAY: i64 = 86_400_000_000;

async fn open() -> Chatlake {
    let options = OpenOptions {
        create: true,
        clock: Arc::new(FixedClock(100 * DAY)),
        ..OpenOptions::default()
    };
    Chatlake::open("memory://", options).await.unwrap()
}

/// Rows of a table from texts: instants are days since 1970, NULL is `-`.
async fn load(database: &Chatlake, table: &str, columns: &[&str], rows: &[&[&str]]) {
    let table = chatlake_schema::table(table).unwrap();
    let mut load = database.lake().begin_load().await.unwrap();
    let first = load.reserve_ingest_seq(rows.len() as u64);
    let arrays = table.columns.iter().map(|column| -> ArrayRef {
        let position = columns.iter().position(|name| *name == column.name);
        let cell = |row: usize| {
            position
                .map(|position| rows[row][position])
                .filter(|text| *text != "-")
        };
        let cells = (0..rows.len()).map(cell);
        let data_type = column.column_type.arrow_type();
        match data_type {
            _ if column.name == "ingest_seq" => Arc::new(Int64Array::from_iter_values(
                first..first + rows.len() as i64,
            )),
            arrow::datatypes::DataType::Utf8 if column.nullable => {
                Arc::new(cells.collect::<StringArray>())
            }
            arrow::datatypes::DataType::Utf8 => Arc::new(
                cells
                    .map(|cell| Some(cell.unwrap_or("x")))
                    .collect::<StringArray>(),
            ),
            arrow::datatypes::DataType::Boolean => {
                Arc::new(BooleanArray::from(vec![true; rows.len()]))
            }
            arrow::datatypes::DataType::Timestamp(_, _) => {
                let micros = cells.map(|cell| {
                    cell.map(|days| (days.parse::<f64>().unwrap() * DAY as f64) as i64)
                });
                let micros: Vec<Option<i64>> = micros
                    .map(|micros| micros.or((!column.nullable).then_some(0)))
                    .collect();
                Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC"))
            }
            arrow::datatypes::DataType::Decimal128(_, _) if !column.nullable => {
                let zeros = arrow::array::Decimal128Array::from(vec![0; rows.len()]);
                Arc::new(zeros.with_data_type(data_type.clone()))
            }
            _ => arrow::array::new_null_array(&data_type, rows.len()),
        }
    });
    let batch = RecordBatch::try_new(table.arrow_schema(), arrays.collect()).unwrap();
    load.append(Rows {
        table,
        batch,
        part_of_record: false,
    })
    .await
    .unwrap();
    load.commit().await.unwrap();
}

async fn messages() -> Chatlake {
    let database = open().await;
    let columns = ["chatbot_id", "conversation_id", "message_id", "sent_at"];
    load(
        &database,
        "messages",
        &columns,
        &[
            &["a", "c1", "m1", "1"],
            &["a", "c1", "m2", "2"],
            &["a", "c9", "m3", "3.5"],
            &["b", "c1", "m1", "1"],
            &["c", "c5", "m1", "9"],
        ],
    )
    .await;
    database
}

async fn text(session: &Session, sql: &str) -> String {
    let batches = session.query(sql).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

async fn count(session: &Session, sql: &str) -> i64 {
    use arrow::array::AsArray;
    let batches = session.query(sql).await.unwrap().collect().await.unwrap();
    batches[0]
        .column(0)
        .as_primitive::<arrow::datatypes::Int64Type>()
        .value(0)
}

/// The days whose files a query reads, by chatbot, as the plan says.
async fn files_read(session: &Session, sql: &str) -> BTreeSet<String> {
    let plan = text(session, &format!("EXPLAIN {sql}")).await;
    let parts = plan
        .split("chatbot_id=")
        .skip(1)
        .filter(|part| part.contains("/day=") && part.contains(".parquet"));
    parts
        .map(|part| {
            part.split('/')
                .take(2)
                .collect::<Vec<_>>()
                .join("/")
                .replace("day=1970-01-", "")
        })
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn filters_choose_partitions_before_anything_is_read() {
    let database = messages().await;
    let session = database.session();
    for (filter, expected) in [
        ("chatbot_id = 'a'", set(&["a/02", "a/03", "a/04"])),
        ("'b' = chatbot_id", set(&["b/02"])),
        ("chatbot_id IN ('b', 'c', 'zzz')", set(&["b/02", "c/10"])),
        (
            "chatbot_id = 'a' AND sent_at >= TIMESTAMP '1970-01-03T00:00:00Z'",
            set(&["a/03", "a/04"]),
        ),
        (
            "chatbot_id = 'a' AND sent_at < TIMESTAMP '1970-01-03T00:00:00Z'",
            set(&["a/02"]),
        ),
        (
            "sent_at BETWEEN TIMESTAMP '1970-01-03T00:00:00Z' AND TIMESTAMP '1970-01-04T11:00:00Z'",
            set(&["a/03"]),
        ),
        ("day = DATE '1970-01-02'", set(&["a/02", "b/02"])),
        (
            "day > DATE '1970-01-03' AND day <= DATE '1970-01-09'",
            set(&["a/04"]),
        ),
        (
            "chatbot_id = 'a' AND conversation_id = 'c9'",
            set(&["a/04"]),
        ),
        ("chatbot_id = 'a' AND chatbot_id = 'b'", set(&[])),
        ("chatbot_id = 'nobody'", set(&[])),
    ] {
        let sql = format!("SELECT message_id FROM stored.messages WHERE {filter}");
        assert_eq!(files_read(&session, &sql).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn pruning_never_changes_an_answer() {
    let database = messages().await;
    let session = database.session();
    for (filter, expected) in [
        ("TRUE", 5),
        ("chatbot_id = 'a'", 3),
        ("chatbot_id <> 'a'", 2),
        ("NOT (chatbot_id IN ('a', 'b'))", 1),
        ("chatbot_id > 'a'", 2),
        ("chatbot_id LIKE 'a%'", 3),
        ("chatbot_id IS NULL", 0),
        ("sent_at > TIMESTAMP '1970-01-04T11:59:59Z'", 2),
        ("sent_at > TIMESTAMP '1970-01-04T12:00:00Z'", 1),
        ("sent_at = TIMESTAMP '1970-01-02T00:00:00Z'", 2),
        ("day < DATE '1970-01-02'", 0),
        ("day IN (DATE '1970-01-02', DATE '1970-01-10')", 3),
        ("chatbot_id = 'a' OR day = DATE '1970-01-10'", 4),
        ("conversation_id >= 'c5'", 2),
        ("chatbot_id = conversation_id", 0),
        ("ingest_seq <= 2", 2),
    ] {
        let sql = format!("SELECT count(*) FROM stored.messages WHERE {filter}");
        assert_eq!(count(&session, &sql).await, expected, "{filter}");
    }
}

/// The messages and, of two accounts, agents, chatbots and a ledger.
async fn two_tenants() -> Chatlake {
    let database = messages().await;
    let agents = ["account_id", "agent_id"];
    load(
        &database,
        "agents",
        &agents,
        &[&["acc1", "x"], &["acc2", "y"]],
    )
    .await;
    let chatbots = ["chatbot_id", "account_id"];
    load(
        &database,
        "chatbots",
        &chatbots,
        &[&["a", "acc1"], &["b", "acc2"]],
    )
    .await;
    let ledger = [
        "account_id",
        "entry_id",
        "chatbot_id",
        "kind",
        "occurred_at",
    ];
    let entries: [&[&str]; 3] = [
        &["acc1", "1", "a", "usage", "1"],
        &["acc1", "2", "-", "topup", "1"],
        &["acc2", "1", "-", "topup", "1"],
    ];
    load(&database, "credit_ledger", &ledger, &entries).await;
    database
}

fn first_tenant() -> AccessScope {
    AccessScope::Tenants {
        accounts: set(&["acc1"]),
        chatbots: set(&["a"]),
    }
}

#[tokio::test]
async fn nobody_reads_or_counts_rows_outside_of_the_scope() {
    let database = two_tenants().await;
    let tables = ["messages", "agents", "chatbots", "credit_ledger"];
    for (scope, expected) in [
        (AccessScope::Everything, [5, 2, 2, 3]),
        (first_tenant(), [3, 1, 1, 2]),
        (AccessScope::Nothing, [0, 0, 0, 0]),
    ] {
        let session = database.session_with_scope(scope);
        for (table, expected) in tables.iter().zip(expected) {
            for counted in ["*", "ingest_seq"] {
                let sql = format!("SELECT count({counted}) FROM stored.{table}");
                assert_eq!(count(&session, &sql).await, expected, "{sql}");
            }
        }
    }
}

#[tokio::test]
async fn system_tables_and_variables_tell_nothing_of_other_tenants() {
    let database = two_tenants().await;
    let session = database.session_with_scope(first_tenant());
    let foreign = "SELECT count(*) FROM stored.messages WHERE chatbot_id = 'b'";
    assert_eq!(count(&session, foreign).await, 0);
    assert_eq!(
        count(&session, "SELECT count(*) FROM system.files").await,
        4
    );
    assert_eq!(
        count(&session, "SELECT count(*) FROM system.commits").await,
        0
    );
    assert!(
        !text(&session, "SELECT * FROM system.files")
            .await
            .contains("chatbot_id=b")
    );
    let denied = session
        .query("SET chatlake.chatbot_id = 'b'")
        .await
        .unwrap_err();
    assert_eq!(denied.code(), ErrorCode::PermissionDenied);
    session
        .query("SET chatlake.chatbot_id = 'a'")
        .await
        .unwrap();
    assert_eq!(
        count(&session, "SELECT count(*) FROM stored.messages").await,
        3
    );
}

#[tokio::test]
async fn a_query_keeps_the_commit_it_was_planned_on() {
    let database = messages().await;
    let session = database.session();
    let query = session
        .query("SELECT count(*) FROM stored.messages")
        .await
        .unwrap();
    load(
        &database,
        "messages",
        &["chatbot_id", "conversation_id", "message_id"],
        &[&["a", "c1", "later"]],
    )
    .await;
    let batches = query.collect().await.unwrap();
    assert!(
        pretty_format_batches(&batches)
            .unwrap()
            .to_string()
            .contains("| 5 ")
    );
    assert_eq!(
        count(&session, "SELECT count(*) FROM stored.messages").await,
        6
    );
}

#[tokio::test]
async fn statements_that_would_change_the_lake_are_refused() {
    let database = open().await;
    let session = database.session();
    for sql in [
        "CREATE TABLE stored.x AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "DROP TABLE stored.messages",
        "INSERT INTO stored.chatbots VALUES ('a', 'b', 'c', 1)",
        "DELETE FROM stored.messages",
        "COPY (SELECT 1) TO 'x.csv'",
        "SET ROLE admin",
    ] {
        let error = session.query(sql).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unsupported, "{sql}: {error}");
    }
    for sql in [
        "",
        "SELECT",
        "SELECT 1; SELECT 2",
        "SELECT * FROM nowhere",
        "SELECT nope FROM messages",
        "SET a.b = 1",
        "SELECT $1",
        "SELECT 1/0",
    ] {
        let outcome = match session.query(sql).await {
            Ok(query) => query.collect().await.map(drop),
            Err(error) => Err(error),
        };
        let error = outcome.expect_err(sql);
        assert_eq!(error.code(), ErrorCode::InvalidInput, "{sql}: {error}");
        assert!(!error.to_string().contains("Error"), "{error}");
    }
}

#[tokio::test]
async fn prepared_statements_take_values_by_position() {
    let database = messages().await;
    let prepared = database
        .session()
        .prepare("SELECT message_id FROM stored.messages WHERE chatbot_id = $1 AND sent_at >= $2")
        .await
        .unwrap();
    let parameters = prepared.parameter_schema();
    assert_eq!(
        parameters
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect::<Vec<_>>(),
        ["$1", "$2"]
    );
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let times: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from(vec![2 * DAY, 0]).with_timezone("UTC"));
    let values = RecordBatch::try_from_iter([("1", ids), ("2", times)]).unwrap();
    for (row, expected) in [(0, 2), (1, 1)] {
        let query = prepared.bind(&values, row).await.unwrap();
        assert_eq!(query.schema(), prepared.schema());
        let rows: usize = query
            .collect()
            .await
            .unwrap()
            .iter()
            .map(RecordBatch::num_rows)
            .sum();
        assert_eq!(rows, expected);
    }
    let error = prepared
        .bind(&values.project(&[0]).unwrap(), 0)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "expected 2 parameter values, found 1");
}

#[tokio::test]
async fn a_query_over_its_time_ends_with_the_name_of_the_setting() {
    let settings = crate::Settings {
        query_timeout_ms: 50,
        ..Default::default()
    };
    let options = OpenOptions {
        create: true,
        settings,
        ..OpenOptions::default()
    };
    let database = Chatlake::open("memory://", options).await.unwrap();
    let sql = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 1000000) b WHERE a.value % 7 = b.value % 11";
    let error = database
        .session()
        .query(sql)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Limit(_)), "{error}");
    assert!(error.to_string().contains("query_timeout_ms"), "{error}");
}

#[tokio::test]
async fn every_view_and_table_can_be_read_when_the_lake_is_empty() {
    let database = open().await;
    let session = database.session();
    for info in session.tables().await.unwrap() {
        let sql = format!("SELECT * FROM {}.{}", info.schema, info.name);
        let query = session.query(&sql).await.unwrap();
        let names = |schema: &arrow::datatypes::Schema| -> Vec<_> {
            schema
                .fields()
                .iter()
                .map(|field| (field.name().clone(), field.data_type().clone()))
                .collect()
        };
        assert_eq!(names(&query.schema()), names(&info.arrow_schema), "{sql}");
        query.collect().await.unwrap();
    }
}

/// Servers run these on tasks of their own.
#[test]
fn futures_can_move_between_threads() {
    fn can_move<T: Send>(_: impl Fn() -> T) {}
    can_move(|| async {
        let database = open().await;
        let session = database.session();
        let query = session.query("SELECT 1").await.unwrap();
        let prepared = session.prepare("SELECT 1").await.unwrap();
        let tables = session.tables().await.unwrap();
        let check = database.check().await.unwrap();
        let rows = query.collect().await.unwrap();
        (prepared, tables, check, rows)
    });
}
