//! What the server holds while the clients are there, every few seconds.
//!
//! Guarantees: a sample is a look at the process from outside: it does not wait for the server.

use std::sync::Mutex;

use super::tally::{Tally, lock};
use crate::Result;
use crate::flight::latencies::milliseconds;
use crate::flight::process::Footprint;
use crate::measure::Stopwatch;
use crate::table::{Table, grouped, megabytes};

/// See the module's documentation.
#[derive(Debug)]
pub struct Samples {
    process_id: u32,
    watch: Stopwatch,
    seconds_last: f64,
    memory_bytes_max: u64,
    /// One row for each sample.
    pub table: Table,
}

impl Samples {
    /// Of a process, from now on.
    pub fn of(process_id: u32) -> Self {
        let table = Table::new(&[
            "s",
            "memory MB",
            "open files",
            "threads",
            "actions/s",
            "small p50 ms",
            "small p99 ms",
            "findings",
        ]);
        Self {
            process_id,
            watch: Stopwatch::start(),
            seconds_last: 0.0,
            memory_bytes_max: 0,
            table,
        }
    }

    /// Takes one; a line that says it.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn take(&mut self, tally: &Mutex<Tally>) -> Result<String> {
        let footprint = Footprint::of(self.process_id)?;
        let recent = lock(tally).look();
        let seconds = self.watch.seconds();
        let span_seconds = (seconds - self.seconds_last).max(0.001);
        self.seconds_last = seconds;
        self.memory_bytes_max = self.memory_bytes_max.max(footprint.memory_bytes);
        let row = vec![
            format!("{seconds:.0}"),
            megabytes(footprint.memory_bytes),
            grouped(footprint.handle_count),
            grouped(footprint.thread_count),
            format!("{:.0}", recent.action_count as f64 / span_seconds),
            milliseconds(recent.small.p50_micros),
            milliseconds(recent.small.p99_micros),
            grouped(recent.finding_count),
        ];
        let line = format!(
            "{} s: {} MB, {} open files, {} threads, {} actions/s, small p99 {} ms, {} findings",
            row[0], row[1], row[2], row[3], row[4], row[6], row[7]
        );
        self.table.push(row);
        Ok(line)
    }

    /// The most memory that a sample saw, in bytes.
    pub fn memory_bytes_max(&self) -> u64 {
        self.memory_bytes_max
    }
}
