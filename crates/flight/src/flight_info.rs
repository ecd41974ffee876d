//! What `GetFlightInfo` answers: a schema and one endpoint, this server.
//!
//! Guarantees: one endpoint without a location (the connection that asked is the one to read from, also behind a proxy);
//! totals are −1, unknown, and never a guess; the descriptor that was asked is sent back.

use arrow::datatypes::Schema;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, IpcMessage, SchemaAsIpc, Ticket};
use bytes::Bytes;

use crate::error::{Error, Result};

/// The flight that `ticket` redeems, whose stream has `schema`.
pub(crate) fn flight_info(
    schema: &Schema,
    ticket: impl Into<Bytes>,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(ticket));
    let info = FlightInfo::new()
        .try_with_schema(schema)
        .map_err(Error::encoding)?;
    Ok(info
        .with_endpoint(endpoint)
        .with_descriptor(descriptor)
        .with_total_records(-1)
        .with_total_bytes(-1))
}

/// `schema` as an encapsulated IPC message, the form of all schemas inside Flight SQL messages.
pub(crate) fn schema_message(schema: &Schema) -> Result<Bytes> {
    let IpcMessage(message) = SchemaAsIpc::new(schema, &IpcWriteOptions::default())
        .try_into()
        .map_err(Error::encoding)?;
    Ok(message)
}
