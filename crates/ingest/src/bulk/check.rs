//! The check of one batch of rows of a Parquet or CSV file.
//!
//! 1. The steps of the table run in the field order of the reference ingest; each makes a column of its final type.
//! 2. Rejected rows are taken out, or end the load.
//! 3. What is left is a batch of the table's schema but for `ingest_seq`, which no file decides.
//!
//! Guarantees: a column that is fine already is used as it is, without a copy.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::filter;
use chatlake_schema::{INGEST_SEQ, Table};

use crate::bulk::findings::Findings;
use crate::bulk::rules::{self, Rule, Step};
use crate::bulk::{flags, instants, json_text, lists, numbers, text};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::options::OnError;
use crate::report::Tally;
use crate::rows::TableRows;

/// Rows as they stand in the file.
#[derive(Debug)]
pub(crate) struct RawBatch {
    /// Number of the first row, counted from 1.
    pub(crate) first_row: u64,
    pub(crate) row_count: usize,
    /// For each column of the table the file's values, in whatever type the file has.
    pub(crate) columns: Vec<Option<ArrayRef>>,
    /// Rows that could not be taken apart, counted from 0 inside the batch.
    pub(crate) unreadable: Vec<usize>,
}

/// What does not change between the batches of a load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckSettings {
    pub(crate) table: &'static Table,
    pub(crate) on_error: OnError,
    /// When the rows are received, in µs, unless they say so themselves.
    pub(crate) received_at: i64,
    pub(crate) details_max: usize,
}

/// A batch whose rows are all good.
#[derive(Debug)]
pub(crate) struct CheckedBatch {
    pub(crate) rows: TableRows,
    pub(crate) tally: Tally,
    pub(crate) reject_lines: Vec<u8>,
}

/// The check under way.
pub(super) struct TableCheck<'a> {
    settings: CheckSettings,
    raw: &'a RawBatch,
    /// Finished columns, by their place in the table.
    finished: Vec<Option<ArrayRef>>,
    pub(super) findings: Findings,
}

/// Checks a batch.
///
/// # Errors
/// A column of a type that cannot be taken; the first bad row, when the load is to stop at it.
pub(crate) fn check(raw: &RawBatch, settings: CheckSettings) -> Result<CheckedBatch> {
    let finished = vec![None; settings.table.columns.len()];
    let mut check = TableCheck {
        settings,
        raw,
        finished,
        findings: Findings::default(),
    };
    for &row in &raw.unreadable {
        check.findings.reject_with(row, || Code::BAD_CSV);
    }
    for step in rules::steps(settings.table)? {
        match step {
            Step::Column(name, rule) => check.column_step(name, rule)?,
            Step::Rows(step) => step(&mut check)?,
        }
    }
    check.finish()
}

impl TableCheck<'_> {
    pub(super) fn row_count(&self) -> usize {
        self.raw.row_count
    }

    fn place(&self, name: &str) -> Result<usize> {
        let place = self.settings.table.column_index(name);
        place.ok_or_else(|| {
            Error::Schema(format!(
                "table `{}` has no column `{name}`",
                self.settings.table.name
            ))
        })
    }

    /// A column that an earlier step has finished.
    pub(super) fn finished(&self, name: &str) -> Result<ArrayRef> {
        let column = self.finished[self.place(name)?].as_ref().map(Arc::clone);
        column.ok_or_else(|| Error::Schema(format!("column `{name}` is not checked yet")))
    }

    /// A column of text that an earlier step has finished.
    pub(super) fn finished_text(&self, name: &str) -> Result<StringArray> {
        Ok(self.finished(name)?.as_string::<i32>().clone())
    }

    /// Sets a column that other columns decide.
    pub(super) fn finish_column(&mut self, name: &str, column: ArrayRef) -> Result<()> {
        let place = self.place(name)?;
        self.finished[place] = Some(column);
        Ok(())
    }

    fn column_step(&mut self, name: &'static str, rule: &Rule) -> Result<()> {
        let place = self.place(name)?;
        let raw = self.raw.columns[place].as_ref();
        // A column of NULLs fits whatever its type: some writers give NULL the type of an integer.
        let raw = raw.filter(|column| column.logical_null_count() < column.len());
        let row_count = self.raw.row_count;
        let column = Column {
            name,
            raw,
            row_count,
        };
        let findings = &mut self.findings;
        let finished = match rule {
            Rule::Text(rule) => text::check(column, rule, findings)?,
            Rule::Instant(missing) => {
                instants::check(column, missing.fill(self.settings.received_at), findings)?
            }
            Rule::Flag => flags::check(column, findings)?,
            Rule::Money => numbers::money(column, findings)?,
            Rule::Amount => numbers::amount(column, findings)?,
            Rule::Score => numbers::score(column, findings)?,
            Rule::Slugs => lists::check(column, findings)?,
            Rule::FlatMap => json_text::flat_map(column, findings)?,
            Rule::AnyJson => json_text::any(column)?,
        };
        self.finish_column(name, finished)
    }

    fn finish(self) -> Result<CheckedBatch> {
        let Self {
            settings,
            raw,
            finished,
            findings,
        } = self;
        if let (OnError::Abort, Some((row, code))) = (settings.on_error, findings.first_reject()) {
            return Err(Error::RowRejected {
                row: raw.first_row + row as u64,
                code: code.clone(),
            });
        }
        let kept = findings.kept(raw.row_count);
        let mut columns = Vec::with_capacity(finished.len());
        for (column, definition) in finished.into_iter().zip(&settings.table.columns) {
            if definition.name == INGEST_SEQ {
                continue;
            }
            let column = column.ok_or_else(|| {
                Error::Schema(format!("no rule for column `{}`", definition.name))
            })?;
            columns.push(match &kept {
                Some(kept) => filter(&column, kept)?,
                None => column,
            });
        }
        let row_count = kept.map_or(raw.row_count, |kept| kept.true_count());
        let sequence = (0..).take(row_count).collect();
        let rows = TableRows {
            table: settings.table,
            columns,
            sequence,
        };
        let (tally, reject_lines) =
            findings.into_tally(raw.first_row, raw.row_count, settings.details_max);
        Ok(CheckedBatch {
            rows,
            tally,
            reject_lines,
        })
    }
}

/// A column of the file about to be checked.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) name: &'static str,
    /// The file's values; `None` when there are none but NULLs.
    pub(super) raw: Option<&'a ArrayRef>,
    pub(super) row_count: usize,
}

impl Column<'_> {
    /// The column has a type that is not taken.
    pub(super) fn wrong_type(&self, expected: &str) -> Error {
        let found = self.raw.map_or_else(
            || "NULL".to_owned(),
            |column| column.data_type().to_string(),
        );
        Error::ColumnType {
            column: self.name,
            expected: expected.to_owned(),
            found,
        }
    }
}

/// What a missing value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing<T> {
    /// NULL.
    Null,
    /// The row is rejected with `missing_field`.
    Reject,
    /// This value.
    Fill(T),
}
