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
mod tests {
    use arrow::array::{
        Float64Array, Int32Array, Int64Array, StringArray, TimestampMillisecondArray,
    };
    use arrow::buffer::ScalarBuffer;
    use arrow::datatypes::{Int64Type, UnionFields};

    use super::*;

    fn wanted(data_type: DataType) -> SchemaRef {
        wire_schema(&Schema::new(vec![Field::new("whatever", data_type, false)]))
    }

    fn bound(column: impl Array + 'static) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable([("param_0", Arc::new(column) as ArrayRef, true)])
            .unwrap()
    }

    #[test]
    fn drivers_are_asked_for_types_that_they_can_bind() {
        let zone: Option<Arc<str>> = Some("UTC".into());
        let asked = wanted(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()));
        assert_eq!(
            asked.field(0),
            &Field::new("$1", DataType::Timestamp(TimeUnit::Millisecond, zone), true)
        );
        assert_eq!(wanted(DataType::Null).field(0).data_type(), &DataType::Utf8);
        assert_eq!(
            wanted(DataType::Utf8View).field(0).data_type(),
            &DataType::Utf8
        );
    }

    #[test]
    fn values_are_taken_by_position_and_cast() {
        let fitted = fit(
            &bound(Int32Array::from(vec![Some(7), None])),
            &wanted(DataType::Int64),
        )
        .unwrap();
        assert_eq!(fitted.schema().field(0).name(), "$1");
        assert_eq!(
            fitted.column(0).as_primitive::<Int64Type>(),
            &Int64Array::from(vec![Some(7), None])
        );
        let text = fit(
            &bound(StringArray::from(vec!["12"])),
            &wanted(DataType::Int64),
        )
        .unwrap();
        assert_eq!(text.column(0).as_primitive::<Int64Type>().value(0), 12);
        let time = TimestampMillisecondArray::from(vec![1_000]);
        let time = fit(
            &bound(time),
            &wanted(DataType::Timestamp(TimeUnit::Microsecond, None)),
        )
        .unwrap();
        assert_eq!(time.column(0).len(), 1);
    }

    #[test]
    fn a_parameter_without_a_type_keeps_the_type_it_was_bound_with() {
        let fitted = fit(
            &bound(Float64Array::from(vec![1.5])),
            &wanted(DataType::Null),
        )
        .unwrap();
        assert_eq!(fitted.column(0).data_type(), &DataType::Float64);
    }

    #[test]
    fn a_dense_union_becomes_the_wanted_type() {
        let fields = UnionFields::from_fields(vec![
            Field::new("i", DataType::Int64, true),
            Field::new("s", DataType::Utf8, true),
            Field::new("unused", DataType::Boolean, true),
        ]);
        let children: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![5])),
            Arc::new(StringArray::from(vec!["6"])),
            Arc::new(arrow::array::BooleanArray::from(Vec::<bool>::new())),
        ];
        let type_ids: ScalarBuffer<i8> = vec![1, 0].into();
        let offsets: ScalarBuffer<i32> = vec![0, 0].into();
        let union = UnionArray::try_new(fields, type_ids, Some(offsets), children).unwrap();
        let fitted = fit(&bound(union), &wanted(DataType::Int64)).unwrap();
        assert_eq!(
            fitted.column(0).as_primitive::<Int64Type>().values(),
            &[6, 5]
        );
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_reason() {
        let error = fit(
            &bound(StringArray::from(vec!["x"])),
            &wanted(DataType::Int64),
        )
        .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("wrong parameters: `$1` expected Int64, found Utf8"),
            "{error}"
        );
        let error = fit(&bound(Int64Array::from(vec![1])), &Schema::empty()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "wrong parameters: expected 0 of them, found 1"
        );
    }
}
