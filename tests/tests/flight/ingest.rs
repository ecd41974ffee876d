//! `CommandStatementIngest`: the four modes, stored tables, and what is refused.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_flight::error::FlightError;
use arrow_flight::sql::{
    CommandStatementIngest, TableDefinitionOptions, TableExistsOption, TableNotExistOption,
};
use tonic::Code;

use crate::server::{Client, Served, integers, query, status};

/// A command for `table`, to be made and added to.
fn command(table: &str) -> CommandStatementIngest {
    with_modes(
        table,
        TableNotExistOption::Create,
        TableExistsOption::Append,
    )
}

fn with_modes(
    table: &str,
    absent: TableNotExistOption,
    exists: TableExistsOption,
) -> CommandStatementIngest {
    CommandStatementIngest {
        table_definition_options: Some(TableDefinitionOptions {
            if_not_exist: absent as i32,
            if_exists: exists as i32,
        }),
        table: table.to_owned(),
        ..CommandStatementIngest::default()
    }
}

fn numbers(values: &[i64]) -> RecordBatch {
    let values: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
    RecordBatch::try_from_iter_with_nullable([("n", values, true)]).unwrap()
}

async fn ingest(
    client: &mut Client,
    command: CommandStatementIngest,
    batches: Vec<RecordBatch>,
) -> Result<i64, FlightError> {
    let batches = futures::stream::iter(batches.into_iter().map(Ok));
    client.execute_ingest(command, batches).await
}

async fn count(client: &mut Client, table: &str) -> Option<i64> {
    let sql = format!("SELECT count(*) AS n FROM {table}");
    integers(&query(client, &sql).await.unwrap(), 0)[0]
}

#[tokio::test]
async fn the_four_modes_do_what_they_say() {
    use TableExistsOption::{Append, Fail as FailExists, Replace};
    use TableNotExistOption::{Create, Fail};
    let served = Served::oracle().await;
    let mut client = served.session().await;
    let three = || vec![numbers(&[1, 2]), numbers(&[3])];
    let code = |result: Result<i64, FlightError>| status(result.unwrap_err()).code();
    let absent = ingest(&mut client, with_modes("t", Fail, Append), three()).await;
    assert_eq!(code(absent), Code::NotFound);
    for (absent, exists, rows) in [
        (Create, FailExists, 3),
        (Fail, Append, 6),
        (Create, Append, 9),
        (Create, Replace, 3),
    ] {
        let taken = ingest(&mut client, with_modes("t", absent, exists), three()).await;
        assert_eq!(taken.unwrap(), 3);
        assert_eq!(count(&mut client, "t").await, Some(rows), "{exists:?}");
    }
    let there = ingest(&mut client, with_modes("t", Create, FailExists), three()).await;
    assert_eq!(code(there), Code::AlreadyExists);
    let other: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let other = RecordBatch::try_from_iter([("n", other)]).unwrap();
    let columns = ingest(&mut client, command("t"), vec![other]).await;
    assert_eq!(code(columns), Code::InvalidArgument);
    assert_eq!(count(&mut client, "t").await, Some(3));
}

#[tokio::test]
async fn large_messages_are_taken() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    let rows: Vec<i64> = (0..1_000_000).collect();
    let taken = ingest(&mut client, command("t"), vec![numbers(&rows)]).await;
    assert_eq!(taken.unwrap(), 1_000_000);
}

#[tokio::test]
async fn a_table_without_rows_has_columns() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    let taken = ingest(&mut client, command("t"), vec![numbers(&[])]).await;
    assert_eq!(taken.unwrap(), 0);
    assert_eq!(count(&mut client, "t").await, Some(0));
}

/// Rows of the stored table `messages`.
fn messages(ids: &[&str]) -> RecordBatch {
    let texts = |values: Vec<&str>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let repeated = |value: &'static str| texts(vec![value; ids.len()]);
    let sent = TimestampMicrosecondArray::from(vec![1_772_323_200_000_000; ids.len()]);
    RecordBatch::try_from_iter([
        ("chatbot_id", repeated("cb_ingested")),
        ("conversation_id", repeated("c")),
        ("message_id", texts(ids.to_vec())),
        ("sent_at", Arc::new(sent.with_timezone("UTC")) as ArrayRef),
        ("sender_type", repeated("customer")),
        ("content", repeated("hello")),
    ])
    .unwrap()
}

#[tokio::test]
async fn stored_tables_take_rows_like_a_bulk_load() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let stored = |table: &str| CommandStatementIngest {
        schema: Some("stored".to_owned()),
        ..command(table)
    };
    let taken = ingest(&mut client, stored("messages"), vec![messages(&["a", "b"])]).await;
    assert_eq!(taken.unwrap(), 2);
    // duplicates are no new rows
    let again = ingest(
        &mut client,
        command("messages"),
        vec![messages(&["b", "c"])],
    )
    .await;
    assert_eq!(again.unwrap(), 1);
    let mine = "SELECT count(*) AS n FROM messages WHERE chatbot_id = 'cb_ingested'";
    let found = query(&mut client, mine).await.unwrap();
    assert_eq!(integers(&found, 0), [Some(3)]);
    // a bad row keeps all rows out, and is named
    let bad = ingest(&mut client, stored("messages"), vec![messages(&["d", ""])]).await;
    let bad = status(bad.unwrap_err());
    assert_eq!(bad.code(), Code::InvalidArgument, "{bad}");
    let columns = ingest(&mut client, stored("messages"), vec![numbers(&[1])]).await;
    assert_eq!(status(columns.unwrap_err()).code(), Code::InvalidArgument);
    let found = query(&mut client, mine).await.unwrap();
    assert_eq!(integers(&found, 0), [Some(3)]);
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_with_a_code() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    let to = |schema: &str, table: &str| CommandStatementIngest {
        schema: Some(schema.to_owned()),
        ..command(table)
    };
    let replace = with_modes(
        "messages",
        TableNotExistOption::Create,
        TableExistsOption::Replace,
    );
    let odd = CommandStatementIngest {
        options: [("colour".to_owned(), "red".to_owned())].into(),
        ..command("t")
    };
    let unsaid = CommandStatementIngest {
        table_definition_options: None,
        ..command("t")
    };
    let elsewhere = CommandStatementIngest {
        catalog: Some("other".to_owned()),
        ..command("t")
    };
    let temporary = CommandStatementIngest {
        temporary: true,
        ..to("stored", "messages")
    };
    for (command, code) in [
        (replace, Code::Unimplemented),
        (odd, Code::InvalidArgument),
        (unsaid, Code::InvalidArgument),
        (elsewhere, Code::InvalidArgument),
        (temporary, Code::Unimplemented),
        (to("bi", "users"), Code::Unimplemented),
        (to("lake", "session_spans"), Code::Unimplemented),
        (to("system", "queries"), Code::Unimplemented),
        (to("stored", "t"), Code::Unimplemented),
        (to("nowhere", "t"), Code::NotFound),
        (command(""), Code::InvalidArgument),
    ] {
        let refused = ingest(&mut client, command.clone(), vec![numbers(&[1])]).await;
        let refused = status(refused.err().unwrap_or_else(|| panic!("{command:?}")));
        assert_eq!(refused.code(), code, "{command:?}: {refused}");
    }
}

#[tokio::test]
async fn a_client_without_a_session_makes_no_scratch_table() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let refused = ingest(&mut client, command("t"), vec![numbers(&[1])]).await;
    let refused = status(refused.unwrap_err());
    assert!(
        refused.message().contains("connect with a user name"),
        "{refused}"
    );
}

#[tokio::test]
async fn rows_of_stored_tables_are_not_taken_into_a_transaction() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    client.begin_transaction().await.unwrap();
    let refused = ingest(&mut client, command("messages"), vec![messages(&["a"])]).await;
    let refused = status(refused.unwrap_err());
    assert!(refused.message().contains("autocommit"), "{refused}");
    ingest(&mut client, command("t"), vec![numbers(&[1])])
        .await
        .unwrap();
}
