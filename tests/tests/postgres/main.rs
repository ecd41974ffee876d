//! The PostgreSQL server as its clients see it: in process, on a port that the system chose, over a lake in memory.
//!
//! Guarantees: no fixed port, no sleep, nothing outside the checkout; every test has a server of its own.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod access;
mod cancellation;
mod catalog;
mod hostile;
mod psql;
mod psycopg;
mod server;
mod statements;
mod transactions;
mod values;
