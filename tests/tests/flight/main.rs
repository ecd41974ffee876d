//! The Flight SQL server as its clients see it: in process, on a port that the system chose, over a lake in memory.
//!
//! Guarantees: no fixed port, no sleep, nothing outside the checkout; every test has a server of its own.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod errors;
mod gatekeeper;
mod hostile;
mod ingest;
mod keys;
mod members;
mod metadata;
mod prepared;
mod queries;
mod scratch;
mod server;
mod sessions;
mod shutdown;
mod statements;
mod streaming;
mod tickets;
mod tls;
mod transactions;
