//! The ticket of a statement: its SQL, its bound parameters, the commit and the settings that it was planned with, and for whom.
//!
//! Guarantees: a ticket can be redeemed by any connection of its principal, more than once, until it expires, also after a
//! restart when the server keeps its key (`FlightOptions::ticket_key`); nobody can make or change one without the key. A
//! statement that changed something was run when it was planned: its ticket holds the count and runs nothing again.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow_flight::sql::{Any, ProstMessageExt, TicketStatementQuery};
use bytes::Bytes;
use prost::Message;

use crate::error::{Error, Result};
use crate::ticket_key::TicketKey;

/// The form of ticket written here.
const VERSION: u32 = 2;

/// A statement to run, with its parameters: one run per row, or one run when there are none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StatementTicket {
    /// The text, its parameters written `$1`, `$2`, ….
    pub sql: String,
    /// The bound parameters, one column each.
    pub parameters: Option<RecordBatch>,
    /// How it was planned; `None` before that.
    pub plan: Option<TicketPlan>,
}

/// What planning found out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TicketPlan {
    /// Name of the principal that may redeem it.
    pub principal: String,
    /// The commit that is read; `None` when nothing of the lake is.
    pub commit: Option<u64>,
    /// The variables of the session.
    pub settings: Vec<(String, String)>,
    /// What the runs are called, to cancel them by.
    pub label: String,
    /// When it can be redeemed no more, in ms since 1970-01-01T00:00:00Z.
    pub expires_at_ms: i64,
    /// The rows that it changed, when it was a change: it has run.
    pub changed_rows: Option<u64>,
}

/// The ticket on the wire, without its signature.
#[derive(Clone, PartialEq, Message)]
struct WireTicket {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(string, tag = "2")]
    sql: String,
    /// An Arrow IPC stream.
    #[prost(bytes = "bytes", optional, tag = "3")]
    parameters: Option<Bytes>,
    #[prost(string, tag = "4")]
    principal: String,
    #[prost(uint64, optional, tag = "5")]
    commit: Option<u64>,
    #[prost(message, repeated, tag = "6")]
    settings: Vec<WireSetting>,
    #[prost(string, tag = "7")]
    label: String,
    #[prost(int64, tag = "8")]
    expires_at_ms: i64,
    #[prost(uint64, optional, tag = "9")]
    changed_rows: Option<u64>,
}

/// A variable of the session.
#[derive(Clone, PartialEq, Message)]
struct WireSetting {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// The bytes of a ticket with what proves that they are ours.
#[derive(Clone, PartialEq, Message)]
struct SignedTicket {
    #[prost(bytes = "bytes", tag = "1")]
    ticket: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    signature: Bytes,
}

impl StatementTicket {
    /// A statement that is not planned yet.
    pub(crate) fn new(sql: String, parameters: Option<RecordBatch>) -> Self {
        Self {
            sql,
            parameters,
            plan: None,
        }
    }

    /// The ticket as a Flight SQL client carries it.
    pub(crate) fn encode(&self, key: &TicketKey) -> Result<Vec<u8>> {
        let plan = self.plan.clone().unwrap_or_default();
        let parameters = self
            .parameters
            .as_ref()
            .map(encode_parameters)
            .transpose()?;
        let settings = plan.settings.into_iter();
        let wire = WireTicket {
            version: VERSION,
            sql: self.sql.clone(),
            parameters,
            principal: plan.principal,
            commit: plan.commit,
            settings: settings
                .map(|(name, value)| WireSetting { name, value })
                .collect(),
            label: plan.label,
            expires_at_ms: plan.expires_at_ms,
            changed_rows: plan.changed_rows,
        };
        let ticket = wire.encode_to_vec();
        let signed = SignedTicket {
            signature: key.sign(&ticket).into(),
            ticket: ticket.into(),
        };
        let handle = TicketStatementQuery {
            statement_handle: signed.encode_to_vec().into(),
        };
        Ok(handle.as_any().encode_to_vec())
    }

    /// Reads a ticket as a client sends it; `None` when it is one of another command.
    pub(crate) fn of_bytes(bytes: &[u8], key: &TicketKey) -> Result<Option<Self>> {
        let any = Any::decode(bytes)
            .map_err(|_| Error::malformed("ticket", "expected a ticket of this server"))?;
        let handle = any.unpack::<TicketStatementQuery>();
        let handle = handle.map_err(|error| Error::malformed("ticket", error.to_string()))?;
        handle.map(|handle| Self::decode(&handle, key)).transpose()
    }

    /// Reads the handle inside a ticket.
    pub(crate) fn decode(handle: &TicketStatementQuery, key: &TicketKey) -> Result<Self> {
        let refused = |reason: &str| Error::malformed("ticket", reason);
        let signed = SignedTicket::decode(handle.statement_handle.as_ref())
            .map_err(|_| refused("expected a ticket of this server"))?;
        // what is not signed is not looked into
        if !key.verify(&signed.ticket, &signed.signature) {
            return Err(refused(
                "it was changed on its way, or is of another server or of one that was started anew",
            ));
        }
        let wire = WireTicket::decode(signed.ticket)
            .map_err(|_| refused("expected a ticket of this version"))?;
        if wire.version != VERSION {
            return Err(refused(&format!(
                "expected version {VERSION}, found {}",
                wire.version
            )));
        }
        let parameters = wire
            .parameters
            .as_deref()
            .map(decode_parameters)
            .transpose()?;
        let settings = wire.settings.into_iter();
        Ok(Self {
            sql: wire.sql,
            parameters,
            plan: Some(TicketPlan {
                principal: wire.principal,
                commit: wire.commit,
                settings: settings
                    .map(|setting| (setting.name, setting.value))
                    .collect(),
                label: wire.label,
                expires_at_ms: wire.expires_at_ms,
                changed_rows: wire.changed_rows,
            }),
        })
    }
}

impl TicketPlan {
    /// Refuses a ticket of somebody else, or one that has expired.
    pub(crate) fn check(&self, principal: &str, now_ms: i64) -> Result<()> {
        if self.principal != principal {
            return Err(Error::PermissionDenied(
                "the ticket was made for somebody else".to_owned(),
            ));
        }
        if self.expires_at_ms < now_ms {
            return Err(Error::malformed(
                "ticket",
                "it has expired (`ticket_ttl_ms`); plan the query again",
            ));
        }
        Ok(())
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

    use super::*;

    fn plan() -> TicketPlan {
        TicketPlan {
            principal: "a".to_owned(),
            commit: Some(7),
            settings: vec![("timezone".to_owned(), "UTC".to_owned())],
            label: "x".to_owned(),
            expires_at_ms: 100,
            changed_rows: None,
        }
    }

    fn ticket() -> StatementTicket {
        let numbers = Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef;
        let parameters = RecordBatch::try_from_iter_with_nullable([("$1", numbers, true)]).unwrap();
        StatementTicket {
            sql: "SELECT $1".to_owned(),
            parameters: Some(parameters),
            plan: Some(plan()),
        }
    }

    fn key() -> TicketKey {
        TicketKey::new([1; 32])
    }

    #[test]
    fn a_ticket_round_trips() {
        let plain = StatementTicket {
            sql: "SELECT 1".to_owned(),
            parameters: None,
            plan: Some(TicketPlan {
                changed_rows: Some(3),
                commit: None,
                ..plan()
            }),
        };
        for ticket in [ticket(), plain] {
            let bytes = ticket.encode(&key()).unwrap();
            let read = StatementTicket::of_bytes(&bytes, &key()).unwrap();
            assert_eq!(read, Some(ticket));
        }
    }

    #[test]
    fn a_ticket_with_one_changed_byte_is_refused() {
        let bytes = ticket().encode(&key()).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 0x5a;
            let read = StatementTicket::of_bytes(&changed, &key());
            assert!(!matches!(read, Ok(Some(_))), "byte {index}");
        }
    }

    #[test]
    fn a_ticket_of_another_key_is_refused() {
        let bytes = ticket().encode(&TicketKey::new([2; 32])).unwrap();
        assert!(StatementTicket::of_bytes(&bytes, &key()).is_err());
        assert_eq!(format!("{:?}", key()), "TicketKey");
    }

    #[test]
    fn a_ticket_is_for_its_principal_and_its_time() {
        assert!(plan().check("a", 100).is_ok());
        let theirs = plan().check("b", 1).unwrap_err();
        assert!(matches!(theirs, Error::PermissionDenied(_)));
        let late = plan().check("a", 101).unwrap_err().to_string();
        assert!(late.contains("`ticket_ttl_ms`"), "{late}");
    }
}
