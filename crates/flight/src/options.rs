//! Every limit of the Flight SQL server, by name and unit.
//!
//! Guarantees: the defaults serve a laptop and a small server; nothing in this room has a limit that is not here.

use std::thread::available_parallelism;

use chatlake_serving::TlsFiles;
use serde::Deserialize;

use crate::ticket_key::TicketKey;

/// Settings of a [`FlightServer`](crate::FlightServer).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlightOptions {
    /// Whether to listen where others can come in although there is no authentication or no TLS.
    pub allow_insecure_remote: bool,
    /// Size a streamed record batch aims at, in bytes; larger ones are cut by rows. Below the 4 MiB that many clients
    /// accept as one message. A single row larger than this travels as one message.
    pub batch_bytes_target: usize,
    /// Groups of encoded record batches that may wait for a slow reader, per stream. A group ends where it reaches
    /// `batch_bytes_target`, or the query has no more rows yet.
    pub batch_queue_count_max: usize,
    /// Connections at the same time; one more is closed at once.
    pub connection_count_max: usize,
    /// How long a new connection may take until it speaks TLS and HTTP/2, in ms.
    pub connection_opening_ms: u64,
    /// Size of all headers of one call, in bytes (some drivers send their URL's parameters and large tokens as headers).
    pub header_bytes_max: u32,
    /// How long a query may stay silent before the stream sends an empty record batch, so that proxies keep it open, in ms.
    pub idle_batch_interval_ms: u64,
    /// How long a connection may stay silent before an HTTP/2 ping asks whether the client is still there, in ms.
    pub keepalive_interval_ms: u64,
    /// How long the answer to such a ping may take before the connection is closed, in ms.
    pub keepalive_timeout_ms: u64,
    /// Size of the parameters bound to one statement, in bytes; they travel in its ticket.
    pub parameter_bytes_max: usize,
    /// Text and parameters of all prepared statements together, in bytes.
    pub prepared_bytes_max: usize,
    /// Prepared statements open at the same time.
    pub prepared_count_max: usize,
    /// How long a prepared statement may lie unused before it is closed, in ms.
    pub prepared_idle_ms: u64,
    /// Threads that plan, run and encode queries; the threads that speak to the clients are others. 0: one per core.
    pub query_thread_count: usize,
    /// Size of one message from a client, in bytes.
    pub receive_bytes_max: usize,
    /// Sessions (one per handshake) kept at the same time; the one unused for longest makes room for a new one.
    pub session_count_max: usize,
    /// How long a session may lie unused before it ends, in ms.
    pub session_idle_ms: u64,
    /// How long running calls may go on once the server is told to stop, in ms.
    pub shutdown_grace_ms: u64,
    /// Size of one SQL text, in bytes.
    pub statement_bytes_max: usize,
    /// Calls that one connection may have open at the same time; more wait at the client.
    pub streams_per_connection_max: u32,
    /// The key that signs tickets; a fresh one when not set, so that tickets end with the process.
    #[serde(skip)]
    pub ticket_key: Option<TicketKey>,
    /// How long a ticket can be redeemed, in ms.
    pub ticket_ttl_ms: u64,
    /// Certificate and key; clear text when not set.
    pub tls: Option<TlsFiles>,
    /// How often the files of [`FlightOptions::tls`] are looked at for newer ones, in ms.
    pub tls_reload_interval_ms: u64,
    /// Transactions that one session may have open.
    pub transaction_count_max: usize,
    /// How long the session of an open transaction may lie unused before the transaction is rolled back, in ms.
    pub transaction_idle_ms: u64,
}

impl Default for FlightOptions {
    fn default() -> Self {
        Self {
            allow_insecure_remote: false,
            batch_bytes_target: 2 << 20,
            batch_queue_count_max: 2,
            connection_count_max: 1_000,
            connection_opening_ms: 10_000,
            header_bytes_max: 64 << 10,
            idle_batch_interval_ms: 15_000,
            keepalive_interval_ms: 30_000,
            keepalive_timeout_ms: 20_000,
            parameter_bytes_max: 1 << 20,
            prepared_bytes_max: 256 << 20,
            prepared_count_max: 10_000,
            prepared_idle_ms: 3_600_000,
            query_thread_count: 0,
            receive_bytes_max: 64 << 20,
            session_count_max: 10_000,
            session_idle_ms: 24 * 3_600_000,
            shutdown_grace_ms: 10_000,
            statement_bytes_max: 1 << 20,
            streams_per_connection_max: 256,
            ticket_key: None,
            ticket_ttl_ms: 24 * 3_600_000,
            tls: None,
            tls_reload_interval_ms: 60_000,
            transaction_count_max: 16,
            transaction_idle_ms: 600_000,
        }
    }
}

impl FlightOptions {
    /// Threads that run queries, with the 0 of [`FlightOptions::query_thread_count`] resolved.
    pub(crate) fn query_threads(&self) -> usize {
        match self.query_thread_count {
            0 => available_parallelism().map_or(1, usize::from),
            count => count,
        }
    }
}
