//! Columns of numbers: revenue, ledger amounts, scores.
//!
//! Guarantees: decimals are exact, whatever type the file has, rounded half away from zero; a column of the final type
//! whose values are all in range is used as it is.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type};

use crate::bulk::check::Column;
use crate::bulk::findings::Findings;
use crate::bulk::text::texts;
use crate::decimal::{self, Decimal};
use crate::error::Result;
use crate::fields::{MONEY_SCALE, trim};
use crate::record::AMOUNT_SCALE;

/// Digits of a stored decimal.
const PRECISION: u8 = 18;

/// The largest number of 18 digits.
const UNITS_MAX: i128 = 999_999_999_999_999_999;

/// Checks monthly revenue: not below zero, else NULL with a warning.
pub(super) fn money(column: Column<'_>, findings: &mut Findings) -> Result<ArrayRef> {
    decimals(column, MONEY_SCALE, 0, |row, number| {
        let units = number
            .filter(|number| !number.is_negative)
            .and_then(|number| number.units);
        if units.is_none() {
            findings.warn(row, "bad_number", column.name);
        }
        units
    })
}

/// Checks ledger amounts, which must be there. The sign of the rounded amount is checked with the kind of entry.
pub(super) fn amount(column: Column<'_>, findings: &mut Findings) -> Result<ArrayRef> {
    let amounts = decimals(column, AMOUNT_SCALE, -UNITS_MAX, |row, number| {
        match number {
            None => findings.reject(row, "bad_value", column.name),
            Some(Decimal { units: None, .. }) => findings.reject(row, "out_of_range", column.name),
            Some(Decimal { units, .. }) => return units,
        }
        None
    })?;
    for row in (0..amounts.len()).filter(|&row| amounts.is_null(row)) {
        findings.reject(row, "missing_field", column.name);
    }
    Ok(amounts)
}

/// Numbers as decimals of `scale`. `judge` sees every number whose column is not of that type and in range already,
/// `None` for what is no number.
fn decimals(
    column: Column<'_>,
    scale: u32,
    units_min: i128,
    mut judge: impl FnMut(usize, Option<Decimal>) -> Option<i64>,
) -> Result<ArrayRef> {
    let final_type = |decimals: Decimal128Array| -> Result<ArrayRef> {
        Ok(Arc::new(decimals.with_precision_and_scale(
            PRECISION,
            i8::try_from(scale).unwrap_or_default(),
        )?))
    };
    let Some(raw) = column.raw else {
        return final_type(Decimal128Array::new_null(column.row_count));
    };
    if let Some(decimals) = raw.as_primitive_opt::<Decimal128Type>() {
        let is_fine = |units: &i128| (units_min..=UNITS_MAX).contains(units);
        if i64::from(decimals.scale()) == i64::from(scale)
            && decimals.iter().flatten().all(|units| is_fine(&units))
        {
            return final_type(decimals.clone());
        }
    }
    let texts = number_texts(column)?;
    let decimals = texts.iter().enumerate().map(|(row, text)| {
        let text = trim(text?);
        if text.is_empty() {
            return None;
        }
        judge(row, decimal::parse(text, scale)).map(i128::from)
    });
    final_type(decimals.collect())
}

/// Numbers as text: of floats the shortest one that is read as the same number.
fn number_texts(column: Column<'_>) -> Result<StringArray> {
    let Some(raw) = column.raw else {
        return Ok(StringArray::new_null(column.row_count));
    };
    let is_float = raw.data_type().is_floating();
    if is_float
        || matches!(
            raw.data_type(),
            DataType::Decimal32(..)
                | DataType::Decimal64(..)
                | DataType::Decimal128(..)
                | DataType::Decimal256(..)
        )
    {
        let options = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        return Ok(cast_with_options(raw, &DataType::Utf8, &options)?
            .as_string::<i32>()
            .clone());
    }
    let texts = texts(column).map_err(|_| column.wrong_type("a number"))?;
    Ok(texts.unwrap_or_else(|| StringArray::new_null(column.row_count)))
}

/// Checks scores: finite, from −1 to 1.
pub(super) fn score(column: Column<'_>, findings: &mut Findings) -> Result<ArrayRef> {
    let scores = match column.raw {
        None => return Ok(Arc::new(Float64Array::new_null(column.row_count))),
        Some(raw) if raw.data_type().is_floating() => {
            cast_with_options(raw, &DataType::Float64, &CastOptions::default())?
                .as_primitive::<Float64Type>()
                .clone()
        }
        Some(_) => parse_scores(column, findings)?,
    };
    let is_fine = |score: f64| (-1.0..=1.0).contains(&score);
    let all_fine = match scores.null_count() {
        0 => scores.values().iter().all(|&score| is_fine(score)),
        _ => scores.iter().flatten().all(is_fine),
    };
    if !all_fine {
        for (row, score) in scores.iter().enumerate() {
            match score {
                Some(score) if !score.is_finite() => findings.reject(row, "bad_value", column.name),
                Some(score) if !is_fine(score) => findings.reject(row, "out_of_range", column.name),
                _ => {}
            }
        }
    }
    Ok(Arc::new(scores))
}

/// Scores written as text, or as numbers of another type.
fn parse_scores(column: Column<'_>, findings: &mut Findings) -> Result<Float64Array> {
    let mut parse = |(row, text): (usize, Option<&str>)| {
        let text = trim(text?);
        if text.is_empty() {
            return None;
        }
        // The decimal grammar keeps out `inf`, `nan` and digits of other scripts.
        let score = decimal::parse(text, 0).and_then(|_| text.parse::<f64>().ok());
        if score.is_none() {
            findings.reject(row, "bad_value", column.name);
        }
        score
    };
    Ok(number_texts(column)?
        .iter()
        .enumerate()
        .map(&mut parse)
        .collect())
}
