//! Tests of `mrr_range`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array};

use super::*;
use crate::testing::{call_arrays, call_empty, call_nulls, cells, failure, rows, vectors};

fn ranges(cents: &[Option<i128>]) -> Vec<String> {
    let cents = Decimal128Array::from(cents.to_vec()).with_precision_and_scale(18, 2);
    let cents: ArrayRef = Arc::new(cents.expect("money"));
    cells(&call_arrays(MrrRange::default(), &[cents]))
}

#[test]
fn nulls_are_unknown() {
    assert_eq!(
        ranges(&[Some(0), None, Some(500_000)]),
        ["0", "Unknown", "5k+"]
    );
}

#[test]
fn empty_input_gives_no_rows() {
    assert_eq!(
        call_empty(MrrRange::default(), &[DataType::Decimal128(18, 2)]).len(),
        0
    );
}

#[test]
fn one_row_gives_one_row() {
    assert_eq!(ranges(&[Some(9_999)]), ["0-100"]);
}

#[test]
fn all_nulls_are_unknown() {
    for wanted in [
        DataType::Decimal128(18, 2),
        DataType::Float64,
        DataType::Null,
    ] {
        assert_eq!(
            cells(&call_nulls(MrrRange::default(), &[wanted])),
            ["Unknown", "Unknown"]
        );
    }
}

#[test]
fn every_mrr_vector_holds_for_decimals_and_doubles() {
    let file = include_str!("../../../tests/vectors/scalar_vectors.csv");
    for vector in vectors(file).filter(|vector| vector[0] == "mrr_range") {
        let amount: Option<f64> = vector[1].parse().ok();
        let cents = amount.map(|amount| (amount * 100.0).round() as i128);
        assert_eq!(ranges(&[cents]), [vector[2]], "{vector:?}");
        let double: ArrayRef = Arc::new(Float64Array::from(vec![amount]));
        assert_eq!(
            cells(&call_arrays(MrrRange::default(), &[double])),
            [vector[2]]
        );
    }
}

#[test]
fn bounds_are_exact_at_every_scale() {
    for (amount, scale, expected) in [
        (99_999_999, 6, "0-100"),
        (100_000_000, 6, "100-500"),
        (5, -2, "500-1k"),
        (4, -2, "100-500"),
        (1, -3, "1k-5k"),
        (5, -3, "5k+"),
        (i128::MAX / 2, 38, "0-100"),
    ] {
        let amounts = Decimal128Array::from(vec![amount]).with_precision_and_scale(38, scale);
        let amounts: ArrayRef = Arc::new(amounts.expect("a decimal"));
        let found = cells(&call_arrays(MrrRange::default(), &[amounts]));
        assert_eq!(found, [expected], "{amount} at {scale}");
    }
}

#[tokio::test]
async fn sql_takes_decimals_whole_numbers_and_doubles() {
    let found = rows(
        "SELECT mrr_range(CAST(499.99 AS DECIMAL(40, 2))), mrr_range(1000), \
                      mrr_range(CAST('NaN' AS DOUBLE)), mrr_range(NULL), mrr_range(-1), \
                      mrr_range(CAST(100 AS DECIMAL(5,2)))",
    )
    .await;
    assert_eq!(
        found,
        [["100-500", "1k-5k", "Unknown", "Unknown", "0-100", "100-500"]]
    );
    assert!(
        failure("SELECT mrr_range('x')")
            .await
            .contains("expects an amount of money as argument 1")
    );
}
