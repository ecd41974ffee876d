//! `mrr_range(mrr)`: the price class of a customer (domain specification §9.3).
//!
//! Guarantees: exact for decimals of any precision and scale; NULL is `Unknown`, which is not the class `0`.

use std::sync::LazyLock;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Decimal128Type};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::arguments::{Call, Kind, coerce};
use crate::reference::Entry;

/// The classes: unknown, nothing, then from each of [`BOUNDS`] to below the next.
const CLASSES: [&str; 7] = ["Unknown", "0", "0-100", "100-500", "500-1k", "1k-5k", "5k+"];

/// Where the third and all later classes end, in USD per month.
const BOUNDS: [i128; 4] = [100, 500, 1_000, 5_000];

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "mrr_range(mrr)",
        description: "The class of a monthly recurring revenue in USD: `Unknown` for NULL (and NaN), `0`, `0-100`, \
                      `100-500`, `500-1k`, `1k-5k`, `5k+`. An upper bound belongs to the next class.",
        arguments: &[("mrr", "an amount; decimals are compared exactly")],
        example: "SELECT mrr_range(99.99);\n-- 0-100",
    }
    .scalar()
});

/// The function `mrr_range`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct MrrRange {
    signature: Signature,
}

impl Default for MrrRange {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for MrrRange {
    fn name(&self) -> &str {
        "mrr_range"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Money], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        mrr_range(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn mrr_range(call: &Call) -> Result<ColumnarValue> {
    let amounts = call.array(0)?;
    if let DataType::Decimal128(_, scale) = amounts.values().data_type() {
        let bounds = BOUNDS.map(|bound| scaled(bound, *scale));
        let amounts = amounts.map(|values| Ok(values.as_primitive::<Decimal128Type>().clone()))?;
        return call.finish_choice(&CLASSES, |row| Some(class(amounts.get(row), 0, &bounds)));
    }
    let bounds = BOUNDS.map(|bound| bound as f64);
    let amounts = call.numbers(0)?;
    let known = |row| amounts.get(row).filter(|amount: &f64| !amount.is_nan());
    call.finish_choice(&CLASSES, |row| Some(class(known(row), 0.0, &bounds)))
}

/// Index in [`CLASSES`] of an amount, with bounds in the amount's own unit.
fn class<T: PartialOrd>(amount: Option<T>, zero: T, bounds: &[T; 4]) -> usize {
    match amount {
        None => 0,
        Some(amount) if amount == zero => 1,
        Some(amount) => 2 + bounds.iter().filter(|bound| amount >= **bound).count(),
    }
}

/// A bound in units of 10^-scale, rounded up; beyond 128 bits no decimal can reach it.
fn scaled(bound: i128, scale: i8) -> i128 {
    let power = 10_i128
        .checked_pow(u32::from(scale.unsigned_abs()))
        .unwrap_or(i128::MAX);
    if scale >= 0 {
        bound.saturating_mul(power)
    } else {
        (bound - 1) / power + 1
    }
}

#[cfg(test)]
mod tests {
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
        let file = include_str!("../../tests/vectors/scalar_vectors.csv");
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
        let found = rows("SELECT mrr_range(CAST(499.99 AS DECIMAL(40, 2))), mrr_range(1000), mrr_range(CAST('NaN' AS DOUBLE)), mrr_range(NULL), mrr_range(-1), mrr_range(CAST(100 AS DECIMAL(5,2)))").await;
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
}
