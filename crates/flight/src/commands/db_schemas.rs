//! `CommandGetDbSchemas`: the schemas of the lake, with or without a catalog in the question.
//!
//! Guarantees: no catalog means all of them (what ADBC and JDBC ask); sorted by name.

use std::collections::BTreeSet;

use arrow_flight::sql::metadata::GetDbSchemasBuilder;
use arrow_flight::sql::{CommandGetDbSchemas, ProstMessageExt};
use arrow_flight::{FlightDescriptor, FlightInfo};
use chatlake::{CATALOG, Session};
use prost::Message;

use crate::commands::catalogs::is_meant;
use crate::error::{Error, Result};
use crate::flight_info::flight_info;
use crate::like_pattern::matches;
use crate::result_stream::{FlightDataStream, stream_batch};
use crate::state::State;

/// Plans the command.
pub(crate) fn get_flight_info(
    command: CommandGetDbSchemas,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    let ticket = command.as_any().encode_to_vec();
    flight_info(&command.into_builder().schema(), ticket, descriptor)
}

/// Answers the command.
pub(crate) async fn do_get(
    state: &State,
    session: Session,
    command: CommandGetDbSchemas,
) -> Result<FlightDataStream> {
    let tables = state
        .executor
        .run(async move { Ok(session.tables().await?) })
        .await?;
    let names: BTreeSet<String> = tables.into_iter().map(|table| table.schema).collect();
    // filtered here: the builder's own patterns are regular expressions of limited size
    let mut builder = GetDbSchemasBuilder::new(None::<String>, None::<String>);
    if is_meant(command.catalog.as_deref()) {
        for name in &names {
            if command
                .db_schema_filter_pattern
                .as_deref()
                .is_none_or(|pattern| matches(pattern, name))
            {
                builder.append(CATALOG, name);
            }
        }
    }
    Ok(stream_batch(
        &state.options,
        builder.build().map_err(Error::encoding)?,
    ))
}
