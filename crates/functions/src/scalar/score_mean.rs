//! `score_mean(score_sum, score_count)`: the mean of scores from their stored sum (domain
//! specification §5.6).
//!
//! Guarantees: the same double as `avg_score` over the same scores; so a rollup of sums and counts
//! answers as the rows do.

use std::sync::LazyLock;

use arrow::array::{AsArray, Float64Array};
use arrow::datatypes::{DataType, Decimal128Type};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::arguments::{Kind, coerce, typed};
use crate::call::Call;
use crate::reference::Entry;
use crate::score_sum::{SUM_TYPE, mean};

static DOCUMENTATION: LazyLock<Documentation> =
    LazyLock::new(|| {
        Entry {
        syntax: "score_mean(score_sum, score_count)",
        description: "The mean of scores of which `sum_score` and the count are known, rounded \
                      once. Sums and counts of \
                      parts may be added before. NULL when the count is not positive.",
        arguments: &[
            ("score_sum", "a sum of `sum_score` values: DECIMAL(38,0) in units of 2^-60"),
            ("score_count", "how many scores are in it"),
        ],
        example: "SELECT score_mean(sum_score(s), count(s)) FROM (VALUES (0.1), (0.2), (0.3)) AS \
                  v(s);\n-- 0.2",
    }
    .scalar()
    });

/// The function `score_mean`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ScoreMean {
    signature: Signature,
}

impl Default for ScoreMean {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for ScoreMean {
    fn name(&self) -> &str {
        "score_mean"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::ScoreSum, Kind::Integer], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        score_mean(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn score_mean(call: &Call) -> Result<ColumnarValue> {
    let sums = call.array(0)?.map(|sums| {
        Ok(typed(&sums, &SUM_TYPE)?
            .as_primitive::<Decimal128Type>()
            .clone())
    })?;
    let counts = call.integers(1)?;
    let mean_of = |row| mean(sums.get(row)?, u64::try_from(counts.get(row)?).ok()?);
    call.finish((0..call.row_count()).map(mean_of).collect::<Float64Array>())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Decimal128Array, Int64Array};

    use super::*;
    use crate::testing::{call_arrays, call_empty, call_nulls, cells, failure, rows};

    const TYPES: [DataType; 2] = [SUM_TYPE, DataType::Int64];
    const ONE: i128 = 1 << 60;

    fn means(sums: &[Option<i128>], counts: &[Option<i64>]) -> Vec<String> {
        let sums: ArrayRef =
            Arc::new(Decimal128Array::from(sums.to_vec()).with_data_type(SUM_TYPE));
        let counts: ArrayRef = Arc::new(Int64Array::from(counts.to_vec()));
        cells(&call_arrays(ScoreMean::default(), &[sums, counts]))
    }

    #[test]
    fn nulls_on_either_side_give_null() {
        let found = means(&[None, Some(ONE), Some(ONE)], &[Some(1), None, Some(2)]);
        assert_eq!(found, ["NULL", "NULL", "0.5"]);
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(ScoreMean::default(), &TYPES).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        assert_eq!(means(&[Some(-ONE)], &[Some(4)]), ["-0.25"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(ScoreMean::default(), &TYPES)),
            ["NULL", "NULL"]
        );
    }

    #[test]
    fn no_scores_have_no_mean() {
        assert_eq!(
            means(&[Some(0), Some(ONE)], &[Some(0), Some(-1)]),
            ["NULL", "NULL"]
        );
    }

    #[tokio::test]
    async fn sums_of_parts_give_the_mean_of_the_whole() {
        let scores =
            "(VALUES ('a', 0.1), ('a', -0.3), ('b', 0.7), ('b', NULL), ('c', 0.2)) AS v(g, s)";
        let statement = format!(
            "SELECT score_mean(sum(t), sum(n)), (SELECT avg_score(s) FROM {scores}) FROM \
             (SELECT g, sum_score(s) AS t, count(s) AS n FROM {scores} GROUP BY g) AS parts"
        );
        assert_eq!(rows(&statement).await, [["0.175", "0.175"]]);
        assert!(
            failure("SELECT score_mean(0.5, 1)")
                .await
                .contains("expects a sum of scores")
        );
    }
}
