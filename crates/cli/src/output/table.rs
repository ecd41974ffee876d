//! `--format table`: aligned columns for people.
//!
//! Guarantees: at most [`TableOptions::rows_max`] rows and [`CELL_CHARS_MAX`] characters per cell are kept; control
//! characters (line ends, terminal escapes) are shown, never sent; on a terminal no line is wider than the terminal as
//! long as the columns can be cut to [`COLUMN_WIDTH_MIN`]; numbers are aligned right.

use std::fmt::Write as _;
use std::io::Write;

use arrow::array::Array;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use console::{measure_text_width, truncate_str};

use super::{OutputStream, RowWriter, does_not_fit};
use crate::error::{Error, Result};

/// Characters of one cell at the most.
const CELL_CHARS_MAX: usize = 1_000;
/// A column is not cut below this width to make a table fit.
const COLUMN_WIDTH_MIN: usize = 12;

/// How a table is shown.
#[derive(Clone, Copy, Debug)]
pub struct TableOptions {
    /// Rows shown at the most; 0 shows all.
    pub rows_max: usize,
    /// Width of the terminal in columns; `None` when nobody is looking.
    pub width_max: Option<usize>,
}

/// Gathers rows and writes them as one aligned table.
pub struct TableWriter<'a> {
    stream: &'a mut OutputStream,
    options: TableOptions,
    headers: Vec<String>,
    right_aligned: Vec<bool>,
    /// `EXPLAIN` results are texts with line ends, not cells.
    is_plan: bool,
    rows: Vec<Vec<String>>,
    is_cut: bool,
}

impl<'a> TableWriter<'a> {
    /// A table with the columns of `schema`.
    pub fn new(schema: &SchemaRef, stream: &'a mut OutputStream, options: &TableOptions) -> Self {
        let fields = schema.fields();
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        Self {
            stream,
            options: *options,
            headers: names.iter().map(|name| shown(name)).collect(),
            right_aligned: fields
                .iter()
                .map(|field| field.data_type().is_numeric())
                .collect(),
            is_plan: names == ["plan_type", "plan"],
            rows: Vec::new(),
            is_cut: false,
        }
    }

    fn write_plan(&mut self) -> Result<()> {
        for row in &self.rows {
            if let [kind, plan] = row.as_slice() {
                writeln!(self.stream, "{kind}:\n{}\n", plan.trim_end()).map_err(Error::Output)?;
            }
        }
        Ok(())
    }

    fn write_table(&mut self) -> Result<()> {
        let widths = column_widths(&self.headers, &self.rows, self.options.width_max);
        let left = vec![false; widths.len()];
        let mut text = line(&self.headers, &widths, &left);
        let rules: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        text.push_str(&rules.join("┼"));
        text.push('\n');
        for row in &self.rows {
            text.push_str(&line(row, &widths, &self.right_aligned));
        }
        self.stream
            .write_all(text.as_bytes())
            .map_err(Error::Output)
    }
}

impl RowWriter for TableWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let options = FormatOptions::new()
            .with_null("NULL")
            .with_display_error(true);
        let mut formatters = Vec::with_capacity(batch.num_columns());
        for column in batch.columns() {
            let formatter = ArrayFormatter::try_new(column.as_ref() as &dyn Array, &options);
            formatters.push(formatter.map_err(|error| does_not_fit("a table", error))?);
        }
        for row in 0..batch.num_rows() {
            if self.options.rows_max > 0 && self.rows.len() == self.options.rows_max {
                self.is_cut = true;
                break;
            }
            let cells = formatters
                .iter()
                .map(|formatter| formatter.value(row).to_string());
            self.rows.push(if self.is_plan {
                cells.collect()
            } else {
                cells.map(|cell| shown(&cell)).collect()
            });
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.is_cut
    }

    fn finish(&mut self) -> Result<()> {
        if self.is_plan {
            return self.write_plan();
        }
        self.write_table()
    }
}

/// The text with control characters made visible and cut to [`CELL_CHARS_MAX`] characters.
pub fn shown(text: &str) -> String {
    let mut cell = String::with_capacity(text.len().min(CELL_CHARS_MAX));
    for (index, letter) in text.chars().enumerate() {
        if index == CELL_CHARS_MAX {
            cell.push('…');
            break;
        }
        match letter {
            '\n' => cell.push_str("\\n"),
            '\r' => cell.push_str("\\r"),
            '\t' => cell.push_str("\\t"),
            control if control.is_control() => {
                // writing to a String cannot fail
                let _ = write!(cell, "\\u{{{:x}}}", u32::from(control));
            }
            other => cell.push(other),
        }
    }
    cell
}

/// The widest cell of each column, cut so that a line fits into `width_max`.
fn column_widths(headers: &[String], rows: &[Vec<String>], width_max: Option<usize>) -> Vec<usize> {
    let mut widths: Vec<usize> = headers
        .iter()
        .map(|header| measure_text_width(header))
        .collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure_text_width(cell));
        }
    }
    let Some(width_max) = width_max else {
        return widths;
    };
    // every column has a blank on both sides and a rule between
    let available = width_max.saturating_sub(3 * widths.len());
    let widest = widths.iter().copied().max().unwrap_or(0);
    let fits = |cap: &usize| widths.iter().map(|width| width.min(cap)).sum::<usize>() <= available;
    let cap = (COLUMN_WIDTH_MIN..=widest)
        .rev()
        .find(fits)
        .unwrap_or(COLUMN_WIDTH_MIN);
    widths.iter().map(|width| *width.min(&cap)).collect()
}

fn line(cells: &[String], widths: &[usize], right_aligned: &[bool]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .zip(right_aligned)
        .map(|((cell, width), right)| {
            let cell = truncate_str(cell, *width, "…");
            let blanks = " ".repeat(width.saturating_sub(measure_text_width(&cell)));
            if *right {
                format!(" {blanks}{cell} ")
            } else {
                format!(" {cell}{blanks} ")
            }
        });
    let joined = padded.collect::<Vec<_>>().join("│");
    format!("{}\n", joined.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn control_characters_are_shown_not_sent() {
        assert_eq!(shown("a\nb\t\u{1b}[31mred"), "a\\nb\\t\\u{1b}[31mred");
        assert_eq!(
            shown(&"x".repeat(2_000)).chars().count(),
            CELL_CHARS_MAX + 1
        );
    }

    #[test]
    fn wide_characters_count_twice() {
        let widths = column_widths(&cells(&["name"]), &[cells(&["漢字漢"])], None);
        assert_eq!(widths, [6]);
        assert_eq!(line(&cells(&["ab"]), &[4], &[true]), "   ab\n");
    }

    #[test]
    fn the_widest_columns_give_way_first() {
        let row = cells(&["short", &"long ".repeat(20), &"longer ".repeat(20)]);
        let widths = column_widths(&cells(&["a", "b", "c"]), &[row], Some(60));
        assert_eq!(widths, [5, 23, 23]);
    }

    #[test]
    fn a_table_that_cannot_fit_keeps_readable_columns() {
        let row: Vec<String> = (0..30).map(|_| "x".repeat(40)).collect();
        let headers = cells(&["h"; 30]);
        assert_eq!(
            column_widths(&headers, &[row], Some(80)),
            [COLUMN_WIDTH_MIN; 30]
        );
    }
}
