//! `mrr_range(mrr)`: the price class of a customer (domain specification §9.3).
//!
//! Guarantees: exact for decimals of any precision and scale; NULL is `Unknown`, which is not the
//! class `0`.

use std::sync::LazyLock;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Decimal128Type};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::arguments::{Kind, coerce};
use crate::call::Call;
use crate::reference::Entry;

/// The classes: unknown, nothing, then from each of [`BOUNDS`] to below the next.
const CLASSES: [&str; 7] = ["Unknown", "0", "0-100", "100-500", "500-1k", "1k-5k", "5k+"];

/// Where the third and all later classes end, in USD per month.
const BOUNDS: [i128; 4] = [100, 500, 1_000, 5_000];

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "mrr_range(mrr)",
        description: "The class of a monthly recurring revenue in USD: `Unknown` for NULL (and \
                      NaN), `0`, `0-100`, \
                      `100-500`, `500-1k`, `1k-5k`, `5k+`. An upper bound belongs to the next \
                      class.",
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
mod tests;
