//! How fast a large answer is read: by the same client from two servers in turn.
//!
//! Guarantees: an answer counts from the call that plans it to its last batch, decoded; bytes are those of the messages, before
//! HTTP/2; rounds alternate between the servers, so that what else the machine does meets both.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use futures::TryStreamExt;
use tonic::Request;

use super::client::{bearer, row_count, ticket};
use super::door::Client;
use crate::Result;
use crate::measure::{Stopwatch, median};

/// What reading an answer cost.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Rows.
    pub row_count: u64,
    /// Bytes of the messages.
    pub byte_count: u64,
    /// Seconds.
    pub seconds: f64,
}

/// Several readings of the same answer.
#[derive(Clone, Debug, Default)]
pub struct Readings(Vec<Reading>);

/// Plans a statement and reads its whole answer.
///
/// # Errors
/// When the server refuses or the answer ends early.
pub async fn read(client: &mut Client, sql: &str) -> Result<Reading> {
    let watch = Stopwatch::start();
    let info = client.execute(sql.to_owned(), None).await?;
    let mut request = Request::new(ticket(&info)?);
    if let Some(token) = client.token() {
        let header = bearer(token).parse().map_err(|_| not_a_header())?;
        request.metadata_mut().insert("authorization", header);
    }
    // below the client of Flight SQL, which shows batches only and not the bytes that they came in
    let answer = client.inner_mut().do_get(request).await;
    let messages = answer.map_err(FlightError::from)?.into_inner();
    let byte_count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&byte_count);
    let messages = messages.map_err(FlightError::from).inspect_ok(move |data| {
        let size_bytes = (data.data_header.len() + data.data_body.len()) as u64;
        counted.fetch_add(size_bytes, Ordering::Relaxed);
    });
    let row_count = row_count(FlightRecordBatchStream::new_from_flight_data(messages)).await?;
    Ok(Reading {
        row_count,
        byte_count: byte_count.load(Ordering::Relaxed),
        seconds: watch.seconds(),
    })
}

fn not_a_header() -> FlightError {
    FlightError::protocol("expected a token that fits into a header")
}

impl Readings {
    /// Adds one.
    pub fn push(&mut self, reading: Reading) {
        self.0.push(reading);
    }

    /// Rows of the answer.
    pub fn row_count(&self) -> u64 {
        self.0.first().map_or(0, |reading| reading.row_count)
    }

    /// Bytes of the answer.
    pub fn byte_count(&self) -> u64 {
        self.0.first().map_or(0, |reading| reading.byte_count)
    }

    /// Seconds of the reading in the middle.
    pub fn seconds_median(&self) -> f64 {
        median(self.0.iter().map(|reading| reading.seconds).collect())
    }

    /// Seconds of the quickest.
    pub fn seconds_min(&self) -> f64 {
        let seconds = self.0.iter().map(|reading| reading.seconds);
        seconds.fold(f64::INFINITY, f64::min)
    }
}
