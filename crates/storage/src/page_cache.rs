//! Reads what the system holds in memory already, without handing the read to another thread.
//!
//! A read may wait for a disk, so `object_store` gives each to a thread that may wait. A lake has many small files that were
//! read before: there the hand-over costs more than the read. Measured over 4,000 files in memory: a fifth of a scan's CPU.
//!
//! Guarantees: never waits for a disk; `None` when anything is not in memory, or fails: whoever asks then reads as usual.

use std::ops::Range;
use std::path::Path;

use bytes::Bytes;

/// Larger reads are handed over: copying them takes longer than the hand-over.
const INLINE_BYTES_MAX: u64 = 8 << 20;

/// Parts of a file, when all of them, and its name, are in memory.
#[cfg(target_os = "linux")]
pub(crate) fn read_cached(path: &Path, ranges: &[Range<u64>]) -> Option<Vec<Bytes>> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

    let lengths = ranges
        .iter()
        .map(|range| range.end.saturating_sub(range.start));
    if lengths.fold(0, u64::saturating_add) > INLINE_BYTES_MAX {
        return None;
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED).ok()?;
    let parts = ranges.iter().map(|range| read_part(&file, range));
    parts.collect()
}

#[cfg(target_os = "linux")]
fn read_part(file: &impl std::os::fd::AsFd, range: &Range<u64>) -> Option<Bytes> {
    use std::io::IoSliceMut;

    use rustix::io::{ReadWriteFlags, preadv2};

    let mut part = vec![0; usize::try_from(range.end.checked_sub(range.start)?).ok()?];
    let into = &mut [IoSliceMut::new(&mut part)];
    let read = preadv2(file, into, range.start, ReadWriteFlags::NOWAIT).ok()?;
    // less than asked for: the rest is not in memory, or the file ends
    (read == part.len()).then(|| part.into())
}

/// Other systems cannot say what is in memory.
#[cfg(not(target_os = "linux"))]
pub(crate) fn read_cached(_: &Path, _: &[Range<u64>]) -> Option<Vec<Bytes>> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_just_written_is_read_and_what_is_not_there_is_left_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"0123456789").unwrap();
        let parts = read_cached(&path, &[2..5, 9..10, 4..4]).unwrap();
        assert_eq!(parts, [&b"234"[..], b"9", b""]);
        let one = |path: &Path, range: Range<u64>| read_cached(path, std::slice::from_ref(&range));
        assert_eq!(one(&path, 9..10).unwrap(), [&b"9"[..]]);
        assert_eq!(one(&path, 8..11), None, "past the end");
        assert_eq!(one(&path, 0..INLINE_BYTES_MAX + 1), None, "too much");
        assert_eq!(one(&folder.path().join("none"), 0..1), None);
    }
}
