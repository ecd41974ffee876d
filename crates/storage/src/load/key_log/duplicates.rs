//! Rows of a load that repeat earlier ones, by `ingest_seq`.
//!
//! Guarantees: two bits per row of the load at the most, however many are duplicates.

use std::collections::HashSet;

use super::KeyEntry;

/// See the module's documentation.
#[derive(Debug)]
pub(in crate::load) struct Duplicates {
    first_seq: i64,
    rows: Bits,
    /// Those that are only a part of a record.
    parts: Bits,
    /// Numbers of the partitions that have some.
    partitions: HashSet<u32>,
}

impl Duplicates {
    /// None yet, among rows with `ingest_seq` from `first_seq` on.
    pub(super) fn new(first_seq: i64) -> Self {
        Self {
            first_seq,
            rows: Bits::default(),
            parts: Bits::default(),
            partitions: HashSet::new(),
        }
    }

    pub(super) fn insert(&mut self, entry: &KeyEntry) {
        let Some(index) = self.index(entry.ingest_seq) else {
            return;
        };
        self.rows.insert(index);
        if entry.part_of_record {
            self.parts.insert(index);
        }
        self.partitions.insert(entry.partition);
    }

    fn index(&self, ingest_seq: i64) -> Option<usize> {
        usize::try_from(ingest_seq.checked_sub(self.first_seq)?).ok()
    }

    /// Whether there are none.
    pub(in crate::load) fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// Whether the row is one.
    pub(in crate::load) fn contains(&self, ingest_seq: i64) -> bool {
        self.index(ingest_seq)
            .is_some_and(|index| self.rows.contains(index))
    }

    /// Whether the row is one and only a part of a record.
    pub(in crate::load) fn is_part(&self, ingest_seq: i64) -> bool {
        self.index(ingest_seq)
            .is_some_and(|index| self.parts.contains(index))
    }

    /// Whether a file of that partition with rows of `low..=high` may hold some.
    pub(in crate::load) fn may_be_in(&self, partition: u32, (low, high): (i64, i64)) -> bool {
        self.partitions.contains(&partition)
            && match (self.index(low.max(self.first_seq)), self.index(high)) {
                (Some(low), Some(high)) => self.rows.any_in(low, high),
                _ => false,
            }
    }
}

/// A set of small numbers.
#[derive(Debug, Default)]
struct Bits {
    words: Vec<u64>,
}

impl Bits {
    fn insert(&mut self, index: usize) {
        let word = index / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (index % 64);
    }

    fn contains(&self, index: usize) -> bool {
        let word = self.words.get(index / 64).copied().unwrap_or(0);
        word >> (index % 64) & 1 == 1
    }

    /// Whether it holds a number of `low..=high`.
    fn any_in(&self, low: usize, high: usize) -> bool {
        let (first, last) = (low / 64, high / 64);
        (first..=last.min(self.words.len().saturating_sub(1))).any(|word| {
            let mut bits = self.words.get(word).copied().unwrap_or(0);
            if word == first {
                bits &= u64::MAX << (low % 64);
            }
            if word == last {
                bits &= u64::MAX >> (63 - high % 64);
            }
            bits != 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_find_what_is_in_them() {
        let mut bits = Bits::default();
        assert!(!bits.any_in(0, 1_000) && !bits.contains(0));
        for index in [0, 63, 64, 200] {
            bits.insert(index);
        }
        for low in 0..260 {
            for high in low..260 {
                let expected = [0, 63, 64, 200]
                    .iter()
                    .any(|index| (low..=high).contains(index));
                assert_eq!(bits.any_in(low, high), expected, "{low}..={high}");
            }
            assert_eq!(bits.contains(low), [0, 63, 64, 200].contains(&low));
        }
    }
}
