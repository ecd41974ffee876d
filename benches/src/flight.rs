//! What the benches of the server share: the program at work in a process of its own, doors to it, clients, a bare server to
//! compare it with.
//!
//! Guarantees: a server is the real program with users and keys, or nothing but arrow-flight; both are told to stop, or stopped,
//! when the bench ends; clients are those of arrow-rs, the same for both.

pub mod bare;
pub mod calls;
pub mod client;
pub mod connections;
pub mod door;
pub mod duckdb;
pub mod lakes;
pub mod latencies;
pub mod process;
pub mod program;
pub mod reading;
pub mod served;

/// Where servers of a bench listen: on a free port that others do not reach.
pub const LISTEN: &str = "127.0.0.1:0";
