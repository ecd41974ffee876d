//! `CommandGetExportedKeys`, `CommandGetImportedKeys` and `CommandGetCrossReference`: references between tables, three
//! questions with one form of answer. None are declared yet, so the answer is empty.
//!
//! Guarantees: the schema is that of `FlightSql.proto` with its nullability.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::sql::ProstMessageExt;
use arrow_flight::{FlightDescriptor, FlightInfo};
use prost::Message;

use crate::error::Result;
use crate::flight_info::flight_info;
use crate::options::FlightOptions;
use crate::result_stream::{FlightDataStream, stream_batch};

/// Columns of the answer.
fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("pk_catalog_name", DataType::Utf8, true),
        Field::new("pk_db_schema_name", DataType::Utf8, true),
        Field::new("pk_table_name", DataType::Utf8, false),
        Field::new("pk_column_name", DataType::Utf8, false),
        Field::new("fk_catalog_name", DataType::Utf8, true),
        Field::new("fk_db_schema_name", DataType::Utf8, true),
        Field::new("fk_table_name", DataType::Utf8, false),
        Field::new("fk_column_name", DataType::Utf8, false),
        Field::new("key_sequence", DataType::Int32, false),
        Field::new("fk_key_name", DataType::Utf8, true),
        Field::new("pk_key_name", DataType::Utf8, true),
        Field::new("update_rule", DataType::UInt8, false),
        Field::new("delete_rule", DataType::UInt8, false),
    ]))
}

/// Plans any of the three commands.
pub(crate) fn get_flight_info(
    command: &impl ProstMessageExt,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    flight_info(&schema(), command.as_any().encode_to_vec(), descriptor)
}

/// Answers any of the three commands.
pub(crate) fn do_get(options: &FlightOptions) -> FlightDataStream {
    stream_batch(options, RecordBatch::new_empty(schema()))
}
