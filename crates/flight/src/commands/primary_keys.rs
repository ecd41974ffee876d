//! `CommandGetPrimaryKeys`: declared keys. None are declared yet, so the answer is empty.
//!
//! Guarantees: the schema is that of `FlightSql.proto` with its nullability (Tableau and DBeaver need the answer, empty
//! or not).

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::sql::{CommandGetPrimaryKeys, ProstMessageExt};
use arrow_flight::{FlightDescriptor, FlightInfo};
use prost::Message;

use crate::error::Result;
use crate::flight_info::flight_info;
use crate::options::FlightOptions;
use crate::result_stream::{FlightDataStream, stream_batch};

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
pub(crate) fn do_get(options: &FlightOptions) -> FlightDataStream {
    stream_batch(options, RecordBatch::new_empty(schema()))
}
