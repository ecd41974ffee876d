//! Columns of slug lists: flags and topics.
//!
//! Guarantees: every list is slugged, without blanks and repetitions, sorted; a column whose lists are all so already
//! keeps its values.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, ListBuilder, StringArray, StringBuilder, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field};

use crate::bulk::check::Column;
use crate::bulk::findings::Findings;
use crate::bulk::text::texts;
use crate::error::Result;
use crate::fields::trim;
use crate::json::Tape;
use crate::record::{self, is_slug};

/// Checks a column of lists; text holds JSON arrays.
pub(super) fn check(column: Column<'_>, findings: &mut Findings) -> Result<ArrayRef> {
    let Some(raw) = column.raw else {
        return Ok(new_null_array(&list_type(), column.row_count));
    };
    if !raw.data_type().is_list() {
        let texts = texts(column).map_err(|_| column.wrong_type("a list of texts"))?;
        let texts = texts.unwrap_or_else(|| StringArray::new_null(column.row_count));
        return Ok(Arc::new(parse(&texts, column.name, findings)));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let cast = cast_with_options(raw, &list_type(), &options);
    let lists = cast.map_err(|error| column.wrong_type(&format!("a list of texts ({error})")))?;
    let lists = lists.as_list::<i32>();
    if is_final(lists) {
        return Ok(Arc::new(lists.clone()));
    }
    Ok(Arc::new(rewrite(lists, column.name, findings)))
}

/// The type of a stored list.
fn list_type() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)))
}

/// Whether every list is sorted, without repetitions, and holds slugs only.
fn is_final(lists: &ListArray) -> bool {
    let values = lists.values().as_string::<i32>();
    if values.null_count() > 0 {
        return false;
    }
    lists.value_offsets().windows(2).all(|bound| {
        let mut previous = "";
        (bound[0] as usize..bound[1] as usize).all(|place| {
            let value = values.value(place);
            let ascends = previous < value;
            previous = value;
            ascends && is_slug(value)
        })
    })
}

fn rewrite(lists: &ListArray, name: &str, findings: &mut Findings) -> ListArray {
    let values = lists.values().as_string::<i32>();
    let mut rewritten = ListBuilder::new(StringBuilder::with_capacity(
        values.len(),
        values.value_data().len(),
    ));
    let mut slugs: Vec<Cow<'_, str>> = Vec::new();
    for (row, bound) in lists.value_offsets().windows(2).enumerate() {
        if lists.is_null(row) {
            rewritten.append_null();
            continue;
        }
        let range = bound[0] as usize..bound[1] as usize;
        if range.clone().any(|place| values.is_null(place)) {
            findings.reject(row, "bad_value", name);
        }
        slugs.clear();
        slugs.extend(range.map(|place| record::slug(values.value(place))));
        record::sort_slugs(&mut slugs);
        slugs
            .iter()
            .for_each(|slug| rewritten.values().append_value(slug));
        rewritten.append(true);
    }
    rewritten.finish()
}

/// Lists written as JSON arrays; blank text means that there is none.
fn parse(texts: &StringArray, name: &str, findings: &mut Findings) -> ListArray {
    let mut lists = ListBuilder::new(StringBuilder::new());
    let mut tape = Tape::default();
    for (row, text) in texts.iter().enumerate() {
        let Some(text) = text.map(trim).filter(|text| !text.is_empty()) else {
            lists.append_null();
            continue;
        };
        let slugs = tape.parse(text).ok().and_then(record::slugs);
        if slugs.is_none() {
            findings.reject(row, "bad_value", name);
        }
        slugs
            .into_iter()
            .flatten()
            .for_each(|slug| lists.values().append_value(slug));
        lists.append(true);
    }
    lists.finish()
}
