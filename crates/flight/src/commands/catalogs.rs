//! `CommandGetCatalogs`: a lake is one catalog.
//!
//! Guarantees: the name is the one that SQL uses.

use arrow_flight::sql::{CommandGetCatalogs, ProstMessageExt};
use arrow_flight::{FlightDescriptor, FlightInfo};
use chatlake::CATALOG;
use prost::Message;

use crate::error::{Error, Result};
use crate::flight_info::flight_info;
use crate::options::FlightOptions;
use crate::result_stream::{FlightDataStream, stream_batch};

/// Does a command that names `catalog` mean ours? No name means every catalog, an empty one what has no catalog.
pub(crate) fn is_meant(catalog: Option<&str>) -> bool {
    catalog.is_none_or(|catalog| catalog == CATALOG)
}

/// Plans the command.
pub(crate) fn get_flight_info(
    command: CommandGetCatalogs,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    let ticket = command.as_any().encode_to_vec();
    flight_info(&command.into_builder().schema(), ticket, descriptor)
}

/// Answers the command.
pub(crate) fn do_get(
    options: &FlightOptions,
    command: CommandGetCatalogs,
) -> Result<FlightDataStream> {
    let mut builder = command.into_builder();
    builder.append(CATALOG);
    Ok(stream_batch(
        options,
        builder.build().map_err(Error::encoding)?,
    ))
}
