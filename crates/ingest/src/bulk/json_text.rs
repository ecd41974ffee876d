//! Columns of JSON text.
//!
//! Guarantees: what is stored is valid JSON without blanks.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringBuilder, new_null_array};
use arrow::datatypes::DataType;

use crate::bulk::check::Column;
use crate::bulk::findings::Findings;
use crate::bulk::text::texts;
use crate::error::Result;
use crate::fields::trim;
use crate::json::{self, Kind, Tape};
use crate::record::is_flat_map;

/// Checks objects of strings, numbers and booleans; anything else becomes NULL with a warning.
pub(super) fn flat_map(column: Column<'_>, findings: &mut Findings) -> Result<ArrayRef> {
    let mut tape = Tape::default();
    rewrite(column, |row, text| match tape.parse(text) {
        Ok(value) if value.kind() == Kind::Null => None,
        Ok(value) if is_flat_map(value) => Some(value.to_json()),
        _ => {
            findings.warn(row, "type_mismatch", column.name);
            None
        }
    })
}

/// Takes any JSON; other text becomes a JSON string.
pub(super) fn any(column: Column<'_>) -> Result<ArrayRef> {
    let mut tape = Tape::default();
    rewrite(column, |_, text| match tape.parse(text) {
        Ok(value) if value.kind() == Kind::Null => None,
        Ok(value) => Some(value.to_json()),
        Err(_) => Some(json::quote(text)),
    })
}

fn rewrite(
    column: Column<'_>,
    mut rewrite: impl FnMut(usize, &str) -> Option<String>,
) -> Result<ArrayRef> {
    let Some(texts) = texts(column).map_err(|_| column.wrong_type("JSON text"))? else {
        return Ok(new_null_array(&DataType::Utf8, column.row_count));
    };
    let mut rewritten = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
    for (row, text) in texts.iter().enumerate() {
        let text = text.map(trim).filter(|text| !text.is_empty());
        rewritten.append_option(text.and_then(|text| rewrite(row, text)));
    }
    Ok(Arc::new(rewritten.finish()))
}
