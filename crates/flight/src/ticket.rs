//! The ticket of a statement: its SQL and its bound parameters, nothing that lives in the server.
//!
//! Guarantees: a ticket can be redeemed by any connection, more than once, also after a restart; one that was damaged on
//! its way is refused. It is not signed: there is no authentication yet, so it can do no more than its SQL.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow_flight::sql::{ProstMessageExt, TicketStatementQuery};
use bytes::Bytes;
use prost::Message;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The form of ticket written here.
const VERSION: u32 = 1;

/// Bytes of the digest that finds damage.
const DIGEST_BYTES: usize = 16;

/// A statement to run, with its parameters: one run per row, or one run when there are none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StatementTicket {
    /// The text, its parameters written `$1`, `$2`, ….
    pub sql: String,
    /// The bound parameters, one column each.
    pub parameters: Option<RecordBatch>,
}

/// The ticket on the wire.
#[derive(Clone, PartialEq, Message)]
struct WireTicket {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(string, tag = "2")]
    sql: String,
    /// An Arrow IPC stream.
    #[prost(bytes = "bytes", optional, tag = "3")]
    parameters: Option<Bytes>,
    /// Over all above.
    #[prost(bytes = "bytes", tag = "4")]
    digest: Bytes,
}

impl WireTicket {
    fn expected_digest(&self) -> Bytes {
        let unsealed = Self {
            digest: Bytes::new(),
            ..self.clone()
        };
        Bytes::copy_from_slice(&Sha256::digest(unsealed.encode_to_vec())[..DIGEST_BYTES])
    }
}

impl StatementTicket {
    /// The ticket as a Flight SQL client carries it.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let parameters = self
            .parameters
            .as_ref()
            .map(encode_parameters)
            .transpose()?;
        let mut wire = WireTicket {
            version: VERSION,
            sql: self.sql.clone(),
            parameters,
            digest: Bytes::new(),
        };
        wire.digest = wire.expected_digest();
        let handle = TicketStatementQuery {
            statement_handle: wire.encode_to_vec().into(),
        };
        Ok(handle.as_any().encode_to_vec())
    }

    /// Reads the handle inside a ticket.
    pub(crate) fn decode(handle: &TicketStatementQuery) -> Result<Self> {
        let refused = |reason: &str| Error::malformed("ticket", reason);
        let wire = WireTicket::decode(handle.statement_handle.as_ref())
            .map_err(|_| refused("expected a ticket of this server"))?;
        if wire.version != VERSION {
            return Err(refused(&format!(
                "expected version {VERSION}, found {}",
                wire.version
            )));
        }
        if wire.digest != wire.expected_digest() {
            return Err(refused("it was changed on its way"));
        }
        let parameters = wire
            .parameters
            .as_deref()
            .map(decode_parameters)
            .transpose()?;
        Ok(Self {
            sql: wire.sql,
            parameters,
        })
    }
}

fn encode_parameters(parameters: &RecordBatch) -> Result<Bytes> {
    let mut writer =
        StreamWriter::try_new(Vec::new(), &parameters.schema()).map_err(Error::encoding)?;
    writer.write(parameters).map_err(Error::encoding)?;
    Ok(writer.into_inner().map_err(Error::encoding)?.into())
}

fn decode_parameters(bytes: &[u8]) -> Result<RecordBatch> {
    let refused =
        |error| Error::malformed("ticket", format!("its parameters cannot be read: {error}"));
    let reader = StreamReader::try_new(bytes, None).map_err(refused)?;
    let schema = reader.schema();
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(refused)?;
    concat_batches(&schema, &batches).map_err(refused)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array};
    use arrow_flight::sql::Any;

    use super::*;

    fn ticket() -> StatementTicket {
        let numbers = Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef;
        let parameters = RecordBatch::try_from_iter_with_nullable([("$1", numbers, true)]).unwrap();
        StatementTicket {
            sql: "SELECT $1".to_owned(),
            parameters: Some(parameters),
        }
    }

    fn unpack(bytes: &[u8]) -> Option<TicketStatementQuery> {
        Any::decode(bytes).ok()?.unpack().ok()?
    }

    #[test]
    fn a_ticket_round_trips() {
        let plain = StatementTicket {
            sql: "SELECT 1".to_owned(),
            parameters: None,
        };
        for ticket in [ticket(), plain] {
            let handle = unpack(&ticket.encode().unwrap()).unwrap();
            assert_eq!(StatementTicket::decode(&handle).unwrap(), ticket);
        }
    }

    #[test]
    fn a_ticket_with_one_changed_byte_is_refused() {
        let bytes = ticket().encode().unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 0x5a;
            let decoded = unpack(&changed).map(|handle| StatementTicket::decode(&handle));
            assert!(!matches!(decoded, Some(Ok(_))), "byte {index}");
        }
    }
}
