//! What `GetFlightInfo` answers: a schema and one endpoint, this server.
//!
//! Guarantees: one endpoint without a location (the connection that asked is the one to read from, also behind a proxy);
//! totals are −1, unknown, and never a guess; the descriptor that was asked is sent back.

use arrow::datatypes::Schema;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, IpcMessage, SchemaAsIpc, Ticket};
use bytes::Bytes;
use prost_types::Timestamp;

use crate::error::{Error, Result};

/// The flight that `ticket` redeems, whose stream has `schema`.
pub(crate) fn flight_info(
    schema: &Schema,
    ticket: impl Into<Bytes>,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(ticket));
    with_endpoint(schema, endpoint, descriptor)
}

/// An instant, from ms since 1970-01-01T00:00:00Z.
pub(crate) fn timestamp(ms: i64) -> Timestamp {
    Timestamp {
        seconds: ms.div_euclid(1_000),
        nanos: i32::try_from(ms.rem_euclid(1_000) * 1_000_000).unwrap_or(0),
    }
}

/// The same with an endpoint whose ticket expires.
pub(crate) fn expiring_flight_info(
    schema: &Schema,
    ticket: impl Into<Bytes>,
    expires_at_ms: i64,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    let endpoint = FlightEndpoint::new()
        .with_ticket(Ticket::new(ticket))
        .with_expiration_time(timestamp(expires_at_ms));
    with_endpoint(schema, endpoint, descriptor)
}

fn with_endpoint(
    schema: &Schema,
    endpoint: FlightEndpoint,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
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
