//! Entries of many buckets in one temporary file, written bucket by bucket, as often as need be.
//!
//! Guarantees: one file descriptor, whatever the number of buckets; a bucket is read back entry by entry.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Result, Seek, SeekFrom, Write};

use super::KeyEntry;
use crate::identity::RowHash;

/// Bytes of an entry in the file.
const ENTRY_BYTES: usize = 29;

/// Bytes read or written at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Entries of one bucket that lie together.
#[derive(Clone, Copy, Debug)]
struct Segment {
    start_byte: u64,
    entry_count: usize,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct SpillFile {
    writer: BufWriter<File>,
    size_bytes: u64,
    segments: Vec<Vec<Segment>>,
}

impl SpillFile {
    pub(super) fn create(bucket_count: usize) -> Result<Self> {
        Ok(Self {
            writer: BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile()?),
            size_bytes: 0,
            segments: vec![Vec::new(); bucket_count],
        })
    }

    /// Entries of a bucket.
    pub(super) fn entry_count(&self, bucket: usize) -> usize {
        self.segments[bucket]
            .iter()
            .map(|segment| segment.entry_count)
            .sum()
    }

    /// Adds entries to a bucket.
    pub(super) fn append(&mut self, bucket: usize, entries: &[KeyEntry]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        for entry in entries {
            self.writer.write_all(&to_bytes(entry))?;
        }
        self.segments[bucket].push(Segment {
            start_byte: self.size_bytes,
            entry_count: entries.len(),
        });
        self.size_bytes += (entries.len() * ENTRY_BYTES) as u64;
        Ok(())
    }

    /// Gives the entries of a bucket, one by one. Nothing may be added afterwards.
    pub(super) fn read(
        &mut self,
        bucket: usize,
        mut take: impl FnMut(KeyEntry) -> Result<()>,
    ) -> Result<()> {
        self.writer.flush()?;
        let file = self.writer.get_mut();
        for segment in &self.segments[bucket] {
            file.seek(SeekFrom::Start(segment.start_byte))?;
            let size_bytes = segment.entry_count * ENTRY_BYTES;
            let buffer_bytes = size_bytes.min(BUFFER_BYTES);
            let mut reader = BufReader::with_capacity(buffer_bytes, file.take(size_bytes as u64));
            let mut bytes = [0; ENTRY_BYTES];
            for _ in 0..segment.entry_count {
                reader.read_exact(&mut bytes)?;
                take(from_bytes(&bytes))?;
            }
        }
        Ok(())
    }
}

fn to_bytes(entry: &KeyEntry) -> [u8; ENTRY_BYTES] {
    let mut bytes = [0; ENTRY_BYTES];
    bytes[..16].copy_from_slice(&entry.hash.to_le_bytes());
    bytes[16..24].copy_from_slice(&entry.ingest_seq.to_le_bytes());
    bytes[24..28].copy_from_slice(&entry.partition.to_le_bytes());
    bytes[28] = u8::from(entry.part_of_record);
    bytes
}

fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> KeyEntry {
    let (mut hash, mut ingest_seq, mut partition) = ([0; 16], [0; 8], [0; 4]);
    hash.copy_from_slice(&bytes[..16]);
    ingest_seq.copy_from_slice(&bytes[16..24]);
    partition.copy_from_slice(&bytes[24..28]);
    KeyEntry {
        hash: RowHash::from_le_bytes(hash),
        ingest_seq: i64::from_le_bytes(ingest_seq),
        partition: u32::from_le_bytes(partition),
        part_of_record: bytes[28] != 0,
    }
}
