//! Columns of booleans.
//!
//! Guarantees: a missing value is false; text and numbers are taken when they clearly say true or false.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};

use crate::bulk::check::Column;
use crate::bulk::findings::Findings;
use crate::bulk::text::texts;
use crate::error::Result;
use crate::fields::trim;

/// Checks a column of booleans.
pub(super) fn check(column: Column<'_>, findings: &mut Findings) -> Result<ArrayRef> {
    if let Some(flags) = column.raw.and_then(|raw| raw.as_boolean_opt()) {
        if flags.null_count() == 0 {
            return Ok(Arc::new(flags.clone()));
        }
        let filled: BooleanArray = flags.iter().map(|flag| flag.or(Some(false))).collect();
        return Ok(Arc::new(filled));
    }
    let Some(texts) = texts(column)? else {
        return Ok(Arc::new(BooleanArray::from(vec![false; column.row_count])));
    };
    let mut parse = |(row, text): (usize, Option<&str>)| match text.map(trim) {
        None | Some("") => false,
        Some(text) => parse(text).unwrap_or_else(|| {
            findings.reject(row, "bad_value", column.name);
            false
        }),
    };
    let flags: Vec<bool> = texts.iter().enumerate().map(&mut parse).collect();
    Ok(Arc::new(BooleanArray::from(flags)))
}

fn parse(text: &str) -> Option<bool> {
    let is_one_of = |words: [&str; 3]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match text {
        _ if is_one_of(["true", "t", "1"]) => Some(true),
        _ if is_one_of(["false", "f", "0"]) => Some(false),
        _ => None,
    }
}
