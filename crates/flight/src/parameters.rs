//! Bound parameters: what is asked of the client, and what it sent made to fit.
//!
//! Guarantees: one nullable field per parameter, of a type that every driver can bind; values are taken by position,
//! whatever their columns are called; a dense union (flightsql-dbapi) and a column of another type are cast to what the
//! statement wants, or refused with both types named.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UnionArray, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options, interleave};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, UnionMode};

use crate::error::{Error, Result};

/// What `CreatePreparedStatement` asks the client to bind, from what the planner inferred.
pub(crate) fn wire_schema(inferred: &Schema) -> SchemaRef {
    let fields = inferred.fields().iter().enumerate().map(|(index, field)| {
        let data_type = match field.data_type() {
            // nobody can bind a column of type Null
            DataType::Null | DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
            DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
            // the JDBC driver writes milliseconds whatever the unit (apache/arrow-java#838)
            DataType::Timestamp(_, zone) => {
                DataType::Timestamp(TimeUnit::Millisecond, zone.clone())
            }
            DataType::Dictionary(_, values) => values.as_ref().clone(),
            other => other.clone(),
        };
        Field::new(format!("${}", index + 1), data_type, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The bound batch with one column per field of `wanted` (a [`wire_schema`]).
///
/// A parameter whose type was not inferred is asked for as text, but keeps the type it was bound with: in `SELECT ?` a
/// number stays a number.
pub(crate) fn fit(bound: &RecordBatch, wanted: &Schema) -> Result<RecordBatch> {
    let (expected, found) = (wanted.fields().len(), bound.num_columns());
    if expected != found {
        return Err(Error::Parameters(format!(
            "expected {expected} of them, found {found}"
        )));
    }
    let mut fields = Vec::with_capacity(expected);
    let mut columns = Vec::with_capacity(expected);
    for (field, column) in wanted.fields().iter().zip(bound.columns()) {
        let column = match (column.data_type(), field.data_type()) {
            (DataType::Union(_, UnionMode::Dense), wanted) => {
                from_union(column.as_union(), wanted, field.name())?
            }
            (DataType::Null, wanted) => new_null_array(wanted, column.len()),
            (_, DataType::Utf8) => Arc::clone(column),
            (_, wanted) => cast(column, wanted, field.name())?,
        };
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    let rows = RecordBatchOptions::new().with_row_count(Some(bound.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &rows)
        .map_err(Error::encoding)
}

/// `column` as `wanted`; a value that cannot be is an error and not a NULL.
fn cast(column: &ArrayRef, wanted: &DataType, name: &str) -> Result<ArrayRef> {
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(column, wanted, &strict).map_err(|error| {
        Error::Parameters(format!(
            "`{name}` expected {wanted}, found {}: {error}",
            column.data_type()
        ))
    })
}

/// A column in which every value brings its own type.
fn from_union(union: &UnionArray, wanted: &DataType, name: &str) -> Result<ArrayRef> {
    let places: Vec<(i8, usize)> = (0..union.len())
        .map(|row| (union.type_id(row), union.value_offset(row)))
        .collect();
    let mut used: Vec<i8> = places.iter().map(|(type_id, _)| *type_id).collect();
    used.sort_unstable();
    used.dedup();
    // a text may be what was asked for, or all that could be asked for: keep the one type that is there
    let wanted = match (used.as_slice(), wanted) {
        ([only], DataType::Utf8) => union.child(*only).data_type(),
        (_, wanted) => wanted,
    };
    let children: Vec<ArrayRef> = used
        .iter()
        .map(|id| cast(union.child(*id), wanted, name))
        .collect::<Result<_>>()?;
    let values: Vec<&dyn Array> = children.iter().map(AsRef::as_ref).collect();
    if values.is_empty() {
        return Ok(new_null_array(wanted, 0));
    }
    let indices: Vec<(usize, usize)> = places
        .iter()
        .map(|(type_id, offset)| (used.binary_search(type_id).unwrap_or(0), *offset))
        .collect();
    interleave(&values, &indices)
        .map_err(|error| Error::Parameters(format!("`{name}` cannot be read: {error}")))
}

#[cfg(test)]
mod tests;
