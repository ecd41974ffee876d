//! What the server holds before the clients come and after they are gone, and whether that is the same.
//!
//! Guarantees: open files must be no more than before, and nothing may run; memory may have grown by the tolerance, which is said:
//! a quarter of what it was or a number of bytes, whichever is more, because an allocator gives pages back late and in part.

use crate::Result;
use crate::flight::client::first_cell;
use crate::flight::door::Client;
use crate::flight::process::Footprint;
use crate::table::{Table, grouped, megabytes};

/// Queries that run or wait, without this one.
const RUNNING: &str = "SELECT count(*) AS n FROM system.queries \
    WHERE state IN ('queued', 'running') AND sql NOT LIKE '%system.queries%'";

/// What the server holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Its process.
    pub footprint: Footprint,
    /// Queries that run or wait for their turn.
    pub running_count: u64,
}

impl Holding {
    /// Looks at the process, and asks the server through `client`.
    ///
    /// # Errors
    /// When the process is gone, or the server refuses.
    pub async fn look(process_id: u32, client: &mut Client) -> Result<Self> {
        let running = first_cell(client, RUNNING).await?;
        let running = running.and_then(|text| text.parse().ok());
        Ok(Self {
            // what cannot be read is not nothing
            running_count: running.unwrap_or(u64::MAX),
            footprint: Footprint::of(process_id)?,
        })
    }
}

/// Before and after.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// After the warm-up, without clients.
    pub before: Holding,
    /// After the last client is gone.
    pub after: Holding,
    /// By how much memory may have grown at least, in bytes.
    pub tolerance_bytes: u64,
}

impl Comparison {
    /// The most memory that counts as the start, in bytes.
    pub fn memory_bytes_max(&self) -> u64 {
        let before = self.before.footprint.memory_bytes;
        before + (before / 4).max(self.tolerance_bytes)
    }

    /// What did not return to the start; empty when all did.
    pub fn broken(&self) -> Vec<String> {
        let (before, after) = (self.before.footprint, self.after.footprint);
        let mut broken = Vec::new();
        if after.handle_count > before.handle_count {
            broken.push(format!(
                "expected at most {} open files, found {}",
                before.handle_count, after.handle_count
            ));
        }
        if self.after.running_count > 0 {
            broken.push(format!(
                "expected no query that runs, found {}",
                self.after.running_count
            ));
        }
        if after.memory_bytes > self.memory_bytes_max() {
            broken.push(format!(
                "expected at most {} MB of memory, found {}",
                megabytes(self.memory_bytes_max()),
                megabytes(after.memory_bytes)
            ));
        }
        broken
    }

    /// Both in a table.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&["the server holds", "start", "end", "at most"]);
        let (before, after) = (self.before.footprint, self.after.footprint);
        table.push(vec![
            "memory, MB".to_owned(),
            megabytes(before.memory_bytes),
            megabytes(after.memory_bytes),
            megabytes(self.memory_bytes_max()),
        ]);
        let rows = [
            (
                "open files",
                before.handle_count,
                after.handle_count,
                Some(before.handle_count),
            ),
            ("threads", before.thread_count, after.thread_count, None),
            (
                "running queries",
                self.before.running_count,
                self.after.running_count,
                Some(0),
            ),
        ];
        for (what, start, end, most) in rows {
            let most = most.map_or_else(|| "-".to_owned(), grouped);
            table.push(vec![what.to_owned(), grouped(start), grouped(end), most]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(memory_bytes: u64, handle_count: u64, running_count: u64) -> Holding {
        Holding {
            footprint: Footprint {
                memory_bytes,
                handle_count,
                thread_count: 10,
            },
            running_count,
        }
    }

    #[test]
    fn what_did_not_return_is_told() {
        let compare = |after| Comparison {
            before: holding(1_000, 30, 0),
            after,
            tolerance_bytes: 100,
        };
        assert!(compare(holding(1_250, 30, 0)).broken().is_empty());
        assert!(compare(holding(500, 29, 0)).broken().is_empty());
        assert_eq!(compare(holding(1_251, 31, 1)).broken().len(), 3);
    }
}
