//! What another process holds: memory, open files, threads (Linux: `/proc`).
//!
//! Guarantees: numbers of the kernel, nothing is estimated; a process that is gone is an error.

use crate::{Error, Result};

/// What a process holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Memory that is in use (`VmRSS`), in bytes.
    pub memory_bytes: u64,
    /// Open files, sockets among them.
    pub handle_count: u64,
    /// Threads.
    pub thread_count: u64,
}

impl Footprint {
    /// Looks at a process.
    ///
    /// # Errors
    /// When it is gone, belongs to somebody else, or there is no `/proc`.
    pub fn of(process_id: u32) -> Result<Self> {
        let folder = format!("/proc/{process_id}");
        let reading = || format!("look at process {process_id}");
        let status = std::fs::read_to_string(format!("{folder}/status"));
        let status = status.map_err(Error::io(reading()))?;
        let handles = std::fs::read_dir(format!("{folder}/fd")).map_err(Error::io(reading()))?;
        Ok(Self {
            memory_bytes: number(&status, "VmRSS:").unwrap_or_default() * 1024,
            handle_count: handles.flatten().count() as u64,
            thread_count: number(&status, "Threads:").unwrap_or_default(),
        })
    }
}

/// The number on the line that begins with `name`.
fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_name() {
        let status = "Name:\tchatlake\nVmRSS:\t  1234 kB\nThreads:\t7\n";
        assert_eq!(number(status, "VmRSS:"), Some(1_234));
        assert_eq!(number(status, "Threads:"), Some(7));
        assert_eq!(number(status, "VmHWM:"), None);
    }
}
