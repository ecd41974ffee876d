//! `CommandGetExportedKeys`, `CommandGetImportedKeys` and `CommandGetCrossReference`: what tables and views refer to, three
//! questions with one form of answer.
//!
//! Guarantees: the schema is that of `FlightSql.proto` with its nullability; references are what the rows mean and are not
//! enforced, so the rules for updates and deletes are "no action".

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::sql::{
    CommandGetCrossReference, CommandGetExportedKeys, CommandGetImportedKeys, ProstMessageExt,
    UpdateDeleteRules,
};
use arrow_flight::{FlightDescriptor, FlightInfo};
use chatlake::{CATALOG, ForeignKey, Session, TableInfo};
use prost::Message;

use crate::commands::catalogs::is_meant;
use crate::commands::primary_keys::{key_name, key_sequence};
use crate::error::{Error, Result};
use crate::flight_info::flight_info;
use crate::result_stream::{FlightDataStream, stream_batch};
use crate::state::State;

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

/// A table that a question names.
struct Named {
    catalog: Option<String>,
    schema: Option<String>,
    table: String,
}

impl Named {
    fn is(&self, schema: &str, table: &str) -> bool {
        is_meant(self.catalog.as_deref())
            && self.schema.as_deref().is_none_or(|name| name == schema)
            && self.table == table
    }
}

/// Which references are asked for: those to one table, from one table, or both.
pub(crate) struct Question {
    to: Option<Named>,
    from: Option<Named>,
}

impl From<CommandGetExportedKeys> for Question {
    fn from(command: CommandGetExportedKeys) -> Self {
        Self {
            to: Some(Named {
                catalog: command.catalog,
                schema: command.db_schema,
                table: command.table,
            }),
            from: None,
        }
    }
}

impl From<CommandGetImportedKeys> for Question {
    fn from(command: CommandGetImportedKeys) -> Self {
        Self {
            to: None,
            from: Some(Named {
                catalog: command.catalog,
                schema: command.db_schema,
                table: command.table,
            }),
        }
    }
}

impl From<CommandGetCrossReference> for Question {
    fn from(command: CommandGetCrossReference) -> Self {
        Self {
            to: Some(Named {
                catalog: command.pk_catalog,
                schema: command.pk_db_schema,
                table: command.pk_table,
            }),
            from: Some(Named {
                catalog: command.fk_catalog,
                schema: command.fk_db_schema,
                table: command.fk_table,
            }),
        }
    }
}

impl Question {
    fn is_about(&self, table: &TableInfo, key: &ForeignKey) -> bool {
        let is = |named: &Option<Named>, schema: &str, name: &str| {
            named.as_ref().is_none_or(|named| named.is(schema, name))
        };
        is(&self.from, &table.schema, &table.name) && is(&self.to, &key.schema, &key.table)
    }
}

/// Plans any of the three commands.
pub(crate) fn get_flight_info(
    command: &impl ProstMessageExt,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    flight_info(&schema(), command.as_any().encode_to_vec(), descriptor)
}

/// One column of a reference.
struct Row<'a> {
    table: &'a TableInfo,
    key: &'a ForeignKey,
    index: usize,
    /// The name of the reference, unique in its table.
    name: String,
}

/// Answers any of the three commands.
pub(crate) async fn do_get(
    state: &State,
    session: Session,
    question: Question,
) -> Result<FlightDataStream> {
    let tables = state
        .executor
        .run(async move { Ok(session.tables().await?) })
        .await?;
    let mut rows = Vec::new();
    for table in &tables {
        for key in table.foreign_keys.iter() {
            if question.is_about(table, key) {
                let name = format!("{}_{}", table.name, key.table);
                rows.extend((0..key.columns.len()).map(|index| Row {
                    table,
                    key,
                    index,
                    name: name.clone(),
                }));
            }
        }
    }
    Ok(stream_batch(&state.options, batch(&rows)?))
}

fn batch(rows: &[Row]) -> Result<RecordBatch> {
    let text = |of: fn(&Row) -> String| -> ArrayRef {
        Arc::new(
            rows.iter()
                .map(|row| Some(of(row)))
                .collect::<StringArray>(),
        )
    };
    let no_action = UpdateDeleteRules::NoAction as u8;
    let rules = || -> ArrayRef { Arc::new(UInt8Array::from(vec![no_action; rows.len()])) };
    let sequence = rows.iter().map(|row| key_sequence(row.index));
    let columns: Vec<ArrayRef> = vec![
        text(|_| CATALOG.to_owned()),
        text(|row| row.key.schema.clone()),
        text(|row| row.key.table.clone()),
        text(|row| row.key.key[row.index].clone()),
        text(|_| CATALOG.to_owned()),
        text(|row| row.table.schema.clone()),
        text(|row| row.table.name.clone()),
        text(|row| row.key.columns[row.index].clone()),
        Arc::new(sequence.collect::<Int32Array>()),
        text(|row| row.name.clone()),
        text(|row| key_name(&row.key.table)),
        rules(),
        rules(),
    ];
    RecordBatch::try_new(schema(), columns).map_err(Error::encoding)
}
