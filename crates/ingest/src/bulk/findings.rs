//! What a check of many rows found: rows to reject and rows to warn of.
//!
//! Guarantees: a row is rejected with the first rule that it breaks in the order of the rules; warnings of rejected
//! rows are dropped; nothing is allocated for rows that are fine.

use std::collections::BTreeMap;
use std::io::Write as _;

use arrow::array::BooleanArray;

use crate::code::Code;
use crate::json;
use crate::report::Tally;

/// Findings in one batch; rows are counted from 0 inside the batch.
#[derive(Debug, Default)]
pub(super) struct Findings {
    rejects: BTreeMap<usize, Code>,
    warnings: Vec<(usize, Code)>,
}

impl Findings {
    /// Rejects a row with `kind:column`, unless an earlier rule rejected it.
    pub(super) fn reject(&mut self, row: usize, kind: &str, column: &str) {
        self.reject_with(row, || Code::of(kind, column));
    }

    /// Rejects a row, unless an earlier rule rejected it.
    pub(super) fn reject_with(&mut self, row: usize, code: impl FnOnce() -> Code) {
        self.rejects.entry(row).or_insert_with(code);
    }

    /// Warns of `kind:column` in a row.
    pub(super) fn warn(&mut self, row: usize, kind: &str, column: &str) {
        self.warnings.push((row, Code::of(kind, column)));
    }

    /// The first row that is rejected.
    pub(super) fn first_reject(&self) -> Option<(usize, &Code)> {
        self.rejects
            .first_key_value()
            .map(|(row, code)| (*row, code))
    }

    /// Which rows are kept; `None` when all are.
    pub(super) fn kept(&self, row_count: usize) -> Option<BooleanArray> {
        if self.rejects.is_empty() {
            return None;
        }
        let mut kept = vec![true; row_count];
        for &row in self.rejects.keys() {
            kept[row] = false;
        }
        Some(kept.into())
    }

    /// Counts, and the lines of the rejects file; `first_row` is the number of the batch's first row.
    pub(super) fn into_tally(
        mut self,
        first_row: u64,
        row_count: usize,
        details_max: usize,
    ) -> (Tally, Vec<u8>) {
        let mut tally = Tally {
            record_count: row_count as u64,
            ..Tally::default()
        };
        self.warnings
            .retain(|(row, _)| !self.rejects.contains_key(row));
        // By row; inside a row in the order of the rules, because the sort is stable.
        self.warnings.sort_by_key(|(row, _)| *row);
        for (row, code) in self.warnings {
            tally
                .warnings
                .add(first_row + row as u64, code, details_max);
        }
        let mut lines = Vec::new();
        for (row, code) in self.rejects {
            let row = first_row + row as u64;
            // Writing to a vector cannot fail.
            _ = writeln!(
                lines,
                r#"{{"row":{row},"code":{}}}"#,
                json::quote(code.as_str())
            );
            tally.rejects.add(row, code, details_max);
        }
        (tally, lines)
    }
}
