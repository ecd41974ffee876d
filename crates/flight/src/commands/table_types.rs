//! `CommandGetTableTypes`: what kinds of table there are.
//!
//! Guarantees: exactly the types that `CommandGetTables` answers with.

use arrow_flight::sql::{CommandGetTableTypes, ProstMessageExt};
use arrow_flight::{FlightDescriptor, FlightInfo};
use prost::Message;

use crate::error::{Error, Result};
use crate::flight_info::flight_info;
use crate::options::FlightOptions;
use crate::result_stream::{FlightDataStream, stream_batch};

/// The kinds of table, sorted.
const TABLE_TYPES: [&str; 2] = ["TABLE", "VIEW"];

/// Plans the command.
pub(crate) fn get_flight_info(
    command: CommandGetTableTypes,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    let ticket = command.as_any().encode_to_vec();
    flight_info(&command.into_builder().schema(), ticket, descriptor)
}

/// Answers the command.
pub(crate) fn do_get(
    options: &FlightOptions,
    command: CommandGetTableTypes,
) -> Result<FlightDataStream> {
    let mut builder = command.into_builder();
    for table_type in TABLE_TYPES {
        builder.append(table_type);
    }
    Ok(stream_batch(
        options,
        builder.build().map_err(Error::encoding)?,
    ))
}
