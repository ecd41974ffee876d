//! Finds rows that one load holds twice, exactly and in bounded memory.
//!
//! 1. Every row leaves its identity and `ingest_seq`.
//! 2. Over the memory limit, entries go to temporary files, spread by the identity's first bits.
//! 3. At the end each bucket is sorted by (identity, `ingest_seq`); all but the first of equal identities are duplicates.
//!
//! Guarantees: the row with the smallest `ingest_seq` stays; memory is the limit, or at the end one bucket.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};

use crate::identity::RowHash;
use crate::{Error, Result};

/// Buckets that entries are spread over when they leave memory.
const BUCKET_COUNT: usize = 64;

/// Bytes of an entry in a temporary file.
const ENTRY_BYTES: usize = 29;

/// One row: what it is, when it came, where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyEntry {
    pub(super) hash: RowHash,
    pub(super) ingest_seq: i64,
    /// Number of the partition, as the load counts them.
    pub(super) partition: u32,
    /// Whether the row is only a part of a record.
    pub(super) part_of_record: bool,
}

/// Rows of one table seen by a load.
#[derive(Debug)]
pub(super) struct KeyLog {
    entries: Vec<KeyEntry>,
    memory_bytes_max: usize,
    buckets: Option<Vec<BufWriter<File>>>,
}

/// `ingest_seq` of the duplicates and whether they are parts of records, by partition number.
pub(super) type Duplicates = HashMap<u32, Vec<(i64, bool)>>;

fn spill_error(error: std::io::Error) -> Error {
    Error::Io {
        action: "use",
        path: "a temporary file for keys".to_owned(),
        source: error,
    }
}

impl KeyLog {
    pub(super) fn new(memory_bytes_max: usize) -> Self {
        Self {
            entries: Vec::new(),
            memory_bytes_max,
            buckets: None,
        }
    }

    /// Notes rows.
    pub(super) fn extend(&mut self, entries: impl Iterator<Item = KeyEntry>) -> Result<()> {
        self.entries.extend(entries);
        if self.entries.len() * size_of::<KeyEntry>() > self.memory_bytes_max {
            self.spill().map_err(spill_error)?;
        }
        Ok(())
    }

    fn spill(&mut self) -> std::io::Result<()> {
        if self.buckets.is_none() {
            let open = |_| Ok(BufWriter::new(tempfile::tempfile()?));
            self.buckets = Some(
                (0..BUCKET_COUNT)
                    .map(open)
                    .collect::<std::io::Result<_>>()?,
            );
        }
        let Some(buckets) = &mut self.buckets else {
            return Ok(());
        };
        for entry in self.entries.drain(..) {
            let bucket = &mut buckets[(entry.hash >> 122) as usize % BUCKET_COUNT];
            bucket.write_all(&entry.hash.to_le_bytes())?;
            bucket.write_all(&entry.ingest_seq.to_le_bytes())?;
            bucket.write_all(&entry.partition.to_le_bytes())?;
            bucket.write_all(&[u8::from(entry.part_of_record)])?;
        }
        Ok(())
    }

    /// The duplicates among all rows noted.
    pub(super) fn finish(mut self) -> Result<Duplicates> {
        let mut duplicates = Duplicates::new();
        if self.buckets.is_none() {
            find_duplicates(&mut self.entries, &mut duplicates);
            return Ok(duplicates);
        }
        self.spill().map_err(spill_error)?;
        for bucket in self.buckets.unwrap_or_default() {
            let mut entries = read_bucket(bucket).map_err(spill_error)?;
            find_duplicates(&mut entries, &mut duplicates);
        }
        Ok(duplicates)
    }
}

fn read_bucket(bucket: BufWriter<File>) -> std::io::Result<Vec<KeyEntry>> {
    let mut file = bucket
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    let bytes = file.stream_position()?;
    file.rewind()?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut entries = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0) / ENTRY_BYTES);
    let (mut hash, mut ingest_seq, mut partition, mut part) = ([0; 16], [0; 8], [0; 4], [0; 1]);
    for _ in 0..bytes / ENTRY_BYTES as u64 {
        reader.read_exact(&mut hash)?;
        reader.read_exact(&mut ingest_seq)?;
        reader.read_exact(&mut partition)?;
        reader.read_exact(&mut part)?;
        entries.push(KeyEntry {
            hash: RowHash::from_le_bytes(hash),
            ingest_seq: i64::from_le_bytes(ingest_seq),
            partition: u32::from_le_bytes(partition),
            part_of_record: part[0] != 0,
        });
    }
    Ok(entries)
}

fn find_duplicates(entries: &mut [KeyEntry], duplicates: &mut Duplicates) {
    entries.sort_unstable();
    for pair in entries.windows(2) {
        if pair[0].hash == pair[1].hash {
            duplicates
                .entry(pair[1].partition)
                .or_default()
                .push((pair[1].ingest_seq, pair[1].part_of_record));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duplicates(memory_bytes_max: usize, rows: &[(u128, i64, u32)]) -> Vec<(u32, i64, bool)> {
        let mut log = KeyLog::new(memory_bytes_max);
        for (hash, ingest_seq, partition) in rows {
            let hash = hash << 120 | hash;
            log.extend(std::iter::once(KeyEntry {
                hash,
                ingest_seq: *ingest_seq,
                partition: *partition,
                part_of_record: *ingest_seq > 25,
            }))
            .unwrap();
        }
        let found = log.finish().unwrap();
        let mut list: Vec<_> = found
            .into_iter()
            .flat_map(|(partition, seqs)| {
                seqs.into_iter()
                    .map(move |(seq, part)| (partition, seq, part))
            })
            .collect();
        list.sort_unstable();
        list
    }

    #[test]
    fn all_but_the_first_arrival_are_duplicates_in_memory_and_on_disk() {
        let rows = [
            (7, 30, 1),
            (7, 10, 2),
            (9, 20, 1),
            (7, 40, 1),
            (255, 1, 0),
            (9, 21, 3),
        ];
        for memory_bytes_max in [0, 64, 1 << 20] {
            assert_eq!(
                duplicates(memory_bytes_max, &rows),
                [(1, 30, true), (1, 40, true), (3, 21, false)]
            );
        }
        assert_eq!(duplicates(0, &[]), []);
    }
}
