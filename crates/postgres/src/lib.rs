//! The PostgreSQL wire protocol for Chatlake: the door for tools that do not speak Flight. It reads only.
//!
//! ```text
//! connection.rs   TLS, sizes, time-outs ── handlers/   messages of the protocol (pgwire)
//!                                            │ startup: chatlake-auth says who it is
//!                                         client.rs   session, settings, statements, portals of one connection
//!                                            │ command.rs: what a statement asks for
//!                                         chatlake::Session ── pg_catalog.rs: what tools ask about tables
//!                                            │ batches
//!                                         columns.rs, rows.rs   types and rows as PostgreSQL knows them (arrow-pg)
//! ```
//!
//! Guarantees:
//! - every statement goes through the engine's session: scope, permissions, pages and limits are the same as at any other door;
//! - whoever logged in is asked for again before every statement, so that what is revoked ends at once;
//! - no result is ever held whole: a reader that stops reading stops the query, a reader that goes away or cancels ends it;
//! - a statement that would change something is 25006, whatever role asks;
//! - passwords are taken in clear text over TLS or from this machine, unless somebody says otherwise;
//! - whatever is kept for a client has a named limit; the text of an internal error stays in the log.

mod answers;
mod client;
mod columns;
mod command;
mod connection;
mod departure;
mod error;
mod handlers;
mod metered_io;
mod numeric;
mod options;
mod parameters;
mod pg_catalog;
mod rows;
mod server;
mod settings;
mod sqlstate;
mod state;
mod turn;

pub use chatlake_serving::TlsFiles;
pub use error::{Error, Result};
pub use options::PostgresOptions;
pub use server::PostgresServer;
