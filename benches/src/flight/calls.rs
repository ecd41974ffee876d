//! How long small calls take on one connection, one after the other.
//!
//! Guarantees: a time is that of a whole answer as a client sees it; calls before the first that counts are not counted.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};

use super::client::{ask, read};
use super::door::Client;
use super::latencies::Latencies;
use crate::Result;

/// The smallest question.
pub const SELECT_ONE: &str = "SELECT 1 AS one";
/// The smallest question with a parameter.
const SELECT_PARAMETER: &str = "SELECT CAST($1 AS BIGINT) AS one";

/// How many calls are made.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// Calls that do not count, before the others.
    pub warm_up: usize,
    /// Calls that count.
    pub measured: usize,
}

impl Count {
    fn total(self) -> usize {
        self.warm_up + self.measured
    }
}

/// `SELECT 1`, planned by `GetFlightInfo` and read by `DoGet`.
///
/// # Errors
/// When the server refuses.
pub async fn statements(client: &mut Client, count: Count) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for call in 0..count.total() {
        let started = Instant::now();
        ask(client, SELECT_ONE).await?;
        if call >= count.warm_up {
            latencies.push(started.elapsed());
        }
    }
    Ok(latencies)
}

/// A prepared `SELECT 1` run again and again: `GetFlightInfo` and `DoGet`.
///
/// # Errors
/// When the server refuses.
pub async fn prepared(client: &mut Client, count: Count) -> Result<Latencies> {
    let mut statement = client.prepare(SELECT_ONE.to_owned(), None).await?;
    let mut latencies = Latencies::default();
    for call in 0..count.total() {
        let started = Instant::now();
        let info = statement.execute().await?;
        read(client, &info).await?;
        if call >= count.warm_up {
            latencies.push(started.elapsed());
        }
    }
    statement.close().await?;
    Ok(latencies)
}

/// A prepared statement with a parameter that is bound anew each time: `DoPut`, `GetFlightInfo`, `DoGet`.
///
/// # Errors
/// When the server refuses.
pub async fn bound(client: &mut Client, count: Count) -> Result<Latencies> {
    let mut statement = client.prepare(SELECT_PARAMETER.to_owned(), None).await?;
    let mut latencies = Latencies::default();
    for (call, number) in (0..count.total()).zip(0_i64..) {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![number]));
        let row = RecordBatch::try_from_iter_with_nullable([("$1", column, true)])?;
        let started = Instant::now();
        statement.set_parameters(row)?;
        let info = statement.execute().await?;
        read(client, &info).await?;
        if call >= count.warm_up {
            latencies.push(started.elapsed());
        }
    }
    statement.close().await?;
    Ok(latencies)
}
