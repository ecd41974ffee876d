//! Finds rows that one load holds twice, exactly and in bounded memory.
//!
//! 1. Every row leaves its identity and `ingest_seq` in one of 64 buckets, by the identity's first bits.
//! 2. Before the entries need more than the memory limit, each bucket is sorted by (identity, `ingest_seq`), all but the
//!    first of equal identities are noted as duplicates, and the rest goes to a temporary file.
//! 3. At the end each bucket is read back and treated likewise; one that does not fit the limit is spread again, by the
//!    next bits.
//!
//! Guarantees: the row with the smallest `ingest_seq` stays; entries take no more memory than the limit, whatever their
//! number and however often they repeat (they lie in small blocks, so that nothing is copied in order to grow).

mod duplicates;
mod spill_file;
#[cfg(test)]
mod tests;

pub(super) use self::duplicates::Duplicates;
use self::spill_file::SpillFile;
use crate::identity::RowHash;
use crate::{Error, Result};

/// Buckets that entries are spread over, and the bits of an identity that this takes.
const BUCKET_COUNT: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 6;

/// How often a bucket may be spread again: until the bits of the identity are used up.
const LEVEL_MAX: u32 = RowHash::BITS / BUCKET_BITS - 1;

/// Entries of a block at the most. It is less when the limit is small.
const BLOCK_ENTRIES_MAX: usize = 4_096;

/// A bucket of so few bytes is read back whole, also when the limit is smaller.
const BUCKET_BYTES_MIN: usize = 64 << 10;

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
    buckets: Buckets,
    duplicates: Duplicates,
}

impl KeyLog {
    /// A log for rows with `ingest_seq` from `first_seq` on.
    pub(super) fn new(memory_bytes_max: usize, first_seq: i64) -> Self {
        Self {
            buckets: Buckets::new(memory_bytes_max, 0),
            duplicates: Duplicates::new(first_seq),
        }
    }

    /// Notes rows.
    pub(super) fn extend(&mut self, entries: impl Iterator<Item = KeyEntry>) -> Result<()> {
        for entry in entries {
            self.buckets
                .push(entry, &mut self.duplicates)
                .map_err(spill_error)?;
        }
        Ok(())
    }

    /// Bytes of the entries in memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.buckets.memory_bytes
    }

    /// Empties the memory into a temporary file.
    pub(super) fn spill(&mut self) -> Result<()> {
        self.buckets
            .spill(&mut self.duplicates)
            .map_err(spill_error)
    }

    /// The duplicates among all rows noted.
    pub(super) fn finish(mut self) -> Result<Duplicates> {
        self.buckets
            .finish(&mut self.duplicates)
            .map_err(spill_error)?;
        Ok(self.duplicates)
    }
}

fn spill_error(error: std::io::Error) -> Error {
    Error::Io {
        action: "use",
        path: "a temporary file for keys".to_owned(),
        source: error,
    }
}

/// Entries spread by some bits of their identity.
#[derive(Debug)]
struct Buckets {
    /// How many groups of bits were used before.
    level: u32,
    memory_bytes_max: usize,
    memory_bytes: usize,
    block_entries: usize,
    /// Full blocks, and one that is being filled, of each bucket.
    blocks: Vec<Vec<Vec<KeyEntry>>>,
    spilled: Option<SpillFile>,
}

impl Buckets {
    fn new(memory_bytes_max: usize, level: u32) -> Self {
        // a quarter of the limit may lie in blocks that are not full
        let entries = memory_bytes_max / (4 * BUCKET_COUNT * size_of::<KeyEntry>());
        Self {
            level,
            memory_bytes_max,
            memory_bytes: 0,
            block_entries: entries.clamp(1, BLOCK_ENTRIES_MAX),
            blocks: vec![Vec::new(); BUCKET_COUNT],
            spilled: None,
        }
    }

    fn bucket_of(&self, hash: RowHash) -> usize {
        let shift = RowHash::BITS - BUCKET_BITS * (self.level + 1);
        (hash >> shift) as usize % BUCKET_COUNT
    }

    fn push(&mut self, entry: KeyEntry, duplicates: &mut Duplicates) -> std::io::Result<()> {
        let bucket = self.bucket_of(entry.hash);
        let block_entries = self.block_entries;
        match self.blocks[bucket].last_mut() {
            Some(block) if block.len() < block_entries => block.push(entry),
            _ => {
                let block_bytes = block_entries * size_of::<KeyEntry>();
                if self.memory_bytes + block_bytes > self.memory_bytes_max {
                    self.spill(duplicates)?;
                }
                let mut block = Vec::with_capacity(block_entries);
                block.push(entry);
                self.blocks[bucket].push(block);
                self.memory_bytes += block_bytes;
            }
        }
        Ok(())
    }

    /// Moves what memory holds of a bucket to `entries`.
    fn take(&mut self, bucket: usize, entries: &mut Vec<KeyEntry>) {
        let blocks = std::mem::take(&mut self.blocks[bucket]);
        let count: usize = blocks.iter().map(Vec::len).sum();
        entries.reserve_exact(count);
        self.memory_bytes -= blocks.len() * self.block_entries * size_of::<KeyEntry>();
        blocks
            .into_iter()
            .for_each(|block| entries.extend_from_slice(&block));
    }

    fn spill(&mut self, duplicates: &mut Duplicates) -> std::io::Result<()> {
        if self.memory_bytes == 0 {
            return Ok(());
        }
        let mut file = match self.spilled.take() {
            Some(file) => file,
            None => SpillFile::create(BUCKET_COUNT)?,
        };
        let mut entries = Vec::new();
        for bucket in 0..BUCKET_COUNT {
            entries.clear();
            self.take(bucket, &mut entries);
            keep_first(&mut entries, duplicates);
            file.append(bucket, &entries)?;
        }
        self.spilled = Some(file);
        Ok(())
    }

    fn finish(&mut self, duplicates: &mut Duplicates) -> std::io::Result<()> {
        let mut entries = Vec::new();
        if self.spilled.is_none() {
            for bucket in 0..BUCKET_COUNT {
                entries.clear();
                self.take(bucket, &mut entries);
                keep_first(&mut entries, duplicates);
            }
            return Ok(());
        }
        self.spill(duplicates)?;
        let Some(mut file) = self.spilled.take() else {
            return Ok(());
        };
        let fitting = self.memory_bytes_max.max(BUCKET_BYTES_MIN) / size_of::<KeyEntry>();
        for bucket in 0..BUCKET_COUNT {
            let count = file.entry_count(bucket);
            if count <= fitting || self.level == LEVEL_MAX {
                entries.clear();
                entries.reserve_exact(count);
                file.read(bucket, |entry| {
                    entries.push(entry);
                    Ok(())
                })?;
                keep_first(&mut entries, duplicates);
            } else {
                entries = Vec::new();
                let mut smaller = Self::new(self.memory_bytes_max, self.level + 1);
                file.read(bucket, |entry| smaller.push(entry, duplicates))?;
                smaller.finish(duplicates)?;
            }
        }
        Ok(())
    }
}

/// Sorts the entries and keeps the first of each identity; the others are duplicates, whatever else comes.
fn keep_first(entries: &mut Vec<KeyEntry>, duplicates: &mut Duplicates) {
    entries.sort_unstable();
    entries.dedup_by(|entry, first| {
        let is_repeated = entry.hash == first.hash;
        if is_repeated {
            duplicates.insert(entry);
        }
        is_repeated
    });
}
