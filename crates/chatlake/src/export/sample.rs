//! Rows for the tests of the formats: every type that a page can have, with values at the edges.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListArray,
    ListBuilder, RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray,
};

use super::csv::CsvOptions;
use super::encoder::piece_row_count;
use super::format::ExportFormat;

/// A column of text.
pub(crate) fn texts(name: &str, values: &[Option<&str>]) -> RecordBatch {
    let column: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
    RecordBatch::try_from_iter_with_nullable([(name, column, true)]).unwrap()
}

/// Three rows of values and one of NULLs; the instants stand around a change of clocks in New York.
pub(crate) fn every_type(zone: &str) -> RecordBatch {
    let mut tags = ListBuilder::new(StringBuilder::new());
    tags.append_value([Some("a"), Some("b,c")]);
    tags.append_value([None::<&str>; 0]);
    tags.append_value([Some("x"), None]);
    tags.append_null();
    let tags: ListArray = tags.finish();
    let mrr = Decimal128Array::from(vec![Some(123_456_780), Some(-5), Some(0), None]);
    let instants = vec![
        Some(1_772_953_199_999_000),
        Some(1_772_953_200_000_000),
        Some(1_773_331_200_000_001),
        None,
    ];
    let columns: [(&str, ArrayRef); 7] = [
        (
            "n",
            Arc::new(Int64Array::from(vec![
                Some(-7),
                Some(9_007_199_254_740_993),
                Some(0),
                None,
            ])),
        ),
        (
            "rate",
            Arc::new(Float64Array::from(vec![
                Some(0.1),
                Some(1e-7),
                Some(1e300),
                None,
            ])),
        ),
        (
            "mrr",
            Arc::new(mrr.with_precision_and_scale(18, 2).unwrap()),
        ),
        (
            "ok",
            Arc::new(BooleanArray::from(vec![
                Some(true),
                Some(false),
                Some(true),
                None,
            ])),
        ),
        (
            "day",
            Arc::new(Date32Array::from(vec![
                Some(20_520),
                Some(20_758),
                Some(-1),
                None,
            ])),
        ),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(instants).with_timezone(zone)),
        ),
        ("tags", Arc::new(tags)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .unwrap()
}

/// The file that holds the rows, cut into pieces as exports are.
pub(crate) fn bytes_of(format: ExportFormat, batch: &RecordBatch, csv: CsvOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = format.encoder(&batch.schema(), csv, &mut bytes).unwrap();
    let count = piece_row_count(batch);
    for start in (0..batch.num_rows()).step_by(count) {
        let piece = batch.slice(start, count.min(batch.num_rows() - start));
        encoder.encode(&piece, &mut bytes).unwrap();
    }
    encoder.finish(&mut bytes).unwrap();
    bytes
}
