//! Every limit of the PostgreSQL server, by name and unit.
//!
//! Guarantees: the defaults serve a laptop and a small server; nothing in this room has a limit that is not here.

use std::thread::available_parallelism;

use chatlake_serving::TlsFiles;

/// Settings of a [`PostgresServer`](crate::PostgresServer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Whether to listen where others can come in although there is no authentication or no TLS, and to take their passwords
    /// in clear text.
    pub allow_insecure_remote: bool,
    /// Parts of a result (1,024 rows at most) that may wait, encoded, for a slow reader, per statement.
    pub batch_queue_count_max: usize,
    /// Connections that have logged in, at the same time; one more is told 53300.
    pub connection_count_max: usize,
    /// How long a connection may say nothing between two statements until it is closed, in ms.
    pub connection_idle_ms: u64,
    /// Size of one message from a client that has logged in, in bytes: a statement's text, or its parameters; also of all texts of the
    /// prepared statements of a connection together.
    pub message_bytes_max: usize,
    /// Connections that have not logged in yet, at the same time; one more is closed at once.
    pub opening_count_max: usize,
    /// How long a new connection may take until it has logged in, in ms.
    pub opening_ms: u64,
    /// Portals and cursors that one connection may have open; each holds a running query.
    pub portal_count_max: usize,
    /// Threads that plan, run and encode queries; the threads that speak to the clients are others. 0: one per core.
    pub query_thread_count: usize,
    /// How long a client may leave a part of a result unread until it is taken for gone, in ms.
    pub send_stall_ms: u64,
    /// How long running statements may go on once the server is told to stop, in ms.
    pub shutdown_grace_ms: u64,
    /// Size of one SQL text, in bytes.
    pub statement_bytes_max: usize,
    /// Prepared statements that one connection may have.
    pub statement_count_max: usize,
    /// Certificate and key; clear text when not set.
    pub tls: Option<TlsFiles>,
    /// How often the files of [`PostgresOptions::tls`] are looked at for newer ones, in ms.
    pub tls_reload_interval_ms: u64,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            allow_insecure_remote: false,
            batch_queue_count_max: 2,
            connection_count_max: 200,
            connection_idle_ms: 24 * 3_600_000,
            message_bytes_max: 16 << 20,
            opening_count_max: 200,
            opening_ms: 10_000,
            portal_count_max: 32,
            query_thread_count: 0,
            send_stall_ms: 300_000,
            shutdown_grace_ms: 10_000,
            statement_bytes_max: 1 << 20,
            statement_count_max: 1_000,
            tls: None,
            tls_reload_interval_ms: 60_000,
        }
    }
}

impl PostgresOptions {
    /// Threads that run queries, with the 0 of [`PostgresOptions::query_thread_count`] resolved.
    pub(crate) fn query_threads(&self) -> usize {
        match self.query_thread_count {
            0 => available_parallelism().map_or(1, usize::from),
            count => count,
        }
    }
}
