//! The same large answer in DuckDB: over the same files, in a process of its own, to batches of Arrow, without a network.
//!
//! Guarantees: what DuckDB is asked is the text that our server is asked, with the name that DuckDB has for the relation.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::reading::{Reading, Readings};
use crate::{Error, Result, step};

const SCRIPT: &str = include_str!("duckdb_reading.py");

/// Python with DuckDB, and the script for it.
#[derive(Debug)]
pub struct DuckDb {
    python: PathBuf,
    script: PathBuf,
}

impl DuckDb {
    /// `None` when this Python has no DuckDB; the script is written to `scratch`.
    ///
    /// # Errors
    /// When the script cannot be written.
    pub fn find(python: &Path, scratch: &Path) -> Result<Option<Self>> {
        let probe = Command::new(python).args(["-c", "import duckdb"]).output();
        if !probe.is_ok_and(|output| output.status.success()) {
            return Ok(None);
        }
        let script = scratch.join("duckdb_reading.py");
        std::fs::write(&script, SCRIPT).map_err(Error::io("write the script for DuckDB"))?;
        Ok(Some(Self {
            python: python.to_owned(),
            script,
        }))
    }

    /// Its version, and what it cost to read the answer of `sql` `rounds` times.
    ///
    /// # Errors
    /// When DuckDB, or Python, fails.
    pub fn read(&self, sql: &str, rounds: usize) -> Result<(String, Readings)> {
        let mut command = Command::new(&self.python);
        command.arg(&self.script).arg(sql).arg(rounds.to_string());
        let told = step::answer(command, "duckdb")?;
        let count = |name: &str| told[name].as_u64().unwrap_or_default();
        let mut readings = Readings::default();
        for seconds in told["seconds"].as_array().into_iter().flatten() {
            readings.push(Reading {
                row_count: count("row_count"),
                byte_count: count("byte_count"),
                seconds: seconds.as_f64().unwrap_or(f64::NAN),
            });
        }
        let version = told["version"].as_str().unwrap_or_default();
        Ok((version.to_owned(), readings))
    }
}
