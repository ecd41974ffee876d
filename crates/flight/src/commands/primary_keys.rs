//! `CommandGetPrimaryKeys`: the columns that identify a row of a table or view.
//!
//! Guarantees: the schema is that of `FlightSql.proto` with its nullability; a table without a known key has no row (Tableau
//! and DBeaver need the answer, empty or not).

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::sql::{CommandGetPrimaryKeys, ProstMessageExt};
use arrow_flight::{FlightDescriptor, FlightInfo};
use chatlake::{CATALOG, Session, TableInfo};
use prost::Message;

use crate::commands::catalogs::is_meant;
use crate::error::{Error, Result};
use crate::flight_info::flight_info;
use crate::result_stream::{FlightDataStream, stream_batch};
use crate::state::State;

/// Columns of the answer.
fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("catalog_name", DataType::Utf8, true),
        Field::new("db_schema_name", DataType::Utf8, true),
        Field::new("table_name", DataType::Utf8, false),
        Field::new("column_name", DataType::Utf8, false),
        Field::new("key_sequence", DataType::Int32, false),
        Field::new("key_name", DataType::Utf8, true),
    ]))
}

/// Plans the command.
pub(crate) fn get_flight_info(
    command: &CommandGetPrimaryKeys,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    flight_info(&schema(), command.as_any().encode_to_vec(), descriptor)
}

/// Answers the command.
pub(crate) async fn do_get(
    state: &State,
    session: Session,
    command: CommandGetPrimaryKeys,
) -> Result<FlightDataStream> {
    let tables = state
        .executor
        .run(async move { Ok(session.tables().await?) })
        .await?;
    let is_asked_for = |table: &&TableInfo| {
        is_meant(command.catalog.as_deref())
            && command
                .db_schema
                .as_deref()
                .is_none_or(|schema| schema == table.schema)
            && command.table == table.name
    };
    let rows: Vec<(&TableInfo, usize, &String)> = tables
        .iter()
        .filter(is_asked_for)
        .flat_map(|table| {
            let columns = table.primary_key.iter().enumerate();
            columns.map(move |(index, column)| (table, index, column))
        })
        .collect();
    let text = |of: &dyn Fn(&(&TableInfo, usize, &String)) -> String| -> ArrayRef {
        Arc::new(
            rows.iter()
                .map(|row| Some(of(row)))
                .collect::<StringArray>(),
        )
    };
    let columns: Vec<ArrayRef> = vec![
        text(&|_| CATALOG.to_owned()),
        text(&|(table, ..)| table.schema.clone()),
        text(&|(table, ..)| table.name.clone()),
        text(&|(_, _, column)| (*column).clone()),
        Arc::new(
            rows.iter()
                .map(|(_, index, _)| key_sequence(*index))
                .collect::<Int32Array>(),
        ),
        text(&|(table, ..)| key_name(&table.name)),
    ];
    let batch = RecordBatch::try_new(schema(), columns).map_err(Error::encoding)?;
    Ok(stream_batch(&state.options, batch))
}

/// The place of a column in its key, from 1.
pub(crate) fn key_sequence(index: usize) -> Option<i32> {
    Some(i32::try_from(index + 1).unwrap_or(i32::MAX))
}

/// The name of a table's primary key.
pub(crate) fn key_name(table: &str) -> String {
    format!("{table}_key")
}
