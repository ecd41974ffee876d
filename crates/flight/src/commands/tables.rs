//! `CommandGetTables`: tables and views, on request with their columns.
//!
//! Guarantees: no catalog means all tables; filters are LIKE patterns with `\` as escape; the type names that clients use
//! for tables (`BASE TABLE`, `table`) mean `TABLE`; a table's schema has the types that `SELECT *` streams.

use arrow_flight::sql::metadata::GetTablesBuilder;
use arrow_flight::sql::{CommandGetTables, ProstMessageExt};
use arrow_flight::{FlightDescriptor, FlightInfo};
use chatlake::{CATALOG, Session, TableInfo};
use prost::Message;

use crate::column_metadata::table_schema;
use crate::commands::catalogs::is_meant;
use crate::error::{Error, Result};
use crate::flight_info::flight_info;
use crate::like_pattern::matches;
use crate::result_stream::{FlightDataStream, stream_batch};
use crate::state::State;

/// Plans the command.
pub(crate) fn get_flight_info(
    command: CommandGetTables,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    let ticket = command.as_any().encode_to_vec();
    flight_info(&command.into_builder().schema(), ticket, descriptor)
}

/// Answers the command.
pub(crate) async fn do_get(
    state: &State,
    session: Session,
    command: CommandGetTables,
) -> Result<FlightDataStream> {
    let batch = state.executor.run(async move {
        let tables = session.tables().await?;
        // filtered here: the builder's own patterns are regular expressions of limited size
        let nothing = Vec::<String>::new();
        let mut builder = GetTablesBuilder::new(
            None::<String>,
            None::<String>,
            None::<String>,
            nothing,
            command.include_schema,
        );
        for table in tables.iter().filter(|table| is_asked_for(&command, table)) {
            let schema = table_schema(CATALOG, table);
            builder
                .append(CATALOG, &table.schema, &table.name, table.kind, &schema)
                .map_err(Error::encoding)?;
        }
        builder.build().map_err(Error::encoding)
    });
    Ok(stream_batch(&state.options, batch.await?))
}

/// Do all filters of the command let the table through?
fn is_asked_for(command: &CommandGetTables, table: &TableInfo) -> bool {
    let like = |pattern: &Option<String>, name: &str| {
        pattern
            .as_deref()
            .is_none_or(|pattern| matches(pattern, name))
    };
    let types = &command.table_types;
    is_meant(command.catalog.as_deref())
        && like(&command.db_schema_filter_pattern, &table.schema)
        && like(&command.table_name_filter_pattern, &table.name)
        && (types.is_empty() || types.iter().any(|name| canonical_type(name) == table.kind))
}

/// Our name of a table type that a client asks for.
fn canonical_type(name: &str) -> String {
    match name.to_ascii_uppercase().as_str() {
        "BASE TABLE" => "TABLE".to_owned(),
        other => other.to_owned(),
    }
}
