//! What drivers are asked to bind, and what they send made to fit.

use arrow::array::{Float64Array, Int32Array, Int64Array, StringArray, TimestampMillisecondArray};
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
