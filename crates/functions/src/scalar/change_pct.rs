//! `change_pct(current, previous)`: the relative change between two periods (domain specification
//! §4).
//!
//! Guarantees: NULL where there is nothing to compare with; never a division by zero.

use std::sync::LazyLock;

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::arguments::{Kind, coerce};
use crate::call::Call;
use crate::reference::Entry;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "change_pct(current, previous)",
        description: "`(current - previous) / previous` as a fraction: 0.5 means half as much \
                      again. NULL when \
                      `previous` is 0.",
        arguments: &[
            ("current", "the value of the period"),
            ("previous", "the value of the period before"),
        ],
        example: "SELECT change_pct(15, 10);\n-- 0.5",
    }
    .scalar()
});

/// The function `change_pct`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ChangePct {
    signature: Signature,
}

impl Default for ChangePct {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for ChangePct {
    fn name(&self) -> &str {
        "change_pct"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Number, Kind::Number], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        change_pct(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn change_pct(call: &Call) -> Result<ColumnarValue> {
    let (current, previous) = (call.numbers(0)?, call.numbers(1)?);
    let change = |row| {
        let previous = previous.get(row).filter(|&previous| previous != 0.0)?;
        Some((current.get(row)? - previous) / previous)
    };
    call.finish((0..call.row_count()).map(change).collect::<Float64Array>())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::ArrayRef;

    use super::*;
    use crate::testing::{call_arrays, call_empty, call_nulls, cells, rows};

    const NUMBERS: [DataType; 2] = [DataType::Float64, DataType::Float64];

    fn changes(current: &[Option<f64>], previous: &[Option<f64>]) -> Vec<String> {
        let array =
            |values: &[Option<f64>]| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef;
        cells(&call_arrays(
            ChangePct::default(),
            &[array(current), array(previous)],
        ))
    }

    #[test]
    fn nulls_on_either_side_give_null() {
        let found = changes(&[Some(1.0), None, Some(3.0)], &[None, Some(1.0), Some(2.0)]);
        assert_eq!(found, ["NULL", "NULL", "0.5"]);
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(ChangePct::default(), &NUMBERS).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        assert_eq!(changes(&[Some(0.0)], &[Some(8.0)]), ["-1.0"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(ChangePct::default(), &NUMBERS)),
            ["NULL", "NULL"]
        );
    }

    #[test]
    fn nothing_before_is_no_change_that_can_be_told() {
        assert_eq!(
            changes(&[Some(5.0), Some(0.0)], &[Some(0.0), Some(-0.0)]),
            ["NULL", "NULL"]
        );
        assert_eq!(changes(&[Some(-1.0)], &[Some(-2.0)]), ["-0.5"]);
    }

    #[tokio::test]
    async fn sql_takes_counts_and_decimals() {
        let statement = "SELECT change_pct(n, 4), change_pct(CAST(n AS DECIMAL(18,6)), 4.0), \
                         change_pct(n, NULL) \
                         FROM (VALUES (5), (0)) AS v(n) ORDER BY n";
        assert_eq!(
            rows(statement).await,
            [["-1.0", "-1.0", "NULL"], ["0.25", "0.25", "NULL"]]
        );
    }
}
