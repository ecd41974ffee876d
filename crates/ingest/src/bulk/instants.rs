//! Columns of instants.
//!
//! Guarantees: any unit and zone is taken, an instant without a zone is UTC; text needs a zone; µs columns in range are
//! used as they are.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::compute::{max, min};
use arrow::datatypes::{
    DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};

use crate::bulk::check::{Column, Missing};
use crate::bulk::findings::Findings;
use crate::bulk::text::texts;
use crate::error::Result;
use crate::timestamp::{self, MICROS_MAX, MICROS_MIN};

/// Checks a column of instants; the result is in µs UTC.
pub(super) fn check(
    column: Column<'_>,
    missing: Missing<i64>,
    findings: &mut Findings,
) -> Result<ArrayRef> {
    let micros = match column.raw.map(|raw| raw.data_type()) {
        None => TimestampMicrosecondArray::new_null(column.row_count),
        Some(DataType::Timestamp(unit, _)) => {
            let micros = to_micros(column, *unit);
            reject_outside(&micros, column.name, findings);
            micros
        }
        Some(_) => match texts(column) {
            Ok(Some(texts)) if !is_number(column) => parse(&texts, column.name, findings),
            _ => return Err(column.wrong_type("a timestamp")),
        },
    };
    Ok(Arc::new(
        fill(micros, column.name, missing, findings).with_timezone("UTC"),
    ))
}

/// Whether the file has numbers here, whose unit nobody knows.
fn is_number(column: Column<'_>) -> bool {
    column.raw.is_some_and(|raw| match raw.data_type() {
        DataType::Dictionary(_, values) => values.is_integer(),
        value_type => value_type.is_integer(),
    })
}

fn to_micros(column: Column<'_>, unit: TimeUnit) -> TimestampMicrosecondArray {
    let Some(raw) = column.raw else {
        return TimestampMicrosecondArray::new_null(column.row_count);
    };
    // What does not fit 64 bits of µs stays out of range.
    match unit {
        TimeUnit::Microsecond => raw.as_primitive::<TimestampMicrosecondType>().clone(),
        TimeUnit::Second => raw
            .as_primitive::<TimestampSecondType>()
            .unary(|seconds| seconds.saturating_mul(1_000_000)),
        TimeUnit::Millisecond => raw
            .as_primitive::<TimestampMillisecondType>()
            .unary(|millis| millis.saturating_mul(1_000)),
        TimeUnit::Nanosecond => raw
            .as_primitive::<TimestampNanosecondType>()
            .unary(|nanos| nanos.div_euclid(1_000)),
    }
}

fn reject_outside(micros: &TimestampMicrosecondArray, name: &str, findings: &mut Findings) {
    let is_fine = min(micros).is_none_or(|min| min >= MICROS_MIN)
        && max(micros).is_none_or(|max| max <= MICROS_MAX);
    if is_fine {
        return;
    }
    for (row, micros) in micros.iter().enumerate() {
        if micros.is_some_and(|micros| timestamp::in_range(micros).is_err()) {
            findings.reject(row, "timestamp_out_of_range", name);
        }
    }
}

/// Instants written as text; `""` means that there is none.
fn parse(texts: &StringArray, name: &str, findings: &mut Findings) -> TimestampMicrosecondArray {
    let mut parse = |(row, text): (usize, Option<&str>)| {
        let text = text.filter(|text| !text.is_empty())?;
        match timestamp::from_text(text) {
            Ok(micros) => Some(micros),
            Err(error) => {
                findings.reject(row, error.kind(), name);
                None
            }
        }
    };
    texts
        .iter()
        .enumerate()
        .map(&mut parse)
        .collect::<Int64Array>()
        .reinterpret_cast()
}

/// Deals with missing instants.
fn fill(
    micros: TimestampMicrosecondArray,
    name: &str,
    missing: Missing<i64>,
    findings: &mut Findings,
) -> TimestampMicrosecondArray {
    if micros.null_count() == 0 {
        return micros;
    }
    match missing {
        Missing::Null => micros,
        Missing::Fill(filling) => micros
            .iter()
            .map(|micros| micros.or(Some(filling)))
            .collect(),
        Missing::Reject => {
            for row in (0..micros.len()).filter(|&row| micros.is_null(row)) {
                findings.reject(row, "missing_field", name);
            }
            micros
        }
    }
}
