//! Runs the built program the way people and scripts do: arguments, pipes, files, signals, exit codes.
//!
//! Guarantees: every test has its own folder, home and environment; no sleep, no fixed port, no network.

#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod auth;
mod check;
mod demo;
mod export;
mod folder;
mod help;
mod ingest;
mod query;
mod schema;
mod serve;
mod settings;
