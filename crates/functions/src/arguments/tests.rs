//! Tests of reading arguments.

use super::*;

fn timestamp(unit: TimeUnit, zone: Option<&str>) -> DataType {
    DataType::Timestamp(unit, zone.map(Arc::from))
}

fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

#[test]
fn what_serves_is_cast_and_what_does_not_is_refused() {
    use DataType::{Boolean, Date32, Decimal128, Decimal256, Float32, Float64, Int32, Int64, Null};
    use DataType::{LargeUtf8, UInt64, Utf8, Utf8View};
    let dictionary = DataType::Dictionary(Box::new(Int32), Box::new(Utf8));
    for (kind, found, expected) in [
        (Kind::Any, Boolean, Some(Boolean)),
        (Kind::Integer, UInt64, Some(Int64)),
        (Kind::Integer, Float64, None),
        (Kind::Money, Int64, Some(Decimal128(20, 0))),
        (Kind::Money, Decimal256(40, 3), Some(Decimal128(38, 3))),
        (Kind::Money, Float32, Some(Float64)),
        (Kind::Money, Utf8, None),
        (Kind::Number, Decimal128(18, 2), Some(Float64)),
        (Kind::Number, Null, Some(Float64)),
        (Kind::Number, Utf8View, None),
        (Kind::Order, Date32, Some(Date32)),
        (Kind::Order, UInt64, Some(Decimal128(20, 0))),
        (Kind::Order, Utf8, None),
        (Kind::Text, LargeUtf8, Some(LargeUtf8)),
        (Kind::Text, dictionary, Some(Utf8)),
        (Kind::Text, Null, Some(Utf8View)),
        (Kind::Text, Int64, None),
        (Kind::TextList, list_of(Utf8), Some(list_of(Utf8))),
        (Kind::TextList, list_of(Null), Some(list_of(Utf8View))),
        (Kind::TextList, list_of(Int64), None),
        (Kind::TextList, Utf8, None),
        (
            Kind::Timestamp,
            timestamp(TimeUnit::Second, Some("+02:00")),
            Some(timestamp_type()),
        ),
        (
            Kind::Timestamp,
            timestamp(TimeUnit::Nanosecond, None),
            Some(timestamp_type()),
        ),
        (Kind::Timestamp, Utf8, Some(timestamp_type())),
        (Kind::Timestamp, Int64, None),
    ] {
        assert_eq!(kind.coerce(&found), expected, "{kind:?} {found}");
    }
}

#[test]
fn the_number_of_arguments_is_checked_and_the_place_of_a_wrong_one_named() {
    let message = |kinds: &[Kind], optional, found: &[DataType]| {
        let error = coerce("f", kinds, optional, found).expect_err("refused");
        error.strip_backtrace()
    };
    let kinds = [Kind::Text, Kind::Number];
    let text = DataType::Utf8;
    assert!(message(&kinds, 0, &[]).ends_with("`f` expects 2 arguments, found 0"));
    let three = vec![text.clone(); 3];
    assert!(message(&kinds, 1, &three).ends_with("`f` expects 1 to 2 arguments, found 3"));
    let wrong = message(&kinds, 0, &[text.clone(), DataType::Boolean]);
    assert!(
        wrong.ends_with("`f` expects a number as argument 2, found `Boolean`"),
        "{wrong}"
    );
    assert_eq!(
        coerce("f", &kinds, 1, std::slice::from_ref(&text)).ok(),
        Some(vec![text])
    );
}
