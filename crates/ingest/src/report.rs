//! What a load did: counts, codes and the first examples of each kind (domain specification §2.1).
//!
//! Guarantees: `accepted + duplicates + rejected` is the number of records; memory stays bounded however many
//! records are odd, because details and distinct codes have limits with a name.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::code::Code;

/// Distinct codes counted at the most; further ones are counted as `kind:*`.
pub(crate) const CODES_MAX: usize = 1_000;

/// A code of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineCode {
    /// Line of the NDJSON input, or row of a Parquet or CSV file, counted from 1.
    pub line: u64,
    /// The code.
    pub code: Code,
}

/// Codes of one kind (rejects or warnings): how often each came, and the first examples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CodeCounts {
    /// Codes in all.
    pub count: u64,
    /// How often each code came.
    pub codes: BTreeMap<Code, u64>,
    /// The first ones, as many as `IngestOptions::report_details_max` allows.
    pub first: Vec<LineCode>,
}

impl CodeCounts {
    /// Counts one code.
    pub(crate) fn add(&mut self, line: u64, code: Code, details_max: usize) {
        self.count += 1;
        self.add_times(&code, 1);
        if self.first.len() < details_max {
            self.first.push(LineCode { line, code });
        }
    }

    /// Adds what was counted in a later part of the input.
    pub(crate) fn merge(&mut self, later: Self, details_max: usize) {
        self.count += later.count;
        for (code, times) in &later.codes {
            self.add_times(code, *times);
        }
        let room = details_max.saturating_sub(self.first.len());
        self.first.extend(later.first.into_iter().take(room));
    }

    fn add_times(&mut self, code: &Code, times: u64) {
        if let Some(count) = self.codes.get_mut(code) {
            *count += times;
            return;
        }
        let code = if self.codes.len() < CODES_MAX {
            code.clone()
        } else {
            code.any_path()
        };
        *self.codes.entry(code).or_default() += times;
    }
}

/// What became of the rows of one stored table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableCounts {
    /// The stored table.
    pub table: String,
    /// New rows stored.
    pub rows: u64,
    /// Rows that were stored already, in this load or before.
    pub duplicate_rows: u64,
    /// Data files written.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// What a load did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IngestReport {
    /// Records, or rows of a bulk file, that stored something new.
    pub accepted: u64,
    /// Valid records that were stored already: retries.
    pub duplicates: u64,
    /// Records that broke a rule; nothing of them is stored.
    pub rejected: u64,
    /// Why records were rejected.
    pub rejects: CodeCounts,
    /// What was odd about records that were not rejected.
    pub warnings: CodeCounts,
    /// The tables that the load touched, by name.
    pub tables: Vec<TableCounts>,
    /// Size of the raw (compressed) input in bytes.
    pub input_bytes: u64,
    /// Number of the commit that made the rows visible; none when nothing was new.
    pub commit: Option<u64>,
}

/// Counts of one part of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records, bad ones included.
    pub record_count: u64,
    /// Why records were rejected.
    pub rejects: CodeCounts,
    /// What was odd about the others.
    pub warnings: CodeCounts,
}

impl Tally {
    /// Adds what was counted in a later part of the input.
    pub(crate) fn merge(&mut self, later: Self, details_max: usize) {
        self.record_count += later.record_count;
        self.rejects.merge(later.rejects, details_max);
        self.warnings.merge(later.warnings, details_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_and_distinct_codes_are_bounded_while_counts_stay_exact() {
        let mut counts = CodeCounts::default();
        for line in 0..3_000 {
            counts.add(line, Code::of("unknown_field", line), 2);
        }
        assert_eq!(counts.count, 3_000);
        assert_eq!(
            counts
                .first
                .iter()
                .map(|first| first.line)
                .collect::<Vec<_>>(),
            [0, 1]
        );
        assert_eq!(counts.codes.len(), CODES_MAX + 1);
        assert_eq!(
            counts.codes.get(&Code::of("unknown_field", "*")),
            Some(&2_000)
        );
        assert_eq!(counts.codes.values().sum::<u64>(), 3_000);
    }

    #[test]
    fn merging_keeps_the_order_of_details() {
        let part = |line| {
            let mut counts = CodeCounts::default();
            counts.add(line, Code::BAD_JSON, 2);
            counts
        };
        let mut counts = part(1);
        counts.merge(part(5), 2);
        counts.merge(part(9), 2);
        assert_eq!(counts.count, 3);
        assert_eq!(
            counts
                .first
                .iter()
                .map(|first| first.line)
                .collect::<Vec<_>>(),
            [1, 5]
        );
    }
}
