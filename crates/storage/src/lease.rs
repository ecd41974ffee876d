//! The right to write a lake: one holder at a time, over all processes.
//!
//! On a local disk it is the operating system's lock on `<lake>/writer.lock`, so it ends with its holder, however that
//! dies. On an object store two writers are kept apart by the journal: entry N can be put only once, so the slower of
//! two loads is refused as a whole (`Fenced`). Inside of a process, a mutex of the lake keeps loads in a row.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};

use crate::location::Location;
use crate::{Error, Result};

/// Held while a load runs; dropping it gives the right back.
#[derive(Debug)]
pub(crate) struct WriterLease {
    _lock: Option<File>,
}

/// Name of the lock file, below the lake's root.
pub(crate) const LOCK_FILE: &str = "writer.lock";

impl WriterLease {
    /// Takes the lease at once or says who has it.
    pub(crate) fn acquire(location: &Location) -> Result<Self> {
        let Some(folder) = location.folder() else {
            return Ok(Self { _lock: None });
        };
        let path = folder.join(LOCK_FILE);
        let io = |error| Error::io("lock", &path, error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let known = file.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
                let holder = if known {
                    format!("process {}", holder.trim())
                } else {
                    "another process".to_owned()
                };
                return Err(Error::WriterBusy {
                    url: location.text().to_owned(),
                    holder,
                });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(io)?;
        write!(file, "{}", std::process::id()).map_err(io)?;
        Ok(Self { _lock: Some(file) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_writer_is_told_who_has_the_lease() {
        let dir = tempfile::tempdir().unwrap();
        let location = Location::parse(dir.path().to_str().unwrap()).unwrap();
        let lease = WriterLease::acquire(&location).unwrap();
        let busy = WriterLease::acquire(&location).unwrap_err().to_string();
        assert!(
            busy.contains(&format!("process {}", std::process::id())),
            "{busy}"
        );
        drop(lease);
        WriterLease::acquire(&location).unwrap();
    }
}
