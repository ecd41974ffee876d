//! Arrow values as the text that `.slt` files hold.
//!
//! Guarantees: one value has one text, the same for every way it may be encoded (plain, view, dictionary), and no text
//! contains a tab or a newline, so rows and columns cannot be confused.
//!
//! `NULL`; empty text is `(empty)`; instants in RFC 3339; decimals exact; floats in their shortest form; lists `[a b]`.

use arrow::array::{Array, ArrayRef, RecordBatch, cast::AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use sqllogictest::ColumnType;

/// The type of a column, one letter in the head of a `query` record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    /// `B`
    Boolean,
    /// `D`
    Date,
    /// `I`
    Integer,
    /// `P`: an instant (point in time)
    Instant,
    /// `R`: floats and decimals
    Real,
    /// `T`: text and everything else
    Text,
}

impl ColumnType for CellType {
    fn from_char(value: char) -> Option<Self> {
        Some(match value {
            'B' => Self::Boolean,
            'D' => Self::Date,
            'I' => Self::Integer,
            'P' => Self::Instant,
            'R' => Self::Real,
            'T' => Self::Text,
            _ => return None,
        })
    }

    fn to_char(&self) -> char {
        match self {
            Self::Boolean => 'B',
            Self::Date => 'D',
            Self::Integer => 'I',
            Self::Instant => 'P',
            Self::Real => 'R',
            Self::Text => 'T',
        }
    }
}

/// The column types of a result.
pub fn cell_types(schema: &Schema) -> Vec<CellType> {
    let of = |data_type: &DataType| match data_type {
        DataType::Boolean => CellType::Boolean,
        DataType::Date32 | DataType::Date64 => CellType::Date,
        DataType::Timestamp(..) => CellType::Instant,
        other if other.is_integer() => CellType::Integer,
        other if other.is_numeric() => CellType::Real,
        _ => CellType::Text,
    };
    schema
        .fields()
        .iter()
        .map(|field| of(field.data_type()))
        .collect()
}

/// All rows of a result as text.
pub fn rows(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    batches.iter().flat_map(batch_rows).collect()
}

fn batch_rows(batch: &RecordBatch) -> Vec<Vec<String>> {
    let row = |index| {
        batch
            .columns()
            .iter()
            .map(|column| cell(column, index))
            .collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

/// One value as text.
pub fn cell(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return "NULL".to_owned();
    }
    match array.data_type() {
        DataType::Null => "NULL".to_owned(),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let wide = cast(array, &DataType::Float64).expect("floats widen");
            let value = wide.as_primitive::<Float64Type>().value(row);
            // the sign of zero depends on the order of a sum, and nobody asks for it
            (if value == 0.0 { 0.0 } else { value }).to_string()
        }
        DataType::List(_) => list(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row)),
        DataType::Dictionary(_, value_type) => {
            cell(&cast(array, value_type).expect("dictionaries unpack"), row)
        }
        _ => scalar(array, row),
    }
}

fn list(values: &ArrayRef) -> String {
    let cells: Vec<String> = (0..values.len()).map(|index| cell(values, index)).collect();
    format!("[{}]", cells.join(" "))
}

fn scalar(array: &ArrayRef, row: usize) -> String {
    let options = FormatOptions::new();
    let formatter = ArrayFormatter::try_new(array, &options).expect("every type has a text");
    let text = formatter.value(row).to_string();
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    text.replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        BooleanArray, Decimal128Array, DictionaryArray, Float64Array, ListArray, StringArray,
        TimestampMicrosecondArray,
    };
    use arrow::datatypes::Int32Type;

    use super::*;

    fn texts(array: ArrayRef) -> Vec<String> {
        (0..array.len()).map(|row| cell(&array, row)).collect()
    }

    #[test]
    fn every_value_has_one_text_without_tabs_and_newlines() {
        let text = StringArray::from(vec![Some("a\tb\nc\\"), Some(""), None]);
        assert_eq!(texts(Arc::new(text)), ["a\\tb\\nc\\\\", "(empty)", "NULL"]);
        let dictionary: DictionaryArray<Int32Type> = vec![Some("x"), None].into_iter().collect();
        assert_eq!(texts(Arc::new(dictionary)), ["x", "NULL"]);
        assert_eq!(
            texts(Arc::new(Float64Array::from(vec![1.0, -0.0, 0.1, 1e21]))),
            ["1", "0", "0.1", "1000000000000000000000"]
        );
        assert_eq!(
            texts(Arc::new(BooleanArray::from(vec![true, false]))),
            ["true", "false"]
        );
        let decimal = Decimal128Array::from(vec![12345, -5])
            .with_precision_and_scale(18, 2)
            .unwrap();
        assert_eq!(texts(Arc::new(decimal)), ["123.45", "-0.05"]);
        let instant =
            TimestampMicrosecondArray::from(vec![1_773_331_200_000_000, 1]).with_timezone("UTC");
        assert_eq!(
            texts(Arc::new(instant)),
            ["2026-03-12T16:00:00Z", "1970-01-01T00:00:00.000001Z"]
        );
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([
            Some(vec![Some(1), None]),
            Some(vec![]),
            None,
        ]);
        assert_eq!(texts(Arc::new(lists)), ["[1 NULL]", "[]", "NULL"]);
    }
}
