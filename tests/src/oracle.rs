//! The oracle's cases: SQL of ours, and the table that it must give.
//!
//! Guarantees: what stands in `tests/data/oracle` is complete, a case for every expected table and the other way round;
//! cells have the form of the expected tables: empty for NULL, floats with at most 6 decimals, instants to the second and
//! without a zone, lists `[a b]`.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, ArrayRef, RecordBatch, cast::AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Schema};

use crate::{cells, house, lakes};

/// Where the expected tables are, in the checkout.
const EXPECTED: &str = "tests/data/oracle/expected";

/// `2026-03-12T16:00:00` without fraction and zone.
const INSTANT_LENGTH: usize = 19;

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Name in the reference implementation.
    pub name: String,
    /// The question to us.
    pub sql: String,
    /// The answer, its first row the names of the columns.
    pub expected: Vec<Vec<String>>,
}

/// All cases by name.
pub fn cases() -> Vec<Case> {
    let table: toml::Table = lakes::fixture("oracle/cases.toml")
        .parse()
        .expect("cases.toml is TOML");
    let questions: BTreeMap<String, String> = table
        .into_iter()
        .map(|(name, sql)| (name, sql.as_str().expect("a text of SQL").trim().to_owned()))
        .collect();
    let answers = house::files(EXPECTED, &[".csv"]);
    let names: BTreeSet<String> = answers.iter().map(|file| name_of(&file.path)).collect();
    let asked: BTreeSet<String> = questions.keys().cloned().collect();
    assert_eq!(
        asked, names,
        "cases of cases.toml (left) and files in expected (right)"
    );
    answers
        .iter()
        .map(|file| Case {
            name: name_of(&file.path),
            sql: questions[&name_of(&file.path)].clone(),
            expected: csv_rows(&file.text),
        })
        .collect()
}

fn name_of(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or_default();
    file.trim_end_matches(".csv").to_owned()
}

/// The rows of a CSV text, heading included.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let rows = reader.records().map(|record| {
        let record = record.expect("a row as long as the heading");
        record.iter().map(str::to_owned).collect()
    });
    rows.collect()
}

/// A result as a table like the expected ones.
pub fn table(schema: &Schema, batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let heading = schema.fields().iter().map(|field| field.name().clone());
    let mut rows = vec![heading.collect()];
    for batch in batches {
        for row in 0..batch.num_rows() {
            rows.push(
                batch
                    .columns()
                    .iter()
                    .map(|column| cell(column, row))
                    .collect(),
            );
        }
    }
    rows
}

fn cell(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return String::new();
    }
    match array.data_type() {
        DataType::Float64 => number(array.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(..) => {
            let mut text = cells::cell(array, row);
            text.truncate(INSTANT_LENGTH);
            text
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            let text = cast(array, &DataType::Utf8).expect("a text of any kind");
            text.as_string::<i32>().value(row).to_owned()
        }
        _ => cells::cell(array, row),
    }
}

fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let is_zero = text == "-0";
    if is_zero { "0" } else { text }.to_owned()
}

/// What differs between two tables, line by line; `None` when nothing does.
pub fn difference(expected: &[Vec<String>], found: &[Vec<String>]) -> Option<String> {
    if expected == found {
        return None;
    }
    let mut lines = Vec::new();
    for index in 0..expected.len().max(found.len()) {
        let (left, right) = (expected.get(index), found.get(index));
        if left != right {
            lines.push(format!(
                "row {index}\n  expected {left:?}\n  found    {right:?}"
            ));
        }
    }
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, StringArray, TimestampMicrosecondArray};

    use super::*;

    #[test]
    fn cells_have_the_form_of_the_expected_tables() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a\\b\tc"), Some(""), None]));
        let written: Vec<String> = (0..3).map(|row| cell(&texts, row)).collect();
        assert_eq!(written, ["a\\b\tc", "", ""]);
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![240.0, -0.1, 1.0 / 3.0, -1e-9]));
        let written: Vec<String> = (0..4).map(|row| cell(&numbers, row)).collect();
        assert_eq!(written, ["240", "-0.1", "0.333333", "0"]);
        let instant = TimestampMicrosecondArray::from(vec![1_773_331_200_000_001]);
        let instant: ArrayRef = Arc::new(instant.with_timezone("UTC"));
        assert_eq!(cell(&instant, 0), "2026-03-12T16:00:00");
    }

    #[test]
    fn every_case_has_a_question_and_an_answer() {
        let cases = cases();
        assert!(cases.len() >= 69, "only {} cases", cases.len());
        let teams = cases.iter().find(|case| case.name == "teams").unwrap();
        assert_eq!(teams.expected[3], ["", "All members", "2", "4", "3"]);
    }

    #[test]
    fn a_difference_names_its_rows() {
        let table = |cell: &str| vec![vec!["n".to_owned()], vec![cell.to_owned()]];
        assert_eq!(difference(&table("1"), &table("1")), None);
        let text = difference(&table("1"), &table("2")).unwrap();
        assert!(text.contains("row 1") && !text.contains("row 0"), "{text}");
    }
}
