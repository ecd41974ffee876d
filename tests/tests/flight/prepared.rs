//! Prepared statements and their parameters.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::Action;
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, CommandPreparedStatementQuery, ProstMessageExt,
};
use arrow_flight::{FlightDescriptor, FlightInfo};
use bytes::Bytes;
use chatlake_flight::FlightOptions;
use prost::Message;
use tonic::Code;

use crate::server::{Client, Served, integers, query, read, row, status, texts};

fn number(value: i64) -> ArrayRef {
    Arc::new(Int64Array::from(vec![value]))
}

fn text(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

#[tokio::test]
async fn question_marks_and_numbers_are_bound() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    for sql in [
        "SELECT value FROM generate_series(0, 9) WHERE value >= ? AND value < ? ORDER BY value",
        "SELECT value FROM generate_series(0, 9) WHERE value >= $1 AND value < $2 ORDER BY value",
    ] {
        let mut statement = client.prepare(sql.to_owned(), None).await.unwrap();
        let expected = Field::new("$1", DataType::Int64, true);
        assert_eq!(
            statement.parameter_schema().unwrap().field(0),
            &expected,
            "{sql}"
        );
        assert_eq!(statement.parameter_schema().unwrap().fields().len(), 2);
        statement
            .set_parameters(row([number(2), number(5)]))
            .unwrap();
        let info = statement.execute().await.unwrap();
        assert_eq!(
            statement.dataset_schema().unwrap(),
            &info.clone().try_decode_schema().unwrap()
        );
        assert_eq!(
            integers(&read(&mut client, &info).await.unwrap(), 0),
            [Some(2), Some(3), Some(4)],
            "{sql}"
        );
        // bound again
        statement
            .set_parameters(row([number(7), number(8)]))
            .unwrap();
        let info = statement.execute().await.unwrap();
        assert_eq!(
            integers(&read(&mut client, &info).await.unwrap(), 0),
            [Some(7)],
            "{sql}"
        );
        statement.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_filter_on_a_stored_table_is_bound() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let literal = query(
        &mut client,
        "SELECT count(*) AS n FROM messages WHERE chatbot_id = 'cb_1'",
    )
    .await
    .unwrap();
    let sql = "SELECT count(*) AS n FROM messages WHERE chatbot_id = ?";
    let mut statement = client.prepare(sql.to_owned(), None).await.unwrap();
    statement.set_parameters(row([text("cb_1")])).unwrap();
    let info = statement.execute().await.unwrap();
    assert_eq!(
        integers(&read(&mut client, &info).await.unwrap(), 0),
        integers(&literal, 0)
    );
}

#[tokio::test]
async fn more_than_nine_parameters_keep_their_order() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let columns: Vec<String> = (1..=12)
        .map(|n| format!("CAST(${n} AS BIGINT) AS c{n}"))
        .collect();
    let mut statement = client
        .prepare(format!("SELECT {}", columns.join(", ")), None)
        .await
        .unwrap();
    let values: [ArrayRef; 12] = std::array::from_fn(|n| number(n as i64 + 1));
    statement.set_parameters(row(values)).unwrap();
    let info = statement.execute().await.unwrap();
    let batch = read(&mut client, &info).await.unwrap();
    let got: Vec<_> = (0..12)
        .map(|column| integers(&batch, column)[0].unwrap())
        .collect();
    assert_eq!(got, (1..=12).collect::<Vec<_>>());
}

#[tokio::test]
async fn parameters_without_a_type_take_that_of_the_value() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let mut statement = client
        .prepare("SELECT ? AS a, ? AS b".to_owned(), None)
        .await
        .unwrap();
    statement
        .set_parameters(row([number(7), text("x")]))
        .unwrap();
    let info = statement.execute().await.unwrap();
    let batch = read(&mut client, &info).await.unwrap();
    assert_eq!(integers(&batch, 0), [Some(7)]);
    assert_eq!(texts(&batch, 1), ["x"]);
}

#[tokio::test]
async fn null_and_every_simple_type_can_be_bound() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let values: [ArrayRef; 6] = [
        new_null_array(&DataType::Null, 1),
        new_null_array(&DataType::Utf8, 1),
        number(1),
        Arc::new(Float64Array::from(vec![1.5])),
        Arc::new(BooleanArray::from(vec![true])),
        text("é"),
    ];
    for (index, value) in values.into_iter().enumerate() {
        let mut statement = client
            .prepare("SELECT ? IS NULL AS missing".to_owned(), None)
            .await
            .unwrap();
        statement.set_parameters(row([value])).unwrap();
        let info = statement.execute().await.unwrap();
        let batch = read(&mut client, &info).await.unwrap();
        assert_eq!(
            batch.column(0).as_ref(),
            &BooleanArray::from(vec![index < 2]),
            "value {index}"
        );
    }
}

#[tokio::test]
async fn several_rows_give_their_results_one_after_the_other() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let sql = "SELECT value FROM generate_series(0, 9) WHERE value < ? ORDER BY value";
    let mut statement = client.prepare(sql.to_owned(), None).await.unwrap();
    let limits: ArrayRef = Arc::new(Int64Array::from(vec![Some(2), None, Some(0), Some(1)]));
    statement.set_parameters(row([limits])).unwrap();
    let info = statement.execute().await.unwrap();
    assert_eq!(
        integers(&read(&mut client, &info).await.unwrap(), 0),
        [Some(0), Some(1), Some(0)]
    );
    // no row at all: no result, but a schema
    let none: ArrayRef = Arc::new(Int64Array::from(Vec::<i64>::new()));
    statement.set_parameters(row([none])).unwrap();
    let info = statement.execute().await.unwrap();
    let batch = read(&mut client, &info).await.unwrap();
    assert_eq!(
        (batch.num_rows(), batch.schema().field(0).name().as_str()),
        (0, "value")
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_a_reason() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let sql = "SELECT value FROM generate_series(0, 9) WHERE value = ?";
    for (values, reason) in [
        (row([text("x")]), "`$1` expected Int64, found Utf8"),
        (row([number(1), number(2)]), "expected 1 of them, found 2"),
    ] {
        let mut statement = client.prepare(sql.to_owned(), None).await.unwrap();
        statement.set_parameters(values).unwrap();
        let refused = status(statement.execute().await.unwrap_err());
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains(reason), "{refused}");
    }
    let mut unbound = client.prepare(sql.to_owned(), None).await.unwrap();
    let refused = status(unbound.execute().await.unwrap_err());
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("bind them first"), "{refused}");
}

async fn plan(client: &mut Client, handle: impl Into<Bytes>) -> Result<FlightInfo, tonic::Status> {
    let command = CommandPreparedStatementQuery {
        prepared_statement_handle: handle.into(),
    };
    let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    Ok(client
        .inner_mut()
        .get_flight_info(descriptor)
        .await?
        .into_inner())
}

async fn close(client: &mut Client, handle: &Bytes) {
    let request = ActionClosePreparedStatementRequest {
        prepared_statement_handle: handle.clone(),
    };
    let action = Action::new("ClosePreparedStatement", request.as_any().encode_to_vec());
    client.inner_mut().do_action(action).await.unwrap();
}

async fn create(client: &mut Client, sql: &str) -> Result<WireResult, tonic::Status> {
    let request = arrow_flight::sql::ActionCreatePreparedStatementRequest {
        query: sql.to_owned(),
        transaction_id: None,
    };
    let action = Action::new("CreatePreparedStatement", request.as_any().encode_to_vec());
    let mut request = tonic::Request::new(action);
    if let Some(token) = client.token() {
        let bearer = format!("Bearer {token}").parse().expect("a header value");
        request.metadata_mut().insert("authorization", bearer);
    }
    let mut answers = client.inner_mut().do_action(request).await?.into_inner();
    let body = answers.message().await?.expect("one answer").body;
    let any = arrow_flight::sql::Any::decode(body).expect("a packed message");
    Ok(WireResult::decode(any.value).expect("a result"))
}

/// `ActionCreatePreparedStatementResult` with the field that arrow-flight 59 does not have.
#[derive(Clone, PartialEq, Message)]
struct WireResult {
    #[prost(bytes = "bytes", tag = "1")]
    handle: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    dataset_schema: Bytes,
    #[prost(bool, optional, tag = "4")]
    is_update: Option<bool>,
}

#[tokio::test]
async fn a_query_is_told_from_an_update() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    for (sql, column_count) in [
        ("SELECT 1 AS one", 1),
        ("SHOW timezone", 2),
        ("SET timezone = 'UTC'", 0),
    ] {
        let created = create(&mut client, sql).await.unwrap();
        assert_eq!(created.is_update, Some(column_count == 0), "{sql}");
        let schema = Schema::try_from(arrow_flight::IpcMessage(created.dataset_schema)).unwrap();
        assert_eq!(schema.fields().len(), column_count, "{sql}");
    }
}

#[tokio::test]
async fn a_handle_works_until_it_is_closed_and_its_ticket_longer() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let handle = create(&mut client, "SELECT 1 AS one").await.unwrap().handle;
    let info = plan(&mut client, handle.clone()).await.unwrap();
    close(&mut client, &handle).await;
    assert_eq!(
        plan(&mut client, handle.clone()).await.unwrap_err().code(),
        Code::NotFound
    );
    // ADBC closes the statement before others read its partitions
    assert_eq!(
        integers(&read(&mut served.client().await, &info).await.unwrap(), 0),
        [Some(1)]
    );
    for made_up in [&b""[..], b"nope", &[7; 16]] {
        let refused = plan(&mut client, Bytes::copy_from_slice(made_up))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{made_up:?}");
    }
}

#[tokio::test]
async fn the_number_of_open_statements_is_limited() {
    let served = Served::with(FlightOptions {
        prepared_count_max: 1,
        ..FlightOptions::default()
    })
    .await;
    let mut client = served.client().await;
    let handle = create(&mut client, "SELECT 1").await.unwrap().handle;
    let refused = create(&mut client, "SELECT 2").await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(
        refused.message().contains("`prepared_count_max`"),
        "{refused}"
    );
    close(&mut client, &handle).await;
    create(&mut client, "SELECT 2").await.unwrap();
}

#[tokio::test]
async fn parameters_over_the_limit_are_refused() {
    let served = Served::with(FlightOptions {
        parameter_bytes_max: 1_000,
        ..FlightOptions::default()
    })
    .await;
    let mut client = served.client().await;
    let mut statement = client
        .prepare("SELECT ? AS a".to_owned(), None)
        .await
        .unwrap();
    statement
        .set_parameters(row([text(&"x".repeat(2_000))]))
        .unwrap();
    let refused = status(statement.execute().await.unwrap_err());
    assert_eq!(refused.code(), Code::ResourceExhausted);
}
