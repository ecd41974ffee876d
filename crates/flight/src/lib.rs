//! Arrow Flight SQL for Chatlake: the door that BI tools and notebooks come in by. The only room that speaks gRPC.
//!
//! Guarantees:
//! - the schema in a `FlightInfo`, in a prepared statement and at the head of the stream are one and the same;
//! - `GetFlightInfo` only plans, `DoGet` runs and streams: no result is ever held whole, a reader that stops reading stops
//!   the query, a reader that goes away ends it;
//! - tickets hold all that a statement needs, signed, so they can be redeemed more than once and leave nothing behind;
//! - whatever is kept for a client (sessions, prepared statements) has a named limit and an expiry;
//! - a user's mistake is a gRPC code and one sentence; the text of an internal error stays in the log.
//!
//! Who comes in is decided by a [`Gatekeeper`]; without one everybody does, and the server acts for the owner of the lake. It
//! listens beyond loopback only with authentication and TLS, unless somebody says otherwise.

mod actions;
mod audit_log;
mod cancellation;
mod column_metadata;
mod command;
mod commands;
mod connections;
mod credentials;
mod error;
mod flight_info;
mod gatekeeper;
mod handshake;
mod like_pattern;
mod messages;
mod options;
mod parameters;
mod placeholders;
mod prepared_statements;
mod put;
mod result_stream;
mod server;
mod service;
mod session_options;
mod sessions;
mod split;
mod state;
mod status;
mod ticket;
mod ticket_key;
mod transactions;

pub use audit_log::AuditLog;
pub use chatlake_serving::TlsFiles;
pub use error::{Error, Result};
pub use gatekeeper::{
    Admission, Everybody, Gatekeeper, Login, Members, Peer, Principal, Refusal, SessionKey,
};
pub use options::FlightOptions;
pub use server::FlightServer;
pub use ticket_key::{TICKET_KEY_BYTES, TicketKey};
