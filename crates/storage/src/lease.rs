//! The right to write a lake: one holder at a time, over all processes.
//!
//! On a local disk it is the operating system's lock on `<lake>/writer.lock`, so it ends with its holder, however that
//! dies. On S3 it is an object with an end (`object_lease`), which spares the second writer a load that would be refused;
//! what keeps two writers apart there is the journal: entry N can be put only once (`Fenced`). A store that a program brings
//! itself has no lease. Inside of a process, a mutex of the lake keeps loads in a row.

mod object_lease;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path as FilePath;
use std::sync::Arc;

use chatlake_types::Clock;

use self::object_lease::ObjectLease;
use crate::location::Location;
use crate::{Error, Result};

/// Held while a load runs; dropping it gives the right back, [`WriterLease::release`] waits until that is done.
#[derive(Debug)]
pub(crate) enum WriterLease {
    /// Nobody has to be kept out.
    Free,
    /// A lock of the operating system.
    Lock(#[expect(dead_code, reason = "it is held, not used")] File),
    /// An object with an end.
    Object(ObjectLease),
}

/// Name of the lock file, below the lake's root.
pub(crate) const LOCK_FILE: &str = "writer.lock";

impl WriterLease {
    /// Takes the lease at once or says who has it.
    pub(crate) async fn acquire(
        location: &Location,
        lease_ms: u64,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self> {
        if location.is_leased() && lease_ms > 0 {
            return Ok(Self::Object(
                ObjectLease::take(location, lease_ms, Arc::clone(clock)).await?,
            ));
        }
        Self::lock(location)
    }

    /// Takes the lock, where the lake is on a local disk.
    pub(crate) fn lock(location: &Location) -> Result<Self> {
        match location.folder() {
            Some(folder) => lock_file(location, folder),
            None => Ok(Self::Free),
        }
    }

    /// Whether giving it back takes requests.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Gives the right back; best effort, because it ends by itself.
    pub(crate) async fn release(self) {
        if let Self::Object(lease) = self {
            lease.release().await;
        }
    }
}

fn lock_file(location: &Location, folder: &FilePath) -> Result<WriterLease> {
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
    Ok(WriterLease::Lock(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_writer_is_told_who_has_the_lease() {
        let dir = tempfile::tempdir().unwrap();
        let location = Location::parse(dir.path().to_str().unwrap()).unwrap();
        let lease = WriterLease::lock(&location).unwrap();
        let busy = WriterLease::lock(&location).unwrap_err().to_string();
        assert!(
            busy.contains(&format!("process {}", std::process::id())),
            "{busy}"
        );
        drop(lease);
        WriterLease::lock(&location).unwrap();
    }
}
